"""What staff can do on a merchant's page: each form of the page is one function here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from tongbao.platform.access.enforce import actor_of
from tongbao.platform.accounts.reopening import ReopeningRefusedError, reopen
from tongbao.platform.accounts.words import REOPENING_REFUSAL_WORDS
from tongbao.platform.clock import now_us
from tongbao.platform.console.acting import FormRefusedError, UnknownFormError, text_of
from tongbao.platform.contracts.fee_changes import ask_for_fees
from tongbao.platform.contracts.fees import Method, read_rate
from tongbao.platform.merchants.changes import StandingError, set_suspended
from tongbao.platform.onboarding.agents import hand_over
from tongbao.platform.onboarding.models import Agent

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from tongbao.platform.merchants.models import Merchant


def run(request: HttpRequest, merchant: Merchant) -> str:
    """Do what the form asks for and return what to say about it.

    Raises UnknownFormError; FormRefusedError; AccessDeniedError.
    """
    what = FORMS.get(request.POST.get("what", ""))
    if what is None:
        raise UnknownFormError
    return what(request, merchant)


def _suspend(request: HttpRequest, merchant: Merchant) -> str:
    _stop(request, merchant, suspended=True)
    return _("The merchant is suspended: within a minute no till of it takes a new payment.")


def _reopen(request: HttpRequest, merchant: Merchant) -> str:
    _stop(request, merchant, suspended=False)
    return _(
        "The merchant takes payments again within a minute; locked tills open with their next "
        "heartbeat."
    )


def _stop(request: HttpRequest, merchant: Merchant, *, suspended: bool) -> None:
    reason = text_of(request, "reason")
    try:
        set_suspended(
            actor_of(request), merchant.pk, suspended=suspended, reason=reason, now_us=now_us()
        )
    except StandingError:
        raise FormRefusedError(
            _("Somebody else changed this merchant meanwhile; nothing was done.")
        ) from None
    except ValueError:
        raise FormRefusedError(_("Say why: the reason stays on record.")) from None


def _ask_fees(request: HttpRequest, merchant: Merchant) -> str:
    rates = {}
    for method in Method:
        percent = text_of(request, f"{method.value}_percent", 20)
        try:
            rates[method] = read_rate(percent, text_of(request, f"{method.value}_cap", 20))
        except ValueError:
            raise FormRefusedError(
                _("A rate is a number such as 0.55, at most 10; a cap is an amount or empty.")
            ) from None
    reason = text_of(request, "reason", 200)
    if not reason:
        raise FormRefusedError(_("Say why: the reason stays on record."))
    ask_for_fees(actor_of(request), merchant.pk, rates, reason=reason, now_us=now_us())
    return _(
        "Asked for. After a second person has approved, the merchant gets a new contract to sign."
    )


def _hand_over(request: HttpRequest, merchant: Merchant) -> str:
    try:
        hand_over(
            actor_of(request),
            merchant.pk,
            text_of(request, "agent_id", 32),
            "serves",
            now_us=now_us(),
        )
    except Agent.DoesNotExist:
        raise FormRefusedError(_("Choose an agent who is active.")) from None
    return _("From now on this agent serves the merchant.")


def _open_account(request: HttpRequest, merchant: Merchant) -> str:
    user_id = text_of(request, "user_id", 12)
    member = merchant.memberships.filter(user_id=user_id) if user_id.isdecimal() else None
    if member is None or not member.exists():
        raise UnknownFormError
    try:
        reopen(actor_of(request), int(user_id), reason=text_of(request, "reason"), now_us=now_us())
    except ReopeningRefusedError as error:
        raise FormRefusedError(str(REOPENING_REFUSAL_WORDS[error.refusal])) from None
    return _("The account is open again.")


FORMS: Final[dict[str, Callable[[HttpRequest, Merchant], str]]] = {
    "suspend": _suspend,
    "reopen": _reopen,
    "ask_fees": _ask_fees,
    "hand_over": _hand_over,
    "open_account": _open_account,
}
