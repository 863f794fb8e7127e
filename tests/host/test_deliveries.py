"""Messages that are repeated: the terminal's, the host's own, and what a start makes of them."""

from __future__ import annotations

import pytest

from tests.host.memory_store import MemoryStore
from tests.host.parties import OTHER_PAN, PAN, TERMINAL
from tests.host.test_kinds import Shop
from tests.host.world import World, register, settings
from tongbao.domain.secrets import Purpose
from tongbao.host.records import ExceptionEventRecord, ExceptionRecord, TraceKey

REPEAT: dict[int, object] = {35: None, 2: PAN}


def silent_refund() -> tuple[Shop, dict[str, object]]:
    """A refund that the issuer does not answer, and what it says of its sale."""
    shop = Shop()
    _, sale = shop.do("sale")
    more = shop.after("refund", sale)
    shop.send("refund", **more)
    shop.world.asked()
    shop.world.give_up()
    assert shop.heard().text(39) == "98"
    return shop, more


def repeat(shop: Shop, more: dict[str, object], **change: object) -> None:
    """The terminal sends its last message again: the number in the place of the track."""
    old = more["change"]
    assert isinstance(old, dict)
    shop.stan -= 1
    shop.send("refund", **{**more, **change, "change": {**old, **REPEAT}})


def test_silence_is_told_and_the_message_goes_out_again_without_the_track() -> None:
    shop, _ = silent_refund()
    assert shop.world.kinds(shop.stan) == ["delivery_repeated"]
    assert shop.world.events(shop.stan)[0].detail == "issuer timeout"
    shop.world.advance(2_000)
    again = shop.world.asked()
    assert (again.mti, again.text(3)) == ("0220", "200000")
    assert again.secret_text(2).reveal(Purpose.WIRE) == PAN
    assert not {35, 52, 53} & set(again.fields)
    shop.world.answer(again)
    assert shop.world.to_terminals == []
    kinds = shop.world.kinds(shop.stan)
    assert kinds == ["delivery_repeated", "delivery_repeated", "approved"]
    assert len(shop.world.core.state.delivering) == 0
    assert shop.world.core.state.claims == {}


def test_the_host_repeats_and_asks_in_turn_with_growing_waits() -> None:
    shop, _ = silent_refund()
    sent: list[tuple[int, str]] = []
    start_ms = shop.world.uptime_ms
    for _ in range(700):
        shop.world.advance(100)
        while shop.world.to_issuer_frames:
            sent.append((shop.world.uptime_ms - start_ms, shop.world.asked().mti))
    assert sent == [
        (2_000, "0220"),
        (6_000, "0600"),
        (14_000, "0220"),
        (30_000, "0600"),
        (62_000, "0220"),
    ]


@pytest.mark.parametrize("code", ["00", "61"])
def test_the_terminals_repeat_is_sent_again_under_the_same_number_and_answered(code: str) -> None:
    shop, more = silent_refund()
    payment = shop.store.payments[TraceKey(TERMINAL, 1, shop.stan)]
    repeat(shop, more)
    again = shop.world.asked()
    assert again.text(37) == payment.rrn
    shop.world.answer(again, code)
    heard = shop.heard()
    assert (heard.mti, heard.text(39), heard.text(37)) == ("0230", code, payment.rrn)
    repeat(shop, more)
    assert shop.heard().text(39) == code
    assert shop.world.to_issuer_frames == []
    assert len(shop.store.payments) == 2


def test_an_answer_to_the_first_message_settles_while_it_is_repeated() -> None:
    shop = Shop()
    _, sale = shop.do("sale")
    more = shop.after("refund", sale)
    shop.send("refund", **more)
    first = shop.world.asked()
    shop.world.give_up()
    assert shop.heard().text(39) == "98"
    shop.world.answer(first)
    assert shop.world.kinds(shop.stan)[-1] == "approved"
    repeat(shop, more)
    assert shop.heard().text(39) == "00"


def test_without_a_link_an_advice_is_kept_and_delivered_when_it_is_back() -> None:
    shop = Shop(World(MemoryStore(register()), link=False))
    shop.send("offline_sale")
    assert shop.heard().text(39) == "98"
    assert shop.world.events(2)[0].detail == "no link to the issuer"
    shop.world.link_up()
    asked = shop.world.asked()
    assert asked.mti == "0220"
    shop.world.answer(asked)
    assert shop.world.kinds(2)[-1] == "approved"


def test_a_lost_link_is_told_and_the_message_kept() -> None:
    shop = Shop()
    shop.send("offline_sale")
    shop.world.to_issuer_frames.clear()
    shop.world.link_down()
    assert shop.heard().text(39) == "98"
    shop.send("offline_sale")
    assert shop.heard().text(39) == "98"
    shop.world.link_up()
    assert {shop.world.asked().text(11), shop.world.asked().text(11)} == {"000002", "000003"}


