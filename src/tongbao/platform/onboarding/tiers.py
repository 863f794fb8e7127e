"""The three tiers of merchants: who belongs there, which papers, which limits and by which rule.

Pure tables. A rule is named by its number; what it says stands here in our own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tongbao.platform.bilingual import Words


class Tier(StrEnum):
    """What kind of merchant somebody is."""

    ENTERPRISE = "enterprise"
    SOLE_TRADER = "sole_trader"
    MICRO = "micro"


class PaperKind(StrEnum):
    """The papers that an application may hold."""

    LICENCE = "licence"
    ID_FRONT = "id_front"
    ID_BACK = "id_back"
    ACCOUNT_PERMIT = "account_permit"
    BANK_CARD = "bank_card"
    SHOP_FRONT = "shop_front"
    SHOP_INSIDE = "shop_inside"
    RENT_CONTRACT = "rent_contract"
    PRACTICE_PERMIT = "practice_permit"
    OWNER_WITH_SHOP = "owner_with_shop"
    OTHER = "other"


class AccountKind(StrEnum):
    """Whose name a settlement account bears."""

    CORPORATE = "corporate"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class RuleSource:
    """A rule of the trade: its number, and what it asks, in our words."""

    number: str
    says: Words


RULES: dict[str, RuleSource] = {
    "pbc_2013_9": RuleSource(
        "中国人民银行公告〔2013〕第9号",
        Words(
            "收单机构须核实商户身份与经营地址；单位商户的结算账户须为其同名单位账户，"
            "个体工商户和自然人商户可用经营者本人的个人账户。",
            "The acquirer verifies who a merchant is and where it trades; a company is paid on an "
            "account of the same name, a sole trader or natural person may use an own account.",
        ),
    ),
    "pbc_2017_296": RuleSource(
        "银发〔2017〕296号",
        Words(
            "以同一身份证件在同一收单机构办理的全部小微商户，条码支付中使用信用卡收款的金额合计"
            "每日不超过 1000 元、每月不超过 1 万元；静态条码付款按每位客户每日 500 元限额。",
            "All micro merchants of one identity document at one acquirer together take at most "
            "CNY 1,000 a day and CNY 10,000 a month from credit cards by code; a static code takes "
            "at most CNY 500 a day from one customer.",
        ),
    ),
    "pbc_2021_259": RuleSource(
        "银发〔2021〕259号",
        Words(
            "终端序列号与收单机构代码、商户编码、商户统一社会信用代码（或经营者身份）、结算账户、"
            "布放地址五要素绑定，不得一机多户、一机多码或移机。",
            "A terminal's serial number is bound to five elements: acquirer, merchant number, "
            "credit code (or the owner's identity), settlement account and place of installation.",
        ),
    ),
    "ndrc_2016_557": RuleSource(
        "发改价格〔2016〕557号",
        Words(
            "发卡行服务费：借记卡不超过 0.35%、单笔封顶 13 元，贷记卡不超过 0.45%；网络服务费合计"
            "不超过 0.065%、单笔封顶 6.5 元，双方各半；收单服务费由市场调节。",
            "Issuer's fee: debit at most 0.35 % and CNY 13 a payment, credit at most 0.45 %; "
            "network fee at most 0.065 % and CNY 6.50, half from each side; the acquirer's own "
            "fee is free to agree.",
        ),
    ),
    "own_policy": RuleSource(
        "通宝风险政策 Tongbao risk policy",
        Words(
            "本机构的风险政策：新商户的起始限额，经营稳定后可申请调整。",
            "The acquirer's own risk policy: limits to begin with; they can be raised on request.",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit in fen, or none, and the key in `RULES` of the rule that it comes from."""

    key: str
    amount_minor: int | None
    rule: str


LIMIT_WORDS: dict[str, Words] = {
    "per_trade_minor": Words("单笔限额", "A single payment"),
    "per_day_minor": Words("每日限额", "A day"),
    "per_month_minor": Words("每月限额", "A month"),
    "credit_per_day_minor": Words("信用卡每日限额", "Credit cards, a day"),
    "credit_per_month_minor": Words("信用卡每月限额", "Credit cards, a month"),
}


@dataclass(frozen=True, slots=True)
class PaperRequirement:
    """A paper that an application needs; `is_required` false means welcome, not needed."""

    kind: PaperKind
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRules:
    """All that makes a tier."""

    tier: Tier
    name: Words
    who: Words
    papers: tuple[PaperRequirement, ...]
    account_kinds: tuple[AccountKind, ...]
    limits: tuple[Limit, ...]
    terminals_max: int
    monthly_turnover_max_minor: int | None

    def limit(self, key: str) -> int | None:
        """Return the amount of a limit in fen, or None when there is none."""
        return next(limit.amount_minor for limit in self.limits if limit.key == key)

    @property
    def required_papers(self) -> tuple[PaperKind, ...]:
        """The papers without which an application is not complete."""
        return tuple(paper.kind for paper in self.papers if paper.is_required)

    @property
    def accepted_papers(self) -> frozenset[PaperKind]:
        """All papers that an application of this tier may hold."""
        return frozenset(paper.kind for paper in self.papers)


