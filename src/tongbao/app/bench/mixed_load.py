"""The mixed workload's load: some connections, many terminals, one request each at a time."""

from __future__ import annotations

import asyncio
import gc
import ssl
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final, cast

from tongbao.app.bench.measuring import Sample, percentile
from tongbao.app.bench.mix_report import ActFigures, MixReport, PaymentsOfTerminal
from tongbao.app.bench.mixed_terminal import MixedTerminal
from tongbao.app.bench.plan import SimulatedCard, merchant_ids, terminal_ids
from tongbao.app.bench.simulated_terminal import SignInFailedError
from tongbao.app.bench.standin_issuer import StandInIssuer
from tongbao.app.bench.workload import Act, Workload
from tongbao.crypto.errors import CryptoError
from tongbao.crypto.master_key import master_key_from
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.errors import ProtocolError
from tongbao.wire.unionpay.framing import ENVELOPE_BYTES, FrameSplitter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tongbao.app.bench.mixed_terminal import Asked
    from tongbao.app.bench.plan import LoadPlan

_LOOPBACK: Final = "127.0.0.1"
_ANSWER_WAIT_S: Final = 20.0
_ISSUER_WAIT_S: Final = 15.0
_DRAIN_S: Final = 10.0
_LATE_S: Final = 1.0
_LINK_DOWN: Final = "91"
# Under the name of a sale that is made to be reversed, its figures stand apart.
TO_REVERSE: Final = "sale_to_reverse"


@dataclass(slots=True)
class Course:
    """What all connections of a run share."""

    terminals: Sequence[MixedTerminal]
    workload: Workload
    measuring: bool = False
    stopping: bool = False
    replaced: int = 0
    held: int = 0
    latencies_s: dict[str, list[float]] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    late: deque[tuple[MixedTerminal, int]] = field(default_factory=deque)

    def next_act(self) -> Act:
        """Draw an act; while too many terminals wait to reverse, late becomes at once."""
        act = self.workload.act()
        if act is not Act.LATE_REVERSAL:
            return act
        if self.held >= len(self.terminals) // 4:
            self.replaced += 1
            return Act.REVERSAL
        self.held += 1
        return act

    def free_terminal(self) -> MixedTerminal:
        """Draw a terminal that does nothing at the moment, and take it.

        There is always one: half of them have a connection at most, and a quarter waits.
        """
        while True:
            terminal = self.terminals[self.workload.terminal()]
            if not terminal.busy:
                terminal.busy = True
                return terminal

    def note(self, name: str, took_s: float) -> None:
        """Keep the latency of an answer that counts."""
        if self.measuring:
            self.latencies_s.setdefault(name, []).append(took_s)


