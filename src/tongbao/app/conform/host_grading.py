"""Grades a host: all its cases over one line, or those that were named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.app.conform.grading import Certificate, Grade, grade_all
from tongbao.app.conform.host_cases import (
    advices,
    framing,
    management,
    pre_authorisation,
    reversing,
    sale,
    settling,
    signing_in,
    undoing,
)
from tongbao.app.conform.terminal_side import TerminalSide

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection

    from tongbao.app.conform.case import Case
    from tongbao.app.conform.plan import Plan

_BOOKS: Final = (
    framing.BOOK,
    signing_in.BOOK,
    sale.BOOK,
    reversing.BOOK,
    undoing.BOOK,
    pre_authorisation.BOOK,
    advices.BOOK,
    management.BOOK,
    settling.BOOK,
)
HOST_CASES: Final[tuple[Case[TerminalSide], ...]] = tuple(
    case for book in _BOOKS for case in book.cases
)


def grade_host(
    plan: Plan,
    address: tuple[str, int],
    tls: tuple[ssl.SSLContext, str] | None,
    tell: Callable[[Grade], None],
    only: Collection[str] = (),
) -> Certificate:
    """Play the cases, or those whose names begin with one of `only`, and return the certificate.

    `tls` is a context and the name in the host's certificate. Raises OSError when the host cannot
    be reached at all.
    """
    side = TerminalSide(plan, plan.terminal, address, *(tls or (None, "")))
    # Nobody is graded who is not there.
    side.connect()

    def prepare() -> TerminalSide:
        side.take_place(plan.terminal)
        side.begin()
        return side

    cases = [case for case in HOST_CASES if not only or case.name.startswith(tuple(only))]
    try:
        return grade_all("host", cases, prepare, tell)
    finally:
        side.close()
