"""Draws the state table as a Mermaid diagram for the documents."""

from __future__ import annotations

from collections import defaultdict

from tongbao.terminal.core.transitions import IMPOSSIBLE, REFUSED, TRANSITIONS
from tongbao.terminal.core.vocabulary import EventKind, Phase

_HEAD = """# The terminal's states

Drawn from the table in `src/tongbao/terminal/core/transitions.py`; a test keeps it current
(`python -m tongbao.terminal.core.diagram > docs/terminal-states.md` draws it anew). An arrow shows
where an event *may* lead; its handler decides. Events that leave the phase as it is are listed
below. A doubt is not a phase: it lives beside them until the host ends it, and no sale starts while
it does.
"""


def state_page() -> str:
    """Return the whole page `docs/terminal-states.md`."""
    lines = [_HEAD, "```mermaid", "stateDiagram-v2", f"    [*] --> {Phase.OFF.value}"]
    arrows: dict[tuple[Phase, Phase], list[str]] = defaultdict(list)
    for (phase, kind), transition in TRANSITIONS.items():
        for to in transition.to - {phase}:
            arrows[phase, to].append(kind.value)
    phases = list(Phase)
    for phase, to in sorted(arrows, key=lambda pair: tuple(map(phases.index, pair))):
        kinds = ", ".join(sorted(arrows[phase, to]))
        lines.append(f"    {phase.value} --> {to.value}: {kinds}")
    lines += [
        "```",
        "",
        "| phase | handled | command refused | cannot happen |",
        "|---|---|---|---|",
    ]
    for phase in Phase:
        cells = (
            {kind for p, kind in TRANSITIONS if p is phase},
            {kind for p, kind in REFUSED if p is phase},
            {kind for p, kind in IMPOSSIBLE if p is phase},
        )
        row = " | ".join(", ".join(k.value for k in EventKind if k in cell) for cell in cells)
        lines.append(f"| `{phase.value}` | {row} |")
    lines += ["", "Everything else is ignored, because it arrives late or for nothing by nature."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(state_page())
