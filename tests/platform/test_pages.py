"""What the pages say, in both languages, with a fixed number of queries."""

import re
from html.parser import HTMLParser

import pytest

from tests.platform.conftest import add_user, browser_of, django_on
from tests.platform.seed import EMPTY_MERCHANT, MERCHANT, seed
from tests.platform.seed_beside import CLOSED_EXCEPTION, EXCEPTION
from tongbao.platform.registry import NewMerchant, register_merchant

LIST = "/console/payments/payment/"
STATUS_TEXT = {
    "en": {"approved": "Approved", "declined": "Declined", "reversed": "Reversed"}
    | {"in_doubt": "In doubt"},
    "zh-CN": {"approved": "成功", "declined": "失败", "reversed": "已冲正", "in_doubt": "查询中"},
}
STATUS_OF = {
    "approved": "approved",
    "declined": "declined",
    "wrong pin": "declined",
    "link down": "declined",
    "pending": "in_doubt",
    "reversing": "in_doubt",
    "reversed": "reversed",
    "reversed by terminal": "reversed",
    "host restart": "reversed",
    "tombstone": "reversed",
    "repeated": "approved",
    "unclear answer": "reversed",
    "reversed again": "in_doubt",
}
ENGLISH_IN_CHINESE = {
    *(
        "Tongbao",
        "English",
        "MCC",
        "MAC",
        "SN",
        "lilei",
        "s",
        "Daybreak",
        "Books",
        "Corner",
        "Shop",
        # Names in the field, of organisations, fields and tags.
        *("CUP", "VIS", "F", "IC", "DF", "PIN", "TMS", "API"),
        "hanmei",
    ),
}
CHINESE_IN_ENGLISH = {"通宝", "中文", "号收银台", "备用", "通宝便利店", "晨光书店", "上海", "杭州"}


class Words(HTMLParser):
    """Collects what a person can read or hear: text, labels, titles, placeholders."""

    SILENT = ("script", "style", "head")
    SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-label")

    def __init__(self):
        super().__init__()
        self.texts = []
        self.icon_depth = 0
        self.silent = []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag in self.SILENT:
            self.silent.append(tag)
        if self.icon_depth or "material-symbols-outlined" in (values.get("class") or ""):
            self.icon_depth += tag not in ("img", "input", "br", "meta", "link")
        self.texts += [values[name] for name in self.SPOKEN if values.get(name)]

    def handle_endtag(self, tag):
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()
        elif self.icon_depth:
            self.icon_depth -= 1

    def handle_data(self, data):
        if not self.silent and not self.icon_depth and data.strip():
            self.texts.append(data.strip())


def words_of(answer):
    parser = Words()
    parser.feed(answer.content.decode())
    return parser.texts


def text_of(answer):
    return " ".join(" ".join(words_of(answer)).split())


def every_address(ids):
    return [
        "/console/",
        LIST,
        f"{LIST}?status=in_doubt&day=week",
        f"{LIST}?q=nothing",
        f"{LIST}?terminal=00000009",
        *(f"{LIST}{payment_id}/change/" for payment_id in ids.values()),
        "/console/fleet/terminal/",
        "/console/fleet/terminal/00000001/change/",
        "/console/fleet/terminal/00000002/change/",
        "/console/payments/paymentexception/",
        "/console/payments/paymentexception/?standing=closed",
        f"/console/payments/paymentexception/{EXCEPTION}/change/",
        f"/console/payments/paymentexception/{CLOSED_EXCEPTION}/change/",
        "/console/payments/batchevent/",
        "/console/payments/batchevent/1/change/",
        "/console/merchants/merchant/",
        f"/console/merchants/merchant/{MERCHANT.merchant_id}/change/",
        f"/console/merchants/merchant/{EMPTY_MERCHANT.merchant_id}/change/",
        "/console/password_change/",
        "/console/password_change/done/",
        f"{LIST}add/",
        "/nowhere",
    ]


