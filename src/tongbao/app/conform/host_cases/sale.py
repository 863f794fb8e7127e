"""A sale: what must be in the answer, and every way to ask wrongly."""

from __future__ import annotations

from typing import Final

from tongbao.app.conform.case import CaseBook, check
from tongbao.app.conform.deeds import (
    APPROVED_CODES,
    DOUBT_CODES,
    approved,
    card_of,
    do,
    needs,
    nothing_booked,
    refused,
    request,
)
from tongbao.app.conform.terminal_side import TerminalSide
from tongbao.domain.secrets import Pin, SecretBytes, SecretText
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.transactions import BALANCE, MAIL_ORDER, SALE

BOOK: Final[CaseBook[TerminalSide]] = CaseBook("sale")
_UNKNOWN_CARD: Final = "6200009999999999993D49122200000000"
_ANSWER_FIELDS: Final = (3, 4, 11, 12, 13, 25, 32, 37, 39, 41, 42, 49, 60, 64)
_CHIP: Final = bytes.fromhex(
    "9F2608A1B2C3D4E5F607189F2701809F101307010103A02002010A010000000000ABCDEF129F3704112233449F3602"
    "00019505008004E8009A032611219C01009F02060000000001015F2A02015682027C009F1A0201569F0306000000000000"
)


@BOOK.case(
    "approved", "A right sale is approved, with all fields of the answer and a MAC.", "3.0.2"
)
def _approved(side: TerminalSide) -> None:
    side.sign_in()
    done = approved(side, SALE)
    missing = [number for number in _ANSWER_FIELDS if not done.reply.has(number)]
    check(not missing, "all fields", f"{done.reply}, without {missing}")
    check(done.reply.message.mti == "0210", "0210", done.reply.message.mti)


@BOOK.case("answer_is_its_own", "F3, F4, F11, F41, F42 of the answer are the request's.", "3.0.2")
def _own(side: TerminalSide) -> None:
    side.sign_in()
    done = approved(side, SALE, amount_minor=1_23)
    for number in (3, 4, 11, 41, 42):
        same = done.reply.text(number) == done.request.fields[number]
        check(same, f"F{number} as sent", repr(done.reply.text(number)))


@BOOK.case("no_secrets_back", "The answer carries no track and no PIN block.", "3.0.2")
def _no_secrets(side: TerminalSide) -> None:
    side.sign_in()
    reply = approved(side, SALE).reply
    came = [number for number in (35, 36, 52) if reply.has(number)]
    check(not came, "none of F35, F36, F52", f"F{came}")


@BOOK.case("references_differ", "Two sales never have the same reference number.", "2")
def _references(side: TerminalSide) -> None:
    side.sign_in()
    first, second = approved(side, SALE), approved(side, SALE)
    check(first.reply.text(37) != second.reply.text(37), "two numbers", "the same F37")
    check(len(first.reply.text(37)) == 12, "12 characters", first.reply.text(37))


@BOOK.case("wrong_mac", "A wrong MAC is answered A0 and books nothing.", "5.2")
def _wrong_mac(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side))
    frame = bytearray(side.frame(message))
    frame[-1] ^= 0x01
    side.send_bytes(bytes(frame))
    reply = side.next_reply()
    check(reply is not None and reply.code == "A0", "F39 A0", str(reply))
    nothing_booked(side, message)


@BOOK.case("no_mac", "A payment without a MAC is refused and books nothing.", "5.2")
def _no_mac(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side))
    refused(side.ask(message, signed=False), "A0", "30")
    nothing_booked(side, message)


@BOOK.case("changed_amount", "An amount changed on the way breaks the MAC.", "5.2")
def _changed_amount(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side), amount_minor=1_00)
    frame = bytearray(side.frame(message))
    frame[31] ^= 0x11  # the last byte of the amount
    side.send_bytes(bytes(frame))
    reply = side.next_reply()
    check(reply is not None and reply.code == "A0", "F39 A0", str(reply))
    nothing_booked(side, message)


@BOOK.case("repeated", "The same message twice is one sale with one answer.", "7.1")
def _repeated(side: TerminalSide) -> None:
    side.sign_in()
    done = approved(side, SALE)
    again = side.ask(done.request)
    for number in (37, 38, 39):
        same = again.text(number) == done.reply.text(number)
        check(same, f"F{number} of the first answer", repr(again.text(number)))


@BOOK.case("trace_reused_amount", "A used trace with another amount is refused with 94.", "7.1")
def _reused(side: TerminalSide) -> None:
    side.sign_in()
    done = approved(side, SALE, amount_minor=1_00)
    trace = str(done.request.fields[11])
    other = request(side, SALE, card=done.card, amount_minor=2_00, changes={11: trace})
    refused(side.ask(other), "94")


