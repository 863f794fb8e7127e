"""What the terminal pushes beside the sale: kinds, totals, pending work, settlement, loading."""

from __future__ import annotations

from typing import Any

from tests.till.scenes_base import MASKED, Row

_GROUPS = {"s": "sale", "p": "pre_authorisation", "o": "other"}
_NEEDS = {
    "a": "amount",
    "c": "card",
    "d": "original_date",
    "h": "auth_code",
    "n": "pin",
    "r": "original_rrn",
    "s": "supervisor",
    "t": "original_trace",
    "g": "tip",
}
# Kind, group, needs, words. The codes count up.
_KINDS = [
    ("sale", "s", "acn", "消费", "Sale"),
    ("void", "s", "stc", "消费撤销", "Void"),
    ("refund", "s", "srdac", "退货", "Refund"),
    ("balance", "o", "cn", "余额查询", "Balance"),
    ("pre_authorisation", "p", "acn", "预授权", "Pre-authorisation"),
    ("pre_authorisation_void", "p", "sdhac", "预授权撤销", "Pre-authorisation void"),
    ("completion", "p", "dhac", "预授权完成", "Completion"),
    ("completion_advice", "p", "dhac", "预授权完成通知", "Completion advice"),
    ("completion_void", "p", "stc", "预授权完成撤销", "Completion void"),
    ("offline_sale", "o", "shac", "离线结算", "Offline sale"),
    ("adjustment", "o", "sta", "结算调整", "Adjustment"),
    ("tip", "o", "tg", "小费", "Tip"),
    ("mail_order", "o", "ac", "订购", "Mail or phone order"),
    ("chip_offline_sale", "o", "ac", "脱机消费", "Chip offline sale"),
]
_CLOSED = ("completion_advice", "chip_offline_sale")
KINDS: list[Row] = [
    {
        "kind": kind,
        "code": f"{code:02d}",
        "zh": zh,
        "en": en,
        "group": _GROUPS[group],
        "needs": [_NEEDS[letter] for letter in needs],
        "allowed": kind not in _CLOSED,
    }
    for code, (kind, group, needs, zh, en) in enumerate(_KINDS, 1)
]


def side(*figures: int) -> Row:
    """One side of a batch: debit count and amount, credit count and amount."""
    names = ("debit_count", "debit_minor", "credit_count", "credit_minor")
    return dict(zip(names, figures, strict=True))


def totals(**changes: Any) -> Row:
    """The totals of a batch with some of everything."""
    return {
        "batch_no": 1,
        "records": 42,
        "records_max": 500,
        "must_settle": False,
        "domestic": side(38, 1_284_550, 2, 30_990),
        "foreign": side(2, 156_000, 0, 0),
        "kinds": [
            {"kind": "sale", "count": 36, "amount_minor": 1_240_550},
            {"kind": "completion", "count": 2, "amount_minor": 156_000},
            {"kind": "offline_sale", "count": 2, "amount_minor": 44_000},
            {"kind": "refund", "count": 2, "amount_minor": 30_990},
        ],
        **changes,
    }


NO_TOTALS = totals(records=0, domestic=side(0, 0, 0, 0), foreign=side(0, 0, 0, 0), kinds=[])


def _pending(place: int, kind: str, payment_kind: str, **changes: Any) -> Row:
    return {
        "id": f"work-{place}",
        "kind": kind,
        "payment_kind": payment_kind,
        "batch": 1,
        "trace": 1220 + place,
        "amount_minor": 4550 * place,
        "since": "2026-11-21T10:31:00+08:00",
        "attempts": 0,
        "stage": "waiting",
        "code": None,
        **changes,
    }


