"""One table of who may do what at which address; a refusal also changes nothing."""

import hashlib

import pytest

from tests.platform.conftest import add_user, browser_of
from tests.platform.seed import MERCHANT
from tests.platform.seed_beside import EXCEPTION
from tongbao.platform.access.operations import OPERATIONS, Operation, Rule, Tenant
from tongbao.platform.access.permissions import Permission

PAYMENT = 10**15 + 1
RECORDS = {
    "payments/payment": str(PAYMENT),
    "fleet/terminal": "00000001",
    "merchants/merchant": MERCHANT.merchant_id,
    "payments/paymentexception": str(EXCEPTION),
    "payments/batchevent": "1",
}
# Each says which act it stands for and what the form sends.
ACTS = [
    (f"/console/payments/paymentexception/{EXCEPTION}/act/", {"act": "take", "seen": "0"}),
    (
        f"/console/payments/paymentexception/{EXCEPTION}/act/",
        {"act": "close", "seen": "0", "note": "x"},
    ),
    ("/console/fleet/terminal/00000001/order/", {"act": "1"}),
]
TRACE = f"/console/payments/payment/{PAYMENT}/trace/"
SIGNATURE = f"/console/payments/payment/{PAYMENT}/signature.png"
READING = ["/console/", "/console/password_change/", TRACE, SIGNATURE] + [
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
    "fleet_terminalstatus",
    "fleet_terminalorder",
    "fleet_terminalorderdone",
    "payments_payment",
    "payments_paymentevent",
    "payments_exception",
    "payments_exceptionevent",
    "payments_batchevent",
    "payments_batchdetail",
    "payments_signature",
    "payments_scriptresult",
)
PEOPLE = {
    "anonymous": None,
    "not staff": {"is_staff": False},
    "staff who left": {"is_active": False},
    "superuser without staff": {"is_staff": False},
}


class AuditLog:
    """The audit log as tests read it."""

    @staticmethod
    def of(outcome):
        from tongbao.platform.audit.models import AuditEntry

        return list(AuditEntry.objects.filter(outcome=outcome).order_by("entry_id"))


def fingerprint():
    """A digest of every record that the console shows."""
    from django.db import connection

    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
            digest.update(repr(cursor.fetchall()).encode())
    return digest.hexdigest()


@pytest.fixture(autouse=True)
def _nobody_knocked_before():
    """Let every test note its strangers."""
    from tongbao.platform.console import access

    access._noted.clear()


@pytest.mark.parametrize("address", READING)
def test_staff_may_read_every_page(staff, trace_key, address):
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
    (entry,) = AuditLog.of("denied")
    assert (entry.operation, entry.target_id) == ("console.view", address)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize(("address", "data"), ACTS)
def test_others_can_do_no_act_and_nothing_is_written(stories, address, data, person):
    options = PEOPLE[person]
    user = None if options is None else add_user("stranger", **options)
    before = fingerprint()
    answer = browser_of(user).post(address, data)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/console/login/?next=/console/")
    assert fingerprint() == before
    assert len(AuditLog.of("denied")) == 1


@pytest.mark.parametrize(("address", "data"), ACTS)
def test_an_act_from_another_site_is_refused_and_nothing_is_written(staff, address, data):
    before = fingerprint()
    answer = browser_of(staff, enforce_csrf_checks=True).post(address, data)
    assert answer.status_code == 403
    assert fingerprint() == before


@pytest.mark.parametrize(("address", "data"), ACTS)
def test_an_act_is_a_post_and_nothing_else(staff, address, data):
    browser = browser_of(staff)
    before = fingerprint()
    for method in (browser.get, browser.put, browser.patch, browser.delete):
        assert method(address, data).status_code == 405
    assert fingerprint() == before


@pytest.mark.parametrize(("address", "data"), ACTS)
def test_an_act_needs_its_right_and_not_only_the_right_to_look(stories, address, data):
    reader = add_user("reader", roles=("auditor",))
    before = fingerprint()
    assert browser_of(reader).post(address, data).status_code == 403
    assert fingerprint() == before
    denied = AuditLog.of("denied")
    assert [(one.actor_name, one.detail) for one in denied] == [("reader", "forbidden")]
    assert denied[0].operation in (Operation.EXCEPTION_WORK, Operation.TERMINAL_ORDER)


def test_a_trace_needs_its_right_and_a_key(staff, trace_key, monkeypatch):
    browser = browser_of(staff)
    assert browser.post(TRACE).status_code == 403
    rule = Rule(Permission.RISK, Tenant.STAFF)
    monkeypatch.setitem(OPERATIONS, Operation.TRACE_SAVE, rule)
    answer = browser.get(TRACE)
    assert answer.status_code == 403
    assert b"tongbao-trace" not in answer.content


def test_without_a_key_no_trace_is_given(staff):
    assert browser_of(staff).get(TRACE).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/console/payments/payment/5/change/",
        "/console/payments/payment/nonsense/change/",
        f"/console/payments/payment/{10**30}/change/",
        f"/console/payments/payment/{PAYMENT}/history/",
        "/console/fleet/terminal/99999999/change/",
        "/console/payments/paymentevent/",
        "/console/payments/payment/5/trace/",
        "/console/payments/payment/5/signature.png",
        "/console/payments/paymentexception/5/change/",
        "/console/payments/batchevent/999/change/",
        "/console/payments/batchevent/nonsense/change/",
        "/console/accounts/membership/",
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
