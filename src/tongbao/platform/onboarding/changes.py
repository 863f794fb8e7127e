"""Changes that only an application may bring: the settlement account and the category.

The owner applies with a fresh second factor, the checks run, a reviewer looks, and a second person
decides (`approvals`); only then the merchant is changed. The owner is told of each step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.approvals import services as approvals
from tongbao.platform.approvals.kinds import ChangeKind
from tongbao.platform.approvals.services import ChangeNotPossibleError
from tongbao.platform.audit.services import record
from tongbao.platform.bilingual import Words
from tongbao.platform.ids import new_id
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.merchants.opening import replace_account, replace_category
from tongbao.platform.onboarding.approval import account_of
from tongbao.platform.onboarding.checking import form_of
from tongbao.platform.onboarding.form_data import SECRET_FIELDS, merged, tidied
from tongbao.platform.onboarding.models import Application
from tongbao.platform.onboarding.notices import tell_applicant
from tongbao.platform.onboarding.promises import promised_at_us
from tongbao.platform.onboarding.records import add_event, locked, move, seal_secrets, secrets_of
from tongbao.platform.onboarding.states import FINAL, Act, State
from tongbao.platform.onboarding.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor

SETTLEMENT_ACCOUNT: Final = "settlement_account"
CATEGORY: Final = "category"
FIELDS: Final[dict[str, frozenset[str]]] = {
    SETTLEMENT_ACCOUNT: frozenset(
        {
            "account_kind",
            "account_holder",
            "account_bank",
            "account_bank_code",
            "account_number",
            "remarks",
        }
    ),
    CATEGORY: frozenset({"mcc", "monthly_turnover_minor", "remarks"}),
}
_OPERATIONS: Final = {
    SETTLEMENT_ACCOUNT: Operation.SETTLEMENT_ACCOUNT_CHANGE,
    CATEGORY: Operation.CATEGORY_CHANGE,
}
_KINDS: Final = {
    SETTLEMENT_ACCOUNT: ChangeKind.SETTLEMENT_ACCOUNT,
    CATEGORY: ChangeKind.MERCHANT_CATEGORY,
}
_BEGUN: Final = Words(
    "有人为商户 {merchant} 申请变更{what}。若非本人，请立即联系我们。",
    "Somebody applied to change the {what} of merchant {merchant}. If it was not you, call us.",
)
_IN_FORCE: Final = Words(
    "商户 {merchant} 的{what}变更已生效。", "The {what} of merchant {merchant} was changed."
)
_WHAT: Final = {
    SETTLEMENT_ACCOUNT: Words("结算账户", "settlement account"),
    CATEGORY: Words("经营类别", "category"),
}


class ChangeUnderWayError(Exception):
    """The merchant has an application for such a change under way already."""


def begin_change(
    actor: Actor,
    merchant_id: str,
    kind: str,
    changes: Mapping[str, str | int | None],
    *,
    now_us: int,
) -> Application:
    """Open an application for a change, with what is known of the merchant in it.

    Raises: AccessDeniedError (also without a fresh second factor); ChangeUnderWayError;
    UnknownFieldError for a field that has no part in this change; Merchant.DoesNotExist.
    """
    require(
        actor,
        _OPERATIONS[kind],
        now_us=now_us,
        merchant_id=merchant_id,
        target=("merchant", merchant_id),
    )
    plain = tidied({name: value for name, value in changes.items() if name in FIELDS[kind]})
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant_id)
        pending = Application.objects.filter(merchant=merchant, kind=kind)
        if pending.exclude(status__in=FINAL).exists():
            raise ChangeUnderWayError
        first = _first_application(merchant)
        secret = {name: plain.pop(name) for name in SECRET_FIELDS if name in plain}
        application = Application(
            application_id=new_id("application"),
            kind=kind,
            # A merchant from before the tiers shows the papers of a company.
            tier=merchant.tier or Tier.ENTERPRISE.value,
            owner_id=int(actor.actor_id),
            merchant=merchant,
            data=merged(_known(merchant, first), plain),
            created_at_us=now_us,
            updated_at_us=now_us,
            promised_at_us=promised_at_us(State.DRAFT, now_us),
        )
        known = secrets_of(first) if first else {}
        seal_secrets(application, merged(known, secret))
        application.save(force_insert=True)
        add_event(application, "begin", actor, before=State.DRAFT, now_us=now_us)
        tell_applicant(application, _BEGUN, merchant=merchant_id, what=_WHAT[kind].zh)
        record(
            actor,
            _OPERATIONS[kind],
            now_us=now_us,
            target=("application", application.pk),
            merchant_id=merchant_id,
            after={"kind": kind, "fields": sorted({*plain, *secret})},
        )
    return application


def ask_second_person(actor: Actor, application: Application, note: str, now_us: int) -> None:
    """Hand a reviewed change to a second person; part of the approval's transaction."""
    merchant = application.merchant
    if merchant is None:
        raise ValueError("an application for a change belongs to a merchant")
    approvals.ask(
        actor,
        _KINDS[application.kind],
        {"application_id": application.pk, **_after(application)},
        target=("application", application.pk),
        merchant_id=merchant.pk,
        reason=note or str(application.data.get("remarks", "")) or application.kind,
        before=_before(application),
        now_us=now_us,
    )


def put_in_force(actor: Actor, payload: dict[str, Any], now_us: int) -> None:
    """Make an approved change; runs in the transaction of the second person's decision.

    Raises: ChangeNotPossibleError when the application is not waiting for it any more.
    """
    application = locked(str(payload["application_id"]))
    merchant = application.merchant
    if application.status != State.APPROVED or merchant is None:
        raise ChangeNotPossibleError
    form = form_of(application)
    if application.kind == SETTLEMENT_ACCOUNT:
        replace_account(merchant.pk, account_of(form, application.pk), now_us=now_us)
    else:
        mcc = form.text("mcc")
        replace_category(merchant.pk, mcc, application.pk, actor.actor_id, now_us=now_us)
    move(application, Act.PUT_IN_FORCE, actor, now_us=now_us)
    tell_applicant(application, _IN_FORCE, merchant=merchant.pk, what=_WHAT[application.kind].zh)


def _first_application(merchant: Merchant) -> Application | None:
    rows = Application.objects.filter(merchant=merchant, kind="new")
    return rows.order_by("created_at_us").first()


def _known(merchant: Merchant, first: Application | None) -> dict[str, str | int]:
    known: dict[str, str | int] = dict(first.data) if first else {}
    known.pop("remarks", None)
    return {
        **known,
        "registered_name": merchant.registered_name,
        "legal_person": merchant.legal_person,
        "contact_phone": merchant.contact_phone,
        "mcc": merchant.mcc,
    }


def _before(application: Application) -> dict[str, str]:
    merchant = application.merchant
    if merchant is None or application.kind == CATEGORY:
        return {"mcc": merchant.mcc if merchant else ""}
    account = merchant.settlement_accounts.filter(ended_at_us=None).first()
    if account is None:
        return {}
    return {"bank": account.bank, "last4": account.last4, "kind": account.kind}


def _after(application: Application) -> dict[str, str]:
    if application.kind == CATEGORY:
        return {"mcc": str(application.data.get("mcc", ""))}
    number = str(secrets_of(application).get("account_number", ""))
    return {
        "bank": str(application.data.get("account_bank", "")),
        "last4": number[-4:],
        "kind": str(application.data.get("account_kind", "")),
    }
