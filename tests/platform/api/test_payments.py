"""A merchant's payments over the API: list, story, summary, feed and files."""

import csv
import io
import zipfile
from datetime import timedelta

import pytest

from tests.platform.api.conftest import OTHER, OWN, Caller, denials, make_key, member
from tests.platform.seed import STORIES, today_in_china
from tests.platform.test_pages import STATUS_OF

LIST = f"/merchants/{OWN}/payments"
COUNT = len(STORIES)


@pytest.fixture
def reader(stories):
    return Caller(member("hanmei", "read_only"))


@pytest.fixture
def accountant(stories):
    return Caller(member("lilei", "accountant"))


def rrns(answer):
    assert answer.status_code == 200, answer.content
    return [one["rrn"] for one in answer.json()["items"]]


def rrn_of(stories, name):
    return f"{stories[name] - 10**15:012}"


def own_payment(**values):
    """Write one more payment as the host would."""
    from tongbao.platform.payments.models import Payment, PaymentEvent

    number = 10**15 + 500 + values.pop("number", 0)
    status = values.pop("event", "approved")
    fields = {
        "payment_id": number,
        "terminal_id": "00000002",
        "merchant_id": OWN,
        "batch_no": 7,
        "stan": number % 1000,
        "kind": "sale",
        "amount_minor": 100,
        "currency": "156",
        "card_masked": "620000*********0999",
        "card_token": bytes(16),
        "entry_mode": "051",
        "rrn": f"{number % 10**12:012}",
        "business_date": today_in_china(),
        "route": "issuer",
        "received_at_us": 1_763_700_000_000_000,
    }
    payment = Payment.objects.create(**fields | values)
    PaymentEvent.objects.create(
        payment=payment, kind=status, at_us=payment.received_at_us + 5, response_code="00"
    )
    return payment


def test_the_list_is_newest_first_with_status_words_and_no_card_number(reader, stories):
    answer = reader.get(LIST)
    assert rrns(answer) == [f"{n:012}" for n in range(COUNT, 0, -1)]
    first = answer.json()["items"][-1]
    assert first["amount"] == {"amount_minor": 12_345, "currency": "CNY"}
    assert first["card"] == "620000…0128"
    assert first["status"] == "approved"
    assert first["status_words"] == "Approved"
    assert first["received_at"].endswith("Z")
    statuses = {one["rrn"]: one["status"] for one in answer.json()["items"]}
    assert statuses == {rrn_of(stories, name): status for name, status in STATUS_OF.items()}


def test_pages_hold_every_payment_once(reader, stories):
    seen, cursor = [], None
    while True:
        answer = reader.get(LIST, {"limit": 4} | ({"cursor": cursor} if cursor else {}))
        seen += rrns(answer)
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"{n:012}" for n in range(COUNT, 0, -1)]


def test_a_cursor_belongs_to_its_filters(reader):
    cursor = reader.get(LIST, {"limit": 4, "status": "approved", "kind": "sale"}).json()
    assert cursor["next_cursor"] is None
    cursor = reader.get(LIST, {"limit": 1, "status": "approved"}).json()["next_cursor"]
    assert reader.get(LIST, {"limit": 1, "cursor": cursor}).status_code == 422


@pytest.mark.parametrize("status", ["approved", "declined", "reversed", "in_doubt"])
def test_the_list_of_one_status_is_the_fold(reader, stories, status):
    wanted = {rrn_of(stories, name) for name, known in STATUS_OF.items() if known == status}
    assert set(rrns(reader.get(LIST, {"status": status}))) == wanted


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"amount_min_minor": 25_000}, {"reversing", "reversed"}),
        ({"amount_max_minor": 640}, {"reversed again"}),
        ({"search": "123.45"}, {"approved"}),
        ({"search": "000000000002"}, {"declined"}),
        ({"search": "2"}, {"declined"}),
        ({"search": "0128 50"}, {"tombstone"}),
        ({"search": "nothing like it"}, set()),
        ({"terminal_id": "00000002"}, set()),
        ({"kind": "refund"}, set()),
        ({"card_last_four": "0000"}, set()),
    ],
)
def test_filters_and_search_find_what_they_say(reader, stories, query, names):
    assert set(rrns(reader.get(LIST, query))) == {rrn_of(stories, name) for name in names}


