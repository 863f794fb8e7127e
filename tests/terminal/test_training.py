"""Training: an issuer inside the terminal, and a live world that does not change by one byte."""

import asyncio
import contextlib
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.terminal.live import (
    LIMIT_S,
    LiveHost,
    Page,
    clock,
    live_settings,
    swipe_at,
    write_keys,
)
from tests.terminal.rig import OPERATOR_PIN, PIN, SUPERVISOR, TRACK
from tests.terminal.training_rig import TrainingRig, prints_of
from tongbao.domain.ids import BatchNo, OperatorNo, Stan
from tongbao.domain.money import Currency, Money
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.roles import Grant
from tongbao.terminal.core.vocabulary import Outcome, Phase, TimerKind
from tongbao.terminal.journal import Journal, read_payments
from tongbao.terminal.keys import open_keys
from tongbao.terminal.process import run_terminal
from tongbao.terminal.training.lessons import Lesson, Mishap, lesson_of


@pytest.mark.parametrize(
    ("amount_minor", "lesson"),
    [
        (1, Lesson()),
        (1_000, Lesson()),
        (1_051, Lesson("51")),
        (1_055, Lesson("55")),
        (1_098, Lesson("98")),
        (1_100, Lesson(mishap=Mishap.NO_ANSWER)),
        (1_101, Lesson(mishap=Mishap.NO_ANSWER_TWICE)),
        (1_102, Lesson(mishap=Mishap.WRONG_MAC)),
        (1_103, Lesson()),
        (9_999_999, Lesson()),
    ],
)
def test_the_amount_decides_what_training_answers(amount_minor, lesson):
    assert lesson_of(amount_minor) == lesson


def test_a_training_sale_is_approved_and_its_paper_says_training(tmp_path):
    rig = TrainingRig(tmp_path).ready()
    rig.sell(8_800)
    assert rig.state.result.outcome is Outcome.APPROVED
    assert rig.state.result.auth_code.startswith("T")
    text = rig.printer.data("000002").decode("gb18030", "replace")
    assert "训练 非真实资金" in text
    assert "TRAINING - NO REAL MONEY" in text
    assert "00000001" not in text
    assert "100000000000001" not in text


def test_a_decline_is_learnt_by_its_amount(tmp_path):
    rig = TrainingRig(tmp_path).ready()
    rig.sell(1_051)
    assert (rig.state.result.outcome, rig.state.result.words.code) == (Outcome.DECLINED, "51")


@pytest.mark.parametrize("amount_minor", [1_100, 1_101, 1_102])
def test_a_payment_in_doubt_is_learnt_and_ends_reversed(tmp_path, amount_minor):
    rig = TrainingRig(tmp_path).ready()
    rig.sell(amount_minor)
    rig.fire(TimerKind.HOST)
    assert rig.state.doubt is not None
    for _ in range(4):
        rig.hear()
        rig.fire(TimerKind.REVERSAL)
        rig.fire(TimerKind.RETRY)
    assert rig.state.doubt is None
    assert rig.state.result.outcome is Outcome.REVERSED


def test_void_refund_and_settlement_can_be_practised(tmp_path):
    rig = TrainingRig(tmp_path).ready()
    rig.sell(8_800)
    trace = rig.state.result.trace
    rig.tell(ev.Dismiss())
    rig.tell(ev.Start("t-2", "void", original=ev.OriginalGiven(trace=trace), approval=SUPERVISOR))
    assert rig.refusal is None
    for event in (ev.CardSwiped(TRACK), ev.PinEntered(PIN)):
        rig.tell(event)
    rig.hear()
    assert rig.state.result.outcome is Outcome.APPROVED
    rig.tell(ev.Dismiss())
    rig.tell(ev.Settle(SUPERVISOR))
    for _ in range(6):
        rig.hear()
    assert rig.state.settlement.domestic == "1"
    assert rig.state.batch == BatchNo(1) or rig.state.items == ()


def test_leaving_needs_a_role_and_goes_on_record(tmp_path):
    rig = TrainingRig(tmp_path).ready()
    rig.tell(ev.Authorise(Grant.TRAINING))
    assert (rig.refusal, rig.allowed) == ("supervisor_needed", [])
    rig.tell(ev.Authorise(Grant.TRAINING, ev.Approval(OperatorNo("01"), OPERATOR_PIN)))
    assert (rig.refusal, rig.allowed) == ("not_a_supervisor", [])
    rig.tell(ev.Authorise(Grant.TRAINING, SUPERVISOR))
    assert (rig.refusal, rig.allowed) == (None, [Grant.TRAINING])


def test_the_numbers_of_training_are_its_own(tmp_path):
    rig = TrainingRig(tmp_path)
    assert rig.settings.terminal_id.value == "TRAINING"
    assert rig.settings.data_folder == rig.live.data_folder / "training"
    assert rig.settings.key_file.parent.parent == rig.settings.data_folder
    assert (rig.settings.host_port, rig.settings.host_ca_file) == (0, None)
    assert rig.keys.kcv("tmk") != open_keys(rig.live).kcv("tmk")


