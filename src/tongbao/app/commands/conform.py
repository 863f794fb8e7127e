"""`tongbao conform`: play the other side and grade any terminal or host of the dialect.

Exit codes: 0 every case that applies passed; 1 one failed; 2 wrong usage; 3 the party cannot be
reached or the plan cannot be used.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongbao.app.cli import EXIT_ENVIRONMENT, EXIT_FAILED, EXIT_OK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tongbao.app.conform.case import Case
    from tongbao.app.conform.grading import Certificate, Grade
    from tongbao.app.conform.plan import Plan

_PATIENCE_MS = 60_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs `host`, `terminal` and `plan`."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    host = verbs.add_parser("host", help="be a terminal and grade a host")
    host.add_argument("--address", type=_address, help="the host, HOST:PORT")
    host.add_argument("--tls", action="store_true", help="speak TLS to the host")
    host.add_argument("--ca", type=Path, help="authority of the host's certificate (PEM)")
    host.add_argument("--server-name", default="localhost", help="name in the host's certificate")
    _common(host)
    host.set_defaults(run=run_host)

    terminal = verbs.add_parser("terminal", help="be a host and grade a terminal")
    terminal.add_argument("--address", type=_address, help="where to listen, HOST:PORT")
    terminal.add_argument("--certificate", type=Path, help="speak TLS with this chain (PEM)")
    terminal.add_argument("--key", type=Path, help="the certificate's key (PEM)")
    terminal.add_argument(
        "--till", metavar="HOST:PORT", help="work a Tongbao till there; without it you are asked"
    )
    terminal.add_argument(
        "--supervisor", default="00:123456", help="number and password (default 00:123456)"
    )
    _common(terminal)
    terminal.set_defaults(run=run_terminal)

    plan = verbs.add_parser("plan", help="enrol test terminals in a sandbox and write its plan")
    plan.add_argument("--config", type=Path, required=True, help="the sandbox's tongbao.toml")
    plan.add_argument(
        "--terminal", help="a terminal to grade: it gets a new key, and its own host loses it"
    )
    plan.set_defaults(run=run_plan)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plan", type=Path, help="keys and cards (see `tongbao conform plan`)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="cases that begin so"
    )
    parser.add_argument("--list", action="store_true", help="print the cases and their rules")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run_host(arguments: argparse.Namespace) -> int:
    """Grade a host and return the exit code."""
    from tongbao.app.conform.host_grading import HOST_CASES, grade_host
    from tongbao.app.conform.plan import PlanError, read_plan

    if arguments.list:
        return _print_list(HOST_CASES)
    if arguments.address is None or arguments.plan is None:
        print("tongbao conform host: --address and --plan are needed", file=sys.stderr)
        return EXIT_ENVIRONMENT
    try:
        plan = read_plan(arguments.plan)
        tls = None
        if arguments.tls:
            tls = (ssl.create_default_context(cafile=arguments.ca), arguments.server_name)
        tell = _teller(quiet=arguments.json)
        certificate = grade_host(plan, arguments.address, tls, tell, arguments.only)
    except (PlanError, OSError) as error:
        print(f"tongbao conform host: {error}", file=sys.stderr)
        return EXIT_ENVIRONMENT
    return _print_certificate(certificate, as_json=arguments.json)


def run_terminal(arguments: argparse.Namespace) -> int:
    """Grade a terminal and return the exit code."""
    from tongbao.app.conform.plan import PlanError, read_plan
    from tongbao.app.conform.terminal_grading import TERMINAL_CASES
    from tongbao.app.demo.cashier import CashierError

    if arguments.list:
        return _print_list(TERMINAL_CASES)
    if arguments.address is None or arguments.plan is None:
        print("tongbao conform terminal: --address and --plan are needed", file=sys.stderr)
        return EXIT_ENVIRONMENT
    try:
        certificate = _grade_terminal(arguments, read_plan(arguments.plan))
    except (PlanError, CashierError, OSError) as error:
        print(f"tongbao conform terminal: {error}", file=sys.stderr)
        return EXIT_ENVIRONMENT
    return _print_certificate(certificate, as_json=arguments.json)


def _grade_terminal(arguments: argparse.Namespace, plan: Plan) -> Certificate:
    from tongbao.app.conform.hands import TillHands
    from tongbao.app.conform.host_side import HostSide
    from tongbao.app.conform.person import PersonHands
    from tongbao.app.conform.terminal_grading import grade_terminal
    from tongbao.app.demo.cashier import Cashier

    tls = None
    if arguments.certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(arguments.certificate, arguments.key)
    tell = _teller(quiet=arguments.json)
    with contextlib.ExitStack() as stack:
        host = HostSide(plan, arguments.address, tls)
        stack.callback(host.close)
        print(f"listening on {host.address[0]}:{host.address[1]}", file=sys.stderr)
        if arguments.till is None:
            return grade_terminal(plan, host, PersonHands(), tell, arguments.only)
        cashier = stack.enter_context(Cashier(arguments.till))
        number, _, password = arguments.supervisor.partition(":")
        hands = TillHands(cashier, (number, password))
        return grade_terminal(plan, host, hands, tell, arguments.only)


def run_plan(arguments: argparse.Namespace) -> int:
    """Enrol the kit's terminals and print the plan."""
    from tongbao.app.conform.enrolment import EnrolmentError, enrol, enrol_terminal
    from tongbao.app.conform.plan import write_plan
    from tongbao.app.settings import SettingsError, read_settings

    try:
        settings = read_settings(arguments.config)
        if arguments.terminal is None:
            plan = enrol(settings, _PATIENCE_MS)
        else:
            plan = enrol_terminal(settings, arguments.terminal, _PATIENCE_MS)
    except (SettingsError, EnrolmentError) as error:
        print(f"tongbao conform plan: {error}", file=sys.stderr)
        return EXIT_ENVIRONMENT
    print(write_plan(plan), end="")
    print("Restart the party: it reads its key file at its start.", file=sys.stderr)
    return EXIT_OK


def _teller(*, quiet: bool) -> Callable[[Grade], None]:
    from tongbao.app.conform.reporting import grade_text

    def tell(grade: Grade) -> None:
        if not quiet:
            print(grade_text(grade), flush=True)

    return tell


def _print_certificate(certificate: Certificate, *, as_json: bool) -> int:
    from tongbao.app.conform.reporting import certificate_document, certificate_text

    if as_json:
        print(json.dumps(certificate_document(certificate), ensure_ascii=False))
    else:
        print(certificate_text(certificate))
    return EXIT_OK if certificate.conforms else EXIT_FAILED


def _print_list(cases: Sequence[Case[Any]]) -> int:
    for case in cases:
        print(f"{case.name:<44} {case.rule} ({case.source})")
    print(f"{len(cases)} cases")
    return EXIT_OK


def _address(word: str) -> tuple[str, int]:
    host, _, port = word.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError("an address is HOST:PORT")
    return host, int(port)
