"""Find, print again, add up: nothing here changes a record of a payment."""

import pytest

from tests.terminal.rig import ALL_WELL, Rig
from tongbao.domain.ids import BatchNo, Stan
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.records import SlipDone
from tongbao.terminal.core.state import Found, PartCheck
from tongbao.terminal.core.totals import KindTotals, SideTotals, batch_totals
from tongbao.terminal.core.vocabulary import CheckResult, Part, TimerKind
from tongbao.terminal.slip import SlipCopy, SlipOutcome
from tongbao.terminal.totals_slip import TotalsSlip
from tongbao.wire.unionpay.profile import HostProfile


def a_day(**settings):
    """A sale with tip, a sale made void, a refund, a hold completed, a decline and a reversal."""
    rig = Rig(**settings).ready()
    rig.settle("sale", "c-02", amount=10_000)
    rig.settle("tip", "c-03", tip=1_000, trace=2)
    rig.settle("sale", "c-04", amount=5_000)
    rig.settle("void", "c-05", trace=4)
    rig.settle("refund", "c-06", amount=700, rrn="112000000077", date="1120")
    rig.settle("pre_authorisation", "c-07", amount=3_000)
    rig.settle("completion", "c-08", amount=2_900, auth_code="012345", date="1121", trace=7)
    rig.host.organisation = "VIS"
    rig.settle("sale", "c-09", amount=8_888)
    rig.host.organisation = "CUP"
    rig.host.codes = ["51"]
    rig.pay("sale", "c-10", amount=100)
    rig.answer()
    rig.tell(ev.Dismiss())
    rig.pay("sale", "c-11", amount=200)
    rig.fire(TimerKind.HOST)
    rig.answer()
    rig.tell(ev.Dismiss())
    rig.print_all()
    rig.slips.clear()
    return rig


def test_a_payment_is_found_by_its_trace_whatever_became_of_it():
    rig = a_day()
    for trace in range(2, 12):
        rig.tell(ev.Find(Stan(trace)))
        assert rig.state.found.item.intent.trace == trace
    rig.tell(ev.Find(Stan(99)))
    assert rig.state.found == Found(7, 99, None)
    rig.tell(ev.Find(Stan(2), BatchNo(6)))
    assert rig.state.found == Found(6, 2, None)


def test_what_was_found_leaves_with_the_next_payment():
    rig = a_day()
    rig.tell(ev.Find(Stan(2)))
    rig.begin("sale", amount=1)
    assert rig.state.found is None


@pytest.mark.parametrize(
    ("trace", "outcome", "copy"),
    [
        (2, SlipOutcome.APPROVED, SlipCopy.MERCHANT),
        (10, SlipOutcome.DECLINED, SlipCopy.CARDHOLDER),
        (11, SlipOutcome.REVERSED, SlipCopy.CARDHOLDER),
    ],
)
def test_a_reprint_is_one_paper_that_says_so_and_changes_nothing(trace, outcome, copy):
    rig = a_day()
    before, records = rig.state, len(rig.records)
    rig.tell(ev.Reprint(BatchNo(7), Stan(trace)))
    (job,) = rig.slips
    assert (job.name, job.slip.outcome, job.slip.copy) == (
        f"{trace:06d}-reprint",
        outcome,
        copy,
    )
    assert job.slip.is_reprint
    assert (rig.state, len(rig.records)) == (before, records)
    rig.print_all()
    assert rig.kept(SlipDone)[-1].name == f"{trace:06d}-reprint"
    assert rig.state.recent == before.recent


def test_what_is_not_there_is_not_printed():
    rig = a_day()
    rig.tell(ev.Reprint(BatchNo(7), Stan(99)))
    assert (rig.refusal, rig.slips) == ("no_such_payment", [])


@pytest.mark.parametrize("event", [ev.Reprint(BatchNo(7), Stan(2)), ev.PrintTotals()])
def test_a_broken_printer_is_said(event):
    rig = a_day()
    checks = [
        PartCheck(Part.PRINTER, CheckResult.FAIL) if check.part is Part.PRINTER else check
        for check in ALL_WELL
    ]
    from dataclasses import replace

    rig.state = replace(rig.state, self_check=tuple(checks))
    rig.tell(event)
    assert (rig.refusal, rig.slips) == ("printer_broken", [])


def test_the_totals_take_a_void_from_the_debits_or_count_it_as_a_credit():
    rig = a_day()
    totals = batch_totals(rig.state.items, rig.settings.profile)
    # 10,000 with its tip and 2,900 completed; a refund; the foreign card apart.
    assert totals.domestic == SideTotals(2, 13_900, 1, 700)
    assert totals.foreign == SideTotals(1, 8_888, 0, 0)
    as_credit = batch_totals(rig.state.items, HostProfile(void_totals="credit"))
    assert as_credit.domestic == SideTotals(3, 18_900, 2, 5_700)
    assert as_credit.foreign == totals.foreign


def test_the_totals_name_each_kind_that_was_approved():
    rig = a_day()
    totals = batch_totals(rig.state.items, rig.settings.profile)
    assert totals.kinds == (
        KindTotals("sale", 3, 23_888),
        KindTotals("void", 1, 5_000),
        KindTotals("refund", 1, 700),
        KindTotals("pre_authorisation", 1, 3_000),
        KindTotals("completion", 1, 2_900),
        KindTotals("tip", 1, 11_000),
    )
    assert totals.records == 7


def test_an_adjustment_replaces_the_amount_in_the_totals():
    rig = Rig().ready()
    rig.settle("offline_sale", "c-2", amount=7_000, auth_code="T1")
    rig.settle("adjustment", "c-3", amount=6_500, trace=2)
    rig.settle("adjustment", "c-4", amount=9_000, trace=2)
    totals = batch_totals(rig.state.items, rig.settings.profile)
    assert totals.domestic == SideTotals(1, 9_000, 0, 0)
    assert rig.state.today.amount_minor == 9_000


def test_an_empty_batch_adds_up_to_nothing():
    totals = batch_totals((), HostProfile())
    assert (totals.records, totals.domestic, totals.foreign, totals.kinds) == (
        0,
        SideTotals(),
        SideTotals(),
        (),
    )


def test_the_totals_come_out_on_paper_and_belong_to_no_payment():
    rig = a_day()
    rig.tell(ev.PrintTotals())
    (job,) = rig.of(fx.Print)
    assert (job.name, job.trace, job.batch) == ("totals-000007", None, BatchNo(7))
    assert isinstance(job.slip, TotalsSlip)
    assert [line.count for line in job.slip.domestic] == [2, 1]
    rig.print_all()
    assert rig.kept(SlipDone)[-1] == SlipDone(trace=0, batch=7, name="totals-000007")


def test_a_payment_of_another_day_leaves_the_totals_of_the_batch_alone():
    rig = Rig().ready()
    rig.settle("sale", "c-2", amount=100)
    rig.host.clock = ("1122", "000001")
    rig.settle("sale", "c-3", amount=250)
    totals = batch_totals(rig.state.items, rig.settings.profile)
    assert totals.domestic == SideTotals(2, 350, 0, 0)
    assert (rig.state.today.date, rig.state.today.amount_minor) == ("20261122", 250)
