"""What terminals tell about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.host.core.events import Persist
from tongbao.host.core.requests import RefusalError
from tongbao.host.records import TerminalStatusRecord

if TYPE_CHECKING:
    from tongbao.host.core.events import Effect
    from tongbao.host.core.orders import Orders
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.requests import Request
    from tongbao.host.core.state import Terminal

_ACT: Final = "status"
_CHARS_MAX: Final = 500


class StatusReports:
    """Keeps status uploads (0820, 362).

    Spec: UnionPay terminal dialect, 3.0.
    """

    __slots__ = ("_orders", "_replies")

    def __init__(self, replies: Replies, orders: Orders) -> None:
        self._replies = replies
        self._orders = orders

    def take(self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        """Keep a report of up to 500 printable characters; raises RefusalError("30")."""
        value = request.fields.get(62)
        body = value.decode("ascii", "replace") if isinstance(value, bytes) else ""
        if not body or len(body) > _CHARS_MAX or not (body.isascii() and body.isprintable()):
            raise RefusalError("30")
        out.append(Persist(TerminalStatusRecord(terminal.record.terminal_id, now_us, body)))
        self._orders.done(_ACT, request, terminal, now_us, out)
        self._replies.management(out, request, "00", now_us)
