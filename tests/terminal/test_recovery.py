"""What a terminal knows after a power cut: exactly what its journal says."""

import pytest

from tests.terminal.rig import ALL_WELL, MASKED, PIN, Rig
from tongbao.domain.errors import InvariantViolationError
from tongbao.domain.ids import BatchNo, Stan
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.records import PaymentIntended
from tongbao.terminal.core.recovery import read_records
from tongbao.terminal.core.state import DayTotals, ExchangeKind, PartCheck, TerminalState
from tongbao.terminal.core.vocabulary import (
    CheckResult,
    DoubtStage,
    Outcome,
    Part,
    Phase,
    ReversalReason,
    TimerKind,
)
from tongbao.wire.unionpay.framing import unpack_frame
from tongbao.wire.unionpay.table import UNIONPAY


def mti_of(sent: fx.Send) -> str:
    return UNIONPAY.decode(unpack_frame(sent.frame[2:]).body).mti


def test_an_empty_journal_is_a_new_terminal():
    state = Rig().state
    assert state == TerminalState()
    assert (state.phase, state.next_trace, state.batch) == (Phase.OFF, Stan(1), BatchNo(1))


def test_a_sign_in_must_be_made_again_but_batch_trace_and_clock_are_known():
    rig = Rig()
    rig.host.clock = ("1121", "100500")
    rig.ready().power_cut()
    assert not rig.state.signed_in
    assert rig.state.operator is None
    assert (rig.state.batch, rig.state.next_trace) == (BatchNo(7), Stan(2))
    assert rig.state.clock_offset_ms == 300_000


def test_an_intent_without_outcome_is_a_doubt():
    rig = Rig().ready().sell().power_cut()
    doubt = rig.state.doubt
    assert (doubt.intent.trace, doubt.intent.amount_minor, doubt.intent.card_masked) == (
        2,
        12_345,
        MASKED,
    )
    assert (doubt.reason, doubt.stage, doubt.attempts) == (
        ReversalReason.NO_ANSWER,
        DoubtStage.NEEDS_PERSON,
        0,
    )
    assert doubt.since == rig.now
    assert rig.state.next_trace == Stan(3)


def test_the_reversal_goes_before_any_other_online_act_but_the_sign_in():
    rig = Rig().ready().sell()
    rig.host.answer(rig.outbox[-1].frame)
    rig.power_cut()
    before = len(rig.outbox)
    rig.switch_on().log_in()
    rig.answer()
    assert [mti_of(sent) for sent in rig.outbox[before:]] == ["0800", "0400"]
    assert rig.state.phase is Phase.REVERSING
    rig.answer()
    assert rig.host.debits == 0
    assert rig.state.recent[0].outcome is Outcome.REVERSED


def test_the_reason_and_the_tries_of_a_doubt_survive():
    rig = Rig().ready().sell()
    rig.answer(mac="wrong")
    rig.fire(TimerKind.REVERSAL)
    rig.fire(TimerKind.RETRY)
    rig.power_cut()
    doubt = rig.state.doubt
    assert (doubt.reason, doubt.attempts) == (ReversalReason.WRONG_MAC, 2)


def test_a_closed_doubt_stays_closed():
    rig = Rig().ready().sell()
    rig.fire(TimerKind.HOST)
    rig.answer()
    rig.power_cut()
    assert rig.state.doubt is None
    assert rig.state.recent[0].outcome is Outcome.REVERSED


def test_totals_and_last_payments_are_those_before_the_cut():
    rig = Rig().ready()
    for number, code in enumerate(("00", "51", "00")):
        rig.host.codes = [code]
        rig.sell(100 + number, f"c-{number}")
        rig.answer()
        rig.print_all()
        rig.tell(ev.Dismiss())
    before = rig.state
    rig.power_cut()
    assert rig.state.today == before.today == DayTotals("20261121", 2, 202)
    assert rig.state.recent == before.recent
    assert [line.outcome for line in rig.state.recent] == [
        Outcome.APPROVED,
        Outcome.DECLINED,
        Outcome.APPROVED,
    ]
    assert rig.state.recent[0].slip == "000004"


def test_wrong_log_ins_still_count_after_the_plug_was_pulled():
    rig = Rig().switch_on()
    for _ in range(3):
        rig.log_in(pin=PIN)
        rig.wait(4_000)
    rig.power_cut()
    assert rig.state.log_in_failures == 3
    rig.now = rig.now.plus_ms(-4_000)
    rig.switch_on().log_in()
    assert rig.of(fx.Refuse)[0].notice.en == "Too many wrong tries; wait 4 seconds"


def test_a_trace_number_taken_by_a_sign_in_is_not_used_again():
    rig = Rig().switch_on().log_in()
    rig.power_cut()
    assert rig.state.next_trace == Stan(2)
    rig.switch_on().log_in()
    assert UNIONPAY.decode(unpack_frame(rig.outbox[-1].frame[2:]).body).fields[11] == "000002"


def test_a_journal_with_two_open_sales_or_a_trace_twice_is_refused():
    rig = Rig().ready().sell()
    intent = rig.kept(PaymentIntended)[0]
    with pytest.raises(InvariantViolationError, match="twice"):
        read_records([(intent, rig.now), (intent, rig.now)])
    from dataclasses import replace

    reader = read_records([(intent, rig.now), (replace(intent, trace=3), rig.now)])
    with pytest.raises(InvariantViolationError, match="more than one payment in doubt"):
        reader.open_payment()