SUPERVISOR_GIVEN = {"operator": "00", "password": "123456"}
STEPS = st.one_of(
    st.sampled_from(
        [
            ev.PowerOn(),
            ev.PowerOff(),
            ev.LogIn(OperatorNo("01"), OPERATOR_PIN),
            ev.LogIn(OperatorNo("01"), PIN),
            ev.LogOut(),
            ev.SignIn(),
            ev.SignOff(),
            ev.Echo(),
            ev.Settle(SUPERVISOR),
            ev.Dismiss(),
            ev.Cancel(),
            ev.ResolveNow(),
            ev.PrintTotals(),
            ev.Reprint(BatchNo(1), Stan(2)),
            ev.LinkUp(),
            ev.LinkDown(),
            ev.Authorise(Grant.TRAINING, SUPERVISOR),
        ]
    ),
    st.sampled_from([1, 8_800, 1_051, 1_055, 1_100, 1_101, 1_102]),
    st.sampled_from(["sale", "void", "refund", "pre_authorisation", "balance", "offline_sale"]),
    st.sampled_from(["hear", "power cut", TimerKind.HOST, TimerKind.REVERSAL, TimerKind.RETRY]),
)


def _do(rig, step, number):
    match step:
        case int():
            rig.sell(step, f"t-{number}")
        case "hear":
            rig.hear()
        case "power cut":
            rig.restart()
        case TimerKind():
            rig.fire(step)
        case str():
            given = ev.OriginalGiven(
                trace=Stan(2), rrn="TRAIN0000002", date="1121", auth_code="T00002"
            )
            amount = Money(100, Currency.CNY)
            rig.tell(ev.Start(f"t-{number}", step, amount, None, given, SUPERVISOR))
            if rig.state.phase is Phase.CARD:
                rig.tell(ev.CardSwiped(TRACK))
            if rig.state.phase is Phase.PIN:
                rig.tell(ev.PinEntered(PIN))
        case _:
            rig.tell(step)
            if rig.state.phase is Phase.SELF_CHECK:
                rig.tell(ev.SelfCheckDone(()))


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEPS, min_size=1, max_size=25))
def test_no_training_step_touches_journal_keys_or_line_of_the_live_terminal(steps, monkeypatch):
    def no_line(*arguments):
        raise AssertionError(f"training opened a line: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", no_line)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_keys(folder / "keys")
        Journal.open(folder / "terminal", "00000001").close()
        before = prints_of(folder)
        assert any("journal" in path for path in before)
        rig = TrainingRig(folder)
        rig.ready()
        for number, step in enumerate(steps):
            _do(rig, step, number)
            assert prints_of(folder) == before
        rig.journal.close()
        assert prints_of(folder) == before


async def _page_in(addresses, *, training):
    """Open a page in the other world, which comes up switched on and logged out."""
    for _ in range(200):
        with contextlib.suppress(OSError, WebSocketException):
            page = Page(await connect(f"ws://{addresses.screen}/ws"))
            async with asyncio.timeout(LIMIT_S):
                await page.until(lambda state: True)
                if page.state["training"] is training:
                    await page.phase("logged_out")
                    return page
            await page.close()
        await asyncio.sleep(0.05)
    raise AssertionError("the other world did not come up")


async def _sale(page, addresses):
    await page.do("log_in", operator="01", password="0000")
    await page.phase("idle")
    await page.do("start", kind="sale", amount_minor=8_800)
    await page.phase("card")
    assert await swipe_at(addresses.reader) == "ok"
    await page.phase("pin")
    await page.do("enter_pin", pin="123456")
    state = await page.until(lambda s: s["result"] and s["result"]["slip"])
    return state["result"]["outcome"]


def test_a_person_goes_to_training_sells_and_comes_back_with_the_live_world_as_it_was(tmp_path):
    async def story():
        host = LiveHost()
        await host.start()
        settings = live_settings(tmp_path, host_port=host.port)
        stop = asyncio.Event()
        ready = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(run_terminal(settings, stop, ready.set_result, clock))
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        addresses = ready.result()
        page = Page(await connect(f"ws://{addresses.screen}/ws"))
        await page.until(lambda state: True)
        assert (page.state["training"], page.state["role"]) == (False, None)
        await page.get_ready()
        assert (await page.phase("idle"))["role"] == "cashier"
        refused = await page.tell("authorise", what="training")
        assert refused["error"]["code"] == "supervisor_needed"
        heard = len(host.host.seen)
        await page.tell("authorise", what="training", supervisor=SUPERVISOR_GIVEN)
        await page.close()

        page = await _page_in(addresses, training=True)
        before = prints_of(tmp_path)
        assert page.state["operator"] is None
        assert page.state["terminal_id"] == "TRAINING"
        assert await _sale(page, addresses) == "approved"
        assert prints_of(tmp_path) == before
        await page.do("dismiss")
        await page.phase("idle")
        await page.tell("authorise", what="training", supervisor=SUPERVISOR_GIVEN)
        await page.close()

        page = await _page_in(addresses, training=False)
        assert page.state["terminal_id"] == "00000001"
        assert page.state["recent"] == []
        assert len(host.host.seen) == heard
        assert host.host.book == {}
        await page.close()
        stop.set()
        await running
        await host.stop()
        payments = read_payments(settings.data_folder / "training", "TRAINING")
        assert [line.outcome for line in payments] == [Outcome.APPROVED]
        assert read_payments(settings.data_folder, "00000001") == []

    async def limited():
        async with asyncio.timeout(60):
            await story()

    asyncio.run(limited())
