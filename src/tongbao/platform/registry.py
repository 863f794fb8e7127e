"""Registers merchants and terminals in any database, for set-up, tests and the benchmark.

Each call opens its own connection and commits before it returns. Registering what is registered
already changes nothing, so set-up may be repeated.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tongbao.platform.fleet.registration import NewTerminal
from tongbao.platform.merchants.registration import NewMerchant
from tongbao.platform.project import run_with

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tongbao.platform.fleet.stock_list import NewDevice


class UnknownMerchantError(LookupError):
    """A terminal was to be registered for a merchant that is not registered."""


__all__ = [
    "NewMerchant",
    "NewTerminal",
    "UnknownMerchantError",
    "put_into_stock",
    "register_merchant",
    "register_merchants",
    "register_terminal",
    "register_terminals",
]


def register_merchant(database_url: str, merchant: NewMerchant) -> None:
    """Register one merchant."""
    register_merchants(database_url, [merchant])


def register_merchants(database_url: str, merchants: Iterable[NewMerchant]) -> None:
    """Register many merchants in one transaction."""
    rows = list(merchants)

    def work(alias: str) -> None:
        from tongbao.platform.merchants import services  # noqa: PLC0415 - models need the settings

        services.register_merchants(rows, now_us=_now_us(), using=alias)

    run_with(database_url, work)


def register_terminal(database_url: str, terminal: NewTerminal) -> None:
    """Register one terminal of a registered merchant.

    Raises UnknownMerchantError when the merchant is not registered.
    """
    register_terminals(database_url, [terminal])


def register_terminals(database_url: str, terminals: Iterable[NewTerminal]) -> None:
    """Register many terminals in one transaction.

    Raises UnknownMerchantError when a merchant is not registered; then none is added.
    """
    rows = list(terminals)

    def work(alias: str) -> None:
        from tongbao.platform.fleet import services  # noqa: PLC0415 - models need the settings
        from tongbao.platform.merchants.models import Merchant  # noqa: PLC0415 - as above: only when needed

        wanted = {terminal.merchant_id for terminal in rows}
        known = Merchant.objects.using(alias).filter(pk__in=wanted).values_list("pk", flat=True)
        for merchant_id in sorted(wanted - set(known)):
            raise UnknownMerchantError(f"merchant {merchant_id} is not registered")
        services.register_terminals(rows, now_us=_now_us(), using=alias)

    run_with(database_url, work)


def put_into_stock(database_url: str, devices: Iterable[NewDevice]) -> None:
    """Receive devices into stock; one that is known already stays as it is."""
    rows = list(devices)

    def work(alias: str) -> None:
        from tongbao.platform.fleet import stock  # noqa: PLC0415 - models need the settings

        stock.add_first(rows, now_us=_now_us(), using=alias)

    run_with(database_url, work)


def _now_us() -> int:
    return time.time_ns() // 1000
