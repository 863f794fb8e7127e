"""Runs the benchmark of the canonical workload: prepares, starts, measures, checks the books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.app.bench.durability import DurabilityReport, check_mix_durability
from tongbao.app.bench.machine import flush_time_us, machine_facts
from tongbao.app.bench.mix_report import read_mix_report
from tongbao.app.bench.stage import (
    BenchFailedError,
    BenchResult,
    bench_stage,
    load_the_host,
    prepare_world,
)
from tongbao.app.bench.workload import shares

if TYPE_CHECKING:
    from tongbao.app.bench.mix_report import MixReport
    from tongbao.app.bench.stage import BenchOptions


def run_mix_benchmark(options: BenchOptions) -> BenchResult:
    """Run the benchmark once; `options.connections` must be 1 to half of the terminals.

    Raises: BenchFailedError; PartFailedError; PostgresqlMissingError and others of the set-up.
    """
    if not 2 <= 2 * options.connections <= options.terminals:
        raise BenchFailedError("there must be two terminals for each connection")
    with bench_stage(options) as stage:
        flush_us = flush_time_us(stage.folder)
        world = prepare_world(stage.folder / "world", options, stage.database_url)
        report_file, host_exit_code = load_the_host(world, options)
        load = read_mix_report(report_file)
        durability = check_mix_durability(world.settings.database_url, load.books)
    facts = {**machine_facts(), "postgresql": stage.postgresql_version}
    return BenchResult(
        figures=_figures(options, load, durability, flush_us, facts),
        faults=_faults(load, durability, host_exit_code),
    )


def _figures(
    options: BenchOptions,
    load: MixReport,
    durability: DurabilityReport,
    flush_us: float,
    facts: dict[str, str | int | None],
) -> dict[str, object]:
    messages = max(load.messages, 1)
    return {
        "messages_per_s": round(load.messages / load.window_s, 1),
        "p50_ms": round(load.p50_ms, 3),
        "p95_ms": round(load.p95_ms, 3),
        "p99_ms": round(load.p99_ms, 3),
        "max_ms": round(load.max_ms, 3),
        "host_cpu_us_per_message": round(load.host_cpu_s * 1e6 / messages, 1),
        "load_cpu_us_per_message": round(load.load_cpu_s * 1e6 / messages, 1),
        "machine_busy_percent": round(load.machine_busy_percent, 1),
        "flush_us": round(flush_us, 1),
        "acts": {
            name: {
                "count": one.count,
                "p50_ms": round(one.p50_ms, 3),
                "p95_ms": round(one.p95_ms, 3),
                "p99_ms": round(one.p99_ms, 3),
            }
            for name, one in load.acts.items()
        },
        "wanted_percent": {act.value: round(100 * share, 2) for act, share in shares().items()},
        "replaced": load.replaced,
        "acknowledged": durability.acknowledged,
        "durable": durability.durable,
        "approved_in_database": durability.approved,
        "unanswered": load.unanswered,
        "wrong_answers": sum(load.wrong.values()),
        "measured_messages": load.messages,
        "window_s": round(load.window_s, 3),
        "terminals": options.terminals,
        "connections": options.connections,
        "store": options.store,
        "tls": options.tls,
        "issuer": options.issuer,
        "seed": options.seed,
        "machine": facts,
    }


def _faults(load: MixReport, durability: DurabilityReport, host_exit_code: int | None) -> list[str]:
    """Say everything that makes the figures worthless."""
    faults = [f"{count} answers were wrong: {reason}" for reason, count in load.wrong.items()]
    missing = [act.value for act in shares() if act.value not in load.acts]
    if missing:
        faults.append(f"never answered in the measured window: {', '.join(missing)}")
    if load.unanswered:
        faults.append(f"{load.unanswered} requests were never answered")
    if not durability.holds:
        faults.append(
            f"{durability.acknowledged - durability.durable} acknowledged payments are not "
            f"durable, for instance {', '.join(durability.missing)}"
        )
    if host_exit_code != 0:
        faults.append(f"the host ended with code {host_exit_code}")
    return faults