def test_no_english_is_left_on_the_chinese_pages(staff, stories):
    browser = browser_of(staff, "zh-CN")
    left = set()
    pages = [browser.get(address) for address in every_address(stories)]
    pages.append(browser_of(None, "zh-CN").get("/console/login/"))
    pages.append(browser_of(None, "zh-CN").post("/console/login/", {"username": "x"}))
    for page in pages:
        for text in words_of(page):
            left |= set(re.findall(r"[A-Za-z]{1,}", text)) - ENGLISH_IN_CHINESE
    assert left == set()


def test_no_chinese_is_left_on_the_english_pages(staff, stories):
    browser = browser_of(staff, "en")
    left = set()
    pages = [browser.get(address) for address in every_address(stories)]
    pages.append(browser_of(None, "en").get("/console/login/"))
    for page in pages:
        for text in words_of(page):
            left |= set(re.findall(r"[\u4e00-\u9fff]+", text)) - CHINESE_IN_ENGLISH
    assert left == set()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_each_payment_has_a_page_with_its_amount_and_status(staff, stories, language):
    browser = browser_of(staff, language)
    for name, status in STATUS_OF.items():
        page = text_of(browser.get(f"{LIST}{stories[name]}/change/"))
        assert STATUS_TEXT[language][status] in page, name
        assert "620000*********0128" in page


@pytest.mark.parametrize(
    ("story", "language", "parts"),
    [
        (
            "approved",
            "en",
            [
                "¥123.45",
                "Received Terminal 00000001",
                "Sent on Host → Card issuer",
                "00 · Approved",
                "Authorisation code 204816",
                "+1.042 s",
                "Magnetic stripe, with PIN (021)",
            ],
        ),
        ("declined", "zh-CN", ["¥88.00", "失败 发卡行", "51 · "]),
        ("link down", "en", ["Declined Host", "91 · "]),
        ("pending", "zh-CN", ["查询中 主机", "发卡行尚未应答。"]),
        ("pending", "en", ["The issuer has not answered yet."]),
        ("reversing", "en", ["The host repeats the reversal until the issuer confirms it."]),
        (
            "reversed",
            "zh-CN",
            ["发起冲正 主机", "发卡行未及时应答。", "迟到的应答 发卡行", "已确认：该卡未被扣款。"],
        ),
        (
            "reversed by terminal",
            "en",
            ["Reversal requested Terminal 00000001", "It had no answer in time (reason 98)."],
        ),
        (
            "host restart",
            "en",
            ["Perhaps sent on", "The host started again and found no answer to this payment."],
        ),
        ("tombstone", "en", ["The reversal arrived before the payment itself"]),
        ("repeated", "en", ["Asked again Terminal 00000001"]),
        ("unclear answer", "en", ["was neither a clear yes nor a clear no."]),
        ("reversed again", "en", ["The issuer approved after the reversal"]),
    ],
)
def test_the_timeline_tells_what_happened(staff, stories, story, language, parts):
    page = text_of(browser_of(staff, language).get(f"{LIST}{stories[story]}/change/"))
    for part in parts:
        assert part in page


@pytest.mark.parametrize("story", ["link down", "tombstone"])
def test_what_was_never_sent_is_not_said_to_be_sent(staff, stories, story):
    page = text_of(browser_of(staff).get(f"{LIST}{stories[story]}/change/"))
    assert "Sent on" not in page


def test_a_reversal_is_not_shown_with_the_late_answers_code(staff, stories):
    page = text_of(browser_of(staff).get(f"{LIST}{stories['reversed']}/change/"))
    assert "Authorisation code – Response –" in page