# Not in the order in which the page shows it: a reversal stands first.
PENDING = [
    _pending(1, "advice", "offline_sale", stage="sending", attempts=1),
    _pending(2, "signature", "sale", since="2026-11-21T08:02:00+08:00", attempts=2),
    _pending(3, "script_result", "sale", attempts=1),
    _pending(
        4,
        "reversal",
        "sale",
        stage="needs_person",
        attempts=8,
        code="96",
        since="2026-11-21T10:44:30+08:00",
    ),
]


def settlement(stage: str, **changes: Any) -> Row:
    """A settlement at a stage."""
    return {
        "batch": 1,
        "stage": stage,
        "done": 0,
        "total": 0,
        "domestic": None,
        "foreign": None,
        "error": None,
        "slip": None,
        **changes,
    }


NO_ANSWER = {
    "code": "no_answer",
    "zh": "主机无应答，请稍后重试",
    "en": "No answer from the host; try later",
}


def payment(kind: str, **changes: Any) -> Row:
    """A payment that was found."""
    return {
        "kind": kind,
        "amount_minor": 12800,
        "tip_minor": 0,
        "card_masked": MASKED,
        "outcome": "approved",
        "code": "00",
        "auth_code": "482913",
        "rrn": "632510001234",
        "at": "2026-11-21T10:42:00+08:00",
        "slip": "/slips/001234.png",
        "reversible": True,
        "signature": "wanted",
        **changes,
    }


def found(trace: int, it: Row | None) -> Row:
    """The answer to a search."""
    return {"trace": trace, "batch": 1, "payment": it}


# What the terminal knows of its open batch, by trace.
BATCH: dict[int, Row] = {
    1234: payment("sale"),
    1232: payment("sale", outcome="declined", code="51", reversible=False, auth_code=None),
    1231: payment("sale", outcome="reversed", reversible=False, signature="none"),
    1229: payment("completion", amount_minor=156_000, signature="none"),
    1225: payment("offline_sale", amount_minor=44_000, signature="none"),
}

ADVICES_LEFT = {
    "code": "advices_left",
    "zh": "有通知类交易未送达，请重试；或由主管授权结算",
    "en": "Some advices have not arrived; try again, or settle with a supervisor's approval",
}
WORK_SCENES: dict[str, Row] = {
    "idle_nearly_full": {"totals": totals(records=470)},
    "idle_must_settle": {"totals": totals(records=500, must_settle=True)},
    "idle_settlement_stopped": {
        "settlement": settlement("stopped", done=12, total=40, error=NO_ANSWER)
    },
    "idle_pending": {"pending": PENDING},
    "settling_pending_work": {
        "phase": "settling",
        "settlement": settlement("pending_work", total=3, done=1),
    },
    "settling_totals": {"phase": "settling", "settlement": settlement("totals")},
    "settling_upload": {
        "phase": "settling",
        "settlement": settlement(
            "upload", done=16, total=42, domestic="unbalanced", foreign="balanced"
        ),
    },
    "settling_done": {
        "phase": "settling",
        "settlement": settlement(
            "done",
            domestic="balanced",
            foreign="balanced",
            slip="/slips/settlement-000001.png",
        ),
    },
    "settling_unbalanced": {
        "phase": "settling",
        "settlement": settlement(
            "done",
            domestic="unbalanced",
            foreign="balanced",
            slip="/slips/settlement-000001.png",
        ),
    },
    "settling_stopped": {
        "phase": "settling",
        "settlement": settlement("stopped", done=16, total=42, error=NO_ANSWER),
    },
    "settling_advices_left": {
        "phase": "settling",
        "settlement": settlement("stopped", done=1, total=2, error=ADVICES_LEFT),
    },
    "loading": {
        "phase": "loading",
        "loading": {"what": "public_keys", "done": 2, "total": 6, "error": None},
    },
    "loading_begins": {
        "phase": "loading",
        "loading": {"what": "blacklist", "done": 0, "total": None, "error": None},
    },
    "loading_failed": {
        "phase": "loading",
        "loading": {"what": "master_key", "done": 1, "total": 3, "error": NO_ANSWER},
    },
}
