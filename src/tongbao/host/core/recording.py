"""Turns the records of a rule into rows of the event table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tongbao.host.core.events import Persist
from tongbao.host.records import EventKind, EventRecord

if TYPE_CHECKING:
    from tongbao.host.core.events import Effect
    from tongbao.host.core.payment_rules import Rule
    from tongbao.host.core.state import HostState


class EventFacts(NamedTuple):
    """What is known beside the rule: the codes of an answer, and who asked for a reversal."""

    response_code: str = ""
    auth_code: str = ""
    detail: str = ""


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
        if kind in (EventKind.REVERSAL_REQUESTED, EventKind.REVERSED):
            record = EventRecord(payment_id, kind, now_us, "", "", facts.detail)
        elif kind == EventKind.REPEATED:
            record = EventRecord(payment_id, kind, now_us, facts.response_code, "", "")
        else:
            record = EventRecord(payment_id, kind, now_us, facts.response_code, facts.auth_code, "")
        out.append(Persist(record))
        state.counters[kind] += 1