def references_on(answer):
    return re.findall(r"\b0{10}\d\d\b", text_of(answer))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 13),
        ("?status=approved", 2),
        ("?status=declined", 3),
        ("?status=reversed", 5),
        ("?status=in_doubt", 3),
        ("?day=today", 13),
        ("?day=yesterday", 0),
        ("?terminal=0000", 13),
        ("?terminal=00000002", 0),
        ("?merchant=便利", 13),
        ("?merchant=corner", 13),
        (f"?merchant={EMPTY_MERCHANT.merchant_id}", 0),
        ("?business_date_from=2001-01-01&business_date_to=2001-01-02", 0),
        ("?q=000000000003", 1),
        ("?q=3", 1),
        ("?q=000003", 1),
        ("?q=0128", 13),
        ("?q=9999", 0),
        ("?q=88.00", 1),
        ("?q=¥123.45", 1),
        ("?q=0128+88.00", 1),
        ("?q=0128+nonsense", 0),
        ("?q=0128&status=declined", 3),
    ],
)
def test_the_list_finds_what_is_asked_for(staff, query, found):
    answer = browser_of(staff).get(LIST + query)
    assert answer.status_code == 200
    assert len(references_on(answer)) == found


def test_the_totals_count_each_payment_in_one_status(staff):
    page = text_of(browser_of(staff).get(LIST))
    for total in (
        "Approved ¥312.33 2 payments",
        "Declined ¥169.60 3 payments",
        "Reversed ¥429.87 5 payments",
        "In doubt ¥1,055.30 3 payments",
    ):
        assert total in page


def test_the_totals_stay_while_one_status_is_shown(staff):
    page = text_of(browser_of(staff).get(f"{LIST}?status=declined"))
    assert "In doubt ¥1,055.30 3 payments" in page


def test_above_a_limit_totals_are_not_summed(staff, monkeypatch):
    from tongbao.platform.console import paging
    from tongbao.platform.payments import admin

    monkeypatch.setattr(paging, "COUNTED_MAX", 12)
    monkeypatch.setattr(admin, "TOTALS_ROWS_MAX", 12)
    browser = browser_of(staff)
    for query in ("", "?day=month", "?status=declined"):
        page = text_of(browser.get(LIST + query))
        assert "Choose fewer days to see totals" in page
        assert "¥312.33" not in page
    monkeypatch.setattr(admin, "TOTALS_ROWS_MAX", 13)
    assert "¥312.33" in text_of(browser.get(f"{LIST}?day=month"))
    assert "¥312.33" not in text_of(browser.get(LIST))


def test_a_page_of_the_list_holds_25_payments(django_sqlite):
    seed(django_sqlite, more_approved=40)
    browser = browser_of(add_user("lilei"))
    counts = [len(references_on(browser.get(f"{LIST}?p={page}"))) for page in (1, 2, 3)]
    assert counts == [25, 25, 3]


def test_the_dashboard_shows_today_and_what_needs_a_person(staff):
    page = text_of(browser_of(staff).get("/console/"))
    assert "Approved ¥312.33 2 payments" in page
    assert "In doubt, 7 days ¥1,055.30 3 payments" in page
    assert "Terminals signed in today 1 / 2" in page
    page = text_of(browser_of(staff, "zh-CN").get("/console/"))
    assert "近 7 天查询中 ¥1,055.30 3 笔" in page


def test_an_empty_world_has_words_for_it(django_sqlite):
    browser = browser_of(add_user("lilei"))
    for address, words in (
        ("/console/", "No payment yet. Take one at the till"),
        ("/console/", "Every payment is proven."),
        (LIST, "No payments yet"),
        ("/console/fleet/terminal/", "No terminals yet"),
        ("/console/merchants/merchant/", "No merchants yet"),
        (f"{LIST}?q=x", "Nothing matches"),
    ):
        assert words in text_of(browser.get(address))


def test_terminals_show_their_last_sign_in_and_batch(staff):
    page = text_of(browser_of(staff).get("/console/fleet/terminal/"))
    assert re.search(r"SN-00000001 batch 1 Last sign-in \d{4}-\d\d-\d\d 09:00:05", page)
    assert "Never" in page
    page = text_of(browser_of(staff).get("/console/fleet/terminal/00000001/change/"))
    assert page.count("Signed in · operator 01") == 2
    assert page.count("Signed off · operator 01") == 1