def test_days_are_business_dates_with_both_ends(reader):
    yesterday = today_in_china() - timedelta(days=1)
    older = own_payment(business_date=yesterday)
    assert rrns(reader.get(LIST, {"last_day": yesterday.isoformat()})) == [older.rrn]
    today = today_in_china().isoformat()
    assert len(rrns(reader.get(LIST, {"first_day": today, "last_day": today}))) == COUNT
    assert rrns(reader.get(LIST))[-1] == older.rrn


@pytest.mark.parametrize(
    "query",
    [
        {"status": "maybe"},
        {"first_day": "today"},
        {"first_day": "0.0"},
        {"last_day": "1767225600"},
        {"limit": 101},
        {"limit": "1_0"},
        {"amount_max_minor": "0.0"},
        {"card_last_four": "12"},
        {"amount_min_minor": -1},
        {"kind": "anything"},
    ],
)
def test_a_filter_that_cannot_be_is_refused(reader, query):
    answer = reader.get(LIST, query)
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == next(iter(query))


def test_a_payment_tells_its_story_and_its_family(reader, stories):
    refund = own_payment(kind="refund", amount_minor=2_345, original_id=stories["approved"])
    answer = reader.get(f"{LIST}/{rrn_of(stories, 'approved')}").json()
    assert answer["left"] == {"amount_minor": 10_000, "currency": "CNY"}
    assert answer["auth_code"] == "204816"
    assert [one["rrn"] for one in answer["family"]] == [refund.rrn]
    assert [step["title"] for step in answer["steps"]] == ["Received", "Sent on", "Approved"]
    mtis = [message["mti"] for step in answer["steps"] for message in step["messages"]]
    assert mtis == ["0200", "0200", "0210", "0210"]
    own = reader.get(f"{LIST}/{refund.rrn}").json()
    assert own["original_rrn"] == rrn_of(stories, "approved")


def test_a_story_is_told_in_chinese_to_who_reads_chinese(stories):
    reader = Caller(member("hanmei"), language="zh-CN")
    story = reader.get(f"{LIST}/{rrn_of(stories, 'pending')}").json()
    assert story["status_words"] == "查询中"
    assert story["steps"][-1]["tone"] == "doubt"


def test_payments_of_another_merchant_do_not_exist(stories):
    foreign = Caller(member("lilei", merchant_id=OTHER))
    assert foreign.get(LIST).status_code == 404
    own_list = f"/merchants/{OTHER}/payments"
    assert rrns(foreign.get(own_list)) == []
    there = foreign.get(f"{own_list}/{rrn_of(stories, 'approved')}")
    nowhere = foreign.get(f"{own_list}/999999999999")
    assert (there.status_code, there.content) == (404, nowhere.content)
    assert foreign.get(own_list, {"search": rrn_of(stories, "approved")}).json()["items"] == []
    summary = foreign.get(f"{own_list}/summary").json()
    assert [one["count"] for one in summary["by_status"]] == [0, 0, 0, 0]
    assert denials() == [("payment.list", OWN, "hidden")]


def test_the_summary_adds_up_and_nets_refunds(reader, stories):
    own_payment(kind="refund", amount_minor=345, original_id=stories["approved"])
    summary = reader.get(f"{LIST}/summary").json()
    assert summary["day"] == today_in_china().isoformat()
    by_status = {one["status"]: one for one in summary["by_status"]}
    assert by_status["approved"]["count"] == 3
    assert by_status["approved"]["amount"]["amount_minor"] == 12_345 + 18_888 - 345
    assert by_status["in_doubt"]["count"] == 3
    kinds = {one["kind"]: one["amount"]["amount_minor"] for one in summary["by_kind"]}
    assert kinds == {"sale": 31_233, "refund": -345}
    hours = {one["hour"]: one["count"] for one in summary["by_hour"]}
    assert hours[9] == 2
    assert sum(hours.values()) == 3
    empty = reader.get(f"{LIST}/summary", {"day": "2020-01-01"}).json()
    assert (empty["by_hour"], empty["by_kind"]) == ([], [])


