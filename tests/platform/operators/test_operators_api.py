"""The operators' part of the API, asked by people and by strangers."""

import pytest

from tests.platform.api.conftest import OTHER, OWN, Caller, member
from tests.platform.seed import seed


@pytest.fixture
def owner(django_sqlite):
    seed(django_sqlite)
    return Caller(member("owner"))


def test_operators_are_added_listed_changed_reset_and_ended(owner):
    body = {"number": "01", "name": "小梅", "role": "cashier"}
    made = owner.post(f"/merchants/{OWN}/operators", body)
    assert made.status_code == 201, made.content
    first = made.json()
    assert (first["number"], first["must_change"], first["is_active"]) == ("01", True, True)
    assert len(first["first_pin"]) == 6
    place = f"/merchants/{OWN}/operators/{first['operator_id']}"
    changed = owner.send("PATCH", place, {"role": "supervisor"})
    assert (changed.status_code, changed.json()["role"]) == (200, "supervisor")
    reset = owner.post(f"{place}/pin")
    assert (reset.status_code, reset.json()["first_pin"] != first["first_pin"]) == (201, True)
    ended = owner.send("PATCH", place, {"is_active": False})
    assert ended.json()["is_active"] is False
    (row,) = owner.get(f"/merchants/{OWN}/operators").json()["items"]
    assert "first_pin" not in row
    assert row["ended_at"] is not None


def test_a_refusal_says_what_to_do_in_the_readers_language(owner):
    body = {"number": "05", "name": "阿强", "role": "administrator"}
    refused = owner.post(f"/merchants/{OWN}/operators", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "role_of_number")
    missing = owner.send(
        "PATCH",
        f"/merchants/{OWN}/function-codes/77",
        {"function_class": "function", "role": "cashier"},
    )
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_code")


def test_function_codes_are_listed_with_defaults_and_changed(owner):
    codes = {
        one["code"]: one for one in owner.get(f"/merchants/{OWN}/function-codes").json()["items"]
    }
    assert (codes["03"]["kind"], codes["03"]["role"], codes["03"]["version"]) == (
        "refund",
        "supervisor",
        0,
    )
    body = {"function_class": "password", "role": "cashier", "password": "482193"}
    changed = owner.send("PATCH", f"/merchants/{OWN}/function-codes/03", body)
    assert (changed.status_code, changed.json()["version"]) == (200, 1)
    assert changed.json()["has_password"] is True
    assert "482193" not in changed.content.decode()


def test_another_merchants_operators_look_like_nothing(owner):
    assert owner.get(f"/merchants/{OTHER}/operators").status_code == 404
    body = {"number": "01", "name": "x", "role": "cashier"}
    assert owner.post(f"/merchants/{OTHER}/operators", body).status_code == 404
    assert owner.get(f"/merchants/{OTHER}/function-codes").status_code == 404
