"""The pure rules of payments: status, search words, formats; and the database's own fold."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platform.seed import MERCHANT, TERMINALS
from tongbao.platform.console.formats import (
    amount_text,
    clock_text,
    elapsed_text,
    instant_text,
    short_card,
)
from tongbao.platform.payments.search import Word, read_word
from tongbao.platform.payments.status import EventKind, Status, fold
from tongbao.platform.registry import register_merchant, register_terminals

A, D, Q, R, L, P = (
    EventKind.APPROVED,
    EventKind.DECLINED,
    EventKind.REVERSAL_REQUESTED,
    EventKind.REVERSED,
    EventKind.LATE_ANSWER,
    EventKind.REPEATED,
)


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ([], Status.IN_DOUBT),
        ([A], Status.APPROVED),
        ([D], Status.DECLINED),
        ([A, D], Status.APPROVED),
        ([D, A], Status.DECLINED),
        ([P], Status.IN_DOUBT),
        ([L], Status.IN_DOUBT),
        ([A, P, P], Status.APPROVED),
        ([Q], Status.IN_DOUBT),
        ([A, Q], Status.IN_DOUBT),
        ([Q, A], Status.IN_DOUBT),
        ([Q, L], Status.IN_DOUBT),
        ([Q, R], Status.REVERSED),
        ([A, Q, R], Status.REVERSED),
        ([Q, R, L], Status.REVERSED),
        ([Q, R, L, Q], Status.IN_DOUBT),
        ([Q, R, L, Q, R], Status.REVERSED),
    ],
)
def test_status_is_the_fold_of_the_events(kinds, status):
    assert fold([kind.value for kind in kinds]) is status


def test_the_database_folds_as_the_rule_does(django_database):
    """Every sequence of three events, and of four that decide, in one table, both ways."""
    from tongbao.platform.payments.models import Payment, PaymentEvent
    from tongbao.platform.payments.queries import Total, totals, with_status

    register_merchant(django_database, MERCHANT)
    register_terminals(django_database, TERMINALS)
    sequences = [kinds for length in range(4) for kinds in product(EventKind, repeat=length)]
    sequences += product((A, D, Q, R), repeat=4)
    Payment.objects.bulk_create(
        [
            Payment(
                payment_id=number,
                terminal_id="00000001",
                merchant_id=MERCHANT.merchant_id,
                batch_no=1,
                stan=number,
                kind="sale",
                amount_minor=number,
                currency="156",
                card_token=b"",
                rrn=f"{number:012}",
                business_date="2026-11-21",
                received_at_us=0,
            )
            for number, _ in enumerate(sequences, 1)
        ],
        batch_size=500,
    )
    PaymentEvent.objects.bulk_create(
        [
            PaymentEvent(payment_id=number, kind=kind, at_us=0)
            for number, kinds in enumerate(sequences, 1)
            for kind in kinds
        ],
        batch_size=500,
    )
    expected = {number: fold(kinds) for number, kinds in enumerate(sequences, 1)}
    annotated = with_status(Payment.objects.all())
    assert dict(annotated.values_list("pk", "status")) == expected
    sums = totals(annotated)
    for status in Status:
        numbers = [number for number, folded in expected.items() if folded is status]
        assert sums.of(status) == Total(len(numbers), sum(numbers))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("0128", Word(trace=128, card_last_four="0128", amount_minor=12_800)),
        ("000072", Word(trace=72, amount_minor=7_200)),
        ("12.34", Word(amount_minor=1_234)),
        ("¥1,234.50", Word(amount_minor=123_450)),
        ("￥8", Word(amount_minor=800)),
        ("0A1B2C3D4E5F", Word(rrn="0A1B2C3D4E5F")),
        ("oa1b2c3d4e5i", Word(rrn="0A1B2C3D4E51")),
        ("612345678901", Word(rrn="612345678901", amount_minor=61_234_567_890_100)),
        ("0", Word(amount_minor=0)),
        ("1.2", Word()),
        ("12,34", Word()),
        ("便利店", Word()),
        ("'; DROP TABLE", Word()),
        ("٣", Word()),
    ],
)
def test_a_search_word_means_what_people_type(text, word):
    assert read_word(text) == word


@given(st.text())
def test_any_search_word_is_read_without_an_error(text):
    word = read_word(text)
    assert word.amount_minor is None or word.amount_minor >= 0


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (0, "156", "¥0.00"),
        (1, "156", "¥0.01"),
        (123_456_789, "156", "¥1,234,567.89"),
        (-250, "156", "-¥2.50"),
        (1_234, "392", "JPY 1,234"),
        (999, "978", "EUR 9.99"),
        (1_234, "000", "000 1,234"),
    ],
)
def test_amounts_are_written_exactly(minor, currency, text):
    assert amount_text(minor, currency) == text


def test_times_are_those_of_china():
    assert instant_text(1_795_226_400_000_000) == "2026-11-21 10:00:00"
    assert clock_text(1_795_226_400_123_999) == "10:00:00.123"


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (0, "+0.000 s"),
        (120_999, "+0.120 s"),
        (59_999_999, "+59.999 s"),
        (60_000_000, "+1:00"),
        (3_723_000_000, "+1:02:03"),
        (90_061_000_000, "+1 d 1:01:01"),
    ],
)
def test_spans_are_written_for_people(us, text):
    assert elapsed_text(us) == text


def test_a_card_is_written_with_its_first_six_and_last_four_digits():
    assert short_card("620000*********0128") == "620000…0128"
    assert short_card("") == ""
