"""Batches and matters for people: closed once, with totals that both sides can stand up to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao.domain.dates import Instant
from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.host.records import (
    BatchDetailRecord,
    BatchEventKind,
    BatchEventRecord,
    ExceptionEventRecord,
    ExceptionKind,
    ExceptionRecord,
)
from tongbao.simulation.node import WrongWorldError
from tongbao.simulation.terminal_journal import read_row
from tongbao.terminal.core.service_records import BatchClosed
from tongbao.terminal.core.vocabulary import Outcome
from tongbao.wire.unionpay.profile import DOMESTIC
from tongbao.wire.unionpay.structured import SettlementSide, SettlementTotals

if TYPE_CHECKING:
    from tongbao.host.records import Record, StoredPayment
    from tongbao.simulation.books import Journals
    from tongbao.simulation.disk import Disk
    from tongbao.simulation.terminal_journal import Row
    from tongbao.wire.unionpay.profile import HostProfile

_DEBITS: Final = frozenset(
    {"sale", "mail_order", "offline_sale", "chip_offline_sale", "completion", "completion_advice"}
)
_UNDOES: Final = frozenset({"void", "completion_void"})
_CHANGES: Final = frozenset({"tip", "adjustment"})
_COUNTED: Final = _DEBITS | _UNDOES | _CHANGES | {"refund"}
_BALANCED: Final = "11"
_SETTLES_ITSELF: Final = frozenset(
    {ExceptionKind.REVERSAL_UNDELIVERED.value, ExceptionKind.ADVICE_UNDELIVERED.value}
)


@dataclass(slots=True)
class _Side:
    debits: int = 0
    debit_minor: int = 0
    credits: int = 0
    credit_minor: int = 0


def check_batches(
    journals: Journals,
    payments: Sequence[StoredPayment],
    rows: Sequence[Record],
    profile: HostProfile,
    *,
    is_sound: bool,
) -> int:
    """Check every batch and return how many were closed; `is_sound` says no bit was flipped."""
    closed = [
        row
        for row in rows
        if isinstance(row, BatchEventRecord) and row.kind == BatchEventKind.CLOSED
    ]
    _check_closed_once(closed)
    _check_uploads(rows, closed)
    if is_sound:
        _check_first_comparison(rows, closed)
    keys = {(event.terminal_id, event.batch_no) for event in closed}
    _check_every_payment_in_one(journals, payments, keys)
    matters = {
        row.terminal_id: row.detail
        for row in rows
        if isinstance(row, ExceptionRecord) and row.kind == ExceptionKind.BATCH_DIFFERENCE
    }
    if is_sound and matters:
        raise WrongWorldError("settlement", f"a person is asked about {sorted(matters.items())}")
    for event in closed:
        own = _totals(
            [p for p in payments if _batch_of(p) == (event.terminal_id, event.batch_no)], profile
        )
        _check_totals(event, own)
        if event.result != _BALANCED and (is_sound or event.terminal_id not in matters):
            raise WrongWorldError(
                "settlement",
                f"batch {event.batch_no} of {event.terminal_id} does not balance: {event.result}",
            )
    return len(closed)


def check_matters(rows: Sequence[Record], attempts_max: int) -> None:
    """Check that what could not be delivered stood in the queue, and stands there no longer."""
    opened = [row for row in rows if isinstance(row, ExceptionRecord)]
    closed = {
        row.exception_id
        for row in rows
        if isinstance(row, ExceptionEventRecord) and row.kind == "closed"
    }
    for matter in opened:
        if matter.kind in _SETTLES_ITSELF and matter.exception_id not in closed:
            raise WrongWorldError(
                "doubt closes", f"{matter.kind} of {matter.terminal_id} is still in the queue"
            )
    attempts: Counter[int] = Counter()
    for row in rows:
        kind = getattr(row, "kind", "")
        if kind in ("reversal_repeated", "delivery_repeated"):
            word = getattr(row, "detail", "").rpartition(" ")[2]
            number = int(word) if word.isdigit() else 1
            payment_id = getattr(row, "payment_id", 0)
            attempts[payment_id] = max(attempts[payment_id], number)
    known = {matter.payment_id for matter in opened}
    for payment_id, number in attempts.items():
        if number > attempts_max and payment_id not in known:
            raise WrongWorldError(
                "exception queue", f"{number} attempts for {payment_id}, and nobody was told"
            )


def _check_closed_once(closed: Iterable[BatchEventRecord]) -> None:
    last: dict[str, int] = defaultdict(int)
    for event in closed:
        if event.batch_no <= last[event.terminal_id]:
            raise WrongWorldError(
                "settlement", f"batch {event.batch_no} of {event.terminal_id} is closed again"
            )
        last[event.terminal_id] = event.batch_no


def _check_uploads(rows: Sequence[Record], closed: Sequence[BatchEventRecord]) -> None:
    """Check that each uploaded record counts once in its batch, however often it was written.

    Two copies that come at once are both written; of those the store keeps the first.
    """
    kept = {
        (row.terminal_id, row.batch_no, row.stan, row.source)
        for row in rows
        if isinstance(row, BatchDetailRecord)
    }
    batches = Counter((terminal_id, batch_no) for terminal_id, batch_no, _, _ in kept)
    for event in closed:
        count = batches[event.terminal_id, event.batch_no]
        if event.record_count != count:
            raise WrongWorldError(
                "settlement",
                f"batch {event.batch_no} of {event.terminal_id} was closed with"
                f" {event.record_count} records, {count} came",
            )


def check_told_counts(disks: Mapping[str, Disk[Row]]) -> None:
    """Check that terminal and host closed each batch with the same number of uploaded records."""
    for name, disk in disks.items():
        for record, _ in map(read_row, disk.rows()):
            if isinstance(record, BatchClosed) and record.host_count not in (-1, record.count):
                raise WrongWorldError(
                    "settlement",
                    f"{name} has uploaded {record.count} records of batch {record.batch},"
                    f" the host counted {record.host_count}",
                )


def _check_first_comparison(rows: Sequence[Record], closed: Sequence[BatchEventRecord]) -> None:
    """Check that the totals were answered as they stood at the end: nothing comes in between."""
    ends = {(event.terminal_id, event.batch_no): event for event in closed}
    for row in rows:
        if isinstance(row, BatchEventRecord) and row.kind == BatchEventKind.TOTALS:
            end = ends.get((row.terminal_id, row.batch_no))
            if end is not None and (row.own_totals, row.result) != (end.own_totals, end.result):
                raise WrongWorldError(
                    "settlement",
                    f"batch {row.batch_no} of {row.terminal_id} was answered {row.own_totals}"
                    f" and closed with {end.own_totals}",
                )


def check_dates(payments: Sequence[StoredPayment]) -> None:
    """Check that a payment's business day is the day in China when the host took it."""
    for stored in payments:
        payment = stored.payment
        day = Instant(payment.received_at_us).local().date().isoformat()
        if payment.business_date != day:
            raise WrongWorldError(
                "time", f"{payment.rrn} came on {day} and counts for {payment.business_date}"
            )


