"""The five elements of notice 259, bound while a device serves a terminal number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.platform.fleet.models import Device, Installation
from tongbao.platform.ids import new_id
from tongbao.platform.merchants.models import SettlementAccount

if TYPE_CHECKING:
    from tongbao.platform.merchants.models import Merchant


def open_for(device: Device, *, now_us: int) -> Installation:
    """Bind device, terminal number, merchant, account and place from now on."""
    return _open(device, _binding(device), now_us)


def close_for(device: Device, *, now_us: int) -> None:
    """End the open binding of a device, if there is one."""
    Installation.objects.filter(device=device, until_us__isnull=True).update(until_us=now_us)


def rebind(merchant_id: str, *, now_us: int) -> int:
    """Bind a merchant's installations anew after its account, code or place changed.

    Returns how many were bound anew; the old bindings stay as history, and one in which nothing
    changed stays open.
    """
    opened = 0
    rows = Installation.objects.filter(merchant_id=merchant_id, until_us__isnull=True)
    # Held as every step of their lives holds them: what is taken back meanwhile is not bound anew.
    held = Device.objects.filter(pk__in=list(rows.values_list("device_id", flat=True)))
    list(held.order_by("pk").select_for_update())
    for row in rows.select_related("device__terminal__shop", "device__merchant"):
        bound = _binding(row.device)
        if all(getattr(row, name) == value for name, value in bound.items()):
            continue
        row.until_us = now_us
        row.save(update_fields=["until_us"])
        _open(row.device, bound, now_us)
        opened += 1
    return opened


def _open(device: Device, bound: dict[str, Any], now_us: int) -> Installation:
    return Installation.objects.create(
        installation_id=new_id("place"), device=device, from_us=now_us, **bound
    )


def _binding(device: Device) -> dict[str, Any]:
    """Return what a device in service is to be bound to."""
    terminal, merchant = device.terminal, device.merchant
    if terminal is None or merchant is None:
        raise ValueError("a device without a terminal number has no place")
    shop, account = terminal.shop, _open_account(merchant)
    return {
        "terminal_id": terminal.pk,
        "merchant_id": merchant.pk,
        "credit_code": merchant.binding_code,
        "settlement_account_id": account.pk if account else None,
        "shop_id": shop.pk if shop else None,
        "place": f"{shop.city} {shop.address}".strip()[:260] if shop else merchant.city,
        "latitude_udeg": shop.latitude_udeg if shop else None,
        "longitude_udeg": shop.longitude_udeg if shop else None,
    }


def _open_account(merchant: Merchant) -> SettlementAccount | None:
    return SettlementAccount.objects.filter(merchant=merchant, ended_at_us__isnull=True).first()
