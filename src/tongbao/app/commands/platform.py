"""`tongbao platform`: the operations console and the database behind it."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tongbao.app.cli import EXIT_BAD_INPUT, EXIT_ENVIRONMENT, EXIT_OK
from tongbao.app.commands import platform_staff
from tongbao.app.commands.settings_file import settings_in

if TYPE_CHECKING:
    from tongbao.app.settings import Settings
    from tongbao.platform.payments.traces.document import TraceKey


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs `serve`, `migrate`, `create-staff`, `register-terminal` and the traces'."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    serve = verbs.add_parser("serve", help="serve the console until SIGTERM")
    serve.set_defaults(run=_serve)
    work = verbs.add_parser("work", help="do the platform's periodic work until SIGTERM")
    work.set_defaults(run=_work)
    devices = verbs.add_parser("devices", help="serve the device gateway until SIGTERM")
    devices.set_defaults(run=_devices)
    migrate = verbs.add_parser("migrate", help="bring the database to this version's schema")
    migrate.set_defaults(run=_migrate)
    platform_staff.configure(verbs.add_parser("staff", help="add and list staff, change roles"))
    staff = verbs.add_parser("create-staff", help="add a person who may log in to the console")
    staff.add_argument("--name", required=True, help="the name to log in with")
    staff.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input; without it a password is made and shown once",
    )
    staff.set_defaults(run=_create_staff)
    terminal = verbs.add_parser("register-terminal", help="add a terminal of a registered merchant")
    terminal.add_argument("--terminal", required=True, help="terminal number, 8 characters")
    terminal.add_argument("--merchant", required=True, help="merchant number, 15 characters")
    terminal.add_argument("--serial-number", default="", help="serial number on the device")
    terminal.add_argument("--label", default="", help="where it stands, for people")
    terminal.set_defaults(run=_register_terminal)
    trace = verbs.add_parser(
        "trace", help="tell what happened to a payment, or save its trace file"
    )
    trace.add_argument("--rrn", required=True, help="reference number of the payment")
    trace.add_argument("--json", action="store_true", help="print the signed trace file")
    trace.set_defaults(run=_trace)
    verify = verbs.add_parser("verify-trace", help="check hash and signature of a trace file")
    verify.add_argument("--file", type=Path, required=True, help="the trace file")
    verify.set_defaults(run=_verify_trace)
    openapi = verbs.add_parser("openapi", help="print the description of the API (OpenAPI 3.1)")
    openapi.set_defaults(run=_openapi)
    for verb in (serve, devices, work, migrate, staff, terminal, trace, verify):
        verb.add_argument("--config", type=Path, required=True, help="the settings file")


def _serve(arguments: argparse.Namespace) -> int:
    from tongbao.platform.server import serve
    from tongbao.platform.settings import PlatformSettings

    settings = settings_in(arguments)
    if settings is None:
        return EXIT_BAD_INPUT
    try:
        return serve(settings.database_url, settings.platform or PlatformSettings(), _say)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return EXIT_ENVIRONMENT


def _work(arguments: argparse.Namespace) -> int:
    from tongbao.app.logs import log_to_stderr
    from tongbao.platform.settings import PlatformSettings
    from tongbao.platform.work.server import work

    settings = settings_in(arguments)
    if settings is None:
        return EXIT_BAD_INPUT
    log_to_stderr()
    try:
        return work(settings.database_url, settings.platform or PlatformSettings(), _say)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return EXIT_ENVIRONMENT


def _devices(arguments: argparse.Namespace) -> int:
    from tongbao.platform.fleet.gateway.server import serve_devices
    from tongbao.platform.settings import PlatformSettings

    settings = settings_in(arguments)
    if settings is None:
        return EXIT_BAD_INPUT
    try:
        return serve_devices(settings.database_url, settings.platform or PlatformSettings(), _say)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return EXIT_ENVIRONMENT


def _say(line: str) -> None:
    print(line, flush=True)


def _migrate(arguments: argparse.Namespace) -> int:
    from tongbao.platform.schema import migrate

    settings = settings_in(arguments)
    if settings is None:
        return EXIT_BAD_INPUT
    migrate(settings.database_url)
    return EXIT_OK


def _openapi(_arguments: argparse.Namespace) -> int:
    from tongbao.platform.project import configured

    configured()
    from tongbao.platform.api.v1 import description

    print(json.dumps(description(), ensure_ascii=False, indent=2))
    return EXIT_OK


def _create_staff(arguments: argparse.Namespace) -> int:
    from tongbao.platform.accounts.generated import generated_password
    from tongbao.platform.accounts.services import StaffError, create_staff

    settings = settings_in(arguments)
    if settings is None:
        return EXIT_BAD_INPUT
    if arguments.password_stdin:
        interactive = sys.stdin.isatty()
        password = getpass.getpass() if interactive else sys.stdin.readline().rstrip("\n")
    else:
        password = generated_password()
    try:
        create_staff(settings.database_url, arguments.name, password)
    except StaffError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT
    if not arguments.password_stdin:
        platform_staff.say_password(arguments.name, password)
    return EXIT_OK


def _register_terminal(arguments: argparse.Namespace) -> int:
    from tongbao.platform.registry import NewTerminal, UnknownMerchantError, register_terminal

    settings = settings_in(arguments)
    if settings is None:
        return EXIT_BAD_INPUT
    try:
        register_terminal(
            settings.database_url,
            NewTerminal(
                terminal_id=arguments.terminal,
                merchant_id=arguments.merchant,
                serial_number=arguments.serial_number,
                label=arguments.label,
            ),
        )
    except (ValueError, UnknownMerchantError) as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT
    return EXIT_OK


def _trace(arguments: argparse.Namespace) -> int:
    from tongbao.platform.payments.traces.document import write_trace
    from tongbao.platform.payments.traces.story import story_of
    from tongbao.platform.traces import UnknownPaymentError, fetch_trace

    settings = settings_in(arguments)
    if settings is None:
        return EXIT_BAD_INPUT
    sandbox = settings.platform is not None and settings.platform.sandbox
    try:
        trace = fetch_trace(settings.database_url, arguments.rrn, is_sandbox=sandbox)
    except UnknownPaymentError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT
    if not arguments.json:
        print(story_of(trace))
        return EXIT_OK
    key = _trace_key(settings)
    if key is None:
        return EXIT_ENVIRONMENT
    sys.stdout.buffer.write(write_trace(trace, key))
    sys.stdout.flush()
    return EXIT_OK


def _verify_trace(arguments: argparse.Namespace) -> int:
    from tongbao.platform.payments.traces.document import TraceError, read_trace

    settings = settings_in(arguments)
    if settings is None:
        return EXIT_BAD_INPUT
    key = _trace_key(settings)
    if key is None:
        return EXIT_ENVIRONMENT
    try:
        trace = read_trace(arguments.file.read_bytes(), key)
    except (OSError, TraceError) as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT
    print(f"whole and ours: {trace.subject}, {len(trace.payments)} payments, key {key.name}")
    return EXIT_OK


def _trace_key(settings: Settings) -> TraceKey | None:
    from tongbao.platform.payments.traces.document import trace_key_of
    from tongbao.platform.settings import PlatformSettings

    file = (settings.platform or PlatformSettings()).trace_key_place
    try:
        return trace_key_of(file.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        print(f"the key for trace files cannot be read: {error}", file=sys.stderr)
        return None
