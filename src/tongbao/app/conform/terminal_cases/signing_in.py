"""A terminal's sign-in: what it sends, and which keys it must not believe."""

from __future__ import annotations

from typing import Final

from tongbao.app.conform.case import CaseBook, check, fail
from tongbao.app.conform.host_side import Asked
from tongbao.app.conform.terminal_cases.desk import Desk
from tongbao.wire.unionpay.framing import HEADER_BYTES, TPDU_BYTES

BOOK: Final[CaseBook[Desk]] = CaseBook("sign_in")
_LENGTH_BYTES: Final = 2


def _asks(desk: Desk) -> Asked:
    desk.hands.sign_in()
    return desk.host.expect("0800", "the sign-in")


def _signed_out(desk: Desk) -> None:
    """Fail unless the terminal starts no payment."""
    desk.host.mutes = True
    if desk.hands.start("sale", 1_00):
        desk.hands.present(desk.card)
    asked = desk.host.next_message(500)
    check(asked is None or asked.mti == "0800", "no payment without keys", str(asked))


@BOOK.case("fields", "A sign-in carries 11, 41, 42, 60 and 63, without a MAC.", "3.1")
def _fields(desk: Desk) -> None:
    asked = _asks(desk)
    missing = [number for number in (11, 41, 42, 60, 63) if not asked.has(number)]
    check(not missing, "all of them", f"{asked}, without {missing}")
    check(not asked.has(64), "no F64", "a MAC")
    check(asked.text(41) == desk.plan.terminal.terminal_id, "its own F41", asked.text(41))
    check(asked.text(42) == desk.plan.terminal.merchant_id, "its own F42", asked.text(42))


@BOOK.case("trace_rises", "Two sign-ins carry two trace numbers.", "7.1")
def _trace(desk: Desk) -> None:
    first = _asks(desk)
    desk.host.say(first)
    desk.hands.begin(desk.host)
    second = _asks(desk)
    expected = int(first.text(11)) % 999_999 + 1
    check(int(second.text(11)) == expected, f"{expected:06d}", second.text(11))


@BOOK.case("batch_taken", "The batch number of the answer is the batch from now on.", "7.1")
def _batch(desk: Desk) -> None:
    desk.host.batch = desk.host.batch % 999_000 + 17
    desk.host.say(_asks(desk))
    desk.hands.begin(desk.host)
    asked = desk.begin_sale()
    check(asked.batch == f"{desk.host.batch:06d}", f"{desk.host.batch:06d}", asked.batch)
    desk.finish(asked)


@BOOK.case("wrong_check_value", "Keys whose check value is wrong leave it signed out.", "3.1")
def _wrong_check(desk: Desk) -> None:
    asked = _asks(desk)
    frame = bytearray(desk.host.answer(asked))
    # Field 62 is the last one; its last byte belongs to the MAC key's check value.
    frame[-1] ^= 0x01
    desk.host.send_bytes(bytes(frame))
    _signed_out(desk)


@BOOK.case("wrong_length", "Keys of a length nobody knows leave it signed out.", "3.1")
def _wrong_length(desk: Desk) -> None:
    desk.host.say(_asks(desk), changes={62: bytes(39)})
    _signed_out(desk)


@BOOK.case("no_keys", "An answer without keys leaves it signed out.", "3.1")
def _no_keys(desk: Desk) -> None:
    desk.host.say(_asks(desk), changes={62: None})
    _signed_out(desk)


@BOOK.case("refused", "A sign-in that is refused leaves it signed out.", "3.1")
def _refused(desk: Desk) -> None:
    desk.host.say(_asks(desk), "97")
    _signed_out(desk)


@BOOK.case("other_trace", "Keys for another sign-in are not taken.", "3.1")
def _other_trace(desk: Desk) -> None:
    asked = _asks(desk)
    other = f"{int(asked.text(11)) % 999_999 + 1:06d}"
    desk.host.say(asked, changes={11: other})
    _signed_out(desk)


@BOOK.case("other_terminal", "Keys for another terminal are not taken.", "3.1")
def _other_terminal(desk: Desk) -> None:
    desk.host.say(_asks(desk), changes={41: "99999999"})
    _signed_out(desk)


@BOOK.case("no_answer", "A sign-in without an answer leaves it signed out.", "7.2")
def _no_answer(desk: Desk) -> None:
    _asks(desk)
    _signed_out(desk)


def _signs_in_again(desk: Desk, code: str) -> None:
    asked = desk.begin_sale()
    desk.host.say(asked, code, signed=code != "A0")
    deadline_ms = desk.plan.patience_ms
    for _ in range(3):
        heard = desk.host.next_message(deadline_ms)
        if heard is not None and heard.mti == "0800":
            return
        if heard is not None:
            desk.host.say(heard)
    fail("a new sign-in", "none")


@BOOK.case("after_77", "After 77 it signs in again by itself.", "7.2")
def _after_77(desk: Desk) -> None:
    _signs_in_again(desk, "77")


@BOOK.case("after_99", "After 99 it signs in again by itself.", "7.2")
def _after_99(desk: Desk) -> None:
    _signs_in_again(desk, "99")


@BOOK.case("after_a0", "After A0 it signs in again by itself.", "7.2")
def _after_a0(desk: Desk) -> None:
    _signs_in_again(desk, "A0")


@BOOK.case("header_asks", "A header whose sixth digit is 3 makes it sign in again.", "1.1")
def _header(desk: Desk) -> None:
    asked = desk.begin_sale()
    frame = bytearray(desk.host.answer(asked))
    place = _LENGTH_BYTES + TPDU_BYTES + HEADER_BYTES // 2 - 1
    frame[place] = frame[place] & 0xF0 | 0x03
    desk.host.send_bytes(bytes(frame))
    desk.host.expect("0800", "a new sign-in", wait_ms=desk.plan.patience_ms)
