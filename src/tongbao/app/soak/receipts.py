"""What a cashier remembers of approved payments, so that a later errand can name one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tongbao.app.demo.order import day_of
from tongbao.app.soak.history import BALANCE
from tongbao.sandbox.cards import CARD_BY_ID, Behaviour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.app.soak.history import SaleRecord
    from tongbao.app.soak.plan import SaleOrder

_REFUND: Final = "refund"
_ORIGINALS: Final = {
    "void": frozenset({"sale"}),
    _REFUND: frozenset({"sale", "completion"}),
    "completion": frozenset({"pre_authorisation"}),
    "pre_authorisation_void": frozenset({"pre_authorisation"}),
}
_TAKES_ALL: Final = frozenset({"void", "pre_authorisation_void"})
# An errand names one of the last so many that fit.
_REMEMBERED: Final = 6


@dataclass(slots=True)
class Receipt:
    """An approved payment; `used_minor` is what errands have taken of it, or may have."""

    kind: str
    card_id: str
    amount_minor: int
    trace: int
    rrn: str
    auth_code: str
    day: str
    used_minor: int = 0

    @property
    def left_minor(self) -> int:
        """What can still be given back, or is still held."""
        return self.amount_minor - self.used_minor


class Receipts:
    """The approved payments of one till's open batch."""

    def __init__(self) -> None:
        self._kept: list[Receipt] = []

    def keep(self, sale: SaleRecord, state: Mapping[str, Any]) -> None:
        """Remember an approved payment as the screen shows it."""
        result = state["result"]
        self._kept.append(
            Receipt(
                sale.kind,
                sale.card_id,
                sale.amount_minor,
                int(result["trace"]),
                result["rrn"] or "",
                result["auth_code"] or "",
                day_of(state),
            )
        )

    def fit(self, order: SaleOrder) -> tuple[SaleOrder, Receipt | None]:
        """Return the order with card and amount of its original, and that original.

        Where nothing fits, the customer buys something instead.
        """
        if order.kind == BALANCE:
            return replace(order, amount_minor=0), None
        kinds = _ORIGINALS.get(order.kind)
        if kinds is None:
            return order, None
        fitting = [receipt for receipt in self._kept if _fits(receipt, order, kinds)][-_REMEMBERED:]
        if not fitting:
            return replace(order, kind="sale"), None
        receipt = fitting[order.pick % len(fitting)]
        amount = _amount_minor(receipt, order)
        card_id = receipt.card_id
        return replace(order, card_id=card_id, amount_minor=amount, wrong_pin=False), receipt


def use(receipt: Receipt, sale: SaleRecord) -> None:
    """Count the errand as done to its original; nobody knows yet."""
    receipt.used_minor += _taken_minor(receipt, sale)


def give_back(receipt: Receipt, sale: SaleRecord) -> None:
    """Count the errand as not done: it was declined, reversed or not sent."""
    receipt.used_minor -= _taken_minor(receipt, sale)


def _taken_minor(receipt: Receipt, sale: SaleRecord) -> int:
    return sale.amount_minor if sale.kind == _REFUND else receipt.amount_minor


def _fits(receipt: Receipt, order: SaleOrder, kinds: frozenset[str]) -> bool:
    if receipt.kind not in kinds:
        return False
    # A refund is repeated until it is answered in time.
    is_prompt = CARD_BY_ID[receipt.card_id].behaviour is Behaviour.NORMAL
    if order.kind == _REFUND:
        return is_prompt and (order.again or receipt.left_minor > 0)
    return order.again or receipt.used_minor == 0


def _amount_minor(receipt: Receipt, order: SaleOrder) -> int:
    if order.kind in _TAKES_ALL:
        return receipt.amount_minor
    if order.kind == _REFUND and not order.again:
        return max(1, receipt.left_minor * min(order.percent, 100) // 100)
    return max(1, receipt.amount_minor * order.percent // 100)
