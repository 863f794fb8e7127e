"""Field 54: balances. Spec: UnionPay terminal dialect, 2.3; ISO 8583:1987 DE 54."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError

_SIZE: Final = 20
_ENTRY: Final = re.compile(r"([0-9A-Z]{2})([0-9A-Z]{2})([0-9]{3})([CD])([0-9]{12})", re.ASCII)


@dataclass(frozen=True, slots=True)
class AdditionalAmount:
    """One amount of 20 characters.

    Attributes:
        account_type: 2 characters.
        amount_type: 2 characters; 01 ledger balance, 02 available balance.
        currency: 3 digits.
        sign: "C" credit or "D" debit.
        amount: 12 digits, minor units.
    """

    account_type: str
    amount_type: str
    currency: str
    sign: str
    amount: str

    @property
    def amount_minor(self) -> int:
        """The amount in minor units, negative for a debit balance."""
        return int(self.amount) if self.sign == "C" else -int(self.amount)

    def build(self) -> str:
        """Return the 20 characters; ProtocolError when a part does not fit."""
        text = self.account_type + self.amount_type + self.currency + self.sign + self.amount
        if _ENTRY.fullmatch(text) is None:
            raise ProtocolError("F54", 0, "an amount is type, type, currency, C or D, 12 digits")
        return text


@dataclass(frozen=True, slots=True)
class AdditionalAmounts:
    """The whole field: any number of amounts, usually one."""

    amounts: tuple[AdditionalAmount, ...]

    @classmethod
    def parse(cls, value: str) -> AdditionalAmounts:
        """Read amounts of 20 characters each; ProtocolError names the one that does not fit."""
        amounts = []
        for at in range(0, len(value), _SIZE):
            match = _ENTRY.fullmatch(value[at : at + _SIZE])
            if match is None:
                rule = "an amount is type, type, currency, C or D, 12 digits"
                raise ProtocolError("F54", at, rule)
            amounts.append(AdditionalAmount(*match.groups()))
        return cls(tuple(amounts))

    def build(self) -> str:
        """Return the field value."""
        return "".join(amount.build() for amount in self.amounts)
