"""A device from its first boot over real sockets: activation, channel, orders, wipe."""

import asyncio
import contextlib
import stat
import zlib
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.terminal.fake_gateway import (
    CODE,
    SERIAL,
    TERMINAL,
    FakeGateway,
    host_address,
    make_document,
    make_operator,
)
from tests.terminal.fake_host import MASTER
from tests.terminal.live import LIMIT_S, LiveHost, Page, clock, swipe_at
from tests.terminal.rig import hashed
from tests.terminal.service_host import ServiceHost
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.terminal.activation import machine, shell
from tongbao.terminal.device.process import run_device
from tongbao.terminal.device.settings import DeviceSettings
from tongbao.terminal.device.store import DeviceStore
from tongbao.terminal.training.issuer import TMK
from tongbao.wire.device.activation import ActivationFailure, ActivationState
from tongbao.wire.device.health import (
    Act,
    ActivationStep,
    ActKind,
    ActOutcome,
    Refusal,
    StepOutcome,
)
from tongbao.wire.device.settings import OperatorRole, ReportOutcome, Tender
from tongbao.wire.unionpay.profile import HostProfile


def read_profile(name):
    if name != "unionpay":
        raise ValueError(name)
    return HostProfile()


class Device:
    """A running device with its page."""

    def __init__(self, folder, gateway, host):
        self.settings = DeviceSettings(
            serial_number=SERIAL,
            data_folder=folder / "device-data",
            gateway_port=gateway.port,
            gateway_ca_file=gateway.files.authority_certificate,
            on_screen_pin=True,
            retry_ms=50,
            terminal={"retry_first_ms": 20, "retry_max_ms": 50},
        )
        self.gateway = gateway
        self.host = host
        self.store = DeviceStore(self.settings.data_folder)
        self.stop = asyncio.Event()
        self.running = None
        self.address = ""

    async def start(self):
        ready = asyncio.get_running_loop().create_future()
        self.stop = asyncio.Event()
        self.running = asyncio.create_task(
            run_device(self.settings, self.stop, ready.set_result, clock, read_profile)
        )
        await asyncio.wait({self.running, ready}, return_when=asyncio.FIRST_COMPLETED)
        self.address = ready.result().screen

    async def end(self):
        self.stop.set()
        await self.running

    async def hears(self, wanted):
        """Wait until the platform was told something."""
        await asyncio.to_thread(self.gateway.wait, wanted)

    async def power_cut(self):
        """End without any goodbye."""
        self.running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.running

    async def page(self, phase="activation"):
        """Open a page and wait until it shows this phase."""
        for _ in range(200):
            with contextlib.suppress(OSError, WebSocketException):
                page = Page(await connect(f"ws://{self.address}/ws"))
                async with asyncio.timeout(LIMIT_S):
                    await page.until(lambda state: True)
                    if page.state["phase"] == phase:
                        return page
                await page.close()
            await asyncio.sleep(0.05)
        raise AssertionError(f"no page shows {phase}")

    async def activate(self):
        """Go through everything with a person who answers; end on the terminal's first page."""
        self.gateway.state = ActivationState.CONFIRMED
        page = await self.page()
        await answer_self_test(page)
        await page.until(lambda s: s["activation"]["stage"] == "ready")
        await page.tell("activation_retry")
        await page.close()
        return await self.page("off")


async def answer_self_test(page):
    state = await page.until(lambda s: s["self_test"] and s["self_test"]["asks"] == "screen")
    await page.do("self_test_answer", part="screen", value="yes")
    state = await page.until(lambda s: s["self_test"]["asks"] == "keypad")
    await page.do("self_test_answer", part="keypad", value=state["self_test"]["code"])


def run(story, folder, **changes):
    async def limited():
        host = LiveHost()
        host.host = ServiceHost()
        # A host that has no master key of this terminal yet.
        host.host.keys = SoftwareKeyStore.in_memory(MASTER)
        await host.start()
        gateway = FakeGateway(folder)
        gateway.document = make_document(host=host_address(host.port), **changes)
        with gateway.running():
            device = Device(folder, gateway, host)
            await device.start()
            try:
                async with asyncio.timeout(60):
                    await story(device)
            finally:
                await device.end()
                await host.stop()

    asyncio.run(limited())


