"""Staff in the console: added by one administrator, given roles by two, closed at once."""

import re

import pytest

from tests.platform.conftest import add_user, browser_of

STAFF = "/console/accounts/user/"
APPROVALS = "/console/approvals/changerequest/"


@pytest.fixture
def people(django_sqlite):
    """Two administrators and an auditor, each with a browser."""
    return {
        name: browser_of(add_user(name, roles=roles))
        for name, roles in (
            ("lilei", ("administrator",)),
            ("hanmeimei", ("administrator",)),
            ("wang", ("auditor",)),
        )
    }


def user_of(name):
    from tongbao.platform.accounts.models import User

    return User.objects.get(username=name)


def roles_of(name):
    from tongbao.platform.accounts.staff import roles_of

    return {role.value for role in roles_of(user_of(name))}


def ask(browser, name, role="fleet", act="grant"):
    form = {"role": role, "act": act, "reason": "new colleague"}
    return browser.post(f"{STAFF}{user_of(name).pk}/role/", form)


def decide(browser, address, act, note=""):
    return browser.post(address.replace("change/", "decide/"), {"act": act, "note": note})


def entries(outcome="done"):
    from tongbao.platform.audit.models import AuditEntry

    rows = AuditEntry.objects.filter(outcome=outcome).order_by("entry_id")
    return [(one.actor_name, one.operation) for one in rows]


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_new_person_gets_a_password_once_and_no_role(people):
    form = {
        "username": "zhao",
        "display_name": "赵",
        "staff_number": "s017",
        "phone": "19900001234",
    }
    page = text(people["lilei"].post(f"{STAFF}new/", form))
    password = re.search(r"<code>([a-z0-9-]{23})</code>", page)[1]
    zhao = user_of("zhao")
    assert zhao.check_password(password)
    assert (zhao.staff_number, zhao.phone, zhao.is_staff) == ("S017", "+8619900001234", True)
    assert roles_of("zhao") == set()
    assert entries()[-1] == ("lilei", "staff.add")
    assert password not in text(people["lilei"].get(f"{STAFF}{zhao.pk}/change/"))
    assert browser_of(zhao).get("/console/").status_code == 302


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"username": "LILEI"}, "of this name"),
        ({"username": "a b"}, "letters, digits"),
        ({"username": "19900001234"}, "letters, digits"),
        ({"username": "system"}, "letters, digits"),
        ({"username": "zhao", "phone": "12"}, "not a mobile number"),
    ],
)
def test_a_bad_name_or_phone_adds_nobody(people, form, words):
    from tongbao.platform.accounts.models import User

    answer = people["lilei"].post(f"{STAFF}new/", form, follow=True)
    assert words in text(answer)
    assert User.objects.count() == 3


def test_a_role_is_given_when_another_administrator_approves(people):
    answer = ask(people["lilei"], "wang")
    address = answer["Location"]
    assert address.startswith(APPROVALS)
    assert roles_of("wang") == {"auditor"}
    page = text(people["hanmeimei"].get(address))
    assert "Auditor, Terminal fleet" in page
    assert "new colleague" in page
    assert decide(people["hanmeimei"], address, "approve").status_code == 302
    assert roles_of("wang") == {"auditor", "fleet"}
    assert entries()[-2:] == [("lilei", "change.ask"), ("hanmeimei", "approval.roles")]
    assert "Approved by a second person" in text(people["lilei"].get(address))


def test_the_asker_cannot_approve_and_is_not_offered_to(people):
    address = ask(people["lilei"], "wang")["Location"]
    page = text(people["lilei"].get(address))
    assert 'value="approve"' not in page
    assert "another person must decide it" in text(
        people["lilei"].post(address.replace("change/", "decide/"), {"act": "approve"}, follow=True)
    )
    assert roles_of("wang") == {"auditor"}
    assert entries("denied") == [("lilei", "approval.roles")]
    decide(people["lilei"], address, "withdraw")
    assert "Withdrawn" in text(people["lilei"].get(address))


def test_who_may_not_decide_is_refused_and_it_is_written_down(people):
    address = ask(people["lilei"], "wang")["Location"]
    page = text(people["wang"].get(address))
    assert "do not let you decide" in page
    assert decide(people["wang"], address, "approve").status_code == 403
    assert roles_of("wang") == {"auditor"}
    assert entries("denied") == [("wang", "approval.roles")]


