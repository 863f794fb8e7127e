"""The exception queue: its order, what people may do, and that nothing reaches a payment."""

import pytest

from tests.platform.conftest import add_user, browser_of, django_on
from tests.platform.seed import seed
from tests.platform.seed_beside import CLOSED_EXCEPTION, EXCEPTION
from tests.platform.test_access import fingerprint
from tests.platform.test_pages import text_of
from tongbao.platform.accounts.services import StaffError, create_staff
from tongbao.platform.payments.exception_rules import (
    Act,
    Refusal,
    Standing,
    closed_at_us,
    refusal_of,
    stand_of,
)

QUEUE = "/console/payments/paymentexception/"
PAGE = f"{QUEUE}{EXCEPTION}/change/"
DO = f"{QUEUE}{EXCEPTION}/act/"
OPEN = Standing(is_open=True, owner="")
NOTE = {"note": "issuer, Ms Wang: not booked"}


def acts(exception_id=EXCEPTION):
    from tongbao.platform.payments.models import PaymentExceptionEvent

    rows = PaymentExceptionEvent.objects.filter(exception_id=exception_id).order_by("event_id")
    return [(row.kind, row.staff, row.note) for row in rows]


def newest(exception_id=EXCEPTION):
    from tongbao.platform.payments.models import PaymentExceptionEvent

    row = PaymentExceptionEvent.objects.filter(exception_id=exception_id).last()
    return 0 if row is None else row.event_id


@pytest.mark.parametrize(
    ("told", "standing"),
    [
        ((), OPEN),
        ((("taken", "a"),), Standing(is_open=True, owner="a")),
        ((("taken", "a"), ("noted", "b"), ("taken", "b")), Standing(is_open=True, owner="b")),
        ((("closed", "system"),), Standing(is_open=False, owner="")),
        ((("taken", "a"), ("closed", "a")), Standing(is_open=False, owner="a")),
        ((("taken", "a"), ("closed", "a"), ("reopened", "system")), OPEN),
    ],
)
def test_an_exception_stands_where_its_acts_left_it(told, standing):
    assert stand_of(told) == standing


def test_the_moment_of_closing_is_that_of_the_last_closing():
    assert closed_at_us([("taken", 1)]) is None
    assert closed_at_us([("closed", 2)]) == 2
    assert closed_at_us([("closed", 2), ("reopened", 3)]) is None
    assert closed_at_us([("closed", 2), ("reopened", 3), ("closed", 4)]) == 4


@pytest.mark.parametrize(
    ("act", "standing", "note", "refusal"),
    [
        (Act.TAKE, OPEN, "", None),
        (Act.TAKE, Standing(is_open=True, owner="b"), "", None),
        (Act.TAKE, Standing(is_open=True, owner="a"), "", Refusal.OWNED_ALREADY),
        (Act.NOTE, OPEN, "", Refusal.NOTE_MISSING),
        (Act.CLOSE, OPEN, "", Refusal.NOTE_MISSING),
        (Act.NOTE, OPEN, "x" * 501, Refusal.NOTE_TOO_LONG),
        (Act.NOTE, OPEN, "x" * 500, None),
        (Act.CLOSE, OPEN, "card 6200 0000 0000 0000 000", Refusal.NOTE_HOLDS_CARD),
        (Act.CLOSE, OPEN, "reference 632500000017", None),
        (Act.CLOSE, Standing(is_open=False, owner="a"), "x", Refusal.CLOSED_ALREADY),
        (Act.TAKE, Standing(is_open=False, owner="b"), "", Refusal.CLOSED_ALREADY),
    ],
)
def test_what_a_person_may_do(act, standing, note, refusal):
    assert refusal_of(act, standing, "a", note) == refusal


def test_take_note_and_close_are_each_one_row(staff):
    browser = browser_of(staff)
    for data in ({"act": "take"}, {"act": "note", **NOTE}, {"act": "close", **NOTE}):
        answer = browser.post(DO, {**data, "seen": newest()})
        assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert acts() == [
        ("taken", "lilei", ""),
        ("noted", "lilei", NOTE["note"]),
        ("closed", "lilei", NOTE["note"]),
    ]
    page = text_of(browser.get(PAGE))
    assert "Closed" in page
    assert "Note and close" not in page


def test_no_act_reaches_a_payment(staff):
    from tests.platform import test_access

    browser = browser_of(staff)
    tables = test_access.TABLES
    paying = tuple(table for table in tables if not table.endswith("exceptionevent"))
    test_access.TABLES = paying
    try:
        before = fingerprint()
        for data in ({"act": "take"}, {"act": "note", **NOTE}, {"act": "close", **NOTE}):
            browser.post(DO, {**data, "seen": newest(), "status": "approved", "amount_minor": 1})
        assert fingerprint() == before
    finally:
        test_access.TABLES = tables
    assert len(acts()) == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"act": "close", "seen": 0}, "Write a note first"),
        ({"act": "close", "seen": 0, "note": " \n "}, "Write a note first"),
        ({"act": "note", "seen": 0, "note": "n" * 501}, "at most 500 characters"),
        ({"act": "note", "seen": 0, "note": "6200000000000000000"}, "holds a card number"),
        ({"act": "take", "seen": 999}, "Somebody has acted since"),
        ({"act": "take"}, "There is no such act."),
        ({"act": "reopen", "seen": 0, "note": "x"}, "There is no such act."),
        ({}, "There is no such act."),
    ],
)
def test_a_refused_act_says_why_and_writes_nothing(staff, data, words):
    browser = browser_of(staff)
    before = fingerprint()
    answer = browser.post(DO, data, follow=True)
    assert words in text_of(answer)
    assert "6200000000000000000" not in text_of(answer)
    assert fingerprint() == before


