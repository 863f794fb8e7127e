"""The table of standings and requests is whole, and what it promises is what the book then says."""

from __future__ import annotations

import itertools

import pytest

from tests.sandbox.acquirer import rrn
from tests.sandbox.asking import DAY_MS, ask, undo
from tongbao.domain.dates import Instant
from tongbao.domain.money import Currency, Money
from tongbao.sandbox.issuer.core.book import HoldMove, HoldReason
from tongbao.sandbox.issuer.core.standing import ASK_OF, TABLE, Ask, Recollection, Standing
from tongbao.wire.network.operations import Operation as Op

S = Standing

# How to bring request 1 (for completions: request 2) of an issuer to each standing.
HOLD = [(1, Op.PRE_AUTHORISATION, None)]
TAKEN = [*HOLD, (2, Op.COMPLETION, 1)]
SOLD = [(1, Op.SALE, None)]
ROADS = {
    S.ABSENT: (1, []),
    S.DECLINED: (1, [(1, Op.VOID, 99)]),
    S.REVERSED: (1, [*SOLD, "undo 1 sale"]),
    S.SOLD: (1, SOLD),
    S.SOLD_REFUNDED: (1, [*SOLD, (3, Op.REFUND, 1, 34)]),
    S.VOIDED: (1, [*SOLD, (3, Op.VOID, 1)]),
    S.HELD: (1, HOLD),
    S.EXPIRED: (1, [*HOLD, "wait"]),
    S.RELEASED: (1, [*HOLD, (3, Op.PRE_AUTHORISATION_VOID, 1)]),
    S.COMPLETED: (1, TAKEN),
    S.TAKEN: (2, TAKEN),
    S.TAKEN_REFUNDED: (2, [*TAKEN, (3, Op.REFUND, 2, 34)]),
    S.TAKEN_VOIDED: (2, [*TAKEN, (3, Op.COMPLETION_VOID, 2)]),
    S.DONE: (2, [*SOLD, (2, Op.VOID, 1)]),
}
OPERATION_AT = {S.TAKEN: Op.COMPLETION, S.TAKEN_REFUNDED: Op.COMPLETION}
OPERATION_AT |= {S.TAKEN_VOIDED: Op.COMPLETION, S.DONE: Op.VOID, S.DECLINED: Op.VOID}
OPERATION_AT |= dict.fromkeys((S.HELD, S.EXPIRED, S.RELEASED, S.COMPLETED), Op.PRE_AUTHORISATION)


def walk(issuer, standing):
    """Bring the issuer there; return the number of the request that stands so."""
    number, road = ROADS[standing]
    for step in road:
        if step == "wait":
            issuer.now = issuer.now.plus_ms(30 * DAY_MS)
            issuer.ask(issuer.acquirer.inquiry(99))
        elif step == "undo 1 sale":
            undo(issuer, 1, Op.SALE)
        else:
            number_, operation, original, *fen = step
            ask(issuer, number_, operation, original, *fen)
    return number


def standing_of(issuer, number):
    """Where a request stands, by what is in the book."""
    wanted = rrn(number).value
    family = Recollection(issuer.store.recall([wanted])).family(wanted)
    return issuer.core._with_expiry(family).standing(wanted)


def test_the_table_answers_every_request_in_every_standing():
    assert set(TABLE) == set(itertools.product(Standing, Ask))
    assert {cell.code for cell in TABLE.values()} == {"00", "12", "22", "25"}


def test_only_what_is_granted_changes_a_standing():
    for (standing, asked), cell in TABLE.items():
        killed = asked is Ask.REVERSAL and cell.then is S.REVERSED
        is_granted = (cell.then, asked) in GRANTED.get(standing, ())
        assert killed or is_granted == (cell.code == "00")
        if cell.code != "00" and not killed:
            assert cell.then is standing


GRANTED = {
    S.SOLD: {
        (S.VOIDED, Ask.VOID),
        (S.SOLD_REFUNDED, Ask.REFUND),
        (S.SOLD, Ask.ADJUSTMENT),
    },
    S.SOLD_REFUNDED: {(S.SOLD_REFUNDED, Ask.REFUND)},
    S.TAKEN: {(S.TAKEN_VOIDED, Ask.COMPLETION_VOID), (S.TAKEN_REFUNDED, Ask.REFUND)},
    S.TAKEN_REFUNDED: {(S.TAKEN_REFUNDED, Ask.REFUND)},
    S.HELD: {(S.RELEASED, Ask.HOLD_VOID), (S.COMPLETED, Ask.COMPLETION), (S.EXPIRED, Ask.EXPIRY)},
}


@pytest.mark.parametrize("standing", Standing)
def test_every_standing_can_be_reached(issuer, standing):
    assert standing_of(issuer, walk(issuer, standing)) is standing


@pytest.mark.parametrize("operation", ASK_OF)
@pytest.mark.parametrize("standing", Standing)
def test_the_issuer_answers_as_the_table_says(issuer, standing, operation):
    number = walk(issuer, standing)
    cell = TABLE[standing, ASK_OF[operation]]
    fen = 1_200 if operation is Op.REFUND else 1_234
    assert ask(issuer, 7, operation, number, fen) == cell.code
    assert standing_of(issuer, number) is cell.then


@pytest.mark.parametrize("operation", [op for op in ASK_OF if ASK_OF[op] is not Ask.COMPLETION])
@pytest.mark.parametrize("standing", [S.SOLD, S.SOLD_REFUNDED, S.VOIDED])
def test_an_offline_sale_stands_where_a_sale_does(issuer, standing, operation):
    number, road = ROADS[standing]
    for number_, asked, original, *fen in road:
        ask(issuer, number_, Op.OFFLINE_SALE if asked is Op.SALE else asked, original, *fen)
    assert standing_of(issuer, number) is standing
    fen = 1_200 if operation is Op.REFUND else 1_234
    assert ask(issuer, 7, operation, number, fen) == TABLE[standing, ASK_OF[operation]].code


@pytest.mark.parametrize("standing", [one for one in Standing if one is not S.REVERSED])
def test_the_issuer_reverses_as_the_table_says(issuer, standing):
    number = walk(issuer, standing)
    cell = TABLE[standing, Ask.REVERSAL]
    assert undo(issuer, number, OPERATION_AT.get(standing, Op.SALE)) == cell.code
    assert standing_of(issuer, number) is cell.then


@pytest.mark.parametrize("standing", [S.HELD, S.RELEASED, S.COMPLETED, S.EXPIRED])
def test_time_ends_a_hold_that_stands_and_nothing_else(issuer, standing):
    number = walk(issuer, standing)
    issuer.now = issuer.now.plus_ms(30 * DAY_MS)
    issuer.ask(issuer.acquirer.inquiry(99))
    assert standing_of(issuer, number) is TABLE[standing, Ask.EXPIRY].then


def test_a_hold_below_zero_is_a_bug(issuer):
    from tongbao.domain.errors import InvariantViolationError

    move = HoldMove(
        reason=HoldReason.RELEASED,
        rrn=rrn(1),
        cause=rrn(2),
        account_id="good",
        amount=Money(-1, Currency.CNY),
        expires_at=Instant(1),
        at=Instant(0),
    )
    with pytest.raises(InvariantViolationError):
        issuer.state.move_hold(move)
