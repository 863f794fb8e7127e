"""Tells whoever binds devices to merchants that something of the binding has changed.

The five elements of notice 259 (银发〔2021〕259号) are bound by the fleet; account, code and place
change here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    # Called with merchant number and time in microseconds, in the transaction of the change.
    Rebind = Callable[[str, int], None]

_rebind: list[Rebind] = []


def connect_rebinding(rebind: Rebind) -> None:
    """Name the function that binds the devices of a merchant anew."""
    _rebind[:] = [rebind]


def binding_changed(merchant_id: str, *, now_us: int) -> None:
    """Bind a merchant's devices anew, in the caller's transaction."""
    for rebind in _rebind:
        rebind(merchant_id, now_us)
