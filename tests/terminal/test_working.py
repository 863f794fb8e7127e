"""Pending work at quiet moments: signatures, script results, stored advices."""

import pytest

from tests.terminal.rig import SUPERVISOR
from tests.terminal.service_rig import ServiceRig
from tongbao.domain.ids import BatchNo, Stan
from tongbao.domain.secrets import Purpose
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.records import PaymentClosed
from tongbao.terminal.core.service_records import ScriptReceived, SignatureTaken, WorkDone, WorkSent
from tongbao.terminal.core.vocabulary import Outcome, Phase, TimerKind
from tongbao.terminal.device.quiet import pending
from tongbao.wire.jbig import Bitmap, decode

ROWS = bytes([0b10101010, 0b01010101] * 8)


def sign(rig: ServiceRig, trace: int, batch: int = 7) -> None:
    rig.tell(ev.Sign(BatchNo(batch), Stan(trace), 16, 8, ROWS))


def offline_sale(rig: ServiceRig, amount_minor: int = 700) -> int:
    """Send an offline sale and stop before its answer."""
    rig.sales += 1
    rig.pay("offline_sale", f"offline-{rig.sales}", amount=amount_minor, auth_code="654321")
    return int(rig.message().text(11))


@pytest.mark.parametrize("restarts", [False, True])
def test_a_reprint_shows_the_signature_also_after_it_was_sent_and_after_a_start(restarts):
    rig = ServiceRig().ready()
    trace, unsigned = rig.approved_sale(), rig.approved_sale()
    sign(rig, trace)
    rig.run_on()
    if restarts:
        rig.restart().run_on()
    rig.slips.clear()
    for number in (trace, unsigned):
        rig.tell(ev.Reprint(BatchNo(7), Stan(number)))
    signed, plain = (job.slip for job in rig.slips)
    assert decode(signed.signature) == Bitmap(16, 8, ROWS)
    assert plain.signature == b""
    assert repr(rig.state).count(signed.signature.hex().upper()) == 0
    rig.tell(ev.Settle(None))
    rig.run_on()
    assert rig.state.signed == {}


def test_a_signature_is_kept_first_and_sent_at_once_when_the_till_is_idle():
    rig = ServiceRig().ready()
    trace = rig.approved_sale()
    sign(rig, trace)
    assert [type(effect) for effect in rig.effects[:3]] == [fx.Persist, fx.Persist, fx.Send]
    assert isinstance(rig.effects[0].record, SignatureTaken)
    assert isinstance(rig.effects[1].record, WorkSent)
    message = rig.message()
    assert (message.mti, message.text(60), message.text(11)) == (
        "0820",
        "07000007800",
        f"{trace:06d}",
    )
    assert message.secret_text(2).reveal(Purpose.TEST) == "6200001234567890128"
    assert decode(message.binary(62)) == Bitmap(16, 8, ROWS)
    rig.answer()
    assert rig.state.work.works == ()
    assert rig.kept(WorkDone)[0].work == "signature"


def test_a_payment_is_signed_once_and_only_where_a_signature_belongs():
    rig = ServiceRig().ready()
    trace = rig.approved_sale()
    sign(rig, trace + 5)
    assert rig.refusal == "no_such_payment"
    declined = rig.approved_sale(code="51")
    sign(rig, declined)
    assert rig.refusal == "no_signature"
    sign(rig, trace)
    assert rig.refusal is None
    sign(rig, trace)
    assert rig.refusal == "already_signed"
    small = ServiceRig(signature_free_minor=1_000).ready()
    sign(small, small.approved_sale(1_000))
    assert small.refusal == "no_signature"


def test_a_signature_waits_while_a_payment_runs_and_survives_a_power_cut():
    rig = ServiceRig().ready()
    trace = rig.approved_sale()
    rig.tell(ev.LinkDown(frozenset()))
    sign(rig, trace)
    assert rig.of(fx.Send) == []
    rig.power_cut()
    assert [work.identity for work in rig.state.work.works] == [f"signature-000007-{trace:06d}"]
    rig.switch_on().log_in()
    rig.answer()
    rig.tell(ev.LinkUp())
    assert rig.trail()[-1] == "0820 800"
    rig.answer()
    assert rig.state.work.works == ()


