"""Every state the till page can be shown in, by name, and the cards of a made-up drawer."""

from __future__ import annotations

from typing import Any

State = dict[str, Any]

PARTS = ("screen", "printer", "reader", "pinpad", "journal", "clock", "network")
MASKED = "620000*********0128"


def _recent() -> list[dict[str, Any]]:
    rows = [
        (1234, 12800, "approved", "10:42"),
        (1233, 4550, "approved", "10:31"),
        (1232, 8800, "declined", "10:30"),
        (1231, 30000, "reversed", "10:12"),
        (1230, 990, "approved", "09:58"),
        (1229, 156000, "approved", "09:40"),
        (1228, 2500, "cancelled", "09:21"),
        (1227, 1880, "approved", "09:03"),
    ]
    return [
        {
            "trace": trace,
            "amount_minor": minor,
            "card_masked": MASKED,
            "outcome": outcome,
            "at": f"2026-11-21T{at}:00+08:00",
            "slip": None if outcome == "cancelled" else f"/slips/{trace:06d}.png",
        }
        for trace, minor, outcome, at in rows
    ]


def _card(place: int, name: str, said: dict[str, str], colour: str) -> dict[str, Any]:
    return {
        "id": name,
        **said,
        "masked": f"620000*********{place:04d}",
        "pin_hint": None if name == "pin_locked" else "123456",
        "colour": colour,
    }


def _said(name_zh: str, name_en: str, story_zh: str, story_en: str) -> dict[str, str]:
    return {"name_zh": name_zh, "name_en": name_en, "story_zh": story_zh, "story_en": story_en}


CARDS = [
    _card(place, name, said, colour)
    for place, (name, colour, said) in enumerate(
        [
            ("good", "#0b6e4f", _said("小梅的借记卡", "Mei's debit card", "余额充足。", "Plenty.")),
            ("second", "#1d4e89", _said("阿强的卡", "Qiang's card", "也充足。", "Plenty, too.")),
            ("no_funds", "#8a8d91", _said("月光卡", "Payday is near", "余额不足。", "No funds.")),
            ("limit", "#c98b2b", _said("小额卡", "Pocket money", "单笔限额。", "A low limit.")),
            ("expired", "#6d597a", _said("过期卡", "Expired", "已过期。", "Past its date.")),
            ("lost", "#b23a48", _said("挂失卡", "Reported lost", "已挂失。", "It was lost.")),
            ("pin_locked", "#5c4742", _said("锁定", "PIN locked", "错三次。", "Three wrong PINs.")),
            ("late", "#2a7f8e", _said("慢半拍", "Answers late", "要等。", "Its bank is slow.")),
            (
                "silent",
                "#343a40",
                _said(
                    "石沉大海的卡",
                    "Never answers",
                    "发卡行扣了款却不回答：终端必须冲正。",
                    "Its issuer takes the money and never answers: the terminal must reverse.",
                ),
            ),
        ],
        1,
    )
]


def _base() -> State:
    return {
        "phase": "idle",
        "terminal_id": "00000001",
        "merchant_id": "100000000000001",
        "merchant_name": "通宝便利店",
        "merchant_name_en": "Tongbao Corner Shop",
        "operator": "01",
        "link": "up",
        "signed_in": True,
        "sign_in_error": None,
        "batch_no": 1,
        "next_trace": 1235,
        "clock": "2026-11-21T10:45:00+08:00",
        "self_check": _checks({}, "ok"),
        "amount_minor": 0,
        "currency": "CNY",
        "card": None,
        "deadline": None,
        "result": None,
        "doubt": None,
        "today": {"count": 6, "amount_minor": 206020},
        "recent": _recent(),
        "sandbox": {
            "drawer_url": "",
            "terminal_reader": "127.0.0.1:9",
            "on_screen_pin": True,
        },
        "sound": None,
    }


def _checks(results: dict[str, str], default: str) -> list[dict[str, Any]]:
    return [{"part": part, "result": results.get(part, default), "detail": None} for part in PARTS]


def _result(outcome: str, **changes: Any) -> dict[str, Any]:
    return {
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
    "trace": 1235,
    "amount_minor": 12850,
    "card_masked": MASKED,
    "since": "2026-11-21T10:46:12+08:00",
    "attempts": 1,
    "stage": "sending",
    "next_attempt_ms": None,
}
PAYING = {"amount_minor": 12850, "card": {"masked": MASKED, "entry": "S"}}
OFF = {"phase": "off", "operator": None, "signed_in": False, "link": "down"}
OUT = {"phase": "logged_out", "operator": None, "signed_in": False}

SCENES: dict[str, State] = {
    "off": OFF,
    "self_check_running": {
        **OFF,
        "phase": "self_check",
        "self_check": _checks({"screen": "ok", "printer": "ok", "reader": "ok"}, "pending"),
    },
    "self_check_failed": {
        **OFF,
        "phase": "self_check",
        "self_check": [
            {**row, "detail": "no paper" if row["part"] == "printer" else None}
            for row in _checks({"printer": "fail", "network": "fail"}, "ok")
        ],
    },
    "logged_out": OUT,
    "logged_out_doubt": {**OUT, "doubt": {**DOUBT, "stage": "waiting", "next_attempt_ms": 20000}},
    "logged_out_failed": {
        **OUT,
        "link": "down",
        "self_check": _checks({"printer": "fail", "network": "fail"}, "ok"),
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
    "idle_printer_failed": {"self_check": _checks({"printer": "fail"}, "ok")},
    "idle_empty": {"recent": [], "today": {"count": 0, "amount_minor": 0}},
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


def scene(name: str) -> State:
    """One named state, whole."""
    return {**_base(), **SCENES[name]}
