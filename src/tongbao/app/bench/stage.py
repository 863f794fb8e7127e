"""What every benchmark needs around its load: a folder, a world, the parts, and their end."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tongbao.app.bench.plan import (
    LoadPlan,
    merchant_ids,
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
from tongbao.platform.registry import (
    NewMerchant,
    NewTerminal,
    register_merchants,
    register_terminals,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# Beyond the window: connecting, signing in, draining.
_LOAD_MARGIN_S: Final = 120.0
# Signing in costs the host and the generator a few milliseconds each.
_SIGN_IN_MARGIN_S: Final = 0.05
_POLL_S: Final = 0.05
_TERMINAL_KEYS: Final = "bench-terminals"


class BenchFailedError(Exception):
    """The benchmark could not be run to its end; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What to measure; `folder` None takes a temporary one beside the current folder.

    `connections` is for the mixed workload, where many terminals share some connections.
    """

    terminals: int = 256
    seconds: float = 10.0
    warmup_seconds: float = 2.0
    store: str = "sqlite"
    tls: bool = True
    issuer: str = "standin"
    seed: int = 1
    folder: Path | None = None
    connections: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """The figures of one run; `faults` is empty when it counts."""

    figures: dict[str, object]
    faults: list[str]


@dataclass(slots=True)
class Stage:
    """The folder of a run and the database in it."""

    folder: Path
    database_url: str | None = None
    postgresql_version: str | None = None


@contextlib.contextmanager
def bench_stage(options: BenchOptions) -> Iterator[Stage]:
    """Give a folder and, where it is wanted, a PostgreSQL of its own; both go at the end."""
    with contextlib.ExitStack() as stack:
        stage = Stage(stack.enter_context(_work_folder(options.folder)))
        if options.store == "postgresql":
            # Not above: the driver and the server are needed for this store only.
            from tongbao.app.postgresql import PrivatePostgresql  # noqa: PLC0415 - see above

            server = stack.enter_context(PrivatePostgresql(stage.folder / "postgresql"))
            stage.database_url, stage.postgresql_version = server.url, server.version
        yield stage


def prepare_world(folder: Path, options: BenchOptions, database_url: str | None) -> PreparedWorld:
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
    shops = [MERCHANT.merchant_id] * len(ids)
    if options.connections:
        # Each terminal of the mixed workload is a shop of its own.
        shops = merchant_ids(len(ids))
        register_merchants(world.settings.database_url, map(_shop, shops))
    register_terminals(
        world.settings.database_url,
        [
            NewTerminal(terminal_id=terminal_id, merchant_id=merchant_id, label="bench")
            for terminal_id, merchant_id in zip(ids, shops, strict=True)
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


def load_the_host(world: PreparedWorld, options: BenchOptions) -> tuple[Path, int | None]:
    """Run issuer, host and load; return the load's report and the host's exit code."""
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
        margin_s = _LOAD_MARGIN_S + options.terminals * _SIGN_IN_MARGIN_S
        deadline = time.monotonic() + options.warmup_seconds + options.seconds + margin_s
        while load.running() and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        if load.exit_code() != 0:
            raise BenchFailedError(
                f"the load generator ended with {load.exit_code()}\n{load.log_tail()}\n"
                f"host's log:\n{host.log_tail()}"
            )
        host_exit_code = host.stop()
    return report_file, host_exit_code


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
        connections=options.connections,
        report_file=str(world.folder / "load-report.json"),
    )


def _shop(merchant_id: str) -> NewMerchant:
    return NewMerchant(
        merchant_id=merchant_id, name="压测商户", name_en="Bench shop", mcc="5411", city=""
    )


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
