"""Reversals and unknown results: idempotent, order-free, and never a second charge."""

from __future__ import annotations

import time
from typing import Final

from tongbao.app.conform.case import CaseBook, check, fail
from tongbao.app.conform.deeds import (
    APPROVED_CODES,
    DOUBT_CODES,
    Done,
    approved,
    card_of,
    do,
    refused,
    request,
    reversal,
)
from tongbao.app.conform.terminal_side import Reply, TerminalSide
from tongbao.wire.unionpay.transactions import SALE

BOOK: Final[CaseBook[TerminalSide]] = CaseBook("reversal")
_ENDING: Final = frozenset({"00", "12", "25"})


def _accepted(reply: Reply) -> Reply:
    check(reply.code == "00", "a reversal with F39 00", str(reply))
    check(reply.message.mti == "0410", "0410", reply.message.mti)
    return reply


@BOOK.case("of_approved", "An approved sale is reversed, and the answer is signed.", "3.7")
def _of_approved(side: TerminalSide) -> None:
    side.sign_in()
    sale = approved(side, SALE)
    reply = _accepted(side.ask(reversal(sale)))
    check(side.is_signed(reply), "a right MAC", "a wrong one or none")
    for number in (3, 11, 41, 42):
        same = reply.text(number) == sale.request.fields[number]
        check(same, f"F{number} as sent", repr(reply.text(number)))


@BOOK.case("twice", "A reversal sent again is answered the same.", "3.7")
def _twice(side: TerminalSide) -> None:
    side.sign_in()
    message = reversal(approved(side, SALE))
    for _ in range(3):
        _accepted(side.ask(message))


@BOOK.case("of_declined", "The reversal of a declined sale ends at once.", "3.7")
def _of_declined(side: TerminalSide) -> None:
    side.sign_in()
    sale = do(side, SALE, card=card_of(side, "no_funds"))
    refused(sale.reply)
    reply = side.ask(reversal(sale))
    check(reply.code in _ENDING, "F39 00, 12 or 25", str(reply))


@BOOK.case("of_nothing", "The reversal of what never came is answered with 25.", "3.7")
def _of_nothing(side: TerminalSide) -> None:
    side.sign_in()
    reply = side.ask(reversal(request(side, SALE, card=card_of(side))))
    check(reply.code == "25", "F39 25", str(reply))


@BOOK.case("overtakes", "A sale that comes after its own reversal is dead.", "3.7")
def _overtakes(side: TerminalSide) -> None:
    side.sign_in()
    sale = request(side, SALE, card=card_of(side))
    check(side.ask(reversal(sale)).code == "25", "F39 25", "another answer")
    refused(side.ask(sale), "12", "25", "94")


@BOOK.case("sale_again_after", "A reversed sale sent again stays dead.", "3.7")
def _again_after(side: TerminalSide) -> None:
    side.sign_in()
    sale = approved(side, SALE)
    _accepted(side.ask(reversal(sale)))
    again = side.ask(sale.request)
    check(again.code not in APPROVED_CODES, "no approval", str(again))


@BOOK.case("other_amount", "A reversal with another amount than the sale's is refused.", "3.7")
def _other_amount(side: TerminalSide) -> None:
    side.sign_in()
    sale = approved(side, SALE, amount_minor=2_00)
    refused(side.ask(reversal(sale, changes={4: f"{3_00:012d}"})))
    again = side.ask(sale.request)
    check(again.code == "00", "the sale still stands", str(again))


@BOOK.case("wrong_mac", "A reversal with a wrong MAC reverses nothing.", "5.2")
def _wrong_mac(side: TerminalSide) -> None:
    side.sign_in()
    sale = approved(side, SALE)
    frame = bytearray(side.frame(reversal(sale)))
    frame[-2] ^= 0x01
    side.send_bytes(bytes(frame))
    reply = side.next_reply()
    check(reply is not None and reply.code == "A0", "F39 A0", str(reply))
    again = side.ask(sale.request)
    check(again.code == "00", "the sale still stands", str(again))


def _reason(side: TerminalSide, reason: str) -> None:
    side.sign_in()
    _accepted(side.ask(reversal(approved(side, SALE), reason)))


@BOOK.case("reason_98", "Reason 98, no answer in time, is taken.", "3.7")
def _reason_98(side: TerminalSide) -> None:
    _reason(side, "98")


