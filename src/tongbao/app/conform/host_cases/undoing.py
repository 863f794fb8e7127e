"""Voids and refunds: who may undo what, how often, and up to which amount."""

from __future__ import annotations

from typing import Final

from tongbao.app.conform.case import CaseBook, NotApplicableError, check
from tongbao.app.conform.deeds import (
    approved,
    approved_in_the_end,
    card_of,
    do,
    needs,
    refused,
    request,
    reversal,
)
from tongbao.app.conform.terminal_side import TerminalSide
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.transactions import REFUND, SALE, VOID, Transaction

BOOK: Final[CaseBook[TerminalSide]] = CaseBook("undoing")


def _begin(side: TerminalSide, claim: str) -> None:
    needs(side, claim)
    side.sign_in()


@BOOK.case("void", "A sale of the open batch is voided by batch, trace and reference.", "3.5")
def _void(side: TerminalSide) -> None:
    _begin(side, "void")
    done = approved(side, VOID, original=approved(side, SALE))
    check(done.reply.message.mti == "0210", "0210", done.reply.message.mti)


def _refused_after_void(side: TerminalSide, transaction: Transaction) -> None:
    """Void a sale and try to undo it once more."""
    sale = approved(side, SALE)
    approved(side, VOID, original=sale)
    refused(do(side, transaction, original=sale).reply)


@BOOK.case("void_twice", "A voided sale is not voided again.", "3.5")
def _void_twice(side: TerminalSide) -> None:
    _begin(side, "void")
    _refused_after_void(side, VOID)


@BOOK.case("void_repeated", "The same void sent twice is one void with one answer.", "7.1")
def _void_repeated(side: TerminalSide) -> None:
    _begin(side, "void")
    done = approved(side, VOID, original=approved(side, SALE))
    again = side.ask(done.request)
    check(again.text(37) == done.reply.text(37), "the first answer again", str(again))
    check(again.code == "00", "F39 00", str(again))


@BOOK.case("void_part", "A void of less than the whole sale is refused.", "3.5")
def _void_part(side: TerminalSide) -> None:
    _begin(side, "void")
    sale = approved(side, SALE, amount_minor=5_00)
    refused(do(side, VOID, original=sale, amount_minor=4_00).reply)


@BOOK.case("void_more", "A void of more than the sale is refused.", "3.5")
def _void_more(side: TerminalSide) -> None:
    _begin(side, "void")
    sale = approved(side, SALE, amount_minor=5_00)
    refused(do(side, VOID, original=sale, amount_minor=6_00).reply)


@BOOK.case("void_of_nothing", "A void of a trace that never was is refused with 25.", "4")
def _void_of_nothing(side: TerminalSide) -> None:
    _begin(side, "void")
    sale = approved(side, SALE)
    changes = {61: f"{sale.batch}{side.next_trace():06d}"}
    refused(do(side, VOID, original=sale, changes=changes).reply, "25", "12")


@BOOK.case("void_wrong_reference", "A void whose reference number is another's is refused.", "3.5")
def _void_reference(side: TerminalSide) -> None:
    _begin(side, "void")
    sale = approved(side, SALE)
    other = approved(side, SALE)
    changes = {37: other.reply.text(37)}
    refused(do(side, VOID, original=sale, changes=changes).reply)


@BOOK.case("void_without_reference", "A void without F37 is refused.", "3.0.1")
def _void_without(side: TerminalSide) -> None:
    _begin(side, "void")
    sale = approved(side, SALE)
    refused(do(side, VOID, original=sale, changes={37: None}).reply)


@BOOK.case("void_without_original", "A void without F61 is refused.", "3.0.1")
def _void_without_61(side: TerminalSide) -> None:
    _begin(side, "void")
    sale = approved(side, SALE)
    refused(do(side, VOID, original=sale, changes={61: None}).reply)


@BOOK.case("void_other_card", "A void with another card than the sale's is refused.", "3.5")
def _void_other_card(side: TerminalSide) -> None:
    _begin(side, "void")
    sale = approved(side, SALE)
    refused(do(side, VOID, original=sale, card=card_of(side, "second")).reply)


@BOOK.case("void_of_declined", "A declined sale is not voided.", "3.5")
def _void_declined(side: TerminalSide) -> None:
    _begin(side, "void")
    sale = do(side, SALE, card=card_of(side, "no_funds"))
    refused(sale.reply)
    changes = {37: sale.reply.text(37) or "000000000000"}
    refused(do(side, VOID, original=sale, changes=changes).reply)


@BOOK.case(
    "void_of_reversed", "A reversed sale is not voided: nothing is there to give back.", "3.7"
)
def _void_reversed(side: TerminalSide) -> None:
    _begin(side, "void")
    sale = approved(side, SALE)
    check(side.ask(reversal(sale)).code == "00", "a reversal with F39 00", "another answer")
    refused(do(side, VOID, original=sale).reply)


@BOOK.case("void_of_void", "A void is not voided.", "3.5")
def _void_of_void(side: TerminalSide) -> None:
    _begin(side, "void")
    void = approved(side, VOID, original=approved(side, SALE))
    refused(do(side, VOID, original=void).reply)


