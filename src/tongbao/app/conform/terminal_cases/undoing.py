"""Voids, refunds, balances and pre-authorisations at a terminal: their fields and their doubts."""

from __future__ import annotations

from typing import Final

from tongbao.app.conform.case import CaseBook, check
from tongbao.app.conform.hands import APPROVED, IN_DOUBT
from tongbao.app.conform.host_side import Asked
from tongbao.app.conform.terminal_cases.desk import REVERSAL_MTI, Desk

BOOK: Final[CaseBook[Desk]] = CaseBook("others")
_ADVICE_MTI: Final = "0220"
_HOLD_MTI: Final = "0100"
_HELD_MINOR: Final = 10_00


def _sold(desk: Desk, amount_minor: int = 5_00) -> tuple[Asked, dict[str, str]]:
    """Make a sale; return it with the reference, code and date of its answer."""
    asked = desk.begin_sale(amount_minor)
    given = {"rrn": desk.host.next_reference(), "auth_code": "654321"}
    desk.host.say(asked, changes={37: given["rrn"], 38: given["auth_code"]})
    desk.says(APPROVED)
    date = desk.host.today()
    desk.hands.begin(desk.host)
    return asked, {**given, "date": date, "trace": asked.text(11)}


def _void_of(desk: Desk, sale: Asked) -> Asked:
    original = {"trace": int(sale.text(11)), "batch": int(sale.batch)}
    return desk.begin("void", "0200", original=original)


@BOOK.case("void_fields", "A void names batch, trace and reference, and the whole amount.", "3.5")
def _void(desk: Desk) -> None:
    sale, given = _sold(desk)
    asked = _void_of(desk, sale)
    wanted = {3: "200000", 4: sale.text(4), 25: "00", 37: given["rrn"]}
    for number, value in wanted.items():
        check(asked.text(number) == value, f"F{number} {value}", repr(asked.text(number)))
    named = sale.batch + sale.text(11)
    check(asked.text(61) == named, f"F61 {named}", asked.text(61))
    check(asked.function == "23", "60.1 23", asked.function)
    check(asked.text(11) != sale.text(11), "a trace of its own", "the sale's")
    desk.finish(asked)


@BOOK.case("void_once", "A voided sale is not voided again: nothing is sent.", "3.5")
def _void_once(desk: Desk) -> None:
    sale, _ = _sold(desk)
    desk.finish(_void_of(desk, sale))
    desk.hands.begin(desk.host)
    original = {"trace": int(sale.text(11)), "batch": int(sale.batch)}
    if desk.hands.start("void", original=original):
        desk.hands.present(desk.card)
    desk.quiet("a void of a voided sale")


@BOOK.case("void_of_nothing", "A void of a trace that is not in the batch sends nothing.", "3.5")
def _void_nothing(desk: Desk) -> None:
    if desk.hands.start("void", original={"trace": 999_990}):
        desk.hands.present(desk.card)
    desk.quiet("a void of nothing")


@BOOK.case("void_in_doubt", "A void without an answer is reversed, with its own trace.", "3.7 C11")
def _void_doubt(desk: Desk) -> None:
    sale, _ = _sold(desk)
    asked = _void_of(desk, sale)
    desk.says(IN_DOUBT)
    undo = desk.expect_reversal(asked, "98")
    check(undo.text(61)[:12] == asked.batch + asked.text(11), "F61 of the void", undo.text(61))
    desk.host.say(undo)
    desk.says("reversed")


def _refund(desk: Desk) -> Asked:
    _, given = _sold(desk)
    original = {"rrn": given["rrn"], "date": given["date"]}
    asked = desk.begin("refund", _ADVICE_MTI, 2_00, original=original)
    check(asked.text(37) == given["rrn"], "F37 of the sale", asked.text(37))
    return asked


@BOOK.case("refund_fields", "A refund names reference, date and organisation.", "3.5")
def _refund_fields(desk: Desk) -> None:
    asked = _refund(desk)
    check(asked.text(3) == "200000" and asked.function == "25", "200000 and 25", str(asked))
    check(len(asked.text(61)) == 16, "16 digits in F61", str(len(asked.text(61))))
    check(len(asked.text(63)) >= 3, "an organisation in F63", repr(asked.text(63)))
    desk.finish(asked)


