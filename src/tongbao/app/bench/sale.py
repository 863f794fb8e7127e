"""Runs the benchmark of a sale: prepares, starts, measures, stops, checks the books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.app.bench.durability import DurabilityReport, check_durability
from tongbao.app.bench.machine import flush_time_us, machine_facts
from tongbao.app.bench.plan import read_report
from tongbao.app.bench.stage import BenchResult, bench_stage, load_the_host, prepare_world

if TYPE_CHECKING:
    from tongbao.app.bench.plan import LoadReport
    from tongbao.app.bench.stage import BenchOptions


def run_sale_benchmark(options: BenchOptions) -> BenchResult:
    """Run the benchmark once.

    Raises: BenchFailedError; PartFailedError; PostgresqlMissingError and others of the set-up.
    """
    with bench_stage(options) as stage:
        flush_us = flush_time_us(stage.folder)
        world = prepare_world(stage.folder / "world", options, stage.database_url)
        report_file, host_exit_code = load_the_host(world, options)
        load = read_report(report_file)
        durability = check_durability(world.settings.database_url, load.acknowledged)
    facts = {**machine_facts(), "postgresql": stage.postgresql_version}
    return BenchResult(
        figures=_figures(options, load, durability, flush_us, facts),
        faults=_faults(load, durability, host_exit_code),
    )


def _figures(
    options: BenchOptions,
    load: LoadReport,
    durability: DurabilityReport,
    flush_us: float,
    facts: dict[str, str | int | None],
) -> dict[str, object]:
    sales = max(load.sales, 1)
    return {
        "sales_per_s": round(load.sales / load.window_s, 1),
        "p50_ms": round(load.p50_ms, 3),
        "p95_ms": round(load.p95_ms, 3),
        "p99_ms": round(load.p99_ms, 3),
        "max_ms": round(load.max_ms, 3),
        "host_cpu_us_per_sale": round(load.host_cpu_s * 1e6 / sales, 1),
        "load_cpu_us_per_sale": round(load.load_cpu_s * 1e6 / sales, 1),
        "machine_busy_percent": round(load.machine_busy_percent, 1),
        "flush_us": round(flush_us, 1),
        "acknowledged": durability.acknowledged,
        "durable": durability.durable,
        "approved_in_database": durability.approved,
        "unanswered": load.unanswered,
        "wrong_answers": sum(load.wrong.values()),
        "measured_sales": load.sales,
        "window_s": round(load.window_s, 3),
        "terminals": options.terminals,
        "store": options.store,
        "tls": options.tls,
        "issuer": options.issuer,
        "seed": options.seed,
        "machine": facts,
    }


def _faults(
    load: LoadReport, durability: DurabilityReport, host_exit_code: int | None
) -> list[str]:
    """Say everything that makes the figures worthless."""
    faults = [f"{count} answers were wrong: {reason}" for reason, count in load.wrong.items()]
    if load.sales == 0:
        faults.append("no sale was approved in the measured window")
    if load.unanswered:
        faults.append(f"{load.unanswered} sales were never answered")
    if not durability.holds:
        faults.append(
            f"{durability.acknowledged - durability.durable} acknowledged sales are not durable, "
            f"for instance {', '.join(durability.missing)}"
        )
    if host_exit_code != 0:
        faults.append(f"the host ended with code {host_exit_code}")
    return faults
