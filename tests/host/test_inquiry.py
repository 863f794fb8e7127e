"""The issuer is asked what became of a payment before the host gives up on its answer."""

from __future__ import annotations

import pytest

from tests.host.test_kinds import CHAINS, Shop
from tongbao.host.core.events import UpstreamFrame
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.transactions import KINDS

REVERSIBLE = ["sale", "void", "pre_authorisation", "completion"]


def ask_about(kind: str) -> tuple[Shop, Message, Message]:
    """A payment whose answer did not come; returns it and the inquiry."""
    shop = Shop()
    original = next(chain[1] for chain in CHAINS if chain[0] == kind)
    more = {} if original is None else shop.after(kind, shop.do(original)[1])
    shop.send(kind, **more)
    request = shop.world.asked()
    shop.world.advance(shop.world.settings.issuer_timeout_ms)
    inquiry = shop.world.asked()
    assert inquiry.mti == "0600"
    assert shop.world.to_terminals == []
    return shop, request, inquiry


def known(request: Message) -> dict[int, object]:
    return {number: request.fields[number] for number in (3, 4, 49)}


@pytest.mark.parametrize("kind", REVERSIBLE)
@pytest.mark.parametrize("code", ["00", "51"])
def test_what_the_issuer_says_is_told_as_if_it_had_answered(kind: str, code: str) -> None:
    shop, request, inquiry = ask_about(kind)
    auth_code = {38: "777777"} if code == "00" else {}
    shop.world.answer(inquiry, code, change=known(request) | auth_code)
    heard = shop.heard()
    assert (heard.mti, heard.text(39)) == (KINDS[kind].reply_mti, code)
    assert heard.fields.get(38) == auth_code.get(38)
    end = "approved" if code == "00" else "declined"
    assert shop.world.kinds(shop.stan) == ["inquired", end]
    assert shop.world.to_issuer_frames == []


@pytest.mark.parametrize("kind", REVERSIBLE)
@pytest.mark.parametrize("answer", ["25", "R0", "silence", "68", "other amount"])
def test_anything_else_is_doubt_and_a_reversal(kind: str, answer: str) -> None:
    shop, request, inquiry = ask_about(kind)
    if answer == "silence":
        shop.world.advance(shop.world.settings.inquiry_timeout_ms)
    elif answer == "25":
        shop.world.answer(inquiry, "25")
    elif answer == "other amount":
        shop.world.answer(inquiry, "00", change=known(request) | {4: f"{1:012d}"})
    else:
        shop.world.answer(inquiry, answer, change=known(request))
    assert shop.heard().text(39) == "98"
    assert shop.world.kinds(shop.stan) == ["inquired", "reversal_requested"]
    reversal = shop.world.asked()
    assert (reversal.mti, reversal.text(37)) == ("0420", request.text(37))
    assert reversal.text(90)[:4] == request.mti
    assert reversal.fields.get(25) == ("06" if KINDS[kind].condition == "06" else None)
    shop.world.answer(reversal)
    assert shop.world.kinds(shop.stan)[-1] == "reversed"


def test_a_decline_with_25_is_told_from_an_unknown_request() -> None:
    shop, request, inquiry = ask_about("void")
    shop.world.answer(inquiry, "25", change=known(request))
    assert shop.heard().text(39) == "25"
    assert shop.world.kinds(shop.stan) == ["inquired", "declined"]


def test_the_answer_itself_may_still_come_while_the_issuer_is_asked() -> None:
    shop, request, inquiry = ask_about("sale")
    shop.world.answer(request)
    assert shop.heard().text(39) == "00"
    shop.world.answer(inquiry, "00", change=known(request))
    assert shop.world.kinds(shop.stan) == ["approved"]
    assert shop.world.core.state.counters["unexpected_answers"] == 1


def test_a_terminals_reversal_wins_while_the_issuer_is_asked() -> None:
    shop, request, inquiry = ask_about("sale")
    reply = shop.world.ask(shop.terminal, shop.terminal.reversal(shop.stan))
    assert reply is not None
    assert reply.text(39) == "00"
    shop.world.answer(inquiry, "00", change=known(request))
    assert shop.world.to_terminals == []
    assert shop.world.kinds(shop.stan) == ["reversal_requested"]


def test_a_lost_link_ends_the_asking() -> None:
    shop, _, _ = ask_about("sale")
    shop.world.link_down()
    assert shop.heard().text(39) == "98"
    assert shop.world.kinds(shop.stan) == ["reversal_requested"]


def test_a_wrong_mac_is_no_answer() -> None:
    shop, request, inquiry = ask_about("sale")

    answer = bytearray(shop.world.issuer.answer(inquiry, "00", change=known(request)))
    answer[-1] ^= 1
    shop.world.step(UpstreamFrame(bytes(answer)))
    assert shop.world.to_terminals == []
    assert shop.world.kinds(shop.stan) == []