def test_a_terminal_that_signed_off_is_shown_so(staff):
    from tongbao.platform.fleet.models import TerminalSession

    TerminalSession.objects.create(
        terminal_id="00000001", signed_in_at_us=1_795_226_400_000_000, batch_no=1, key_block=b""
    )
    page = text_of(browser_of(staff).get("/console/fleet/terminal/"))
    assert "Signed off 2026-11-21 10:00:00" in page


@pytest.mark.parametrize(
    ("language", "name"), [("en", "Tongbao Corner Shop"), ("zh-CN", "通宝便利店")]
)
def test_a_merchant_goes_by_its_name_in_the_readers_language(staff, language, name):
    browser = browser_of(staff, language)
    for address in (LIST, "/console/merchants/merchant/", "/console/fleet/terminal/"):
        assert name in text_of(browser.get(address))


def test_a_payment_of_an_unregistered_terminal_is_shown_too(staff):
    from tongbao.platform.payments.models import Payment

    stray = Payment.objects.values().first() | {
        "payment_id": 5,
        "terminal_id": "77777777",
        "merchant_id": "777777777777777",
        "rrn": "777777777777",
    }
    Payment.objects.bulk_create([Payment(**stray)])
    browser = browser_of(staff)
    assert "777777777777777" in text_of(browser.get(f"{LIST}?terminal=7777"))
    assert "777777777777777" in text_of(browser.get(f"{LIST}5/change/"))


def test_names_cannot_smuggle_in_markup(django_sqlite):
    evil = "<script>alert(1)</script>"
    register_merchant(
        django_sqlite,
        NewMerchant(merchant_id="100000000000003", name=evil, name_en=evil, mcc="5411", city=evil),
    )
    browser = browser_of(add_user("lilei"))
    for address in ("", "100000000000003/change/"):
        html = browser.get(f"/console/merchants/merchant/{address}").content.decode()
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert" in html
    html = browser.get(LIST, {"q": f'"{evil}'}).content.decode()
    assert "<script>alert" not in html


def test_the_reader_chooses_the_language_on_any_page(staff):
    for browser, address in (
        (browser_of(staff, "en"), "/console/fleet/terminal/"),
        (browser_of(None, "en"), "/console/login/"),
    ):
        answer = browser.post("/language/setlang/", {"language": "zh-hans", "next": address})
        assert (answer.status_code, answer["Location"]) == (302, address)
        html = browser.get(address).content.decode()
        assert 'lang="zh-hans"' in html
        assert "运营控制台" in html


@pytest.mark.parametrize(
    "address",
    [
        "/console/",
        LIST,
        f"{LIST}?q=0128&status=approved",
        "/console/payments/paymentexception/",
        "/console/payments/batchevent/",
        "/console/fleet/terminal/",
        "/console/fleet/terminal/00000001/change/",
        "/console/merchants/merchant/",
        f"/console/merchants/merchant/{MERCHANT.merchant_id}/change/",
    ],
)
def test_more_records_need_no_more_queries(tmp_path, address):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tongbao.platform.schema import migrate

    counts = []
    for more in (0, 60):
        url = f"sqlite:///{tmp_path / f'{more}.db'}"
        migrate(url)
        seed(url, more_approved=more)
        with django_on(url):
            browser = browser_of(add_user("lilei"))
            browser.get(address)  # the first use of a session writes it back
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(address).status_code == 200
            counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 17


def test_both_databases_show_the_same_pages(django_database):
    ids = seed(django_database, more_approved=30)
    browser = browser_of(add_user("lilei"))
    for address in every_address(ids):
        assert browser.get(address).status_code in (200, 403, 404)
    assert "Approved ¥312.33 2 payments" in text_of(browser.get("/console/"))
    assert len(references_on(browser.get(f"{LIST}?q=0128&status=in_doubt&merchant=corner"))) == 3
