#!/usr/bin/env python3
"""Asks every operation of the API by Schemathesis, as often as you like.

    scripts/api_campaign.py --examples 2000 [--state FILE] [--seed 1] [--only payments]

Needs the test dependencies. Works on a passing SQLite database in which every example is undone, so
it may run beside anything; ends with 1 when something was found. Operations are asked by turns in
stretches of 250 examples. With `--state` each stretch is written down when it is done, so that a
campaign that was broken off goes on where it was; `--again NAME` forgets the stretches of the
operations whose name holds NAME, after a finding was mended. `--report` only tells what the file
holds.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STRETCH = 250


def main() -> int:
    """Run the campaign and print what was asked and found."""
    arguments = _arguments()
    done = _Done(arguments.state)
    if arguments.again:
        done.forget(arguments.again)
    if not arguments.report:
        sys.path.insert(0, str(ROOT))
        _run(arguments, done)
    return _tell(done)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=2_000, help="examples of an operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="operations whose name holds this")
    parser.add_argument("--state", type=Path, help="file with the stretches that are done")
    parser.add_argument("--again", default="", help="ask these operations anew")
    parser.add_argument("--report", action="store_true", help="ask nothing, tell what was found")
    return parser.parse_args()


class _Done:
    """The stretches that are done, one line of JSON each, kept in a file when there is one."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        lines = file.read_text("utf-8").splitlines() if file and file.exists() else []
        self.stretches = [json.loads(line) for line in lines]

    def holds(self, key: list[Any]) -> bool:
        return any(one["key"] == key for one in self.stretches)

    def add(self, key: list[Any], report: Any, took_s: float) -> None:
        one = {
            "key": key,
            "examples": report.examples,
            "statuses": dict(report.statuses),
            "findings": report.findings,
            "took_s": round(took_s, 1),
        }
        self.stretches.append(one)
        if self._file:
            with self._file.open("a", encoding="utf-8") as target:
                target.write(json.dumps(one, ensure_ascii=False) + "\n")

    def forget(self, named: str) -> None:
        """Drop the stretches of operations whose name holds this."""
        self.stretches = [one for one in self.stretches if named not in one["key"][0]]
        if self._file:
            lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in self.stretches]
            self._file.write_text("".join(lines), encoding="utf-8")


def _run(arguments: argparse.Namespace, done: _Done) -> None:
    from django.test import override_settings

    from tongbao.platform.project import bind, configured
    from tongbao.platform.schema import migrate

    configured()
    # By name: the checkers of the package do not follow into the tests.
    conformance = import_module("tests.platform.api.conformance")
    world = import_module("tests.platform.api.world")
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="tongbao-campaign-") as folder:
        url = f"sqlite:///{folder}/platform.sqlite3"
        migrate(url)
        bind(url)
        with (
            override_settings(**conformance.campaign_settings()),
            world.stand_in(Path(folder)) as others,
        ):
            asker = world.asker_of(world.populate(url, others))
            campaign = conformance.Campaign(asker, only=arguments.only)
            for key in _keys(campaign, arguments):
                if not done.holds(key):
                    _ask(campaign, key, done)
        from django.db import connections

        connections["default"].close()


def _keys(campaign: Any, arguments: argparse.Namespace) -> Any:
    """Yield what is to be asked: name, mode, examples, seed; every operation in its turn."""
    half = max(1, arguments.examples // 2)
    modes = [(name, list(campaign.stretches(name))) for name in campaign.operations]
    for name in campaign.operations:
        yield [name, "nobody", 0, 0]
    for number, begin in enumerate(range(0, half, STRETCH)):
        for name, ways in modes:
            # Where nothing can be broken, all examples are made to fit.
            share = 2 if len(ways) == 1 else 1
            for mode in ways:
                examples = min(STRETCH, half - begin) * share
                yield [name, mode.value, examples, arguments.seed * 1_000 + number]


def _ask(campaign: Any, key: list[Any], done: _Done) -> None:
    name, mode, examples, seed = key
    began = time.monotonic()
    if mode == "nobody":
        report = campaign.nobody(name)
    else:
        ways = {way.value: way for way in campaign.stretches(name)}
        report = campaign.ask(name, ways[mode], examples, seed)
    took_s = time.monotonic() - began
    done.add(key, report, took_s)
    print(
        f"{name:<34} {mode:<9} {seed:>6} {report.examples:>5} examples {took_s:>6.1f} s, "
        f"{len(report.findings)} findings",
        file=sys.stderr,
        flush=True,
    )


def _tell(done: _Done) -> int:
    """Print what the stretches say together."""
    statuses: Counter[str] = Counter()
    examples: Counter[str] = Counter()
    findings: dict[str, None] = {}
    for one in done.stretches:
        statuses.update({str(status): count for status, count in one["statuses"].items()})
        examples[one["key"][0]] += one["examples"]
        findings.update(dict.fromkeys(one["findings"]))
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
    print(
        f"{len(examples)} operations, {examples.total():,} examples, "
        f"{min(examples.values(), default=0):,} to {max(examples.values(), default=0):,} each, "
        f"{sum(one['took_s'] for one in done.stretches):,.0f} s; answers {told}"
    )
    for finding in findings:
        print(f"- {finding}")
    print(f"{len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