class Lane(asyncio.Protocol):
    """One connection: signs its share of the terminals in, then plays the workload."""

    def __init__(self, course: Course) -> None:
        self.waiting = False
        self._course = course
        self._splitter = FrameSplitter()
        self._on_frame: Callable[[bytes], None] = self._unexpected
        self._sent_at = 0.0
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        # uvloop's transports write, but do not derive from the class that says so.
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, _error: Exception | None) -> None:
        """A connection that ends while the load runs is a fault of the run."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(SignInFailedError("the host closed the connection"))
        elif not self._course.stopping:
            self._course.wrong["connection lost"] += 1

    def data_received(self, data: bytes) -> None:
        """Take whole answers out of the stream."""
        for frame in self._splitter.feed(data):
            self._on_frame(frame[ENVELOPE_BYTES:])

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    async def ask(self, frame: bytes) -> bytes:
        """Send one frame outside the measurement and return the answer's body."""
        self._answer = asyncio.get_running_loop().create_future()
        self._on_frame = self._answer.set_result
        self._transport.write(frame)
        try:
            return await asyncio.wait_for(self._answer, _ANSWER_WAIT_S)
        except TimeoutError:
            raise SignInFailedError("the host did not answer") from None
        finally:
            self._answer = None

    def play(self) -> None:
        """Do the next act of the workload."""
        course = self._course
        if course.late:
            terminal, trace = course.late.popleft()
            self._send(terminal, terminal.reversal(Act.LATE_REVERSAL, trace), "")
            return
        act, terminal = course.next_act(), course.free_terminal()
        if act in (Act.VOID, Act.REFUND) and not terminal.originals:
            # Nothing to void or refund yet: it sells instead, and the figures say how often.
            course.replaced += 1
            act = Act.CHIP_SALE
        if act is Act.VOID:
            asked = terminal.void(terminal.originals.popleft())
        elif act is Act.REFUND:
            sold = terminal.originals.popleft()
            asked = terminal.refund(sold, max(1, sold.amount // 2))
        elif act is Act.BALANCE:
            asked = terminal.balance()
        else:
            # Amounts differ, so that an answer to another sale would be noticed.
            amount = 100 + (len(terminal.book) * 37) % 9_900
            asked = terminal.sale(act, amount, course.workload.chip_data())
        self._send(terminal, asked, TO_REVERSE if act in _REVERSING else "")

    def _send(self, terminal: MixedTerminal, asked: Asked, name: str) -> None:
        self.waiting = True
        self._on_frame = lambda body: self._answered(terminal, asked, name or asked.act, body)
        self._sent_at = perf_counter()
        self._transport.write(asked.frame)

    def _answered(self, terminal: MixedTerminal, asked: Asked, name: str, body: bytes) -> None:
        took_s = perf_counter() - self._sent_at
        self.waiting = False
        course = self._course
        fault = terminal.fault_of(asked, body)
        if fault:
            course.wrong[fault] += 1
        else:
            course.note(name, took_s)
        if asked.act is Act.LATE_REVERSAL and (fault or name != TO_REVERSE):
            course.held -= 1
        if not fault and name == TO_REVERSE and asked.act is Act.REVERSAL:
            self._send(terminal, terminal.reversal(Act.REVERSAL, asked.trace), "")
            return
        if not fault and name == TO_REVERSE:
            item = (terminal, asked.trace)
            asyncio.get_running_loop().call_later(_LATE_S, course.late.append, item)
        else:
            terminal.busy = False
        if not course.stopping:
            self.play()

    def _unexpected(self, _body: bytes) -> None:
        self._course.wrong["an answer that nobody asked for"] += 1


_REVERSING: Final = (Act.REVERSAL, Act.LATE_REVERSAL)


async def run_mixed_load(plan: LoadPlan) -> MixReport:
    """Play the mixed workload against a host and return what was seen.

    Raises: SignInFailedError; OSError; ValueError for too many connections.
    """
    if 2 * plan.connections > plan.terminals:
        raise ValueError("there must be two terminals for each connection")
    ids = terminal_ids(plan.terminals)
    cards = {one: SimulatedCard.of_terminal(n, plan.seed) for n, one in enumerate(ids)}
    keys = _open_store(plan.terminal_key_file, plan.terminal_master_key_file)
    issuer = StandInIssuer(_open_store(plan.issuer_key_file, plan.issuer_master_key_file), cards)
    shops = merchant_ids(plan.terminals)
    terminals = [
        MixedTerminal(terminal_id, merchant_id, cards[terminal_id], keys)
        for terminal_id, merchant_id in zip(ids, shops, strict=True)
    ]
    course = Course(terminals, Workload(plan.terminals, plan.seed))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(issuer.connection, _LOOPBACK, plan.issuer_port)
    context = (
        ssl.create_default_context(cafile=plan.authority_file) if plan.authority_file else None
    )
    lanes = []
    for _ in range(plan.connections):
        _, lane = await loop.create_connection(
            lambda: Lane(course), plan.host_address, plan.host_port, ssl=context
        )
        lanes.append(lane)
    await asyncio.gather(
        *(_sign_in(lane, terminals[n :: len(lanes)]) for n, lane in enumerate(lanes))
    )
    await _until_issuer_answers(lanes[0], terminals[0], course)
    before, after = await _measure(plan, lanes, course)
    course.wrong.update(issuer.faults)
    for lane in lanes:
        lane.close()
    server.close()
    return _report(course, before, after, unanswered=sum(lane.waiting for lane in lanes))


async def _sign_in(lane: Lane, terminals: Sequence[MixedTerminal]) -> None:
    for terminal in terminals:
        try:
            terminal.signed_in(await lane.ask(terminal.sign_in()))
        except (ProtocolError, CryptoError) as error:
            raise SignInFailedError(f"terminal {terminal.terminal_id}: {error}") from None


async def _until_issuer_answers(lane: Lane, terminal: MixedTerminal, course: Course) -> None:
    deadline = time.monotonic() + _ISSUER_WAIT_S
    while True:
        asked = terminal.sale(Act.CHIP_SALE, 100, course.workload.chip_data())
        fault = terminal.fault_of(asked, await lane.ask(asked.frame))
        if not fault:
            return
        if not fault.endswith(f"code {_LINK_DOWN}"):
            raise SignInFailedError(f"the first sale failed: {fault}")
        if time.monotonic() > deadline:
            raise SignInFailedError("the host does not reach its issuer")
        await asyncio.sleep(0.05)


async def _measure(plan: LoadPlan, lanes: Sequence[Lane], course: Course) -> tuple[Sample, Sample]:
    # Nothing here makes many cycles; a collection would only stretch somebody's answer.
    gc.collect()
    gc.freeze()
    gc.disable()
    for lane in lanes:
        lane.play()
    await asyncio.sleep(plan.warmup_seconds)
    before = Sample.now(plan.host_pid)
    course.measuring = True
    await asyncio.sleep(plan.seconds)
    course.measuring = False
    after = Sample.now(plan.host_pid)
    course.stopping = True
    deadline = time.monotonic() + _DRAIN_S
    # The answers arrive in protocols; a look at them now and then spares each one a signal.
    while any(lane.waiting for lane in lanes) and time.monotonic() < deadline:  # noqa: ASYNC110 - see above
        await asyncio.sleep(0.02)
    return before, after


def _report(course: Course, before: Sample, after: Sample, *, unanswered: int) -> MixReport:
    acts = {
        name: ActFigures.of([1000 * one for one in latencies])
        for name, latencies in sorted(course.latencies_s.items())
    }
    together = sorted(1000 * one for each in course.latencies_s.values() for one in each)
    return MixReport(
        window_s=after.wall_s - before.wall_s,
        messages=len(together),
        p50_ms=percentile(together, 50),
        p95_ms=percentile(together, 95),
        p99_ms=percentile(together, 99),
        max_ms=percentile(together, 100),
        host_cpu_s=after.host_cpu_s - before.host_cpu_s,
        load_cpu_s=after.load_cpu_s - before.load_cpu_s,
        machine_busy_percent=after.busy_percent_since(before),
        unanswered=unanswered,
        replaced=course.replaced,
        acts=acts,
        wrong=dict(course.wrong),
        books={
            terminal.terminal_id: PaymentsOfTerminal(
                terminal.batch_no,
                {trace: (one.kind, one.amount, one.state) for trace, one in terminal.book.items()},
            )
            for terminal in course.terminals
            if terminal.book
        },
    )


def _open_store(key_file: str, master_key_file: str) -> SoftwareKeyStore:
    return SoftwareKeyStore.open(Path(key_file), master_key_from(Path(master_key_file)))
