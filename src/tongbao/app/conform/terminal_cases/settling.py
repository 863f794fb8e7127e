"""Closing a batch at a terminal: totals, uploads, the end, and being interrupted."""

from __future__ import annotations

from typing import Final

from tongbao.app.conform.case import CaseBook, NotApplicableError, check, fail
from tongbao.app.conform.host_side import Asked
from tongbao.app.conform.terminal_cases.desk import Desk
from tongbao.domain.secrets import Purpose

BOOK: Final[CaseBook[Desk]] = CaseBook("settlement")
_RECORD_DIGITS: Final = 40


def _fresh(desk: Desk) -> None:
    """Close whatever is in the batch, kindly; a terminal need not settle a batch of nothing."""
    if desk.hands.settle():
        _serve_to_rest(desk)


def _press(desk: Desk) -> None:
    if not desk.hands.settle():
        raise NotApplicableError("the terminal does not settle now")


def _serve_to_rest(desk: Desk) -> None:
    desk.hands.begin(desk.host)


def _totals(desk: Desk) -> Asked:
    asked = desk.host.expect("0500", "the totals", wait_ms=desk.plan.patience_ms)
    check(len(asked.text(48)) == 62, "62 digits in F48", str(len(asked.text(48))))
    check(asked.network_code == "201", "60.3 201", asked.network_code)
    return asked


def _say_flags(desk: Desk, asked: Asked, domestic: str, foreign: str) -> None:
    sent = asked.text(48)
    desk.host.say(asked, changes={48: f"{sent[:30]}{domestic}{sent[31:61]}{foreign}"})


def _upload(desk: Desk, code: str) -> Asked:
    asked = desk.host.expect("0320", "an upload", wait_ms=desk.plan.patience_ms)
    check(asked.network_code == code, f"60.3 {code}", asked.network_code)
    return asked


@BOOK.case("totals", "The totals are those of the batch, to the fen.", "2.1, 3.9")
def _right_totals(desk: Desk) -> None:
    _fresh(desk)
    for amount_minor in (1_00, 2_50):
        desk.sell(amount_minor)
    _press(desk)
    asked = _totals(desk)
    wanted = f"{3_50:012d}002{0:012d}0000"
    check(asked.text(48)[:31] == wanted, wanted, asked.text(48)[:31])
    check(asked.text(48)[31:] == "0" * 31, "nothing foreign", asked.text(48)[31:])
    desk.host.say(asked)
    _serve_to_rest(desk)


@BOOK.case("balanced_end", "Balanced totals lead to the end 207, without details.", "3.10")
def _balanced(desk: Desk) -> None:
    _fresh(desk)
    desk.sell()
    _press(desk)
    desk.host.say(_totals(desk))
    end = _upload(desk, "207")
    check(len(end.text(48)) == 4, "four digits in F48", end.text(48))
    desk.host.say(end)
    _serve_to_rest(desk)


@BOOK.case("no_code_in_the_answer", "An answer without F39 is judged by its flags.", "3.9")
def _no_code(desk: Desk) -> None:
    _fresh(desk)
    desk.sell()
    _press(desk)
    desk.host.say(_totals(desk), changes={39: None})
    desk.host.say(_upload(desk, "207"))
    _serve_to_rest(desk)


@BOOK.case("unbalanced_details", "Unbalanced totals lead to every detail, then 202.", "3.10")
def _unbalanced(desk: Desk) -> None:
    _fresh(desk)
    sales = [desk.sell(1_00 + number) for number in range(9)]
    _press(desk)
    _say_flags(desk, _totals(desk), "2", "1")
    records: list[str] = []
    while len(records) < len(sales):
        details = _upload(desk, "201")
        text = details.text(48)
        count = int(text[:2])
        check(1 <= count <= 8, "1 to 8 records", str(count))
        whole = len(text) == 2 + count * _RECORD_DIGITS
        check(whole, "40 digits a record", str(len(text)))
        records += [text[2 + n * _RECORD_DIGITS :][:_RECORD_DIGITS] for n in range(count)]
        desk.host.say(details)
    pan = desk.card.pan.reveal(Purpose.WIRE)
    wanted = {f"00{sale.text(11)}{pan:0>20}{sale.text(4)}" for sale in sales}
    check(set(records) == wanted, "each sale once", f"{len(set(records) & wanted)} of nine")
    end = _upload(desk, "202")
    check(end.text(48) == "0009", "0009", end.text(48))
    desk.host.say(end)
    _serve_to_rest(desk)


