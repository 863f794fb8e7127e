"""A sale at a terminal: what it sends, and which answers it must not believe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.app.conform.case import CaseBook, check
from tongbao.app.conform.hands import APPROVED, DECLINED, IN_DOUBT
from tongbao.app.conform.terminal_cases.desk import Desk
from tongbao.domain.secrets import Purpose
from tongbao.wire.iso8583.codec import Message

if TYPE_CHECKING:
    from tongbao.app.conform.host_side import Asked

BOOK: Final[CaseBook[Desk]] = CaseBook("sale")


@BOOK.case("fields", "A swiped sale with PIN carries the fields of the table, signed.", "3.0.1")
def _fields(desk: Desk) -> None:
    asked = desk.begin_sale(12_34)
    wanted = {3: "000000", 4: "000000001234", 22: "021", 25: "00", 49: "156"}
    for number, value in wanted.items():
        check(asked.text(number) == value, f"F{number} {value}", repr(asked.text(number)))
    missing = [n for n in (11, 26, 35, 41, 42, 52, 53, 60, 64) if not asked.has(n)]
    check(not missing, "all fields", f"{asked}, without {missing}")
    check(asked.function == "22", "60.1 22", asked.function)
    desk.finish(asked)


@BOOK.case("track", "F35 is the stripe with D for its separator.", "1.2")
def _track(desk: Desk) -> None:
    asked = desk.begin_sale()
    track = desk.card.track2.reveal(Purpose.WIRE).replace("=", "D")
    check(asked.text(35) == track, "the track as on the card", "another")
    desk.finish(asked)


@BOOK.case("pin_block", "F52 is the PIN block of card and PIN under the last PIN key.", "5.5")
def _pin_block(desk: Desk) -> None:
    asked = desk.begin_sale()
    check(asked.data(52) == desk.host.pin_block(desk.card), "the right block", "another")
    check(asked.text(53)[:2] == "26", "F53 26…", asked.text(53)[:2])
    desk.finish(asked)


@BOOK.case("trace_rises", "Each sale takes the next trace, also after a decline.", "7.1")
def _trace(desk: Desk) -> None:
    first = desk.begin_sale()
    desk.host.say(first, "51")
    desk.says(DECLINED)
    desk.hands.begin(desk.host)
    second = desk.begin_sale()
    check(int(second.text(11)) > int(first.text(11)), "a higher trace", second.text(11))
    desk.finish(second)


@BOOK.case("declined", "A decline is shown as one, and nothing is reversed.", "7.3")
def _declined(desk: Desk) -> None:
    desk.host.say(desk.begin_sale(), "51")
    desk.says(DECLINED)
    desk.quiet("a decline needs no reversal")


@BOOK.case("unknown_code", "A code nobody knows is never an approval.", "4")
def _unknown_code(desk: Desk) -> None:
    desk.host.say(desk.begin_sale(), "Z9")
    check(desk.says(DECLINED, IN_DOUBT, APPROVED) != APPROVED, "no approval", "approved")


@BOOK.case("partial_approval", "A partial approval that was not asked for is reversed.", "4")
def _partial(desk: Desk) -> None:
    asked = desk.begin_sale()
    desk.host.say(asked, "10")
    desk.expect_reversed(asked)


@BOOK.case("approval_without_mac", "An approval without a MAC is not believed.", "3.0.2")
def _no_mac(desk: Desk) -> None:
    asked = desk.begin_sale()
    desk.host.say(asked, signed=False)
    desk.expect_reversed(asked, "A0", "06")


@BOOK.case("approval_wrong_mac", "An approval with a wrong MAC is reversed with reason A0.", "7.3")
def _wrong_mac(desk: Desk) -> None:
    asked = desk.begin_sale()
    frame = bytearray(desk.host.answer(asked))
    frame[-1] ^= 0x01
    desk.host.send_bytes(bytes(frame))
    desk.expect_reversed(asked, "A0")


@BOOK.case("decline_wrong_mac", "A decline with a wrong MAC proves nothing: reversed.", "7.3")
def _decline_wrong_mac(desk: Desk) -> None:
    asked = desk.begin_sale()
    frame = bytearray(desk.host.answer(asked, "51"))
    frame[-1] ^= 0x01
    desk.host.send_bytes(bytes(frame))
    desk.expect_reversed(asked, "A0")


def _not_mine(desk: Desk, changes: dict[int, str]) -> None:
    """An approval that belongs to something else must neither be shown nor end the wait."""
    asked = desk.begin_sale()
    desk.host.say(asked, changes={**changes})
    desk.expect_reversed(asked, "98", "06")


@BOOK.case("other_trace", "An approval for another trace is not this sale's.", "7.3")
def _other_trace(desk: Desk) -> None:
    _not_mine(desk, {11: "999998"})


@BOOK.case("other_amount", "An approval of another amount is not this sale's.", "3.0.2")
def _other_amount(desk: Desk) -> None:
    _not_mine(desk, {4: "000000009999"})


@BOOK.case("other_terminal", "An approval for another terminal is not this sale's.", "3.0.2")
def _other_terminal(desk: Desk) -> None:
    _not_mine(desk, {41: "99999999"})


@BOOK.case("other_merchant", "An approval for another merchant is not this sale's.", "3.0.2")
def _other_merchant(desk: Desk) -> None:
    _not_mine(desk, {42: "999999999999999"})


@BOOK.case(
    "other_processing_code", "An approval of another transaction is not this sale's.", "3.0.2"
)
def _other_processing(desk: Desk) -> None:
    _not_mine(desk, {3: "200000"})


@BOOK.case("stray_then_right", "A stray answer before the right one changes nothing.", "7.3")
def _stray(desk: Desk) -> None:
    asked = desk.begin_sale()
    stray = desk.host.answer(asked, "51", changes={11: "999998"})
    desk.host.send_bytes(stray + desk.host.answer(asked))
    check(desk.says(APPROVED, DECLINED, IN_DOUBT) == APPROVED, "approved", "something else")


@BOOK.case("answer_byte_by_byte", "An answer may arrive byte by byte.", "1")
def _byte_by_byte(desk: Desk) -> None:
    asked = desk.begin_sale()
    for byte in desk.host.answer(asked):
        desk.host.send_bytes(bytes([byte]))
    check(desk.says(APPROVED, DECLINED, IN_DOUBT) == APPROVED, "approved", "something else")


@BOOK.case("answer_twice", "An approval that comes twice is one approval.", "7.3")
def _twice(desk: Desk) -> None:
    asked = desk.begin_sale()
    frame = desk.host.answer(asked)
    desk.host.send_bytes(frame + frame)
    check(desk.says(APPROVED, DECLINED, IN_DOUBT) == APPROVED, "approved", "something else")
    desk.quiet("the second copy is for nobody")


@BOOK.case("approval_then_decline", "A decline behind an approval changes nothing any more.", "7.3")
def _approval_then_decline(desk: Desk) -> None:
    asked = desk.begin_sale()
    desk.host.send_bytes(desk.host.answer(asked) + desk.host.answer(asked, "51"))
    check(desk.says(APPROVED, DECLINED, IN_DOUBT) == APPROVED, "approved", "something else")
    desk.quiet("nothing is left to ask")


@BOOK.case("garbage_then_right", "A frame that is no message does not harm the answer.", "1")
def _garbage(desk: Desk) -> None:
    asked = desk.begin_sale()
    garbage = b"\x00\x10" + bytes(range(16))
    desk.host.send_bytes(garbage + desk.host.answer(asked))
    word = desk.says(APPROVED, IN_DOUBT, DECLINED)
    check(word != DECLINED, "approved, or in doubt and reversed", word)
    if word == IN_DOUBT:
        desk.host.say(desk.expect_reversal(asked))


@BOOK.case("truncated_answer", "Half an answer and a closed line leave it in doubt.", "7.3")
def _truncated(desk: Desk) -> None:
    asked = desk.begin_sale()
    desk.host.send_bytes(desk.host.answer(asked)[:-20])
    desk.host.hang_up()
    desk.expect_reversed(asked, "98")


@BOOK.case("absurd_length", "An answer of absurd length leaves it in doubt.", "7.3")
def _absurd(desk: Desk) -> None:
    asked = desk.begin_sale()
    desk.host.send_bytes(b"\xff\xff\x60\x00")
    desk.expect_reversed(asked, "98")


@BOOK.case("another_type", "An answer of another message type is not this sale's.", "3.0")
def _another_type(desk: Desk) -> None:
    asked = desk.begin_sale()
    desk.host.send_bytes(_as_type(desk, asked, "0230"))
    desk.expect_reversed(asked, "98", "06")


@BOOK.case("no_code", "An answer without F39 is no approval.", "7.3")
def _no_code(desk: Desk) -> None:
    asked = desk.begin_sale()
    desk.host.say(asked, changes={39: None})
    desk.expect_reversed(asked)


def _as_type(desk: Desk, asked: Asked, mti: str) -> bytes:
    fields = {number: asked.message.fields[number] for number in (3, 4, 11, 25, 41, 42, 49, 60)}
    return desk.host.frame(Message(mti, fields | {39: "00"}), asked, signed=True)
