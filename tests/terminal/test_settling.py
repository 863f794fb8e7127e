"""Batch settlement: order, messages, flags, interruptions, the next batch."""

import pytest

from tests.terminal.rig import MASKED
from tests.terminal.service_rig import ServiceRig
from tongbao.crypto.key_store import KeyName
from tongbao.domain.ids import BatchNo
from tongbao.domain.money import Currency, Money
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.service_records import (
    BatchClosed,
    SettlementAnswered,
    SettlementRefused,
    SettlementStarted,
    UploadTaken,
)
from tongbao.terminal.core.settlement import SettlementStage
from tongbao.terminal.core.vocabulary import DoubtStage, Phase, TimerKind
from tongbao.terminal.settlement_slip import SettlementSlip
from tongbao.wire.unionpay.profile import HostProfile

STORAGE_KEY = KeyName("batch/000007")


def with_sales(count: int = 2, **settings: object) -> ServiceRig:
    rig = ServiceRig(**settings).ready()
    for number in range(count):
        rig.approved_sale(100 + number)
    return rig


def settle(rig: ServiceRig) -> ServiceRig:
    rig.tell(ev.Settle(None))
    return rig


def slips(rig: ServiceRig) -> list[SettlementSlip]:
    return [job.slip for job in rig.slips if isinstance(job.slip, SettlementSlip)]


def test_a_balanced_batch_is_closed_without_details():
    rig = settle(with_sales())
    assert rig.state.phase is Phase.SETTLING
    before = len(rig.outbox) - 1
    rig.run_on()
    assert rig.trail()[before:] == ["0500 201", "0320 207", "0800 003"]
    assert rig.host.totals == ["0" * 9 + "201" + "002" + "0" * 16 + "0" * 31]
    assert rig.host.ended == [("207", 0)]
    assert rig.state.settlement.stage is SettlementStage.DONE
    assert (rig.state.batch, rig.state.items, rig.state.signed_in) == (BatchNo(7), (), True)


def test_the_next_batch_is_ours_until_the_host_names_one():
    rig = settle(with_sales())
    rig.answer()
    rig.answer()
    assert rig.state.batch == BatchNo(8)
    rig.host.batch = "000008"
    rig.answer()
    rig.tell(ev.Dismiss())
    assert (rig.state.phase, rig.state.batch) == (Phase.IDLE, BatchNo(8))
    assert rig.state.settlement is None


def test_an_unbalanced_side_is_uploaded_eight_to_a_message_with_card_numbers():
    rig = with_sales(9)
    rig.host.flags = "21"
    settle(rig).run_on()
    assert rig.trail()[-5:] == ["0500 201", "0320 201", "0320 201", "0320 202", "0800 003"]
    assert rig.host.details == {
        trace: ("00", "0" + "6200001234567890128", f"{98 + trace:012d}") for trace in range(2, 11)
    }
    assert rig.host.ended == [("202", 9)]
    assert [record.traces for record in rig.kept(UploadTaken)] == ["2,3,4,5,6,7,8,9", "10"]


@pytest.mark.parametrize("flags", ["12", "13"])
def test_a_foreign_difference_uploads_foreign_cards_only(flags):
    rig = with_sales(2)
    rig.host.flags = flags
    settle(rig).run_on()
    assert rig.host.details == {}
    assert rig.host.ended == [("202", 0)]


def test_only_the_flags_count_and_not_the_code():
    rig = settle(with_sales())
    rig.answer(lambda reply: reply.fields.update({39: "95"}))
    assert rig.kept(SettlementAnswered)[0].domestic == "1"
    assert rig.trail()[-1] == "0320 207"


def test_an_answer_without_flags_and_code_stops_but_binds():
    rig = settle(with_sales())
    rig.answer(lambda reply: reply.fields.pop(48))
    assert rig.state.settlement.error.code == "bad_answer"
    rig.tell(ev.Dismiss())
    assert rig.state.phase is Phase.IDLE
    rig.start()
    assert rig.refusal == "settlement_open"
    settle(rig).run_on()
    assert rig.state.settlement.stage is SettlementStage.DONE


def test_totals_that_the_host_refuses_leave_the_batch_open_for_sales():
    rig = with_sales()
    rig.host.totals_code = "97"
    settle(rig).answer()
    assert rig.state.settlement.error.code == "97"
    assert rig.kept(SettlementRefused) == [SettlementRefused(batch=7, code="97")]
    rig.tell(ev.Dismiss())
    assert rig.state.settlement is None
    rig.approved_sale()
    rig.host.totals_code = None
    settle(rig).run_on()
    assert rig.host.totals[-1][:15] == "000000000301003"