def test_a_device_is_activated_from_its_first_boot_to_the_power_switch(tmp_path):
    async def story(device):
        page = await device.page()
        state = await page.until(lambda s: s["activation"]["invitation"])
        shown = state["activation"]
        assert (shown["stage"], shown["serial_number"], state["terminal_id"]) == (
            "code",
            SERIAL,
            TERMINAL,
        )
        assert shown["invitation"]["code"] == CODE
        assert shown["invitation"]["picture"].startswith("data:image/svg+xml;base64,")
        await page.close()
        page = await device.activate()
        assert (page.state["terminal_id"], page.state["merchant_name"]) == (TERMINAL, "通宝便利店")
        gateway = device.gateway
        await device.hears(lambda g: g.heartbeats and len(g.self_tests) == 1)
        assert gateway.bad_signatures == 0
        assert [(one.step, one.outcome) for one in gateway.progress] == [
            (ActivationStep.CERTIFICATE, StepOutcome.DONE),
            (ActivationStep.NETWORK, StepOutcome.DONE),
            (ActivationStep.KEYS, StepOutcome.BEGUN),
            (ActivationStep.KEYS, StepOutcome.DONE),
            (ActivationStep.PARAMETERS, StepOutcome.BEGUN),
            (ActivationStep.PARAMETERS, StepOutcome.DONE),
            (ActivationStep.SELF_TEST, StepOutcome.BEGUN),
            (ActivationStep.SELF_TEST, StepOutcome.DONE),
            (ActivationStep.READY, StepOutcome.DONE),
        ]
        assert {part.outcome.value for part in gateway.self_tests[0].parts} == {"passed"}
        assert len(gateway.self_tests[0].parts) == 9
        assert stat.S_IMODE(device.store.key_file.stat().st_mode) == 0o600
        assert device.host.host.keys.kcv(TMK) is not None
        await page.get_ready()
        state = await page.phase("idle")
        assert state["signed_in"] is True
        await page.close()

    run(story, tmp_path)


@pytest.mark.parametrize(
    "stage", ["code", "certificate", "keys", "parameters", "self_test", "ready"]
)
def test_a_power_cut_at_any_step_goes_on_where_it_stopped(tmp_path, stage, monkeypatch):
    asked = {
        "certificate": machine.Poll(with_request=True),
        "keys": machine.FetchKeys(),
        "parameters": machine.BeginTest(),
    }

    async def story(device):
        cut = asyncio.Event()
        real = shell.ActivationShell._ask

        def ask(self, effect):
            """Lose power just before the step is done, once."""
            if not cut.is_set() and effect == asked[stage]:
                cut.set()
            else:
                real(self, effect)

        page = await device.page()
        await page.until(lambda s: s["activation"]["stage"] == "code")
        if stage == "code":
            cut.set()
        if stage in asked:
            monkeypatch.setattr(shell.ActivationShell, "_ask", ask)
        device.gateway.state = ActivationState.CONFIRMED
        if stage == "self_test":
            await page.until(lambda s: s["self_test"] and s["self_test"]["asks"] == "screen")
            cut.set()
        if stage == "ready":
            await answer_self_test(page)
            await page.until(lambda s: s["activation"]["stage"] == "ready")
            cut.set()
        await asyncio.wait_for(cut.wait(), LIMIT_S)
        await page.close()
        key = device.store.key_file.read_bytes()
        await device.power_cut()
        await device.start()
        if stage == "ready":
            page = await device.page("off")
        else:
            page = await device.activate()
        assert device.store.key_file.read_bytes() == key
        assert device.store.is_ready()
        await page.close()

    run(story, tmp_path)


def test_a_failed_activation_shows_the_platforms_words_and_begins_again(tmp_path):
    async def story(device):
        device.gateway.state = ActivationState.FAILED
        device.gateway.cause = ActivationFailure.TOO_MANY_TRIES
        page = await device.page()
        state = await page.until(lambda s: s["activation"]["trouble"])
        assert state["activation"]["trouble"] == {
            "code": "too_many_tries",
            "zh": "请重新输入激活码",
            "en": "Type the code again",
        }
        device.gateway.state = ActivationState.WAITING
        await page.until(lambda s: s["activation"]["stage"] == "code")
        assert not device.store.certificate_file.exists()
        await page.close()

    run(story, tmp_path)


def test_a_certificate_for_another_device_is_not_kept(tmp_path):
    async def story(device):
        device.gateway.certificate_name = "TB26110002"
        device.gateway.state = ActivationState.CONFIRMED
        page = await device.page()
        state = await page.until(lambda s: s["activation"]["trouble"])
        assert state["activation"]["trouble"]["code"] == "certificate_unfit"
        assert not device.store.certificate_file.exists()
        await page.close()

    run(story, tmp_path)


