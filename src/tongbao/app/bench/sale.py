"""Runs the benchmark of a sale: prepares, starts, measures, stops, checks the books."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tongbao.app.bench.durability import DurabilityReport, check_durability
from tongbao.app.bench.machine import flush_time_us, machine_facts
from tongbao.app.bench.plan import (
    LoadPlan,
    LoadReport,
    read_report,
    terminal_ids,
    terminal_master_key,
    write_json,
)
from tongbao.app.certificates import certificate_files
from tongbao.app.processes import Part
from tongbao.app.setup import MERCHANT, PreparedWorld, SetUpOptions, prepare
from tongbao.app.world import host_part, sandbox_part
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.master_key import make_master_key_file, master_key_from
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.platform.registry import NewTerminal, register_terminals

if TYPE_CHECKING:
    from collections.abc import Iterator

# Beyond the window: connecting, signing in, draining.
_LOAD_MARGIN_S: Final = 120.0
_POLL_S: Final = 0.05
_TERMINAL_KEYS: Final = "bench-terminals"


class BenchFailedError(Exception):
    """The benchmark could not be run to its end; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What to measure; `folder` None takes a temporary one beside the current folder."""

    terminals: int = 256
    seconds: float = 10.0
    warmup_seconds: float = 2.0
    store: str = "sqlite"
    tls: bool = True
    issuer: str = "standin"
    seed: int = 1
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """The figures of one run; `faults` is empty when it counts."""

    figures: dict[str, object]
    faults: list[str]


def run_sale_benchmark(options: BenchOptions) -> BenchResult:
    """Run the benchmark once.

    Raises: BenchFailedError; PartFailedError; PostgresqlMissingError and others of the set-up.
    """
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(_work_folder(options.folder))
        flush_us = flush_time_us(folder)
        postgresql_version: str | None = None
        database_url: str | None = None
        if options.store == "postgresql":
            # Not above: the driver and the server are needed for this store only.
            from tongbao.app.postgresql import PrivatePostgresql  # noqa: PLC0415 - see above

            server = stack.enter_context(PrivatePostgresql(folder / "postgresql"))
            database_url, postgresql_version = server.url, server.version
        world = _prepare(folder / "world", options, database_url)
        load, host_exit_code = _load_the_host(world, options)
        durability = check_durability(world.settings.database_url, load.acknowledged)
    facts = {**machine_facts(), "postgresql": postgresql_version}
    return BenchResult(
        figures=_figures(options, load, durability, flush_us, facts),
        faults=_faults(load, durability, host_exit_code),
    )


def _prepare(folder: Path, options: BenchOptions, database_url: str | None) -> PreparedWorld:
    """Make a world with all terminals registered and their keys on both sides."""
    world = prepare(
        folder,
        SetUpOptions(
            port_base=None,
            database_url=database_url,
            terminal_ids=("00000001",),
            tls=options.tls,
        ),
    )
    ids = terminal_ids(options.terminals)
    register_terminals(
        world.settings.database_url,
        [
            NewTerminal(terminal_id=terminal_id, merchant_id=MERCHANT.merchant_id, label="bench")
            for terminal_id in ids
        ],
    )
    host = world.settings.host
    assert host is not None  # noqa: S101 - a prepared world has a host
    keys = [
        NamedKey(
            f"tmk/{terminal_id}", terminal_master_key(terminal_id, options.seed), KeyAlgorithm.TDES
        )
        for terminal_id in ids
    ]
    _open(host.key_file, host.master_key_file).import_keys(keys)
    key_file, master_key_file = _terminal_key_files(world)
    make_master_key_file(master_key_file)
    _open(key_file, master_key_file).import_keys(keys)
    return world


def _load_the_host(world: PreparedWorld, options: BenchOptions) -> tuple[LoadReport, int | None]:
    """Run issuer, host and load, and return what the load saw when all have stopped."""
    with contextlib.ExitStack() as stack:
        if options.issuer == "sandbox":
            stack.enter_context(sandbox_part(world))
        host = host_part(world)
        ready = host.start()
        stack.callback(host.stop)
        address, _, port = str(ready["address"]).rpartition(":")
        plan_file, report_file = world.folder / "load-plan.json", world.folder / "load-report.json"
        write_json(plan_file, _plan(world, options, host.pid, (address, int(port))))
        load = Part(
            "load",
            ["bench", "load", "--plan", str(plan_file)],
            world.folder / "logs" / "load.log",
        )
        load.start()
        stack.callback(load.stop)
        deadline = time.monotonic() + options.warmup_seconds + options.seconds + _LOAD_MARGIN_S
        while load.running() and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        if load.exit_code() != 0:
            raise BenchFailedError(
                f"the load generator ended with {load.exit_code()}\n{load.log_tail()}\n"
                f"host's log:\n{host.log_tail()}"
            )
        host_exit_code = host.stop()
    return read_report(report_file), host_exit_code


def _plan(
    world: PreparedWorld, options: BenchOptions, host_pid: int, address: tuple[str, int]
) -> LoadPlan:
    sandbox = world.settings.sandbox
    assert sandbox is not None  # noqa: S101 - a prepared world has an issuer
    key_file, master_key_file = _terminal_key_files(world)
    authority = certificate_files(world.folder / "tls").authority_certificate
    return LoadPlan(
        host_address=address[0],
        host_port=address[1],
        host_pid=host_pid,
        authority_file=str(authority) if options.tls else None,
        issuer_port=sandbox.issuer_port if options.issuer == "standin" else 0,
        issuer_key_file=str(sandbox.key_file),
        issuer_master_key_file=str(sandbox.master_key_file),
        terminal_key_file=str(key_file),
        terminal_master_key_file=str(master_key_file),
        merchant_id=MERCHANT.merchant_id,
        terminals=options.terminals,
        seed=options.seed,
        warmup_seconds=options.warmup_seconds,
        seconds=options.seconds,
        report_file=str(world.folder / "load-report.json"),
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


def _terminal_key_files(world: PreparedWorld) -> tuple[Path, Path]:
    keys = world.folder / "keys"
    return keys / f"{_TERMINAL_KEYS}.json", keys / f"{_TERMINAL_KEYS}.master"


def _open(key_file: Path, master_key_file: Path) -> SoftwareKeyStore:
    return SoftwareKeyStore.open(key_file, master_key_from(master_key_file))


@contextlib.contextmanager
def _work_folder(wanted: Path | None) -> Iterator[Path]:
    """Give the wanted folder, which must be new or empty and stays, or one that goes."""
    if wanted is not None:
        if wanted.exists() and any(wanted.iterdir()):
            raise BenchFailedError(f"{wanted} is not empty; the benchmark wants a new folder")
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted.resolve()
        return
    # Here and not in /tmp, which may be memory: the flush must reach the disk that is asked about.
    folder = Path(tempfile.mkdtemp(prefix=".tongbao-bench-", dir=Path.cwd()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
