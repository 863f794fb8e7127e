"""Made-up applicants: numbers with right check digits that belong to nobody."""

from datetime import date

from stdnum import luhn
from stdnum.cn import ric, uscc

from tongbao.platform.onboarding.checks import Form, PaperFacts
from tongbao.platform.onboarding.tiers import TIERS, PaperKind, Tier

TODAY = date(2026, 11, 20)


def credit_code(start="91", number="MA0TE1T0"):
    body = f"{start}110101{number}X"[:17]
    return body + uscc.calc_check_digit(body)


def resident_id(born="19900307", sequence="001"):
    body = f"110101{born}{sequence}"
    return body + ric.calc_check_digit(body + "0")


def card_number(start="62000000000000", length=19):
    body = start.ljust(length - 1, "0")
    return body + luhn.calc_check_digit(body)


COMMON = {
    "name": "晨光便利店",
    "name_en": "Morning Light",
    "legal_person": "林晓晨",
    "id_begins": "2020-03-10",
    "id_expires": "2040-03-10",
    "contact_phone": "19900001234",
    "contact_email": "owner@example.com",
    "shop_name": "晨光便利店",
    "shop_city": "上海",
    "shop_address": "静安区样板路 18 号",
    "shop_latitude_udeg": 31_230_000,
    "shop_longitude_udeg": 121_470_000,
    "mcc": "5499",
    "monthly_turnover_minor": 5_000_000,
    "account_bank": "通宝沙盒银行",
    "account_bank_code": "",
}
LICENSED = {
    "registered_name": "上海晨光样板商贸有限公司",
    "licence_begins": "2019-05-01",
    "licence_expires": "no_end",
}
DATA = {
    Tier.ENTERPRISE: {
        **COMMON,
        **LICENSED,
        "credit_code": credit_code("91"),
        "account_kind": "corporate",
        "account_holder": LICENSED["registered_name"],
    },
    Tier.SOLE_TRADER: {
        **COMMON,
        **LICENSED,
        "registered_name": "静安区晨光便利店（个体工商户）",
        "credit_code": credit_code("92"),
        "account_kind": "personal",
        "account_holder": COMMON["legal_person"],
    },
    Tier.MICRO: {
        **COMMON,
        "account_kind": "personal",
        "account_holder": COMMON["legal_person"],
    },
}
ACCOUNT_NUMBERS = {
    Tier.ENTERPRISE: "3100012340005678",
    Tier.SOLE_TRADER: card_number("62000001"),
    Tier.MICRO: card_number("62000002"),
}


def form_of(tier, **changes):
    """A form without a fault, with changes; a change to None takes the field away."""
    secrets = {"resident_id": resident_id(), "account_number": ACCOUNT_NUMBERS[tier]}
    secrets.update({name: changes.pop(name) for name in list(changes) if name in secrets})
    data = {**DATA[tier], **changes}
    data = {name: value for name, value in data.items() if value is not None}
    return Form(tier=tier, data=data, **{name: value or "" for name, value in secrets.items()})


def papers_of(tier, without=(), **same):
    """All papers that the tier needs, each another picture."""
    return [
        PaperFacts(kind=kind, sha256=same.get(kind.value, f"hash of {kind.value}"))
        for kind in TIERS[tier].required_papers
        if kind not in without
    ]


ALL_KINDS = tuple(PaperKind)
