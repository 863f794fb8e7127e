"""Advices with an unknown result are repeated, with the same trace, until the host has said it."""

import pytest

from tests.terminal.rig import TRACK, Rig
from tongbao.domain.secrets import Purpose
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.records import (
    CancelRequested,
    DoubtOpened,
    PaymentClosed,
    RepeatFailed,
    RepeatSent,
    ReversalSent,
)
from tongbao.terminal.core.vocabulary import DoubtStage, Outcome, Phase, TimerKind
from tongbao.wire.unionpay.profile import HostProfile
from tongbao.wire.unionpay.transactions import Resolution

REFUND = {"amount": 5_000, "rrn": "112000000077", "date": "1120"}


def in_doubt(**settings):
    rig = Rig(**settings).ready().pay("refund", **REFUND)
    rig.host.answer(rig.outbox[-1].frame)
    rig.fire(TimerKind.HOST)
    assert rig.state.phase is Phase.REVERSING
    return rig


def test_a_refund_without_answer_is_repeated_and_not_reversed():
    rig = in_doubt()
    first, again = rig.sent(-2), rig.sent()
    assert again.mti == "0220"
    assert set(again.fields) == set(first.fields) - {35, 53} | {2}
    same = set(again.fields) & set(first.fields) - {64}
    assert all(again.fields[number] == first.fields[number] for number in same)
    number = again.secret_text(2).reveal(Purpose.TEST)
    assert number == TRACK.pan.reveal(Purpose.TEST)
    assert rig.kept(RepeatSent) == [RepeatSent(trace=2, batch=7, attempt=1)]
    assert rig.kept(ReversalSent) == []
    assert rig.state.doubt.resolution is Resolution.REPEAT


def test_the_first_answer_ends_it_and_the_money_goes_back_once():
    rig = in_doubt()
    rig.answer()
    assert rig.state.result.outcome is Outcome.APPROVED
    assert rig.host.debits == -5_000
    assert [record.outcome for record in rig.kept(PaymentClosed)] == ["approved"]
    assert [job.slip.amount.minor for job in rig.slips] == [-5_000, -5_000]


def test_a_decline_of_a_repeat_is_a_decline():
    rig = Rig().ready().pay("refund", **REFUND)
    rig.fire(TimerKind.HOST)
    rig.host.codes = ["25"]
    rig.answer()
    assert (rig.state.result.outcome, rig.state.result.words.code) == (Outcome.DECLINED, "25")
    assert rig.state.doubt is None


@pytest.mark.parametrize("mac", ["wrong", "missing"])
def test_an_answer_that_nobody_signed_ends_nothing(mac):
    rig = in_doubt()
    rig.answer(mac=mac)
    assert (rig.state.phase, rig.state.doubt.stage) == (Phase.REVERSING, DoubtStage.WAITING)
    assert rig.kept(PaymentClosed) == []
    assert len(rig.kept(RepeatFailed)) == 1


def test_the_host_may_say_for_a_while_that_it_does_not_know():
    rig = Rig().ready().pay("refund", **REFUND)
    rig.host.codes = ["98"]
    rig.answer()
    assert rig.kept(DoubtOpened)[0].code == "98"
    rig.host.book.clear()
    rig.answer()
    assert rig.state.result.outcome is Outcome.APPROVED


def test_repeats_follow_each_other_with_growing_pauses_until_a_person_is_asked():
    rig = in_doubt(reversal_repeats=2)
    pauses = []
    for _ in range(2):
        rig.fire(TimerKind.REVERSAL)
        pauses.append(rig.timers[TimerKind.RETRY])
        rig.fire(TimerKind.RETRY)
    rig.fire(TimerKind.REVERSAL)
    assert pauses == [1_000, 2_000]
    assert rig.state.doubt.stage is DoubtStage.NEEDS_PERSON
    rig.tell(ev.ResolveNow())
    rig.answer()
    assert rig.state.result.outcome is Outcome.APPROVED


def test_stale_keys_are_renewed_before_the_next_repeat():
    rig = in_doubt()
    rig.host.session = False
    rig.answer()
    assert not rig.state.signed_in
    rig.fire(TimerKind.RETRY)
    assert rig.sent().mti == "0800"
    rig.answer()
    assert rig.sent().mti == "0220"
    rig.answer()
    assert rig.state.result.outcome is Outcome.APPROVED