def test_the_feed_tells_each_change_once(reader):
    start = reader.get(f"{LIST}/feed").json()
    assert (start["items"], start["is_all"]) == ([], True)
    payment = own_payment()
    news = reader.get(f"{LIST}/feed", {"cursor": start["next_cursor"]}).json()
    assert [one["rrn"] for one in news["items"]] == [payment.rrn]
    assert reader.get(f"{LIST}/feed", {"cursor": news["next_cursor"]}).json()["items"] == []


def test_the_feed_waits_for_an_event_that_may_still_become_visible(django_sqlite):
    from tests.platform.seed import seed
    from tongbao.platform.payments.following import SETTLES_US, newest_event_id
    from tongbao.platform.payments.models import PaymentEvent
    from tongbao.platform.payments.summary import changed_since

    stories = seed(django_sqlite)
    newest, now_us = newest_event_id(), 10**15

    def write(event_id):
        PaymentEvent.objects.create(
            event_id=event_id, payment_id=stories["pending"], kind="repeated", at_us=now_us
        )

    write(newest + 2)
    early = changed_since(OWN, newest, now_us=now_us)
    assert (early.payments, early.seen_event_id) == ([], newest)
    given_up = changed_since(OWN, newest, now_us=now_us + SETTLES_US)
    assert given_up.seen_event_id == newest + 2
    write(newest + 1)
    filled = changed_since(OWN, newest, now_us=now_us)
    assert [one.payment_id for one in filled.payments] == [stories["pending"]]
    assert filled.seen_event_id == newest + 2


def csv_rows(answer):
    text = answer.getvalue().decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_csv_holds_the_narrowed_list_in_the_readers_language(accountant, stories):
    from tongbao.platform.audit.models import AuditEntry

    own_payment(kind="refund", amount_minor=2_345, original_id=stories["approved"])
    answer = accountant.get(f"{LIST}/export.csv", {"status": "approved"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="payments-{OWN}.csv"'
    rows = csv_rows(answer)
    assert rows[0][:5] == ["Received", "Business date", "Kind", "Status", "Amount"]
    assert [row[4] for row in rows[1:]] == ["-23.45", "188.88", "123.45"]
    assert rows[1][6] == "620000…0999"
    entry = AuditEntry.objects.get(operation="payment.export")
    assert (entry.actor_name, entry.detail) == ("lilei", "status=approved")
    chinese = Caller(member("weihua", "accountant"), language="zh-CN").get(f"{LIST}/export.csv")
    assert csv_rows(chinese)[0][:5] == ["收到", "营业日期", "类型", "状态", "金额"]


def test_a_file_longer_than_one_chunk_is_whole(accountant, monkeypatch):
    from tongbao.platform.payments import export

    monkeypatch.setattr(export, "CHUNK_ROWS", 3)
    rows = csv_rows(accountant.get(f"{LIST}/export.csv"))
    assert [row[-1] for row in rows[1:]] == [f"{n:012}" for n in range(COUNT, 0, -1)]
    monkeypatch.setattr(export, "ROWS_MAX", COUNT - 1)
    answer = accountant.get(f"{LIST}/export.csv")
    assert (answer.status_code, answer.json()["code"]) == (422, "export_too_large")


def test_the_workbook_keeps_amounts_as_numbers(accountant, stories):
    answer = accountant.get(f"{LIST}/export.xlsx", {"status": "approved"})
    assert answer["Content-Disposition"] == f'attachment; filename="payments-{OWN}.xlsx"'
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>123.45</v>" in sheet
    assert "620000…0128" in sheet
    assert "<f>" not in sheet


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+86", "'+86"),
        ("-cmd", "'-cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("Sale", "Sale"),
        ("", ""),
    ],
)
def test_no_text_in_a_csv_is_a_formula(cell, written):
    from tongbao.platform.payments.export import guarded

    assert guarded(cell) == written


def test_a_file_needs_its_own_right(reader, stories):
    assert reader.get(f"{LIST}/export.csv").status_code == 403
    assert Caller(key=make_key("payments_read")).get(f"{LIST}/export.xlsx").status_code == 403
    assert Caller(key=make_key("payments_export")).get(f"{LIST}/export.csv").status_code == 200
    assert denials() == [("payment.export", OWN, "forbidden")] * 2
