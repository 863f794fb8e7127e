"""Which machine fits a shop: scene and volume in, models with reasons out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tongbao.platform.bilingual import Words


class Scene(StrEnum):
    """Where the machine stands or goes."""

    COUNTER = "counter"
    TABLE = "table"
    STALL = "stall"
    DELIVERY = "delivery"
    SELF_SERVICE = "self_service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A machine of the range; the deposit is returned with the machine, in fen."""

    code: str
    name: Words
    says: Words
    has_printer: bool
    has_mobile_network: bool
    takes_cards: bool
    is_portable: bool
    trades_a_day_max: int
    deposit_minor: int


MODELS: Final[tuple[Model, ...]] = (
    Model(
        code="TB-K20",
        name=Words("双屏收银机 K20", "Counter till K20"),
        says=Words("双屏、快速打印、钱箱接口。", "Two screens, fast printer, cash drawer port."),
        has_printer=True,
        has_mobile_network=False,
        takes_cards=True,
        is_portable=False,
        trades_a_day_max=1_500,
        deposit_minor=80_000,
    ),
    Model(
        code="TB-S10",
        name=Words("智能 POS S10", "Smart terminal S10"),
        says=Words("手持、带打印机、4G 和 Wi-Fi。", "Handheld, printer, 4G and Wi-Fi."),
        has_printer=True,
        has_mobile_network=True,
        takes_cards=True,
        is_portable=True,
        trades_a_day_max=400,
        deposit_minor=30_000,
    ),
    Model(
        code="TB-M5",
        name=Words("便携 POS M5", "Pocket terminal M5"),
        says=Words("轻便、电子小票、4G。", "Light, electronic slips, 4G."),
        has_printer=False,
        has_mobile_network=True,
        takes_cards=True,
        is_portable=True,
        trades_a_day_max=150,
        deposit_minor=10_000,
    ),
    Model(
        code="TB-Q1",
        name=Words("扫码盒 Q1", "Code box Q1"),
        says=Words("只扫码和播报，不刷卡。", "Scans and announces codes, takes no cards."),
        has_printer=False,
        has_mobile_network=True,
        takes_cards=False,
        is_portable=True,
        trades_a_day_max=600,
        deposit_minor=5_000,
    ),
    Model(
        code="TB-U8",
        name=Words("自助终端 U8", "Unattended terminal U8"),
        says=Words("嵌入式，用于自助柜和售货机。", "Built into kiosks and vending machines."),
        has_printer=False,
        has_mobile_network=True,
        takes_cards=True,
        is_portable=False,
        trades_a_day_max=800,
        deposit_minor=40_000,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a shop says of itself; `trades_a_day` is at the busiest time of the year."""

    scene: Scene
    trades_a_day: int
    wants_paper: bool = False
    wants_cards: bool = True
    has_fixed_network: bool = True


@dataclass(frozen=True, slots=True)
class Advice:
    """A model with its points and what speaks for and against it."""

    model: Model
    points: int
    reasons: tuple[Words, ...]
    cautions: tuple[Words, ...]


_FITS: Final[dict[Scene, dict[str, int]]] = {
    Scene.COUNTER: {"TB-K20": 40, "TB-S10": 30, "TB-Q1": 15, "TB-M5": 10},
    Scene.TABLE: {"TB-S10": 40, "TB-M5": 25, "TB-K20": 5, "TB-Q1": 10},
    Scene.STALL: {"TB-M5": 40, "TB-Q1": 35, "TB-S10": 25},
    Scene.DELIVERY: {"TB-M5": 40, "TB-S10": 35, "TB-Q1": 10},
    Scene.SELF_SERVICE: {"TB-U8": 50},
}
_SCENE_REASONS: Final[dict[Scene, Words]] = {
    Scene.COUNTER: Words("适合固定收银台", "Fits a counter"),
    Scene.TABLE: Words("可以拿到桌边结账", "Goes to the table"),
    Scene.STALL: Words("适合摊位，可用电池", "Fits a stall, runs on its battery"),
    Scene.DELIVERY: Words("可随身带出门收款", "Goes along on deliveries"),
    Scene.SELF_SERVICE: Words("无人值守也能用", "Works unattended"),
}


def advise(need: Need) -> list[Advice]:
    """Return the models that fit, the best first; never one that cannot do what is needed."""
    found = [_advice_on(model, need) for model in MODELS]
    return sorted(
        (advice for advice in found if advice is not None),
        key=lambda advice: (-advice.points, advice.model.deposit_minor),
    )


def _advice_on(model: Model, need: Need) -> Advice | None:
    points = _FITS[need.scene].get(model.code)
    if points is None or (need.wants_cards and not model.takes_cards):
        return None
    if not need.has_fixed_network and not model.has_mobile_network:
        return None
    reasons, cautions = [_SCENE_REASONS[need.scene]], []
    if need.wants_paper and model.has_printer:
        points += 20
        reasons.append(Words("能打印小票", "Prints slips"))
    elif need.wants_paper:
        points -= 25
        cautions.append(Words("没有打印机，只有电子小票", "No printer, electronic slips only"))
    if need.trades_a_day <= model.trades_a_day_max:
        reasons.append(
            Words("每天 {n} 笔以内没有问题", "Up to {n} payments a day").filled(
                n=model.trades_a_day_max
            )
        )
        points -= 10 if need.trades_a_day * 10 < model.trades_a_day_max else 0
    else:
        points -= 30
        cautions.append(
            Words("高峰时可能要两台：每天约 {n} 笔", "Two may be needed: about {n} a day").filled(
                n=model.trades_a_day_max
            )
        )
    if not need.has_fixed_network:
        reasons.append(Words("自带 4G，不用拉网线", "Own 4G, no cable needed"))
    return Advice(model, points, tuple(reasons), tuple(cautions))