def test_a_power_cut_does_not_forget_a_repeat():
    rig = in_doubt()
    rig.power_cut().switch_on().log_in()
    rig.answer()
    again = rig.sent()
    assert (again.mti, again.fields[11]) == ("0220", "000002")
    rig.answer()
    assert rig.state.result.outcome is Outcome.APPROVED
    assert rig.host.debits == -5_000


def test_a_repeat_whose_card_number_is_gone_is_sent_without_it():
    rig = in_doubt()
    rig.keys.destroy("batch/000007")
    rig.fire(TimerKind.REVERSAL)
    rig.fire(TimerKind.RETRY)
    assert 2 not in rig.sent().fields
    rig.answer()
    assert rig.state.result.outcome is Outcome.APPROVED


def test_a_balance_without_answer_leaves_no_doubt_and_the_next_payment_may_start():
    rig = Rig().ready().pay("balance")
    rig.fire(TimerKind.HOST)
    assert (rig.state.phase, rig.state.doubt) == (Phase.RESULT, None)
    assert rig.state.result.words.code == "no_answer"
    rig.tell(ev.Dismiss())
    rig.pay("sale", amount=100)


def test_a_power_cut_during_a_balance_leaves_no_doubt():
    rig = Rig().ready().pay("balance")
    rig.power_cut()
    assert rig.state.doubt is None
    assert rig.state.next_trace.value == 3


@pytest.mark.parametrize("mac", ["wrong", "missing"])
def test_a_balance_that_nobody_signed_is_not_shown(mac):
    rig = Rig().ready().pay("balance")
    rig.answer(mac=mac)
    assert rig.state.result.available_minor is None
    assert rig.state.result.outcome is Outcome.CANCELLED


def test_a_cancel_under_way_is_a_request_on_record_and_an_approval_wins():
    rig = Rig().ready().pay("sale", amount=100)
    rig.tell(ev.Cancel())
    rig.tell(ev.Cancel())
    assert rig.kept(CancelRequested) == [CancelRequested(trace=2, batch=7)]
    assert (rig.state.phase, rig.state.cancel_requested) == (Phase.AUTHORISING, True)
    rig.answer()
    assert rig.state.result.outcome is Outcome.APPROVED
    rig.tell(ev.Dismiss())
    rig.begin("sale", "p-2", amount=1)
    assert not rig.state.cancel_requested


@pytest.mark.parametrize("date", [True, False])
def test_the_reversal_of_a_void_names_the_void_itself(date):
    rig = Rig(profile=HostProfile(date_in_no_answer_reversal=date)).ready()
    rig.settle("pre_authorisation", amount=10_000)
    rig.settle("completion", "p-2", amount=9_000, auth_code="012345", date="1121")
    rig.pay("completion_void", "p-3", trace=3)
    rig.fire(TimerKind.HOST)
    sent = rig.sent()
    assert (sent.mti, sent.fields[39], sent.fields[38]) == ("0400", "98", "012345")
    assert sent.fields[61] == "000007000004" + ("1121" if date else "0000")
    assert not {2, 35, 37, 52} & set(sent.fields)
    rig.answer()
    assert rig.state.result.words.code == "25"
    assert "stands" in rig.state.result.words.en


def test_a_reversal_for_another_reason_says_the_date():
    rig = Rig().ready()
    rig.settle("pre_authorisation", amount=10_000)
    rig.pay("completion", "p-2", amount=9_000, auth_code="012345", date="1121")
    rig.answer(mac="wrong")
    assert rig.sent().fields[39] == "A0"
    assert rig.sent().fields[61] == "0000070000031121"


def test_a_keyed_payment_is_reversed_with_its_number_and_a_swiped_one_by_profile():
    rig = Rig(on_screen_card_entry=True).ready()
    rig.begin("sale", amount=100)
    rig.tell(ev.CardEntered(TRACK.pan, "3012"))
    rig.tell(ev.PinSkipped())
    rig.fire(TimerKind.HOST)
    assert rig.sent().secret_text(2) == rig.sent(-2).secret_text(2)
    rig = Rig(profile=HostProfile(pan_in_reversals=True)).ready().pay("sale", amount=100)
    rig.fire(TimerKind.HOST)
    assert 2 in rig.sent().fields
    rig = Rig().ready().pay("sale", amount=100)
    rig.fire(TimerKind.HOST)
    assert 2 not in rig.sent().fields
