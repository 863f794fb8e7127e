"""Storage keys live as long as somebody needs the card numbers that they have sealed."""

from dataclasses import replace

import pytest

from tests.terminal.rig import Rig
from tests.terminal.service_rig import ServiceRig
from tests.terminal.test_pending_work import work
from tongbao.domain.ids import BatchNo
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.pending_work import WorkKind, WorkQueue
from tongbao.terminal.core.records import SignedIn
from tongbao.terminal.core.settlement import Settlement, SettlementStage
from tongbao.terminal.core.state import TerminalState
from tongbao.terminal.core.storage_keys import needed_batches
from tongbao.terminal.core.vocabulary import TimerKind


def storage_keys(rig: Rig) -> list[str]:
    return [name for name in rig.keys.names() if name.startswith("batch/")]


def sign_in(rig: Rig, batch: str) -> None:
    rig.host.batch = batch
    rig.tell(ev.SignIn())
    rig.answer()


def test_a_sign_in_that_names_another_batch_ends_the_key_of_the_one_before():
    """A bit was flipped in the batch number of a sign-in answer, and the next one was right."""
    rig = ServiceRig().ready()
    sign_in(rig, "002001")
    rig.approved_sale()
    assert storage_keys(rig) == ["batch/002001"]
    sign_in(rig, "000007")
    kinds = [type(effect) for effect in rig.effects]
    assert kinds.index(fx.Persist) < kinds.index(fx.KeepStorageKeys)
    assert isinstance(rig.of(fx.Persist)[0].record, SignedIn)
    assert rig.of(fx.KeepStorageKeys) == [fx.KeepStorageKeys(frozenset({7}))]
    assert storage_keys(rig) == []


def test_a_sign_in_that_names_the_same_batch_ends_no_key():
    rig = ServiceRig().ready()
    rig.approved_sale()
    sign_in(rig, "000007")
    assert rig.of(fx.KeepStorageKeys) == []
    assert storage_keys(rig) == ["batch/000007"]


def test_a_power_cut_between_the_record_and_the_end_of_the_key_is_made_good_at_the_start():
    rig = ServiceRig().ready()
    rig.approved_sale()
    rig.host.batch = "000008"
    rig.tell(ev.SignIn())
    rig.cut_in_answer(1)
    rig.power_cut()
    assert storage_keys(rig) == ["batch/000007"]
    rig.switch_on()
    assert storage_keys(rig) == []


def test_all_other_keys_stay():
    rig = ServiceRig().ready()
    rig.approved_sale()
    others = {name for name in rig.keys.names() if not name.startswith("batch/")}
    assert "tmk" in others
    sign_in(rig, "000008")
    assert others == set(rig.keys.names())


def test_the_key_of_a_payment_in_doubt_outlives_its_batch_until_the_doubt_ends():
    rig = ServiceRig().ready()
    rig.approved_sale()
    rig.pay("refund", rrn="123456789012", date="1121", amount=50)
    while rig.state.doubt is None:
        rig.fire(TimerKind.HOST)
    rig.host.batch = "000008"
    rig.power_cut().switch_on().log_in()
    rig.answer()
    assert rig.state.batch == BatchNo(8)
    assert (rig.state.doubt is not None, storage_keys(rig)) == (True, ["batch/000007"])
    rig.run_on()
    assert (rig.state.doubt, storage_keys(rig)) == (None, [])


def test_the_key_of_a_signature_that_waits_goes_when_the_signature_has_gone():
    state = TerminalState(batch=BatchNo(8), work=WorkQueue().added(work(3, WorkKind.SIGNATURE)))
    assert needed_batches(state) == {7, 8}
    assert needed_batches(replace(state, work=WorkQueue())) == {8}


@pytest.mark.parametrize(
    ("stage", "totals", "needed"),
    [
        (SettlementStage.PENDING_WORK, "", {8}),
        (SettlementStage.TOTALS, "0" * 62, {7, 8}),
        (SettlementStage.END, "0" * 62, {7, 8}),
        (SettlementStage.DONE, "0" * 62, {8}),
    ],
)
def test_a_settlement_needs_its_batch_while_it_binds(stage, totals, needed):
    settlement = Settlement(batch=BatchNo(7), stage=stage, totals=totals)
    assert needed_batches(TerminalState(batch=BatchNo(8), settlement=settlement)) == needed
