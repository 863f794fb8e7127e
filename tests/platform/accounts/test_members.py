"""A merchant's people: nobody gives what they lack, one owner remains, others see nothing."""

import re

import pytest

from tests.platform.api.conftest import OTHER, OWN, Caller, denials, member
from tests.platform.conftest import browser_of
from tests.platform.seed import seed
from tongbao.platform.providers.in_memory import in_memory_providers
from tongbao.platform.providers.registry import using_providers

PHONE = "+8619900001234"
PEOPLE = f"/merchants/{OWN}/staff"
ROLES = f"/merchants/{OWN}/roles"


@pytest.fixture
def owner(django_sqlite):
    seed(django_sqlite)
    return member("owner")


@pytest.fixture
def phones():
    with using_providers(in_memory_providers()) as others:
        yield others.sms


def listed(user, merchant_id=OWN):
    answer = Caller(user).get(f"/merchants/{merchant_id}/staff")
    assert answer.status_code == 200
    return {one["role"]: one for one in answer.json()["items"]}


def invite(user, role="manager", **more):
    body = {"phone": "19900001234", "display_name": "韩梅梅", "role": role, **more}
    return Caller(user).post(PEOPLE, body)


def test_somebody_new_is_invited_and_chooses_a_password_by_the_link(owner, phones):
    answer = invite(owner)
    assert answer.status_code == 201
    assert answer.json()["is_waiting"]
    (message,) = phones.sent
    assert message.to == PHONE
    key = re.search(r"http://localhost/portal/invitation/(\S+)", message.text)[1]
    browser = browser_of()
    reset = "/_allauth/browser/v1/auth/password/reset"
    body = {"key": key, "password": "first-horse-battery-3"}
    wrong = {**body, "key": key[:-1] + "x"}
    assert browser.post(reset, wrong, "application/json").status_code == 400
    assert browser.post(reset, body, "application/json").status_code == 200
    assert browser.get("/api/v1/me").json()["phone"] == PHONE
    assert browser_of().post(reset, body, "application/json").status_code == 400
    browser = browser_of()
    name = {"phone": PHONE, "password": body["password"]}
    login = browser.post("/_allauth/browser/v1/auth/login", name, "application/json")
    assert login.status_code == 200
    mine = browser.get("/api/v1/me/merchants").json()["items"]
    assert [(one["merchant_id"], one["role"]) for one in mine] == [(OWN, "manager")]
    assert not listed(owner)["manager"]["is_waiting"]


def test_who_works_here_is_not_invited_again(owner, phones):
    invite(owner)
    answer = invite(owner, "accountant")
    assert (answer.status_code, answer.json()["code"]) == (409, "is_member")
    assert set(listed(owner)) == {"owner", "manager"}


def test_nobody_gives_rights_that_they_do_not_have(owner, phones):
    chief = member("chief", "custom", permissions=["staff_manage", "payments_read"])
    answer = invite(chief, "manager")
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "role")
    target = listed(owner)["owner"]["membership_id"]
    for method, body in (("PATCH", {"role": "read_only"}), ("DELETE", None)):
        assert Caller(chief).send(method, f"{PEOPLE}/{target}", body).status_code == 422
    assert set(listed(owner)) == {"owner", "custom"}
    assert phones.sent == []


