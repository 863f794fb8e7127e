"""Opens merchants and replaces what only an application may change; part of its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction

from tongbao.domain.ids import MerchantId
from tongbao.platform.ids import new_id
from tongbao.platform.merchants.binding import binding_changed
from tongbao.platform.merchants.models import (
    CategoryRecord,
    Merchant,
    MerchantLimits,
    SettlementAccount,
    Shop,
)
from tongbao.platform.sealing import data_key

UNSIGNED = "unsigned"
ACTIVE = "active"
SUSPENDED = "suspended"
CLOSED = "closed"
_PREFIX_LENGTH = 11


class MerchantNumberError(RuntimeError):
    """No merchant number is free in this region and category."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShop:
    """A place of business; co-ordinates in micro-degrees, or None."""

    name: str
    address: str
    city: str
    latitude_udeg: int | None = None
    longitude_udeg: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """A settlement account; the number shows nowhere."""

    holder: str = field(repr=False)
    bank: str
    bank_code: str
    number: str = field(repr=False)
    number_token: str
    kind: str
    application_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMerchant:
    """All that a merchant is at the beginning; `number_prefix` is 11 characters.

    `limits`: fen or None by limit; `limit_rules`: the rule that each comes from.
    """

    number_prefix: str
    tier: str
    name: str
    name_en: str
    mcc: str
    city: str
    registered_name: str
    credit_code: str
    identity_token: str
    legal_person: str
    contact_phone: str
    application_id: str
    limits: Mapping[str, int | None]
    limit_rules: Mapping[str, str]
    shop: NewShop
    account: NewAccount


def open_merchant(new: OpenedMerchant, decided_by: str, *, now_us: int) -> Merchant:
    """Add a merchant with its first shop, account, limits and category; not active yet.

    Raises: MerchantNumberError.
    """
    with transaction.atomic():
        merchant = Merchant.objects.create(
            merchant_id=_free_number(new.number_prefix),
            name=new.name,
            name_en=new.name_en,
            mcc=new.mcc,
            city=new.city,
            is_active=False,
            status=UNSIGNED,
            created_at_us=now_us,
            tier=new.tier,
            registered_name=new.registered_name,
            credit_code=new.credit_code,
            identity_token=new.identity_token,
            legal_person=new.legal_person,
            contact_phone=new.contact_phone,
        )
        add_shop(merchant, new.shop, now_us=now_us)
        _add_account(merchant.pk, new.account, now_us)
        MerchantLimits.objects.create(
            limits_id=new_id("limits"),
            merchant=merchant,
            tier=new.tier,
            rules=dict(new.limit_rules),
            valid_from_us=now_us,
            **new.limits,
        )
        _add_category(merchant.pk, new.mcc, new.application_id, decided_by, now_us)
    return merchant


def add_shop(merchant: Merchant, shop: NewShop, *, now_us: int) -> Shop:
    """Add a shop to a merchant."""
    return Shop.objects.create(
        shop_id=new_id("shop"),
        merchant=merchant,
        name=shop.name,
        address=shop.address,
        city=shop.city,
        latitude_udeg=shop.latitude_udeg,
        longitude_udeg=shop.longitude_udeg,
        created_at_us=now_us,
    )


def replace_account(merchant_id: str, account: NewAccount, *, now_us: int) -> SettlementAccount:
    """End the open settlement account and open another in one step."""
    with transaction.atomic():
        Merchant.objects.select_for_update().get(pk=merchant_id)
        SettlementAccount.objects.filter(merchant_id=merchant_id, ended_at_us=None).update(
            ended_at_us=now_us
        )
        row = _add_account(merchant_id, account, now_us)
        binding_changed(merchant_id, now_us=now_us)
        return row


def replace_category(
    merchant_id: str, mcc: str, application_id: str, decided_by: str, *, now_us: int
) -> None:
    """Give a merchant another category; its record says who decided on which application."""
    with transaction.atomic():
        _add_category(merchant_id, mcc, application_id, decided_by, now_us)
        Merchant.objects.filter(pk=merchant_id).update(mcc=mcc)


def close_unsigned(merchant_id: str) -> None:
    """Close a merchant whose contract was never signed; any other stays as it is."""
    Merchant.objects.filter(pk=merchant_id, status=UNSIGNED).update(status=CLOSED)


def number_of(account: SettlementAccount) -> str:
    """Open the number of an account, for paying to it.

    Raises: SealError.
    """
    opened = data_key().open(bytes(account.number_sealed), _context(account.pk))
    return opened.decode("ascii")


def _add_account(merchant_id: str, account: NewAccount, now_us: int) -> SettlementAccount:
    account_id = new_id("account")
    return SettlementAccount.objects.create(
        account_id=account_id,
        merchant_id=merchant_id,
        holder=account.holder,
        bank=account.bank,
        bank_code=account.bank_code,
        number_sealed=data_key().seal(account.number.encode("ascii"), _context(account_id)),
        number_token=account.number_token,
        last4=account.number[-4:],
        kind=account.kind,
        application_id=account.application_id,
        valid_from_us=now_us,
    )


def _add_category(
    merchant_id: str, mcc: str, application_id: str, decided_by: str, now_us: int
) -> None:
    CategoryRecord.objects.create(
        merchant_id=merchant_id,
        mcc=mcc,
        application_id=application_id,
        decided_by=decided_by[:64],
        from_us=now_us,
    )


def _free_number(prefix: str) -> str:
    """Return the next merchant number of a prefix; the database keeps two from being the same."""
    if len(prefix) != _PREFIX_LENGTH:
        raise MerchantNumberError(f"a prefix has {_PREFIX_LENGTH} characters")
    taken = Merchant.objects.filter(pk__startswith=prefix).order_by("-pk")
    newest = taken.values_list("pk", flat=True).first()
    number = int(newest[_PREFIX_LENGTH:]) + 1 if newest else 1
    if number > 9_999:
        raise MerchantNumberError("no number is left in this region and category")
    return MerchantId(f"{prefix}{number:04}").value


def _context(account_id: str) -> str:
    return f"merchants_settlementaccount.number {account_id}"
