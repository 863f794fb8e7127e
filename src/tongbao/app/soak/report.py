"""Puts a run into words and into one JSON object."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tongbao.app.soak.history import Told
from tongbao.app.soak.plan import FaultKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.app.soak.history import SaleRecord
    from tongbao.app.soak.measure import Life
    from tongbao.app.soak.run import Outcome


def document(outcome: Outcome) -> dict[str, Any]:
    """Return the whole report as plain data; money in fen, memory in KiB."""
    faults = Counter(fault.kind for fault in outcome.faults)
    evidence = outcome.evidence
    told = Counter(sale.told for sale in evidence.sales) if evidence else Counter[Told]()
    comparison = evidence.comparison() if evidence else None
    given = [sale for sale in evidence.sales if sale.given_ms is not None] if evidence else []
    options = outcome.options
    return {
        "ok": outcome.holds,
        "seed": options.seed,
        "repeat": options.command(),
        "store": options.store,
        "minutes": options.minutes,
        "terminals": options.terminals,
        "payments": len(given),
        "approved": told[Told.OK],
        "declined": told[Told.DECLINED],
        "reversed": told[Told.REVERSED],
        "unknown": told[Told.UNKNOWN],
        "not_sent": sum(sale.told is Told.NOT_SENT for sale in given),
        "kinds": _kinds(given),
        "faults": {kind.value: faults[kind] for kind in FaultKind},
        "books": None
        if comparison is None
        else {
            name: {"count": book.count, "amount_minor": book.amount.minor}
            for name, book in (
                ("terminals", comparison.terminal),
                ("host", comparison.host),
                ("issuer", comparison.issuer),
            )
        },
        "longest_doubt_ms": outcome.longest_doubt_ms,
        "convergence_ms": None
        if outcome.convergence_s is None
        else int(outcome.convergence_s * 1000),
        "seconds": round(outcome.took_s, 1),
        "processes": [_life(life) for life in outcome.lives],
        "violations": [
            {
                "rule": violation.rule.value,
                "text": violation.text,
                "terminal_id": violation.key.terminal_id if violation.key else None,
                "trace": violation.key.stan if violation.key else None,
            }
            for violation in outcome.violations
        ],
        "stories": outcome.stories,
    }


def text(outcome: Outcome) -> str:
    """Return the report for a person."""
    facts = document(outcome)
    faults = facts["faults"]
    words = ("approved", "declined", "reversed", "not_sent", "unknown")
    ends = ", ".join(f"{facts[word]} {word}" for word in words)
    lines = [
        "",
        f"payments       {facts['payments']}  ({ends})",
        "approved       "
        + ", ".join(
            f"{of['approved']} of {of['asked']} {kind}" for kind, of in facts["kinds"].items()
        ),
        "faults         " + ", ".join(f"{count} {kind}" for kind, count in faults.items()),
    ]
    for name, book in (facts["books"] or {}).items():
        lines.append(f"{name:<14} {book['count']} approved, {book['amount_minor']} fen")
    lines.append(f"longest doubt  {facts['longest_doubt_ms'] / 1000:.1f} s")
    convergence_ms = facts["convergence_ms"]
    ended = "never" if convergence_ms is None else f"{convergence_ms / 1000:.1f} s after the faults"
    lines.append(f"all at rest    {ended}")
    lines.append("")
    lines += [_life_text(life) for life in outcome.lives]
    lines.append("")
    for violation in outcome.violations:
        where = f" [{violation.key.terminal_id} {violation.key.stan:06d}]" if violation.key else ""
        lines.append(f"VIOLATION  {violation.rule.value}{where}: {violation.text}")
    lines += ["", *outcome.stories] if outcome.stories else []
    if outcome.holds:
        lines.append(f"Every payment ended once, and the three books agree. Seed {facts['seed']}.")
    else:
        lines.append(f"Repeat the schedule with:\n  {facts['repeat']}")
    return "\n".join(lines)


def _kinds(given: Sequence[SaleRecord]) -> dict[str, dict[str, int]]:
    asked = Counter(sale.kind for sale in given)
    approved = Counter(sale.kind for sale in given if sale.told is Told.OK)
    return {kind: {"asked": asked[kind], "approved": approved[kind]} for kind in sorted(asked)}


def _life(life: Life) -> dict[str, Any]:
    first, last = life.first, life.last
    return {
        "name": life.name,
        "watched_s": round(life.age_s, 1),
        "memory_kib": [first.memory_kib, last.memory_kib] if first and last else None,
        "files": [first.files, last.files] if first and last else None,
    }


def _life_text(life: Life) -> str:
    first, last = life.first, life.last
    if first is None or last is None:
        return f"{life.name:<18} was not looked at"
    return (
        f"{life.name:<18} lived {life.age_s:6.1f} s: memory {first.memory_kib / 1024:.1f} to "
        f"{last.memory_kib / 1024:.1f} MiB, open files {first.files} to {last.files}"
    )
