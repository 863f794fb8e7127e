"""Every state the till page can be shown in, by name."""

from __future__ import annotations

from typing import Any

from tests.till.scenes_base import CARDS, MASKED, State, base, checks
from tests.till.scenes_device import device_scenes
from tests.till.scenes_work import KINDS, NO_TOTALS, WORK_SCENES, totals

__all__ = ["CARDS", "DOUBT", "SCENES", "State", "scene"]


def _result(outcome: str, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "sale",
        "batch": 1,
        "balance_minor": None,
        "available_minor": None,
        "tip_minor": 0,
        "original_trace": None,
        "signature": "none",
        "outcome": outcome,
        "code": None,
        "zh": "",
        "en": "",
        "action_zh": "",
        "action_en": "",
        "auth_code": None,
        "rrn": None,
        "trace": 1235,
        "amount_minor": 12850,
        "card_masked": MASKED,
        "slip": None,
        **changes,
    }


DOUBT = {
    "kind": "sale",
    "resolution": "reverse",
    "trace": 1235,
    "amount_minor": 12850,
    "card_masked": MASKED,
    "since": "2026-11-21T10:46:12+08:00",
    "attempts": 1,
    "stage": "sending",
    "next_attempt_ms": None,
}
PAYING = {"kind": "sale", "amount_minor": 12850, "card": {"masked": MASKED, "entry": "S"}}
OFF = {"phase": "off", "operator": None, "signed_in": False, "link": "down"}
OPERATORS = [
    {"number": number, "name": name, "role": role, "must_change": number == "05"}
    for number, name, role in (
        ("00", "王掌柜", "supervisor"),
        ("01", "小梅", "cashier"),
        ("05", "阿强", "cashier"),
        ("99", "", "administrator"),
    )
]
OUT = {"phase": "logged_out", "operator": None, "signed_in": False}

_SALE_SCENES: dict[str, State] = {
    "off": OFF,
    "self_check_running": {
        **OFF,
        "phase": "self_check",
        "self_check": checks({"screen": "ok", "printer": "ok", "reader": "ok"}, "pending"),
    },
    "self_check_failed": {
        **OFF,
        "phase": "self_check",
        "self_check": [
            {**row, "detail": "no paper" if row["part"] == "printer" else None}
            for row in checks({"printer": "fail", "network": "fail"}, "ok")
        ],
    },
    "logged_out": OUT,
    "logged_out_locked": {**OUT, "signed_in": True, "locked_for": "01"},
    "logged_out_boot": {**OUT, "boot": ["self_test", "training"]},
    "idle_gated": {"gates": {"totals": ["password"], "settle": ["supervisor"]}},
    "idle_supervisor": {"operator": "00", "role": "supervisor", "operators": OPERATORS},
    "new_pin": {**OUT, "newcomer": "01"},
    "logged_out_doubt": {**OUT, "doubt": {**DOUBT, "stage": "waiting", "next_attempt_ms": 20000}},
    "logged_out_failed": {
        **OUT,
        "link": "down",
        "self_check": checks({"printer": "fail", "network": "fail"}, "ok"),
    },
    "signing_in": {"phase": "signing_in", "signed_in": False},
    "sign_in_failed": {
        "signed_in": False,
        "sign_in_error": {
            "code": "97",
            "zh": "主机不认识这台终端，请联系收单机构登记。",
            "en": "The host does not know this terminal. Ask your acquirer to register it.",
        },
    },
    "offline": {"link": "down"},
    "idle": {},
    "idle_printer_failed": {"self_check": checks({"printer": "fail"}, "ok")},
    "idle_empty": {"totals": NO_TOTALS, "recent": [], "today": {"count": 0, "amount_minor": 0}},
    "idle_doubt": {"doubt": {**DOUBT, "stage": "waiting", "attempts": 3, "next_attempt_ms": 20000}},
    "card": {
        "phase": "card",
        "amount_minor": 12850,
        "deadline": {"kind": "card", "total_ms": 60000, "remaining_ms": 52000},
    },
    "card_device": {"phase": "card", "amount_minor": 12850, "sandbox": None},
    "pin": {
        "phase": "pin",
        **PAYING,
        "deadline": {"kind": "pin", "total_ms": 60000, "remaining_ms": 47000},
    },
    "pin_device": {"phase": "pin", **PAYING, "sandbox": None},
    "authorising": {
        "phase": "authorising",
        **PAYING,
        "deadline": {"kind": "host", "total_ms": 60000, "remaining_ms": 42000},
    },
    "reversing": {"phase": "reversing", **PAYING, "doubt": DOUBT},
    "reversing_waiting": {
        "phase": "reversing",
        **PAYING,
        "doubt": {**DOUBT, "stage": "waiting", "attempts": 3, "next_attempt_ms": 24000},
    },
    "reversing_person": {
        "phase": "reversing",
        **PAYING,
        "doubt": {**DOUBT, "stage": "needs_person", "attempts": 8},
    },
    "approved": {
        "phase": "result",
        **PAYING,
        "result": _result(
            "approved",
            code="00",
            zh="交易成功",
            en="Approved",
            auth_code="482913",
            rrn="632510001235",
            slip="/slips/001235.png",
            signature="wanted",
        ),
    },
    "declined": {
        "phase": "result",
        **PAYING,
        "result": _result(
            "declined",
            code="55",
            zh="密码错误",
            en="Wrong PIN",
            action_zh="请顾客确认密码，再试一次。",
            action_en="Ask the customer to check the PIN and try again.",
            rrn="632510001235",
        ),
    },
    "reversed": {
        "phase": "result",
        **PAYING,
        "result": _result(
            "reversed",
            code="00",
            zh="交易已冲正，未收款",
            en="The payment was reversed; nothing was taken",
            action_zh="请重新收款或改用其他方式",
            action_en="Take the payment again, or in another way",
            slip="/slips/001235.png",
        ),
    },
    "cancelled": {
        "phase": "result",
        **PAYING,
        "result": _result(
            "cancelled",
            code="card_timeout",
            zh="等待刷卡超时，未收款",
            en="No card in time; nothing was taken",
            action_zh="请重新收款或改用其他方式",
            action_en="Take the payment again, or in another way",
            trace=None,
            card_masked=None,
        ),
    },
}


