"""What was done about operators here: what counts, what waits, when the platform has its word."""

import stat

from tests.terminal.rig import HASHED_0000, HASHED_123456, make_settings
from tongbao.terminal.core.staff import with_staff
from tongbao.terminal.staff_book import StaffBook
from tongbao.wire.device.operators import (
    OperatorAct,
    OperatorAnswer,
    OperatorChange,
    OperatorOutcome,
)
from tongbao.wire.device.settings import OperatorRole

CASHIER = OperatorRole.CASHIER


def change(act, number="01", by="00", pin_hash=HASHED_123456, **said):
    values = {"name": "", "role": None, "replaces": None, "changed_at_ms": 1_000, **said}
    return OperatorChange(act=act, number=number, by=by, pin_hash=pin_hash, **values)


PIN_CHANGED = change(OperatorAct.PIN_CHANGED, by="01")
ADDED = change(OperatorAct.ADDED, "05", name="阿强", role=CASHIER)


def answer(outcome, at_ms=2_000, reason=""):
    return OperatorAnswer(outcome=outcome, reason=reason, server_time_ms=at_ms)


def test_changes_are_laid_over_what_the_platform_wants_in_their_order():
    settings = make_settings(first_pins=frozenset({"01"}))
    assert with_staff(settings, ()) is settings
    changed = with_staff(settings, [PIN_CHANGED, ADDED, change(OperatorAct.PIN_RESET, "02")])
    assert changed.operators == {
        "00": HASHED_123456,
        "01": HASHED_123456,
        "02": HASHED_123456,
        "05": HASHED_123456,
    }
    assert changed.first_pins == {"05", "02"}
    assert (changed.operator_names["05"], changed.operator_roles["05"]) == ("阿强", "cashier")
    ended = with_staff(settings, [change(OperatorAct.ENDED, pin_hash=None), PIN_CHANGED])
    assert set(ended.operators) == {"00", "02"}


def test_somebody_whom_the_platform_gave_the_same_number_goes_before():
    settings = make_settings(operators={"05": HASHED_0000})
    assert with_staff(settings, [ADDED]).operators == {"05": HASHED_0000}


def test_a_change_survives_a_power_cut_and_waits_to_be_told(tmp_path):
    StaffBook(tmp_path).keep(PIN_CHANGED)
    book = StaffBook(tmp_path)
    assert book.changes == (PIN_CHANGED,)
    assert [line.number for line in book.waiting] == [1]
    assert stat.S_IMODE((tmp_path / "operators.json").stat().st_mode) == 0o600


def test_what_the_platform_took_counts_until_newer_settings_came(tmp_path):
    book = StaffBook(tmp_path)
    book.keep(PIN_CHANGED)
    book.answered(1, answer(OperatorOutcome.KEPT, 2_000))
    assert (book.waiting, book.changes) == ((), (PIN_CHANGED,))
    book.settings_came(2_000)
    assert StaffBook(tmp_path).changes == (PIN_CHANGED,)
    book.keep(ADDED)
    book.settings_came(2_001)
    assert StaffBook(tmp_path).changes == (ADDED,)


def test_what_the_platform_did_not_take_counts_no_longer_and_a_refusal_is_seen(tmp_path):
    book = StaffBook(tmp_path)
    book.keep(PIN_CHANGED)
    book.keep(ADDED)
    book.answered(1, answer(OperatorOutcome.PASSED_OVER))
    book.answered(2, answer(OperatorOutcome.REFUSED, reason="number_taken"))
    assert StaffBook(tmp_path).changes == ()
    (refusal,) = book.refusals
    assert (refusal.number, refusal.reason) == ("05", "number_taken")
    book.answered(2, answer(OperatorOutcome.KEPT))
    assert book.changes == ()


def test_a_damaged_book_leaves_the_platforms_word(tmp_path):
    (tmp_path / "operators.json").write_bytes(b"{")
    assert StaffBook(tmp_path).changes == ()


def test_a_book_that_is_full_keeps_the_last_pin_of_each_number(tmp_path, monkeypatch):
    from tongbao.terminal import staff_book

    monkeypatch.setattr(staff_book, "_LINES_MAX", 3)
    book = StaffBook(tmp_path)
    ended = change(OperatorAct.ENDED, "02", pin_hash=None)
    for one in (PIN_CHANGED, ended, change(OperatorAct.PIN_RESET), PIN_CHANGED):
        book.keep(one)
    assert [line.change.act for line in book.waiting] == [
        OperatorAct.ENDED,
        OperatorAct.PIN_RESET,
        OperatorAct.PIN_CHANGED,
    ]