@BOOK.case("void_by_another_terminal", "Another terminal does not void my sale.", "3.5")
def _void_elsewhere(side: TerminalSide) -> None:
    _begin(side, "void")
    if side.plan.second_terminal is None:
        raise NotApplicableError("the plan has no second_terminal")
    sale = approved(side, SALE)
    message = request(side, VOID, card=sale.card, original=sale)
    fields = message.fields | {41: side.plan.second_terminal.terminal_id}
    refused(side.ask(Message("0200", fields)))


@BOOK.case("reversed_void", "After its void was reversed a sale stands, and can be voided.", "3.7")
def _reversed_void(side: TerminalSide) -> None:
    _begin(side, "void")
    sale = approved(side, SALE)
    void = approved(side, VOID, original=sale)
    check(side.ask(reversal(void)).code == "00", "a reversal with F39 00", "another answer")
    approved_in_the_end(side, VOID, sale, sale.amount_minor)


@BOOK.case("refund", "A sale is refunded online by reference, date and organisation.", "3.5")
def _refund(side: TerminalSide) -> None:
    _begin(side, "refund")
    sale = approved(side, SALE, amount_minor=5_00)
    done = approved(side, REFUND, original=sale, amount_minor=5_00)
    check(done.reply.message.mti == "0230", "0230", done.reply.message.mti)


@BOOK.case("refund_in_parts", "Refunds in parts go up to the amount paid.", "3.5")
def _refund_parts(side: TerminalSide) -> None:
    _begin(side, "refund")
    sale = approved(side, SALE, amount_minor=5_00)
    for amount_minor in (2_00, 2_99, 1):
        approved(side, REFUND, original=sale, amount_minor=amount_minor)


@BOOK.case("refund_above", "A refund above the amount paid is refused.", "3.5")
def _refund_above(side: TerminalSide) -> None:
    _begin(side, "refund")
    sale = approved(side, SALE, amount_minor=5_00)
    refused(do(side, REFUND, original=sale, amount_minor=5_01).reply)


@BOOK.case("refund_above_the_rest", "A refund above what is left of the payment is refused.", "3.5")
def _refund_rest(side: TerminalSide) -> None:
    _begin(side, "refund")
    sale = approved(side, SALE, amount_minor=5_00)
    approved(side, REFUND, original=sale, amount_minor=3_00)
    refused(do(side, REFUND, original=sale, amount_minor=2_01).reply)
    approved(side, REFUND, original=sale, amount_minor=2_00)


@BOOK.case("refund_repeated", "The same refund sent twice gives the money back once.", "7.1")
def _refund_repeated(side: TerminalSide) -> None:
    _begin(side, "refund")
    sale = approved(side, SALE, amount_minor=5_00)
    done = approved(side, REFUND, original=sale, amount_minor=3_00)
    again = side.ask(done.request)
    same = again.code == "00" and again.text(37) == done.reply.text(37)
    check(same, "the first answer again", str(again))
    approved(side, REFUND, original=sale, amount_minor=2_00)


@BOOK.case("refund_zero", "A refund of nothing is refused.", "4")
def _refund_zero(side: TerminalSide) -> None:
    _begin(side, "refund")
    refused(do(side, REFUND, original=approved(side, SALE), amount_minor=0).reply, "13")


@BOOK.case("refund_of_voided", "A voided sale is not refunded.", "3.5")
def _refund_voided(side: TerminalSide) -> None:
    _begin(side, "refund")
    _refused_after_void(side, REFUND)


@BOOK.case("refund_of_nothing", "A refund of a reference that never was is refused.", "4")
def _refund_nothing(side: TerminalSide) -> None:
    _begin(side, "refund")
    sale = approved(side, SALE)
    refused(do(side, REFUND, original=sale, changes={37: "999999999999"}).reply, "25", "12", "22")


@BOOK.case("refund_wrong_day", "A refund that names another day than the sale's is refused.", "2.7")
def _refund_day(side: TerminalSide) -> None:
    _begin(side, "refund")
    sale = approved(side, SALE)
    day = "0101" if sale.reply.text(13) != "0101" else "0102"
    changes = {61: f"{sale.batch}{sale.trace}{day}"}
    refused(do(side, REFUND, original=sale, changes=changes).reply)


@BOOK.case("refund_other_card", "A refund to another card is refused.", "3.5")
def _refund_card(side: TerminalSide) -> None:
    _begin(side, "refund")
    sale = approved(side, SALE)
    refused(do(side, REFUND, original=sale, card=card_of(side, "second")).reply)


@BOOK.case("refund_not_reversible", "A refund is not reversed.", "3.7")
def _refund_reversal(side: TerminalSide) -> None:
    _begin(side, "refund")
    sale = approved(side, SALE, amount_minor=5_00)
    done = approved(side, REFUND, original=sale, amount_minor=5_00)
    refused(side.ask(reversal(done)), "12", "22", "25", "40")
    refused(do(side, REFUND, original=sale, amount_minor=1).reply)


@BOOK.case("void_of_refunded", "A sale that was refunded in part is not voided.", "3.5")
def _void_refunded(side: TerminalSide) -> None:
    _begin(side, "refund")
    sale = approved(side, SALE, amount_minor=5_00)
    approved(side, REFUND, original=sale, amount_minor=1_00)
    refused(do(side, VOID, original=sale, amount_minor=5_00).reply)
