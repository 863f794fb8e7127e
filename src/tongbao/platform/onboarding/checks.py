"""The automatic checks: an application's form and papers in, findings out. Pure.

What the bank, the lists and the register say is found elsewhere (`review.py`) and turned into
findings by the tables here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from tongbao.platform.onboarding.categories import CATEGORIES, FORBIDDEN
from tongbao.platform.onboarding.identifiers import (
    Fault,
    age_on,
    birth_date_of,
    card_account_fault,
    credit_code_fault,
    is_bank_code,
    is_corporate_account,
    is_email,
    is_mobile,
    is_sole_trader_code,
    resident_id_fault,
)
from tongbao.platform.onboarding.tiers import TIERS, AccountKind, PaperKind, Tier
from tongbao.platform.providers.ports import AccountVerdict

NO_END: Final = "no_end"
"""Stands for "valid without end" 长期 in a date field."""

_SOON: Final = timedelta(days=30)
_ADULT_YEARS: Final = 18
_NAME_MAX: Final = 40
_ID_TERMS_YEARS: Final = (5, 10, 20)
_REGISTERED_NAME: Final = re.compile(r"[\w（）()·&、，,.\-\s]{2,120}")
_PERSON_NAME: Final = re.compile(
    r"[\u3400-\u9fff\U00020000-\U0003ffff]+(·[\u3400-\u9fff\U00020000-\U0003ffff]+)*"
)
# A place that somebody can go to: a road with a number, or a market with a stall.
_ADDRESS: Final = re.compile(
    r".*(路|街|道|巷|弄|村|镇|市场|广场|商场|大厦|园).*[0-9０-９一二三四五六七八九十].*"
)
# Degrees times a million, generously round the country.
_LATITUDE_UDEG: Final = range(3_000_000, 54_000_000)
_LONGITUDE_UDEG: Final = range(73_000_000, 136_000_000)


class Found(NamedTuple):
    """One finding: the code, and the place when it is another than the code's own."""

    code: str
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the applicant typed; `resident_id` and `account_number` never show."""

    tier: Tier
    data: Mapping[str, str | int]
    resident_id: str = field(default="", repr=False)
    account_number: str = field(default="", repr=False)

    def text(self, name: str) -> str:
        """Return a field as text without white space around it; empty when it is missing."""
        return str(self.data.get(name, "")).strip()

    def number(self, name: str) -> int | None:
        """Return a field as a whole number, or None."""
        value = self.data.get(name)
        return value if isinstance(value, int) else None

    def day(self, name: str) -> date | None:
        """Return a field as a date, or None when it is missing, no date, or without end."""
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFacts:
    """What is known of an uploaded paper without reading it."""

    kind: PaperKind
    sha256: str
    is_used_elsewhere: bool = False


def check(form: Form, papers: Iterable[PaperFacts], today: date) -> list[Found]:
    """Return all findings of an application, in the order of the form, none twice."""
    papers = list(papers)
    found = [one for part in _PARTS for one in part(form, today)]
    return list(dict.fromkeys([*found, *_papers(form, papers)]))


def check_change(kind: str, form: Form, papers: Iterable[PaperFacts], today: date) -> list[Found]:
    """Return the findings of an application for a change: of `settlement_account` or `category`."""
    if kind == "category":
        return list(_business(form, today))
    wanted = (
        PaperKind.ACCOUNT_PERMIT
        if form.text("account_kind") == AccountKind.CORPORATE.value
        else PaperKind.BANK_CARD
    )
    found = list(_account(form, today))
    if wanted not in {paper.kind for paper in papers}:
        found.append(Found(f"paper_missing_{wanted.value}"))
    return found


def _names(form: Form, _today: date) -> Iterator[Found]:
    name = form.text("name")
    if not name:
        yield Found("name_missing")
    elif len(name) > _NAME_MAX:
        yield Found("name_too_long")
    if form.tier is Tier.MICRO:
        return
    registered = form.text("registered_name")
    if not registered:
        yield Found("registered_name_missing")
    elif not _REGISTERED_NAME.fullmatch(registered):
        yield Found("registered_name_characters")


def _credit_code(form: Form, _today: date) -> Iterator[Found]:
    if form.tier is Tier.MICRO:
        return
    code = form.text("credit_code")
    if not code:
        yield Found("credit_code_missing")
        return
    fault = credit_code_fault(code)
    if fault is not None:
        yield Found(f"credit_code_{fault.value}")
    elif form.tier is Tier.SOLE_TRADER and not is_sole_trader_code(code):
        yield Found("credit_code_not_sole_trader")
    elif form.tier is Tier.ENTERPRISE and is_sole_trader_code(code):
        yield Found("credit_code_is_sole_trader")


def _licence(form: Form, today: date) -> Iterator[Found]:
    if form.tier is Tier.MICRO:
        return
    begins, expires = form.day("licence_begins"), form.day("licence_expires")
    if begins is not None and begins > today:
        yield Found("licence_not_begun")
    if form.text("licence_expires") == NO_END:
        return
    if expires is None:
        yield Found("licence_expiry_missing")
    elif expires < today:
        yield Found("licence_expired")
    elif expires < today + _SOON:
        yield Found("licence_expires_soon")


def _person(form: Form, today: date) -> Iterator[Found]:
    name = form.text("legal_person")
    if not name:
        yield Found("legal_person_missing")
    elif not _PERSON_NAME.fullmatch(name):
        yield Found("legal_person_characters")
    if not form.resident_id:
        yield Found("resident_id_missing")
        return
    fault = resident_id_fault(form.resident_id)
    if fault is not None:
        yield Found(f"resident_id_{fault.value}")
    elif age_on(birth_date_of(form.resident_id), today) < _ADULT_YEARS:
        yield Found("owner_under_age")


def _identity_card(form: Form, today: date) -> Iterator[Found]:
    if form.text("id_expires") == NO_END:
        return
    begins, expires = form.day("id_begins"), form.day("id_expires")
    if expires is None:
        yield Found("id_expiry_missing")
    elif expires < today:
        yield Found("id_expired")
    elif begins is not None and not _is_id_term(begins, expires):
        yield Found("id_term_impossible")


def _is_id_term(begins: date, expires: date) -> bool:
    years = expires.year - begins.year
    # A card of a 29 February ends on the 28th or on 1 March.
    same_day = (begins.month, begins.day) == (expires.month, expires.day)
    leap = (begins.month, begins.day) == (2, 29) and expires.month in (2, 3)
    return years in _ID_TERMS_YEARS and (same_day or leap)


def _contact(form: Form, _today: date) -> Iterator[Found]:
    if not is_mobile(form.text("contact_phone")):
        yield Found("phone_malformed")
    email = form.text("contact_email")
    if email and not is_email(email):
        yield Found("email_malformed")


def _shop(form: Form, _today: date) -> Iterator[Found]:
    if not form.text("shop_name"):
        yield Found("shop_name_missing")
    if not form.text("shop_city"):
        yield Found("shop_city_missing")
    if not _ADDRESS.fullmatch(form.text("shop_address")):
        yield Found("shop_address_incomplete")
    latitude, longitude = form.number("shop_latitude_udeg"), form.number("shop_longitude_udeg")
    if (latitude is None) != (longitude is None) or (
        latitude is not None
        and longitude is not None
        and (latitude not in _LATITUDE_UDEG or longitude not in _LONGITUDE_UDEG)
    ):
        yield Found("shop_place_impossible")


def _business(form: Form, _today: date) -> Iterator[Found]:
    mcc = form.text("mcc")
    category = CATEGORIES.get(mcc)
    if not mcc:
        yield Found("category_missing")
    elif mcc in FORBIDDEN:
        yield Found("category_forbidden")
    elif category is None:
        yield Found("category_unknown")
    elif form.tier not in category.tiers:
        yield Found("category_not_for_tier")
    turnover = form.number("monthly_turnover_minor")
    most = TIERS[form.tier].monthly_turnover_max_minor
    if turnover is None or turnover <= 0:
        yield Found("turnover_missing")
    elif most is not None and turnover > most:
        yield Found("turnover_above_tier")


def _account(form: Form, _today: date) -> Iterator[Found]:
    kind = form.text("account_kind")
    if kind not in {one.value for one in TIERS[form.tier].account_kinds}:
        yield Found("account_kind_not_for_tier")
    holder = form.text("account_holder")
    corporate = kind == AccountKind.CORPORATE.value
    if not holder:
        yield Found("account_holder_missing")
    else:
        # Whose name it must be is only known once that name is there.
        wanted = form.text("registered_name" if corporate else "legal_person")
        if wanted and same_name(holder) != same_name(wanted):
            yield Found(f"account_holder_not_{'company' if corporate else 'owner'}")
    if not form.text("account_bank"):
        yield Found("account_bank_missing")
    code = form.text("account_bank_code")
    if code and not is_bank_code(code):
        yield Found("account_bank_code_malformed")
    yield from _account_number(form.account_number, corporate=corporate)


def _account_number(number: str, *, corporate: bool) -> Iterator[Found]:
    if not number:
        yield Found("account_number_missing")
    elif corporate:
        if not is_corporate_account(number):
            yield Found("account_number_malformed")
    else:
        fault = card_account_fault(number)
        if fault is Fault.CHECK_DIGIT:
            yield Found("account_number_check_digit")
        elif fault is not None:
            yield Found("account_number_malformed")


def same_name(name: str) -> str:
    """Return a name with the brackets and spaces that banks and registries write differently."""
    return re.sub(r"\s", "", name).replace("(", "（").replace(")", "）")


_PARTS: Final[tuple[Callable[[Form, date], Iterator[Found]], ...]] = (
    _names,
    _credit_code,
    _licence,
    _person,
    _identity_card,
    _contact,
    _shop,
    _business,
    _account,
)


def _papers(form: Form, papers: list[PaperFacts]) -> Iterator[Found]:
    have = {paper.kind for paper in papers}
    wanted = [*TIERS[form.tier].required_papers]
    category = CATEGORIES.get(form.text("mcc"))
    if category is not None and category.needs_permit:
        wanted.append(PaperKind.PRACTICE_PERMIT)
    for kind in wanted:
        if kind not in have:
            yield Found(f"paper_missing_{kind.value}")
    alike = Counter(paper.sha256 for paper in papers)
    for paper in papers:
        if alike[paper.sha256] > 1:
            yield Found("paper_same_twice", f"paper.{paper.kind.value}")
        if paper.is_used_elsewhere:
            yield Found("paper_used_elsewhere", f"paper.{paper.kind.value}")


VERDICT_FINDINGS: Final[dict[AccountVerdict, str | None]] = {
    AccountVerdict.MATCH: None,
    AccountVerdict.NAME_MISMATCH: "account_name_mismatch",
    AccountVerdict.UNKNOWN_ACCOUNT: "account_unknown",
    AccountVerdict.CLOSED: "account_closed",
}
