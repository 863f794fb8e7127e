"""Tells a merchant's own systems what happened to a terminal, through the API's outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.platform.fleet.models import Device

_emit: list[Callable[..., Any]] = []


def connect(emit: Callable[..., Any]) -> None:
    """Name the writer of the outbox: `emit(merchant_id, type, data, now_us)`."""
    _emit[:] = [emit]


def tell(device: Device, event: str, *, now_us: int, **data: Any) -> None:
    """Put one event into the outbox, in the caller's transaction; nothing without a merchant."""
    if device.merchant_id and _emit:
        facts = {"terminal_id": device.terminal_id, "serial_number": device.pk, **data}
        _emit[0](device.merchant_id, event, facts, now_us)
