"""A merchant: who it is, its shops, its settlement account, its limits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router
from pydantic import Field

from tongbao.platform.access.operations import Operation
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.pages import page_of
from tongbao.platform.api.problems import Problem
from tongbao.platform.api.shapes import (
    In,
    MerchantNumber,
    Out,
    Page,
    PageQuery,
    Whole,
    Words,
    YesNo,
    moment,
    moment_or_none,
)
from tongbao.platform.merchants import changes
from tongbao.platform.merchants.models import Merchant, SettlementAccount, Shop
from tongbao.platform.merchants.opening import NewShop
from tongbao.platform.onboarding.api_public import limit_out
from tongbao.platform.onboarding.categories import CATEGORIES
from tongbao.platform.onboarding.changes import CATEGORY, SETTLEMENT_ACCOUNT, begin_change
from tongbao.platform.onboarding.problems import told_refusals
from tongbao.platform.onboarding.shapes import (
    ApplicationOut,
    LimitOut,
    PromiseOut,
    application_out,
    told,
)
from tongbao.platform.onboarding.tiers import LIMIT_WORDS, TIERS, Limit, Tier

router = Router(tags=["merchants"])

ShopId = Annotated[str, Path(max_length=32)]
_Latitude = Annotated[Whole, Field(ge=3_000_000, le=54_000_000)]
_Longitude = Annotated[Whole, Field(ge=73_000_000, le=136_000_000)]


class AgencyOut(Out):
    """An agent who sold to this merchant or serves it; not active: works for us no longer."""

    role: Literal["sold", "serves"]
    name: str
    phone: str
    is_active: bool


class MerchantOut(Out):
    """A merchant."""

    merchant_id: str
    name: str
    name_en: str
    status: str
    tier: str
    tier_name: str
    registered_name: str
    credit_code: str
    legal_person: str
    mcc: str
    category: str
    city: str
    chain_id: str | None
    created_at: datetime
    agencies: list[AgencyOut]
    promises: list[PromiseOut]


class MerchantSettings(In):
    """What a merchant changes itself; other names and the category need an application."""

    name_en: Annotated[Words, Field(max_length=80)]


class ShopOut(Out):
    """A shop; co-ordinates in millionths of a degree."""

    shop_id: str
    name: str
    address: str
    city: str
    latitude_udeg: int | None
    longitude_udeg: int | None
    is_active: bool
    created_at: datetime


class NewShopIn(In):
    """A shop to be added."""

    name: Annotated[Words, Field(max_length=80)]
    address: Annotated[Words, Field(max_length=200)]
    city: Annotated[Words, Field(max_length=40)]
    latitude_udeg: _Latitude | None = None
    longitude_udeg: _Longitude | None = None


class ShopChanges(In):
    """Fields of a shop; what is left out stays as it is."""

    name: Annotated[Words, Field(max_length=80)] = ""
    address: Annotated[Words, Field(max_length=200)] = ""
    city: Annotated[Words, Field(max_length=40)] = ""
    latitude_udeg: _Latitude | None = None
    longitude_udeg: _Longitude | None = None
    is_active: YesNo = True


class SettlementAccountOut(Out):
    """Where the money goes; the number by its last digits, and an application to change it."""

    account_id: str
    holder: str
    bank: str
    last4: str
    kind: str
    valid_from: datetime
    change: str | None


class NewAccountIn(In):
    """Another settlement account; the change is an application and two people decide on it."""

    holder: Annotated[Words, Field(max_length=120)]
    bank: Annotated[Words, Field(max_length=80)]
    bank_code: Annotated[str, Field(max_length=12)] = ""
    number: Annotated[Words, Field(max_length=60)]
    kind: Literal["corporate", "personal"]
    reason: Annotated[Words, Field(max_length=500)]


class NewCategoryIn(In):
    """Another category of business; the change is an application and two people decide on it."""

    mcc: Annotated[str, Field(pattern="^[0-9]{4}$")]
    reason: Annotated[Words, Field(max_length=500)]


class LimitsOut(Out):
    """What may be taken, each limit with its rule."""

    tier: str
    valid_from: datetime | None
    items: list[LimitOut]


@router.get("/merchants/{merchant_id}", response=MerchantOut, operation_id="get_merchant")
@operation(Operation.MERCHANT_VIEW)
def get_merchant(request: ApiRequest, merchant_id: MerchantNumber) -> MerchantOut:
    """Tell who a merchant is, and which agent sold to it and what was promised."""
    del request
    return _merchant_out(Merchant.objects.get(pk=merchant_id))


@router.patch("/merchants/{merchant_id}", response=MerchantOut, operation_id="change_merchant")
@operation(Operation.MERCHANT_CHANGE)
def change_merchant(
    request: ApiRequest, merchant_id: MerchantNumber, body: MerchantSettings
) -> MerchantOut:
    """Change the settings that are the merchant's own."""
    merchant = changes.change_settings(
        request.actor, merchant_id, body.name_en, now_us=request.now_us
    )
    return _merchant_out(merchant)