@BOOK.case("refund_in_doubt", "A refund without an answer is repeated, never reversed.", "3.7")
def _refund_doubt(desk: Desk) -> None:
    asked = _refund(desk)
    desk.says(IN_DOUBT)
    again = desk.host.expect(_ADVICE_MTI, "the same refund", wait_ms=desk.plan.patience_ms)
    for number in (3, 4, 11, 37, 41, 42, 60):
        check(again.text(number) == asked.text(number), f"F{number} as before", "another")
    check(not again.has(35) and not again.has(52), "no track, no PIN", "one of them")
    desk.host.say(again)
    desk.says(APPROVED)


@BOOK.case("refund_late_decline", "A repeated refund that is declined was never paid.", "3.7")
def _refund_declined(desk: Desk) -> None:
    _refund(desk)
    desk.says(IN_DOUBT)
    again = desk.host.expect(_ADVICE_MTI, "the same refund", wait_ms=desk.plan.patience_ms)
    desk.host.say(again, "22")
    check(desk.says("declined", APPROVED, "reversed") != APPROVED, "no approval", "approved")


def _hold(desk: Desk) -> tuple[Asked, dict[str, str]]:
    asked = desk.begin("pre_authorisation", _HOLD_MTI, _HELD_MINOR)
    given = {"rrn": desk.host.next_reference(), "auth_code": "246810"}
    desk.host.say(asked, changes={37: given["rrn"], 38: given["auth_code"]})
    desk.says(APPROVED)
    date = desk.host.today()
    desk.hands.begin(desk.host)
    return asked, {**given, "date": date}


@BOOK.case("hold_fields", "A pre-authorisation is a 0100 with F25 06 and 60.1 10.", "3.6")
def _hold_fields(desk: Desk) -> None:
    asked, _ = _hold(desk)
    check(asked.text(3) == "030000", "F3 030000", asked.text(3))
    check(asked.text(25) == "06" and asked.function == "10", "F25 06, 60.1 10", str(asked))


@BOOK.case("hold_in_doubt", "A pre-authorisation without an answer is reversed.", "3.7")
def _hold_doubt(desk: Desk) -> None:
    asked = desk.begin("pre_authorisation", _HOLD_MTI, _HELD_MINOR)
    desk.expect_reversed(asked, "98")


@BOOK.case("completion_fields", "A completion carries F38 and F61 with the date.", "3.6")
def _completion(desk: Desk) -> None:
    _, given = _hold(desk)
    original = {"auth_code": given["auth_code"], "date": given["date"]}
    asked = desk.begin("completion", "0200", _HELD_MINOR, original=original)
    check(asked.text(25) == "06" and asked.function == "20", "F25 06, 60.1 20", str(asked))
    check(asked.text(38) == given["auth_code"], "F38 of the hold", asked.text(38))
    check(asked.text(61)[12:] == given["date"], "the hold's date in F61", asked.text(61))
    desk.finish(asked)


@BOOK.case("release_fields", "A pre-authorisation void carries F38 and F61 with the date.", "3.6")
def _release(desk: Desk) -> None:
    _, given = _hold(desk)
    original = {"auth_code": given["auth_code"], "date": given["date"]}
    asked = desk.begin("pre_authorisation_void", _HOLD_MTI, _HELD_MINOR, original=original)
    check(asked.text(3) == "200000" and asked.function == "11", "200000 and 11", str(asked))
    check(asked.text(38) == given["auth_code"], "F38 of the hold", asked.text(38))
    desk.finish(asked)


@BOOK.case("balance_fields", "A balance has no amount and a field 60 of 13 digits.", "3.4")
def _balance(desk: Desk) -> None:
    asked = desk.begin("balance", "0200")
    check(asked.text(3) == "310000" and not asked.has(4), "310000 without F4", str(asked))
    check(len(asked.text(60)) == 13, "13 digits in F60", str(len(asked.text(60))))
    desk.finish(asked)


@BOOK.case("balance_without_answer", "A balance without an answer is never reversed.", "3.4")
def _balance_silence(desk: Desk) -> None:
    desk.begin("balance", "0200")
    asked = desk.host.next_message(desk.plan.patience_ms // 4)
    check(asked is None or asked.mti != REVERSAL_MTI, "no reversal", str(asked))
