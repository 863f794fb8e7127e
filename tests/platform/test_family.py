"""Payments that name each other, what is left of one, and the trace of all of them."""

import pytest

from tests.e2e.leak_scanner import LeakScanner, Secret
from tests.platform.conftest import browser_of
from tests.platform.seed import seed
from tests.platform.seed_beside import seed_families
from tests.platform.test_pages import text_of
from tongbao.platform.payments.chip_data import HIDDEN, read_elements
from tongbao.platform.payments.family import Member, family_of, remaining_minor
from tongbao.platform.payments.status import Status
from tongbao.platform.payments.traces.document import TraceKey, read_trace, write_trace
from tongbao.platform.traces import UnknownPaymentError, fetch_trace

LIST = "/console/payments/payment/"
APPROVED, DECLINED = Status.APPROVED, Status.DECLINED
SALE = Member(1, 0, "sale", 100, APPROVED)
HOLD = Member(1, 0, "pre_authorisation", 100, APPROVED)


@pytest.mark.parametrize(
    ("first", "others", "left"),
    [
        (SALE, (), 100),
        (SALE, (Member(2, 1, "refund", 30, APPROVED),), 70),
        (SALE, (Member(2, 1, "refund", 30, Status.IN_DOUBT),), 70),
        (SALE, (Member(2, 1, "refund", 30, DECLINED), Member(3, 1, "refund", 9, APPROVED)), 91),
        (SALE, (Member(2, 1, "refund", 30, Status.REVERSED),), 100),
        (SALE, (Member(2, 1, "void", 100, APPROVED),), 0),
        (SALE, (Member(2, 1, "void", 100, Status.REVERSED),), 100),
        (SALE, (Member(2, 1, "tip", 115, APPROVED),), 115),
        (
            SALE,
            (Member(2, 1, "tip", 115, APPROVED), Member(3, 1, "adjustment", 90, APPROVED)),
            90,
        ),
        (SALE, (Member(2, 1, "tip", 115, DECLINED),), 100),
        (SALE, (Member(2, 7, "refund", 30, APPROVED),), 100),
        (SALE, (Member(2, 1, "refund", 300, APPROVED),), 0),
        (HOLD, (), 100),
        (HOLD, (Member(2, 1, "completion", 90, APPROVED),), 0),
        (HOLD, (Member(2, 1, "completion_advice", 90, Status.IN_DOUBT),), 0),
        (HOLD, (Member(2, 1, "pre_authorisation_void", 100, APPROVED),), 0),
        (Member(1, 0, "sale", 100, DECLINED), (), None),
        (Member(1, 0, "balance", 0, APPROVED), (), None),
        (Member(1, 9, "refund", 100, APPROVED), (), None),
    ],
)
def test_what_is_left_of_a_payment(first, others, left):
    assert remaining_minor(1, [first, *others]) == left


def test_nothing_is_known_of_a_payment_that_is_not_there():
    assert remaining_minor(5, [SALE]) is None


@pytest.fixture
def families(django_database):
    seed(django_database)
    return seed_families(django_database)


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("sale", ["sale", "refund", "refused refund"]),
        ("refund", ["sale", "refund", "refused refund"]),
        ("completion", ["hold", "completion"]),
        ("hold", ["hold", "completion"]),
        ("void", ["mistake", "void"]),
        ("balance", ["balance"]),
    ],
)
def test_a_family_is_found_from_any_of_its_members(families, name, members):
    from tongbao.platform.payments.models import Payment

    found = family_of(Payment.objects.get(pk=families[name]))
    assert [one.payment_id for one in found] == [families[member] for member in members]


def test_grandchildren_belong_to_the_family(families):
    from tongbao.platform.payments.models import Payment

    values = Payment.objects.values().get(pk=families["refund"])
    Payment.objects.create(
        **values
        | {
            "payment_id": families["open hold"] + 50,
            "stan": 900,
            "rrn": "grandchild00",
            "original_id": families["completion"],
        }
    )
    found = family_of(Payment.objects.get(pk=families["hold"]))
    assert [one.rrn for one in found][-1] == "grandchild00"
    assert len(found) == 3


def test_totals_are_net_of_what_went_back(families):
    from tongbao.platform.payments.models import Payment
    from tongbao.platform.payments.queries import totals, with_status

    batch = with_status(Payment.objects.filter(batch_no=5))
    found = totals(batch)
    # 480 + 300 - 50 + 200 + 30 tip + 99 - 99 + 120; holds and the balance count nothing.
    assert (found.of(APPROVED).count, found.of(APPROVED).amount_minor) == (11, 108_000)
    assert (found.of(DECLINED).count, found.of(DECLINED).amount_minor) == (1, 90_000)


