"""A merchant's page takes acts: standing, fees, agents, closed accounts of its people."""

import pytest

from tests.platform.conftest import add_user, browser_of
from tests.platform.fleet import stage
from tests.platform.fleet.conftest import ready_to_ship

PAGE = f"/console/merchants/merchant/{stage.MERCHANT_ID}/change/"
DO = f"/console/merchants/merchant/{stage.MERCHANT_ID}/do/"
FEES = {
    "debit_card_percent": "0.5",
    "debit_card_cap": "20",
    "credit_card_percent": "0.55",
    "credit_card_cap": "",
    "code_debit_percent": "0.38",
    "code_debit_cap": "",
    "code_credit_percent": "0.6",
    "code_credit_cap": "",
}


def staff(role, name=None):
    return browser_of(add_user(name or role, roles=(role,)))


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def merchant():
    from tongbao.platform.merchants.models import Merchant

    return Merchant.objects.get(pk=stage.MERCHANT_ID)


def entries(since=0):
    from tongbao.platform.audit.models import AuditEntry

    rows = AuditEntry.objects.order_by("entry_id")[since:]
    return [(one.operation, one.outcome) for one in rows]


def a_member(role="owner"):
    from tongbao.platform.accounts.models import Membership

    user = add_user("old-friend", is_staff=False)
    Membership.objects.create(
        membership_id="member_1",
        user=user,
        merchant_id=stage.MERCHANT_ID,
        role=role,
        since_us=stage.NOW,
    )
    return user


def lock_of(terminal_id):
    from tongbao.platform.fleet.models import Terminal
    from tongbao.platform.fleet.wanted import effective
    from tongbao.platform.fleet.wanted_document import content_of

    terminal = Terminal.objects.get(pk=terminal_id)
    return content_of(terminal, effective(terminal)).lock


def test_a_suspended_merchant_is_locked_at_its_tills_and_opened_again(room):
    terminal_id = ready_to_ship().terminal_id
    owner = a_member()
    risk = staff("risk")
    assert "Say why" in text(risk.post(DO, {"what": "suspend", "reason": " "}, follow=True))
    page = text(risk.post(DO, {"what": "suspend", "reason": "Papers ran out."}, follow=True))
    assert "The merchant is suspended:" in page
    assert (merchant().status, merchant().is_active) == ("suspended", False)
    assert lock_of(terminal_id).words == (
        "商户已暂停受理，请联系收单机构。 This merchant is suspended: call your acquirer."
    )
    assert "nothing was done" in text(
        risk.post(DO, {"what": "suspend", "reason": "again"}, follow=True)
    )
    risk.post(DO, {"what": "reopen", "reason": "Papers are here."})
    assert (merchant().status, merchant().is_active) == ("active", True)
    assert not lock_of(terminal_id).is_locked
    kinds = owner.notices.order_by("at_us").values_list("kind", "detail__reason")
    assert list(kinds) == [
        ("merchant_suspended", "Papers ran out."),
        ("merchant_reopened", "Papers are here."),
    ]
    assert entries()[-2:] == [("merchant.suspend", "done")] * 2


@pytest.mark.parametrize(
    ("role", "form", "operation"),
    [
        ("support", {"what": "suspend", "reason": "x"}, "merchant.suspend"),
        ("risk", {"what": "ask_fees", "reason": "x", **FEES}, "fees.change"),
        ("settlement", {"what": "hand_over", "agent_id": "agent_1"}, "agent.change"),
        ("support", {"what": "open_account", "user_id": "1", "reason": "x"}, "account.reopen"),
    ],
)
def test_who_has_not_the_right_changes_nothing_and_leaves_one_entry(room, role, form, operation):
    from tongbao.platform.approvals.models import ChangeRequest

    closed = a_member()
    closed.is_active = False
    closed.save()
    known = len(entries())
    browser = staff(role)
    assert browser.post(DO, {**form, "user_id": closed.pk}).status_code == 403
    assert entries(known) == [(operation, "denied")]
    closed.refresh_from_db()
    assert (merchant().status, closed.is_active) == ("active", False)
    assert not ChangeRequest.objects.exists()
    assert f'value="{form["what"]}"' not in text(browser.get(PAGE))


