"""Cutting the stream into messages, and surviving what is none."""

from __future__ import annotations

from typing import Final

from tongbao.app.conform.case import CaseBook, check, fail
from tongbao.app.conform.deeds import card_of, nothing_booked, request, still_works
from tongbao.app.conform.terminal_side import TerminalSide
from tongbao.wire.framing import add_length
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.framing import DEFAULT_HEADER, swap_tpdu
from tongbao.wire.unionpay.transactions import SALE

BOOK: Final[CaseBook[TerminalSide]] = CaseBook("framing")
_TPDU: Final = bytes.fromhex("6006010123")
# A host may think for a while before it gives a broken line up.
_HANG_UP_MS: Final = 15_000


def _echo(side: TerminalSide) -> Message:
    terminal = side.terminal
    return Message(
        "0820",
        {41: terminal.terminal_id, 42: terminal.merchant_id, 60: f"00{side.batch:06d}301"},
    )


def _no_approval(side: TerminalSide) -> None:
    """Fail when what was sent is answered as done; silence and a closed line are right, too."""
    reply = side.next_reply(1_000)
    check(reply is None or reply.code != "00", "no approval", str(reply))


@BOOK.case("one_byte_at_a_time", "A message may arrive byte by byte.", "1")
def _one_byte(side: TerminalSide) -> None:
    for byte in side.frame(_echo(side), signed=False):
        side.send_bytes(bytes([byte]))
    reply = side.next_reply()
    check(reply is not None and reply.code == "00", "an echo answer", str(reply))


@BOOK.case("two_frames_in_one_segment", "Two messages in one segment are two messages.", "1")
def _two_frames(side: TerminalSide) -> None:
    frame = side.frame(_echo(side), signed=False)
    side.send_bytes(frame + frame)
    answers = [side.next_reply(), side.next_reply()]
    check(None not in answers, "two answers", f"{2 - answers.count(None)}")


@BOOK.case("frame_and_a_half", "A message and a half are answered once, then once more.", "1")
def _frame_and_a_half(side: TerminalSide) -> None:
    frame = side.frame(_echo(side), signed=False)
    side.send_bytes(frame + frame[:20])
    check(side.next_reply() is not None, "an answer to the whole message", "none")
    side.send_bytes(frame[20:])
    check(side.next_reply() is not None, "an answer to the second message", "none")


@BOOK.case("tpdu_swapped", "The answer's TPDU has the request's addresses swapped.", "1")
def _tpdu(side: TerminalSide) -> None:
    side.send_bytes(side.frame(_echo(side), signed=False, tpdu=_TPDU))
    reply = side.next_reply()
    if reply is None:
        fail("an answer", "none")
    tpdu = reply.envelope.tpdu
    check(tpdu == swap_tpdu(_TPDU), f"TPDU {swap_tpdu(_TPDU).hex()}", tpdu.hex())


@BOOK.case(
    "header_kept", "The answer's header repeats application, version and sub-version.", "1.1"
)
def _header(side: TerminalSide) -> None:
    side.send_bytes(side.frame(_echo(side), signed=False))
    reply = side.next_reply()
    if reply is None:
        fail("an answer", "none")
    sent, came = DEFAULT_HEADER.hex(), reply.envelope.header.hex()
    same = came[:4] == sent[:4] and came[6:] == sent[6:]
    check(same, f"a header like {sent}", came)


@BOOK.case("length_zero", "A length of nothing does no harm to later lines.", "1")
def _length_zero(side: TerminalSide) -> None:
    side.send_bytes(b"\x00\x00")
    still_works(side)


@BOOK.case("length_absurd", "A length beyond all messages ends the line and nothing else.", "1")
def _length_absurd(side: TerminalSide) -> None:
    side.send_bytes(b"\xff\xff" + b"\x60" * 64)
    check(side.hung_up(_HANG_UP_MS), "the line closed", "it stayed open, or something was said")
    still_works(side)


@BOOK.case("truncated_then_closed", "Half a message and a closed line do no harm.", "1")
def _truncated(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side))
    side.send_bytes(side.frame(message)[:-9])
    keys_batch = side.batch
    side.connect()
    side.batch = keys_batch
    nothing_booked(side, message)


@BOOK.case("shorter_than_header", "A frame shorter than TPDU and header does no harm.", "1")
def _short(side: TerminalSide) -> None:
    side.send_bytes(add_length(b"\x60\x00\x03"))
    still_works(side)


@BOOK.case("not_a_message", "Bytes that are no message get no approval and do no harm.", "1")
def _garbage(side: TerminalSide) -> None:
    side.send_bytes(add_length(bytes(range(200))))
    _no_approval(side)
    still_works(side)


@BOOK.case("unknown_field", "A field outside the dialect's table gets no approval.", "2")
def _unknown_field(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side))
    frame = bytearray(side.frame(message))
    # Bit 5 of the bitmap, which no field of this dialect has: what follows is out of step.
    frame[2 + 11 + 2] |= 0x08
    side.send_bytes(bytes(frame))
    _no_approval(side)
    side.begin()
    side.sign_in()
    nothing_booked(side, message)


@BOOK.case("length_beyond_end", "A field that claims more bytes than there are is refused.", "1.2")
def _beyond_end(side: TerminalSide) -> None:
    body = side.frame(_echo(side), signed=False)
    cut = body[2:-1]
    side.send_bytes(add_length(cut))
    _no_approval(side)
    still_works(side)


@BOOK.case("trailing_bytes", "Bytes behind the last field make it no message.", "1.2")
def _trailing(side: TerminalSide) -> None:
    side.send_bytes(add_length(side.frame(_echo(side), signed=False)[2:] + b"\x00\x01"))
    _no_approval(side)
    still_works(side)


@BOOK.case("nibble_above_nine", "A digit above nine in a number is refused.", "1.2")
def _nibble(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side))
    frame = bytearray(side.frame(message))
    # The amount's first byte: behind length 2, envelope 11, MTI 2, bitmap 8 and F3 3.
    frame[26] = 0xAF
    side.send_bytes(bytes(frame))
    _no_approval(side)
    side.begin()
    side.sign_in()
    nothing_booked(side, message)


@BOOK.case("a_reply_is_no_request", "An answer sent to a host is not answered.", "3.0")
def _reply_sent(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side))
    side.send_bytes(side.frame(Message("0210", message.fields | {39: "00"})))
    reply = side.next_reply(1_000)
    check(reply is None, "silence or a closed line", str(reply))
    still_works(side)


@BOOK.case("unknown_type", "A message type nobody knows is refused or ends the line.", "3.0")
def _unknown_type(side: TerminalSide) -> None:
    side.sign_in()
    message = request(side, SALE, card=card_of(side))
    side.send_bytes(side.frame(Message("0900", message.fields)))
    reply = side.next_reply(1_000)
    check(reply is None or reply.code in {"12", "30", "40"}, "F39 12, 30, 40 or none", str(reply))
    still_works(side)
