"""What the console's page of a merchant shows of its onboarding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language

from tongbao.platform.contracts.fees import METHOD_WORDS, rate_text, rates_of, yuan_text
from tongbao.platform.contracts.offers import NoContractError, contract_in_force
from tongbao.platform.onboarding.tiers import LIMIT_WORDS, RULES

if TYPE_CHECKING:
    from tongbao.platform.merchants.models import Merchant


def onboarding_of(merchant: Merchant, now_us: int) -> dict[str, Any]:
    """Return shops, account, contract with fees, limits with rules, and agents."""
    language = get_language() or "en"
    try:
        contract = contract_in_force(merchant.pk, at_us=now_us)
    except NoContractError:
        contract = None
    return {
        "shops": merchant.shops.order_by("created_at_us", "shop_id")[:50],
        "account": merchant.settlement_accounts.filter(ended_at_us=None).first(),
        "contract": contract,
        "fees": _fees(contract.schedule.rates, language) if contract else [],
        "limits": _limits(merchant, language),
        "agencies": merchant.agencies.select_related("agent").order_by("role", "-from_us"),
    }


def _fees(document: dict[str, Any], language: str) -> list[dict[str, str]]:
    rows = []
    for method, rate in rates_of(document).items():
        rows.append({"name": METHOD_WORDS[method].into(language), "text": rate_text(rate)})
    return rows


def _limits(merchant: Merchant, language: str) -> list[dict[str, str]]:
    limits = merchant.limits.filter(ended_at_us=None).first()
    if limits is None:
        return []
    rows = []
    for key, words in LIMIT_WORDS.items():
        amount = getattr(limits, key)
        if amount is not None:
            rule = RULES.get(limits.rules.get(key, ""))
            rows.append(
                {
                    "name": words.into(language),
                    "text": f"¥{yuan_text(amount)}",
                    "rule": rule.number if rule else "",
                }
            )
    return rows
