"""Scenes of the device itself: activation, function self-test, training, lock, messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.till.scenes_base import State

from tongbao.domain.dates import Instant
from tongbao.terminal.activation.machine import Activation, Stage
from tongbao.terminal.activation.self_test import picture_url
from tongbao.terminal.activation.testing import ORDER
from tongbao.terminal.activation.view import activation_view
from tongbao.terminal.activation.wording import NOT_ASSIGNED
from tongbao.terminal.device.settings import DeviceSettings
from tongbao.wire.device.activation import Invitation

_SETTINGS = DeviceSettings(
    serial_number="TB26110001", data_folder=Path("unused"), gateway_ca_file=Path("unused")
)
_CODE = "24681357"


def _activation(stage: Stage, **changes: Any) -> State:
    values: dict[str, Any] = {"terminal_id": "00000003", "merchant_name": "通宝便利店", **changes}
    now = Instant(1_795_226_400_000_000)
    return activation_view(_SETTINGS, Activation(stage=stage, **values), None, now)


def _test(asks: str | None, *, failed: str | None = None) -> dict[str, Any]:
    parts = [part.value for part in ORDER]
    reached = len(parts) if asks is None else parts.index(asks)
    rows = []
    for place, part in enumerate(parts):
        result = "passed" if place < reached else "running" if place == reached else "pending"
        detail = "host 12 ms, platform 9 ms" if part == "network" and place < reached else ""
        rows.append(
            {"part": part, "result": "failed" if part == failed else result, "detail": detail}
        )
    return {
        "parts": rows,
        "asks": asks,
        "code": "135790",
        "picture": picture_url("TONGBAO-TEST:135790") if asks == "scanner" else None,
        "tries_left": 3,
        "done": asks is None,
        "passed": asks is None and failed is None,
        "slip": "/slips/001234.png" if reached > 1 else None,
    }


def device_scenes(base: State) -> dict[str, State]:
    """Return the scenes by name; `base` is the terminal at rest."""
    invitation = Invitation(
        code=_CODE,
        qr_text=f"tongbao-activate:TB26110001:00000003:{_CODE}",
        expires_at_ms=1_795_226_400_000,
    )
    in_test = _activation(Stage.SELF_TEST)
    lock = {
        "code": "locked",
        "zh": "本机已被锁定，请联系收单机构",
        "en": "This terminal is locked; call the acquirer",
        "detail": "账户欠费，请致电 400 热线",
    }
    message = {"code": "m1", "zh": "请更换纸卷，明早派人上门。", "en": "Please change the paper."}
    return {
        "activation_network": _activation(Stage.NETWORK, terminal_id=None, merchant_name=None),
        "activation_not_assigned": _activation(Stage.NETWORK, trouble=NOT_ASSIGNED),
        "activation_code": _activation(Stage.CODE, invitation=invitation),
        "activation_keys": _activation(Stage.KEYS, is_busy=True),
        "activation_ready": _activation(Stage.READY),
        "self_test_screen": {**in_test, "self_test": _test("screen")},
        "self_test_scanner": {**in_test, "self_test": _test("scanner")},
        "self_test_keypad": {**in_test, "self_test": _test("keypad")},
        "self_test_failed": {**base, "self_test": _test(None, failed="keypad")},
        "self_test_passed": {**base, "self_test": _test(None)},
        "training_idle": {**base, "training": True, "terminal_id": "TRAINING"},
        "locked": {**base, "locked": lock},
        "platform_message": {**base, "platform_message": message},
    }
