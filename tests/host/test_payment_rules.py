"""The tables of payment states and inputs, and the fold of stored events."""

from __future__ import annotations

import itertools

import pytest

from tongbao.host.core.payment_rules import (
    IMPOSSIBLE,
    REPEAT_RULES,
    RULES,
    STATES,
    TABLES,
    Answer,
    PaymentInput,
    PaymentState,
    Upstream,
    stand_of,
)
from tongbao.host.records import EventKind, EventRecord
from tongbao.wire.unionpay.transactions import Resolution

S, I = PaymentState, PaymentInput  # noqa: E741 - the names of the table
BOTH = pytest.mark.parametrize("resolution", list(TABLES), ids=lambda one: one.value)


def events(*kinds: str) -> list[EventRecord]:
    return [
        EventRecord(1, kind, at_us, "00" if kind == "approved" else "51", "123456", "")
        for at_us, kind in enumerate(kinds, 100)
    ]


@BOTH
def test_every_pair_of_state_and_input_has_exactly_one_place(resolution: Resolution) -> None:
    pairs = set(itertools.product(STATES[resolution], PaymentInput))
    assert set(TABLES[resolution]) | IMPOSSIBLE[resolution] == pairs
    assert not set(TABLES[resolution]) & IMPOSSIBLE[resolution]


def test_a_balance_has_no_table_because_it_has_no_row() -> None:
    assert set(TABLES) == {Resolution.REVERSE, Resolution.REPEAT}


def leading_to(resolution: Resolution, end: PaymentState) -> set[tuple[S, I]]:
    return {
        (state, item)
        for (state, item), rule in TABLES[resolution].items()
        if rule.next is end and state is not end
    }


def test_only_the_issuers_word_leads_to_approved() -> None:
    assert leading_to(Resolution.REVERSE, S.APPROVED) == {
        (S.PENDING, I.APPROVAL),
        (S.INQUIRING, I.APPROVAL),
        (S.INQUIRING, I.FOUND_APPROVED),
    }
    assert leading_to(Resolution.REPEAT, S.APPROVED) == {
        (S.PENDING, I.APPROVAL),
        (S.PENDING, I.FOUND_APPROVED),
        (S.INQUIRING, I.APPROVAL),
        (S.INQUIRING, I.FOUND_APPROVED),
        (S.DELIVERING, I.APPROVAL),
        (S.DELIVERING, I.FOUND_APPROVED),
    }


def test_only_a_decision_leads_to_declined() -> None:
    assert leading_to(Resolution.REVERSE, S.DECLINED) == {
        (S.ABSENT, I.REQUEST_WITHOUT_LINK),
        (S.ABSENT, I.NOT_ALLOWED),
        (S.PENDING, I.DECLINE),
        (S.INQUIRING, I.DECLINE),
        (S.INQUIRING, I.FOUND_DECLINED),
    }
    assert leading_to(Resolution.REPEAT, S.DECLINED) == {
        (S.ABSENT, I.NOT_ALLOWED),
        (S.PENDING, I.DECLINE),
        (S.PENDING, I.FOUND_DECLINED),
        (S.INQUIRING, I.DECLINE),
        (S.INQUIRING, I.FOUND_DECLINED),
        (S.DELIVERING, I.DECLINE),
        (S.DELIVERING, I.FOUND_DECLINED),
    }


def test_only_the_issuers_word_or_a_missing_original_leads_to_reversed() -> None:
    assert leading_to(Resolution.REVERSE, S.REVERSED) == {
        (S.REVERSING, I.REVERSAL_DONE),
        (S.ABSENT, I.REVERSAL),
    }
    assert leading_to(Resolution.REPEAT, S.REVERSED) == set()


def test_every_change_of_state_that_a_start_must_know_is_recorded() -> None:
    on_disk = {S.INQUIRING: S.PENDING, S.DELIVERING: S.PENDING}
    silent = {
        (state, item)
        for table in TABLES.values()
        for (state, item), rule in table.items()
        if on_disk.get(rule.next, rule.next) is not on_disk.get(state, state) and not rule.records
    }
    assert silent == {(S.ABSENT, I.REQUEST)}


def test_a_message_that_was_not_answered_is_recorded_so_that_a_start_finds_it() -> None:
    entering = [
        rule
        for (state, _), rule in REPEAT_RULES.items()
        if rule.next is S.DELIVERING and state is not S.DELIVERING
    ]
    assert len(entering) == 9
    assert all(EventKind.DELIVERY_REPEATED in rule.records for rule in entering)


def test_a_reversal_goes_upstream_whenever_doubt_about_a_reversible_payment_begins() -> None:
    for (state, _), rule in RULES.items():
        if rule.next is S.REVERSING and state is not S.REVERSING:
            assert rule.upstream is Upstream.REVERSAL
            assert EventKind.REVERSAL_REQUESTED in rule.records


def test_a_reversible_request_goes_upstream_exactly_once() -> None:
    assert [pair for pair, rule in RULES.items() if rule.upstream is Upstream.REQUEST] == [
        (S.ABSENT, I.REQUEST)
    ]
    assert not any(rule.upstream is Upstream.DELIVERY for rule in RULES.values())


def test_a_repeatable_payment_is_never_reversed() -> None:
    for (state, item), rule in REPEAT_RULES.items():
        assert rule.upstream is not Upstream.REVERSAL
        assert EventKind.REVERSAL_REQUESTED not in rule.records
        if item is I.REVERSAL:
            assert (rule.answer, rule.next) == (Answer.NOT_REVERSIBLE, state)


def test_a_terminals_reversal_is_never_refused_by_state() -> None:
    for (_, item), rule in RULES.items():
        if item is I.REVERSAL:
            assert rule.answer in (Answer.ACCEPTED, Answer.NO_ORIGINAL)


def test_the_issuer_is_asked_before_its_answer_is_given_up() -> None:
    for table in TABLES.values():
        assert table[S.PENDING, I.TIMEOUT] == (S.INQUIRING, (), Upstream.INQUIRY, Answer.NOTHING)
        assert table[S.INQUIRING, I.TIMEOUT].answer is Answer.IN_DOUBT


@BOTH
def test_nobody_is_told_a_decision_that_was_not_made(resolution: Resolution) -> None:
    for (state, _), rule in TABLES[resolution].items():
        if rule.answer is Answer.OUTCOME:
            assert rule.next in (S.APPROVED, S.DECLINED)
            assert rule.next is state or rule.records[-1] in ("approved", "declined")


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ((), PaymentState.PENDING),
        (("approved",), PaymentState.APPROVED),
        (("declined",), PaymentState.DECLINED),
        (("delivery_repeated", "delivery_repeated"), PaymentState.PENDING),
        (("delivery_repeated", "approved"), PaymentState.APPROVED),
        (("inquired", "approved"), PaymentState.APPROVED),
        (("inquired", "reversal_requested", "reversal_repeated"), PaymentState.REVERSING),
        (("reversal_requested", "reversal_repeated", "reversed"), PaymentState.REVERSED),
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
