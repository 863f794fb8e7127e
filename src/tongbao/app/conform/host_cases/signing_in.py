"""Sign-in, sign-off, echo: who gets keys, which, and when they stop working."""

from __future__ import annotations

from typing import Final

from tongbao.app.conform.case import CaseBook, NotApplicableError, check
from tongbao.app.conform.deeds import approved, card_of, do, needs, refused, request, still_works
from tongbao.app.conform.terminal_side import MAK, PIK, TerminalSide
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.transactions import SALE

BOOK: Final[CaseBook[TerminalSide]] = CaseBook("sign_in")


@BOOK.case("double_des", "60.3 = 003 gives 40 bytes of keys whose check values are right.", "3.1")
def _double(side: TerminalSide) -> None:
    reply = side.sign_in("003")
    check(len(reply.data(62)) == 40, "40 bytes in F62", str(len(reply.data(62))))


@BOOK.case("single_des", "60.3 = 001 gives 24 bytes of keys that work.", "3.1")
def _single(side: TerminalSide) -> None:
    needs(side, "single_des")
    reply = side.sign_in("001")
    check(len(reply.data(62)) == 24, "24 bytes in F62", str(len(reply.data(62))))


@BOOK.case("track_key", "60.3 = 004 gives 60 bytes of keys that work.", "3.1")
def _track_key(side: TerminalSide) -> None:
    needs(side, "track_key")
    reply = side.sign_in("004")
    check(len(reply.data(62)) == 60, "60 bytes in F62", str(len(reply.data(62))))
    approved(side, SALE)


def _under_sm4(side: TerminalSide) -> None:
    needs(side, "sm4")
    terminal = side.plan.sm4_terminal
    if terminal is None:
        raise NotApplicableError("the plan has no sm4_terminal")
    side.take_place(terminal, KeyAlgorithm.SM4)
    reply = side.sign_in("006")
    check(len(reply.data(62)) == 60, "60 bytes in F62", str(len(reply.data(62))))


@BOOK.case("sm4", "60.3 = 006 gives SM4 keys, and a sale works under them.", "3.1, 5.4, 5.5")
def _sm4(side: TerminalSide) -> None:
    _under_sm4(side)
    card = card_of(side)
    block = side.pin_block(card.pin, card.pan)
    field59 = b"A1%03d" % len(block) + block
    changes: dict[int, str | bytes] = {52: bytes(8), 53: "2300000000000000", 59: field59}
    approved(side, SALE, changes={**changes})


@BOOK.case("sm4_short_block", "Under SM4 keys a PIN block of 8 bytes is refused.", "5.5")
def _sm4_short_block(side: TerminalSide) -> None:
    _under_sm4(side)
    refused(do(side, SALE, changes={52: bytes(range(8))}).reply, "99", "30")
    still_works(side)


@BOOK.case("fields", "The answer carries 11, 12, 13, 37, 39, 41, 42, 60 and 62.", "3.1")
def _fields(side: TerminalSide) -> None:
    message = side.sign_in_message()
    reply = side.ask(message, signed=False)
    missing = [n for n in (11, 12, 13, 37, 39, 41, 42, 60, 62) if not reply.has(n)]
    check(not missing, "all of them", f"{reply}, without {missing}")
    check(reply.message.mti == "0810", "0810", reply.message.mti)
    for number in (11, 41, 42):
        check(reply.text(number) == message.fields[number], f"F{number} as sent", "another")


@BOOK.case("new_keys_each_time", "Two sign-ins never give the same keys.", "3.1")
def _new_keys(side: TerminalSide) -> None:
    first = side.sign_in().data(62)
    second = side.sign_in().data(62)
    check(first != second, "other keys", "the same F62")
    check(side.keys.kcv(PIK) != side.keys.kcv(MAK), "PIN key and MAC key unlike", "the same")


@BOOK.case("unknown_terminal", "A terminal nobody registered gets 97 and no keys.", "4")
def _unknown_terminal(side: TerminalSide) -> None:
    message = side.sign_in_message()
    fields = message.fields | {41: "99999999"}
    reply = side.ask(Message("0800", fields), signed=False)
    refused(reply, "97")
    check(not reply.has(62), "no F62", "keys")


@BOOK.case("wrong_merchant", "Another merchant's number gets 03 and no keys.", "4")
def _wrong_merchant(side: TerminalSide) -> None:
    message = side.sign_in_message()
    fields = message.fields | {42: "999999999999999"}
    reply = side.ask(Message("0800", fields), signed=False)
    refused(reply, "03", "97")
    check(not reply.has(62), "no F62", "keys")


@BOOK.case("unknown_layout", "A key layout nobody knows is refused, without keys.", "3.1")
def _unknown_layout(side: TerminalSide) -> None:
    reply = side.ask(side.sign_in_message("099"), signed=False)
    refused(reply)
    check(not reply.has(62), "no F62", "keys")


@BOOK.case("short_field_60", "A sign-in whose field 60 ends early is refused.", "2.6")
def _short_60(side: TerminalSide) -> None:
    message = side.sign_in_message()
    reply = side.ask(Message("0800", message.fields | {60: "00000001"}), signed=False)
    refused(reply, "30", "12", "40")
    check(not reply.has(62), "no F62", "keys")


@BOOK.case("old_keys_die", "A new sign-in ends the keys of the one before.", "7.2")
def _old_keys(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side))
    old = side.frame(message)
    side.sign_in()
    side.send_bytes(old)
    reply = side.next_reply()
    check(reply is not None and reply.code in {"A0", "99"}, "F39 A0", str(reply))


@BOOK.case("no_sign_in_no_payment", "Without a sign-in there is no payment.", "7.2")
def _no_sign_in(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side))
    frame = side.frame(message)
    off = Message(
        "0820",
        {
            11: f"{side.next_trace():06d}",
            41: side.terminal.terminal_id,
            42: side.terminal.merchant_id,
            60: f"00{side.batch:06d}002",
        },
    )
    reply = side.ask(off, signed=False)
    check(reply.code == "00", "a sign-off with F39 00", str(reply))
    side.send_bytes(frame)
    answer = side.next_reply()
    check(answer is not None and answer.code in {"A0", "77", "99"}, "A0, 77 or 99", str(answer))


@BOOK.case("echo", "An echo is answered with 00, time and date, without keys.", "3.3")
def _echo(side: TerminalSide) -> None:
    terminal = side.terminal
    message = Message(
        "0820", {41: terminal.terminal_id, 42: terminal.merchant_id, 60: "00000001301"}
    )
    reply = side.ask(message, signed=False)
    check(reply.code == "00" and reply.has(12) and reply.has(13), "00, F12 and F13", str(reply))


@BOOK.case("another_terminals_keys", "A MAC under another terminal's key is refused.", "5.2")
def _other_keys(side: TerminalSide) -> None:
    second = side.plan.second_terminal
    if second is None:
        raise NotApplicableError("the plan has no second_terminal")
    side.sign_in()
    message = request(side, SALE, card=card_of(side))
    side.take_place(second)
    side.sign_in()
    side.send_bytes(side.frame(message))
    reply = side.next_reply()
    check(reply is not None and reply.code in {"A0", "99"}, "F39 A0", str(reply))
