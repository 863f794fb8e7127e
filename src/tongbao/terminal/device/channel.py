"""The standing talk of an activated device with the platform: heartbeats, settings, orders.

It asks on a thread and never on the event loop, and nothing that sells waits for it. Settings that
are wanted are kept first, applied at a quiet moment only, and reported back signed.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import shutil
from typing import TYPE_CHECKING, Final

import structlog
from cryptography import x509

from tongbao import __version__
from tongbao.terminal.core.host_parameters import HostParameters
from tongbao.terminal.device.acts import RemoteActs
from tongbao.terminal.device.applying import UnfitDocumentError, terminal_settings
from tongbao.terminal.device.drift import still_to_come, unable
from tongbao.terminal.device.gateway import Gateway, GatewayError, Trouble
from tongbao.terminal.device.quiet import changes_identity, has_unsent, is_quiet, pending, unsent
from tongbao.terminal.device.staff_line import StaffLine
from tongbao.terminal.device.wording import words_of
from tongbao.terminal.process import Ending
from tongbao.wire.device import paths
from tongbao.wire.device.activation import ActivationPoll, RenewalRequest
from tongbao.wire.device.codec import as_json, encode
from tongbao.wire.device.health import (
    Heartbeat,
    HeartbeatAnswer,
    NetworkKind,
    NetworkQuality,
    PrinterState,
    Refusal,
    SelfTestReport,
)
from tongbao.wire.device.settings import (
    Drift,
    ReportOutcome,
    SettingsDocument,
    SettingsReport,
    SignedReport,
)
from tongbao.wire.device.signing import document_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.domain.dates import Instant
    from tongbao.terminal.aside import Standing
    from tongbao.terminal.device.applying import ProfileReader
    from tongbao.terminal.device.identity import DeviceIdentity
    from tongbao.terminal.device.settings import DeviceSettings
    from tongbao.terminal.device.store import DeviceStore
    from tongbao.terminal.process import Terminal
    from tongbao.terminal.settings import TerminalSettings
    from tongbao.wire.device.document import Json

_log = structlog.get_logger("tongbao.terminal.device")
_RETRY_MAX_S: Final = 60.0
_QUIET_LOOK_S: Final = 1.0
_RENEW_BEFORE: Final = dt.timedelta(days=30)
# What the platform says of a device that is not to sell any more.
_SHUT_OUT: Final = frozenset({Refusal.CERTIFICATE_REVOKED, Refusal.NOT_IN_SERVICE})


class Channel:
    """One device's side of the talk; also what a running terminal knows of its device."""

    def __init__(
        self,
        settings: DeviceSettings,
        device: tuple[DeviceStore, DeviceIdentity, Gateway],
        clock: Callable[[], Instant],
        read_profile: ProfileReader,
        standing: Standing,
    ) -> None:
        self._settings = settings
        self._store, self._identity, self._gateway = device
        self._clock = clock
        self._read_profile = read_profile
        self._standing = standing
        self._terminal: Terminal | None = None
        self._hurry = asyncio.Event()
        self._sending = asyncio.Lock()
        self._applying = asyncio.Lock()
        self._begun_us = clock().us
        self._deferred: int | None = None
        self._staff_line = StaffLine(self._gateway)
        self._refused: int | None = None
        self._acts = RemoteActs(self._store, standing, clock, self._pull)
        self._shut_out = False
        document = self._document()
        standing.lock_words = self._store.lock_words()
        self._live = terminal_settings(settings, self._store, document, read_profile)

    @property
    def standing(self) -> Standing:
        """Lock and message, which outlive a change of world."""
        return self._standing

    def attach(self, terminal: Terminal) -> None:
        """Take notice of the terminal that runs now."""
        self._terminal = terminal

    def detach(self) -> None:
        """No terminal runs now."""
        self._terminal = None

    def live_settings(self) -> TerminalSettings:
        """Return the settings of the live world as they are in force."""
        return self._live

    def line(self) -> tuple[bool, str]:
        """Ask the platform; blocks."""
        try:
            self._gateway.wanted(self._document().version)
        except GatewayError as error:
            return False, f"platform {error.trouble.value}"
        return True, f"platform {self._gateway.quality.rtt_ms} ms"

    def clock_ahead_ms(self) -> int | None:
        """Return how far the platform's clock is ahead; None when it was not asked yet."""
        return self._gateway.clock_ahead_ms if self._gateway.has_asked else None

    async def self_tested(self, report: SelfTestReport) -> None:
        """Keep a self-test and tell the platform."""
        await asyncio.to_thread(self._keep_test, report)
        self._hurry.set()

    async def run(self) -> None:
        """Talk until cancelled; raises KeyStoreError when nothing can be kept any more."""
        looking = asyncio.create_task(self._look_for_quiet())
        first_s = self._settings.retry_ms / 1000
        pause_s = first_s
        try:
            while True:
                self._hurry.clear()
                if looking.done():
                    looking.result()  # nothing can be kept any more
                next_in_s = await self._beat()
                pause_s = first_s if next_in_s else min(pause_s * 2, _RETRY_MAX_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(next_in_s or pause_s):
                        await self._hurry.wait()
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _beat(self) -> int | None:
        """Deliver, say how we are, do what is ordered; return the pause in seconds or None."""
        terminal = self._terminal
        if terminal is None:
            return None
        try:
            await self._deliver()
            await self._staff_line.tell(terminal)
            answer = await asyncio.to_thread(self._gateway.heartbeat, self._heartbeat(terminal))
            await self._take(answer, terminal)
            async with self._applying:
                await self._tell_standing(terminal)
            await self._deliver()
            await asyncio.to_thread(self._renew)
        except GatewayError as error:
            self._note(error)
            if error.trouble is Trouble.CERTIFICATE_REFUSED:
                await asyncio.to_thread(self._certify_again)
            return None
        finally:
            self._end_if_ordered(terminal)
        if self._shut_out:
            self._shut_out = False
            self._standing.change(lock_words=self._store.lock_words())
        return answer.next_in_s

    async def _deliver(self) -> None:
        async with self._sending:
            await asyncio.to_thread(self._gateway.deliver, self._store)

    async def _take(self, answer: HeartbeatAnswer, terminal: Terminal) -> None:
        for act in answer.acts:
            await self._acts.do(act, terminal)
        if answer.wanted_version > max(self._document().version, self._refused or 0):
            await self._pull()

    async def _pull(self) -> None:
        """Fetch the wanted settings and keep them; they are applied at a quiet moment."""
        kept = self._store.wanted()
        since = self._document().version if kept is None else kept[0].version
        body = await asyncio.to_thread(self._gateway.wanted, since)
        async with self._applying:
            if body is not None:
                await asyncio.to_thread(self._store.keep_wanted, body)
                self._deferred = None
            await self._apply_wanted()

    async def _look_for_quiet(self) -> None:
        while True:
            await asyncio.sleep(_QUIET_LOOK_S)
            await self._apply()
            self._staff_line.look(self._terminal, self._live, self._hurry)

    async def _apply(self) -> None:
        async with self._applying:
            await self._apply_wanted()

    async def _apply_wanted(self) -> None:
        """Put wanted settings in force, now if the moment is quiet."""
        wanted, terminal = await asyncio.to_thread(self._store.wanted), self._terminal
        if wanted is None or terminal is None:
            return
        document, body = wanted
        try:
            settings = terminal_settings(self._settings, self._store, document, self._read_profile)
        except UnfitDocumentError as error:
            self._refused = document.version
            await asyncio.to_thread(self._store.drop_wanted)
            await self._report(document, body, ReportOutcome.REFUSED, str(error))
            return
        is_other = changes_identity(self._live, settings)
        why_not = _why_not(terminal, document, is_other=is_other)
        if why_not is not None:
            if self._deferred != document.version:
                self._deferred = document.version
                await self._report(document, body, ReportOutcome.DEFERRED, why_not)
            return
        await asyncio.to_thread(self._store.put_in_force, body)
        if terminal.staff is not None:
            await asyncio.to_thread(terminal.staff.settings_came, document.issued_at_ms)
        self._live = settings
        self._standing.change(lock_words=self._store.lock_words())
        if is_other:
            terminal.end(Ending.RESTART)
        else:
            terminal.take_settings(settings)
        _log.info("settings applied", version=document.version)
        await self._tell_standing(terminal)

    async def _tell_standing(self, terminal: Terminal) -> None:
        """Report the settings in force, once, and again when what cannot be done has changed."""
        kept = await asyncio.to_thread(self._store.document)
        if kept is None:
            return
        document, body = kept
        drift = self._drift(document, terminal)
        standing: Json = [document_digest(body), [as_json(one) for one in drift]]
        if await asyncio.to_thread(self._store.is_reported, standing):
            return
        await self._report(document, body, ReportOutcome.APPLIED, "")
        await asyncio.to_thread(self._store.keep_reported, standing)

    def _drift(self, document: SettingsDocument, terminal: Terminal) -> tuple[Drift, ...]:
        """Return what is not as a document wants it, whether it is in force or waits."""
        in_force = self._document()
        if document.version != in_force.version:
            return still_to_come(in_force, document)
        # Training has a host of its own, whose parameters say nothing of the live one's.
        has_host = not terminal.settings.is_training
        parameters = terminal.shell.state.loaded.parameters if has_host else HostParameters()
        return unable(document, self._live, parameters)

    async def _report(
        self, document: SettingsDocument, body: bytes, outcome: ReportOutcome, detail: str
    ) -> None:
        terminal = self._terminal
        drift = () if terminal is None else self._drift(document, terminal)
        report = SettingsReport(
            serial_number=self._settings.serial_number,
            terminal_id=document.terminal_id,
            version=document.version,
            document_sha256=document_digest(body),
            outcome=outcome,
            at_ms=self._clock().us // 1000,
            detail=detail[:200],
            drift=drift,
        )
        signed = SignedReport(report=report, signature=self._identity.sign_report(encode(report)))
        await asyncio.to_thread(self._store.keep_report, paths.REPORT, encode(signed))
        self._hurry.set()

    def _heartbeat(self, terminal: Terminal) -> Heartbeat:
        quality, state = self._gateway.quality, terminal.shell.state
        return Heartbeat(
            at_ms=self._clock().us // 1000,
            uptime_s=max(0, (self._clock().us - self._begun_us) // 1_000_000),
            software_version=__version__,
            battery_percent=None,
            storage_free_bytes=shutil.disk_usage(self._settings.data_folder).free,
            printer=_printer(terminal),
            network=NetworkQuality(
                kind=NetworkKind.UNKNOWN,
                rtt_ms=quality.rtt_ms,
                loss_permille=quality.loss_permille,
            ),
            place=None,
            unsent=unsent(state),
            pending=pending(state, terminal.settings.repeats_max),
            applied_version=self._document().version,
            is_locked=self._standing.lock_words is not None,
            is_training=terminal.settings.is_training,
        )

    def _renew(self) -> None:
        """Ask for the next certificate in the last month of the present one."""
        pem = self._store.certificate()
        if pem is None:
            return
        certificate = x509.load_pem_x509_certificate(pem.encode())
        # By the platform's clock: ours may be years off, and the end would come unseen.
        now_us = self._clock().us + self._gateway.clock_ahead_ms * 1000
        now = dt.datetime.fromtimestamp(now_us / 1_000_000, dt.UTC)
        if certificate.not_valid_after_utc - now > _RENEW_BEFORE:
            return
        request = RenewalRequest(csr_pem=self._identity.certificate_request())
        answer = self._gateway.renewal(request)
        if self._identity.fits(answer.certificate_pem):
            self._store.keep_certificate(answer.certificate_pem, answer.chain_pem)

    def _certify_again(self) -> None:
        """Fetch the certificate anew: ours is over after a long time in a drawer."""
        poll = ActivationPoll(
            serial_number=self._settings.serial_number, csr_pem=self._identity.certificate_request()
        )
        try:
            answer = self._gateway.activation(poll)
        except GatewayError as error:
            self._note(error)
            return
        if answer.certificate_pem is not None and self._identity.fits(answer.certificate_pem):
            self._store.keep_certificate(answer.certificate_pem, answer.chain_pem or "")

    def _end_if_ordered(self, terminal: Terminal) -> None:
        ending, self._acts.ending = self._acts.ending, None
        if ending is not None:
            terminal.end(ending)

    def _note(self, error: GatewayError) -> None:
        _log.info("the platform was not reached", why=str(error))
        refusal = error.refusal
        if refusal is not None and refusal.code in _SHUT_OUT:
            self._shut_out = True
            self._standing.change(lock_words=words_of(error).zh)

    def _keep_test(self, report: SelfTestReport) -> None:
        self._store.keep_self_test(report)
        self._store.keep_report(paths.SELF_TEST, encode(report))

    def _document(self) -> SettingsDocument:
        kept = self._store.document()
        assert kept is not None  # noqa: S101 - a device without settings is not activated
        return kept[0]


def _why_not(terminal: Terminal, document: SettingsDocument, *, is_other: bool) -> str | None:
    """Return why settings have to wait; None when they need not.

    What restarts the terminal also waits until nobody is logged in, or for the quiet hour.
    """
    state = terminal.shell.state
    if terminal.settings.is_training:
        if is_quiet(state) and not document.training.is_allowed:
            terminal.end(Ending.OTHER_WORLD)
        return "the terminal is in training"
    if not is_quiet(state) or terminal.aside.is_testing:
        return "the terminal is in use"
    if is_other and has_unsent(state):
        return "payments are unsent or not settled"
    is_quiet_hour = terminal.shell.now.local().hour == document.quiet_hour
    if is_other and state.operator is not None and not is_quiet_hour:
        return "it restarts the terminal: at the quiet hour, or when nobody is logged in"
    return None


def _printer(terminal: Terminal) -> PrinterState:
    try:
        terminal.printer.check()
    except (RuntimeError, OSError, ValueError):
        return PrinterState.FAULT
    return PrinterState.READY