@pytest.mark.parametrize("code", ["68", "94", "A0", "ZZ"])
def test_an_unclear_answer_is_asked_about(code: str) -> None:
    shop = Shop()
    shop.send("offline_sale")
    request = shop.world.asked()
    shop.world.answer(request, code)
    assert shop.heard().text(39) == "98"
    inquiry = shop.world.asked()
    assert (inquiry.mti, inquiry.text(62)) == ("0600", request.text(37))
    known = {n: request.fields[n] for n in (3, 4, 49)}
    shop.world.answer(inquiry, "00", change={**known, 38: "654321"})
    (_, inquired, approved) = shop.world.events(2)
    assert (inquired.kind, inquired.detail) == ("inquired", "found approved (00)")
    assert (approved.kind, approved.auth_code) == ("approved", "654321")


def test_a_start_asks_first_and_the_terminals_repeat_brings_the_card_back() -> None:
    shop, more = silent_refund()
    shop.world.restart()
    inquiry = shop.world.asked()
    assert inquiry.mti == "0600"
    shop.world.answer(inquiry, "25")
    shop.world.advance(10_000)
    assert {shop.world.asked().mti for _ in range(len(shop.world.to_issuer_frames))} <= {"0600"}
    repeat(shop, more)
    again = shop.world.asked()
    assert again.mti == "0220"
    shop.world.answer(again)
    assert shop.heard().text(39) == "00"


@pytest.mark.parametrize("code", ["00", "61"])
def test_a_start_settles_what_the_issuer_knows(code: str) -> None:
    shop = Shop()
    shop.send("offline_sale")
    request = shop.world.asked()
    shop.world.restart()
    inquiry = shop.world.asked()
    known = {n: request.fields[n] for n in (3, 4, 49)}
    shop.world.answer(inquiry, code, change=known)
    end = "approved" if code == "00" else "declined"
    assert shop.world.kinds(2) == ["delivery_repeated", "delivery_repeated", "inquired", end]
    assert [event.detail for event in shop.world.events(2)][:2] == ["host restart", "attempt 1"]
    assert shop.world.to_issuer_frames == []


def test_another_process_takes_the_repeat_and_the_first_answer_stays() -> None:
    shop, more = silent_refund()
    other = World(shop.store, host=settings(node=1))
    old = more["change"]
    assert isinstance(old, dict)
    frame = shop.terminal.payment("refund", shop.stan, **{**more, "change": {**old, **REPEAT}})
    other.send(frame)
    requests = [other.asked() for _ in range(len(other.to_issuer_frames))]
    other.answer(next(request for request in requests if request.mti == "0220"))
    data = other.to_terminals[-1][1]
    assert shop.terminal.read(data).text(39) == "00"
    shop.world.advance(2_000)
    shop.world.answer(shop.world.asked())
    assert shop.world.kinds(shop.stan).count("approved") == 2
    repeat(shop, more)
    assert shop.heard().text(39) == "00"


@pytest.mark.parametrize(
    ("amount_minor", "pan"), [(12344, PAN), (12345, OTHER_PAN)], ids=["amount", "card"]
)
def test_a_repeat_with_other_content_is_refused(amount_minor: int, pan: str) -> None:
    shop, more = silent_refund()
    old = more["change"]
    assert isinstance(old, dict)
    shop.stan -= 1
    assert shop.refused(
        "refund", amount_minor, **{**more, "change": {**old, **REPEAT, 2: pan}}
    ) == ("94")


def test_a_repeat_of_a_closed_batch_gets_its_answer_and_nothing_new_enters() -> None:
    store = MemoryStore(register())
    shop = Shop(World(store))
    shop.do("offline_sale")
    store.terminals[TERMINAL] = register(batch_no=2)
    shop.world.advance(shop.world.settings.terminal_refresh_ms + 1)
    shop.stan = 1
    assert shop.refused("offline_sale", change=REPEAT) == "00"
    assert shop.refused("offline_sale", change=REPEAT) == "77"
    assert len(store.payments) == 1


@pytest.mark.parametrize("restart", [False, True])
def test_what_cannot_be_delivered_calls_a_person_once_and_is_closed_on_success(
    restart: bool,
) -> None:
    shop, _ = silent_refund()
    for _ in range(6):
        shop.world.advance(60_000)
    (opened,) = shop.store.records_of(ExceptionRecord)
    assert (opened.kind, opened.detail) == (
        "advice_undelivered",
        "refund: not confirmed in 6 attempts",
    )
    if restart:
        shop.world.restart()
        for _ in range(8):
            shop.world.advance(60_000)
        assert shop.store.records_of(ExceptionRecord) == [opened]
    shop.world.to_issuer_frames.clear()
    shop.world.advance(60_000)
    request = shop.world.asked()
    amount = {3: "200000", 4: "000000012345", 49: "156"}
    shop.world.answer(request, change=amount if request.mti == "0600" else None)
    (closed,) = shop.store.records_of(ExceptionEventRecord)
    assert closed == ExceptionEventRecord(
        opened.exception_id, "closed", shop.world.now_us, "system", "the issuer answered"
    )


def test_no_track_and_no_pin_stay_in_memory_after_the_first_message() -> None:
    shop, _ = silent_refund()
    (item,) = (
        shop.world.core.state.delivering.get(rrn) for rrn in shop.world.core.state.delivering
    )
    assert item is not None
    assert item.message is not None
    assert not {35, 52, 53} & set(item.message.fields)
    assert PAN not in repr(item)
    assert PAN not in repr(item.message)
