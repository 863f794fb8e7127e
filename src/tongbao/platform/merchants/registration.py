"""What registering takes, checked when it is made. Pure: imports no Django."""

from __future__ import annotations

from dataclasses import dataclass

from tongbao.domain.ids import MerchantId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMerchant:
    """What is known of a merchant at registration; `mcc` is the four-digit category code."""

    merchant_id: str
    name: str
    name_en: str
    mcc: str
    city: str
    mail_order_allowed: bool = False

    def __post_init__(self) -> None:
        MerchantId(self.merchant_id)
        if not (len(self.mcc) == 4 and self.mcc.isascii() and self.mcc.isdigit()):
            raise ValueError("a category code (MCC) has four digits")
        if not (0 < len(self.name) <= 80 and len(self.name_en) <= 80 and len(self.city) <= 40):
            raise ValueError("a merchant has a name of 1 to 80 characters and a city of up to 40")
