"""Matters that a terminal could not bring to the host: opened and closed by what it says itself.

A payment is named by terminal, batch and trace, so a matter comes up once, and its message may
reach the host long after. What a person has closed stays closed while the terminal goes on.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError, transaction

from tongbao.platform.fleet.models import TerminalStatus
from tongbao.platform.payments.exception_rules import TERMINAL, Done, ExceptionKind
from tongbao.platform.payments.exceptions import with_standing
from tongbao.platform.payments.models import Payment, PaymentException, PaymentExceptionEvent
from tongbao.wire.device.health import Pending, PendingKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.platform.fleet.models import Terminal

DELIVERED: Final = "the terminal has delivered it"
# The ids of exceptions are made as the host makes them; its node 63 is the platform's.
_NODE: Final = 63 << 13
_EPOCH_MS: Final = 1_735_689_600_000
_SEQUENCES: Final = 1 << 12
_TRIES: Final = 8
_STATUSES_OF_US: Final = 10 * 60 * 1_000_000
_STATUSES_MAX: Final = 1_000
_KINDS: Final = "|".join(PendingKind)
_OWED: Final = re.compile(rf"({_KINDS})-([0-9]{{6}})-([0-9]{{6}})\*([0-9]{{1,7}})(!?)", re.ASCII)


def follow(
    terminal: Terminal, pending: Sequence[Pending], *, is_whole: bool, said_at_us: int
) -> None:
    """Open what needs a person, close what the terminal does not hold any more.

    `is_whole`: nothing was left out, so what is missing is not held; `said_at_us` is when.
    """
    rows = PaymentException.objects.filter(
        terminal_id=terminal.pk, kind=ExceptionKind.TERMINAL_GAVE_UP.value
    )
    with transaction.atomic():
        known = {row.detail.partition(":")[0]: row for row in with_standing(rows)}
        for one in pending:
            if one.needs_person and name_of(one) not in known:
                _open(terminal, one, said_at_us)
        if not is_whole:
            return
        held = {name_of(one) for one in pending}
        for name, row in known.items():
            if name not in held and not row.is_closed and row.opened_at_us < said_at_us:
                _close(row, said_at_us)


def follow_statuses(now_us: int) -> int:
    """Go by the newest status uploads of terminals that have no other line; returns how many."""
    since_us = now_us - _STATUSES_OF_US
    rows = TerminalStatus.objects.select_related("terminal").order_by("-status_id")
    newest: dict[str, TerminalStatus] = {}
    for row in rows[:_STATUSES_MAX]:
        if row.at_us >= since_us:
            newest.setdefault(row.terminal_id, row)
    for row in newest.values():
        told = dict(part.partition("=")[::2] for part in row.body.split(";"))
        if "owes" in told:
            owed = [_owed(found, row.at_us) for found in _OWED.finditer(told["owes"])]
            is_whole = told.get("pending") == str(len(owed)) and told.get("doubt") == "0"
            follow(row.terminal, owed, is_whole=is_whole, said_at_us=row.at_us)
    return len(newest)


def _owed(found: re.Match[str], at_us: int) -> Pending:
    return Pending(
        kind=PendingKind(found[1]),
        batch=int(found[2]),
        trace=int(found[3]),
        since_ms=at_us // 1000,
        attempts=min(int(found[4]), 1_000_000),
        needs_person=bool(found[5]),
    )


def name_of(one: Pending) -> str:
    """Return what a matter is called in the detail of its exception."""
    return f"{one.kind.value} {one.batch:06d} {one.trace:06d}"


def payment_named(row: PaymentException) -> int:
    """Return the id of the payment that the terminal speaks of; 0 while the host has none."""
    words = row.detail.partition(":")[0].split(" ")
    if row.payment_id or row.kind != ExceptionKind.TERMINAL_GAVE_UP or len(words) != 3:
        return row.payment_id
    return _payment_id(row.terminal_id, int(words[1]), int(words[2]))


def _payment_id(terminal_id: str, batch: int, trace: int) -> int:
    found = Payment.objects.filter(terminal_id=terminal_id, batch_no=batch, stan=trace)
    return found.values_list("payment_id", flat=True).first() or 0


def _open(terminal: Terminal, one: Pending, now_us: int) -> None:
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                PaymentException.objects.create(
                    exception_id=_new_id(now_us),
                    payment_id=_payment_id(terminal.pk, one.batch, one.trace),
                    terminal_id=terminal.pk,
                    merchant_id=terminal.merchant_id,
                    kind=ExceptionKind.TERMINAL_GAVE_UP.value,
                    opened_at_us=now_us,
                    detail=f"{name_of(one)}: {one.attempts} attempts",
                )
        except IntegrityError:
            if not left:
                raise
        else:
            return


def _close(row: PaymentException, now_us: int) -> None:
    PaymentExceptionEvent.objects.create(
        exception_id=row.pk,
        kind=Done.CLOSED.value,
        at_us=now_us,
        staff=TERMINAL,
        note=DELIVERED,
    )


def _new_id(now_us: int) -> int:
    return now_us // 1000 - _EPOCH_MS << 19 | _NODE | secrets.randbelow(_SEQUENCES)
