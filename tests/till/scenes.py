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


CARDS = [
    {
        "id": name,
        "name_zh": zh,
        "name_en": en,
        "story_zh": story_zh,
        "story_en": story_en,
        "masked": f"620000*********{last4}",
        "pin_hint": pin,
        "colour": colour,
    }
    for name, zh, en, story_zh, story_en, last4, pin, colour in (
        ("good", "好卡", "Good card", "余额充足，会成功。", "Plenty of money; approves.", "0128", "123456", "#0e6b4f"),
        ("second", "另一张好卡", "Second good card", "另一位顾客。", "Another customer.", "0136", "123456", "#1f5fa8"),
        ("no_funds", "余额不足", "No funds", "账户里几乎没有钱。", "Hardly any money.", "0144", "123456", "#a8741a"),
        ("expired", "过期卡", "Expired", "有效期已过。", "Past its date.", "0151", "123456", "#6b7280"),
        ("lost", "挂失卡", "Reported lost", "已经挂失。", "Its owner lost it.", "0169", "123456", "#8c2f39"),
        ("limit", "超限额", "Low limit", "单笔限额很低。", "A low single limit.", "0177", "123456", "#7a3f9d"),
        ("pin_locked", "密码锁定", "PIN locked", "错了太多次。", "Too many wrong tries.", "0185", None, "#374151"),
        ("late", "慢卡", "Answers late", "发卡行回答得晚。", "Its bank answers late.", "0193", "123456", "#0f766e"),
        ("silent", "不回答", "Never answers", "扣了款，但不回答。", "Debits, never answers.", "0201", "123456", "#b45309"),
    )
]  # fmt: skip


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
        "self_check": [],
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
    return [
        {"part": part, "result": results.get(part, default), "detail": None} for part in PARTS
    ]


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
    "idle_empty": {"recent": [], "today": {"count": 0, "amount_minor": 0}},
    "idle_doubt": {
        "doubt": {**DOUBT, "stage": "waiting", "attempts": 3, "next_attempt_ms": 20000}
    },
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
            "reversed", code="98", zh="银行没有回答", en="The bank did not answer", slip="/slips/001235.png"
        ),
    },
    "cancelled": {
        "phase": "result",
        **PAYING,
        "result": _result("cancelled", zh="操作员取消", en="Cancelled by the operator", trace=None, card_masked=None),
    },
}  # fmt: skip


def scene(name: str) -> State:
    """One named state, whole."""
    return {**_base(), **SCENES[name]}
