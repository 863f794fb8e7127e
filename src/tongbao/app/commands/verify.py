"""`tongbao verify`: proves that records were not tampered with."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tongbao.app.cli import EXIT_BAD_INPUT, EXIT_ENVIRONMENT, EXIT_FAILED, EXIT_OK

if TYPE_CHECKING:
    from tongbao.platform.audit.verification import Report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb `audit`."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    audit = verbs.add_parser("audit", help="check every entry, link and seal of the audit log")
    audit.add_argument("--config", type=Path, required=True, help="the settings file")
    audit.add_argument(
        "--kept-seals", type=Path, help="seals kept outside, one JSON line each; compared too"
    )
    audit.add_argument("--show-seals", action="store_true", help="print the seals, to be kept")
    audit.add_argument("--json", action="store_true", help="print the result as JSON")
    audit.set_defaults(run=_audit)


def _audit(arguments: argparse.Namespace) -> int:
    from tongbao.app.settings import SettingsError, read_settings
    from tongbao.platform.audit.seals import audit_key_of
    from tongbao.platform.project import run_with
    from tongbao.platform.settings import PlatformSettings

    try:
        settings = read_settings(arguments.config)
        kept = arguments.kept_seals
        kept_seals = kept.read_text(encoding="utf-8").splitlines() if kept else []
    except (SettingsError, OSError) as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT
    file = (settings.platform or PlatformSettings()).audit_key_place
    try:
        key = audit_key_of(file.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        print(f"the audit key cannot be read: {error}", file=sys.stderr)
        return EXIT_ENVIRONMENT

    def work(alias: str) -> tuple[Report, list[str]]:
        from tongbao.platform.audit.models import DailySeal
        from tongbao.platform.audit.verification import seal_line, verify

        seals = DailySeal.objects.using(alias).order_by("seal_id")
        return verify(key, kept_seals, using=alias), [seal_line(seal) for seal in seals]

    try:
        report, seals = run_with(settings.database_url, work)
    except ValueError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT
    if arguments.show_seals:
        print("\n".join(seals))
    else:
        _say(report, as_json=arguments.json)
    return EXIT_OK if report.broken is None else EXIT_FAILED


def _say(report: Report, *, as_json: bool) -> None:
    if as_json:
        document = {
            "whole": report.broken is None,
            "entries": report.entries,
            "seals": report.seals,
            "sealed_up_to": report.sealed_up_to,
            "first_break": None if report.broken is None else str(report.broken),
        }
        print(json.dumps(document))
        return
    if report.broken is not None:
        print(f"TAMPERED: {report.broken}")
    print(
        f"{report.entries} entries in one chain, {report.seals} seals, "
        f"sealed up to entry {report.sealed_up_to}"
    )
