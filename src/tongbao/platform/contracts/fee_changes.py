"""Other fees for one merchant: staff ask, staff approve, and then the merchant must sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.approvals import services as approvals
from tongbao.platform.approvals.kinds import ChangeKind
from tongbao.platform.contracts.fees import Method, Rate, rate_text, rates_document, rates_of
from tongbao.platform.contracts.offers import NoContractError, offer_fees, rates_in_force
from tongbao.platform.contracts.standard import publish_schedule
from tongbao.platform.merchants.models import Merchant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.approvals.models import ChangeRequest


def ask_for_fees(
    actor: Actor,
    merchant_id: str,
    rates: Mapping[Method, Rate],
    *,
    reason: str,
    now_us: int,
) -> ChangeRequest:
    """Ask that other fees be offered to a merchant.

    Raises: AccessDeniedError; Merchant.DoesNotExist; ValueError when a method has no rate.
    """
    require(
        actor,
        Operation.FEES_CHANGE,
        now_us=now_us,
        target=("merchant", merchant_id),
    )
    Merchant.objects.get(pk=merchant_id)
    document = rates_document(rates)
    rates_of(document)
    before: dict[str, str | None]
    try:
        before = {**_readable(rates_in_force(merchant_id, at_us=now_us))}
    except NoContractError:
        before = dict.fromkeys(_readable(rates))
    # Whoever approves reads the rates of each method; the machine takes the document.
    return approvals.ask(
        actor,
        ChangeKind.FEES,
        {
            "merchant_id": merchant_id,
            "rates": document,
            "reason": reason[:200],
            **_readable(rates),
        },
        target=("merchant", merchant_id),
        merchant_id=merchant_id,
        reason=reason,
        before=before,
        now_us=now_us,
    )


def _readable(rates: Mapping[Method, Rate]) -> dict[str, str]:
    return {method.value: rate_text(rate) for method, rate in rates.items()}


def apply_fees(actor: Actor, payload: dict[str, Any], now_us: int) -> None:
    """Publish the approved fees as a schedule of their own and offer them to the merchant."""
    merchant = Merchant.objects.get(pk=payload["merchant_id"])
    schedule = publish_schedule(
        rates_of(payload["rates"]),
        (f"{merchant.name} 专用费率", f"Fees of {merchant.name_en or merchant.name}"),
        is_standard=False,
        now_us=now_us,
    )
    offer_fees(actor, merchant, schedule, reason=str(payload["reason"]), now_us=now_us)
