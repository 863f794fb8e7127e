"""Fees to the fen: the golden cases of the rules, caps, and parts that sum to the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongbao.platform.contracts.fees import (
    ISSUER_CAPS,
    METHOD_WORDS,
    STANDARD_RATES,
    Method,
    Rate,
    document_hash,
    fee_parts,
    formula_words,
    issuer_fee_minor,
    network_halves_minor,
    percent_text,
    rates_document,
    rates_of,
)

AMOUNTS = st.integers(0, 10**11)


@pytest.mark.parametrize(
    ("method", "amount", "fee"),
    [
        (Method.DEBIT_CARD, 371_428, 1_300),
        (Method.DEBIT_CARD, 371_429, 1_300),
        (Method.DEBIT_CARD, 371_285, 1_299),
        (Method.DEBIT_CARD, 10_000_000, 1_300),
        (Method.CREDIT_CARD, 10_000_000, 45_000),
        (Method.CREDIT_CARD, 1, 0),
        (Method.CREDIT_CARD, 112, 1),
    ],
)
def test_the_issuers_fee_is_that_of_the_rule(method, amount, fee):
    assert issuer_fee_minor(method, amount) == fee


def test_the_cap_binds_from_the_amount_at_which_the_exact_fee_passes_it():
    cap = ISSUER_CAPS[Method.DEBIT_CARD]
    assert [cap.cap_binds(amount) for amount in (371_428, 371_429)] == [False, True]


@pytest.mark.parametrize(
    ("amount", "halves"),
    [(1_000_000, (325, 325)), (999_999, (325, 325)), (10**9, (325, 325)), (100_000, (33, 33))],
)
def test_the_networks_fee_comes_half_from_each_side_up_to_its_cap(amount, halves):
    assert network_halves_minor(amount) == halves


def test_a_non_profit_hospital_pays_issuer_and_network_nothing():
    parts = fee_parts(STANDARD_RATES, Method.CREDIT_CARD, 100_000, is_exempt=True)
    assert (parts.issuer_minor, parts.network_minor) == (0, 0)
    assert parts.acquirer_minor == parts.total_minor == 600


def test_a_credit_sale_of_a_hundred_yuan_is_made_up_as_the_price_sheet_says():
    parts = fee_parts(STANDARD_RATES, Method.CREDIT_CARD, 10_000)
    assert (parts.total_minor, parts.issuer_minor, parts.network_acquirer_half_minor) == (60, 45, 3)
    assert (parts.acquirer_minor, parts.payout_minor) == (12, 9_940)


@given(st.sampled_from(list(Method)), AMOUNTS, st.booleans(), st.integers(0, 20_000))
def test_the_parts_always_sum_to_the_whole_and_none_is_negative(method, amount, exempt, ppm):
    parts = fee_parts({method: Rate(ppm, 5_000)}, method, amount, is_exempt=exempt)
    assert (
        parts.issuer_minor + parts.network_acquirer_half_minor + parts.acquirer_minor
        == parts.total_minor
    )
    assert min(parts.issuer_minor, parts.network_acquirer_half_minor, parts.acquirer_minor) >= 0
    assert parts.issuer_minor <= issuer_fee_minor(method, amount)
    assert parts.payout_minor + parts.total_minor == amount


@given(AMOUNTS, AMOUNTS, st.integers(0, 100_000))
def test_a_larger_payment_never_costs_less(one, other, ppm):
    rate = Rate(ppm, 2_000)
    assert rate.fee_minor(min(one, other)) <= rate.fee_minor(max(one, other))


@given(st.integers(0, 10**9), st.integers(0, 100_000))
def test_a_fee_is_the_exact_one_within_half_a_fen(amount, ppm):
    exact_doubled = 2 * amount * ppm
    assert abs(2 * Rate(ppm).fee_minor(amount) * 1_000_000 - exact_doubled) <= 1_000_000


def test_the_formula_is_shown_with_the_fee():
    rate = STANDARD_RATES[Method.DEBIT_CARD]
    assert formula_words(rate, 10_000).zh == "¥100.00 × 0.50% = ¥0.50"
    assert formula_words(rate, 100_000_000).en == "¥1,000,000.00 × 0.50 %, capped at ¥20.00"
    assert [percent_text(ppm) for ppm in (3_800, 65, 12_345, 0)] == [
        "0.38", "0.0065", "1.2345", "0.00",
    ]  # fmt: skip


def test_rates_survive_storage_and_their_hash_notices_every_change():
    document = rates_document(STANDARD_RATES)
    assert rates_of(document) == STANDARD_RATES
    changed = rates_document({**STANDARD_RATES, Method.CREDIT_CARD: Rate(6_001)})
    assert document_hash(changed) != document_hash(document)
    assert METHOD_WORDS.keys() == set(Method)


@pytest.mark.parametrize(
    "document",
    [{}, {"cheque": {"rate_ppm": 1, "cap_minor": None}}],
)
def test_a_schedule_that_lacks_a_method_or_names_an_unknown_one_is_refused(document):
    with pytest.raises(ValueError, match=r"rate|Method"):
        rates_of(document)


@pytest.mark.parametrize("values", [(-1, None), (100_001, None), (1, -1)])
def test_a_rate_that_makes_no_sense_is_refused(values):
    with pytest.raises(ValueError, match="is"):
        Rate(*values)
