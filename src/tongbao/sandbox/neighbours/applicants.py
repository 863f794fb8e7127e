"""Made-up people and shops to apply with: numbers with right check digits that belong to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stdnum import luhn
from stdnum.cn import ric, uscc

BANK: Final = "通宝沙盒银行"


def _credit_code(start: str, number: str) -> str:
    body = f"{start}110101{number}"
    return body + str(uscc.calc_check_digit(body))


def _resident_id(born: str, sequence: str) -> str:
    body = f"110101{born}{sequence}"
    return body + str(ric.calc_check_digit(f"{body}0"))


def _card(number: str) -> str:
    return number + str(luhn.calc_check_digit(number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Somebody to apply as; `credit_code` and `registered_name` are empty for a micro merchant."""

    key: str
    tier: str
    tier_zh: str
    person: str
    resident_id: str
    registered_name: str = ""
    credit_code: str = ""
    shop_name: str
    address: str
    mcc: str
    account_kind: str
    account_holder: str
    account_number: str
    phone: str

    @property
    def papers(self) -> tuple[str, ...]:
        """The kinds of paper that this applicant needs."""
        if self.tier == "micro":
            return ("id_front", "id_back", "bank_card", "owner_with_shop")
        account = "account_permit" if self.account_kind == "corporate" else "bank_card"
        return ("licence", "id_front", "id_back", account, "shop_front", "shop_inside")


APPLICANTS: Final[tuple[Applicant, ...]] = (
    Applicant(
        key="company",
        tier="enterprise",
        tier_zh="企业",
        person="林晓晨",
        resident_id=_resident_id("19880412", "001"),
        registered_name="样板市晨光商贸有限公司",
        credit_code=_credit_code("91", "MA0TE1T01"),
        shop_name="晨光超市",
        address="静安区样板路 18 号",
        mcc="5411",
        account_kind="corporate",
        account_holder="样板市晨光商贸有限公司",
        account_number="3100018800012345",
        phone="19900001001",
    ),
    Applicant(
        key="trader",
        tier="sole_trader",
        tier_zh="个体工商户",
        person="苏文静",
        resident_id=_resident_id("19920605", "022"),
        registered_name="静安区文静面馆",
        credit_code=_credit_code("92", "MA0TE1T02"),
        shop_name="文静面馆",
        address="静安区示范街 7 号",
        mcc="5814",
        account_kind="personal",
        account_holder="苏文静",
        account_number=_card("620000100000000002"),
        phone="19900001002",
    ),
    Applicant(
        key="person",
        tier="micro",
        tier_zh="小微商户",
        person="陈阿明",
        resident_id=_resident_id("19851120", "033"),
        shop_name="阿明修鞋",
        address="示范农贸市场 12 号摊位",
        mcc="7251",
        account_kind="personal",
        account_holder="陈阿明",
        account_number=_card("620000100000000003"),
        phone="19900001003",
    ),
)
APPLICANT_BY_KEY: Final = {applicant.key: applicant for applicant in APPLICANTS}


@dataclass(frozen=True, slots=True)
class OpeningAccount:
    """An account that the sandbox's bank has from the beginning."""

    number: str
    holder: str
    kind: str
    is_closed: bool
    story_zh: str
    story_en: str


OPENING_ACCOUNTS: Final[tuple[OpeningAccount, ...]] = (
    *(
        OpeningAccount(
            one.account_number,
            one.account_holder,
            one.account_kind,
            is_closed=False,
            story_zh=f"示例{one.tier_zh}的账户，户名相符",
            story_en=f"the account of the sample {one.tier.replace('_', ' ')}; the name matches",
        )
        for one in APPLICANTS
    ),
    OpeningAccount(
        _card("620000100000000090"),
        "别人",
        "personal",
        is_closed=False,
        story_zh="别人的账户：户名不符",
        story_en="somebody else's account: the name does not match",
    ),
    OpeningAccount(
        _card("620000100000000091"),
        "陈阿明",
        "personal",
        is_closed=True,
        story_zh="已销户的账户",
        story_en="an account that was closed",
    ),
)
# In no account: the bank says that it does not know it.
UNKNOWN_NUMBER: Final = _card("620000100000000099")
LISTED_NAMES: Final = ("赵无名", "样板市虚构贸易有限公司")
