"""How settings are inherited: acquirer, category, merchant, shop, terminal. Pure.

A level sets single leaves such as `limits.sale_minor`; a nearer level wins leaf by leaf, and for
each leaf it is known which level set it. A list is one leaf: it is set as a whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from tongbao.wire.device.settings import Language, SignInPolicy, Tender
from tongbao.wire.escpos.operations import columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Level(StrEnum):
    """Who sets something, from far to near."""

    DEFAULT = "default"
    ACQUIRER = "acquirer"
    CATEGORY = "category"
    MERCHANT = "merchant"
    SHOP = "shop"
    TERMINAL = "terminal"


SCOPES: Final = (Level.ACQUIRER, Level.MERCHANT, Level.SHOP, Level.TERMINAL)
KINDS: Final = (
    "sale",
    "void",
    "refund",
    "pre_authorisation",
    "pre_authorisation_void",
    "completion",
    "completion_advice",
    "completion_void",
    "mail_order",
    "offline_sale",
    "adjustment",
    "tip",
    "balance",
)
_AMOUNT_MAX: Final = 999_999_999_999
# What fits on the narrow paper of 58 mm without being broken; a Chinese character takes two.
SLIP_COLUMNS_MAX: Final = 32
_LINES_MAX: Final = 6
# Commands to the printer, and what lies beyond the characters that a printer has (emoji).
_NOT_PRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufff0-\U0010ffff]")
# What decides how much money is taken and in which way.
MONEY_LEAVES: Final = (
    "tenders",
    "kinds",
    "limits.sale_minor",
    "limits.refund_minor",
    "limits.offline_minor",
    "limits.day_minor",
)

DEFAULTS: Final[Mapping[str, Any]] = {
    # What the terminals of today do; another one is set where a terminal is to do it.
    "tenders": [Tender.CARD.value],
    "kinds": [kind for kind in KINDS if kind != "mail_order"],
    "sign_in_policy": SignInPolicy.PER_SHIFT.value,
    "auto_sign_in": False,
    "idle_lock_s": 600,
    "limits.sale_minor": None,
    "limits.refund_minor": None,
    "limits.offline_minor": None,
    "limits.day_minor": None,
    "slip.header": [],
    "slip.footer": [],
    "language": Language.CHINESE.value,
    "training.is_allowed": True,
    "training.needs_supervisor": False,
    "quiet_hour": 3,
    "heartbeat_s": 60,
}
# By industry: how long an operator may go unasked depends on who can reach the till.
POLICY_OF_CATEGORY: Final[Mapping[str, SignInPolicy]] = {
    "5944": SignInPolicy.PER_TRADE,  # jewellery
    "5094": SignInPolicy.PER_TRADE,  # precious stones
    "5541": SignInPolicy.PER_SHIFT,  # fuel
    "5411": SignInPolicy.PER_SHIFT,  # supermarkets
    "5812": SignInPolicy.PER_SHIFT,  # restaurants
    "7011": SignInPolicy.PER_SHIFT,  # hotels
    "5999": SignInPolicy.PER_DAY,  # small shops
    "7230": SignInPolicy.PER_DAY,  # hairdressers
    "5499": SignInPolicy.NONE,  # unattended sale of food
}


@dataclass(frozen=True, slots=True)
class Layer:
    """What one level sets: leaf to value."""

    level: Level
    leaves: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effective:
    """Every leaf with its value, and the level it comes from."""

    values: Mapping[str, Any]
    origins: Mapping[str, Level]


@dataclass(frozen=True, slots=True)
class SettingFault:
    """A leaf that cannot be set so; `rule` is a word from `words.SETTING_WORDS`."""

    path: str
    rule: str


def category_layer(mcc: str) -> Layer:
    """Return what the category of a merchant sets."""
    policy = POLICY_OF_CATEGORY.get(mcc)
    return Layer(Level.CATEGORY, {"sign_in_policy": policy.value} if policy else {})


def merge(layers: Sequence[Layer]) -> Effective:
    """Return what is in force when these levels, from far to near, set what they set."""
    values: dict[str, Any] = dict(DEFAULTS)
    origins = dict.fromkeys(DEFAULTS, Level.DEFAULT)
    for layer in layers:
        for path, value in layer.leaves.items():
            if path in DEFAULTS:
                values[path] = value
                origins[path] = layer.level
    return Effective(values, origins)


def flatten(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the leaves of a nested document: `{"slip": {"header": []}}` sets `slip.header`."""
    leaves: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            leaves.update({f"{name}.{below}": leaf for below, leaf in value.items()})
        else:
            leaves[name] = value
    return leaves


