"""Our own host and terminal as processes, for the kit to grade."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tongbao.app.conform.enrolment import enrol, enrol_terminal
from tongbao.app.conform.grading import Certificate
from tongbao.app.conform.hands import TillHands
from tongbao.app.conform.host_grading import grade_host
from tongbao.app.conform.host_side import HostSide
from tongbao.app.conform.plan import Plan
from tongbao.app.conform.terminal_grading import grade_terminal
from tongbao.app.demo.cashier import Cashier
from tongbao.app.processes import Part
from tongbao.app.setup import SetUpOptions, prepare
from tongbao.app.world import FIRST_TERMINAL, host_part, sandbox_part, terminal_part

PATIENCE_MS = 12_000
SUPERVISOR = ("00", "123456")
HERE = Path(__file__).parent
# Short waits: a host gives its issuer up, and a terminal its host, while the kit looks on.
_HOST = {
    "issuer_timeout_ms": 1_500,
    "inquiry_timeout_ms": 700,
    "reversal_retry_ms": 200,
    "reversal_retry_max_ms": 500,
    "reconnect_ms": 50,
}
_SANDBOX = {"late_reply_delay_ms": 600}
_TERMINAL = {
    "host_timeout_ms": 1_500,
    "connect_timeout_ms": 1_000,
    "retry_first_ms": 100,
    "retry_max_ms": 300,
    "reversal_repeats": 5,
}


def broken(fault: str) -> dict[str, str]:
    """The environment in which a process has this bug (`broken_parties`)."""
    folders = [str(HERE / "broken_parties"), str(HERE.parents[2])]
    path = os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")])
    return {"PYTHONPATH": path.rstrip(os.pathsep), "TONGBAO_BROKEN": fault}


@contextmanager
def running_host(folder: Path, fault: str = "") -> Iterator[tuple[Plan, tuple[str, int]]]:
    """A host with its issuer; yields the plan and the host's address."""
    options = SetUpOptions(port_base=None, tls=False, host=_HOST, sandbox=_SANDBOX)
    world = prepare(folder / "world", options)
    plan = enrol(world.settings, PATIENCE_MS)
    sandbox, host = sandbox_part(world), host_part(world)
    _break(host, fault)
    with ExitStack() as stack:
        for part in (sandbox, host):
            stack.callback(part.stop)
            part.start()
        name, _, port = str(host.ready["address"]).rpartition(":")
        yield plan, (name, int(port))


def certify_host(folder: Path, fault: str = "", *only: str) -> Certificate:
    """Start a host, grade it and return the certificate."""
    with running_host(folder, fault) as (plan, address):
        return grade_host(plan, address, None, lambda _grade: None, only)


def certify_terminal(folder: Path, fault: str = "", *only: str) -> Certificate:
    """Start a terminal before the kit's host, grade it and return the certificate."""
    with ExitStack() as stack:
        options = SetUpOptions(port_base=None, tls=False, terminal=_TERMINAL)
        world = prepare(folder / "world", options)
        settings = world.settings.terminals[FIRST_TERMINAL]
        plan = enrol_terminal(world.settings, FIRST_TERMINAL, PATIENCE_MS)
        host = HostSide(plan, (settings.host_address, settings.host_port))
        stack.callback(host.close)
        terminal = terminal_part(world)
        _break(terminal, fault)
        stack.callback(terminal.stop)
        terminal.start()
        cashier = stack.enter_context(Cashier(str(terminal.ready["address"])))
        hands = TillHands(cashier, SUPERVISOR)
        return grade_terminal(plan, host, hands, lambda _grade: None, only)


def _break(part: Part, fault: str) -> None:
    if fault:
        part.environment.update(broken(fault))