def test_an_auditor_asks_for_nothing_and_adds_nobody(people):
    from tongbao.platform.approvals.models import ChangeRequest

    assert ask(people["wang"], "wang", "administrator").status_code == 403
    assert people["wang"].post(f"{STAFF}new/", {"username": "x"}).status_code == 403
    assert people["wang"].post(f"{STAFF}{user_of('lilei').pk}/end/").status_code == 403
    assert not ChangeRequest.objects.exists()
    assert user_of("lilei").is_active
    assert entries("denied") == [
        ("wang", "staff.role"),
        ("wang", "staff.add"),
        ("wang", "staff.end"),
    ]
    assert "Add a person" not in text(people["wang"].get(STAFF))


def test_one_administrator_always_remains(people):
    address = ask(people["lilei"], "hanmeimei", "administrator", "end")["Location"]
    third = browser_of(add_user("zhou", roles=("administrator",)))
    decide(third, address, "approve")
    assert roles_of("hanmeimei") == set()
    third.post(f"{STAFF}{user_of('lilei').pk}/end/")
    assert not user_of("lilei").is_active
    answer = third.post(f"{STAFF}{user_of('zhou').pk}/end/", follow=True)
    assert "cannot close your own account" in text(answer)
    assert user_of("zhou").is_active


def test_a_closed_account_opens_nothing_any_more(people):
    people["lilei"].post(f"{STAFF}{user_of('wang').pk}/end/")
    assert people["wang"].get("/console/").status_code == 302
    assert entries()[-1] == ("lilei", "staff.end")


def test_a_change_that_was_overtaken_cannot_be_approved(people):
    first = ask(people["lilei"], "wang")["Location"]
    second = ask(people["lilei"], "wang")["Location"]
    decide(people["hanmeimei"], first, "approve")
    form = {"act": "approve"}
    answer = people["hanmeimei"].post(second.replace("change/", "decide/"), form, follow=True)
    assert "cannot be made any more" in text(answer)
    assert decide(people["hanmeimei"], second, "refuse", "done already").status_code == 302
    assert roles_of("wang") == {"auditor", "fleet"}


def test_the_audit_log_is_for_auditors(people):
    people["lilei"].post(f"{STAFF}new/", {"username": "zhao"})
    page = text(people["wang"].get("/console/audit/auditentry/"))
    assert "staff.add" in page
    assert "staff.add" in text(people["wang"].get("/console/audit/auditentry/1/change/"))
    assert people["lilei"].get("/console/audit/auditentry/").status_code == 403
    assert "/console/audit/auditentry/" not in text(people["lilei"].get("/console/"))
    assert "/console/audit/auditentry/" in text(people["wang"].get("/console/"))


def test_accounts_that_nobody_used_for_ninety_days_are_closed(people):
    from datetime import UTC, datetime, timedelta

    from tongbao.platform.accounts.unused import disable_unused

    now = datetime(2026, 11, 21, tzinfo=UTC)
    for name, days in (("lilei", 1), ("hanmeimei", 90), ("wang", 91)):
        user = user_of(name)
        user.last_login = now - timedelta(days=days)
        user.save()
    assert disable_unused(int(now.timestamp()) * 1_000_000) == 1
    assert [user_of(name).is_active for name in ("lilei", "hanmeimei", "wang")] == [
        True,
        True,
        False,
    ]
    assert entries()[-1] == ("system", "account.close")


def test_a_closed_account_with_roles_is_opened_by_two_administrators(people):
    wang = user_of("wang")
    people["lilei"].post(f"{STAFF}{wang.pk}/end/")
    known = len(entries())
    reopen = f"{STAFF}{wang.pk}/reopen/"
    assert people["wang"].post(reopen, {"reason": "x"}).status_code == 302
    assert "Say why" in text(people["lilei"].post(reopen, {"reason": " "}, follow=True))
    address = people["lilei"].post(reopen, {"reason": "back from leave"})["Location"]
    assert address.startswith(APPROVALS)
    assert not user_of("wang").is_active
    page = text(people["hanmeimei"].get(address))
    assert "account is open" in page
    assert "Auditor" in page
    decide(people["hanmeimei"], address, "approve")
    assert user_of("wang").is_active
    assert roles_of("wang") == {"auditor"}
    assert entries()[known:] == [("lilei", "change.ask"), ("hanmeimei", "approval.roles")]


def test_a_closed_account_without_roles_is_opened_by_one_administrator(people):
    from tongbao.platform.accounts.models import StaffRoleGrant

    wang = user_of("wang")
    people["lilei"].post(f"{STAFF}{wang.pk}/end/")
    StaffRoleGrant.objects.filter(user=wang).update(ended_at_us=1, ended_by="test")
    form = {"reason": "new post"}
    people["lilei"].post(f"{STAFF}{wang.pk}/reopen/", form)
    assert user_of("wang").is_active
    assert entries()[-1] == ("lilei", "account.reopen")
    answer = people["lilei"].post(f"{STAFF}{wang.pk}/reopen/", form, follow=True)
    assert "open already" in text(answer)
