"""The load generator's process: all simulated terminals and the stand-in issuer in one loop.

It has no say in the result: it writes down what it saw, and the reporting process compares that
with the database after the host has stopped.
"""

from __future__ import annotations

import asyncio
import gc
import json
import ssl
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import uvloop

from tongbao.app.bench.measuring import Sample, percentile
from tongbao.app.bench.mixed_load import run_mixed_load
from tongbao.app.bench.plan import (
    AcknowledgedSales,
    LoadPlan,
    LoadReport,
    SimulatedCard,
    read_plan,
    terminal_ids,
    write_json,
)
from tongbao.app.bench.simulated_terminal import SignInFailedError, SimulatedTerminal, Tally
from tongbao.app.bench.standin_issuer import StandInIssuer
from tongbao.crypto.master_key import master_key_from
from tongbao.crypto.software_key_store import SoftwareKeyStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from tongbao.app.bench.mix_report import MixReport

_T = TypeVar("_T")

_LOOPBACK: Final = "127.0.0.1"
_SIGN_INS_AT_ONCE: Final = 32
_ANSWER_WAIT_S: Final = 20.0
_ISSUER_WAIT_S: Final = 15.0
_DRAIN_S: Final = 10.0
_STANDIN_FIRST_AMOUNT: Final = 100


def generate_load(plan_file: Path) -> int:
    """Run the load of a plan, write its report and return an exit code."""
    plan = read_plan(plan_file)
    print(json.dumps({"ready": "load"}), flush=True)
    try:
        report: LoadReport | MixReport = (
            uvloop.run(run_mixed_load(plan)) if plan.connections else uvloop.run(_run(plan))
        )
    except (SignInFailedError, OSError) as error:
        print(f"tongbao bench load: {error}", file=sys.stderr)
        return 1
    write_json(Path(plan.report_file), report)
    return 0


async def _run(plan: LoadPlan) -> LoadReport:
    standin = plan.issuer_port != 0
    ids = terminal_ids(plan.terminals)
    cards = {
        terminal_id: SimulatedCard.of_terminal(number, plan.seed)
        if standin
        else SimulatedCard.of_sandbox(number)
        for number, terminal_id in enumerate(ids)
    }
    issuer_keys = _open_store(plan.issuer_key_file, plan.issuer_master_key_file)
    issuer = StandInIssuer(issuer_keys, cards)
    loop = asyncio.get_running_loop()
    server = (
        await loop.create_server(issuer.connection, _LOOPBACK, plan.issuer_port)
        if standin
        else None
    )
    tally = Tally()
    terminals = await _connect(plan, cards, tally)
    if standin:
        for terminal in terminals:
            terminal.first_amount = _STANDIN_FIRST_AMOUNT
    await _until_issuer_answers(terminals[0])
    before, after = await _measure(plan, terminals, tally)
    tally.wrong.update(issuer.faults)
    unanswered = sum(terminal.waiting for terminal in terminals)
    for terminal in terminals:
        terminal.close()
    if server is not None:
        server.close()
    latencies_ms = sorted(1000 * latency_s for latency_s in tally.latencies_s)
    return LoadReport(
        window_s=after.wall_s - before.wall_s,
        sales=len(latencies_ms),
        p50_ms=percentile(latencies_ms, 50),
        p95_ms=percentile(latencies_ms, 95),
        p99_ms=percentile(latencies_ms, 99),
        max_ms=percentile(latencies_ms, 100),
        host_cpu_s=after.host_cpu_s - before.host_cpu_s,
        load_cpu_s=after.load_cpu_s - before.load_cpu_s,
        machine_busy_percent=after.busy_percent_since(before),
        issuer_messages=issuer.messages,
        unanswered=unanswered,
        wrong=dict(tally.wrong),
        acknowledged={
            terminal.terminal_id: AcknowledgedSales(terminal.batch_no, terminal.acknowledged)
            for terminal in terminals
        },
    )


async def _connect(
    plan: LoadPlan, cards: dict[str, SimulatedCard], tally: Tally
) -> list[SimulatedTerminal]:
    """Connect and sign in every terminal, some at a time."""
    keys = _open_store(plan.terminal_key_file, plan.terminal_master_key_file)
    context = (
        ssl.create_default_context(cafile=plan.authority_file) if plan.authority_file else None
    )
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(_SIGN_INS_AT_ONCE)

    async def connect(terminal_id: str) -> SimulatedTerminal:
        async with gate:
            _, terminal = await loop.create_connection(
                lambda: SimulatedTerminal(
                    terminal_id, plan.merchant_id, cards[terminal_id], keys, tally
                ),
                plan.host_address,
                plan.host_port,
                ssl=context,
            )
            await _answered(terminal.ready, "a sign-in")
            return terminal

    return list(await asyncio.gather(*map(connect, cards)))


async def _until_issuer_answers(terminal: SimulatedTerminal) -> None:
    """Repeat a first sale until the host has reached its issuer."""
    deadline = time.monotonic() + _ISSUER_WAIT_S
    while not await _answered(terminal.probe(), "the first sale"):
        if time.monotonic() > deadline:
            raise SignInFailedError("the host does not reach its issuer")
        await asyncio.sleep(0.05)


async def _answered(waiting: Awaitable[_T], what: str) -> _T:
    try:
        return await asyncio.wait_for(waiting, _ANSWER_WAIT_S)
    except TimeoutError:
        raise SignInFailedError(f"the host did not answer {what}") from None


async def _measure(
    plan: LoadPlan, terminals: Sequence[SimulatedTerminal], tally: Tally
) -> tuple[Sample, Sample]:
    """Let every terminal sell, measure the window, stop and wait for the last answers."""
    # Nothing here makes cycles; a collection would only stretch somebody's answer.
    gc.collect()
    gc.freeze()
    gc.disable()
    for terminal in terminals:
        terminal.sell()
    await asyncio.sleep(plan.warmup_seconds)
    before = Sample.now(plan.host_pid)
    tally.measuring = True
    await asyncio.sleep(plan.seconds)
    tally.measuring = False
    after = Sample.now(plan.host_pid)
    tally.stopping = True
    deadline = time.monotonic() + _DRAIN_S
    # The answers arrive in protocols; a look at them now and then spares each one a signal.
    while any(terminal.waiting for terminal in terminals) and time.monotonic() < deadline:  # noqa: ASYNC110 - see above
        await asyncio.sleep(0.02)
    return before, after


def _open_store(key_file: str, master_key_file: str) -> SoftwareKeyStore:
    return SoftwareKeyStore.open(Path(key_file), master_key_from(Path(master_key_file)))
