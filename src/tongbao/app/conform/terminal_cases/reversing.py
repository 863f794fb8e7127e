"""Unknown results at a terminal: the reversal, its repetitions and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.app.conform.case import CaseBook, check, fail
from tongbao.app.conform.hands import APPROVED, IN_DOUBT
from tongbao.app.conform.terminal_cases.desk import REVERSAL_MTI, Desk

if TYPE_CHECKING:
    from tongbao.app.conform.host_side import Asked

BOOK: Final[CaseBook[Desk]] = CaseBook("reversal")


def _silence(desk: Desk) -> tuple[Asked, Asked]:
    """Let a sale stay without an answer; return it and its first reversal."""
    sale = desk.begin_sale()
    desk.says(IN_DOUBT)
    return sale, desk.expect_reversal(sale, "98")


@BOOK.case("after_silence", "A sale without an answer is reversed with reason 98.", "7.3")
def _after_silence(desk: Desk) -> None:
    sale = desk.begin_sale()
    desk.expect_reversed(sale, "98")


@BOOK.case("no_secrets", "A reversal carries no PIN and no track.", "3.7")
def _no_secrets(desk: Desk) -> None:
    _, undo = _silence(desk)
    came = [number for number in (26, 35, 36, 52) if undo.has(number)]
    check(not came, "none of F26, F35, F36, F52", f"F{came}")
    desk.host.say(undo)


@BOOK.case("after_a_cut", "A line that breaks behind the sale leads to a reversal.", "7.3")
def _after_cut(desk: Desk) -> None:
    sale = desk.begin_sale()
    desk.host.hang_up()
    desk.expect_reversed(sale, "98")


@BOOK.case("after_98", "A host that says 98 does not know either: reversed.", "4")
def _after_98(desk: Desk) -> None:
    sale = desk.begin_sale()
    desk.host.say(sale, "98")
    desk.expect_reversed(sale)


@BOOK.case("after_68", "A host that says 68 does not know either: reversed.", "4")
def _after_68(desk: Desk) -> None:
    sale = desk.begin_sale()
    desk.host.say(sale, "68")
    desk.expect_reversed(sale)


@BOOK.case("late_approval", "An approval that comes after the doubt began changes nothing.", "7.3")
def _late(desk: Desk) -> None:
    sale, undo = _silence(desk)
    desk.host.send_bytes(desk.host.answer(sale))
    desk.host.say(undo)
    check(desk.says("reversed", APPROVED) == "reversed", "reversed", "approved")


@BOOK.case("repeated", "A reversal without an answer is sent again, the same.", "7.3")
def _repeated(desk: Desk) -> None:
    sale, _ = _silence(desk)
    again = desk.expect_reversal(sale, "98")
    desk.host.say(again)
    desk.says("reversed")


def _ends_with(desk: Desk, code: str) -> None:
    _, undo = _silence(desk)
    desk.host.say(undo, code)
    desk.says("reversed")
    desk.quiet(f"{code} ends a reversal")


@BOOK.case("ends_with_00", "00 ends a reversal.", "3.7")
def _ends_00(desk: Desk) -> None:
    _ends_with(desk, "00")


@BOOK.case("ends_with_12", "12 ends a reversal.", "3.7")
def _ends_12(desk: Desk) -> None:
    _ends_with(desk, "12")


@BOOK.case("ends_with_25", "25 ends a reversal.", "3.7")
def _ends_25(desk: Desk) -> None:
    _ends_with(desk, "25")


@BOOK.case("not_ended_by_96", "96 does not end a reversal: it is sent again.", "3.7")
def _not_96(desk: Desk) -> None:
    sale, undo = _silence(desk)
    desk.host.say(undo, "96")
    desk.host.say(desk.expect_reversal(sale))
    desk.says("reversed")


@BOOK.case("wrong_mac_ends_nothing", "A reversal's answer with a wrong MAC ends nothing.", "7.3")
def _wrong_mac(desk: Desk) -> None:
    sale, undo = _silence(desk)
    frame = bytearray(desk.host.answer(undo))
    frame[-1] ^= 0x01
    desk.host.send_bytes(bytes(frame))
    _again_or_keys(desk, sale)


@BOOK.case("no_mac_ends_nothing", "A reversal's answer without a MAC ends nothing.", "7.3")
def _no_mac(desk: Desk) -> None:
    sale, undo = _silence(desk)
    desk.host.say(undo, signed=False)
    _again_or_keys(desk, sale)


@BOOK.case("other_trace_ends_nothing", "The answer to another reversal ends nothing.", "7.3")
def _other_trace(desk: Desk) -> None:
    sale, undo = _silence(desk)
    desk.host.say(undo, changes={11: "999998"})
    _again_or_keys(desk, sale)


@BOOK.case("no_second_charge", "While a payment is in doubt no other one goes out.", "7.3")
def _no_second(desk: Desk) -> None:
    sale, _ = _silence(desk)
    if desk.hands.start("sale", 2_00):
        desk.hands.present(desk.card)
    for _ in range(2):
        asked = desk.host.next_message(500)
        if asked is None:
            break
        check(asked.mti in {REVERSAL_MTI, "0800"}, "reversal or sign-in only", str(asked))
    _clear(desk, sale)


@BOOK.case("after_new_keys", "A reversal goes out under the keys of a new sign-in, too.", "7.3")
def _new_keys(desk: Desk) -> None:
    sale, undo = _silence(desk)
    desk.host.say(undo, "A0", signed=False)
    _again_or_keys(desk, sale)


@BOOK.case("trace_not_reused", "The trace of a reversed sale is not used again.", "7.1")
def _trace(desk: Desk) -> None:
    sale = desk.begin_sale()
    desk.expect_reversed(sale, "98")
    desk.hands.begin(desk.host)
    after = desk.begin_sale()
    check(int(after.text(11)) > int(sale.text(11)), "a higher trace", after.text(11))
    desk.finish(after)


def _again_or_keys(desk: Desk, sale: Asked) -> None:
    """See the reversal again, perhaps behind a new sign-in, and end it."""
    check(desk.says(IN_DOUBT, "reversed") == IN_DOUBT, "still in doubt", "reversed")
    _clear(desk, sale)


def _clear(desk: Desk, sale: Asked) -> None:
    for _ in range(4):
        desk.hands.resolve_now()
        asked = desk.host.next_message(desk.plan.patience_ms)
        if asked is None:
            continue
        check(asked.mti in {REVERSAL_MTI, "0800"}, "reversal or sign-in", str(asked))
        same = asked.mti == "0800" or asked.text(11) == sale.text(11)
        check(same, "the trace of the sale in doubt", asked.text(11))
        desk.host.say(asked)
        if asked.mti == REVERSAL_MTI:
            desk.says("reversed")
            return
    fail("the reversal sent again", "it never came")
