"""`tongbao bench`: how many flushed payments a second, how fast, and whether all were kept."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.app.bench.stage import BenchOptions, BenchResult

_EXIT_FAILED: Final = 1
_EXIT_ENVIRONMENT: Final = 3
_EXIT_INTERRUPTED: Final = 130


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs sale and mix, and load, which these start by themselves."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    sale = verbs.add_parser("sale", help="measure the whole path of a sale over loopback")
    sale.add_argument("--terminals", type=_count, default=256, help="simulated terminals (256)")
    sale.add_argument(
        "--issuer",
        choices=("standin", "sandbox"),
        default="standin",
        help="who answers: a stand-in in the load generator, at once, or the sandbox's issuer with"
        " its own flushed book",
    )
    sale.set_defaults(run=_sale)
    mix = verbs.add_parser("mix", help="measure the canonical workload without payments by code")
    mix.add_argument(
        "--terminals", type=_count, default=1_000, help="simulated terminals, each a shop (1000)"
    )
    mix.add_argument("--connections", type=_count, default=64, help="connections they share (64)")
    mix.set_defaults(run=_mix, issuer="standin")
    console = verbs.add_parser(
        "console", help="measure the list pages of console and API over many payments in PostgreSQL"
    )
    console.add_argument(
        "--payments", type=_payments, default=1_000_000, help="payments in the database (1000000)"
    )
    console.add_argument("--seed", type=int, default=1, help="seed of the payments (1)")
    console.add_argument("--json", action="store_true", help="print one JSON object")
    console.set_defaults(run=_console)
    for verb in (sale, mix):
        _add_common(verb)
    load = verbs.add_parser("load", help="the load generator's process (started by sale)")
    load.add_argument("--plan", type=Path, required=True, metavar="FILE")
    load.set_defaults(run=_load)


def _add_common(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--seconds", type=_seconds, default=10.0, help="measured time (10)")
    verb.add_argument("--warmup-seconds", type=_seconds, default=2.0, help="time before it (2)")
    verb.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    verb.add_argument(
        "--tls",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="TLS between terminals and host (default: off, as the yardstick has it)",
    )
    verb.add_argument("--seed", type=int, default=1, help="seed of cards, PINs and keys (1)")
    verb.add_argument("--data", type=Path, metavar="DIR", help="new folder to work in; it is kept")
    verb.add_argument("--json", action="store_true", help="print one JSON object")


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 10_000:
        raise argparse.ArgumentTypeError("1 to 10000 terminals")
    return value


def _payments(text: str) -> int:
    value = int(text)
    if not 1_000 <= value <= 100_000_000:
        raise argparse.ArgumentTypeError("1000 to 100000000 payments")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError("0 to 3600 seconds")
    return value


def _load(arguments: argparse.Namespace) -> int:
    from tongbao.app.bench.generator import generate_load

    return generate_load(arguments.plan)


def _sale(arguments: argparse.Namespace) -> int:
    from tongbao.app.bench.sale import run_sale_benchmark

    return _run("sale", arguments, run_sale_benchmark, describe)


def _console(arguments: argparse.Namespace) -> int:
    from tongbao.app.bench.console import (
        LIMIT_MS,
        BenchPageError,
        ConsoleOptions,
        run_console_benchmark,
    )
    from tongbao.app.postgresql import PostgresqlFailedError, PostgresqlMissingError

    options = ConsoleOptions(arguments.payments, arguments.seed)
    try:
        result = run_console_benchmark(options, lambda line: print(line, file=sys.stderr))
    except (PostgresqlMissingError, PostgresqlFailedError) as error:
        print(f"tongbao bench console: {error}", file=sys.stderr)
        return _EXIT_ENVIRONMENT
    except BenchPageError as error:
        print(f"tongbao bench console: {error}", file=sys.stderr)
        return _EXIT_FAILED
    print(json.dumps(result.figures, ensure_ascii=False, indent=None if arguments.json else 2))
    for page in result.too_slow:
        text = f"{page.name}: {page.median_ms:.0f} ms, at most {LIMIT_MS} ms"
        print(f"tongbao bench console: {text}", file=sys.stderr)
    return _EXIT_FAILED if result.too_slow else 0


def _mix(arguments: argparse.Namespace) -> int:
    from tongbao.app.bench.mix import run_mix_benchmark

    return _run("mix", arguments, run_mix_benchmark, describe_mix)


def _run(
    name: str,
    arguments: argparse.Namespace,
    run: Callable[[BenchOptions], BenchResult],
    tell: Callable[[BenchResult], str],
) -> int:
    from tongbao.app.bench.stage import BenchFailedError, BenchOptions
    from tongbao.app.postgresql import PostgresqlFailedError, PostgresqlMissingError
    from tongbao.app.processes import PartFailedError

    options = BenchOptions(
        terminals=arguments.terminals,
        seconds=arguments.seconds,
        warmup_seconds=arguments.warmup_seconds,
        store=arguments.store,
        tls=arguments.tls,
        issuer=arguments.issuer,
        seed=arguments.seed,
        folder=arguments.data,
        connections=getattr(arguments, "connections", 0),
    )
    # Asked to end, unwind as for Ctrl-C: the host and the load generator must not outlive this.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        result = run(options)
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED
    except (PostgresqlMissingError, PostgresqlFailedError) as error:
        print(f"tongbao bench {name}: {error}", file=sys.stderr)
        return _EXIT_ENVIRONMENT
    except (BenchFailedError, PartFailedError) as error:
        print(f"tongbao bench {name}: {error}", file=sys.stderr)
        return _EXIT_FAILED
    finally:
        signal.signal(signal.SIGTERM, before)
    print(json.dumps(result.figures) if arguments.json else tell(result))
    for fault in result.faults:
        print(f"tongbao bench {name}: {fault}", file=sys.stderr)
    return _EXIT_FAILED if result.faults else 0


def describe(result: BenchResult) -> str:
    """Write the figures for people."""
    figures = cast("dict[str, Any]", result.figures)
    sales = f"{figures['measured_sales']:,} in {figures['window_s']:.1f} s"
    rows = [
        ("latency", _row("p50_ms", "p95_ms", "p99_ms", "max_ms").format(**figures)),
        ("CPU", _CPU.format(**figures)),
        ("books", _books(figures)),
        ("answers", "{wrong_answers} wrong, {unanswered} missing".format(**figures)),
        ("load", _LOAD.format(**figures, tls_word="on" if figures["tls"] else "off")),
        ("store", _store(figures)),
        ("machine", "{cpu}, {processors} processors, {system}".format(**figures["machine"])),
        ("versions", _versions(figures["machine"])),
    ]
    head = f"{figures['sales_per_s']:,.0f} flushed sales a second ({sales})"
    return "\n".join([head, "", *(f"{name:<10}{text}" for name, text in rows)])


def describe_mix(result: BenchResult) -> str:
    """Write the figures of the mixed workload for people, with the shares as they were."""
    figures = cast("dict[str, Any]", result.figures)
    messages = figures["measured_messages"]
    wanted, acts = figures["wanted_percent"], figures["acts"]
    window = f"{messages:,} in {figures['window_s']:.1f} s"
    lines = [
        f"{figures['messages_per_s']:,.0f} flushed messages a second ({window})",
        "",
        f"{'act':<18}{'wanted':>8}{'seen':>8}{'count':>9}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}",
    ]
    for name, one in acts.items():
        share = f"{wanted[name]:.1f} %" if name in wanted else "-"
        seen = f"{100 * one['count'] / max(messages, 1):.1f} %"
        lines.append(
            f"{name:<18}{share:>8}{seen:>8}{one['count']:>9,}"
            f"{one['p50_ms']:>9.2f}{one['p95_ms']:>9.2f}{one['p99_ms']:>9.2f}"
        )
    rows = [
        ("latency", _row("p50_ms", "p95_ms", "p99_ms", "max_ms").format(**figures)),
        ("CPU", _MIX_CPU.format(**figures)),
        ("books", _books(figures)),
        ("answers", "{wrong_answers} wrong, {unanswered} missing".format(**figures)),
        ("replaced", _REPLACED.format(**figures)),
        ("load", _MIX_LOAD.format(**figures, tls_word="on" if figures["tls"] else "off")),
        ("store", _store(figures)),
        ("machine", "{cpu}, {processors} processors, {system}".format(**figures["machine"])),
        ("versions", _versions(figures["machine"])),
    ]
    return "\n".join([*lines, "", *(f"{name:<10}{text}" for name, text in rows)])


_MIX_CPU: Final = (
    "host {host_cpu_us_per_message:.1f} µs a message, load generator"
    " {load_cpu_us_per_message:.1f} µs, machine {machine_busy_percent:.0f} % busy"
)
_MIX_LOAD: Final = (
    "{terminals} terminals by Zipf 0.99 on {connections} connections, no payments by code,"
    " TLS {tls_word}, issuer {issuer}, seed {seed}"
)
_REPLACED: Final = (
    "{replaced} acts by others: nothing to void or refund yet, too many waiting to reverse"
)
_CPU: Final = (
    "host {host_cpu_us_per_sale:.1f} µs a sale, load generator {load_cpu_us_per_sale:.1f} µs,"
    " machine {machine_busy_percent:.0f} % busy"
)
_LOAD: Final = "{terminals} terminals, TLS {tls_word}, issuer {issuer}, seed {seed}"


def _row(*names: str) -> str:
    return "   ".join(f"{name.removesuffix('_ms')} {{{name}:.2f}} ms" for name in names)


def _books(figures: dict[str, Any]) -> str:
    acknowledged, durable = figures["acknowledged"], figures["durable"]
    if acknowledged != durable:
        return f"acknowledged {acknowledged:,}, DURABLE ONLY {durable:,}"
    beyond = figures["approved_in_database"] - durable
    return (
        f"acknowledged {acknowledged:,} = durable {durable:,} (on their way at the end: {beyond})"
    )


def _store(figures: dict[str, Any]) -> str:
    machine = figures["machine"]
    postgresql = figures["store"] == "postgresql"
    name = f"PostgreSQL {machine['postgresql']}" if postgresql else f"SQLite {machine['sqlite']}"
    return f"{name}, one flush of 4 KB takes {figures['flush_us']:.0f} µs"


def _versions(machine: dict[str, Any]) -> str:
    return (
        f"Python {machine['python']}, uvloop {machine['uvloop']},"
        f" cryptography {machine['cryptography']},"
        f" Tongbao {machine['tongbao']} ({machine['commit'] or 'no checkout'})"
    )