PAPER_WORDS: dict[PaperKind, tuple[Words, Words]] = {
    PaperKind.LICENCE: (
        Words("营业执照", "Business licence"),
        Words(
            "正本或副本原件照片，四角完整，文字清楚。", "The original, all four corners, legible."
        ),
    ),
    PaperKind.ID_FRONT: (
        Words("身份证人像面", "Identity card, side with the portrait"),
        Words("原件照片，不用复印件。", "A picture of the original, not of a copy."),
    ),
    PaperKind.ID_BACK: (
        Words("身份证国徽面", "Identity card, side with the emblem"),
        Words("有效期须清楚。", "The term of validity must be legible."),
    ),
    PaperKind.ACCOUNT_PERMIT: (
        Words("开户许可证或基本存款账户信息", "Account permit or bank's account statement"),
        Words("户名须与营业执照名称一致。", "The holder's name must be the registered name."),
    ),
    PaperKind.BANK_CARD: (
        Words("结算银行卡", "Settlement bank card"),
        Words(
            "经营者本人的借记卡，卡号面。", "The owner's own debit card, the side with the number."
        ),
    ),
    PaperKind.SHOP_FRONT: (
        Words("门店门头照", "Front of the shop"),
        Words("能看到招牌和门牌。", "Sign and house number can be seen."),
    ),
    PaperKind.SHOP_INSIDE: (
        Words("店内经营照", "Inside of the shop"),
        Words("能看到经营的商品或服务。", "What is sold can be seen."),
    ),
    PaperKind.RENT_CONTRACT: (
        Words("租赁合同或产权证明", "Rent contract or proof of ownership"),
        Words("首页和签章页。", "First page and page with the seals."),
    ),
    PaperKind.PRACTICE_PERMIT: (
        Words("行业许可证", "Permit of the trade"),
        Words("如食品经营许可证、医疗机构执业许可证。", "Such as a food or medical permit."),
    ),
    PaperKind.OWNER_WITH_SHOP: (
        Words("经营者在经营场所的照片", "The owner at the place of business"),
        Words("本人面部和摊位同时可见。", "Face and stall in one picture."),
    ),
    PaperKind.OTHER: (
        Words("其他材料", "Other paper"),
        Words("审核员要求的补充材料。", "What the reviewer asked for."),
    ),
}

_OPTIONAL = (
    PaperRequirement(PaperKind.RENT_CONTRACT, is_required=False),
    PaperRequirement(PaperKind.PRACTICE_PERMIT, is_required=False),
    PaperRequirement(PaperKind.OTHER, is_required=False),
)

TIERS: dict[Tier, TierRules] = {
    Tier.ENTERPRISE: TierRules(
        tier=Tier.ENTERPRISE,
        name=Words("企业", "Enterprise"),
        who=Words(
            "有营业执照的公司、合伙企业、学校、医院等单位。",
            "Companies, partnerships, schools, hospitals and others with a licence of their own.",
        ),
        papers=(
            PaperRequirement(PaperKind.LICENCE),
            PaperRequirement(PaperKind.ID_FRONT),
            PaperRequirement(PaperKind.ID_BACK),
            PaperRequirement(PaperKind.ACCOUNT_PERMIT),
            PaperRequirement(PaperKind.SHOP_FRONT),
            PaperRequirement(PaperKind.SHOP_INSIDE),
            *_OPTIONAL,
        ),
        account_kinds=(AccountKind.CORPORATE,),
        limits=(
            Limit("per_trade_minor", 5_000_000, "own_policy"),
            Limit("per_day_minor", 50_000_000, "own_policy"),
            Limit("per_month_minor", None, "own_policy"),
            Limit("credit_per_day_minor", None, "own_policy"),
            Limit("credit_per_month_minor", None, "own_policy"),
        ),
        terminals_max=50,
        monthly_turnover_max_minor=None,
    ),
    Tier.SOLE_TRADER: TierRules(
        tier=Tier.SOLE_TRADER,
        name=Words("个体工商户", "Sole trader"),
        who=Words(
            "有个体工商户营业执照的经营者。",
            "Somebody who trades under a sole trader's licence.",
        ),
        papers=(
            PaperRequirement(PaperKind.LICENCE),
            PaperRequirement(PaperKind.ID_FRONT),
            PaperRequirement(PaperKind.ID_BACK),
            PaperRequirement(PaperKind.BANK_CARD),
            PaperRequirement(PaperKind.SHOP_FRONT),
            PaperRequirement(PaperKind.SHOP_INSIDE),
            *_OPTIONAL,
        ),
        account_kinds=(AccountKind.PERSONAL, AccountKind.CORPORATE),
        limits=(
            Limit("per_trade_minor", 2_000_000, "own_policy"),
            Limit("per_day_minor", 10_000_000, "own_policy"),
            Limit("per_month_minor", 100_000_000, "own_policy"),
            Limit("credit_per_day_minor", None, "own_policy"),
            Limit("credit_per_month_minor", None, "own_policy"),
        ),
        terminals_max=5,
        monthly_turnover_max_minor=100_000_000,
    ),
    Tier.MICRO: TierRules(
        tier=Tier.MICRO,
        name=Words("小微商户", "Micro merchant"),
        who=Words(
            "依法可以不办营业执照的个人经营者，如集市摊位、农产品自销、零星维修。",
            "A person who may trade without a licence: a market stall, own produce, small repairs.",
        ),
        papers=(
            PaperRequirement(PaperKind.ID_FRONT),
            PaperRequirement(PaperKind.ID_BACK),
            PaperRequirement(PaperKind.BANK_CARD),
            PaperRequirement(PaperKind.OWNER_WITH_SHOP),
            *_OPTIONAL,
        ),
        account_kinds=(AccountKind.PERSONAL,),
        limits=(
            Limit("per_trade_minor", 500_000, "own_policy"),
            Limit("per_day_minor", 2_000_000, "own_policy"),
            Limit("per_month_minor", 20_000_000, "own_policy"),
            Limit("credit_per_day_minor", 100_000, "pbc_2017_296"),
            Limit("credit_per_month_minor", 1_000_000, "pbc_2017_296"),
        ),
        terminals_max=1,
        monthly_turnover_max_minor=20_000_000,
    ),
}
