"""Closing the batch: totals that agree or not, uploads, and the next batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.app.conform.case import CaseBook, NotApplicableError, check
from tongbao.app.conform.deeds import Done, approved, card_of, do, needs, refused
from tongbao.app.conform.terminal_side import TerminalSide
from tongbao.domain.secrets import Purpose
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.transactions import REFUND, SALE, VOID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.app.conform.terminal_side import Reply

BOOK: Final[CaseBook[TerminalSide]] = CaseBook("settlement")
_BALANCED: Final = "11"
_DOMESTIC_FLAG: Final = 30
_FOREIGN_FLAG: Final = 61


def _totals(debits: Sequence[int] = (), credited: Sequence[int] = ()) -> str:
    """Field 48 of a 0500: domestic debits and credits, nothing foreign."""
    domestic = f"{sum(debits):012d}{len(debits):03d}{sum(credited):012d}{len(credited):03d}0"
    return domestic + "0" * 31


def _message(side: TerminalSide, mti: str, code: str, more: dict[int, str]) -> Message:
    fields: dict[int, str] = {
        11: f"{side.next_trace():06d}",
        41: side.terminal.terminal_id,
        42: side.terminal.merchant_id,
        60: f"00{side.batch:06d}{code}",
    }
    return Message(mti, {**fields, **more})


def _settle(side: TerminalSide, totals: str) -> Reply:
    more = {48: totals, 49: "156", 63: "01 "}
    return side.ask(_message(side, "0500", "201", more), signed=False)


def _flags(reply: Reply) -> str:
    totals = reply.text(48)
    check(len(totals) == 62, "62 digits in F48", str(len(totals)))
    return totals[_DOMESTIC_FLAG] + totals[_FOREIGN_FLAG]


def _upload(side: TerminalSide, sales: Sequence[Done]) -> Reply:
    records = "".join(
        f"00{sale.trace}{sale.card.pan.reveal(Purpose.WIRE):0>20}{sale.amount_minor:012d}"
        for sale in sales
    )
    return side.ask(_message(side, "0320", "201", {48: f"{len(sales):02d}{records}"}), signed=False)


def _end(side: TerminalSide, code: str, count: int) -> Reply:
    return side.ask(_message(side, "0320", code, {48: f"{count:04d}"}), signed=False)


def _fresh_batch(side: TerminalSide) -> None:
    """Close whatever batch is open, as unbalanced when it has to be, and begin a new one."""
    needs(side, "settlement")
    terminal = side.plan.settling_terminal
    if terminal is None:
        raise NotApplicableError("the plan has no settling_terminal, whose batches are closed")
    side.take_place(terminal)
    side.sign_in()
    balanced = _flags(_settle(side, _totals())) == _BALANCED
    reply = _end(side, "207" if balanced else "202", 0)
    check(reply.code == "00", "the end of a batch with F39 00", str(reply))
    side.sign_in()


@BOOK.case("balanced", "Right totals are answered with two flags 1.", "2.1, 3.9")
def _balanced(side: TerminalSide) -> None:
    _fresh_batch(side)
    sales = [approved(side, SALE, amount_minor=amount) for amount in (1_00, 2_50)]
    reply = _settle(side, _totals([sale.amount_minor for sale in sales]))
    check(_flags(reply) == _BALANCED, "flags 1 and 1", _flags(reply))
    _end(side, "207", 2)


@BOOK.case("empty", "A batch of nothing balances with totals of nothing.", "3.9")
def _empty(side: TerminalSide) -> None:
    _fresh_batch(side)
    check(_flags(_settle(side, _totals())) == _BALANCED, "flags 1 and 1", "others")
    _end(side, "207", 0)


@BOOK.case("wrong_amount", "A domestic sum that is one fen off is answered with flag 2.", "2.1")
def _wrong_amount(side: TerminalSide) -> None:
    _domestic_differs(side, _totals([1_01]))


@BOOK.case("wrong_count", "A count that is one off is answered with flag 2.", "2.1")
def _wrong_count(side: TerminalSide) -> None:
    _domestic_differs(side, _totals([50, 50]))


def _domestic_differs(side: TerminalSide, totals: str) -> None:
    """Settle a batch of one sale of 1.00 with totals that are wrong on the domestic side."""
    _fresh_batch(side)
    sale = approved(side, SALE, amount_minor=1_00)
    flags = _flags(_settle(side, totals))
    check(flags == "21", "flags 2 and 1", flags)
    _upload(side, [sale])
    _end(side, "202", 1)


@BOOK.case("wrong_foreign", "Foreign totals that are wrong are answered with their flag 2.", "2.1")
def _wrong_foreign(side: TerminalSide) -> None:
    _fresh_batch(side)
    totals = _totals()[:31] + f"{1_00:012d}001" + "0" * 16
    flags = _flags(_settle(side, totals))
    check(flags == "12", "flags 1 and 2", flags)
    _end(side, "202", 0)


@BOOK.case("refund_is_credit", "A refund counts on the credit side.", "3.9")
def _credit(side: TerminalSide) -> None:
    needs(side, "refund")
    _fresh_batch(side)
    sale = approved(side, SALE, amount_minor=5_00)
    approved(side, REFUND, original=sale, amount_minor=2_00)
    flags = _flags(_settle(side, _totals([5_00], [2_00])))
    check(flags == _BALANCED, "flags 1 and 1", flags)
    _end(side, "207", 2)


@BOOK.case("void_is_counted", "A voided sale is taken off, or stands on the credit side.", "3.9")
def _voided(side: TerminalSide) -> None:
    needs(side, "void")
    _fresh_batch(side)
    kept = approved(side, SALE, amount_minor=5_00)
    approved(side, VOID, original=approved(side, SALE, amount_minor=3_00), amount_minor=3_00)
    flags = _flags(_settle(side, _totals([kept.amount_minor])))
    if flags != _BALANCED:
        flags = _flags(_settle(side, _totals([5_00, 3_00], [3_00])))
    check(flags == _BALANCED, "flags 1 and 1 one way or the other", flags)
    _end(side, "207", 1)


@BOOK.case("asked_again", "The same totals asked again get the same answer.", "3.9")
def _again(side: TerminalSide) -> None:
    _fresh_batch(side)
    approved(side, SALE, amount_minor=1_00)
    first, second = (_flags(_settle(side, _totals([1_00]))) for _ in range(2))
    check(first == second == _BALANCED, "flags 1 and 1 twice", f"{first}, {second}")
    _end(side, "207", 1)


@BOOK.case("no_sale_after_totals", "Between totals and end no new sale enters the batch.", "7.4")
def _no_sale(side: TerminalSide) -> None:
    _fresh_batch(side)
    _settle(side, _totals())
    refused(do(side, SALE).reply)
    _end(side, "207", 0)


@BOOK.case("upload", "Details are taken, eight to a message, after wrong totals.", "3.10")
def _details(side: TerminalSide) -> None:
    _fresh_batch(side)
    sales = [approved(side, SALE, amount_minor=1_00 + n) for n in range(9)]
    _settle(side, _totals([1]))
    for part in (sales[:8], sales[8:]):
        reply = _upload(side, part)
        check(reply.code in {"00", "94"}, "F39 00 or 94", str(reply))
    reply = _end(side, "202", len(sales))
    check(reply.code == "00", "F39 00 to the end", str(reply))


@BOOK.case("upload_repeated", "Details sent twice are accepted and counted once.", "3.10")
def _details_twice(side: TerminalSide) -> None:
    _fresh_batch(side)
    sale = approved(side, SALE, amount_minor=1_00)
    _settle(side, _totals([1]))
    for _ in range(2):
        reply = _upload(side, [sale])
        check(reply.code in {"00", "94"}, "F39 00 or 94", str(reply))
    reply = _end(side, "202", 1)
    check(reply.code == "00", "F39 00 to the end", str(reply))
    check(reply.text(48) in {"", "0001"}, "one record counted", repr(reply.text(48)))


@BOOK.case("upload_broken", "Details that do not add up to their count are refused.", "2.1")
def _details_broken(side: TerminalSide) -> None:
    _fresh_batch(side)
    _settle(side, _totals([1]))
    message = _message(side, "0320", "201", {48: "02" + "0" * 40})
    refused(side.ask(message, signed=False), "30", "12")
    _end(side, "202", 0)


@BOOK.case("next_batch", "After the end the next sign-in gives the next batch.", "7.1")
def _next_batch(side: TerminalSide) -> None:
    _fresh_batch(side)
    before = side.batch
    _settle(side, _totals())
    _end(side, "207", 0)
    side.sign_in()
    check(side.batch == before % 999_999 + 1, f"batch {before + 1}", str(side.batch))


@BOOK.case("old_batch_closed", "A closed batch takes no more sales.", "7.1")
def _old_batch(side: TerminalSide) -> None:
    _fresh_batch(side)
    old = side.batch
    _settle(side, _totals())
    _end(side, "207", 0)
    side.sign_in()
    changes = {60: f"22{old:06d}000{side.plan.capabilities}"}
    refused(do(side, SALE, changes=changes).reply, "77")


@BOOK.case("void_after_close", "A sale of a closed batch is not voided; it is refunded.", "3.5")
def _void_after(side: TerminalSide) -> None:
    needs(side, "void")
    _fresh_batch(side)
    sale = approved(side, SALE, amount_minor=4_00)
    _settle(side, _totals([4_00]))
    _end(side, "207", 1)
    side.sign_in()
    refused(do(side, VOID, original=sale, amount_minor=4_00).reply)
    approved(side, REFUND, original=sale, amount_minor=4_00, card=card_of(side))


@BOOK.case("short_totals", "Totals that are not 62 digits are refused.", "2.1")
def _short(side: TerminalSide) -> None:
    _fresh_batch(side)
    reply = _settle(side, "0" * 61)
    check(len(reply.text(48)) != 62 or "1" not in _flags(reply), "no balance", "flags")
