"""Grades a terminal: the kit listens, the terminal connects, hands work it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.app.conform.grading import Certificate, Grade, grade_all
from tongbao.app.conform.terminal_cases import reversing, selling, settling, signing_in, undoing
from tongbao.app.conform.terminal_cases.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tongbao.app.conform.case import Case
    from tongbao.app.conform.hands import Hands
    from tongbao.app.conform.host_side import HostSide
    from tongbao.app.conform.plan import Plan

_BOOKS: Final = (signing_in.BOOK, selling.BOOK, reversing.BOOK, undoing.BOOK, settling.BOOK)
TERMINAL_CASES: Final[tuple[Case[Desk], ...]] = tuple(
    case for book in _BOOKS for case in book.cases
)


def grade_terminal(
    plan: Plan,
    host: HostSide,
    hands: Hands,
    tell: Callable[[Grade], None],
    only: Collection[str] = (),
) -> Certificate:
    """Play the cases, or those whose names begin with one of `only`, and return the certificate."""
    desk = Desk(plan, host, hands)

    def prepare() -> Desk:
        hands.begin(host)
        return desk

    cases = [case for case in TERMINAL_CASES if not only or case.name.startswith(tuple(only))]
    return grade_all("terminal", cases, prepare, tell)
