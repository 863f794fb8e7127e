"""What a merchant's own people change without an application: shops and a few settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.access.roles import PortalRole
from tongbao.platform.accounts.models import Membership
from tongbao.platform.accounts.notices import NoticeKind, notify
from tongbao.platform.audit.services import record
from tongbao.platform.merchants.binding import binding_changed
from tongbao.platform.merchants.models import Merchant, Shop
from tongbao.platform.merchants.opening import ACTIVE, SUSPENDED, NewShop, add_shop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor

SHOPS_MAX = 200
REASON_LENGTH_MAX = 200
_SHOP_FIELDS = frozenset(
    {"name", "address", "city", "latitude_udeg", "longitude_udeg", "is_active"}
)
# Where a shop is: what its terminals are bound to.
_PLACE_FIELDS = frozenset({"address", "city", "latitude_udeg", "longitude_udeg"})


class TooManyShopsError(Exception):
    """The merchant has as many shops as one merchant number may have."""


class StandingError(Exception):
    """The merchant is not in a state in which this can be done; nothing was changed."""


def open_shop(actor: Actor, merchant_id: str, shop: NewShop, *, now_us: int) -> Shop:
    """Add a shop.

    Raises: TooManyShopsError; AccessDeniedError; Merchant.DoesNotExist.
    """
    require(actor, Operation.SHOP_ADD, now_us=now_us, merchant_id=merchant_id)
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant_id)
        if merchant.shops.count() >= SHOPS_MAX:
            raise TooManyShopsError
        row = add_shop(merchant, shop, now_us=now_us)
        record(
            actor,
            Operation.SHOP_ADD,
            now_us=now_us,
            target=("shop", row.pk),
            merchant_id=merchant_id,
            after={"name": row.name, "city": row.city},
        )
    return row


def change_shop(
    actor: Actor,
    merchant_id: str,
    shop_id: str,
    changes: Mapping[str, str | int | bool | None],
    *,
    now_us: int,
) -> Shop:
    """Change fields of a shop; unknown fields are ignored.

    Raises: AccessDeniedError; Shop.DoesNotExist, also for another merchant's shop.
    """
    require(
        actor,
        Operation.SHOP_CHANGE,
        now_us=now_us,
        merchant_id=merchant_id,
        target=("shop", shop_id),
    )
    fields = {name: value for name, value in changes.items() if name in _SHOP_FIELDS}
    with transaction.atomic():
        shop = Shop.objects.select_for_update().get(pk=shop_id, merchant_id=merchant_id)
        before = {name: getattr(shop, name) for name in fields}
        for name, value in fields.items():
            setattr(shop, name, value)
        shop.save()
        if any(before[name] != fields[name] for name in _PLACE_FIELDS & fields.keys()):
            binding_changed(merchant_id, now_us=now_us)
        record(
            actor,
            Operation.SHOP_CHANGE,
            now_us=now_us,
            target=("shop", shop_id),
            merchant_id=merchant_id,
            before=before,
            after=fields,
        )
    return shop


def change_settings(actor: Actor, merchant_id: str, name_en: str, *, now_us: int) -> Merchant:
    """Change the English name; every other name and the category need an application.

    Raises: AccessDeniedError; Merchant.DoesNotExist.
    """
    require(actor, Operation.MERCHANT_CHANGE, now_us=now_us, merchant_id=merchant_id)
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant_id)
        before = merchant.name_en
        merchant.name_en = name_en[:80]
        merchant.save(update_fields=["name_en"])
        record(
            actor,
            Operation.MERCHANT_CHANGE,
            now_us=now_us,
            target=("merchant", merchant_id),
            merchant_id=merchant_id,
            before={"name": before},
            after={"name": merchant.name_en},
        )
    return merchant


def set_suspended(
    actor: Actor, merchant_id: str, *, suspended: bool, reason: str, now_us: int
) -> Merchant:
    """Stop a merchant from taking payments, or let it again; the owners read the reason.

    The host refuses new payments when it reads the register again (`terminal_refresh_ms`, a
    minute); what is open is still finished. The tills are
    locked by their next settings document, and opened by the one after the reopening.

    Raises: StandingError; ValueError without a reason; AccessDeniedError; Merchant.DoesNotExist.
    """
    require(actor, Operation.MERCHANT_SUSPEND, now_us=now_us, target=("merchant", merchant_id))
    reason = reason.strip()[:REASON_LENGTH_MAX]
    if not reason:
        raise ValueError("say why")
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant_id)
        if merchant.status != (ACTIVE if suspended else SUSPENDED):
            raise StandingError
        before = merchant.status
        merchant.status = SUSPENDED if suspended else ACTIVE
        merchant.is_active = not suspended
        merchant.save(update_fields=["status", "is_active"])
        record(
            actor,
            Operation.MERCHANT_SUSPEND,
            now_us=now_us,
            target=("merchant", merchant_id),
            merchant_id=merchant_id,
            before={"status": before},
            after={"status": merchant.status, "reason": reason},
        )
        _tell_owners(merchant, reason, now_us)
    return merchant


def _tell_owners(merchant: Merchant, reason: str, now_us: int) -> None:
    """Leave a notice for each owner; the tills are told by their settings."""
    is_stopped = merchant.status == SUSPENDED
    kind = NoticeKind.MERCHANT_SUSPENDED if is_stopped else NoticeKind.MERCHANT_REOPENED
    owners = Membership.objects.filter(
        merchant=merchant, role=PortalRole.OWNER.value, until_us=None
    ).select_related("user")
    for owner in owners:
        detail = {"merchant": merchant.name, "reason": reason}
        notify(owner.user, kind, detail, now_us=now_us)
