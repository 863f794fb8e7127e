"""Field 61: the transaction this one is about. Spec: UnionPay terminal dialect, 2.7."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.wire.unionpay.structured.cutting import cut_digits, join_optional

_WIDTHS: Final = (6, 6, 4, 2, 11)


@dataclass(frozen=True, slots=True)
class OriginalTransaction:
    """The parts in order; a void stops after the trace, others after the date.

    Attributes:
        batch: 61.1, 6 digits; zeros when unknown.
        trace: 61.2, 6 digits; zeros when unknown.
        date: 61.3, MMDD; zeros when unknown, "" in a void.
        authorisation_mode: 61.4, 2 digits, adjustments only.
        institution: 61.5, 11 digits, adjustments only.
        rest: digits after 61.5 that some acquirers add.
    """

    batch: str
    trace: str
    date: str = ""
    authorisation_mode: str = ""
    institution: str = ""
    rest: str = ""

    @classmethod
    def parse(cls, digits: str) -> OriginalTransaction:
        """Read at least batch and trace; ProtocolError when a part is cut short."""
        return cls(*cut_digits(digits, _WIDTHS, "F61", required=2))

    def build(self) -> str:
        """Return the field value; ProtocolError for a wrong width or a hole."""
        parts = (self.batch, self.trace, self.date, self.authorisation_mode, self.institution)
        digits = join_optional(list(zip(parts, _WIDTHS, strict=True)), "F61")
        if self.rest and not self.institution:
            raise ProtocolError("F61.5", 0, "a part before the rest is absent")
        return digits + self.rest
