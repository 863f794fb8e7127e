"""Field 48: totals, batch details, counts, tips. Spec: UnionPay terminal dialect, 2.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import Stan
from tongbao.domain.secrets import Pan, Purpose, SecretText
from tongbao.wire.unionpay.structured.context import MessageContext
from tongbao.wire.unionpay.structured.cutting import check_digits

_SIDE: Final = 31
_DETAIL: Final = 40
_PAN_DIGITS: Final = 20
_MAX_DETAILS: Final = 8
BALANCE_FLAGS: Final = {
    "0": ("请求", "request"),
    "1": ("对账平", "balanced"),
    "2": ("对账不平", "not balanced"),
    "3": ("对账出错", "error"),
}


@dataclass(frozen=True, slots=True)
class SettlementSide:
    """Totals of domestic or foreign cards; amounts 12 digits in minor units, counts 3 digits."""

    debit_amount: str
    debit_count: str
    credit_amount: str
    credit_count: str
    flag: str

    @classmethod
    def of(cls, debit: tuple[int, int], credit: tuple[int, int], flag: str = "0") -> SettlementSide:
        """Make one side from (count, minor units) of debits and of credits."""
        return cls(
            f"{debit[1]:012d}", f"{debit[0]:03d}", f"{credit[1]:012d}", f"{credit[0]:03d}", flag
        )

    @property
    def debit(self) -> tuple[int, int]:
        """Count and minor units of sales, completions and offline sales."""
        return int(self.debit_count), int(self.debit_amount)

    @property
    def credit(self) -> tuple[int, int]:
        """Count and minor units of refunds."""
        return int(self.credit_count), int(self.credit_amount)

    @classmethod
    def parse(cls, digits: str, path: str) -> SettlementSide:
        """Read 31 digits."""
        check_digits(digits, _SIDE, path)
        return cls(digits[:12], digits[12:15], digits[15:27], digits[27:30], digits[30])

    def build(self) -> str:
        """Return 31 digits; ProtocolError when the parts do not make them."""
        digits = (
            self.debit_amount
            + self.debit_count
            + self.credit_amount
            + self.credit_count
            + self.flag
        )
        check_digits(digits, _SIDE, "F48")
        return digits


@dataclass(frozen=True, slots=True)
class SettlementTotals:
    """0500 and 0510: domestic 内卡 and foreign 外卡 totals, 62 digits."""

    domestic: SettlementSide
    foreign: SettlementSide

    @classmethod
    def parse(cls, digits: str) -> SettlementTotals:
        """Read 62 digits; ProtocolError otherwise."""
        check_digits(digits, 2 * _SIDE, "F48")
        return cls(
            SettlementSide.parse(digits[:_SIDE], "F48"), SettlementSide.parse(digits[_SIDE:], "F48")
        )

    def build(self) -> str:
        """Return the field value."""
        return self.domestic.build() + self.foreign.build()


@dataclass(frozen=True, slots=True)
class BatchDetail:
    """One uploaded transaction, 40 digits.

    Attributes:
        card: "00" domestic, "01" foreign.
        trace: 6 digits.
        pan: 20 digits, zero filled on the left; a secret.
        amount: 12 digits in minor units.
    """

    card: str
    trace: str
    pan: SecretText
    amount: str

    @classmethod
    def of(cls, trace: Stan, pan: Pan, amount_minor: int, *, is_foreign: bool) -> BatchDetail:
        """Make one from the values of a payment."""
        digits = SecretText(pan.reveal(Purpose.WIRE).zfill(_PAN_DIGITS))
        return cls("01" if is_foreign else "00", trace.digits, digits, f"{amount_minor:012d}")

    @property
    def card_number(self) -> Pan:
        """The card number without the zeros on its left; ProtocolError when it is all zeros."""
        digits = self.pan.reveal(Purpose.WIRE).lstrip("0")
        if not 0 < len(digits) < _PAN_DIGITS:
            raise ProtocolError("F48", 0, "a card number is 1 to 19 digits")
        return Pan(digits)


@dataclass(frozen=True, slots=True)
class BatchDetails:
    """0320 with 60.3 = 201: up to eight transactions after their two-digit count."""

    details: tuple[BatchDetail, ...]

    @classmethod
    def parse(cls, digits: str) -> BatchDetails:
        """Read count and details; ProtocolError when they do not agree."""
        check_digits(digits, len(digits), "F48")
        count = int(digits[:2]) if len(digits) >= 2 else -1
        if count > _MAX_DETAILS or len(digits) != 2 + count * _DETAIL:
            raise ProtocolError("F48", 0, "a count of up to 8 and 40 digits for each")
        details = []
        for at in range(2, len(digits), _DETAIL):
            pan = SecretText(digits[at + 8 : at + 28])
            amount = digits[at + 28 : at + 40]
            details.append(BatchDetail(digits[at : at + 2], digits[at + 2 : at + 8], pan, amount))
        return cls(tuple(details))

    def build(self) -> str:
        """Return the field value; ProtocolError when a part has the wrong width."""
        text = f"{len(self.details):02d}"
        for detail in self.details:
            text += detail.card + detail.trace + detail.pan.reveal(Purpose.WIRE) + detail.amount
        check_digits(text, 2 + _DETAIL * len(self.details), "F48")
        return text


@dataclass(frozen=True, slots=True)
class UploadCount:
    """0320 and 0330 with 60.3 = 202 or 207: how many records went up in this batch, 4 digits."""

    count: int

    @classmethod
    def parse(cls, digits: str) -> UploadCount:
        """Read four digits; ProtocolError otherwise."""
        check_digits(digits, 4, "F48")
        return cls(int(digits))

    def build(self) -> str:
        """Return the field value."""
        check_digits(f"{self.count:04d}", 4, "F48")
        return f"{self.count:04d}"


@dataclass(frozen=True, slots=True)
class TipAmount:
    """0220 tip adjustment: the tip in minor units, 12 digits."""

    amount_minor: int

    @classmethod
    def parse(cls, digits: str) -> TipAmount:
        """Read twelve digits; ProtocolError otherwise."""
        check_digits(digits, 12, "F48")
        return cls(int(digits))

    def build(self) -> str:
        """Return the field value."""
        check_digits(f"{self.amount_minor:012d}", 12, "F48")
        return f"{self.amount_minor:012d}"


@dataclass(frozen=True, slots=True)
class LoadEntryMode:
    """Account load 圈存: entry mode of the receiving card, 3 digits, and a zero."""

    entry_mode: str

    @classmethod
    def parse(cls, digits: str) -> LoadEntryMode:
        """Read four digits that end in 0; ProtocolError otherwise."""
        check_digits(digits, 4, "F48")
        if digits[3] != "0":
            raise ProtocolError("F48", 3, "the last digit is 0")
        return cls(digits[:3])

    def build(self) -> str:
        """Return the field value."""
        check_digits(self.entry_mode, 3, "F48")
        return self.entry_mode + "0"


@dataclass(frozen=True, slots=True)
class OtherDigits:
    """A value whose layout the message does not tell; empty and one-digit values occur."""

    digits: str

    def build(self) -> str:
        """Return the field value."""
        return self.digits


Field48 = SettlementTotals | BatchDetails | UploadCount | TipAmount | LoadEntryMode | OtherDigits


def parse_field48(digits: str, context: MessageContext) -> Field48:
    """Read the field as its message lays it out; a value that does not fit is `OtherDigits`.

    Spec: UnionPay terminal dialect, 2.1.
    """
    kind = _layout(context)
    if kind is None:
        return OtherDigits(digits)
    try:
        return kind.parse(digits)
    except ProtocolError:
        return OtherDigits(digits)


def _layout(
    context: MessageContext,
) -> type[SettlementTotals | BatchDetails | UploadCount | TipAmount | LoadEntryMode] | None:
    if context.mti in ("0500", "0510"):
        return SettlementTotals
    if context.mti in ("0320", "0330"):
        return {"201": BatchDetails, "202": UploadCount, "207": UploadCount}.get(context.network)
    if context.mti == "0220" and context.function == "34":
        return TipAmount
    if context.mti == "0200" and context.processing_code[:2] in ("60", "62", "63"):
        return LoadEntryMode
    return None