def _paid(kind: str, **changes: Any) -> State:
    """An approved payment of a kind fills the screen."""
    words = {"code": "00", "zh": "交易成功", "en": "Approved", "rrn": "632510001235"}
    result = _result("approved", **{**words, "kind": kind, **changes})
    return {"phase": "result", **PAYING, "kind": kind, "result": result}


def _refused(kind: str, code: str, zh: str, en: str) -> State:
    """A payment of a kind was declined."""
    result = _result("declined", kind=kind, code=code, zh=zh, en=en)
    return {"phase": "result", **PAYING, "kind": kind, "result": result}


_REPEATING = {**DOUBT, "kind": "refund", "resolution": "repeat", "stage": "waiting"}
_KIND_SCENES: dict[str, State] = {
    "card_refund": {**_SALE_SCENES["card"], "kind": "refund"},
    "card_balance": {**_SALE_SCENES["card"], "kind": "balance", "amount_minor": 0},
    "card_keyed": {
        **_SALE_SCENES["card"],
        "kind": "mail_order",
        "card_entry": ["keyed"],
        "sandbox": None,
    },
    "card_either": {
        **_SALE_SCENES["card"],
        "kind": "offline_sale",
        "card_entry": ["swipe", "keyed"],
    },
    "pin_optional": {**_SALE_SCENES["pin"], "kind": "pre_authorisation", "pin_optional": True},
    "pin_optional_device": {**_SALE_SCENES["pin_device"], "pin_optional": True},
    "pin_balance": {**_SALE_SCENES["pin"], "kind": "balance", "amount_minor": 0},
    "authorising_refund": {**_SALE_SCENES["authorising"], "kind": "refund"},
    "authorising_cancelled": {**_SALE_SCENES["authorising"], "cancel_requested": True},
    "reversing_void": {
        **_SALE_SCENES["reversing_waiting"],
        "kind": "void",
        "doubt": {**DOUBT, "kind": "void", "stage": "waiting", "next_attempt_ms": 24000},
    },
    "repeating_refund": {
        **_SALE_SCENES["reversing"],
        "kind": "refund",
        "doubt": {**_REPEATING, "attempts": 2, "next_attempt_ms": 24000},
    },
    "repeating_person": {
        **_SALE_SCENES["reversing"],
        "kind": "refund",
        "doubt": {**_REPEATING, "stage": "needs_person", "attempts": 8},
    },
    "approved_signed": _paid("sale", signature="done", auth_code="482913"),
    "approved_void": _paid("void", original_trace=1234, slip="/slips/001235.png"),
    "approved_refund": _paid("refund", auth_code="482913", slip="/slips/001235.png"),
    "approved_pre_authorisation": _paid(
        "pre_authorisation", auth_code="482913", slip="/slips/001235.png", signature="wanted"
    ),
    "approved_completion": _paid("completion", auth_code="482913", original_trace=1221),
    "approved_tip": _paid("tip", amount_minor=14_000, tip_minor=1_200, original_trace=1234),
    "balance": _paid("balance", amount_minor=0, balance_minor=512_345, available_minor=498_300),
    "balance_negative": _paid("balance", amount_minor=0, balance_minor=-1_250),
    "declined_refund": _refused("refund", "61", "退货金额超限", "More than may be refunded"),
    "declined_void": _refused("void", "12", "无效交易", "The host refuses this"),
    "declined_balance": _refused("balance", "55", "密码错误", "Wrong PIN"),
    "reversed_void": {
        **_SALE_SCENES["reversed"],
        "kind": "void",
        "result": {**_SALE_SCENES["reversed"]["result"], "kind": "void"},
    },
}
SCENES: dict[str, State] = {
    **_SALE_SCENES,
    **_KIND_SCENES,
    **WORK_SCENES,
    **device_scenes({}),
}


def scene(name: str) -> State:
    """One named state, whole."""
    return {**base(), "kinds": KINDS, "totals": totals(), **SCENES[name]}
