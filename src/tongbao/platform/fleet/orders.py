"""Orders to terminals: the only writer of what a terminal is told to do next."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.db import router, transaction

from tongbao.platform.fleet.models import Terminal, TerminalOrder
from tongbao.platform.fleet.order_words import ACTS

if TYPE_CHECKING:
    from django.db.models import QuerySet


class OrderRefusedError(Exception):
    """The terminal waits to do this already, or there is no such act; nothing was written."""


def open_orders(terminal_id: str) -> QuerySet[TerminalOrder]:
    """Return what the terminal was told and has not done, the oldest first."""
    orders = TerminalOrder.objects.filter(terminal_id=terminal_id, done__isnull=True)
    return orders.order_by("order_id")


def order(terminal_id: str, digit: str) -> None:
    """Append one order; the host sends it with its next answers to the terminal.

    Raises OrderRefusedError.
    """
    if digit not in ACTS:
        raise OrderRefusedError
    using = router.db_for_write(TerminalOrder)
    with transaction.atomic(using=using):
        # Holds off a second order to the same terminal; SQLite holds off every writer anyway.
        Terminal.objects.using(using).select_for_update().get(pk=terminal_id)
        if open_orders(terminal_id).using(using).filter(act=digit).exists():
            raise OrderRefusedError
        TerminalOrder.objects.using(using).create(
            terminal_id=terminal_id, act=digit, ordered_at_us=time.time_ns() // 1000
        )
