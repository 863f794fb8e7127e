"""Category codes (MCC) that merchants can have, with who may have them. Pure.

The codes are those of ISO 18245 as the card networks use them; the names are our own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tongbao.platform.bilingual import Words
from tongbao.platform.onboarding.tiers import Tier


class FeeClass(StrEnum):
    """How the issuer's and the network's fee are reckoned. Spec: 发改价格〔2016〕557号."""

    STANDARD = "standard"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Category:
    """One category; `needs_permit` asks for the permit of the trade among the papers."""

    mcc: str
    words: Words
    tiers: frozenset[Tier]
    fee_class: FeeClass = FeeClass.STANDARD
    needs_permit: bool = False


_ALL = frozenset(Tier)
_LICENSED = frozenset({Tier.ENTERPRISE, Tier.SOLE_TRADER})
_ENTERPRISE = frozenset({Tier.ENTERPRISE})

CATEGORIES: Final[dict[str, Category]] = {
    category.mcc: category
    for category in (
        Category("5411", Words("超市便利店", "Grocery and corner shops"), _LICENSED),
        Category("5499", Words("食品零售、农产品", "Food and produce"), _ALL),
        Category("5812", Words("餐馆", "Restaurants"), _LICENSED, needs_permit=True),
        Category("5814", Words("快餐、小吃摊", "Snacks and fast food"), _ALL),
        Category("5462", Words("面包糕点", "Bakeries"), _LICENSED, needs_permit=True),
        Category("5311", Words("百货商店", "Department stores"), _ENTERPRISE),
        Category("5331", Words("日用杂货", "Household goods"), _ALL),
        Category("5651", Words("服装", "Clothing"), _ALL),
        Category("5661", Words("鞋店", "Shoes"), _LICENSED),
        Category("5722", Words("家用电器", "Household appliances"), _LICENSED),
        Category("5732", Words("电子产品", "Electronics"), _LICENSED),
        Category("5712", Words("家具", "Furniture"), _LICENSED),
        Category("5912", Words("药店", "Pharmacies"), _LICENSED, needs_permit=True),
        Category("5942", Words("书店", "Bookshops"), _LICENSED),
        Category("5944", Words("珠宝首饰", "Jewellery"), _ENTERPRISE),
        Category("5977", Words("化妆品", "Cosmetics"), _LICENSED),
        Category("5992", Words("鲜花", "Flowers"), _ALL),
        Category("5995", Words("宠物用品", "Pet supplies"), _ALL),
        Category("5541", Words("加油站", "Petrol stations"), _ENTERPRISE, needs_permit=True),
        Category("7011", Words("住宿", "Hotels and inns"), _LICENSED, needs_permit=True),
        Category("7216", Words("洗衣", "Laundries"), _LICENSED),
        Category("7230", Words("美发美容", "Hairdressers and beauty"), _LICENSED),
        Category("7251", Words("修鞋配匙", "Shoe and key repairs"), _ALL),
        Category("7299", Words("居民服务", "Household services"), _ALL),
        Category("7512", Words("汽车租赁", "Car rental"), _ENTERPRISE),
        Category("7538", Words("汽车维修", "Car repair"), _LICENSED),
        Category("7832", Words("电影院", "Cinemas"), _ENTERPRISE),
        Category("7997", Words("健身运动", "Sports and fitness"), _LICENSED),
        Category("4121", Words("出租车", "Taxis"), _LICENSED),
        Category("4214", Words("货运搬家", "Freight and removals"), _LICENSED),
        Category("4900", Words("水电燃气", "Water, power and gas"), _ENTERPRISE),
        Category("8299", Words("培训", "Training"), _ENTERPRISE),
        Category("8011", Words("诊所", "Doctors"), _LICENSED, needs_permit=True),
        Category(
            "8062",
            Words("非营利性医院", "Non-profit hospitals"),
            _ENTERPRISE,
            FeeClass.EXEMPT,
            needs_permit=True,
        ),
        Category("8211", Words("中小学", "Schools"), _ENTERPRISE, FeeClass.EXEMPT),
        Category("8220", Words("高等院校", "Universities"), _ENTERPRISE, FeeClass.EXEMPT),
        Category("8398", Words("慈善机构", "Charities"), _ENTERPRISE, FeeClass.EXEMPT),
        Category(
            "8651", Words("社会福利机构", "Welfare institutions"), _ENTERPRISE, FeeClass.EXEMPT
        ),
    )
}
# Codes that a form may name and that nobody gets: the trade is unlawful here or not ours.
FORBIDDEN: Final[dict[str, Words]] = {
    "5933": Words("典当", "Pawnshops"),
    "5967": Words("色情服务", "Adult services"),
    "6051": Words("虚拟货币、外汇买卖", "Virtual currency and foreign exchange"),
    "6211": Words("证券期货场外配资", "Off-exchange securities"),
    "7273": Words("婚恋交友诈骗高发类", "Dating services"),
    "7995": Words("赌博、博彩", "Gambling"),
}