def _check_every_payment_in_one(
    journals: Journals, payments: Sequence[StoredPayment], closed: set[tuple[str, int]]
) -> None:
    for name, lines in journals.items():
        for line in lines:
            is_counted = line.intent.payment_kind in _COUNTED
            if (
                is_counted
                and line.outcome is Outcome.APPROVED
                and (name, line.intent.batch) not in closed
            ):
                raise WrongWorldError(
                    "settlement", f"{name} {line.intent.trace:06d} is in no closed batch"
                )
    for stored in payments:
        is_counted = stored.payment.kind in _COUNTED
        approved = stand_of(stored.events).state is PaymentState.APPROVED
        if is_counted and approved and _batch_of(stored) not in closed:
            payment = stored.payment
            raise WrongWorldError(
                "settlement",
                f"the host's {payment.terminal_id} {payment.stan:06d} is in no closed batch",
            )


def _check_totals(event: BatchEventRecord, own: tuple[_Side, _Side]) -> None:
    found = SettlementTotals.parse(event.own_totals)
    for words, side, computed in (
        ("domestic", found.domestic, own[0]),
        ("foreign", found.foreign, own[1]),
    ):
        if _plain(side) != computed:
            raise WrongWorldError(
                "settlement",
                f"{words} totals of batch {event.batch_no} of {event.terminal_id}:"
                f" {_plain(side)} is on record, {computed} were approved",
            )


def _plain(side: SettlementSide) -> _Side:
    return _Side(*side.debit, *side.credit)


def _batch_of(stored: StoredPayment) -> tuple[str, int]:
    return stored.payment.terminal_id, stored.payment.batch_no


def _totals(payments: Sequence[StoredPayment], profile: HostProfile) -> tuple[_Side, _Side]:
    """Add a batch up from the host's rows, for domestic and for foreign cards."""
    sides = _Side(), _Side()
    present = {stored.payment.payment_id: stored.payment.amount_minor for stored in payments}
    for stored in payments:
        payment = stored.payment
        if stand_of(stored.events).state is not PaymentState.APPROVED:
            continue
        side = sides[0] if payment.organisation == DOMESTIC else sides[1]
        amount = payment.amount_minor
        if payment.kind in _DEBITS:
            side.debits += 1
            side.debit_minor += amount
        elif payment.kind in _CHANGES:
            side.debit_minor += amount - present.get(payment.original_id, 0)
            present[payment.original_id] = amount
        elif payment.kind == "refund" or (
            payment.kind in _UNDOES and profile.void_totals == "credit"
        ):
            side.credits += 1
            side.credit_minor += amount
        elif payment.kind in _UNDOES:
            side.debits -= 1
            side.debit_minor -= amount
    return sides