@router.get("/merchants/{merchant_id}/shops", response=Page[ShopOut], operation_id="list_shops")
@operation(Operation.SHOP_LIST)
def list_shops(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[PageQuery]
) -> Page[ShopOut]:
    """List the shops, the oldest first."""
    del request
    Merchant.objects.get(pk=merchant_id)
    rows, cursor = page_of(
        Shop.objects.filter(merchant_id=merchant_id),
        query,
        order=("created_at_us", "shop_id"),
        name=f"shops:{merchant_id}",
    )
    return Page[ShopOut](items=[_shop_out(shop) for shop in rows], next_cursor=cursor)


@router.post("/merchants/{merchant_id}/shops", response={201: ShopOut}, operation_id="add_shop")
@operation(Operation.SHOP_ADD)
def add_shop(request: ApiRequest, merchant_id: MerchantNumber, body: NewShopIn) -> ShopOut:
    """Add a shop."""
    shop = NewShop(
        name=body.name,
        address=body.address,
        city=body.city,
        latitude_udeg=body.latitude_udeg,
        longitude_udeg=body.longitude_udeg,
    )
    try:
        row = changes.open_shop(request.actor, merchant_id, shop, now_us=request.now_us)
    except changes.TooManyShopsError:
        raise Problem(
            409, "too_many_shops", _("A merchant number has at most 200 shops.")
        ) from None
    return _shop_out(row)


@router.patch(
    "/merchants/{merchant_id}/shops/{shop_id}", response=ShopOut, operation_id="change_shop"
)
@operation(Operation.SHOP_CHANGE)
def change_shop(
    request: ApiRequest, merchant_id: MerchantNumber, shop_id: ShopId, body: ShopChanges
) -> ShopOut:
    """Change a shop; one that is closed keeps its history."""
    row = changes.change_shop(
        request.actor,
        merchant_id,
        shop_id,
        body.model_dump(exclude_unset=True),
        now_us=request.now_us,
    )
    return _shop_out(row)


@router.get(
    "/merchants/{merchant_id}/settlement-account",
    response=SettlementAccountOut,
    operation_id="get_settlement_account",
)
@operation(Operation.SETTLEMENT_ACCOUNT_VIEW)
def get_settlement_account(
    request: ApiRequest, merchant_id: MerchantNumber
) -> SettlementAccountOut:
    """Tell where the money goes, and whether a change is under way."""
    del request
    account = SettlementAccount.objects.get(merchant_id=merchant_id, ended_at_us=None)
    merchant = Merchant.objects.get(pk=merchant_id)
    pending = merchant.applications.filter(kind=SETTLEMENT_ACCOUNT).order_by("-created_at_us")
    newest = pending.first()
    return SettlementAccountOut(
        account_id=account.pk,
        holder=account.holder,
        bank=account.bank,
        last4=account.last4,
        kind=account.kind,
        valid_from=moment(account.valid_from_us),
        change=newest.pk if newest else None,
    )