def test_one_owner_always_remains(owner):
    me = listed(owner)["owner"]["membership_id"]
    for method, body in (("PATCH", {"role": "manager"}), ("DELETE", None)):
        answer = Caller(owner).send(method, f"{PEOPLE}/{me}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    member("second", "owner")
    assert Caller(owner).send("DELETE", f"{PEOPLE}/{me}").status_code == 204
    assert Caller(owner).get(PEOPLE).status_code == 404


def test_a_role_of_the_merchants_own_gives_its_rights_and_no_more(owner):
    body = {"name": "Night shift", "permissions": ["payments_read", "merchant_read"]}
    role = Caller(owner).post(ROLES, body).json()
    reader = member("reader", "read_only")
    key = listed(owner)["read_only"]["membership_id"]
    change = {"role": "custom", "role_id": role["role_id"]}
    assert Caller(owner).send("PATCH", f"{PEOPLE}/{key}", change).status_code == 200
    assert listed(owner)["custom"]["permissions"] == ["merchant_read", "payments_read"]
    assert Caller(reader).get(f"/merchants/{OWN}/shops").status_code != 404
    assert Caller(owner).post(ROLES, body).status_code == 422


def test_a_role_is_retired_once_nobody_has_it_and_its_name_is_free_again(owner, phones):
    body = {"name": "Night shift", "permissions": ["payments_read"]}
    key = Caller(owner).post(ROLES, body).json()["role_id"]
    person = invite(owner, "custom", role_id=key).json()
    assert (person["role_id"], person["role_name"]) == (key, "Night shift")
    assert [one["members"] for one in Caller(owner).get(ROLES).json()["items"]] == [1]
    answer = Caller(owner).send("DELETE", f"{ROLES}/{key}")
    assert (answer.status_code, answer.json()["code"]) == (409, "role_in_use")
    change = {"role": "read_only"}
    Caller(owner).send("PATCH", f"{PEOPLE}/{person['membership_id']}", change)
    assert Caller(member("chief", "manager")).send("DELETE", f"{ROLES}/{key}").status_code == 403
    assert (
        Caller(member("stranger", merchant_id=OTHER))
        .send("DELETE", f"/merchants/{OTHER}/roles/{key}")
        .status_code
        == 404
    )
    assert Caller(owner).send("DELETE", f"{ROLES}/{key}").status_code == 204
    assert Caller(owner).get(ROLES).json()["items"] == []
    assert Caller(owner).send("DELETE", f"{ROLES}/{key}").status_code == 404
    back = {"role": "custom", "role_id": key}
    answer = Caller(owner).send("PATCH", f"{PEOPLE}/{person['membership_id']}", back)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "role_id")
    assert Caller(owner).post(ROLES, body).status_code == 201


@pytest.mark.parametrize("permission", ["administration", "keys", "nonsense"])
def test_a_merchants_role_never_has_a_right_of_staff(owner, permission):
    answer = Caller(owner).post(ROLES, {"name": "x", "permissions": [permission]})
    assert answer.status_code == 422
    assert Caller(owner).get(ROLES).json()["items"] == []


def test_another_merchants_people_are_neither_seen_nor_changed(owner, phones):
    stranger = member("stranger", merchant_id=OTHER)
    key = listed(owner)["owner"]["membership_id"]
    caller = Caller(stranger)
    assert caller.get(PEOPLE).status_code == 404
    assert (
        caller.post(PEOPLE, {"phone": PHONE, "display_name": "x", "role": "owner"}).status_code
        == 404
    )
    assert caller.send("DELETE", f"{PEOPLE}/{key}").status_code == 404
    assert caller.send("DELETE", f"/merchants/{OTHER}/staff/{key}").status_code == 404
    assert set(listed(owner)) == {"owner"}
    assert phones.sent == []
    assert denials() == [
        ("member.list", OWN, "hidden"),
        ("member.invite", OWN, "hidden"),
        ("member.end", OWN, "hidden"),
    ]


def test_one_person_in_several_merchants_and_a_chain_has_in_each_its_own_rights(owner):
    from tongbao.platform.accounts.models import Membership
    from tongbao.platform.merchants.models import Chain, Merchant

    chain = Chain.objects.create(chain_id="chain_1", name="Chain", created_at_us=1)
    Merchant.objects.filter(pk=OTHER).update(chain=chain)
    Membership.objects.create(
        membership_id="member_1", user=owner, chain_id="chain_1", role="read_only", since_us=1
    )
    mine = Caller(owner).get("/me/merchants").json()["items"]
    roles = {one["merchant_id"]: one["role"] for one in mine}
    assert roles == {OWN: "owner", OTHER: "read_only"}
    assert Caller(owner).get(f"/merchants/{OTHER}/staff").status_code == 403
    Merchant.objects.filter(pk=OTHER).update(chain=None)
    assert Caller(owner).get(f"/merchants/{OTHER}/staff").status_code == 404


def test_a_person_changes_their_name_and_language_and_nothing_else(owner):
    caller = Caller(owner)
    answer = caller.send("PATCH", "/me", {"display_name": "老板", "language": "zh-hans"})
    assert (answer.status_code, answer.json()["display_name"]) == (200, "老板")
    assert caller.send("PATCH", "/me", {"is_staff": True}).status_code == 422
    owner.refresh_from_db()
    assert (owner.language, owner.is_staff) == ("zh-hans", False)