def test_a_host_that_gives_no_key_is_named_and_asked_again(tmp_path):
    async def story(device):
        device.host.host.service_codes = ["58"]
        device.gateway.state = ActivationState.CONFIRMED
        page = await device.page()
        state = await page.until(lambda s: s["activation"]["trouble"])
        assert (state["activation"]["stage"], state["activation"]["trouble"]["code"]) == (
            "keys",
            "no_keys",
        )
        await answer_self_test(page)
        await page.until(lambda s: s["activation"]["stage"] == "ready")
        assert (ActivationStep.KEYS, StepOutcome.FAILED) in [
            (one.step, one.outcome) for one in device.gateway.progress
        ]
        await page.close()

    run(story, tmp_path)


def test_a_keypad_that_fails_three_times_stops_the_activation_until_it_is_tested_again(tmp_path):
    async def story(device):
        device.gateway.state = ActivationState.CONFIRMED
        page = await device.page()
        await page.until(lambda s: s["self_test"] and s["self_test"]["asks"] == "screen")
        await page.do("self_test_answer", part="screen", value="yes")
        for left in (3, 2, 1):
            await page.until(lambda s, left=left: s["self_test"]["tries_left"] == left)
            await page.until(lambda s: s["self_test"]["asks"] == "keypad")
            await page.do("self_test_answer", part="keypad", value="wrong")
        state = await page.until(lambda s: s["activation"]["trouble"])
        assert state["activation"]["trouble"]["zh"] == "自检未通过：键盘。请处理后重新测试"
        assert not device.store.is_ready()
        await device.hears(lambda g: g.progress[-1].cause is ActivationFailure.SELF_TEST_FAILED)
        await page.do("self_test_again")
        state = await page.until(lambda s: s["self_test"]["asks"] == "keypad")
        await page.do("self_test_answer", part="keypad", value=state["self_test"]["code"])
        await page.until(lambda s: s["activation"]["stage"] == "ready")
        await page.close()

    run(story, tmp_path)


def test_wanted_settings_wait_for_a_quiet_moment_and_are_reported_signed(tmp_path):
    async def story(device):
        page = await device.activate()
        await page.get_ready()
        await page.phase("idle")
        await page.do("start", kind="sale", amount_minor=100)
        await page.phase("card")
        gateway = device.gateway
        merchant = replace(gateway.document.merchant, name="通宝二店")
        gateway.document = replace(
            gateway.document,
            version=2,
            merchant=merchant,
            kinds=("sale",),
            tenders=(Tender.CARD, Tender.CASH),
        )
        await device.hears(lambda g: len(g.reports) == 2)
        told = [(one.report.version, one.report.outcome) for one in gateway.reports]
        assert told == [(1, ReportOutcome.APPLIED), (2, ReportOutcome.DEFERRED)]
        assert gateway.reports[0].report.drift == ()
        assert {one.path: (one.wanted, one.actual) for one in gateway.reports[1].report.drift} == {
            "kinds": ("sale", "sale,void,refund,balance"),
            "merchant.name": ("通宝二店", "通宝便利店"),
            "tenders": ("card,cash", "card"),
        }
        assert page.state["merchant_name"] == "通宝便利店"
        await page.do("cancel")
        await page.until(lambda s: s["merchant_name"] == "通宝二店")
        assert page.state["operator"] == "01"
        assert {k["kind"] for k in page.state["kinds"] if k["allowed"]} == {"sale"}
        await device.hears(lambda g: len(g.reports) == 3)
        report = gateway.reports[2].report
        assert (report.version, report.outcome) == (2, ReportOutcome.APPLIED)
        assert [(one.path, one.actual) for one in report.drift] == [("tenders", "card")]
        await device.hears(lambda g: g.heartbeats[-1].applied_version == 2)
        await page.close()

    run(story, tmp_path)


