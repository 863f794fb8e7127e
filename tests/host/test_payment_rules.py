"""The table of payment states and inputs, and the fold of stored events."""

from __future__ import annotations

import itertools

import pytest

from tongbao.host.core.payment_rules import (
    IMPOSSIBLE,
    RULES,
    Answer,
    PaymentInput,
    PaymentState,
    Upstream,
    stand_of,
)
from tongbao.host.records import EventKind, EventRecord


def events(*kinds: str) -> list[EventRecord]:
    return [
        EventRecord(1, kind, at_us, "00" if kind == "approved" else "51", "123456", "")
        for at_us, kind in enumerate(kinds, 100)
    ]


def test_every_pair_of_state_and_input_has_exactly_one_place() -> None:
    pairs = set(itertools.product(PaymentState, PaymentInput))
    assert set(RULES) | IMPOSSIBLE == pairs
    assert not set(RULES) & IMPOSSIBLE


def test_only_the_issuers_approval_leads_to_approved() -> None:
    leading = {
        (state, item)
        for (state, item), rule in RULES.items()
        if rule.next is PaymentState.APPROVED and state is not PaymentState.APPROVED
    }
    assert leading == {(PaymentState.PENDING, PaymentInput.APPROVAL)}


def test_only_the_issuers_word_or_a_missing_original_leads_to_reversed() -> None:
    leading = {
        (state, item)
        for (state, item), rule in RULES.items()
        if rule.next is PaymentState.REVERSED and state is not PaymentState.REVERSED
    }
    assert leading == {
        (PaymentState.REVERSING, PaymentInput.REVERSAL_DONE),
        (PaymentState.ABSENT, PaymentInput.REVERSAL),
    }


def test_every_change_of_state_is_recorded_except_the_intent_itself() -> None:
    silent = {
        (state, item)
        for (state, item), rule in RULES.items()
        if rule.next is not state and not rule.records
    }
    assert silent == {(PaymentState.ABSENT, PaymentInput.SALE)}


def test_a_reversal_goes_upstream_whenever_doubt_begins() -> None:
    for (state, _), rule in RULES.items():
        begins = rule.next is PaymentState.REVERSING and state is not PaymentState.REVERSING
        if begins:
            assert rule.upstream is Upstream.REVERSAL
            assert EventKind.REVERSAL_REQUESTED in rule.records


def test_a_sale_goes_upstream_exactly_once() -> None:
    assert [pair for pair, rule in RULES.items() if rule.upstream is Upstream.SALE] == [
        (PaymentState.ABSENT, PaymentInput.SALE)
    ]


def test_a_terminals_reversal_is_never_refused_by_state() -> None:
    for (_, item), rule in RULES.items():
        if item is PaymentInput.REVERSAL:
            assert rule.answer in (Answer.ACCEPTED, Answer.NO_ORIGINAL)


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ((), PaymentState.PENDING),
        (("approved",), PaymentState.APPROVED),
        (("declined",), PaymentState.DECLINED),
        (("approved", "repeated"), PaymentState.APPROVED),
        (("reversal_requested",), PaymentState.REVERSING),
        (("approved", "reversal_requested"), PaymentState.REVERSING),
        (("reversal_requested", "approved"), PaymentState.REVERSING),
        (("reversal_requested", "reversed"), PaymentState.REVERSED),
        (("reversal_requested", "reversed", "late_answer"), PaymentState.REVERSED),
        (
            ("reversal_requested", "reversed", "late_answer", "reversal_requested"),
            PaymentState.REVERSING,
        ),
        (
            ("reversal_requested", "reversal_requested", "reversed", "reversed"),
            PaymentState.REVERSED,
        ),
    ],
)
def test_stored_events_fold_to_a_state(kinds: tuple[str, ...], state: PaymentState) -> None:
    assert stand_of(events(*kinds)).state is state


def test_the_order_in_which_two_processes_wrote_does_not_matter_to_the_state() -> None:
    kinds = ("approved", "reversal_requested", "reversed")
    states = {stand_of(events(*order)).state for order in itertools.permutations(kinds)}
    assert states == {PaymentState.REVERSED}


def test_the_fold_keeps_the_first_answer_and_its_time() -> None:
    standing = stand_of(events("approved", "repeated", "reversal_requested"))
    assert standing.response_code == "00"
    assert standing.auth_code == "123456"
    assert standing.answered_at_us == 100
