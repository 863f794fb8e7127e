"""The host's step function: one event in, effects out, no I/O, no clock, no randomness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import InvariantViolationError, ProtocolError
from tongbao.host.core.batches import Batches
from tongbao.host.core.downloads import Downloads
from tongbao.host.core.events import (
    BatchLoaded,
    CloseConnection,
    IntentRefused,
    LoadTerminal,
    PaymentLoaded,
    PaymentsLoaded,
    Recovered,
    SignatureLoaded,
    TerminalFrame,
    TerminalLoaded,
    Tick,
    UpstreamDown,
    UpstreamFrame,
    UpstreamUp,
)
from tongbao.host.core.issuer_messages import IssuerAnswer, IssuerMessages, WrongMac
from tongbao.host.core.master_keys import MasterKeys
from tongbao.host.core.network_management import NetworkManagement
from tongbao.host.core.orders import Orders
from tongbao.host.core.outbox import Outbox
from tongbao.host.core.payment_ids import PaymentIds, rrn_of
from tongbao.host.core.payments import Payments
from tongbao.host.core.reading import RequestReader, has_mac
from tongbao.host.core.replies import Replies
from tongbao.host.core.reports import StatusReports
from tongbao.host.core.requests import RefusalError
from tongbao.host.core.script_results import ScriptResults
from tongbao.host.core.sign_in import SignIn
from tongbao.host.core.signatures import Signatures
from tongbao.host.core.state import HostState, Terminal
from tongbao.host.core.withdrawals import Withdrawals
from tongbao.host.download_values import SANDBOX_DOWNLOADS
from tongbao.wire.unionpay.transactions import MASTER_KEY, MASTER_KEY_RSA, SCRIPT_RESULT, SIGNATURE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.dates import Instant
    from tongbao.host.core.events import Effect, Event, Loaded
    from tongbao.host.core.requests import Request
    from tongbao.host.download_values import DownloadValues
    from tongbao.host.settings import HostSettings

_SWEEP_EVERY_MS: Final = 10_000
# Forgetting the keys of a terminal costs a pass over all keys, so only a few leave at a time.
_EVICTIONS_PER_SWEEP: Final = 64
_PAYMENTS: Final = frozenset({"0100", "0200", "0220"})
_KEY_CODES: Final = frozenset(
    {MASTER_KEY_RSA.network_code, MASTER_KEY.network_code, MASTER_KEY.end_code}
)
_BATCH_MESSAGES: Final = frozenset({"0320", "0500"})
_ON_FRESH_RECORD: Final = frozenset({"0500", "0800"})
_RECORDED: Final = _PAYMENTS | {"0400"} | _BATCH_MESSAGES


class HostCore:
    """The acquirer's switch without its sockets and tables.

    The shell steps every waiting event, writes the records of all `Persist` effects in one
    transaction with one flush, and only then performs the sends, in order.
    """

    def __init__(
        self,
        settings: HostSettings,
        keys: KeyStore,
        random_bytes: Callable[[int], bytes],
        downloads: DownloadValues = SANDBOX_DOWNLOADS,
    ) -> None:
        self.state = HostState(settings.node)
        self._settings = settings
        self._binds_lines = settings.tls_client_ca_file is not None
        self._reader = RequestReader(keys)
        self._outbox = Outbox(keys)
        self._replies = Replies(self.state, settings, self._outbox)
        self._issuer = IssuerMessages(settings, keys, self._outbox, self._replies.clock)
        self._payments = Payments(self.state, self._replies, self._issuer, settings)
        self._withdrawals = Withdrawals(
            self.state, self._replies, self._payments.outcomes, keys, settings.profile
        )
        self._orders = Orders(self.state, settings.profile)
        self._sign_in = SignIn(
            self.state, self._replies, self._outbox, keys, random_bytes, self._orders
        )
        self._network = NetworkManagement(
            self._replies,
            self._sign_in,
            Downloads(self._replies, self._orders, downloads),
            MasterKeys(
                self._replies,
                self._sign_in,
                self._orders,
                keys,
                random_bytes,
                allowed=settings.remote_master_key,
            ),
            StatusReports(self._replies, self._orders),
        )
        self._signatures = Signatures(self.state, self._replies, settings.profile)
        self._script_results = ScriptResults(self._replies)
        self._batches = Batches(self.state, self._replies, keys, settings)
        self._swept_at_ms = 0
        self._handlers: dict[type, Callable[..., None]] = {
            TerminalLoaded: self._terminal_loaded,
            PaymentLoaded: self._loaded,
            PaymentsLoaded: self._loaded,
            BatchLoaded: self._loaded,
            SignatureLoaded: self._loaded,
            IntentRefused: self._intent_refused,
            UpstreamUp: self._upstream_up,
            UpstreamDown: self._upstream_down,
            Tick: self._tick,
            Recovered: self._recovered,
        }

    def step(self, event: Event, now: Instant) -> list[Effect]:
        """Take one event at the time `now` and return what has to be done, in order.

        Raises: InvariantViolationError when the host's own rules are broken.
        """
        return self.step_all([event], now)[0]

    def step_all(self, events: Sequence[Event], now: Instant) -> list[list[Effect]]:
        """Take events in order; the same as a step for each, but faster (see `reading`)."""
        now_us = now.us
        requests = self._reader.read_all(
            [event for event in events if isinstance(event, TerminalFrame)], self.state.terminals
        )
        answers = self._issuer.read_all(
            [event for event in events if isinstance(event, UpstreamFrame)]
        )
        next_request, next_answer = iter(requests).__next__, iter(answers).__next__
        results: list[list[Effect]] = []
        for event in events:
            out: list[Effect] = []
            if isinstance(event, TerminalFrame):
                self._terminal_frame(next_request(), event.connection, now_us, out)
            elif isinstance(event, UpstreamFrame):
                self._upstream_frame(next_answer(), now_us, out)
            else:
                self._handlers[type(event)](event, now_us, out)
            results.append(out)
        self._outbox.fill()
        return results

    def _terminal_frame(
        self,
        request: Request | ProtocolError,
        connection: int,
        now_us: int,
        out: list[Effect],
    ) -> None:
        if isinstance(request, ProtocolError):
            self.state.counters["bad_frames"] += 1
            out.append(CloseConnection(connection, str(request)))
            return
        self._request(request, now_us, out)

    def _terminal_loaded(self, event: TerminalLoaded, now_us: int, out: list[Effect]) -> None:
        request, stored = event.request, event.stored
        if stored is None:
            reference = rrn_of(self.state.ids.unwritten(now_us))
            self.state.counters["refused_97"] += 1
            self._replies.plain(out, request, "97", reference, now_us)
            return
        terminal = self.state.terminals.get(request.terminal_id)
        if terminal is None:
            session = self._sign_in.load_session(request.terminal_id, stored.session)
            terminal = Terminal(stored, session, self.state.uptime_ms)
            self.state.terminals[request.terminal_id] = terminal
        else:
            terminal.refresh(stored, self.state.uptime_ms)
            known_us = terminal.session.signed_in_at_us if terminal.session else 0
            # Only a newer sign-in, at another host process, replaces what is in memory: a read
            # that began before a sign-in here must not bring the old keys back.
            if stored.session is not None and stored.session.signed_in_at_us > known_us:
                terminal.session = self._sign_in.load_session(request.terminal_id, stored.session)
        request.refreshed = True
        self._request(request, now_us, out)

    def _loaded(self, event: Loaded, now_us: int, out: list[Effect]) -> None:
        """Go on with a request when the store has told what it knows."""
        request = event.request
        terminal = self.state.terminals.get(request.terminal_id)
        if terminal is None:
            # It left memory meanwhile, which idle terminals do: begin again.
            request.refreshed = False
            self._request(request, now_us, out)
            return
        if not isinstance(event, BatchLoaded) and not self._is_verified(request, terminal):
            # It has signed off or in again while the store was asked: its keys are gone.
            self._refuse(request, "A0", now_us, out)
            return
        try:
            self._go_on(event, terminal, now_us, out)
        except RefusalError as refusal:
            self._refuse(request, refusal.code, now_us, out)

    def _go_on(self, event: Loaded, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        request = event.request
        if isinstance(event, BatchLoaded):
            self._batches.loaded(request, terminal, event.batch, now_us, out)
        elif isinstance(event, SignatureLoaded):
            self._signatures.loaded(event, terminal, now_us, out)
        elif isinstance(event, PaymentsLoaded):
            if request.mti == SCRIPT_RESULT.mti:
                self._script_results.loaded(event, now_us, out)
            else:
                self._payments.originals(event, terminal, now_us, out)
        elif request.mti == "0400":
            self._withdrawals.reversal_of(request, terminal, event.stored, now_us, out)
        else:
            self._payments.again(request, terminal, event.stored, now_us, out)

    def _request(self, request: Request, now_us: int, out: list[Effect]) -> None:
        state = self.state
        terminal = state.terminals.get(request.terminal_id)
        if not request.refreshed and self._is_stale(request, terminal):
            out.append(LoadTerminal(request.terminal_id, request))
            return
        if terminal is None:
            raise InvariantViolationError("a terminal was loaded and is not there")
        terminal.used_at_ms = state.uptime_ms
        if terminal.order is not None:
            self._orders.put_on(request, terminal)
        self._handle(request, terminal, now_us, out)

    def _handle(self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        """Do what a message asks for, or answer with the code of its refusal."""
        try:
            if self._binds_lines:
                self._check_line(request, terminal)
            _check_register(request, terminal)
            session = terminal.session
            if session is not None and request.verified is session:
                self._verified_message(request, terminal, now_us, out)
            elif request.mti in _BATCH_MESSAGES:
                self._batches.handle(request, terminal, out)
            elif not has_mac(request):
                self._network.handle(request, terminal, now_us, out)
            elif self._is_verified(request, terminal):
                self._verified_message(request, terminal, now_us, out)
            elif request.refreshed:
                self._refuse(request, "A0", now_us, out)
            else:
                # The terminal may have signed in at another host process since.
                out.append(LoadTerminal(request.terminal_id, request))
        except RefusalError as refusal:
            self._refuse(request, refusal.code, now_us, out)

    def _is_its_line(self, request: Request, terminal: Terminal) -> bool:
        """Say whether the line was made with a certificate of the device that serves the terminal.

        A terminal that no device of the fleet serves passes, unless every line needs a certificate.
        """
        record = terminal.record
        if not record.device:
            return bool(request.peer) or not self._settings.tls_client_required
        return request.peer in record.certificates

    def _check_line(self, request: Request, terminal: Terminal) -> None:
        """Raise RefusalError("58") for a message on another device's line."""
        if not self._is_its_line(request, terminal):
            self.state.counters["refused_line"] += 1
            raise RefusalError("58")

    def _is_stale(self, request: Request, terminal: Terminal | None) -> bool:
        """Say whether a message needs the terminal's record as it is now."""
        return (
            terminal is None
            or self.state.uptime_ms - terminal.loaded_at_ms > self._settings.terminal_refresh_ms
            # A sign-in and a settlement work on the newest batch number and state of the terminal.
            or request.mti in _ON_FRESH_RECORD
            # The certificate of the line may be newer than what is in memory.
            or (self._binds_lines and not self._is_its_line(request, terminal))
        )

    def _verified_message(
        self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]
    ) -> None:
        if request.mti in _PAYMENTS:
            self._payments.request(request, terminal, now_us, out)
        elif request.mti == "0400":
            self._withdrawals.reversal(request, terminal, now_us, out)
        elif request.mti == SIGNATURE.mti:
            self._signatures.handle(request, out)
        elif request.mti == SCRIPT_RESULT.mti:
            self._script_results.handle(request, out)
        else:
            raise RefusalError("12")

    def _is_verified(self, request: Request, terminal: Terminal) -> bool:
        """Say whether the MAC is right under the terminal's session of this moment."""
        session = terminal.session
        if session is not None and request.verified is session:
            return True
        request.verified = None
        if not self._reader.verify(request, session):
            return False
        self._reader.read_payments([request])
        return True

    def _refuse(self, request: Request, code: str, now_us: int, out: list[Effect]) -> None:
        self.state.counters[f"refused_{code}"] += 1
        reference = rrn_of(self.state.ids.unwritten(now_us))
        self._replies.plain(out, request, code, reference, now_us)

    def _intent_refused(self, event: IntentRefused, _now_us: int, _out: list[Effect]) -> None:
        self._payments.refuse_intent(event)

    def _upstream_frame(
        self, answer: IssuerAnswer | WrongMac | ProtocolError, now_us: int, out: list[Effect]
    ) -> None:
        if isinstance(answer, IssuerAnswer):
            self._payments.outcomes.answer(answer, now_us, out)
        elif isinstance(answer, WrongMac):
            # Not proven to be the issuer's: as if nothing had come. The time-out will reverse.
            self.state.counters["answers_with_wrong_mac"] += 1
        else:
            self.state.counters["bad_answers"] += 1

    def _upstream_up(self, _event: UpstreamUp, _now_us: int, _out: list[Effect]) -> None:
        self.state.link_up = True
        self._payments.outcomes.link_found()

    def _upstream_down(self, _event: UpstreamDown, now_us: int, out: list[Effect]) -> None:
        self.state.link_up = False
        self._payments.outcomes.link_lost(now_us, out)

    def _tick(self, event: Tick, now_us: int, out: list[Effect]) -> None:
        self.state.uptime_ms = event.uptime_ms
        self._payments.outcomes.time_out(now_us, out)
        if event.uptime_ms - self._swept_at_ms >= _SWEEP_EVERY_MS:
            self._swept_at_ms = event.uptime_ms
            self._sweep()

    def _recovered(self, event: Recovered, now_us: int, out: list[Effect]) -> None:
        self.state.ids = PaymentIds(self._settings.node, event.last_payment_id)
        self._payments.outcomes.recover(event, now_us, out)

    def _sweep(self) -> None:
        """Let idle terminals go, and the longest idle ones when there are too many."""
        state, settings = self.state, self._settings
        surplus = len(state.terminals) - settings.terminals_max
        oldest_use_ms = state.uptime_ms - settings.terminal_idle_ms
        leaving = [
            (terminal.used_at_ms, terminal_id)
            for terminal_id, terminal in state.terminals.items()
            if terminal.pending == 0 and (surplus > 0 or terminal.used_at_ms < oldest_use_ms)
        ]
        leaving.sort()
        for number, (used_at_ms, terminal_id) in enumerate(leaving[:_EVICTIONS_PER_SWEEP]):
            if number < surplus or used_at_ms < oldest_use_ms:
                del state.terminals[terminal_id]
                self._sign_in.forget(terminal_id)


def _check_register(request: Request, terminal: Terminal) -> None:
    """Raise RefusalError("03") for another merchant's terminal, "58" for one switched off.

    A payment of one switched off is declined on record, a reversal is money to give back, and a
    batch, a script result and a signature are about payments that were made. A device that is being
    activated fetches its first key before its terminal is switched on, on its own proven line.
    """
    if request.fields[42] != terminal.record.merchant_id:
        raise RefusalError("03")
    if terminal.may_trade or request.mti in _RECORDED:
        return
    is_about_payment = request.mti == SCRIPT_RESULT.mti or (
        request.mti == SIGNATURE.mti and has_mac(request)
    )
    if not is_about_payment and not _fetches_first_key(request, terminal):
        raise RefusalError("58")


def _fetches_first_key(request: Request, terminal: Terminal) -> bool:
    """Say whether the terminal's own device asks for a master key for a merchant in business."""
    record = terminal.record
    if not record.merchant_is_active or request.peer not in record.certificates:
        return False
    codes = request.fields.get(60)
    return request.mti == MASTER_KEY.mti and isinstance(codes, str) and codes[8:11] in _KEY_CODES
