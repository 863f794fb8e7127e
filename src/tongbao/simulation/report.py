"""The report of a campaign in the form of docs/reliability.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from tongbao.simulation.faults import KINDS

if TYPE_CHECKING:
    from tongbao.simulation.campaign import Campaign

_UNHEARD: Final = "counted without a look-up: nobody waits for such an answer"
_SILENT: Final = "silence is the answer, without a look-up"
# Why a cell of a state table is taken by no world, by table and by a part of its name; the first
# that fits counts.
_REASONS: Final = (
    ("terminal", "retry_due", "nothing starts this timer any more in this phase"),
    ("terminal", "self_check + ", "the self-check takes 0.3 s here"),
    ("terminal", "+ authorise", "people here do nothing to the terminal itself"),
    ("terminal", "host_timeout", "needs a message beside payments to stay unanswered just here"),
    ("terminal", "send_failed", "needs a line that breaks in the moment of a background message"),
    ("terminal", "result + sign", "people sign later here, from the list of payments"),
    ("host", "absent + request", "a new request follows the rule without a look-up"),
    ("host", "repeat: absent + reversal", "no terminal reverses what is repeated"),
    ("host", "absent + reversal", "bound when the module is loaded, so the count does not see it"),
    ("host", "repeat: approved + reversal", "no terminal reverses what is repeated"),
    ("host", "repeat: declined + reversal", "no terminal reverses what is repeated"),
    ("host", "+ reversal done", _UNHEARD),
    ("host", "pending + request", _SILENT),
    ("host", "inquiring + request", _SILENT),
    ("host", "repeat: pending + reversal", "no terminal reverses what is repeated"),
    ("host", "repeat: inquiring + reversal", "no terminal reverses what is repeated"),
    ("host", "repeat: delivering + reversal", "no terminal reverses what is repeated"),
    (
        "host",
        "repeat: pending + found",
        "the request goes out again before the inquiry is answered",
    ),
    ("host", "found reversed", "who is asked about was reversed by nobody else"),
    ("host", "reversed + found", _UNHEARD),
    ("host", "reversing + found", _UNHEARD),
    ("host", "pending + found", _UNHEARD),
    ("host", "link lost", "the link changes nothing here, without a look-up"),
    ("host", "inquiring + ", "needs this answer in the five seconds of an inquiry"),
)


def reason_for(table: str, cell: str) -> str:
    """Return why a cell is never taken, "?" when nobody has said."""
    fitting = (why for name, part, why in _REASONS if name == table and part in cell)
    return next(fitting, "?")


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
                yield f"| {table} | {cell} | {reason_for(table, cell)} |"


def _fault_rows(figures: dict[str, Any]) -> Iterator[str]:
    yield "| fault | what happens | occasion | rate up to | happened | in worlds |"
    yield "|---|---|---|---|---|---|"
    for fault, kind in KINDS.items():
        counts = figures["faults"][fault.value]
        yield (
            f"| `{fault.value}` | {kind.words} | {kind.occasion.value} | {kind.rate_max:g} |"
            f" {counts['fired']:,} | {counts['seeds']:,} |"
        )
