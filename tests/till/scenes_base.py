"""A terminal at rest, its last payments, and the cards of a made-up drawer."""

from __future__ import annotations

from typing import Any

State = dict[str, Any]
Row = dict[str, Any]

PARTS = ("screen", "printer", "reader", "pinpad", "journal", "clock", "network")
MASKED = "620000*********0128"


def _recent() -> list[dict[str, Any]]:
    rows = [
        (1234, 12800, "approved", "10:42", "sale"),
        (1233, 4550, "approved", "10:31", "sale"),
        (1232, 8800, "declined", "10:30", "sale"),
        (1231, 30000, "reversed", "10:12", "sale"),
        (1230, 990, "approved", "09:58", "refund"),
        (1229, 156000, "approved", "09:40", "completion"),
        (1228, 2500, "cancelled", "09:21", "void"),
        (1227, 1880, "approved", "09:03", "sale"),
    ]
    return [
        {
            "kind": kind,
            "batch": 1,
            "trace": trace,
            "amount_minor": minor,
            "card_masked": MASKED,
            "outcome": outcome,
            "at": f"2026-11-21T{at}:00+08:00",
            "slip": None if outcome == "cancelled" else f"/slips/{trace:06d}.png",
        }
        for trace, minor, outcome, at, kind in rows
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


def base() -> State:
    """The terminal at rest, without its kinds and totals."""
    return {
        "phase": "idle",
        "terminal_id": "00000001",
        "merchant_id": "100000000000001",
        "merchant_name": "通宝便利店",
        "merchant_name_en": "Tongbao Corner Shop",
        "operator": "01",
        "operator_name": "小梅",
        "newcomer": None,
        "locked_for": None,
        "idle_lock_s": 0,
        "gates": {},
        "boot": [],
        "operators": None,
        "operator_refusals": [],
        "link": "up",
        "signed_in": True,
        "sign_in_error": None,
        "batch_no": 1,
        "next_trace": 1235,
        "clock": "2026-11-21T10:45:00+08:00",
        "self_check": checks({}, "ok"),
        "amount_minor": 0,
        "currency": "CNY",
        "kind": None,
        "card_entry": ["swipe"],
        "pin_optional": False,
        "cancel_requested": False,
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
            "has_sample_operators": True,
        },
        "pending": [],
        "settlement": None,
        "loading": None,
        "service": None,
        "last_loaded": {"parameters": "2026-11-20T08:30:00+08:00"},
        "found": None,
        "sound": None,
    }


def checks(results: dict[str, str], default: str) -> list[Row]:
    """The self-check's rows."""
    return [{"part": part, "result": results.get(part, default), "detail": None} for part in PARTS]
