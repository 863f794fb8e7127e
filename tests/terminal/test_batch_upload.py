"""The plan of a batch upload: rounds, messages, passes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongbao.terminal.core.batch_upload import (
    UploadMessage,
    UploadRecord,
    UploadRound,
    make_plan,
)

R = UploadRound


def records(*rounds: tuple[UploadRound, bool]) -> list[UploadRecord]:
    return [UploadRecord(trace, kind, home) for trace, (kind, home) in enumerate(rounds, 2)]


def unbalanced(found, repeats=3):
    return make_plan(found, domestic_balanced=False, foreign_balanced=False, repeats=repeats)


def test_the_rounds_come_in_the_order_of_the_dialect():
    found = records(*((kind, True) for kind in reversed(UploadRound)))
    plan = unbalanced(found)
    assert [message.round for message in plan.messages] == [
        R.OFFLINE,
        R.CHIP_OFFLINE,
        R.DETAILS,
        R.ADVICES,
        R.CHIP,
        R.RISK,
    ]


def test_a_balanced_batch_uploads_chip_records_only():
    found = records(*((kind, True) for kind in UploadRound))
    plan = make_plan(found, domestic_balanced=True, foreign_balanced=True, repeats=3)
    assert plan.messages == (UploadMessage(R.CHIP, (6,)), UploadMessage(R.RISK, (7,)))


def test_only_the_side_that_does_not_balance_is_uploaded():
    found = records((R.DETAILS, True), (R.DETAILS, False), (R.ADVICES, True), (R.ADVICES, False))
    plan = make_plan(found, domestic_balanced=True, foreign_balanced=False, repeats=3)
    assert plan.messages == (UploadMessage(R.DETAILS, (3,)), UploadMessage(R.ADVICES, (5,)))


def test_eight_details_go_in_a_message_and_one_of_everything_else():
    found = records(*[(R.DETAILS, True)] * 17, *[(R.ADVICES, True)] * 2)
    assert [len(message.traces) for message in unbalanced(found).messages] == [8, 8, 1, 1, 1]


def test_an_empty_batch_has_nothing_to_upload():
    plan = unbalanced([])
    assert (plan.message, plan.total, plan.done, plan.records) == (None, 0, 0, 0)


@pytest.mark.parametrize("code", ["00", "94"])
def test_an_accepted_message_is_done(code):
    plan = unbalanced(records((R.DETAILS, True))).answered(code)
    assert (plan.message, plan.done, plan.records) == (None, 1, 1)


@pytest.mark.parametrize("code", [None, "96", "30"])
def test_what_is_not_accepted_waits_until_the_pass_is_over(code):
    plan = unbalanced(records((R.OFFLINE, True), (R.ADVICES, True)))
    plan = plan.answered(code)
    assert plan.message == UploadMessage(R.ADVICES, (3,))
    plan = plan.answered("00")
    assert plan.message == UploadMessage(R.OFFLINE, (2,))
    assert plan.answered("00").message is None


def test_the_passes_end_and_say_what_was_refused_and_what_got_no_answer():
    plan = unbalanced(records((R.OFFLINE, True), (R.ADVICES, True), (R.ADVICES, True)), repeats=1)
    for code in ("12", None, "00", "12", None):
        assert plan.message is not None
        plan = plan.answered(code)
    assert plan.message is None
    assert (plan.refused, plan.unanswered, plan.records) == ({0}, {1}, 1)


def test_a_stopped_upload_begins_its_passes_anew_and_repeats_nothing_accepted():
    plan = unbalanced(records((R.OFFLINE, True), (R.ADVICES, True)), repeats=0)
    plan = plan.answered("00").answered(None)
    assert plan.message is None
    plan = plan.resumed()
    assert plan.message == UploadMessage(R.ADVICES, (3,))
    assert plan.answered("00").message is None


def test_the_journal_says_what_was_accepted_before():
    found = records(*[(R.DETAILS, True)] * 9)
    plan = unbalanced(found).with_accepted([UploadMessage(R.DETAILS, (10,))])
    assert (plan.done, plan.records) == (1, 1)
    plan = plan.answered("00")
    assert (plan.message, plan.records) == (None, 9)


ROUNDS = st.tuples(st.sampled_from(list(UploadRound)), st.booleans())


@given(
    st.lists(ROUNDS, max_size=60),
    st.booleans(),
    st.booleans(),
    st.integers(0, 4),
    st.lists(st.sampled_from(["00", "00", "00", "94", "96", None]), max_size=400),
    st.integers(0, 400),
)
def test_each_record_is_taken_exactly_once_whatever_is_lost(
    found, domestic, foreign, repeats, codes, cut_at
):
    """Answers are lost, refused, and a power cut forgets all but what the journal has."""
    batch = records(*found)
    flags = {"domestic_balanced": domestic, "foreign_balanced": foreign, "repeats": repeats}
    plan = make_plan(batch, **flags)
    taken: Counter[tuple[UploadRound, int]] = Counter()
    sent = 0
    while plan.message is not None:
        message = plan.message
        code = codes[sent] if sent < len(codes) else "00"
        if code in ("00", "94"):
            taken.update((message.round, trace) for trace in message.traces)
        plan = plan.answered(code)
        sent += 1
        if sent == cut_at:
            accepted = [plan.messages[number] for number in plan.accepted]
            plan = make_plan(batch, **flags).with_accepted(accepted)
        assert sent <= 2 * (repeats + 1) * len(batch)
    assert set(taken.values()) <= {1}
    assert plan.records == sum(taken.values())
    wanted = {
        (record.round, record.trace)
        for record in batch
        if record.round in (R.CHIP, R.RISK) or not (domestic if record.is_domestic else foreign)
    }
    left = {
        (plan.messages[n].round, trace)
        for n in plan.refused | plan.unanswered
        for trace in plan.messages[n].traces
    }
    assert set(taken) | left == wanted
    assert not set(taken) & left
    if len(codes) == 0:
        assert not left
