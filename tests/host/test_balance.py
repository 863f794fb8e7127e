"""Balances: asked and told, never written."""

from __future__ import annotations

import pytest

from tests.host.parties import TRACK2
from tests.host.test_kinds import Shop
from tongbao.wire.iso8583.codec import Message

NO_AMOUNT: dict[int, object] = {4: None, 60: "0100000100050"}
F54 = "0001156C0000000500000002156C000000040000"


def asked_for(shop: Shop) -> Message:
    shop.send("balance", change=NO_AMOUNT)
    return shop.world.asked()


def test_a_balance_is_told_in_field_54_and_leaves_no_trace() -> None:
    shop = Shop()
    before = shop.store.commits
    request = asked_for(shop)
    assert (request.mti, request.text(3)) == ("0200", "310000")
    assert not {4, 62} & set(request.fields)
    shop.world.answer(request, change={54: F54, 38: None})
    heard = shop.heard()
    assert (heard.mti, heard.text(39), heard.text(54)) == ("0210", "00", F54)
    assert not {4, 38} & set(heard.fields)
    assert shop.store.commits == before
    assert shop.store.payments == {}
    assert shop.store.events == []
    assert shop.world.core.state.asking == {}
    assert shop.world.core.state.terminals["00000001"].pending == 0


@pytest.mark.parametrize(("code", "told"), [("55", "55"), ("68", "98"), ("ZZ", "98")])
def test_a_balance_that_is_not_given_has_no_field_54(code: str, told: str) -> None:
    shop = Shop()
    shop.world.answer(asked_for(shop), code, change={54: F54})
    heard = shop.heard()
    assert heard.text(39) == told
    assert 54 not in heard.fields


def test_no_answer_is_no_doubt() -> None:
    shop = Shop()
    asked_for(shop)
    shop.world.give_up()
    assert shop.heard().text(39) == "98"
    asked_for(shop)
    shop.world.link_down()
    assert shop.heard().text(39) == "98"
    assert shop.refused("balance", change=NO_AMOUNT) == "91"
    assert shop.store.payments == {}
    shop.world.link_up()
    shop.world.advance(120_000)
    assert shop.world.to_issuer_frames == []


def test_a_copy_is_not_asked_again_while_the_first_waits() -> None:
    shop = Shop()
    request = asked_for(shop)
    shop.stan -= 1
    shop.send("balance", change=NO_AMOUNT)
    assert shop.world.to_issuer_frames == []
    shop.world.answer(request, change={54: F54})
    assert shop.heard().text(54) == F54
    assert shop.world.to_terminals == []


def test_no_card_number_stays_in_memory() -> None:
    shop = Shop()
    shop.world.answer(asked_for(shop), change={54: F54})
    assert TRACK2 not in repr(shop.world.core.state.asking)
    assert shop.world.core.state.asking == {}
