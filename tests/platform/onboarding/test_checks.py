"""Each planted fault of an application is found by its own code, which has its own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from tests.platform.onboarding.applicants import (
    TODAY,
    card_number,
    credit_code,
    form_of,
    papers_of,
    resident_id,
)
from tongbao.platform.onboarding.categories import CATEGORIES, FORBIDDEN
from tongbao.platform.onboarding.checks import VERDICT_FINDINGS, Found, check
from tongbao.platform.onboarding.finding_kinds import Severity
from tongbao.platform.onboarding.findings import FINDINGS
from tongbao.platform.onboarding.identifiers import (
    Fault,
    credit_code_fault,
    masked_phone,
    mobile_in_full,
    resident_id_fault,
)
from tongbao.platform.onboarding.tiers import (
    LIMIT_WORDS,
    PAPER_WORDS,
    RULES,
    TIERS,
    PaperKind,
    Tier,
)
from tongbao.platform.providers.ports import AccountVerdict

E, S, M = Tier.ENTERPRISE, Tier.SOLE_TRADER, Tier.MICRO


def wrong_digit(number, place=-2):
    digits = list(number)
    digits[place] = str((int(digits[place]) + 1) % 10)
    return "".join(digits)


# The fault as it is planted: tier, what is changed, what is found.
PLANTED = [
    (M, {"name": ""}, "name_missing"),
    (M, {"name": "店" * 41}, "name_too_long"),
    (E, {"registered_name": None}, "registered_name_missing"),
    (E, {"registered_name": "晨光★", "account_holder": "晨光★"}, "registered_name_characters"),
    (S, {"credit_code": None}, "credit_code_missing"),
    (S, {"credit_code": credit_code("92")[:-1]}, "credit_code_malformed"),
    (S, {"credit_code": credit_code("92").lower()}, "credit_code_malformed"),
    (E, {"credit_code": wrong_digit(credit_code(), 4)}, "credit_code_check_digit"),
    (S, {"credit_code": credit_code("91")}, "credit_code_not_sole_trader"),
    (E, {"credit_code": credit_code("92")}, "credit_code_is_sole_trader"),
    (E, {"licence_expires": ""}, "licence_expiry_missing"),
    (E, {"licence_expires": "2026-11-19"}, "licence_expired"),
    (E, {"licence_expires": "2026-12-19"}, "licence_expires_soon"),
    (E, {"licence_begins": "2026-11-21"}, "licence_not_begun"),
    (M, {"legal_person": ""}, "legal_person_missing"),
    (M, {"legal_person": "Lin", "account_holder": "Lin"}, "legal_person_characters"),
    (M, {"resident_id": None}, "resident_id_missing"),
    (M, {"resident_id": resident_id()[:-1]}, "resident_id_malformed"),
    (M, {"resident_id": wrong_digit(resident_id())}, "resident_id_check_digit"),
    (M, {"resident_id": resident_id("19900231")}, "resident_id_date"),
    (M, {"resident_id": resident_id("20081121")}, "owner_under_age"),
    (M, {"id_expires": None}, "id_expiry_missing"),
    (M, {"id_expires": "2026-11-19", "id_begins": "2016-11-19"}, "id_expired"),
    (M, {"id_begins": "2020-03-10", "id_expires": "2033-03-10"}, "id_term_impossible"),
    (M, {"contact_phone": "021-65430000"}, "phone_malformed"),
    (M, {"contact_email": "owner@example"}, "email_malformed"),
    (M, {"shop_name": " "}, "shop_name_missing"),
    (M, {"shop_city": ""}, "shop_city_missing"),
    (M, {"shop_address": "静安区"}, "shop_address_incomplete"),
    (M, {"shop_latitude_udeg": 2_350_000}, "shop_place_impossible"),
    (M, {"shop_latitude_udeg": None}, "shop_place_impossible"),
    (M, {"mcc": ""}, "category_missing"),
    (M, {"mcc": "0001"}, "category_unknown"),
    (E, {"mcc": "7995"}, "category_forbidden"),
    (M, {"mcc": "5944"}, "category_not_for_tier"),
    (M, {"monthly_turnover_minor": None}, "turnover_missing"),
    (M, {"monthly_turnover_minor": 20_000_001}, "turnover_above_tier"),
    (M, {"account_kind": "corporate", "account_number": "12345678"},
     "account_kind_not_for_tier"),
    (E, {"account_holder": ""}, "account_holder_missing"),
    (E, {"account_holder": "上海晨光样板商贸公司"}, "account_holder_not_company"),
    (S, {"account_holder": "别人"}, "account_holder_not_owner"),
    (M, {"account_bank": ""}, "account_bank_missing"),
    (M, {"account_bank_code": "123"}, "account_bank_code_malformed"),
    (M, {"account_number": None}, "account_number_missing"),
    (M, {"account_number": "6200"}, "account_number_malformed"),
    (E, {"account_number": "12-34"}, "account_number_malformed"),
    (M, {"account_number": wrong_digit(card_number())}, "account_number_check_digit"),
]  # fmt: skip


@pytest.mark.parametrize(("tier", "changes", "code"), PLANTED)
def test_a_planted_fault_is_found_by_its_own_code_and_nothing_else_is(tier, changes, code):
    found = check(form_of(tier, **changes), papers_of(tier), TODAY)
    assert [one.code for one in found] == [code]


def test_at_least_thirty_different_faults_are_planted_in_the_form_alone():
    assert len({code for _, _, code in PLANTED}) >= 30


@pytest.mark.parametrize("tier", Tier)
def test_an_application_without_a_fault_has_no_findings(tier):
    assert check(form_of(tier), papers_of(tier), TODAY) == []


@pytest.mark.parametrize(
    ("tier", "kind"), [(tier, kind) for tier in Tier for kind in TIERS[tier].required_papers]
)
def test_each_missing_paper_has_words_of_its_own(tier, kind):
    found = check(form_of(tier), papers_of(tier, without={kind}), TODAY)
    assert found == [Found(f"paper_missing_{kind.value}")]
    assert PAPER_WORDS[kind][0].zh in FINDINGS[found[0].code].words.zh


def test_a_trade_that_needs_a_permit_asks_for_it():
    found = check(form_of(E, mcc="5812"), papers_of(E), TODAY)
    assert found == [Found("paper_missing_practice_permit")]


def test_two_papers_that_are_one_picture_are_both_named():
    papers = papers_of(M, id_front="one", id_back="one")
    assert check(form_of(M), papers, TODAY) == [
        Found("paper_same_twice", "paper.id_front"),
        Found("paper_same_twice", "paper.id_back"),
    ]


def test_many_faults_are_all_told_at_once_in_the_order_of_the_form():
    found = check(form_of(M, name="", contact_phone="1", account_bank=""), [], TODAY)
    assert [one.code for one in found] == [
        "name_missing",
        "phone_malformed",
        "account_bank_missing",
        *(f"paper_missing_{kind.value}" for kind in TIERS[M].required_papers),
    ]


def test_an_empty_form_of_every_tier_is_checked_without_an_error():
    for tier in Tier:
        changes = dict.fromkeys(form_of(tier).data)
        found = check(form_of(tier, **changes, resident_id=None, account_number=None), [], TODAY)
        assert len(found) >= 12
        assert {one.code for one in found} <= FINDINGS.keys()


@given(st.sampled_from(list(Tier)), st.dictionaries(st.sampled_from([*form_of(E).data]), st.text()))
def test_no_text_in_a_form_breaks_the_checks(tier, changes):
    for one in check(form_of(tier, **changes), papers_of(tier), TODAY):
        assert one.code in FINDINGS


def test_every_finding_has_its_own_words_in_both_languages_that_say_what_to_do():
    zh = [kind.words.zh for kind in FINDINGS.values()]
    en = [kind.words.en for kind in FINDINGS.values()]
    assert len(FINDINGS) >= 80
    assert len(set(zh)) == len(zh)
    assert len(set(en)) == len(en)
    for kind in FINDINGS.values():
        assert kind.code == kind.code.lower()
        assert len(kind.words.zh) >= 6
        assert kind.words.en.isascii() or "“" in kind.words.en or "·" in kind.words.en
    assert {kind.severity for kind in FINDINGS.values()} == set(Severity)


def test_what_a_bank_says_against_an_account_is_a_finding():
    assert VERDICT_FINDINGS.keys() == set(AccountVerdict)
    assert {code for code in VERDICT_FINDINGS.values() if code} <= FINDINGS.keys()


def test_brackets_and_spaces_of_a_company_name_do_not_matter():
    name = "晨光（上海） 商贸有限公司"
    form = form_of(E, registered_name=name, account_holder="晨光(上海)商贸有限公司")
    assert check(form, papers_of(E), TODAY) == []


@given(st.integers(0, 10**7), st.integers(0, 16))
def test_one_wrong_character_of_a_credit_code_never_passes(number, place):
    code = credit_code("91", f"MA{number % 10**6:06}")
    assert credit_code_fault(code) is None
    other = "0" if code[place] != "0" else "1"
    assert credit_code_fault(code[:place] + other + code[place + 1 :]) is not None


@given(st.dates(min_value=TODAY.replace(year=1930), max_value=TODAY), st.integers(0, 999))
def test_a_resident_id_of_any_birth_date_passes_and_one_wrong_digit_does_not(born, sequence):
    number = resident_id(born.strftime("%Y%m%d"), f"{sequence:03}")
    assert resident_id_fault(number) is None
    assert resident_id_fault(wrong_digit(number)) is Fault.CHECK_DIGIT


def test_phone_numbers_are_completed_and_masked():
    assert mobile_in_full("199 0000 1234") == "+8619900001234"
    assert mobile_in_full("+8619900001234") == "+8619900001234"
    assert masked_phone("+8619900001234") == "199****1234"
    assert masked_phone("12") == "****"


def test_each_limit_names_the_rule_that_it_comes_from():
    for rules in TIERS.values():
        assert {limit.key for limit in rules.limits} == LIMIT_WORDS.keys()
        for limit in rules.limits:
            assert limit.rule in RULES
    assert TIERS[M].limit("credit_per_day_minor") == 100_000
    assert TIERS[M].limit("credit_per_month_minor") == 1_000_000
    assert "296" in RULES["pbc_2017_296"].number


def test_a_micro_merchant_needs_no_licence_and_a_company_no_card():
    assert PaperKind.LICENCE not in TIERS[M].accepted_papers
    assert PaperKind.BANK_CARD not in TIERS[E].accepted_papers


def test_no_category_is_both_allowed_and_forbidden_and_test_cards_are_of_the_test_bin():
    assert not CATEGORIES.keys() & FORBIDDEN.keys()
    assert luhn.is_valid(card_number())
