"""A settlement account changes by an application again, with two people and notice."""

import pytest

from tests.platform.onboarding.applicants import card_number
from tests.platform.onboarding.conftest import (
    NOON_US,
    again,
    approved,
    confirm_deposit,
    person,
    picture,
    reviewer,
)
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.onboarding.tiers import PaperKind

NEW = card_number("62000009")
FIELDS = {
    "account_holder": "林晓晨",
    "account_bank": "另一家银行",
    "account_number": NEW,
    "account_kind": "personal",
    "remarks": "旧卡遗失",
}


def test_two_people_decide_on_another_account_and_the_old_row_stays(django_sqlite, world):
    from tongbao.platform.approvals import services as approvals
    from tongbao.platform.approvals.models import ChangeRequest
    from tongbao.platform.merchants.opening import number_of
    from tongbao.platform.onboarding import applications, changes, checking, papers, review
    from tongbao.platform.onboarding.models import Application

    del django_sqlite
    stranger, staff = person(), reviewer()
    merchant = Application.objects.get(pk=approved(world, stranger, staff)).merchant
    owner = again(stranger, at_us=NOON_US)
    world.bank.accounts[NEW] = ("林晓晨", False)
    change = changes.begin_change(
        owner, merchant.pk, changes.SETTLEMENT_ACCOUNT, FIELDS, now_us=NOON_US
    )
    assert "若非本人" in world.sms.sent[-1].text
    with pytest.raises(changes.ChangeUnderWayError):
        changes.begin_change(owner, merchant.pk, changes.SETTLEMENT_ACCOUNT, FIELDS, now_us=NOON_US)
    card = papers.Upload(PaperKind.BANK_CARD, "card.jpg", picture("new card"))
    papers.add(owner, change.pk, card, now_us=NOON_US)
    confirm_deposit(world, owner, change.pk)
    applications.submit(owner, change.pk, now_us=NOON_US)
    assert checking.run(change.pk, now_us=NOON_US) == "in_review"
    review.take(staff, change.pk, now_us=NOON_US)
    review.approve(staff, change.pk, note="与卡面一致；同一申请人前次申请已查", now_us=NOON_US)
    assert merchant.settlement_accounts.count() == 1
    request = ChangeRequest.objects.get()
    assert request.payload["last4"] == NEW[-4:]
    assert NEW not in str(request.payload)
    second = reviewer("second", StaffRole.SETTLEMENT)
    approvals.decide(second, request.pk, approve=True, note="", now_us=NOON_US + 5)
    accounts = list(merchant.settlement_accounts.order_by("valid_from_us"))
    assert [account.ended_at_us for account in accounts] == [NOON_US + 5, None]
    assert number_of(accounts[1]) == NEW
    assert Application.objects.get(pk=change.pk).status == "in_force"
    assert "已生效" in world.sms.sent[-1].text


def test_without_a_fresh_second_factor_or_as_somebody_else_nothing_begins(django_sqlite, world):
    from tongbao.platform.access.enforce import AccessDeniedError
    from tongbao.platform.onboarding import changes
    from tongbao.platform.onboarding.models import Application

    del django_sqlite
    stranger = person()
    merchant = Application.objects.get(pk=approved(world, stranger, reviewer())).merchant
    before = Application.objects.count(), len(world.sms.sent)
    for actor, decision in (
        (again(stranger), "second_factor_needed"),
        (again(person("other"), at_us=NOON_US), "hidden"),
    ):
        with pytest.raises(AccessDeniedError) as refused:
            changes.begin_change(
                actor, merchant.pk, changes.SETTLEMENT_ACCOUNT, FIELDS, now_us=NOON_US
            )
        assert refused.value.decision == decision
    assert (Application.objects.count(), len(world.sms.sent)) == before