def test_other_fees_are_asked_for_shown_to_the_approver_and_offered(room):
    from tongbao.platform.approvals.models import ChangeRequest
    from tongbao.platform.contracts.offers import open_offer

    asker, decider = staff("settlement", "song"), staff("settlement", "tan")
    wrong = {**FEES, "debit_card_percent": "half"}
    page = text(asker.post(DO, {"what": "ask_fees", "reason": "x", **wrong}, follow=True))
    assert "A rate is a number such as 0.55" in page
    page = text(asker.post(DO, {"what": "ask_fees", "reason": "Volume.", **FEES}, follow=True))
    assert "Other fees wait for a second person." in page
    assert 'value="ask_fees"' not in page
    address = f"/console/approvals/changerequest/{ChangeRequest.objects.get().pk}"
    shown = text(decider.get(f"{address}/change/"))
    assert "credit card" in shown
    assert "0.55 %" in shown
    assert "0.50 % ≤ ¥20.00" in shown
    decider.post(f"{address}/decide/", {"act": "approve"})
    offer = open_offer(stage.MERCHANT_ID, now_us=stage.NOW)
    assert offer.schedule.rates["credit_card"] == {"rate_ppm": 5_500, "cap_minor": None}
    assert f"Contract {offer.number} waits" in text(asker.get(PAGE))


def test_a_closed_account_of_a_merchants_person_is_opened_by_an_administrator(room):
    from datetime import UTC, datetime

    from tongbao.platform.accounts.log_in import is_unused
    from tongbao.platform.accounts.unused import disable_unused
    from tongbao.platform.clock import now_us

    person = a_member()
    person.date_joined = datetime(2026, 1, 1, tzinfo=UTC)
    person.save()
    disable_unused(now_us())
    administrator = staff("administrator")
    assert "account closed" in text(administrator.get(PAGE))
    form = {"what": "open_account", "user_id": person.pk, "reason": "Called, known by voice."}
    assert "The account is open again." in text(administrator.post(DO, form, follow=True))
    person.refresh_from_db()
    assert person.is_active
    assert not is_unused(person, now_us())
    assert disable_unused(now_us()) == 0
    assert "open already" in text(administrator.post(DO, form, follow=True))
    assert administrator.post(DO, {**form, "user_id": 999}).status_code == 404


def test_agents_are_registered_stopped_and_hand_their_merchants_over(room):
    from tests.platform.onboarding.applicants import credit_code
    from tongbao.platform.onboarding.models import Agency, Agent

    reviewer = staff("reviewer")
    new = "/console/onboarding/agent/new/"
    form = {"name": "通途", "credit_code": "x", "phone": "02112345678", "region": "上海"}
    assert "not a credit code" in text(reviewer.post(new, form, follow=True))
    for name, number in (("通途", "MA0TE1T0"), ("远航", "MA0TE1T2")):
        code = credit_code("91", number)
        reviewer.post(new, {**form, "name": name, "credit_code": code})
    first, second = Agent.objects.order_by("credit_code")
    reviewer.post(DO, {"what": "hand_over", "agent_id": first.pk})
    do = f"/console/onboarding/agent/{first.pk}/do/"
    assert "Merchants handed over: 1." in text(
        reviewer.post(do, {"what": "hand_over", "agent_id": second.pk}, follow=True)
    )
    serving = Agency.objects.filter(merchant_id=stage.MERCHANT_ID, ended_at_us=None)
    assert [one.agent_id for one in serving] == [second.pk]
    reviewer.post(do, {"what": "stop"})
    assert not Agent.objects.get(pk=first.pk).is_active
    assert "Choose an agent who is active." in text(
        reviewer.post(DO, {"what": "hand_over", "agent_id": first.pk}, follow=True)
    )
    assert staff("support").post(do, {"what": "start"}).status_code == 403
    assert not Agent.objects.get(pk=first.pk).is_active
