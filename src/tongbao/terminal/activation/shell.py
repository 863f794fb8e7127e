"""Runs the activation: steps the machine, carries its effects out in order, shows it on screens.

What is kept is flushed before the effects behind it are done. What asks platform or host runs
beside, on threads or as tasks, and comes back as an event.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Final

import structlog

from tongbao import __version__
from tongbao.crypto.master_key import make_master_key_file
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.terminal.activation import machine as am
from tongbao.terminal.activation import wording
from tongbao.terminal.activation.checks import Bench
from tongbao.terminal.activation.key_fetch import KeyFetchError, fetch_master_key
from tongbao.terminal.activation.lines import reach_host
from tongbao.terminal.activation.self_test import SelfTest, words_of_test
from tongbao.terminal.activation.view import activation_view
from tongbao.terminal.aside import take_test_command
from tongbao.terminal.core.messages import TMK
from tongbao.terminal.core.wording import NOT_NOW
from tongbao.terminal.device.applying import UnfitDocumentError, terminal_settings
from tongbao.terminal.device.gateway import GatewayError, Trouble
from tongbao.terminal.device.wording import words_of
from tongbao.terminal.devices.printer import VirtualPrinter
from tongbao.terminal.screen.commands import UNKNOWN_COMMAND, AnswerBook
from tongbao.wire.device import paths
from tongbao.wire.device.activation import ActivationPoll, Hello
from tongbao.wire.device.codec import decode, encode
from tongbao.wire.device.health import Progress, SelfTestReport, TestOccasion
from tongbao.wire.device.settings import SettingsDocument
from tongbao.wire.device.signing import NONCE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from tongbao.domain.dates import Instant
    from tongbao.terminal.activation.testing import FunctionTest
    from tongbao.terminal.core.state import Notice
    from tongbao.terminal.device.applying import ProfileReader
    from tongbao.terminal.device.gateway import Gateway
    from tongbao.terminal.device.identity import DeviceIdentity
    from tongbao.terminal.device.settings import DeviceSettings
    from tongbao.terminal.device.store import DeviceStore
    from tongbao.terminal.settings import TerminalSettings
    from tongbao.terminal.shell import Sound

_log = structlog.get_logger("tongbao.terminal.activation")
_FIRST_SLOW_MS: Final = 60_000


class ActivationShell(AnswerBook):
    """Owns the activation of one device; also takes the commands of its screens."""

    def __init__(
        self,
        settings: DeviceSettings,
        device: tuple[DeviceStore, DeviceIdentity, Gateway],
        clock: Callable[[], Instant],
        read_profile: ProfileReader,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._store, self._identity, self._gateway = device
        self._clock = clock
        self._read_profile = read_profile
        self._printer = VirtualPrinter(settings.data_folder / "slips")
        self._events: asyncio.Queue[am.Event | BaseException] = asyncio.Queue()
        self._jobs: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._on_change: list[Callable[[], None]] = []
        self._left = False
        self._sending = asyncio.Lock()
        self.state = am.Activation()
        self.self_test = SelfTest(self._bench(), os.urandom, self.renumber, self._test_done)
        self.seq = clock().us // 1000
        self.sound: Sound | None = None

    def on_change(self, notify: Callable[[], None]) -> None:
        """Have a function called after each change."""
        self._on_change.append(notify)

    def renumber(self) -> None:
        """Give the state a new number and tell the screens."""
        self.seq += 1
        for notify in self._on_change:
            notify()

    async def draw_slip(self, name: str) -> bytes | None:
        """Return the picture of a slip, or None when there is none."""

        def draw() -> bytes | None:
            return self._printer.png(name) if self._printer.has(name) else None

        return await asyncio.to_thread(draw)

    def view(self) -> dict[str, Any]:
        """Return all that a screen draws."""
        return activation_view(self._settings, self.state, self.self_test.test, self._clock())

    async def run(self) -> None:
        """Run until the activation is over; raises KeyStoreError when nothing can be kept."""
        self._events.put_nowait(await asyncio.to_thread(self._switched_on))
        try:
            while not self._left:
                event = await self._events.get()
                if isinstance(event, BaseException):
                    raise event
                await self._step(event)
        finally:
            self._wind_up()

    async def _carry_out(self, identity: str, command: Mapping[str, Any]) -> Notice | None:
        del identity
        name = command.get("command")
        if name == "activation_retry":
            self._report(am.Retry())
            return None
        if name == "self_test_again":
            if self.state.stage is not am.Stage.SELF_TEST or self.state.is_busy:
                return NOT_NOW
            self._report(am.Retry())
            return None
        if name == "self_test_answer":
            return take_test_command(self.self_test, name, command)
        return UNKNOWN_COMMAND

    def _switched_on(self) -> am.Event:
        hello, document = self._store.hello(), self._store.document()
        kept = am.Kept(
            certificate=self._has_certificate(),
            document=document is not None,
            keys=document is not None and self._keys().has(TMK),
            tested=self._store.is_ready(),
        )
        return am.SwitchedOn(
            kept,
            None if hello is None else hello.terminal_id,
            None if document is None else document[0].merchant.name,
        )

    def _has_certificate(self) -> bool:
        pem = self._store.certificate()
        return pem is not None and self._identity.fits(pem)

    async def _step(self, event: am.Event) -> None:
        before = self.state.stage
        state, effects = am.step(self.state, event)
        for effect in effects:
            follow_up = await self._effect(effect)
            if follow_up is not None:
                state, more = am.step(state, follow_up)
                for one in more:
                    await self._effect(one)
                break
        self.state = state
        if before is not state.stage:
            _log.info("activation", stage=state.stage.value)
        self.renumber()

    async def _effect(self, effect: am.Effect) -> am.Event | None:
        """Carry one effect out; return the event that makes those behind it void."""
        match effect:
            case am.KeepHello(answer):
                await asyncio.to_thread(self._store.keep_hello, answer)
            case am.KeepCertificate(pem, chain):
                if not self._identity.fits(pem):
                    return am.CertificateUnfit()
                await asyncio.to_thread(self._store.keep_certificate, pem, chain)
            case am.Tell():
                await asyncio.to_thread(self._keep_progress, effect)
                self._start(self._send_reports())
            case am.KeepReady():
                await asyncio.to_thread(self._store.keep_ready)
            case am.Leave():
                self._left = True
            case am.Wait(ms):
                self._wait(ms)
            case _:
                self._ask(effect)
        return None

    def _ask(self, effect: am.Effect) -> None:
        match effect:
            case am.SayHello():
                self._start(self._asked(self._hello))
            case am.Poll(with_request):
                self._start(self._asked(lambda: self._poll(with_request)))
            case am.FetchDocument():
                self._start(self._asked(self._document))
            case am.FetchKeys():
                self._start(self._fetch_keys())
            case am.BeginTest():
                self._begin_test()
            case _:
                pass

    async def _asked(self, ask: Callable[[], am.Event]) -> None:
        """Ask the platform on a thread; a failure becomes an event with its words."""
        try:
            event = await asyncio.to_thread(ask)
        except GatewayError as error:
            slow = error.trouble in {Trouble.CERTIFICATE_REFUSED, Trouble.GATEWAY_UNTRUSTED}
            pause_ms = _FIRST_SLOW_MS if slow else self._settings.retry_ms
            event = am.Failed(words_of(error), pause_ms)
        self._report(event)

    def _hello(self) -> am.Event:
        message = Hello(
            serial_number=self._settings.serial_number,
            model=self._settings.model,
            software_version=__version__,
            public_key=self._identity.public_key,
            nonce=os.urandom(NONCE_BYTES),
        )
        return am.HelloAnswered(self._gateway.hello(message))

    def _poll(self, with_request: bool) -> am.Event:
        request = self._identity.certificate_request() if with_request else None
        message = ActivationPoll(serial_number=self._settings.serial_number, csr_pem=request)
        return am.PollAnswered(self._gateway.activation(message))

    def _document(self) -> am.Event:
        known = self._store.document()
        body = self._gateway.wanted(0 if known is None else known[0].version)
        if body is not None:
            document = decode(SettingsDocument, body)
            try:
                terminal_settings(self._settings, self._store, document, self._read_profile)
            except UnfitDocumentError as error:
                _log.warning("settings do not fit", part=str(error))
                return am.Failed(wording.NO_DOCUMENT, self._settings.retry_ms)
            self._store.put_in_force(body)
            return am.DocumentKept(document.merchant.name)
        if known is None:
            return am.Failed(wording.NO_DOCUMENT, self._settings.retry_ms)
        return am.DocumentKept(known[0].merchant.name)

    async def _fetch_keys(self) -> None:
        settings = self._terminal_settings()
        if settings is None:
            self._report(am.Failed(wording.NO_DOCUMENT, self._settings.retry_ms))
            return
        try:
            check_value = await fetch_master_key(settings, await asyncio.to_thread(self._keys))
        except KeyFetchError as error:
            self._report(am.Failed(error.notice, self._settings.retry_ms))
            return
        _log.info("master key", kcv=check_value[:3].hex().upper())
        self._report(am.KeysLoaded())

    def _begin_test(self) -> None:
        if self.self_test.test is not None and self.self_test.test.is_done:
            self.self_test.again()
        else:
            self.self_test.begin(TestOccasion.ACTIVATION)

    async def _test_done(self, test: FunctionTest, report: SelfTestReport) -> None:
        await asyncio.to_thread(self._keep_test, report)
        self._report(am.TestEnded(test.passed, words_of_test(test)))

    def _keep_test(self, report: SelfTestReport) -> None:
        self._store.keep_self_test(report)
        self._store.keep_report(paths.SELF_TEST, encode(report))

    def _keep_progress(self, told: am.Tell) -> None:
        progress = Progress(
            step=told.step,
            outcome=told.outcome,
            cause=told.cause,
            detail=told.detail,
            at_ms=self._clock().us // 1000,
        )
        self._store.keep_report(paths.PROGRESS, encode(progress))

    async def _send_reports(self) -> None:
        """Deliver what is in line; what is not taken now is delivered when the terminal runs."""
        try:
            async with self._sending:
                await asyncio.to_thread(self._gateway.deliver, self._store)
        except GatewayError as error:
            _log.info("a report waits", why=str(error))

    def _keys(self) -> SoftwareKeyStore:
        folder = self._settings.key_folder
        master = make_master_key_file(folder / "terminal.master")
        return SoftwareKeyStore.open(folder / "terminal.json", master)

    def _terminal_settings(self) -> TerminalSettings | None:
        kept = self._store.document()
        if kept is None:
            return None
        try:
            return terminal_settings(self._settings, self._store, kept[0], self._read_profile)
        except UnfitDocumentError:
            return None

    def _bench(self) -> Bench:
        return Bench(
            folder=self._settings.data_folder,
            printer=self._printer,
            keys=self._keys,
            settings=self._terminal_settings,
            line=self._line,
            clock_ahead_ms=lambda: self._gateway.clock_ahead_ms,
            now=self._clock,
            scanner_is_virtual=self._settings.is_sandbox if self._settings.has_scanner else None,
        )

    def _line(self) -> tuple[bool, str]:
        kept = self._store.document()
        try:
            self._gateway.wanted(0 if kept is None else kept[0].version)
        except GatewayError as error:
            return False, f"platform {error.trouble.value}"
        settings = self._terminal_settings()
        if settings is None:
            return False, "no settings"
        works, detail = reach_host(settings)
        return works, f"platform {self._gateway.quality.rtt_ms} ms, {detail}"

    def _report(self, event: am.Event) -> None:
        self._events.put_nowait(event)

    def _wait(self, ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(ms / 1000, self._report, am.Due())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        job = asyncio.create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._ended)

    def _ended(self, job: asyncio.Task[None]) -> None:
        self._jobs.discard(job)
        error = None if job.cancelled() else job.exception()
        if error is not None:
            self._events.put_nowait(error)

    def _wind_up(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.self_test.stop()
        for job in list(self._jobs):
            job.cancel()