@pytest.mark.parametrize(
    ("name", "language", "parts"),
    [
        ("sale", "en", ["Belongs together", "-¥50.00", "¥250.00 can still be given back."]),
        ("hold", "zh-CN", ["预授权完成", "还可完成 ¥0.00。"]),
        ("open hold", "en", ["Can be completed ¥800.00"]),
        ("foreign", "en", ["Visa (VIS)"]),
        ("refund", "en", ["Sent on again Host", "Attempt 2", "0230 Answer"]),
        (
            "sale",
            "zh-CN",
            ["查询发卡行 主机", "发卡行已批准该交易。", "0610 查询应答", "图像 182 字节"],
        ),
        ("refund", "zh-CN", ["等待再次转发 主机", "再次转发 主机 第 2 次"]),
        ("sale", "en", ["0820 Signature upload Terminal → Host", "F4 amount 000000030000"]),
    ],
)
def test_the_page_shows_the_family_and_the_messages(staff, django_sqlite, name, language, parts):
    ids = seed_families(django_sqlite)
    page = text_of(browser_of(staff, language).get(f"{LIST}{ids[name]}/change/"))
    for part in parts:
        assert part in page


def test_the_list_tells_kinds_and_what_was_voided(staff, django_sqlite):
    seed_families(django_sqlite)
    browser = browser_of(staff)
    page = text_of(browser.get(f"{LIST}?kind=sale&terminal=00000002"))
    assert page.count("Voided since") == 1
    assert "¥99.00 Sale" in page
    page = text_of(browser.get(f"{LIST}?kind=refund"))
    assert "-¥50.00 Refund" in page
    assert "¥99.00" not in page


def test_the_button_saves_a_signed_trace_of_the_whole_family(staff, trace_key, django_sqlite):
    ids = seed_families(django_sqlite)
    browser = browser_of(staff)
    page = browser.get(f"{LIST}{ids['refund']}/change/").content.decode()
    address = f"{LIST}{ids['refund']}/trace/"
    assert address in page
    answer = browser.get(address)
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == (
        'attachment; filename="tongbao-trace-500000000003.json"'
    )
    trace = read_trace(answer.content, trace_key)
    assert trace.subject == "500000000003"
    assert [(one.kind, one.original) for one in trace.payments] == [
        ("sale", ""),
        ("refund", "500000000002"),
        ("refund", "500000000002"),
    ]


def test_without_a_key_there_is_no_button(staff, stories):
    page = browser_of(staff).get(f"{LIST}{stories['approved']}/change/").content.decode()
    assert "/trace/" not in page


def test_a_trace_tells_of_exceptions_but_not_what_people_wrote(database_url):
    ids = seed(database_url)
    trace = fetch_trace(database_url, f"{ids['reversing'] - 10**15:012}", is_sandbox=True)
    (exception,) = trace.exceptions
    assert (exception.kind, exception.closed_at_us) == ("reversal_undelivered", None)
    with pytest.raises(UnknownPaymentError, match="no payment"):
        fetch_trace(database_url, "nothing", is_sandbox=True)


def test_no_trace_holds_a_card_number_or_a_token(database_url):
    ids = seed(database_url)
    seed_families(database_url)
    numbers = [f"{n - 10**15:012}" for n in ids.values()] + [f"5{n:011}" for n in range(12)]
    scanner = LeakScanner([Secret("token", bytes(16)), Secret("tail", "6200000000000000128")])
    for number in numbers:
        data = write_trace(
            fetch_trace(database_url, number, is_sandbox=True), TraceKey(bytes(range(32)))
        )
        assert scanner.scan(number, data) == []
        assert b"token" not in data


@pytest.mark.parametrize(
    ("data", "values"),
    [
        ("9F26081122334455667788", [("9F26", "1122334455667788")]),
        ("5A0A62000000000000000128", [("5A", HIDDEN)]),
        ("DF310A6200000000000000000F", [("DF31", HIDDEN)]),
        ("", []),
    ],
)
def test_chip_data_is_read_and_card_data_in_it_hidden(data, values):
    assert [(one.tag, one.value) for one in read_elements(data)] == values


@pytest.mark.parametrize("data", ["9F", "zz", "9F2608"])
def test_chip_data_that_cannot_be_read_is_nothing(data):
    assert read_elements(data) is None
