"""The only writer of the merchant register."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from tongbao.platform.merchants.models import Merchant

if TYPE_CHECKING:
    from tongbao.platform.merchants.registration import NewMerchant


def register_merchants(merchants: list[NewMerchant], *, now_us: int, using: str) -> None:
    """Add merchants; one that is registered already keeps its row untouched."""
    Merchant.objects.using(using).bulk_create(
        [Merchant(**asdict(merchant), created_at_us=now_us) for merchant in merchants],
        ignore_conflicts=True,
        batch_size=500,
    )