@BOOK.case("repeated_detail_accepted", "94 to a detail counts as accepted.", "3.10")
def _accepted_94(desk: Desk) -> None:
    _fresh(desk)
    desk.sell()
    _press(desk)
    _say_flags(desk, _totals(desk), "2", "1")
    desk.host.say(_upload(desk, "201"), "94")
    desk.host.say(_upload(desk, "202"))
    _serve_to_rest(desk)


@BOOK.case(
    "unanswered_detail", "A detail without an answer is sent again in another round.", "3.10"
)
def _unanswered(desk: Desk) -> None:
    _fresh(desk)
    desk.sell()
    _press(desk)
    _say_flags(desk, _totals(desk), "2", "1")
    first = _upload(desk, "201")
    again = _upload(desk, "201")
    check(again.text(48) == first.text(48), "the same record", "another")
    desk.host.say(again)
    desk.host.say(_upload(desk, "202"))
    _serve_to_rest(desk)


@BOOK.case("no_sale_meanwhile", "Until the end is answered no new payment begins.", "7.4")
def _no_sale(desk: Desk) -> None:
    _fresh(desk)
    desk.sell()
    _press(desk)
    desk.host.say(_totals(desk))
    end = _upload(desk, "207")
    check(not desk.hands.start("sale", 1_00), "a refusal", "a sale that starts")
    desk.host.say(end)
    _serve_to_rest(desk)


@BOOK.case("resumes_behind_the_totals", "An interrupted upload goes on where it was.", "7.4")
def _resumes(desk: Desk) -> None:
    _fresh(desk)
    desk.sell()
    _press(desk)
    desk.host.say(_totals(desk))
    _upload(desk, "207")
    desk.host.hang_up()
    for _ in range(10):
        asked = desk.host.next_message(desk.plan.patience_ms)
        if asked is None:
            desk.hands.settle()
            continue
        check(asked.mti != "0500", "no second 0500", str(asked))
        if asked.mti == "0320":
            desk.host.say(asked)
            _serve_to_rest(desk)
            return
        desk.host.say(asked)
    fail("the end of the batch sent again", "never")


@BOOK.case("next_batch", "After the end the batch is the next one.", "7.1")
def _next(desk: Desk) -> None:
    _fresh(desk)
    before = desk.sell()
    _press(desk)
    desk.host.say(_totals(desk))
    desk.host.batch = int(before.batch) % 999_999 + 1
    desk.host.say(_upload(desk, "207"))
    _serve_to_rest(desk)
    after = desk.begin_sale()
    expected = f"{int(before.batch) % 999_999 + 1:06d}"
    check(after.batch == expected, expected, after.batch)
    desk.finish(after)


@BOOK.case("void_leaves_the_totals", "A voided sale is off the totals, or on both sides.", "3.9")
def _voided(desk: Desk) -> None:
    _fresh(desk)
    sale = desk.sell(3_00)
    original = {"trace": int(sale.text(11)), "batch": int(sale.batch)}
    desk.finish(desk.begin("void", "0200", original=original))
    desk.hands.begin(desk.host)
    _press(desk)
    asked = _totals(desk)
    taken_off = "0" * 31
    both = f"{3_00:012d}001{3_00:012d}0010"
    check(asked.text(48)[:31] in {taken_off, both}, "nothing, or 3.00 twice", asked.text(48)[:31])
    desk.host.say(asked)
    _serve_to_rest(desk)
