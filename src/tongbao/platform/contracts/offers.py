"""Offers contracts and tells which one is in force; the only way to other fees."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.contracts.fees import Method, Rate, rates_of
from tongbao.platform.contracts.models import Contract
from tongbao.platform.contracts.standard import current_text, standard_schedule
from tongbao.platform.ids import new_id
from tongbao.platform.merchants.models import Merchant

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor
    from tongbao.platform.contracts.models import FeeSchedule
    from tongbao.platform.onboarding.models import Application

OFFER_VALID_US: Final = timedelta(days=15) // timedelta(microseconds=1)


class NoContractError(LookupError):
    """The merchant has signed no contract, so it has no fees."""


def offer_for_application(actor: Actor, application: Application, *, now_us: int) -> Contract:
    """Offer the standard fees to the merchant of an approved application."""
    merchant = application.merchant
    if merchant is None:
        raise ValueError("a contract is offered to a merchant")
    schedule = standard_schedule(now_us=now_us)
    return _offer(actor, merchant, schedule, application=application, reason="", now_us=now_us)


def offer_fees(
    actor: Actor, merchant: Merchant, schedule: FeeSchedule, *, reason: str, now_us: int
) -> Contract:
    """Offer other fees; they count when the merchant has signed and not before."""
    return _offer(actor, merchant, schedule, application=None, reason=reason, now_us=now_us)


def contract_in_force(merchant_id: str, *, at_us: int) -> Contract:
    """Return the contract that was in force for a merchant at a moment: the last one signed.

    Raises: NoContractError.
    """
    signed = Contract.objects.filter(
        merchant_id=merchant_id, signing__signed_at_us__lte=at_us
    ).select_related("schedule", "version", "signing")
    newest = signed.order_by("-signing__signed_at_us", "-offered_at_us").first()
    if newest is None:
        raise NoContractError(merchant_id)
    return newest


def rates_in_force(merchant_id: str, *, at_us: int) -> dict[Method, Rate]:
    """Return the fees of a merchant at a moment; raises NoContractError."""
    return rates_of(contract_in_force(merchant_id, at_us=at_us).schedule.rates)


def open_offer(merchant_id: str, *, now_us: int) -> Contract | None:
    """Return the newest offer that is neither signed nor past its time nor overtaken."""
    newest = (
        Contract.objects.filter(merchant_id=merchant_id)
        .select_related("schedule", "version")
        .order_by("-offered_at_us", "-contract_id")
        .first()
    )
    if newest is None or hasattr(newest, "signing") or newest.expires_at_us <= now_us:
        return None
    return newest


def _offer(
    actor: Actor,
    merchant: Merchant,
    schedule: FeeSchedule,
    *,
    application: Application | None,
    reason: str,
    now_us: int,
) -> Contract:
    with transaction.atomic():
        contract = Contract.objects.create(
            contract_id=new_id("contract"),
            number=_number(now_us),
            merchant=merchant,
            application=application,
            version=current_text(now_us=now_us),
            schedule=schedule,
            reason=reason[:200],
            offered_by=actor.actor_id[:64],
            offered_at_us=now_us,
            expires_at_us=now_us + OFFER_VALID_US,
        )
        record(
            actor,
            Operation.CONTRACT_OFFER,
            now_us=now_us,
            target=("contract", contract.pk),
            merchant_id=merchant.pk,
            after={
                "number": contract.number,
                "text_version": contract.version_id,
                "schedule_version": schedule.version,
            },
        )
    return contract


def _number(now_us: int) -> str:
    """Return a contract number: TB, the day in China, eight letters that nobody guesses."""
    day = Instant(now_us).local(CHINA_TIME).strftime("%Y%m%d")
    return f"TB{day}-{new_id('c')[2:10].upper()}"