def test_no_totals_go_out_for_a_batch_that_a_sign_in_has_ended_before_they_bound():
    rig = with_sales()
    rig.host.totals_code = "A0"
    rig.host.batch = "000008"
    settle(rig).run_on()
    assert (rig.state.batch, rig.state.items, rig.state.signed_in) == (BatchNo(8), (), True)
    assert rig.state.settlement.error.code == "nothing_to_settle"
    rig.host.totals_code = None
    sent = len(rig.outbox)
    rig.tell(ev.Settle(None))
    rig.tell(ev.LinkUp())
    assert rig.state.settlement.error.code == "nothing_to_settle"
    assert len(rig.outbox) == sent
    rig.tell(ev.Dismiss())
    assert (rig.state.phase, rig.state.settlement) == (Phase.IDLE, None)
    rig.approved_sale(500)
    settle(rig).run_on()
    assert rig.host.totals[-1][:15] == "000000000500001"
    assert [record.batch for record in rig.kept(BatchClosed)] == [8]


def test_totals_that_never_went_out_leave_the_batch_open():
    rig = settle(with_sales())
    rig.tell(ev.SendFailed(rig.outbox[-1].ticket, sent=False))
    assert rig.state.settlement.error.code == "no_connection"
    rig.tell(ev.Dismiss())
    rig.start()
    assert rig.refusal is None


def test_silence_repeats_the_totals_and_then_stops_bound():
    rig = settle(with_sales(2, profile=HostProfile(upload_repeats=1)))
    rig.fire(TimerKind.HOST)
    rig.fire(TimerKind.WORK)
    assert rig.trail()[-2:] == ["0500 201", "0500 201"]
    first, second = rig.message(-2).text(11), rig.message(-1).text(11)
    assert int(second) == int(first) + 1
    rig.fire(TimerKind.HOST)
    assert rig.state.settlement.error.code == "no_answer"
    assert TimerKind.WORK not in rig.timers
    rig.tell(ev.Dismiss())
    rig.start()
    assert rig.refusal == "settlement_open"


def test_a_new_line_goes_on_at_once():
    rig = settle(with_sales())
    rig.tell(ev.LinkDown(frozenset({rig.outbox[-1].ticket})))
    rig.tell(ev.LinkUp())
    assert rig.trail()[-1] == "0500 201"
    rig.run_on()
    assert len(rig.kept(BatchClosed)) == 1


def test_a_refused_record_is_tried_in_each_round_and_then_left_with_a_note():
    rig = with_sales(9, profile=HostProfile(upload_repeats=1))
    rig.host.flags = "21"
    rig.host.uploads = ["12", "00", "12"]
    settle(rig).run_on()
    assert rig.host.ended == [("202", 1)]
    closed = rig.kept(BatchClosed)[0]
    assert closed.left == ",".join(f"details:{trace}" for trace in range(2, 10))
    assert (closed.count, closed.host_count) == (1, 1)
    assert any("8" in note.en for note in slips(rig)[0].notes)


def test_a_record_without_answer_goes_up_again_in_another_round():
    rig = with_sales(9)
    rig.host.flags = "21"
    settle(rig).answer()
    rig.fire(TimerKind.HOST)
    rig.fire(TimerKind.WORK)
    rig.run_on()
    assert sorted(rig.host.details) == list(range(2, 11))
    assert rig.trail()[-5:-2] == ["0320 201"] * 3
    assert rig.host.ended == [("202", 9)]


def test_the_code_94_counts_as_taken():
    rig = with_sales(1)
    rig.host.flags = "21"
    rig.host.uploads = ["94"]
    settle(rig).run_on()
    assert rig.host.ended == [("202", 1)]


def test_another_count_at_the_host_is_said_on_paper():
    rig = with_sales(1)
    rig.host.flags, rig.host.counted = "21", 0
    settle(rig).run_on()
    assert (rig.kept(BatchClosed)[0].count, rig.kept(BatchClosed)[0].host_count) == (1, 0)
    assert any("COUNTED 0" in note.en for note in slips(rig)[0].notes)


def test_the_slip_says_what_was_compared():
    rig = with_sales()
    rig.host.flags = "12"
    settle(rig).run_on()
    slip = slips(rig)[0]
    assert (slip.domestic.debit_count, slip.domestic.debit) == (2, Money(201, Currency.CNY))
    assert (slip.domestic.verdict, slip.foreign.verdict) == ("balanced", "unbalanced")
    assert slip.batch_no == BatchNo(7)
    rig.print_all()
    assert rig.state.settlement.slip == "settlement-000007"