def nest(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """Return leaves as a nested document; the inverse of `flatten`."""
    document: dict[str, Any] = {}
    for path, value in leaves.items():
        group, _, name = path.partition(".")
        if name:
            document.setdefault(group, {})[name] = value
        else:
            document[path] = value
    return document


def change(leaves: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a level's leaves after changes; the value None leaves a leaf to the level above."""
    changed = {**leaves, **changes}
    return {path: value for path, value in changed.items() if value is not None}


def is_looser(path: str, value: Any, ceiling: Any) -> bool:
    """Whether a value of one of `MONEY_LEAVES` allows more than a ceiling does."""
    if isinstance(value, list):
        return not set(value) <= set(ceiling)
    if path not in MONEY_LEAVES or ceiling is None:
        return False
    return value is None or bool(value > ceiling)


def needs_second_person(level: Level, changes: Mapping[str, Any]) -> bool:
    """Whether a change needs two people: money, at every merchant at once."""
    return level is Level.ACQUIRER and any(path in MONEY_LEAVES for path in changes)


def faults_of(leaves: Mapping[str, Any]) -> list[SettingFault]:
    """Return every leaf that cannot be set to its value; None means "not set here"."""
    faults = []
    for path, value in leaves.items():
        if path not in DEFAULTS:
            faults.append(SettingFault(path, "unknown_setting"))
        elif value is not None:
            rule = _CHECKS[path](value)
            if rule:
                faults.append(SettingFault(path, rule))
    return faults


def _choices(known: Sequence[str], *, may_be_empty: bool = True) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, list) or not all(one in known for one in value):
            return "not_a_choice"
        if len(set(value)) != len(value):
            return "twice"
        return "" if value or may_be_empty else "empty_list"

    return check


def _choice(known: Sequence[str]) -> Callable[[Any], str]:
    return lambda value: "" if value in known else "not_a_choice"


def _truth(value: Any) -> str:
    return "" if isinstance(value, bool) else "not_yes_or_no"


def _number(least: int, most: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return "" if is_whole and least <= value <= most else "out_of_range"

    return check


def _lines(value: Any) -> str:
    if not isinstance(value, list) or len(value) > _LINES_MAX:
        return "too_many_lines"
    if not all(isinstance(line, str) and columns(line) <= SLIP_COLUMNS_MAX for line in value):
        return "line_too_wide"
    return "not_printable" if any(_NOT_PRINTABLE.search(line) for line in value) else ""


_AMOUNT = _number(0, _AMOUNT_MAX)
_CHECKS: Final[Mapping[str, Callable[[Any], str]]] = {
    "tenders": _choices([tender.value for tender in Tender], may_be_empty=False),
    "kinds": _choices(KINDS, may_be_empty=False),
    "sign_in_policy": _choice([policy.value for policy in SignInPolicy]),
    "auto_sign_in": _truth,
    "idle_lock_s": _number(0, 86_400),
    "limits.sale_minor": _AMOUNT,
    "limits.refund_minor": _AMOUNT,
    "limits.offline_minor": _AMOUNT,
    "limits.day_minor": _AMOUNT,
    "slip.header": _lines,
    "slip.footer": _lines,
    "language": _choice([language.value for language in Language]),
    "training.is_allowed": _truth,
    "training.needs_supervisor": _truth,
    "quiet_hour": _number(0, 23),
    "heartbeat_s": _number(5, 86_400),
}
