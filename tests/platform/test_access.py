"""One table of who may do what at which address; a refusal also changes nothing."""

import hashlib

import pytest

from tests.platform.conftest import add_user, browser_of
from tests.platform.seed import MERCHANT
from tongbao.platform.console.access import Operation, may

PAYMENT = 10**15 + 1
RECORDS = {
    "payments/payment": str(PAYMENT),
    "fleet/terminal": "00000001",
    "merchants/merchant": MERCHANT.merchant_id,
}
READING = ["/console/", "/console/password_change/"] + [
    f"/console/{path}/{rest}" for path, key in RECORDS.items() for rest in ("", f"{key}/change/")
]
WRITING = [
    (f"/console/{path}/{rest}", status)
    for path, key in RECORDS.items()
    for rest, status in (
        ("", 405),
        ("add/", 403),
        (f"{key}/change/", 405),
        (f"{key}/delete/", 403),
    )
]
TABLES = (
    "merchants_merchant",
    "fleet_terminal",
    "fleet_terminalsession",
    "payments_payment",
    "payments_paymentevent",
)
PEOPLE = {
    "anonymous": None,
    "not staff": {"is_staff": False},
    "staff who left": {"is_active": False},
    "superuser without staff": {"is_staff": False},
}


def fingerprint():
    """A digest of every record that the console shows."""
    from django.db import connection

    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
            digest.update(repr(cursor.fetchall()).encode())
    return digest.hexdigest()


@pytest.mark.parametrize("address", READING)
def test_staff_may_read_every_page(staff, address):
    assert browser_of(staff).get(address).status_code == 200


@pytest.mark.parametrize("superuser", [False, True])
@pytest.mark.parametrize(("address", "status"), WRITING)
def test_nobody_may_write_through_the_console(staff, address, status, superuser):
    staff.is_superuser = superuser
    staff.save()
    browser = browser_of(staff)
    before = fingerprint()
    data = {"name": "Changed", "amount_minor": "1", "action": "delete_selected", "post": "yes"}
    for method in (browser.post, browser.put, browser.patch, browser.delete):
        assert method(address, data).status_code == status
    assert fingerprint() == before


@pytest.mark.parametrize("address", ["add/", f"{PAYMENT}/delete/"])
def test_the_forms_for_writing_are_not_shown_either(staff, address):
    assert browser_of(staff).get(f"/console/payments/payment/{address}").status_code == 403


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("address", READING)
def test_others_are_sent_to_the_log_in_page_and_see_nothing(stories, address, person):
    options = PEOPLE[person]
    user = None if options is None else add_user("stranger", **options)
    if person == "superuser without staff":
        user.is_superuser = True
        user.save()
    answer = browser_of(user).get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/console/login/?next=/console/")
    assert answer.content == b""


@pytest.mark.parametrize("operation", Operation)
def test_the_table_of_rights_is_one_place(stories, operation):
    staff, other = add_user("staff"), add_user("other", is_staff=False)
    gone = add_user("gone", is_active=False)
    assert may(staff, operation) is (operation is Operation.VIEW)
    assert not may(other, operation)
    assert not may(gone, operation)


@pytest.mark.parametrize(
    "address",
    [
        "/console/payments/payment/5/change/",
        "/console/payments/payment/nonsense/change/",
        f"/console/payments/payment/{10**30}/change/",
        f"/console/payments/payment/{PAYMENT}/history/",
        "/console/fleet/terminal/99999999/change/",
        "/console/payments/paymentevent/",
        "/console/accounts/user/",
        "/console/auth/group/",
        "/admin/",
        "/nowhere",
    ],
)
def test_what_is_not_there_has_its_own_page(staff, address):
    staff.is_superuser = True
    staff.save()
    answer = browser_of(staff).get(address)
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


def test_an_app_without_a_page_leads_to_the_first_page(staff):
    answer = browser_of(staff).get("/console/payments/")
    assert (answer.status_code, answer["Location"]) == (302, "/console/")


def test_the_root_leads_to_the_console(staff):
    assert browser_of(staff).get("/")["Location"] == "/console/"
