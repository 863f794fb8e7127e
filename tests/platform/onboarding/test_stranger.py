"""A stranger with nothing but the services comes from an empty form to an active merchant."""

import hashlib

import pytest

from tests.platform.onboarding.applicants import ACCOUNT_NUMBERS, credit_code
from tests.platform.onboarding.conftest import (
    MINUTE_US,
    NOON_US,
    again,
    code_sent,
    codes_of,
    fill_in,
    person,
    reviewer,
    signature_picture,
)
from tongbao.platform.onboarding.tiers import Tier


@pytest.mark.parametrize("tier", Tier)
def test_a_stranger_applies_corrects_is_approved_signs_and_is_active(django_database, world, tier):
    from tongbao.platform.contracts import signing
    from tongbao.platform.contracts.offers import open_offer, rates_in_force
    from tongbao.platform.merchants.models import Merchant
    from tongbao.platform.merchants.opening import number_of
    from tongbao.platform.onboarding import applications, checking, deposits, review
    from tongbao.platform.onboarding.models import Application

    del django_database
    stranger, staff = person(), reviewer()
    application_id = fill_in(stranger, tier, contact_phone="123")
    applications.submit(stranger, application_id, now_us=NOON_US)
    assert checking.run(application_id, now_us=NOON_US) == "correction_wanted"
    assert codes_of(application_id) == ["deposit_unconfirmed", "phone_malformed"]

    later = NOON_US + 10 * MINUTE_US
    (deposit_id, (number, remark)) = next(iter(world.bank.deposits.items()))
    assert number == ACCOUNT_NUMBERS[tier]
    deposits.confirm(stranger, application_id, remark, now_us=later)
    applications.save(stranger, application_id, {"contact_phone": "19900001234"}, now_us=later)
    applications.submit(stranger, application_id, now_us=later)
    assert checking.run(application_id, now_us=later) == "in_review"
    assert codes_of(application_id) == []

    review.take(staff, application_id, now_us=later)
    review.approve(staff, application_id, note="", now_us=later)
    merchant = Merchant.objects.get(applications=application_id)
    assert (merchant.status, merchant.is_active, merchant.tier) == ("unsigned", False, tier)
    assert merchant.pk == f"1001101{merchant.mcc}0001"
    assert len(merchant.binding_code) == 18
    assert (merchant.binding_code == credit_code("92")) is (tier is Tier.SOLE_TRADER)
    account = merchant.settlement_accounts.get(ended_at_us=None)
    assert number_of(account) == ACCOUNT_NUMBERS[tier]
    assert account.last4 == ACCOUNT_NUMBERS[tier][-4:]
    assert merchant.shops.get().address == "静安区样板路 18 号"
    assert merchant.category_records.get().mcc == merchant.mcc
    assert merchant.memberships.get().role == "owner"

    owner = again(stranger)
    contract = open_offer(merchant.pk, now_us=later)
    signing.send_code(owner, contract.pk, now_us=later)
    signature = signing.Signature(
        signer_name="林晓晨", picture=signature_picture(), code=code_sent(world)
    )
    signed = signing.sign(owner, contract.pk, signature, now_us=later + 1)
    pdf = signing.signed_document(owner, contract.pk, now_us=later + 2)
    assert pdf.startswith(b"%PDF-")
    assert hashlib.sha256(pdf).hexdigest() == signed.pdf_sha256
    merchant.refresh_from_db()
    assert (merchant.status, merchant.is_active) == ("active", True)
    assert Application.objects.get(pk=application_id).status == "signed"
    assert len(rates_in_force(merchant.pk, at_us=later + 2)) == 4
    assert deposit_id.startswith("deposit_")