def test_an_outcome_without_its_sale_is_refused():
    rig = Rig().ready().sell()
    rig.answer()
    with pytest.raises(InvariantViolationError, match="belongs to no payment"):
        read_records(rig.records[-1:])


def test_payments_of_earlier_batches_are_forgotten_but_never_one_in_doubt():
    rig = Rig().ready().sell()
    intent = rig.kept(PaymentIntended)[0]
    rig.answer()
    closed = rig.records[-1][0]
    from dataclasses import replace

    records = [(intent, rig.now)]
    for trace in range(3, 503):
        records.append((replace(intent, trace=trace), rig.now))
        records.append((replace(closed, trace=trace), rig.now))
    assert len(read_records(records).payments) == 501
    records.append((replace(intent, batch=8, trace=503), rig.now))
    records.append((replace(closed, batch=8, trace=503), rig.now))
    reader = read_records(records)
    assert len(reader.payments) == 200
    assert reader.open_payment().intent == intent
    assert reader.today.count == 501
    assert len(read_records(records, keep_all=True).payments) == 502


def restarted_with_a_doubt(kind="sale", **given):
    rig = Rig(reversal_repeats=0).ready().pay(kind, **(given or {"amount": 12_345}))
    rig.host.answer(rig.outbox[-1].frame)
    rig.power_cut()
    rig.switch_on()
    assert rig.state.phase is Phase.LOGGED_OUT
    return rig


@pytest.mark.parametrize(
    ("kind", "given", "debits"),
    [
        ("sale", {"amount": 12_345}, 0),
        ("refund", {"amount": 500, "rrn": "112000000077", "date": "1120"}, -500),
    ],
)
def test_a_restarted_terminal_settles_its_doubt_before_anybody_logs_in(kind, given, debits):
    rig = restarted_with_a_doubt(kind, **given)
    rig.tell(ev.LinkUp())
    assert (rig.state.phase, rig.state.operator) == (Phase.REVERSING, None)
    assert rig.sent().mti == "0800"
    rig.answer()
    rig.answer()
    assert (rig.state.phase, rig.state.doubt) == (Phase.RESULT, None)
    assert rig.host.debits == debits
    rig.tell(ev.Dismiss())
    assert rig.state.phase is Phase.LOGGED_OUT
    rig.log_in()
    assert rig.state.phase is Phase.IDLE


def test_a_line_that_stands_before_the_self_check_ends_is_used_at_once():
    rig = Rig().ready().pay("sale", amount=100)
    rig.power_cut()
    rig.tell(ev.PowerOn())
    rig.tell(ev.LinkUp())
    rig.tell(ev.SelfCheckDone(ALL_WELL))
    assert rig.state.phase is Phase.REVERSING


def test_nothing_is_sent_while_the_journal_cannot_be_written():
    rig = Rig().ready().pay("sale", amount=100)
    rig.power_cut()
    rig.tell(ev.PowerOn())
    rig.tell(ev.LinkUp())
    broken = PartCheck(Part.JOURNAL, CheckResult.FAIL)
    rig.tell(ev.SelfCheckDone((*ALL_WELL[:4], broken, *ALL_WELL[5:])))
    assert rig.state.phase is Phase.LOGGED_OUT
    assert rig.of(fx.Send) == []


def test_a_doubt_that_nobody_answers_is_tried_again_by_itself_for_ever():
    rig = restarted_with_a_doubt()
    rig.tell(ev.LinkUp())
    for _ in range(3):
        if rig.state.exchange.kind is ExchangeKind.SIGN_IN:
            rig.fire(TimerKind.HOST)
        else:
            rig.fire(TimerKind.REVERSAL)
        assert rig.state.doubt.stage is DoubtStage.NEEDS_PERSON
        rig.tell(ev.Dismiss())
        assert rig.state.phase is Phase.LOGGED_OUT
        assert rig.timers == {TimerKind.RETRY: 600_000}
        rig.fire(TimerKind.RETRY)
        assert rig.state.phase is Phase.REVERSING
    rig.answer()
    rig.answer()
    assert rig.host.debits == 0
    assert len([job for job in rig.slips if job.name.endswith("in-doubt")]) == 1


def test_a_doubt_left_for_the_till_is_tried_again_by_itself():
    rig = restarted_with_a_doubt()
    rig.log_in()
    rig.fire(TimerKind.HOST)
    assert rig.state.phase is Phase.IDLE
    assert rig.timers == {TimerKind.RETRY: 600_000}
    rig.tell(ev.SignIn())
    rig.tell(ev.Timeout(TimerKind.RETRY))
    assert rig.state.phase is Phase.SIGNING_IN
    assert rig.timers[TimerKind.RETRY] == 600_000
    rig.answer()
    assert rig.state.phase is Phase.REVERSING


def test_a_restored_batch_is_the_one_that_was():
    rig = Rig().ready()
    sale = rig.settle("sale", amount=10_000)
    rig.settle("tip", "p-2", tip=1_000, trace=sale.intent.trace)
    rig.settle("void", "p-3", trace=sale.intent.trace)
    rig.host.codes = ["51"]
    rig.pay("sale", "p-4", amount=1)
    rig.answer()
    rig.print_all()
    before = rig.state
    rig.power_cut()
    assert rig.state.items == before.items
    assert rig.state.today == before.today
    assert rig.state.recent == before.recent
