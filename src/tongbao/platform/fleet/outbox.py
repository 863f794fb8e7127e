"""Tells a merchant's own systems what happened to a terminal, through the API's outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tongbao.platform.fleet.models import Device


def tell(device: Device, event: str, *, now_us: int, **data: Any) -> None:
    """Put one event into the outbox, in the caller's transaction; nothing without a merchant."""
    from tongbao.platform.api.outbox import emit  # noqa: PLC0415 - the API's rooms import the fleet

    if device.merchant_id:
        facts = {"terminal_id": device.terminal_id, "serial_number": device.pk, **data}
        emit(device.merchant_id, event, facts, now_us)
