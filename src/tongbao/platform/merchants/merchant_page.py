"""What a merchant's page in the console shows of its standing, and which forms it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.operations import Operation
from tongbao.platform.access.roles import PortalRole
from tongbao.platform.access.words import PORTAL_ROLE_WORDS
from tongbao.platform.approvals.kinds import ChangeKind
from tongbao.platform.approvals.models import ChangeRequest
from tongbao.platform.approvals.queries import with_standing
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import may, may_at
from tongbao.platform.console.labels import label
from tongbao.platform.contracts.fees import (
    METHOD_WORDS,
    STANDARD_RATES,
    Method,
    Rate,
    percent_text,
    yuan_text,
)
from tongbao.platform.contracts.offers import NoContractError, open_offer, rates_in_force
from tongbao.platform.merchants.opening import ACTIVE, CLOSED, SUSPENDED, UNSIGNED
from tongbao.platform.onboarding.models import Agent

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from tongbao.platform.merchants.models import Merchant

_CHOICES: Final = 200
_PEOPLE: Final = 50
STANDING_WORDS: Final = {
    ACTIVE: (_("Active"), "good", "check_circle"),
    SUSPENDED: (_("Suspended"), "bad", "block"),
    CLOSED: (_("Closed"), "calm", "lock"),
    UNSIGNED: (_("Contract not signed"), "doubt", "edit_document"),
}


def standing_label(merchant: Merchant) -> SafeString:
    """Return how a merchant stands as a coloured label."""
    words, tone, icon = STANDING_WORDS.get(merchant.status, (merchant.status, "calm", "help"))
    return label(tone, icon, str(words))


def merchant_context(request: HttpRequest, merchant: Merchant) -> dict[str, Any]:
    """Return the standing, what waits for the merchant or for us, people, and the forms."""
    may_suspend = may(request, Operation.MERCHANT_SUSPEND)
    may_ask_fees = may(request, Operation.FEES_CHANGE)
    may_change_agent = may(request, Operation.AGENT_CHANGE)
    return {
        "standing": standing_label(merchant),
        "can_suspend": may_suspend and merchant.status == ACTIVE,
        "can_reopen": may_suspend and merchant.status == SUSPENDED,
        "offer": open_offer(merchant.pk, now_us=now_us()),
        "fee_request": _open_fee_request(merchant),
        "fee_fields": _fee_fields(merchant) if may_ask_fees else [],
        "agents": Agent.objects.filter(is_active=True)[:_CHOICES] if may_change_agent else [],
        "people": _people(request, merchant),
        "may_open_accounts": may(request, Operation.ACCOUNT_REOPEN),
        "may_see_agents": may(request, Operation.AGENT_VIEW),
    }


def _open_fee_request(merchant: Merchant) -> ChangeRequest | None:
    asked = ChangeRequest.objects.filter(merchant_id=merchant.pk, kind=ChangeKind.FEES.value)
    return with_standing(asked, now_us()).filter(is_open=True).first()


def _fee_fields(merchant: Merchant) -> list[dict[str, str]]:
    """Return one row a method with the rate that counts now, to be changed."""
    language = get_language() or "en"
    try:
        rates = rates_in_force(merchant.pk, at_us=now_us())
    except NoContractError:
        rates = STANDARD_RATES
    return [
        {
            "method": method.value,
            "name": METHOD_WORDS[method].into(language),
            "percent": percent_text(rate.rate_ppm),
            "cap": _cap_text(rate),
        }
        for method, rate in ((one, rates[one]) for one in Method)
    ]


def _cap_text(rate: Rate) -> str:
    return "" if rate.cap_minor is None else yuan_text(rate.cap_minor).replace(",", "")


def _people(request: HttpRequest, merchant: Merchant) -> list[dict[str, Any]]:
    """Return who works for the merchant, for those who may know."""
    if not may_at(request, Operation.MEMBER_LIST, merchant.pk):
        return []
    members = merchant.memberships.filter(until_us=None).select_related("user")
    return [
        {
            "user": one.user,
            "name": one.user.display_name or one.user.get_username(),
            "role": PORTAL_ROLE_WORDS[PortalRole(one.role)],
        }
        for one in members.order_by("since_us", "membership_id")[:_PEOPLE]
    ]