def test_the_card_numbers_cannot_be_opened_after_the_batch_is_closed():
    rig = with_sales()
    assert rig.keys.has(STORAGE_KEY)
    sealed = [record.sealed_card for record, _ in rig.records if hasattr(record, "sealed_card")]
    assert all(len(text) == 52 for text in sealed)
    settle(rig)
    while not rig.of(fx.KeepStorageKeys):
        rig.answer()
    kinds = [type(effect) for effect in rig.effects]
    assert kinds.index(fx.Persist) < kinds.index(fx.KeepStorageKeys)
    assert isinstance(rig.of(fx.Persist)[0].record, BatchClosed)
    assert not rig.keys.has(STORAGE_KEY)


def test_nothing_to_settle_and_no_keys_are_refused():
    rig = settle(ServiceRig().ready())
    assert rig.refusal == "nothing_to_settle"
    rig = with_sales()
    rig.state = rig.state.__class__(
        **{
            **{name: getattr(rig.state, name) for name in rig.state.__dataclass_fields__},
            "signed_in": False,
        }
    )
    settle(rig)
    assert rig.refusal == "not_signed_in"


def test_a_doubt_goes_first():
    rig = with_sales()
    rig.sell(500, "doubtful-1")
    rig.fire(TimerKind.HOST)
    while TimerKind.REVERSAL in rig.timers:
        rig.fire(TimerKind.REVERSAL)
        if rig.state.doubt.stage is DoubtStage.WAITING:
            rig.fire(TimerKind.RETRY)
    rig.tell(ev.Dismiss())
    assert rig.state.phase is Phase.IDLE
    settle(rig)
    assert rig.refusal == "doubt_open"
    assert rig.state.phase is Phase.REVERSING
    assert rig.trail()[-1] == "0400 000"


def test_settlement_may_be_cancelled_before_the_totals_only():
    rig = settle(with_sales())
    rig.tell(ev.Cancel())
    assert rig.refusal == "settlement_binding"
    assert rig.state.phase is Phase.SETTLING


def test_automatic_sign_off_comes_before_the_sign_in():
    rig = settle(with_sales(1, profile=HostProfile(auto_sign_off=True)))
    rig.run_on()
    assert rig.trail()[-3:] == ["0320 207", "0820 002", "0800 003"]
    assert rig.state.signed_in


@pytest.mark.parametrize("effects", range(9))
@pytest.mark.parametrize("answers", range(4))
def test_a_power_cut_at_any_effect_resumes_where_it_was(answers, effects):
    """So many answers come whole; in the next one the power goes after so many effects."""
    rig = with_sales(9)
    rig.host.flags = "21"
    settle(rig)
    for _ in range(answers):
        rig.answer()
    rig.cut_in_answer(effects)
    was_closed = bool(rig.kept(BatchClosed))
    rig.restart()
    assert rig.state.phase is Phase.SIGNING_IN
    rig.answer()
    assert rig.state.phase is (Phase.IDLE if was_closed else Phase.SETTLING)
    rig.run_on()
    closed = rig.kept(BatchClosed)
    assert [record.count for record in closed] == [9]
    assert sorted(rig.host.details) == list(range(2, 11))
    numbers = [int(rig.message(n).text(11)) for n in range(len(rig.outbox))]
    assert len(numbers) == len(set(numbers))
    assert not rig.keys.has(STORAGE_KEY)
    assert [job.name for job in rig.slips].count("settlement-000007") == 1


@pytest.mark.parametrize("effects", range(4))
def test_a_power_cut_at_the_totals_binds_once_they_are_on_record(effects):
    rig = with_sales(2)
    _, found = rig.core.step(rig.state, ev.Settle(None), rig.now)
    rig.carry_out(found[:effects])
    started = bool(rig.kept(SettlementStarted))
    rig.restart()
    rig.answer()
    assert rig.state.phase is (Phase.SETTLING if started else Phase.IDLE)
    rig.run_on()
    assert bool(rig.kept(BatchClosed)) is started


def test_a_settlement_keeps_its_batch_when_the_host_names_the_next_one():
    """The end was taken, its answer lost: the sign-in already speaks of batch 8."""
    rig = settle(with_sales())
    rig.answer()
    rig.host.answer(rig.outbox[-1].frame)
    rig.host.batch = "000008"
    rig.restart()
    rig.answer()
    assert rig.message().text(60) == "00000007207"
    rig.run_on()
    assert (rig.state.batch, len(rig.kept(BatchClosed))) == (BatchNo(8), 1)


def test_no_card_number_is_in_any_record_of_a_settlement():
    rig = with_sales(2)
    rig.host.flags = "21"
    settle(rig).run_on()
    text = repr([record for record, _ in rig.records]) + repr(rig.state)
    assert "6200001234567890128" not in text
    assert MASKED in text
