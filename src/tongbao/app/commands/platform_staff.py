"""`tongbao platform staff`: the acquirer's people, for whoever runs the server."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tongbao.app.cli import EXIT_BAD_INPUT, EXIT_OK
from tongbao.app.commands.settings_file import settings_in
from tongbao.platform.access.roles import StaffRole

ROLES = [role.value for role in StaffRole]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs `add`, `list` and `role`."""
    verbs = parser.add_subparsers(dest="staff_verb", metavar="VERB", required=True)
    add = verbs.add_parser("add", help="add a person; a password is made and shown once")
    add.add_argument("--name", required=True, help="the name to log in with")
    add.add_argument("--role", required=True, action="append", choices=ROLES)
    add.add_argument("--phone", default="", help="mobile number, for the second step by SMS")
    add.set_defaults(run=_add)
    listing = verbs.add_parser("list", help="list the staff with their roles")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)
    role = verbs.add_parser("role", help="give or end a role; the console asks two people for this")
    role.add_argument("--name", required=True, help="whose role")
    change = role.add_mutually_exclusive_group(required=True)
    change.add_argument("--give", choices=ROLES, help="the role to give")
    change.add_argument("--end", choices=ROLES, help="the role to end")
    role.set_defaults(run=_role)
    for verb in (add, listing, role):
        verb.add_argument("--config", type=Path, required=True, help="the settings file")


def say_password(name: str, password: str) -> None:
    """Print a password that was just made, with the word that nobody can show it again."""
    print(f"{name}: {password}")
    print("This password is shown only now. Change it after the first log-in.", file=sys.stderr)


def _add(arguments: argparse.Namespace) -> int:
    from tongbao.platform.accounts.generated import generated_password
    from tongbao.platform.accounts.services import StaffError, create_staff

    settings = settings_in(arguments)
    if settings is None:
        return EXIT_BAD_INPUT
    password = generated_password()
    roles = [StaffRole(role) for role in arguments.role]
    try:
        create_staff(settings.database_url, arguments.name, password, roles, phone=arguments.phone)
    except StaffError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT
    say_password(arguments.name, password)
    return EXIT_OK


def _list(arguments: argparse.Namespace) -> int:
    from tongbao.platform.accounts.services import list_staff

    settings = settings_in(arguments)
    if settings is None:
        return EXIT_BAD_INPUT
    people = list_staff(settings.database_url)
    if arguments.json:
        print(json.dumps(people, ensure_ascii=False))
        return EXIT_OK
    for one in people:
        state = "" if one["is_active"] else "  (closed)"
        print(f"{one['name']}: {', '.join(one['roles']) or '-'}{state}")
    return EXIT_OK


def _role(arguments: argparse.Namespace) -> int:
    from tongbao.platform.accounts.services import StaffError, set_role

    settings = settings_in(arguments)
    if settings is None:
        return EXIT_BAD_INPUT
    role = StaffRole(arguments.give or arguments.end)
    try:
        set_role(settings.database_url, arguments.name, role, grant=arguments.give is not None)
    except StaffError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT
    return EXIT_OK
