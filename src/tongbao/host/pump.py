"""The shell's heart: steps what waits, writes it in one transaction, and only then sends.

Group commit comes from this shape: while one group is stepped and flushed, the next one gathers in
the sockets. Terminals' messages and the issuer's answers of one turn of the loop share a group.
Nothing of a group is sent before `commit` returned; when it cannot return, the process ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from tongbao.domain.errors import InvariantViolationError
from tongbao.host.core.events import (
    CloseConnection,
    Event,
    IntentRefused,
    LoadPayment,
    LoadTerminal,
    Note,
    PaymentLoaded,
    Persist,
    SendToTerminal,
    SendUpstream,
    TerminalLoaded,
)
from tongbao.host.exits import EXIT_BUG, EXIT_STORE_FAILED
from tongbao.host.records import PaymentRecord, TraceKey
from tongbao.host.store.port import DuplicatePaymentError, StoreFailedError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Sequence

    from tongbao.domain.dates import Instant
    from tongbao.host.core.core import HostCore
    from tongbao.host.core.events import Effect
    from tongbao.host.records import Record
    from tongbao.host.store.port import HostStore

_Stepped = list[tuple[Event, "list[Effect]"]]


class Outlets(Protocol):
    """Where the effects go that are no records."""

    def to_terminal(self, connection: int, data: bytes) -> None:
        """Write to a terminal's connection if it still stands."""

    def to_issuer(self, frames: Sequence[bytes]) -> None:
        """Write frames to the issuer in one go if the link stands."""

    def close_connection(self, connection: int, reason: str) -> None:
        """Close a terminal's connection."""

    def note(self, name: str, values: dict[str, str | int]) -> None:
        """Write a line for people."""


class Pump:
    """Takes events from the sockets and the clock and carries out what the core decides."""

    def __init__(
        self,
        core: HostCore,
        store: HostStore,
        outlets: Outlets,
        now: Callable[[], Instant],
        fail_stop: Callable[[int, str], None],
        group_events_max: int,
    ) -> None:
        self._core = core
        self._store = store
        self._outlets = outlets
        self._now = now
        self._fail_stop = fail_stop
        self._group_events_max: Final = group_events_max
        self._loop: AbstractEventLoop | None = None
        self._waiting: list[Event] = []
        self._scheduled = False
        self.groups = 0
        self.records = 0
        # Hears of records that are flushed; for a host that is watched.
        self.on_written: Callable[[Sequence[Record]], None] | None = None

    def attach(self, loop: AbstractEventLoop) -> None:
        """Run by this loop from now on."""
        self._loop = loop

    def offer(self, event: Event) -> None:
        """Take an event; it is stepped before the loop waits for the sockets again."""
        self._waiting.append(event)
        if not self._scheduled and self._loop is not None:
            self._scheduled = True
            self._loop.call_soon(self.turn)

    @property
    def waiting(self) -> int:
        """How many events wait to be stepped."""
        return len(self._waiting)

    def turn(self) -> None:
        """Handle one group: the waiting events up to the limit."""
        self._scheduled = False
        events = self._waiting
        limit = self._group_events_max
        if len(events) > limit:
            self._waiting = events[limit:]
            del events[limit:]
        else:
            self._waiting = []
        try:
            self._group(events)
        except StoreFailedError as error:
            self._fail_stop(EXIT_STORE_FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, our state cannot be trusted
            self._fail_stop(EXIT_BUG, _describe(error))
        if self._waiting and not self._scheduled and self._loop is not None:
            self._scheduled = True
            self._loop.call_soon(self.turn)

    def _group(self, events: list[Event]) -> None:
        now = self._now()
        stepped = list(zip(events, self._core.step_all(events, now), strict=True))
        records, sends = _sort(stepped)
        while records:
            try:
                self._store.commit(records)
                break
            except DuplicatePaymentError:
                stepped = self._without_duplicates(stepped, now)
                records, sends = _sort(stepped)
        self.groups += 1
        self.records += len(records)
        if self.on_written is not None:
            self.on_written(records)
        self._release(sends)

    def _without_duplicates(self, stepped: _Stepped, now: Instant) -> _Stepped:
        """Step those events again whose payment the store holds already; drop their effects.

        Raises InvariantViolationError when no payment of the group explains the refusal.
        """
        intents = {_key(record): record for _, effects in stepped for record in _intents(effects)}
        found = self._store.load_payments(list(intents))
        if not found:
            raise InvariantViolationError("the store refuses a payment id or reference number")
        result: _Stepped = []
        for event, effects in stepped:
            refused = [record for record in _intents(effects) if _key(record) in found]
            if not refused:
                result.append((event, effects))
                continue
            for record in refused:
                self._core.step(IntentRefused(record.payment_id, _key(record)), now)
            if isinstance(event, PaymentLoaded):
                # The store said "no such payment" and changed its mind: ask it again.
                again: list[Effect] = [LoadPayment(_key(refused[0]), event.request)]
            else:
                again = self._core.step(event, now)
            result.append((event, again))
        return result

    def _release(self, sends: list[Effect]) -> None:
        outlets = self._outlets
        to_terminal = outlets.to_terminal
        frames: list[bytes] = []
        terminals: list[LoadTerminal] = []
        payments: list[LoadPayment] = []
        for effect in sends:
            if isinstance(effect, SendToTerminal):
                to_terminal(effect.connection, effect.data)
            elif isinstance(effect, SendUpstream):
                frames.append(effect.data)
            elif isinstance(effect, LoadTerminal):
                terminals.append(effect)
            elif isinstance(effect, LoadPayment):
                payments.append(effect)
            elif isinstance(effect, CloseConnection):
                outlets.close_connection(effect.connection, effect.reason)
            elif isinstance(effect, Note):
                outlets.note(effect.name, effect.values)
        if frames:
            outlets.to_issuer(frames)
        if terminals or payments:
            self._load(terminals, payments)

    def _load(self, terminals: list[LoadTerminal], payments: list[LoadPayment]) -> None:
        """Read for all in one query each; the answers go before what waits already."""
        answers: list[Event] = []
        if terminals:
            found = self._store.load_terminals(sorted({load.terminal_id for load in terminals}))
            answers += [
                TerminalLoaded(load.request, found.get(load.terminal_id)) for load in terminals
            ]
        if payments:
            stored = self._store.load_payments(sorted({load.key for load in payments}))
            answers += [PaymentLoaded(load.request, stored.get(load.key)) for load in payments]
        self._waiting[:0] = answers


def _sort(stepped: _Stepped) -> tuple[list[Record], list[Effect]]:
    """Split all effects into records and the rest, each in order."""
    records: list[Record] = []
    sends: list[Effect] = []
    for _, effects in stepped:
        for effect in effects:
            if isinstance(effect, Persist):
                records.append(effect.record)
            else:
                sends.append(effect)
    return records, sends


def _intents(effects: list[Effect]) -> list[PaymentRecord]:
    return [
        effect.record
        for effect in effects
        if isinstance(effect, Persist) and isinstance(effect.record, PaymentRecord)
    ]


def _key(record: PaymentRecord) -> TraceKey:
    return TraceKey(record.terminal_id, record.batch_no, record.stan)


def _describe(error: Exception) -> str:
    """Name an unexpected error and its place; its text could hold card data."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return type(error).__name__
    code = place.tb_frame.f_code
    return f"{type(error).__name__} in {code.co_qualname} line {place.tb_lineno}"
