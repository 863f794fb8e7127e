#!/usr/bin/env python3
"""Asks every operation of the API by Schemathesis, as often as you like.

    scripts/api_campaign.py --examples 2000 [--seed 1] [--only payments]

Needs the test dependencies. Works on a passing SQLite database in which every example is undone, so
it may run beside anything; ends with 1 when something was found.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run the campaign and print what was asked and found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=2_000, help="examples of an operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="operations whose name holds this")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))

    from django.test import override_settings

    from tongbao.platform.project import bind, configured
    from tongbao.platform.schema import migrate

    # By name: the checkers of the package do not follow into the tests.
    conformance = import_module("tests.platform.api.conformance")
    world = import_module("tests.platform.api.world")
    configured()
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tongbao-campaign-") as folder:
        url = f"sqlite:///{folder}/platform.sqlite3"
        migrate(url)
        bind(url)
        with override_settings(**conformance.campaign_settings()):
            owner, known = world.populate(url)
            found = conformance.run_campaign(
                arguments.examples,
                seed_number=arguments.seed,
                identity=lambda: world.session_of(owner),
                known=known,
                only=arguments.only,
                tell=lambda line: print(line, file=sys.stderr, flush=True),
            )
        from django.db import connections

        connections["default"].close()
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(found.statuses.items()))
    print(
        f"{found.operations} operations, {found.examples:,} examples, seed {arguments.seed}, "
        f"{time.monotonic() - began:.0f} s; answers {statuses}"
    )
    for finding in found.findings:
        print(f"- {finding}")
    print(f"{len(found.findings)} findings")
    return 1 if found.findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
