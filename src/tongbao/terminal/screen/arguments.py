"""What several commands of a screen carry, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tongbao.domain.ids import BatchNo, OperatorNo, Stan
from tongbao.domain.secrets import Pin
from tongbao.terminal.core.events import Approval
from tongbao.terminal.core.state import Notice
from tongbao.terminal.core.wording import NO_SUCH_PAYMENT, WRONG_PASSWORD


class CommandRefusedError(Exception):
    """A command is not handed on; `notice` says why. It never holds an argument."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.code)
        self.notice = notice


def approval_of(command: Mapping[str, Any]) -> Approval | None:
    """Read the supervisor's number and password of a command; None when there are none."""
    given = command.get("supervisor")
    if given is None:
        return None
    try:
        return Approval(OperatorNo(given["operator"]), Pin(given["password"]))
    except (ValueError, TypeError, KeyError):
        raise CommandRefusedError(WRONG_PASSWORD) from None


def trace_of(number: object) -> Stan:
    """Read a trace number; a refusal when there is no such payment."""
    try:
        return Stan(number)  # type: ignore[arg-type]  # it refuses what is no whole number
    except (ValueError, TypeError):
        raise CommandRefusedError(NO_SUCH_PAYMENT) from None


def batch_of(number: object) -> BatchNo:
    """Read a batch number; a refusal when there is no such payment."""
    try:
        return BatchNo(number)  # type: ignore[arg-type]  # it refuses what is no whole number
    except (ValueError, TypeError):
        raise CommandRefusedError(NO_SUCH_PAYMENT) from None
