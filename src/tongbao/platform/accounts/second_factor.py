"""When the second factor was shown last in a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.platform.clock import now_us

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

_SHOWN_AT_US: Final = "second_factor_at_us"


def mark_second_factor(session: SessionBase, *, at_us: int) -> None:
    """Keep in the session that the second factor was shown."""
    session[_SHOWN_AT_US] = at_us


def second_factor_at_us(session: SessionBase) -> int | None:
    """Return when the second factor was shown last in this session, or None."""
    shown = session.get(_SHOWN_AT_US)
    # Until the console asks for a second factor, its log-in counts as one.
    return int(shown) if shown is not None else now_us()
