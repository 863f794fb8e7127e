"""The applications of the API: a stranger's way, and what others get of it: nothing."""

import json

import pytest

from tests.platform.conftest import add_user, browser_of
from tests.platform.onboarding.applicants import ACCOUNT_NUMBERS, DATA, resident_id
from tests.platform.onboarding.conftest import picture
from tongbao.platform.onboarding.tiers import TIERS, Tier

API = "/api/v1"


def ask(browser, method, path, body=None):
    content = None if body is None else json.dumps(body)
    answer = getattr(browser, method)(f"{API}{path}", content, content_type="application/json")
    return answer.status_code, answer.json() if answer.content else {}


@pytest.fixture
def stranger(django_sqlite, world):
    del django_sqlite, world
    return browser_of(add_user("lin", is_staff=False))


def begun(browser):
    status, application = ask(browser, "post", "/applications", {"tier": "micro"})
    assert status == 201
    return application["application_id"]


def test_anybody_sees_prices_and_fees_without_a_log_in(django_sqlite, world):
    del django_sqlite, world
    nobody = browser_of(language="zh-hans")
    _, sheet = ask(nobody, "get", "/price-sheet")
    assert [fee["rate_percent"] for fee in sheet["fees"]] == ["0.50", "0.60", "0.38", "0.60"]
    body = {"amount_minor": 10_000, "method": "credit_card"}
    _, quote = ask(nobody, "post", "/fee-quote", body)
    assert quote["fee"] == {"amount_minor": 60, "currency": "CNY"}
    assert quote["formula"] == "¥100.00 × 0.60% = ¥0.60"
    _, advice = ask(nobody, "post", "/device-advice", {"scene": "stall", "payments_a_day": 60})
    assert advice["items"][0]["model"]["code"] == "TB-M5"
    _, needs = ask(nobody, "get", "/document-requirements")
    assert "银发〔2017〕296号" in [limit["rule"] for limit in needs["tiers"][2]["limits"]]


def test_a_stranger_comes_to_a_review_and_reads_what_to_correct(stranger, world):
    application_id = begun(stranger)
    path = f"/applications/{application_id}"
    fields = {
        **DATA[Tier.MICRO],
        "resident_id": resident_id(),
        "account_number": ACCOUNT_NUMBERS[Tier.MICRO],
    }
    status, saved = ask(stranger, "patch", path, fields)
    assert status == 200
    assert saved["secrets"]["resident_id"] == f"…{resident_id()[-4:]}"
    assert resident_id() not in json.dumps(saved)
    status, _ = ask(stranger, "patch", path, {"version": 1, "name": "older page"})
    assert status == 409
    _, wanted = ask(stranger, "post", f"{path}/submit")
    assert wanted["status"] == "correction_wanted"
    assert {one["code"] for one in wanted["findings"]} == {
        "deposit_unconfirmed",
        *(f"paper_missing_{kind.value}" for kind in TIERS[Tier.MICRO].required_papers),
    }
    assert all(one["words"] for one in wanted["findings"])
    for kind in TIERS[Tier.MICRO].required_papers:
        from django.core.files.uploadedfile import SimpleUploadedFile

        file = SimpleUploadedFile(f"{kind}.jpg", picture(kind.value), "image/jpeg")
        answer = stranger.post(f"{API}{path}/papers", {"kind": kind.value, "file": file})
        assert answer.status_code == 201, answer.content
    [(_, remark)] = world.bank.deposits.values()
    _, confirmed = ask(stranger, "post", f"{path}/deposit-check", {"code": remark})
    assert confirmed["deposit"]["state"] == "confirmed"
    _, handed_in = ask(stranger, "post", f"{path}/submit")
    assert handed_in["status"] == "in_review"
    assert handed_in["promised_at"]
    assert [step["standing"] for step in handed_in["steps"]][:3] == ["done", "done", "now"]


def test_a_bad_upload_is_told_in_the_readers_language(stranger):
    from django.core.files.uploadedfile import SimpleUploadedFile

    application_id = begun(stranger)
    file = SimpleUploadedFile("a.jpg", b"MZ", "image/jpeg")
    answer = stranger.post(
        f"{API}/applications/{application_id}/papers",
        {"kind": "id_front", "file": file},
        headers={"accept-language": "zh-hans"},
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "paper_not_what_it_says"
    assert "扩展名" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "", None),
        ("patch", "", {"name": "mine now"}),
        ("post", "/submit", None),
        ("post", "/withdraw", None),
        ("post", "/deposit", None),
        ("post", "/deposit-check", {"code": "123456"}),
    ],
)
def test_another_person_gets_nothing_changes_nothing_and_is_written_down_once(
    stranger, world, method, path, body
):
    from tongbao.platform.audit.models import AuditEntry
    from tongbao.platform.onboarding.models import Application

    application_id = begun(stranger)
    before = Application.objects.values().get(pk=application_id)
    entries = AuditEntry.objects.filter(outcome="denied").count()
    other = browser_of(add_user("other", is_staff=False))
    status, answer = ask(other, method, f"/applications/{application_id}{path}", body)
    assert (status, answer["code"]) == (404, "not_found")
    assert Application.objects.values().get(pk=application_id) == before
    assert not world.bank.deposits
    assert AuditEntry.objects.filter(outcome="denied").count() == entries + 1
    status, _ = ask(browser_of(), method, f"/applications/{application_id}{path}", body)
    assert status == 401
