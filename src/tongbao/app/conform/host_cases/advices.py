"""Offline sales, adjustments and tips: told afterwards, booked once."""

from __future__ import annotations

from typing import Final

from tongbao.app.conform.case import CaseBook, check
from tongbao.app.conform.deeds import Done, approved, card_of, do, needs, refused, request
from tongbao.app.conform.terminal_side import TerminalSide
from tongbao.wire.unionpay.transactions import ADJUSTMENT, OFFLINE_SALE, SALE, TIP, VOID

BOOK: Final[CaseBook[TerminalSide]] = CaseBook("advice")
_PHONE_CODE: Final = "A12345"


def _offline(side: TerminalSide) -> Done:
    needs(side, "offline_sale")
    side.sign_in()
    card = card_of(side)
    message = request(
        side, OFFLINE_SALE, card=card, amount_minor=8_00, keyed=True, changes={38: _PHONE_CODE}
    )
    reply = side.ask(message)
    check(reply.code == "00", "an accepted offline sale", str(reply))
    return Done(OFFLINE_SALE, card, message, reply)


@BOOK.case("offline_sale", "A sale that was authorised by telephone is taken.", "3.15")
def _offline_sale(side: TerminalSide) -> None:
    done = _offline(side)
    check(done.reply.message.mti == "0230", "0230", done.reply.message.mti)


@BOOK.case("offline_repeated", "An offline sale sent again is booked once.", "3.15")
def _offline_repeated(side: TerminalSide) -> None:
    done = _offline(side)
    for _ in range(2):
        again = side.ask(done.request)
        same = again.code in {"00", "94"}
        check(same, "the first answer again, or 94", str(again))
        if again.code == "00":
            check(again.text(37) == done.reply.text(37), "the same reference", "another")


@BOOK.case("offline_changed", "A used trace with another amount is refused with 94.", "7.1")
def _offline_changed(side: TerminalSide) -> None:
    done = _offline(side)
    other = request(
        side,
        OFFLINE_SALE,
        card=done.card,
        amount_minor=9_00,
        keyed=True,
        changes={38: _PHONE_CODE, 11: done.trace},
    )
    refused(side.ask(other), "94")


@BOOK.case("offline_without_code", "An offline sale without its telephone code is refused.", "3.15")
def _offline_without(side: TerminalSide) -> None:
    needs(side, "offline_sale")
    side.sign_in()
    message = request(side, OFFLINE_SALE, card=card_of(side), keyed=True)
    refused(side.ask(message))


@BOOK.case("adjustment", "The amount of an offline sale of the open batch is adjusted.", "3.15")
def _adjustment(side: TerminalSide) -> None:
    done = _offline(side)
    needs(side, "adjustment")
    message = request(
        side, ADJUSTMENT, card=done.card, amount_minor=7_00, original=done, keyed=True
    )
    reply = side.ask(message)
    check(reply.code == "00", "an accepted adjustment", str(reply))


@BOOK.case("tip", "A tip within the agreed share is added to a sale.", "2.1, 3.0")
def _tip(side: TerminalSide) -> None:
    needs(side, "tip")
    side.sign_in()
    sale = approved(side, SALE, amount_minor=10_00)
    approved(side, TIP, original=sale, amount_minor=11_00, changes={48: f"{1_00:012d}"})


@BOOK.case("tip_too_much", "A tip above the agreed share is refused.", "2.1, 3.0")
def _tip_too_much(side: TerminalSide) -> None:
    _tip_refused(side, tip_minor=9_00, total_minor=19_00)


@BOOK.case("tip_sum_wrong", "A tip whose total is not sale and tip together is refused.", "2.1")
def _tip_sum(side: TerminalSide) -> None:
    _tip_refused(side, tip_minor=50, total_minor=11_00)


def _tip_refused(side: TerminalSide, *, tip_minor: int, total_minor: int) -> None:
    """Add to a sale of 10.00 a tip that the host must not take."""
    needs(side, "tip")
    side.sign_in()
    sale = approved(side, SALE, amount_minor=10_00)
    changes = {48: f"{tip_minor:012d}"}
    refused(do(side, TIP, original=sale, amount_minor=total_minor, changes=changes).reply)


@BOOK.case("void_with_tip", "A sale with a tip is voided with its whole amount only.", "3.5")
def _void_with_tip(side: TerminalSide) -> None:
    needs(side, "tip")
    side.sign_in()
    sale = approved(side, SALE, amount_minor=10_00)
    approved(side, TIP, original=sale, amount_minor=11_00, changes={48: f"{1_00:012d}"})
    refused(do(side, VOID, original=sale, amount_minor=10_00).reply)
    approved(side, VOID, original=sale, amount_minor=11_00)
