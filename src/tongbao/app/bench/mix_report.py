"""What the mixed workload's load saw, as the file that the reporting process reads."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tongbao.app.bench.measuring import percentile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ActFigures:
    """How often an act was answered in the window, and how fast, in ms."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @classmethod
    def of(cls, latencies_ms: Sequence[float]) -> ActFigures:
        """Make the figures of one act."""
        ordered = sorted(latencies_ms)
        return cls(
            count=len(ordered),
            p50_ms=percentile(ordered, 50),
            p95_ms=percentile(ordered, 95),
            p99_ms=percentile(ordered, 99),
        )


@dataclass(frozen=True, slots=True)
class PaymentsOfTerminal:
    """What one terminal was told: its batch, and trace to kind, amount in fen and state."""

    batch_no: int
    payments: dict[int, tuple[str, int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixReport:
    """What the load saw; times in ms, CPU in seconds over the measured window.

    `books` holds all that was acknowledged, warm-up included. `replaced` counts voids and refunds
    that became sales because their terminal had nothing to void or refund yet.
    """

    window_s: float
    messages: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    host_cpu_s: float
    load_cpu_s: float
    machine_busy_percent: float
    unanswered: int
    replaced: int
    acts: dict[str, ActFigures]
    wrong: dict[str, int] = field(default_factory=dict)
    books: dict[str, PaymentsOfTerminal] = field(default_factory=dict)


def read_mix_report(file: Path) -> MixReport:
    """Read what `plan.write_json` wrote."""
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    document["acts"] = {name: ActFigures(**one) for name, one in document["acts"].items()}
    document["books"] = {
        terminal_id: PaymentsOfTerminal(
            item["batch_no"],
            {
                int(trace): (kind, amount, state)
                for trace, (kind, amount, state) in item["payments"].items()
            },
        )
        for terminal_id, item in document["books"].items()
    }
    return MixReport(**document)