def test_a_payment_pushes_the_signature_aside_and_it_goes_later():
    rig = ServiceRig().ready()
    sign(rig, rig.approved_sale())
    rig.start()
    assert rig.state.phase is Phase.CARD
    assert rig.state.exchange is None
    assert TimerKind.HOST not in rig.timers
    rig.tell(ev.Cancel())
    assert rig.trail()[-2:] == ["0820 800", "0820 800"]
    assert rig.state.work.works[0].attempts == 2
    rig.answer()
    assert len(rig.host.images) == 1


def test_a_late_answer_to_work_that_was_pushed_aside_ends_nothing():
    rig = ServiceRig().ready()
    sign(rig, rig.approved_sale())
    late = rig.host.answer(rig.outbox[-1].frame)
    rig.start()
    rig.hear(late)
    assert rig.state.phase is Phase.CARD
    assert len(rig.state.work.works) == 1


@pytest.mark.parametrize(("code", "mac"), [("96", "right"), ("00", "wrong"), ("00", "missing")])
def test_what_was_not_taken_is_tried_again_after_pauses_and_then_asks_for_a_person(code, mac):
    rig = ServiceRig(reversal_repeats=1).ready()
    sign(rig, rig.approved_sale())
    for pause in (1_000, 600_000):
        rig.host.service_codes = [code]
        rig.answer(mac=mac)
        assert rig.timers[TimerKind.WORK] == pause
        rig.fire(TimerKind.WORK)
        assert rig.trail()[-1] == "0820 800"
    assert rig.state.work.works[0].failures == 2
    rig.answer()
    assert rig.state.work.works == ()


def test_send_now_begins_at_once_or_says_why_not():
    rig = ServiceRig().ready()
    rig.tell(ev.SendNow("signature-000007-000099"))
    assert rig.refusal == "no_such_work"
    trace = rig.approved_sale()
    sign(rig, trace)
    rig.host.service_codes = ["96"]
    rig.answer()
    rig.tell(ev.SendNow(f"signature-000007-{trace:06d}"))
    assert rig.trail()[-1] == "0820 800"
    rig.host.service_codes = ["96"]
    rig.answer()
    rig.tell(ev.LinkDown())
    rig.tell(ev.SendNow())
    assert rig.refusal == "no_connection"


def test_an_advice_without_answer_is_stored_and_told_later_with_the_card_number():
    rig = ServiceRig().ready()
    trace = offline_sale(rig)
    rig.fire(TimerKind.HOST)
    assert rig.state.phase is Phase.RESULT
    assert (rig.state.result.outcome, rig.state.result.words.code) == (Outcome.APPROVED, "stored")
    assert rig.kept(PaymentClosed)[-1].outcome == "stored"
    rig.tell(ev.Dismiss())
    message = rig.message()
    assert (message.mti, message.text(11)) == ("0220", f"{trace:06d}")
    assert message.secret_text(2).reveal(Purpose.TEST) == "6200001234567890128"
    assert 35 not in message.fields
    rig.answer()
    assert rig.state.work.works == ()
    assert rig.kept(PaymentClosed)[-1].outcome == "approved"
    assert rig.state.items[-1].closed_rrn != ""


def test_an_advice_that_the_host_refuses_later_leaves_the_totals():
    rig = ServiceRig().ready()
    before = rig.state.today
    offline_sale(rig)
    rig.tell(ev.SendFailed(rig.outbox[-1].ticket, sent=False))
    rig.tell(ev.LinkUp())
    rig.tell(ev.Dismiss())
    rig.host.advice_codes = ["14"]
    rig.answer()
    assert rig.state.items[-1].outcome is Outcome.DECLINED
    assert rig.state.recent[0].outcome is Outcome.DECLINED
    assert (rig.state.today.count, rig.state.today.amount_minor) == (
        before.count,
        before.amount_minor,
    )
    kept = rig.state
    rig.power_cut()
    assert (rig.state.today, rig.state.work.works) == (kept.today, ())
    assert rig.state.items[-1].outcome is Outcome.DECLINED


