"""Reversals of everything that can be reversed, in any order, once."""

from __future__ import annotations

import pytest

from tests.sandbox.asking import OPENING, ask, money, undo
from tongbao.wire.network.operations import Operation as Op


def prepare(issuer, operation):
    """Bring the issuer to where `operation` 5 can be asked; return its original's number."""
    if operation is Op.VOID:
        ask(issuer, 1, Op.SALE)
        return 1
    if operation.names_original:
        ask(issuer, 1, Op.PRE_AUTHORISATION)
    if operation is Op.COMPLETION_VOID:
        ask(issuer, 2, Op.COMPLETION, 1)
        return 2
    return 1 if operation.names_original else None


REVERSIBLE = [operation for operation in Op if operation.is_reversible]


@pytest.mark.parametrize("operation", REVERSIBLE)
def test_a_reversal_puts_everything_back_once(issuer, operation):
    original = prepare(issuer, operation)
    before = money(issuer)
    assert ask(issuer, 5, operation, original) == "00"
    assert money(issuer) != before
    body = issuer.acquirer.undo(5, operation)
    first = issuer.run(body)
    assert issuer.acquirer.read(first[0].body)[1][39] == "00"
    assert money(issuer) == before
    assert issuer.run(body, body) == first * 2
    assert money(issuer) == before
    # What was undone can be asked for again, under a new number.
    assert ask(issuer, 6, operation, original) == "00"


@pytest.mark.parametrize("operation", REVERSIBLE)
def test_a_reversal_before_its_original_kills_it(issuer, operation):
    original = prepare(issuer, operation)
    before = money(issuer)
    assert undo(issuer, 5, operation) == "25"
    assert ask(issuer, 5, operation, original) == "12"
    assert undo(issuer, 5, operation) == "25"
    assert undo(issuer, 5, operation, 9) == "94"
    assert money(issuer) == before


@pytest.mark.parametrize("operation", [op for op in Op if not op.is_reversible])
def test_refunds_advices_and_balances_cannot_be_reversed(issuer, operation):
    of_a_sale = operation in (Op.REFUND, Op.ADJUSTMENT)
    head = Op.SALE if of_a_sale else Op.PRE_AUTHORISATION
    ask(issuer, 1, head)
    assert ask(issuer, 5, operation, 1 if operation.names_original else None) == "00"
    before = money(issuer)
    assert undo(issuer, 5, operation) == "40"
    # Not under the name of something else either.
    assert undo(issuer, 5, Op.SALE) == "12"
    assert undo(issuer, 5, Op.VOID) == "12"
    assert undo(issuer, 5, Op.COMPLETION) == "12"
    assert money(issuer) == before


def test_a_sale_that_was_voided_is_not_given_back_twice(issuer):
    ask(issuer, 1, Op.SALE)
    ask(issuer, 2, Op.VOID, 1)
    assert undo(issuer, 1, Op.SALE) == "00"
    assert money(issuer) == (0, 0)
    assert undo(issuer, 2, Op.VOID) == "00"
    assert money(issuer) == (0, 0)


def test_a_sale_that_was_refunded_cannot_be_reversed(issuer):
    ask(issuer, 1, Op.SALE)
    ask(issuer, 2, Op.REFUND, 1, 1)
    assert undo(issuer, 1, Op.SALE) == "22"
    assert money(issuer) == (1233, 0)


def test_a_sale_that_was_adjusted_is_reversed_with_its_tip(issuer):
    ask(issuer, 1, Op.SALE, fen=1_000)
    ask(issuer, 2, Op.ADJUSTMENT, 1, 1_150)
    assert undo(issuer, 1, Op.SALE, 1_150) == "64"
    assert undo(issuer, 1, Op.SALE, 1_000) == "00"
    assert money(issuer) == (0, 0)
    assert ask(issuer, 3, Op.ADJUSTMENT, 1, 1_200) == "12"
    assert money(issuer) == (0, 0)


def test_the_reversal_of_a_void_puts_an_adjusted_sale_back_whole(issuer):
    ask(issuer, 1, Op.SALE, fen=1_000)
    ask(issuer, 2, Op.ADJUSTMENT, 1, 1_150)
    assert ask(issuer, 3, Op.VOID, 1, 1_150) == "00"
    assert money(issuer) == (0, 0)
    assert undo(issuer, 3, Op.VOID, 1_150) == "00"
    assert money(issuer) == (1_150, 0)


def test_a_hold_that_was_completed_is_reversed_after_its_completion_only(issuer):
    ask(issuer, 1, Op.PRE_AUTHORISATION, fen=1_000)
    ask(issuer, 2, Op.COMPLETION, 1, 900)
    assert undo(issuer, 1, Op.PRE_AUTHORISATION, 1_000) == "22"
    assert undo(issuer, 2, Op.COMPLETION, 900) == "00"
    assert money(issuer) == (0, 1_000)
    assert undo(issuer, 1, Op.PRE_AUTHORISATION, 1_000) == "00"
    assert money(issuer) == (0, 0)


def test_the_reversal_of_a_void_may_leave_the_card_holder_in_debt(issuer):
    ask(issuer, 1, Op.SALE, fen=OPENING)
    ask(issuer, 2, Op.VOID, 1, OPENING)
    ask(issuer, 3, Op.SALE, fen=OPENING)
    assert undo(issuer, 2, Op.VOID, OPENING) == "00"
    assert money(issuer) == (2 * OPENING, 0)
    assert ask(issuer, 4, Op.PRE_AUTHORISATION, fen=1) == "51"
    fields = issuer.fields(issuer.acquirer.operation(5, Op.BALANCE))
    assert fields[54] == "0001156D0000050000000002156D000005000000"
