"""Turns the records of a rule into rows of the event table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tongbao.host.core.events import Persist
from tongbao.host.records import EventKind, EventRecord

if TYPE_CHECKING:
    from tongbao.host.core.events import Effect
    from tongbao.host.core.payment_rules import Rule
    from tongbao.host.core.state import HostState


ROUTE: Final = "issuer"
"""Where payments go: there is one issuer."""


class EventFacts(NamedTuple):
    """What is known beside the rule.

    `detail` says who asked for a reversal, or which attempt it is; `inquiry` what the issuer said
    when it was asked.
    """

    response_code: str = ""
    auth_code: str = ""
    detail: str = ""
    inquiry: str = ""


_WITH_DETAIL: Final = frozenset(
    {
        EventKind.REVERSAL_REQUESTED.value,
        EventKind.REVERSED.value,
        EventKind.REVERSAL_REPEATED.value,
        EventKind.DELIVERY_REPEATED.value,
    }
)


def record_events(
    state: HostState,
    rule: Rule,
    payment_id: int,
    facts: EventFacts,
    now_us: int,
    out: list[Effect],
) -> None:
    """Ask for one row per record of the rule; each kind takes the facts that belong to it."""
    for kind in rule.records:
        if kind in _WITH_DETAIL:
            record = EventRecord(payment_id, kind, now_us, "", "", facts.detail)
        elif kind == EventKind.INQUIRED:
            record = EventRecord(payment_id, kind, now_us, "", "", facts.inquiry)
        elif kind == EventKind.REPEATED:
            record = EventRecord(payment_id, kind, now_us, facts.response_code, "", "")
        else:
            record = EventRecord(payment_id, kind, now_us, facts.response_code, facts.auth_code, "")
        out.append(Persist(record))
        state.counters[kind] += 1
