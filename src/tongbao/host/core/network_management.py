"""Finds who serves a terminal's management message; none of these carries a MAC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.host.core.requests import RefusalError, function_codes_of
from tongbao.wire.unionpay.transactions import (
    CASHIER_SIGN_IN,
    ECHO,
    SIGN_IN_CODES,
    SIGN_OFF,
    STATUS_UPLOAD,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from tongbao.host.core.downloads import Downloads
    from tongbao.host.core.events import Effect
    from tongbao.host.core.master_keys import MasterKeys
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.reports import StatusReports
    from tongbao.host.core.requests import Request
    from tongbao.host.core.sign_in import SignIn
    from tongbao.host.core.state import Terminal

    Handler: TypeAlias = Callable[[Request, Terminal, int, list[Effect]], None]

_MANAGEMENT: Final = "00"


class NetworkManagement:
    """Answers 0800 and 0820 of terminals.

    Spec: UnionPay terminal dialect, 3.0.
    """

    __slots__ = ("_handlers", "_replies")

    def __init__(
        self,
        replies: Replies,
        sign_in: SignIn,
        downloads: Downloads,
        master_keys: MasterKeys,
        reports: StatusReports,
    ) -> None:
        self._replies = replies
        self._handlers: dict[tuple[str, str], Handler] = {
            **{("0800", code): sign_in.sign_in for code in SIGN_IN_CODES},
            ("0820", SIGN_OFF.network_code): sign_in.sign_off,
            ("0820", ECHO.network_code): self._acknowledge,
            ("0820", CASHIER_SIGN_IN.network_code): self._acknowledge,
            ("0820", STATUS_UPLOAD.network_code): reports.take,
            **downloads.handlers,
            **master_keys.handlers,
        }

    def handle(self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        """Answer a management message; raises RefusalError("40") for one that is not served."""
        codes = function_codes_of(request)
        handler = self._handlers.get((request.mti, codes.network))
        if handler is None or codes.function != _MANAGEMENT:
            raise RefusalError("40")
        handler(request, terminal, now_us, out)

    def _acknowledge(
        self, request: Request, _terminal: Terminal, now_us: int, out: list[Effect]
    ) -> None:
        self._replies.management(out, request, "00", now_us)
