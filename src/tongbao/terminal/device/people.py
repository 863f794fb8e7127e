"""The people's part of a settings document: operators, functions, and how long they may stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.terminal.settings import FunctionRule
from tongbao.wire.device.settings import SignInPolicy

if TYPE_CHECKING:
    from tongbao.wire.device.settings import SettingsDocument


def people_settings(document: SettingsDocument) -> dict[str, Any]:
    """Return the fields of a terminal's settings that say who works there and how."""
    operators = document.operators
    is_served = document.sign_in_policy is SignInPolicy.NONE
    return {
        "operators": {one.number: one.pin_hash for one in operators if one.pin_hash is not None},
        "operator_roles": {one.number: one.role.value for one in operators},
        "operator_names": {one.number: one.name for one in operators if one.name},
        "first_pins": frozenset(one.number for one in operators if one.must_change),
        "functions": {
            one.kind: FunctionRule(
                function_class=one.function_class.value,
                role=one.role.value,
                password_hash=one.password_hash or "",
            )
            for one in document.function_codes
        },
        "sign_in_policy": document.sign_in_policy.value,
        "auto_sign_in": document.auto_sign_in,
        # Where nobody logs in, nobody could open a locked till.
        "idle_lock_s": 0 if is_served else document.idle_lock_s or 0,
    }
