"""A batch that the host itself has made, of every kind that counts, and what may still enter it."""

from __future__ import annotations

from tests.host.batch_messages import ask, batch_events, end, exceptions, settlement, side, totals
from tests.host.test_kinds import Shop


def test_the_totals_of_real_payments_are_what_was_sold() -> None:
    shop = Shop()
    _, sale = shop.do("sale", 10_000)
    shop.do("tip", 11_000, **with_tip(shop.after("tip", sale), 1_000))
    _, voided = shop.do("sale", 2_000)
    shop.do("void", 2_000, **shop.after("void", voided))
    shop.do("sale", 500, "51")
    _, hold = shop.do("pre_authorisation", 4_000)
    shop.do("completion", 4_200, **shop.after("completion", hold))
    shop.do("offline_sale", 700)
    shop.do("refund", 300, **shop.after("refund", sale))
    own = side(debit=(11_000 + 4_200 + 700, 3), credit=(300, 1))
    reply = ask(shop.world, settlement(shop.terminal, totals(own)), shop.terminal)
    assert reply.fields[48] == totals(own, flags="11")
    assert ask(shop.world, end(shop.terminal, 0, "207"), shop.terminal).fields[48] == "0000"
    assert exceptions(shop.world) == []


def with_tip(more: dict, tip_minor: int) -> dict:
    more["change"][48] = f"{tip_minor:012d}"
    return more


def test_after_the_totals_an_advice_enters_the_batch_and_nothing_new_does() -> None:
    shop = Shop()
    _, sale = shop.do("sale", 10_000)
    ask(shop.world, settlement(shop.terminal, totals(side(debit=(10_000, 1)))), shop.terminal)
    assert shop.refused("sale", 100) == "77"
    assert shop.refused("pre_authorisation", 100) == "77"
    assert shop.refused("refund", 100, **shop.after("refund", sale)) == "77"
    _, reply = shop.do("offline_sale", 700)
    assert reply.fields[39] == "00"
    # It was not in the totals: that is a difference.
    ask(shop.world, end(shop.terminal, 0, "207"), shop.terminal)
    assert [event.result for event in batch_events(shop.world)] == ["11", "21"]
    (text,) = exceptions(shop.world)
    assert text.endswith("debit 1/100.00 credit 0/0.00, host debit 2/107.00 credit 0/0.00")