@BOOK.case("trace_reused_card", "A used trace with another card is refused with 94.", "7.1")
def _reused_card(side: TerminalSide) -> None:
    side.sign_in()
    done = approved(side, SALE)
    other = request(side, SALE, card=card_of(side, "second"), changes={11: done.trace})
    refused(side.ask(other), "94")


@BOOK.case("declined_repeated", "A declined sale sent again is declined in the same words.", "7.1")
def _declined_again(side: TerminalSide) -> None:
    side.sign_in()
    done = do(side, SALE, card=card_of(side, "no_funds"))
    refused(done.reply, "51")
    refused(side.ask(done.request), "51")


@BOOK.case("amount_zero", "An amount of nothing is refused with 13.", "4")
def _zero(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, amount_minor=0).reply, "13")


@BOOK.case("amount_absent", "A sale without an amount is refused.", "3.0.1")
def _no_amount(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={4: None}).reply, "13", "30")


@BOOK.case("currency", "Another currency than 156 is refused.", "2")
def _currency(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={49: "840"}).reply, "12", "13", "30")


@BOOK.case("no_currency", "A sale without a currency is refused.", "3.0.1")
def _no_currency(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={49: None}).reply, "12", "30")


@BOOK.case("unknown_processing_code", "A processing code nobody knows is refused.", "3.0")
def _processing(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={3: "990000"}).reply, "12", "40")


@BOOK.case("function_does_not_fit", "60.1 that belongs to another transaction is refused.", "3.0")
def _function(side: TerminalSide) -> None:
    side.sign_in()
    changes = {60: f"25{side.batch:06d}000{side.plan.capabilities}"}
    refused(do(side, SALE, changes=changes).reply, "12", "30", "40")


@BOOK.case("other_batch", "A batch that is not the open one is refused with 77.", "7.2")
def _batch(side: TerminalSide) -> None:
    side.sign_in()
    other = side.batch % 999_999 + 7
    changes = {60: f"22{other:06d}000{side.plan.capabilities}"}
    refused(do(side, SALE, changes=changes).reply, "77")


@BOOK.case("batch_zero", "Batch 000000 is refused.", "7.1")
def _batch_zero(side: TerminalSide) -> None:
    side.sign_in()
    changes = {60: f"22000000000{side.plan.capabilities}"}
    refused(do(side, SALE, changes=changes).reply, "30", "77")


@BOOK.case("trace_zero", "Trace 000000 is refused.", "7.1")
def _trace_zero(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={11: "000000"}).reply, "30", "12")


@BOOK.case("wrong_merchant", "A terminal with another merchant's number is refused with 03.", "4")
def _merchant(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={42: "999999999999999"}).reply, "03", "97")


@BOOK.case("wrong_pin", "A wrong PIN is declined with 55.", "4")
def _wrong_pin(side: TerminalSide) -> None:
    side.sign_in()
    card = card_of(side, "second")
    block = SecretBytes(side.pin_block(Pin("000000"), card.pan))
    refused(do(side, SALE, card=card, changes={52: block}).reply, "55")
    # A right PIN afterwards, so that the tries are counted anew.
    approved(side, SALE, card=card)


@BOOK.case("pin_of_another_card", "A PIN block made with another card's number fails.", "5.5")
def _pin_other_card(side: TerminalSide) -> None:
    side.sign_in()
    card, other = card_of(side, "second"), card_of(side, "good")
    block = SecretBytes(side.pin_block(other.pin, other.pan))
    refused(do(side, SALE, card=card, changes={52: block}).reply, "55", "99")
    approved(side, SALE, card=card)


@BOOK.case("pin_block_missing", "F22 that says PIN without F52 is refused with 99 or 30.", "2.2")
def _pin_missing(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={52: None}).reply, "99", "30")


@BOOK.case("pin_block_unannounced", "F52 where F22 says no PIN is refused.", "7.5")
def _pin_unannounced(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={22: "022"}).reply, "99", "30")


@BOOK.case("security_control_missing", "A PIN block without F53 is refused.", "2.2")
def _control_missing(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={53: None}).reply, "99", "30")


@BOOK.case("entry_mode_missing", "A sale without F22 is refused.", "3.0.1")
def _entry_missing(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={22: None}).reply, "30", "99")


@BOOK.case("track_missing", "A swiped sale without F35 is refused.", "3.0.1")
def _track_missing(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={35: None}).reply, "30", "14")


@BOOK.case("track_without_separator", "A track without its separator is refused with 14.", "1.2")
def _track_bad(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={35: SecretText("6200001234567890")}).reply, "14", "30")


@BOOK.case("numbers_disagree", "F2 that is not the number on the track is refused.", "3.0.1 C1")
def _numbers(side: TerminalSide) -> None:
    side.sign_in()
    changes = {2: SecretText("6200001234567890128")}
    refused(do(side, SALE, changes=changes).reply, "14", "30")


