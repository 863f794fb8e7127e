"""The shell's heart: steps what waits, writes it in one transaction, and only then sends.

Group commit comes from this shape: while one group is stepped and flushed, the next one gathers in
the sockets. Terminals' messages and the issuer's answers of one turn of the loop share a group.
Nothing of a group is sent before its commit returned; when it cannot return, the process ends.

A store that can begin a commit and finish it later (`OverlappingStore`) flushes one group while the
next is stepped; the sends of the next still wait for its own commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from tongbao.domain.errors import InvariantViolationError
from tongbao.host.core.events import (
    CloseConnection,
    Event,
    IntentRefused,
    LoadPayment,
    LoadPayments,
    Note,
    PaymentLoaded,
    PaymentsLoaded,
    Persist,
    SendToTerminal,
    SendUpstream,
    TerminalFrame,
    TerminalLoaded,
)
from tongbao.host.core.requests import trace_key_of
from tongbao.host.exits import EXIT_BUG, EXIT_STORE_FAILED
from tongbao.host.loading import LOADS, load
from tongbao.host.records import PaymentRecord, TraceKey
from tongbao.host.store.port import (
    DuplicatePaymentError,
    OverlappingStore,
    StoreFailedError,
)

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Sequence

    from tongbao.domain.dates import Instant
    from tongbao.host.core.core import HostCore
    from tongbao.host.core.events import Effect
    from tongbao.host.loading import Load
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
        self._overlapping: OverlappingStore | None = None
        self._waiting: list[Event] = []
        # Stepped, not yet being written; and the group that is.
        self._gathered: _Stepped = []
        self._flying: _Group | None = None
        self._scheduled = False
        self.groups = 0
        self.records = 0
        # Hears of records that are flushed; for a host that is watched.
        self.on_written: Callable[[Sequence[Record]], None] | None = None

    def attach(self, loop: AbstractEventLoop) -> None:
        """Run by this loop from now on."""
        self._loop = loop
        if isinstance(self._store, OverlappingStore):
            self._overlapping = self._store
            loop.add_reader(self._store.fileno(), self._store_speaks)

    def detach(self) -> None:
        """Run by no loop any more: `turn` works at once again. Call it when `busy` is false."""
        if self._loop is not None and self._overlapping is not None:
            self._loop.remove_reader(self._overlapping.fileno())
        self._loop = self._overlapping = None

    def offer(self, event: Event) -> None:
        """Take an event; it is stepped before the loop waits for the sockets again."""
        self._waiting.append(event)
        if not self._scheduled:
            self._schedule()

    @property
    def waiting(self) -> int:
        """How many events wait to be stepped."""
        return len(self._waiting)

    @property
    def busy(self) -> bool:
        """Whether anything waits, gathers or is being flushed."""
        return bool(self._waiting or self._gathered) or self._flying is not None

    def turn(self) -> None:
        """Handle one group: the waiting events up to the limit."""
        self._scheduled = False
        self._guard(self._take_turn)
        # A full group that cannot leave yet is enough: the rest waits unstepped.
        if self._waiting and len(self._gathered) < self._group_events_max:
            self._schedule()

    def _store_speaks(self) -> None:
        """Take what the store says about the commit that is under way."""
        self._guard(self._land)
        if self._waiting:
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled and self._loop is not None:
            self._scheduled = True
            self._loop.call_soon(self.turn)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except StoreFailedError as error:
            self._fail_stop(EXIT_STORE_FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, our state cannot be trusted
            self._fail_stop(EXIT_BUG, _describe(error))

    def _take_turn(self) -> None:
        events = self._waiting
        limit = self._group_events_max
        if len(events) > limit:
            self._waiting = events[limit:]
            del events[limit:]
        else:
            self._waiting = []
        effects = self._core.step_all(events, self._now())
        self._gathered.extend(zip(events, effects, strict=True))
        if self._flying is None:
            self._fly()

    def _fly(self) -> None:
        """Commit what was gathered, or begin to."""
        group, self._gathered = _Group(self._gathered), []
        if self._overlapping is not None and group.records:
            self._flying = group
            self._overlapping.begin_commit(group.records)
            return
        while group.records:
            try:
                self._store.commit(group.records)
                break
            except DuplicatePaymentError:
                group = self._without_duplicates(group)
        self._landed(group)

    def _land(self) -> None:
        """Finish the commit under way if the store has, and let the next group fly."""
        if self._overlapping is None:
            return
        try:
            # Asked without a commit under way, too: it may say that it is gone.
            if not self._overlapping.commit_finished() or self._flying is None:
                return
        except DuplicatePaymentError:
            self._land_again()
            return
        group, self._flying = self._flying, None
        self._landed(group)
        if self._gathered:
            self._fly()

    def _land_again(self) -> None:
        """Write a refused group and the gathered one in one go: rare, so without the overlap."""
        group, self._flying = self._flying, None
        if group is None:
            raise InvariantViolationError("the store refuses a commit that nobody began")
        self._gathered[:0] = self._without_duplicates(group).stepped
        overlapping, self._overlapping = self._overlapping, None
        self._fly()
        self._overlapping = overlapping

    def _landed(self, group: _Group) -> None:
        self.groups += 1
        self.records += len(group.records)
        if self.on_written is not None:
            self.on_written(group.records)
        self._release(group.sends)

    def _without_duplicates(self, group: _Group) -> _Group:
        """Take back the payments that the store holds already and step their messages again.

        Raises InvariantViolationError when no payment of the group explains the refusal.
        """
        intents = {
            _key(record): record for record in group.records if type(record) is PaymentRecord
        }
        found = self._store.load_payments(list(intents))
        if not found:
            raise InvariantViolationError("the store refuses a payment id or reference number")
        refused = [intents[key] for key in found]
        now = self._now()
        for record in refused:
            self._core.step(IntentRefused(record.payment_id, _key(record)), now)
        payment_ids = frozenset(record.payment_id for record in refused)
        # The group gathered meanwhile may hold a reversal of such a payment.
        self._gathered = self._purged(self._gathered, payment_ids)
        return _Group(self._purged(group.stepped, payment_ids))

    def _purged(self, stepped: _Stepped, payment_ids: frozenset[int]) -> _Stepped:
        """Drop every effect about these payments, and step again the messages that caused them."""
        result: _Stepped = []
        for event, effects in stepped:
            kept = [effect for effect in effects if _payment_id(effect) not in payment_ids]
            if len(kept) == len(effects):
                result.append((event, effects))
            elif isinstance(event, PaymentLoaded):
                # The store said "no such payment" and changed its mind: ask it again.
                again: list[Effect] = [LoadPayment(trace_key_of(event.request), event.request)]
                result.append((event, again))
            elif isinstance(event, PaymentsLoaded):
                result.append((event, [LoadPayments(event.query, event.request)]))
            elif isinstance(event, TerminalFrame | TerminalLoaded):
                result.append((event, self._core.step(event, self._now())))
            else:
                # A lost link or a tick is about many payments: those of the others stay.
                result.append((event, kept))
        return result

    def _release(self, sends: list[Effect]) -> None:
        outlets = self._outlets
        to_terminal = outlets.to_terminal
        frames: list[bytes] = []
        loads: list[Load] = []
        for effect in sends:
            if isinstance(effect, SendToTerminal):
                to_terminal(effect.connection, effect.data)
            elif isinstance(effect, SendUpstream):
                frames.append(effect.data)
            elif isinstance(effect, LOADS):
                loads.append(effect)
            elif isinstance(effect, CloseConnection):
                outlets.close_connection(effect.connection, effect.reason)
            elif isinstance(effect, Note):
                outlets.note(effect.name, effect.values)
        if frames:
            outlets.to_issuer(frames)
        if loads:
            # What was read goes before what waits already.
            self._waiting[:0] = load(self._store, loads)


class _Group:
    """Stepped events that are written together: records and the rest, each in order."""

    __slots__ = ("records", "sends", "stepped")

    def __init__(self, stepped: _Stepped) -> None:
        self.stepped = stepped
        self.records: list[Record] = []
        self.sends: list[Effect] = []
        for _, effects in stepped:
            for effect in effects:
                if isinstance(effect, Persist):
                    self.records.append(effect.record)
                else:
                    self.sends.append(effect)


def _payment_id(effect: Effect) -> int:
    """Return the payment an effect is about, 0 for none."""
    if isinstance(effect, Persist):
        # Records of terminals and batches are about no payment.
        return int(getattr(effect.record, "payment_id", 0))
    if isinstance(effect, SendToTerminal | SendUpstream):
        return effect.payment_id
    return 0


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
