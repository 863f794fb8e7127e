"""`tongbao simulate`: live whole payment worlds through on virtual time and check their books.

Exit codes: 0 every invariant held; 1 one did not, and the smallest world found that shows it is
printed as a story with the command that repeats it, or a replay differed; 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tongbao.simulation.campaign import Campaign
    from tongbao.simulation.faults import Fault, Firing
    from tongbao.simulation.life import Outcome
    from tongbao.simulation.scenario import Scenario

_EXIT_OK: Final = 0
_EXIT_FAILED: Final = 1
_EXIT_USAGE: Final = 2
_STORIES_MAX: Final = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options; there is no verb."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", type=_number, help="one world")
    which.add_argument("--seeds", type=_range, metavar="A-B", help="all worlds from A to B")
    which.add_argument(
        "--trace", type=Path, metavar="FILE", help="replay the payments of a trace file"
    )
    which.add_argument("--list-faults", action="store_true", help="print the kinds of fault")
    parser.add_argument(
        "--faults",
        type=_rates,
        metavar="NAME=RATE,…",
        help="these kinds at these rates, or none, in place of what the seed draws",
    )
    parser.add_argument(
        "--only", type=_firings, metavar="NAME:N,…", help="let only these faults happen, or none"
    )
    parser.add_argument(
        "--blackout",
        action="store_true",
        help="all shops lose their power at a bad moment; the host must end alone what it began",
    )
    parser.add_argument("--terminals", type=_small, help="number of terminals, 1 to 8")
    parser.add_argument("--sales", type=_sales, help="number of sales in all, 1 to 500")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--story", action="store_true", help="print what happened, line by line")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write the report of many worlds as Markdown"
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="keep the sums of every 250 worlds here; a broken-off campaign goes on from them",
    )
    parser.add_argument(
        "--jobs", type=_number, default=os.cpu_count() or 1, help="worlds at a time (processors)"
    )
    parser.set_defaults(run=_run)


def _run(namespace: argparse.Namespace) -> int:
    if namespace.list_faults:
        return _list_faults()
    if namespace.trace is not None:
        return _replay(namespace)
    if namespace.seed is not None:
        return _one(namespace)
    return _many(namespace)


def _replay(namespace: argparse.Namespace) -> int:
    from tongbao.platform.payments.traces.document import TraceError, read_trace
    from tongbao.simulation.replay import replay

    try:
        trace = read_trace(namespace.trace.read_bytes())
    except (OSError, TraceError) as error:
        print(f"{namespace.trace}: {error}", file=sys.stderr)
        return _EXIT_USAGE
    rows = replay(trace)
    if namespace.json:
        payments = [
            {
                "rrn": row.rrn,
                "kind": row.kind,
                "same": row.is_same,
                "recorded": list(row.recorded),
                "replayed": list(row.replayed),
            }
            for row in rows
        ]
        print(json.dumps({"payments": payments}, ensure_ascii=False))
    else:
        for row in rows:
            print(f"{row.rrn}  {row.kind:<22} {'same' if row.is_same else 'DIFFERS'}")
            print(f"  recorded: {', '.join(row.recorded)}")
            if not row.is_same:
                print(f"  replayed: {', '.join(row.replayed)}")
    return _EXIT_OK if all(row.is_same for row in rows) else _EXIT_FAILED


def _one(namespace: argparse.Namespace) -> int:
    from tongbao.simulation.life import live

    scenario = _scenario(namespace.seed, namespace)
    outcome = live(scenario, keep_story=namespace.story)
    if namespace.json:
        print(json.dumps(_plain(outcome), ensure_ascii=False))
        return _EXIT_OK if outcome.is_good else _EXIT_FAILED
    if namespace.story:
        print("\n".join(outcome.story))
    print(_summary(outcome))
    if outcome.is_good:
        return _EXIT_OK
    if not namespace.story:
        _tell(outcome)
    return _EXIT_FAILED


def _many(namespace: argparse.Namespace) -> int:
    from tongbao.simulation.campaign import run_all, run_in_chunks
    from tongbao.simulation.life import live
    from tongbao.simulation.report import markdown

    first, last = namespace.seeds
    scenarios = [_scenario(seed, namespace) for seed in range(first, last + 1)]
    told = _progress(len(scenarios))
    if namespace.keep is None:
        campaign = run_all(scenarios, namespace.jobs, told)
    else:
        campaign = run_in_chunks(namespace.keep, scenarios, namespace.jobs, told)
    if namespace.report is not None:
        namespace.report.write_text(markdown(campaign, f"Worlds {first} to {last}"), "utf-8")
    if namespace.json:
        print(json.dumps(campaign.report(), ensure_ascii=False))
    else:
        print("\n".join(_table(campaign)))
        for failure in campaign.failures[:_STORIES_MAX]:
            _tell(live(_scenario(failure.seed, namespace)))
    return _EXIT_FAILED if campaign.failures else _EXIT_OK


def _tell(failed: Outcome) -> None:
    """Print the smallest world that fails in the same way, as a story."""
    from tongbao.simulation.life import live
    from tongbao.simulation.minimise import minimise

    print(f"\nseed {failed.scenario.seed}: {failed.failure}")
    print("looking for a smaller world that fails in the same way ...")
    smallest = minimise(failed)
    story = live(smallest.scenario, keep_story=True)
    print("\n".join(story.story))
    print(_summary(story))
    print(f"repeat it with: {smallest.scenario.command()}")


def _summary(outcome: Outcome) -> str:
    verdict = "every invariant held" if outcome.is_good else f"FAILED, {outcome.failure}"
    return (
        f"seed {outcome.scenario.seed}: {verdict}; {outcome.seconds:.0f} s of virtual time,"
        f" {outcome.frames} frames, {outcome.approved} payments in all three books,"
        f" {sum(outcome.fired.values())} faults, trace {outcome.digest[:16]}"
    )


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {
        "seed": outcome.scenario.seed,
        "good": outcome.is_good,
        "failure": outcome.failure,
        "virtual_seconds": round(outcome.seconds, 3),
        "frames": outcome.frames,
        "approved_payments": outcome.approved,
        "faults": dict(sorted(outcome.fired.items())),
        "firings": list(map(str, outcome.firings)),
        "trace": outcome.digest,
        "command": outcome.scenario.command(),
        "story": list(outcome.story),
    }


def _table(campaign: Campaign) -> Iterator[str]:
    figures = campaign.report()
    yield f"{'fault':<20}{'fired':>10}{'seeds':>10}"
    for name, counts in figures["faults"].items():
        yield f"{name:<20}{counts['fired']:>10}{counts['seeds']:>10}"
    for title, cells in (("terminal", "terminal_cells"), ("host", "host_cells")):
        missing = [name for name, count in figures[cells].items() if not count]
        total = len(figures[cells])
        yield f"{title}: {total - len(missing)} of {total} cells of the state table taken"
        for name in missing:
            yield f"  never: {name}"
    yield (
        f"{figures['seeds']} seeds, {len(figures['failures'])} failures;"
        f" {figures['virtual_hours']} h of virtual time, {figures['frames']} frames,"
        f" {figures['approved_payments']} payments in all three books;"
        f" longest way back to rest {figures['longest_healing_s']} s"
    )


def _progress(total: int) -> Any:
    count = 0

    def told(outcome: Outcome) -> None:
        nonlocal count
        count += 1
        if not outcome.is_good:
            print(f"seed {outcome.scenario.seed}: {outcome.failure}", file=sys.stderr, flush=True)
        if count % 500 == 0:
            print(f"{count} of {total}", file=sys.stderr, flush=True)

    return told


def _list_faults() -> int:
    from tongbao.simulation.faults import KINDS

    for fault, kind in KINDS.items():
        print(f"{fault.value:<18} up to {kind.rate_max:<5} at {kind.occasion.value}: {kind.words}")
    return _EXIT_OK


def _scenario(seed: int, namespace: argparse.Namespace) -> Scenario:
    from tongbao.simulation.scenario import changed, draw_scenario

    return changed(
        draw_scenario(seed),
        namespace.terminals,
        namespace.sales,
        namespace.faults,
        namespace.only,
        blackout=namespace.blackout,
    )


def _number(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("not below 0")
    return value


def _small(text: str) -> int:
    from tongbao.simulation.scenario import TERMINALS_MAX

    value = int(text)
    if not 1 <= value <= TERMINALS_MAX:
        raise argparse.ArgumentTypeError(f"1 to {TERMINALS_MAX} terminals")
    return value


def _sales(text: str) -> int:
    from tongbao.simulation.scenario import SALES_MAX

    value = int(text)
    if not 1 <= value <= SALES_MAX:
        raise argparse.ArgumentTypeError(f"1 to {SALES_MAX} sales")
    return value


def _range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    if not (dash and first.isdigit() and last.isdigit() and int(first) <= int(last)):
        raise argparse.ArgumentTypeError("a range is A-B with A not above B")
    return int(first), int(last)


def _rates(text: str) -> tuple[tuple[Fault, float], ...]:
    from tongbao.simulation.faults import Fault

    if text == "none":
        return ()
    rates: list[tuple[Fault, float]] = []
    for part in text.split(","):
        name, _, rate = part.partition("=")
        try:
            fault, value = Fault(name), float(rate)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{part!r} is not NAME=RATE, see --list-faults"
            ) from None
        if not 0 <= value <= 1:
            raise argparse.ArgumentTypeError(f"{part!r}: a rate is 0 to 1")
        rates.append((fault, value))
    return tuple(rates)


def _firings(text: str) -> frozenset[Firing]:
    from tongbao.simulation.faults import Fault, Firing

    if text == "none":
        return frozenset()
    found = set()
    for part in text.split(","):
        name, _, number = part.partition(":")
        if not number.isdigit() or name not in {fault.value for fault in Fault}:
            raise argparse.ArgumentTypeError(f"{part!r} is not NAME:N, see --list-faults")
        found.add(Firing(name, int(number)))
    return frozenset(found)