def test_orders_of_the_platform_are_done_once_and_answered(tmp_path):
    async def story(device):
        page = await device.activate()
        gateway = device.gateway
        gateway.acts = [
            Act(act_id="m1", kind=ActKind.MESSAGE, body={"words": "请更新纸卷"}),
            Act(act_id="l1", kind=ActKind.LOCK, body={"words": "欠费"}),
            Act(act_id="p1", kind=ActKind.LOG_PULL, body={}),
        ]
        state = await page.until(lambda s: s["locked"] and s["platform_message"])
        assert state["platform_message"]["zh"] == "请更新纸卷"
        assert state["locked"]["detail"] == "欠费"
        await device.hears(lambda g: {"m1", "l1", "p1"} <= set(g.results))
        log = zlib.decompress(gateway.results["p1"].log).decode()
        assert '"kind": "logged_in"' not in log
        assert '"version"' in log
        await page.do("power_on")
        await page.phase("logged_out")
        refused = await page.tell("log_in", operator="01", password="0000")
        assert refused["error"]["code"] == "locked"
        await page.do("message_read")
        await page.until(lambda s: s["platform_message"] is None)
        await device.power_cut()
        await page.close()
        await device.start()
        page = await device.page("off")
        assert page.state["locked"]["detail"] == "欠费"
        await device.hears(lambda g: g.heartbeats[-1].is_locked)
        gateway.acts = [
            Act(act_id="m1", kind=ActKind.MESSAGE, body={"words_zh": "again"}),
            Act(act_id="u1", kind=ActKind.UNLOCK, body={}),
        ]
        state = await page.until(lambda s: s["locked"] is None)
        assert state["platform_message"] is None
        await page.close()

    run(story, tmp_path)


def test_a_wipe_is_refused_while_payments_are_not_settled_unless_the_device_is_lost(tmp_path):
    async def story(device):
        page = await device.activate()
        await page.get_ready()
        await page.phase("idle")
        await page.do("start", kind="sale", amount_minor=100)
        await page.phase("card")
        assert await swipe_at(page.state["sandbox"]["terminal_reader"]) == "ok"
        await page.phase("pin")
        await page.do("enter_pin", pin="123456")
        await page.until(lambda s: s["result"] and s["result"]["slip"])
        await page.do("dismiss")
        gateway = device.gateway
        gateway.acts = [Act(act_id="w1", kind=ActKind.WIPE, body={})]
        await device.hears(lambda g: "w1" in g.results)
        assert gateway.results["w1"].outcome is ActOutcome.REFUSED
        assert gateway.results["w1"].detail == "payments are unsent or not settled"
        assert device.store.is_ready()
        key = device.store.key_file.read_bytes()
        gateway.acts = [Act(act_id="w2", kind=ActKind.WIPE, body={"as_lost": "true"})]
        gateway.state = ActivationState.WAITING
        await device.hears(lambda g: "w2" in g.results)
        assert gateway.results["w2"].outcome is ActOutcome.DONE
        await page.close()
        page = await device.page("activation")
        assert device.store.key_file.read_bytes() != key
        assert not list(device.settings.data_folder.rglob("journal.sqlite3"))
        assert not (device.settings.key_folder / "terminal.json").exists()
        await page.close()

    run(story, tmp_path)


def test_a_revoked_device_locks_itself_with_the_platforms_words(tmp_path):
    async def story(device):
        page = await device.activate()
        device.gateway.refusal = Refusal.CERTIFICATE_REVOKED
        state = await page.until(lambda s: s["locked"])
        assert state["locked"]["detail"] == "平台的话"
        device.gateway.refusal = None
        await page.until(lambda s: s["locked"] is None)
        await page.close()

    run(story, tmp_path)


def test_a_first_pin_changed_offline_is_told_later_and_a_reset_in_the_portal_counts(tmp_path):
    async def story(device):
        gateway = device.gateway
        page = await device.activate()
        gateway.refusal = Refusal.BROKEN
        await page.do("power_on")
        await page.phase("logged_out")
        await page.do("log_in", operator="01", password="0000")
        await page.until(lambda s: s["newcomer"] == "01")
        await page.do("change_pin", new="7402")
        await page.phase("idle")
        await page.close()
        await device.power_cut()
        await device.start()
        gateway.refusal = None
        await device.hears(lambda g: g.operator_changes)
        (told,) = gateway.operator_changes
        assert (told.number, told.act.value) == ("01", "pin_changed")
        assert told.replaces == hashed(b"0000")
        page = await device.page("off")
        await page.do("power_on")
        await page.phase("logged_out")
        gateway.document = make_document(
            2,
            host=host_address(device.host.port),
            operators=(make_operator("01", OperatorRole.CASHIER, b"5555", must_change=True),),
        )
        await device.hears(lambda g: g.reports and g.reports[-1].report.version == 2)
        await page.do("log_in", operator="01", password="5555")
        await page.until(lambda s: s["newcomer"] == "01")

    first = make_operator("01", OperatorRole.CASHIER, b"0000", must_change=True)
    run(story, tmp_path, operators=(first,))
