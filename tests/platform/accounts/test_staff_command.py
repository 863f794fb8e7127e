"""`tongbao platform staff`, and the people of a sandbox."""

import json

from tests.platform.running import write_settings
from tongbao.app.cli import main
from tongbao.platform.accounts.services import SANDBOX_STAFF, create_sandbox_staff, list_staff

PASSWORD = "correct-horse-battery-9"


def test_staff_are_added_listed_and_given_roles(sqlite_url, tmp_path, capsys):
    settings = ["--config", str(write_settings(tmp_path, sqlite_url))]
    staff = ["platform", "staff"]
    add = [*staff, "add", *settings, "--name", "zhao", "--role", "fleet", "--role", "risk"]
    assert main([*add, "--phone", "19900001234"]) == 0
    assert capsys.readouterr().out.startswith("zhao: ")
    assert main(add) == 4
    role = [*staff, "role", *settings, "--name", "zhao"]
    assert main([*role, "--give", "support"]) == 0
    assert main([*role, "--end", "risk"]) == 0
    assert main([*role, "--end", "risk"]) == 4
    capsys.readouterr()
    assert main([*staff, "list", *settings, "--json"]) == 0
    people = json.loads(capsys.readouterr().out)
    assert people == [{"name": "zhao", "roles": ["fleet", "support"], "is_active": True}]
    assert main([*staff, "list", *settings]) == 0
    assert capsys.readouterr().out == "zhao: fleet, support\n"


def test_a_sandbox_gets_a_person_for_every_role_once(sqlite_url):
    assert create_sandbox_staff(sqlite_url, PASSWORD) == list(SANDBOX_STAFF)
    assert create_sandbox_staff(sqlite_url, PASSWORD) is None
    people = {one["name"]: one["roles"] for one in list_staff(sqlite_url)}
    assert people == {name: [role.value] for name, role in SANDBOX_STAFF.items()}