@BOOK.case("reason_96", "Reason 96, a fault of the terminal, is taken.", "3.7")
def _reason_96(side: TerminalSide) -> None:
    _reason(side, "96")


@BOOK.case("reason_a0", "Reason A0, a wrong MAC in the answer, is taken.", "3.7")
def _reason_a0(side: TerminalSide) -> None:
    _reason(side, "A0")


@BOOK.case("reason_06", "Reason 06, anything else, is taken.", "3.7")
def _reason_06(side: TerminalSide) -> None:
    _reason(side, "06")


@BOOK.case("reason_missing", "A reversal without a reason is taken all the same.", "3.7 C7")
def _reason_missing(side: TerminalSide) -> None:
    side.sign_in()
    _accepted(side.ask(reversal(approved(side, SALE), changes={39: None})))


@BOOK.case("under_new_keys", "A reversal after a new sign-in reverses the older sale.", "7.3")
def _new_keys(side: TerminalSide) -> None:
    side.sign_in()
    sale = approved(side, SALE)
    side.sign_in()
    _accepted(side.ask(reversal(sale)))


@BOOK.case("on_another_line", "A reversal on a new line reverses the sale of the old one.", "7.3")
def _other_line(side: TerminalSide) -> None:
    side.sign_in()
    sale = approved(side, SALE)
    side.connect()
    _accepted(side.ask(reversal(sale)))


@BOOK.case("right_behind_the_sale", "A reversal in the sale's own segment ends it.", "3.7")
def _right_behind(side: TerminalSide) -> None:
    side.sign_in()
    sale = request(side, SALE, card=card_of(side))
    undo = reversal(sale)
    side.send_bytes(side.frame(sale) + side.frame(undo))
    answers: dict[str, str] = {}
    deadline = time.monotonic() + side.plan.answer_ms / 1000
    while "0410" not in answers and time.monotonic() < deadline:
        reply = side.next_reply()
        if reply is not None:
            answers[reply.message.mti] = reply.code
    check(answers.get("0410") == "00", "0410 with F39 00", str(answers))
    again = side.ask(sale)
    check(again.code not in APPROVED_CODES, "no approval any more", str(again))


@BOOK.case("of_a_used_trace", "A dead sale's trace is not used for another.", "7.1")
def _used_trace(side: TerminalSide) -> None:
    side.sign_in()
    sale = approved(side, SALE, amount_minor=1_00)
    _accepted(side.ask(reversal(sale)))
    other = request(side, SALE, card=sale.card, amount_minor=2_00, changes={11: sale.trace})
    refused(side.ask(other), "94", "12")


@BOOK.case("issuer_silent", "An issuer that never answers: 98 in time, and a clean reversal.", "4")
def _silent(side: TerminalSide) -> None:
    side.sign_in()
    card = card_of(side, "silent")
    message = request(side, SALE, card=card)
    reply = side.ask(message, wait_ms=side.plan.patience_ms)
    check(reply.code in DOUBT_CODES, "F39 98 or 68", str(reply))
    _accepted(side.ask(reversal(Done(SALE, card, message, reply))))
    again = side.ask(message)
    check(again.code not in APPROVED_CODES, "no approval any more", str(again))


@BOOK.case("terminal_gives_up_first", "A reversal while the issuer is asked ends the sale.", "7.3")
def _gives_up(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side, "silent"))
    side.send_bytes(side.frame(message))
    early = side.next_reply(200)
    if early is not None:
        fail("an issuer that is still silent", str(early))
    side.send_bytes(side.frame(reversal(message)))
    reply = side.next_reply()
    while reply is not None and reply.message.mti != "0410":
        reply = side.next_reply()
    check(reply is not None and reply.code == "00", "0410 with F39 00", str(reply))
    again = side.ask(message)
    check(again.code not in APPROVED_CODES, "no approval any more", str(again))


@BOOK.case(
    "repeat_while_pending", "The same sale again while the issuer thinks is one sale.", "7.1"
)
def _while_pending(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side, "late"))
    frame = side.frame(message)
    side.send_bytes(frame + frame)
    reply = side.next_reply(side.plan.patience_ms)
    check(reply is not None, "an answer in time", "none")
    second = side.next_reply(1_000)
    if reply is not None and second is not None:
        check(second.text(37) == reply.text(37), "the same reference", "another")
    _accepted(side.ask(reversal(message)))
