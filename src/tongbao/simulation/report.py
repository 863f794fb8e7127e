"""The report of a campaign in the form of docs/reliability.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from tongbao.simulation.faults import KINDS

if TYPE_CHECKING:
    from tongbao.simulation.campaign import Campaign

# Why a cell of a state table is taken by no world; the page must name a reason for each.
REASONS: Final[dict[str, str]] = {}


def markdown(campaign: Campaign, title: str) -> str:
    """Return figures, faults and cells never taken as Markdown; `title` names the campaign."""
    return "\n".join(_lines(campaign, title)) + "\n"


def _lines(campaign: Campaign, title: str) -> Iterator[str]:
    figures = campaign.report()
    seeds, failures = figures["seeds"], len(figures["failures"])
    yield f"### {title}"
    yield ""
    yield (
        f"{seeds:,} worlds, {failures} failures. {figures['frames']:,} frames,"
        f" {figures['virtual_hours']:,} hours of virtual time,"
        f" {figures['approved_payments']:,} approved payments that stood in all three books at the"
        f" end; the longest way back to rest took {figures['longest_healing_s']} s."
        + (
            f" No failure in n worlds bounds the failing share below 3/n at 95 %: here"
            f" {300 / seeds:.3f} %."
            if seeds and not failures
            else ""
        )
    )
    yield ""
    yield "| what | approved, or done |"
    yield "|---|---|"
    for name, count in figures["done"].items():
        yield f"| {name} | {count:,} |"
    yield ""
    yield from _fault_rows(figures)
    yield ""
    yield "Cells of the two state tables that no world took:"
    yield ""
    yield "| table | cell | why |"
    yield "|---|---|---|"
    for table, name in (("terminal", "terminal_cells"), ("host", "host_cells")):
        for cell, count in figures[name].items():
            if not count:
                yield f"| {table} | {cell} | {REASONS.get(f'{table}: {cell}', '?')} |"


def _fault_rows(figures: dict[str, Any]) -> Iterator[str]:
    yield "| fault | what happens | occasion | rate up to | happened | in worlds |"
    yield "|---|---|---|---|---|---|"
    for fault, kind in KINDS.items():
        counts = figures["faults"][fault.value]
        yield (
            f"| `{fault.value}` | {kind.words} | {kind.occasion.value} | {kind.rate_max:g} |"
            f" {counts['fired']:,} | {counts['seeds']:,} |"
        )