@router.post(
    "/merchants/{merchant_id}/settlement-account",
    response={201: ApplicationOut},
    operation_id="change_settlement_account",
)
@operation(Operation.SETTLEMENT_ACCOUNT_CHANGE)
def change_settlement_account(
    request: ApiRequest, merchant_id: MerchantNumber, body: NewAccountIn
) -> ApplicationOut:
    """Apply for another settlement account.

    The application then takes the paper of the account and the one-fen deposit and is handed in
    like any other; a reviewer and a second person decide.
    """
    fields: dict[str, str | int | None] = {
        "account_holder": body.holder,
        "account_bank": body.bank,
        "account_bank_code": body.bank_code,
        "account_number": body.number,
        "account_kind": body.kind,
        "remarks": body.reason,
    }
    with told_refusals():
        application = begin_change(
            request.actor, merchant_id, SETTLEMENT_ACCOUNT, fields, now_us=request.now_us
        )
    return application_out(application, request.now_us)


@router.post(
    "/merchants/{merchant_id}/category",
    response={201: ApplicationOut},
    operation_id="change_category",
)
@operation(Operation.CATEGORY_CHANGE)
def change_category(
    request: ApiRequest, merchant_id: MerchantNumber, body: NewCategoryIn
) -> ApplicationOut:
    """Apply for another category of business."""
    fields: dict[str, str | int | None] = {"mcc": body.mcc, "remarks": body.reason}
    with told_refusals():
        application = begin_change(
            request.actor, merchant_id, CATEGORY, fields, now_us=request.now_us
        )
    return application_out(application, request.now_us)


@router.get("/merchants/{merchant_id}/limits", response=LimitsOut, operation_id="get_limits")
@operation(Operation.LIMITS_VIEW)
def get_limits(request: ApiRequest, merchant_id: MerchantNumber) -> LimitsOut:
    """Tell what may be taken, each limit with the rule that it comes from."""
    del request
    merchant = Merchant.objects.get(pk=merchant_id)
    limits = merchant.limits.filter(ended_at_us=None).first()
    items = []
    for key in LIMIT_WORDS if limits else ():
        rule = limits.rules.get(key, "own_policy") if limits else "own_policy"
        items.append(limit_out(Limit(key, getattr(limits, key), rule)))
    return LimitsOut(
        tier=merchant.tier,
        valid_from=moment_or_none(limits.valid_from_us if limits else None),
        items=items,
    )


def _merchant_out(merchant: Merchant) -> MerchantOut:
    category = CATEGORIES.get(merchant.mcc)
    agencies = merchant.agencies.filter(ended_at_us=None).select_related("agent")
    first = merchant.applications.filter(kind="new").order_by("created_at_us").first()
    promises = first.promises.order_by("promise_id") if first else []
    return MerchantOut(
        merchant_id=merchant.pk,
        name=merchant.name,
        name_en=merchant.name_en,
        status=merchant.status,
        tier=merchant.tier,
        tier_name=told(TIERS[Tier(merchant.tier)].name) if merchant.tier else "",
        registered_name=merchant.registered_name,
        credit_code=merchant.credit_code,
        legal_person=merchant.legal_person,
        mcc=merchant.mcc,
        category=told(category.words) if category else "",
        city=merchant.city,
        chain_id=merchant.chain_id,
        created_at=moment(merchant.created_at_us),
        agencies=[
            AgencyOut(
                role="sold" if agency.role == "sold" else "serves",
                name=agency.agent.name,
                phone=agency.agent.phone,
                is_active=agency.agent.is_active,
            )
            for agency in agencies
        ],
        promises=[
            PromiseOut(subject=one.subject, words=one.words, at=moment(one.at_us))
            for one in promises
        ],
    )


def _shop_out(shop: Shop) -> ShopOut:
    return ShopOut(
        shop_id=shop.pk,
        name=shop.name,
        address=shop.address,
        city=shop.city,
        latitude_udeg=shop.latitude_udeg,
        longitude_udeg=shop.longitude_udeg,
        is_active=shop.is_active,
        created_at=moment(shop.created_at_us),
    )
