"""When a terminal may be changed: nobody is in the middle of anything. Pure.

A change of what the terminal *is*, its number, its merchant or its host, must also leave nothing
unsent behind, because that is sent in the old name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.terminal.core.pending_work import WorkKind
from tongbao.terminal.core.vocabulary import Phase
from tongbao.wire.device.health import PENDING_MAX, Pending, PendingKind, Unsent
from tongbao.wire.unionpay.transactions import Resolution

if TYPE_CHECKING:
    from tongbao.terminal.core.state import TerminalState
    from tongbao.terminal.settings import TerminalSettings

_RESTING = frozenset({Phase.OFF, Phase.LOGGED_OUT, Phase.IDLE})
# What makes a terminal another one to its host.
_IDENTITY = (
    *("terminal_id", "merchant_id", "host_address", "host_port", "host_tls", "host_name"),
    *("profile", "data_folder", "key_file"),
)


def is_quiet(state: TerminalState) -> bool:
    """Whether nobody takes a payment, nothing is in flight and nothing is in doubt."""
    settling = state.settlement is not None and state.settlement.is_binding
    return (
        state.phase in _RESTING
        and state.exchange is None
        and state.draft is None
        and state.intent is None
        and state.doubt is None
        and state.loading is None
        and not settling
    )


def has_unsent(state: TerminalState) -> bool:
    """Whether payments of this terminal are not with the host yet, or not settled."""
    return bool(state.doubt is not None or state.work.works or state.items)


def unsent(state: TerminalState) -> Unsent:
    """Return how many pieces of each kind the host has not heard yet."""
    kinds = [work.kind for work in state.work.works]
    return Unsent(
        reversals=int(state.doubt is not None),
        advices=sum(kind is not WorkKind.SIGNATURE for kind in kinds),
        signatures=sum(kind is WorkKind.SIGNATURE for kind in kinds),
    )


def pending(state: TerminalState, tries: int) -> tuple[Pending, ...]:
    """Return what the host has not answered yet, what needs a person first.

    After `tries` failures in a row a person is asked.
    """
    found = [
        Pending(
            kind=PendingKind(work.kind.value),
            batch=work.batch,
            trace=work.trace,
            since_ms=work.since.us // 1000,
            attempts=work.attempts,
            needs_person=work.failures > tries,
        )
        for work in state.work.works
    ]
    doubt = state.doubt
    if doubt is not None:
        repeats = doubt.resolution is Resolution.REPEAT
        one = Pending(
            kind=PendingKind.REPEAT if repeats else PendingKind.REVERSAL,
            batch=doubt.intent.batch,
            trace=doubt.intent.trace,
            since_ms=doubt.since.us // 1000,
            attempts=doubt.attempts,
            needs_person=doubt.failures > tries,
        )
        found.insert(0, one)
    return tuple(sorted(found, key=lambda one: not one.needs_person)[:PENDING_MAX])


def changes_identity(old: TerminalSettings, new: TerminalSettings) -> bool:
    """Whether new settings make it another terminal to its host."""
    return any(getattr(old, name) != getattr(new, name) for name in _IDENTITY)