def test_the_second_of_two_people_who_act_at_once_is_told_so(staff):
    first, second = browser_of(staff), browser_of(add_user("hanmei"))
    first.post(DO, {"act": "take", "seen": 0})
    answer = second.post(DO, {"act": "take", "seen": 0}, follow=True)
    assert "Somebody has acted since" in text_of(answer)
    assert acts() == [("taken", "lilei", "")]
    second.post(DO, {"act": "take", "seen": newest()})
    assert acts()[-1] == ("taken", "hanmei", "")


def test_a_closed_exception_takes_no_more_acts(staff):
    before = acts(CLOSED_EXCEPTION)
    data = {"act": "note", "seen": newest(CLOSED_EXCEPTION), **NOTE}
    answer = browser_of(staff).post(f"{QUEUE}{CLOSED_EXCEPTION}/act/", data, follow=True)
    assert "This exception is closed; nothing was written." in text_of(answer)
    assert acts(CLOSED_EXCEPTION) == before


def test_an_act_on_nothing_is_not_found(staff):
    before = fingerprint()
    assert browser_of(staff).post(f"{QUEUE}7/act/", {"act": "take"}).status_code == 404
    assert fingerprint() == before


def test_open_exceptions_stand_first_and_the_oldest_on_top(django_database):
    seed(django_database)
    from tongbao.platform.payments.exceptions import open_count, with_standing
    from tongbao.platform.payments.models import PaymentException, PaymentExceptionEvent

    for number, kind in ((5, "terminal_gave_up"), (9, "batch_difference")):
        PaymentException.objects.create(
            exception_id=number,
            terminal_id="00000001",
            merchant_id="100000000000001",
            kind=kind,
            opened_at_us=number,
        )
    for kind, staff in (("taken", "a"), ("closed", "a"), ("reopened", "system")):
        PaymentExceptionEvent.objects.create(exception_id=9, kind=kind, at_us=1, staff=staff)
    PaymentExceptionEvent.objects.create(exception_id=5, kind="taken", at_us=1, staff="b")
    rows = with_standing(PaymentException.objects.all()).order_by("is_closed", "urgency")
    assert [(row.exception_id, row.is_closed, row.owner) for row in rows] == [
        (5, False, "b"),
        (9, False, ""),
        (EXCEPTION, False, ""),
        (CLOSED_EXCEPTION, True, "hanmei"),
    ]
    assert open_count() == 3


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2),
        ("?standing=open", 1),
        ("?standing=closed", 1),
        ("?standing=mine", 0),
        ("?standing=nobody", 1),
        ("?kind=late_approval", 1),
        ("?kind=batch_difference", 0),
    ],
)
def test_the_queue_is_filtered_by_standing_and_kind(staff, query, count):
    html = browser_of(staff).get(QUEUE + query).content.decode()
    assert html.count("field-standing") == count


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["What to do", "Do not refund by hand", "Sale: no answer to 6 attempts"]),
        ("zh-CN", ["如何处理", "未关闭前不要手工退款", "消费：6 次尝试均无应答"]),
    ],
)
def test_the_page_says_what_to_do(staff, language, words):
    page = text_of(browser_of(staff, language).get(PAGE))
    for part in words:
        assert part in page


def test_the_dashboard_counts_what_waits_for_a_person(staff):
    browser = browser_of(staff)
    assert "Open exceptions 1 Need a person." in text_of(browser.get("/console/"))
    browser.post(DO, {"act": "close", "seen": 0, **NOTE})
    assert "Open exceptions 0 Nothing waits for a person." in text_of(browser.get("/console/"))


def test_a_payment_names_its_open_exception(staff, stories):
    page = f"/console/payments/payment/{stories['reversing']}/change/"
    assert "Open exception, nobody has taken it" in text_of(browser_of(staff).get(page))


def test_nobody_can_be_called_as_a_machine_is(sqlite_url):
    for name in ("system", "System", " SYSTEM ", "Terminal"):
        with pytest.raises(StaffError, match="machine"):
            create_staff(sqlite_url, name, "correct-horse-battery-9")
    from tongbao.platform.accounts.models import User

    with django_on(sqlite_url):
        assert User.objects.count() == 0


def test_a_note_cannot_smuggle_in_markup(staff):
    browser = browser_of(staff)
    browser.post(DO, {"act": "note", "seen": 0, "note": "<script>alert(1)</script>"})
    html = browser.get(PAGE).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
