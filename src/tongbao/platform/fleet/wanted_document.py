"""Puts together the whole document that a terminal is to have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tongbao.platform.bilingual import Words
from tongbao.platform.fleet.invitations import host_address
from tongbao.platform.fleet.models import Device
from tongbao.platform.merchants.models import MerchantLimits
from tongbao.platform.merchants.opening import SUSPENDED
from tongbao.wire.device.activation import HostAddress
from tongbao.wire.device.settings import (
    FunctionCode,
    Language,
    Limits,
    Lock,
    MerchantFacts,
    Operator,
    SettingsDocument,
    ShopFacts,
    SignInPolicy,
    SlipTexts,
    Tender,
    TrainingSettings,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.platform.fleet.models import Terminal
    from tongbao.platform.fleet.wanted_rules import Effective

People: TypeAlias = tuple[tuple[Operator, ...], tuple[FunctionCode, ...]]

_NOWHERE = HostAddress(
    address="127.0.0.1", port=1, tls=True, tls_name=None, ca_pem=None, profile="unionpay"
)
# What the tills of a suspended merchant show; what is open there is still finished.
SUSPENDED_WORDS: Final = Words(
    "商户已暂停受理，请联系收单机构。", "This merchant is suspended: call your acquirer."
)
_people: list[Callable[[Terminal], People]] = []


def connect_people(source: Callable[[Terminal], People]) -> None:
    """Name the function that knows a terminal's operators and function codes."""
    _people[:] = [source]


def content_of(terminal: Terminal, effective: Effective) -> SettingsDocument:
    """Return a terminal's document without its number and time (both 0)."""
    values = effective.values
    device = Device.objects.filter(terminal=terminal).first()
    operators, function_codes = _people[0](terminal) if _people else ((), ())
    return SettingsDocument(
        version=0,
        issued_at_ms=0,
        serial_number=device.pk if device else terminal.serial_number,
        terminal_id=terminal.pk,
        merchant=_merchant(terminal),
        shop=_shop(terminal),
        tenders=tuple(Tender(one) for one in values["tenders"]),
        kinds=tuple(values["kinds"]),
        function_codes=function_codes,
        operators=operators,
        sign_in_policy=SignInPolicy(values["sign_in_policy"]),
        auto_sign_in=values["auto_sign_in"],
        idle_lock_s=values["idle_lock_s"],
        limits=_limits(terminal, values),
        slip=SlipTexts(header=tuple(values["slip.header"]), footer=tuple(values["slip.footer"])),
        language=Language(values["language"]),
        host=host_address() or _NOWHERE,
        training=TrainingSettings(
            is_allowed=values["training.is_allowed"],
            needs_supervisor=values["training.needs_supervisor"],
        ),
        lock=_lock(terminal, device),
        quiet_hour=values["quiet_hour"],
        heartbeat_s=values["heartbeat_s"],
    )


def _lock(terminal: Terminal, device: Device | None) -> Lock:
    """Lock what staff locked, and every till of a merchant that is suspended."""
    if device is not None and device.is_lock_wanted:
        return Lock(is_locked=True, words=device.lock_words)
    if terminal.merchant.status == SUSPENDED:
        return Lock(is_locked=True, words=f"{SUSPENDED_WORDS.zh} {SUSPENDED_WORDS.en}")
    return Lock(is_locked=False, words="")


def _merchant(terminal: Terminal) -> MerchantFacts:
    merchant = terminal.merchant
    return MerchantFacts(
        merchant_id=merchant.pk,
        name=merchant.name,
        name_en=merchant.name_en or merchant.name,
        mcc=merchant.mcc,
        city=merchant.city,
        mail_order_allowed=merchant.mail_order_allowed,
    )


def _shop(terminal: Terminal) -> ShopFacts | None:
    shop = terminal.shop
    if shop is None:
        return None
    address = f"{shop.city} {shop.address}".strip()[:200]
    return ShopFacts(shop_id=shop.pk, name=shop.name, address=address)


def _limits(terminal: Terminal, values: Any) -> Limits:
    """Return the tighter of what is set and what the merchant's tier allows."""
    tier = MerchantLimits.objects.filter(
        merchant_id=terminal.merchant_id, ended_at_us__isnull=True
    ).first()
    return Limits(
        sale_minor=_least(values["limits.sale_minor"], tier.per_trade_minor if tier else None),
        refund_minor=values["limits.refund_minor"],
        offline_minor=values["limits.offline_minor"],
        day_minor=_least(values["limits.day_minor"], tier.per_day_minor if tier else None),
    )


def _least(*limits: int | None) -> int | None:
    known = [limit for limit in limits if limit is not None]
    return min(known) if known else None