@BOOK.case("unknown_card", "A card no issuer knows is declined.", "4")
def _unknown_card(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, changes={35: SecretText(_UNKNOWN_CARD)}).reply, "14", "15", "55")


@BOOK.case("no_funds", "A card without money is declined with 51.", "4")
def _no_funds(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, card=card_of(side, "no_funds")).reply, "51")


@BOOK.case("expired", "An expired card is declined with 54.", "4")
def _expired(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, card=card_of(side, "expired")).reply, "54")


@BOOK.case("lost", "A lost card is declined with 41.", "4")
def _lost(side: TerminalSide) -> None:
    side.sign_in()
    refused(do(side, SALE, card=card_of(side, "lost")).reply, "41")


@BOOK.case("keyed", "A keyed sale carries F2 and F14 and is decided by the issuer.", "7.5")
def _keyed(side: TerminalSide) -> None:
    needs(side, "keyed")
    side.sign_in()
    reply = side.ask(request(side, SALE, card=card_of(side), keyed=True))
    check(reply.code == "00", "an approval", str(reply))


@BOOK.case("keyed_without_number", "A keyed sale without F2 is refused.", "3.0.1 C1")
def _keyed_without(side: TerminalSide) -> None:
    needs(side, "keyed")
    side.sign_in()
    message = request(side, SALE, card=card_of(side), keyed=True, changes={2: None})
    refused(side.ask(message), "30", "14")


@BOOK.case("chip", "Chip data passes through: F23 and F55 are taken.", "2.4")
def _chip(side: TerminalSide) -> None:
    needs(side, "chip")
    side.sign_in()
    approved(side, SALE, changes={22: "051", 23: "001", 55: _CHIP})


@BOOK.case("chip_data_broken", "Chip data that is no TLV is refused, nothing is booked.", "2.4")
def _chip_broken(side: TerminalSide) -> None:
    needs(side, "chip")
    side.sign_in()
    done = do(side, SALE, changes={22: "051", 23: "001", 55: b"\x9f\x26\x20\x01"})
    refused(done.reply, "30", "12")
    nothing_booked(side, done.request)


@BOOK.case("mail_order_not_allowed", "Mail order is refused where the merchant may not.", "7.6")
def _mail_order(side: TerminalSide) -> None:
    needs(side, "mail_order_forbidden")
    side.sign_in()
    message = request(side, MAIL_ORDER, card=card_of(side), keyed=True, pin=False)
    refused(side.ask(message))


@BOOK.case(
    "unserved_transaction", "A transaction the host does not do is refused, not lost.", "3.0"
)
def _unserved(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side))
    load = Message("0200", message.fields | {3: "600000", 25: "91", 60: f"45{side.batch:06d}000"})
    refused(side.ask(load), "40", "12", "30")


@BOOK.case("balance", "A balance is told in F54, with its sign and currency.", "2.3, 3.4")
def _balance(side: TerminalSide) -> None:
    needs(side, "balance")
    side.sign_in()
    text = approved(side, BALANCE).reply.text(54)
    check(len(text) >= 20 and len(text) % 20 == 0, "20 characters an amount", repr(len(text)))
    check(text[4:7] == "156" and text[7] in "CD", "156 and C or D", repr(text[4:8]))


@BOOK.case("balance_books_nothing", "A balance changes nothing: two in a row are equal.", "3.4")
def _balance_twice(side: TerminalSide) -> None:
    needs(side, "balance")
    side.sign_in()
    card = card_of(side, "second")
    first, second = approved(side, BALANCE, card=card), approved(side, BALANCE, card=card)
    check(first.reply.text(54) == second.reply.text(54), "the same F54", "another")


@BOOK.case("balance_wrong_pin", "A balance with a wrong PIN tells no balance.", "3.4")
def _balance_wrong_pin(side: TerminalSide) -> None:
    needs(side, "balance")
    side.sign_in()
    card = card_of(side, "second")
    block = SecretBytes(side.pin_block(Pin("000000"), card.pan))
    reply = do(side, BALANCE, card=card, changes={52: block}).reply
    refused(reply, "55")
    check(not reply.has(54), "no F54", "a balance")
    approved(side, SALE, card=card)


@BOOK.case("many_at_once", "Ten sales sent without waiting get ten answers, each its own.", "1")
def _many(side: TerminalSide) -> None:
    side.sign_in()
    messages = [request(side, SALE, card=card_of(side)) for _ in range(10)]
    side.send_bytes(b"".join(map(side.frame, messages)))
    answered: set[str] = set()
    for _ in messages:
        reply = side.next_reply()
        code = reply.code if reply is not None else ""
        check(code in APPROVED_CODES | DOUBT_CODES, "ten answers", f"{len(answered)}, then {reply}")
        answered.add(reply.text(11) if reply is not None else "")
    wanted = {str(message.fields[11]) for message in messages}
    check(answered == wanted, "each trace once", f"{len(answered & wanted)} of ten")
