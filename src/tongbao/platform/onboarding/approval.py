"""An approved application becomes a merchant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.platform.access.roles import PortalRole
from tongbao.platform.accounts.models import Membership
from tongbao.platform.contracts.offers import offer_for_application
from tongbao.platform.ids import new_id
from tongbao.platform.merchants.opening import (
    NewAccount,
    NewShop,
    OpenedMerchant,
    open_merchant,
)
from tongbao.platform.onboarding.checking import form_of, identity_token
from tongbao.platform.onboarding.deposits import account_token
from tongbao.platform.onboarding.identifiers import mobile_in_full
from tongbao.platform.onboarding.models import Agency, Application
from tongbao.platform.onboarding.records import move
from tongbao.platform.onboarding.states import Act
from tongbao.platform.onboarding.tiers import TIERS, Tier

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor
    from tongbao.platform.onboarding.checks import Form

# Three digits of the acquirer in the merchant numbers that it gives.
ACQUIRER: Final = "100"


def make_merchant(actor: Actor, application: Application, now_us: int) -> None:
    """Open the merchant of an approved application and offer it the contract.

    Part of the approval's transaction. Raises: MerchantNumberError.
    """
    form = form_of(application)
    merchant = open_merchant(_opened(application, form), actor.actor_id, now_us=now_us)
    application.merchant = merchant
    Membership.objects.create(
        membership_id=new_id("membership"),
        user_id=application.owner_id,
        merchant=merchant,
        role=PortalRole.OWNER.value,
        since_us=now_us,
    )
    if application.agent is not None:
        for role in ("sold", "serves"):
            Agency.objects.create(
                agency_id=new_id("agency"),
                agent=application.agent,
                merchant=merchant,
                role=role,
                from_us=now_us,
            )
    offer_for_application(actor, application, now_us=now_us)
    move(application, Act.OFFER_CONTRACT, actor, now_us=now_us)


def _opened(application: Application, form: Form) -> OpenedMerchant:
    tier = Tier(application.tier)
    person = form.resident_id
    code = "" if tier is Tier.MICRO else form.text("credit_code")
    # The registry's region stands in the credit code, the person's in the resident id.
    region = code[2:6] if code else person[:4]
    return OpenedMerchant(
        number_prefix=f"{ACQUIRER}{region}{form.text('mcc')}",
        tier=tier.value,
        name=form.text("name"),
        name_en=form.text("name_en"),
        mcc=form.text("mcc"),
        city=form.text("shop_city"),
        registered_name=form.text("registered_name"),
        credit_code=code,
        identity_token=identity_token(person),
        legal_person=form.text("legal_person"),
        contact_phone=mobile_in_full(form.text("contact_phone")),
        application_id=application.pk,
        limits={limit.key: limit.amount_minor for limit in TIERS[tier].limits},
        limit_rules={limit.key: limit.rule for limit in TIERS[tier].limits},
        shop=NewShop(
            name=form.text("shop_name"),
            address=form.text("shop_address"),
            city=form.text("shop_city"),
            latitude_udeg=form.number("shop_latitude_udeg"),
            longitude_udeg=form.number("shop_longitude_udeg"),
        ),
        account=account_of(form, application.pk),
    )


def account_of(form: Form, application_id: str) -> NewAccount:
    """Return the settlement account that a form names."""
    return NewAccount(
        holder=form.text("account_holder"),
        bank=form.text("account_bank"),
        bank_code=form.text("account_bank_code"),
        number=form.account_number,
        number_token=account_token(form.account_number),
        kind=form.text("account_kind"),
        application_id=application_id,
    )
