"""What staff want a terminal to do next: digit 6 of the header of every reply, until it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.host.core.events import Persist
from tongbao.host.records import OrderDoneRecord

if TYPE_CHECKING:
    from tongbao.host.core.events import Effect
    from tongbao.host.core.requests import Request
    from tongbao.host.core.state import HostState, Terminal
    from tongbao.wire.unionpay.profile import HostProfile

# An order that only lets a terminal fetch a master key: no digit of the header asks for it.
MASTER_KEY_ACT: Final = "9"
MASTER_KEY: Final = "master_key"
_NOTHING: Final = "0"


class Orders:
    """Puts orders on replies and notes when they are carried out.

    Spec: UnionPay terminal dialect, 1.1.
    """

    __slots__ = ("_state", "profile")

    def __init__(self, state: HostState, profile: HostProfile) -> None:
        self._state = state
        self.profile = profile

    def put_on(self, request: Request, terminal: Terminal) -> None:
        """Let the reply to this request tell the terminal's open order."""
        order = terminal.order
        known = order is not None and order.act in self.profile.header_acts
        request.act = order.act if order is not None and known else _NOTHING

    def allows_master_key(self, terminal: Terminal) -> bool:
        """Say whether the open order is to fetch a master key."""
        return terminal.order is not None and terminal.order.act == MASTER_KEY_ACT

    def done(
        self, act: str, request: Request, terminal: Terminal, now_us: int, out: list[Effect]
    ) -> None:
        """Note that the terminal has carried this act out, if its open order asks for it."""
        order = terminal.order
        if order is None or self._act_of(order.act) != act:
            return
        out.append(Persist(OrderDoneRecord(order.order_id, now_us)))
        terminal.order = None
        request.act = _NOTHING
        # The next message brings the next order.
        terminal.loaded_at_ms = -1 << 62
        self._state.counters["orders_done"] += 1

    def _act_of(self, digit: str) -> str | None:
        return MASTER_KEY if digit == MASTER_KEY_ACT else self.profile.header_acts.get(digit)