def test_a_stored_advice_survives_a_power_cut_and_goes_before_settlement():
    rig = ServiceRig().ready()
    rig.approved_sale()
    offline_sale(rig)
    rig.fire(TimerKind.HOST)
    rig.restart()
    rig.answer()
    assert rig.trail()[-1] == "0220 000"
    rig.host.advice_codes = ["98"]
    rig.answer()
    rig.tell(ev.Settle())
    assert rig.trail()[-1] == "0220 000"
    rig.answer()
    assert rig.trail()[-1] == "0500 201"
    assert rig.message().text(48)[:15] == "000000000800002"


def test_settlement_does_not_begin_while_an_advice_has_not_arrived_but_for_a_supervisor():
    rig = ServiceRig().ready()
    rig.approved_sale()
    offline_sale(rig)
    rig.fire(TimerKind.HOST)
    rig.tell(ev.Dismiss())
    rig.host.advice_codes = ["98"] * 9
    rig.answer()
    rig.tell(ev.Settle())
    rig.answer()
    assert rig.state.settlement.error.code == "advices_left"
    rig.tell(ev.Dismiss())
    assert rig.state.settlement is None
    rig.host.flags = "21"
    rig.tell(ev.Settle(SUPERVISOR))
    rig.answer()
    rig.run_on()
    assert [message.mti for message in rig.host.advices.values()] == ["0320"]
    assert rig.state.work.works == ()


def test_an_issuers_script_is_told_as_not_performed():
    rig = ServiceRig().ready()
    script = bytes.fromhex("720B9F1804AABBCCDD860200009F36020007")
    rig.sell(500)
    rig.answer(lambda reply: reply.fields.update({55: script}))
    assert rig.kept(ScriptReceived)[0].data == "9F36020007DF310500AABBCCDD"
    rig.print_all()
    rig.tell(ev.Dismiss())
    message = rig.message()
    assert (message.mti, message.text(60)) == ("0620", "0000000795120")
    assert message.text(61) == f"000007{2:06d}1121"
    assert message.text(11) == "000003"
    rig.answer()
    assert rig.state.work.works == ()
    rig.power_cut()
    assert (rig.state.work.works, rig.state.next_trace) == ((), Stan(4))


def test_what_the_host_does_not_take_is_told_by_name_and_asks_for_a_person():
    rig = ServiceRig(reversal_repeats=1).ready()
    tries = 1
    assert pending(rig.state, tries) == ()
    trace = rig.approved_sale()
    sign(rig, trace)
    assert [one.needs_person for one in pending(rig.state, tries)] == [False]
    for _ in range(tries + 1):
        rig.fire(TimerKind.HOST)
        rig.fire(TimerKind.WORK)
    rig.tell(ev.ReportStatus())
    owed = dict(part.split("=") for part in rig.message().fields[62].decode().split(";"))["owes"]
    assert owed == f"signature-000007-{trace:06d}*3!"
    rig.answer()
    rig.sell(900, "in doubt")
    rig.fire(TimerKind.HOST)
    signature, reversal = pending(rig.state, tries)
    assert (signature.kind, signature.trace, signature.needs_person) == ("signature", trace, True)
    assert (reversal.kind, reversal.batch, reversal.needs_person) == ("reversal", 7, False)
    for _ in range(tries + 1):
        rig.fire(TimerKind.REVERSAL)
        rig.fire(TimerKind.RETRY)
    assert [(one.kind, one.needs_person) for one in pending(rig.state, tries)] == [
        ("reversal", True),
        ("signature", True),
    ]
