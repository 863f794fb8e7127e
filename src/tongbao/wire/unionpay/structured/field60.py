"""Field 60: what the message is for. Spec: UnionPay terminal dialect, 2.6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import BatchNo
from tongbao.wire.unionpay.structured.cutting import cut_digits, join_optional

_WIDTHS: Final = (2, 6, 3, 1, 1, 1, 3)


@dataclass(frozen=True, slots=True)
class FunctionCodes:
    """The parts in order; the field stops after the last part needed, absent ones are "".

    Attributes:
        function: 60.1, 2 digits, the kind of transaction.
        batch: 60.2, 6 digits, batch number.
        network: 60.3, 3 digits, network management code, 000 in financial messages.
        capability: 60.4, 1 digit, what the terminal can read.
        chip_condition: 60.5, 1 digit, how the last chip reading went.
        partial: 60.6, 1 digit, 1 = partial approval and balance return supported.
        account: 60.7, 3 digits, kind of points account.
        rest: digits after 60.7 that some acquirers add.
    """

    function: str
    batch: str
    network: str = ""
    capability: str = ""
    chip_condition: str = ""
    partial: str = ""
    account: str = ""
    rest: str = ""

    @classmethod
    def parse(cls, digits: str) -> FunctionCodes:
        """Read at least 60.1 and 60.2; ProtocolError when a part is cut short."""
        return cls(*cut_digits(digits, _WIDTHS, "F60", required=2))

    def build(self) -> str:
        """Return the field value; ProtocolError for a wrong width or a hole."""
        parts = (
            self.function,
            self.batch,
            self.network,
            self.capability,
            self.chip_condition,
            self.partial,
            self.account,
        )
        digits = join_optional(list(zip(parts, _WIDTHS, strict=True)), "F60")
        if self.rest and not self.account:
            raise ProtocolError("F60.7", 0, "a part before the rest is absent")
        return digits + self.rest

    @property
    def batch_no(self) -> BatchNo | None:
        """60.2 as a batch number; None for 000000, which a terminal sends before it has one."""
        return BatchNo(int(self.batch)) if int(self.batch) else None
