"""The function codes that every terminal has, and what an operator number may be. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tongbao.wire.device.operators import ADMINISTRATOR_NUMBER, SUPERVISOR_NUMBER
from tongbao.wire.device.settings import FunctionClass, OperatorRole

_NUMBER: Final = re.compile("[0-9]{2}", re.ASCII)
FIRST_PIN_DIGITS: Final = 6
OPERATORS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class DefaultCode:
    """A code as it is where nobody has changed it."""

    code: str
    kind: str
    role: OperatorRole
    function_class: FunctionClass = FunctionClass.FUNCTION


_CASHIER, _SUPERVISOR = OperatorRole.CASHIER, OperatorRole.SUPERVISOR
_ADMINISTRATOR = OperatorRole.ADMINISTRATOR

# The payments' codes are those of the terminal (docs/till.md).
DEFAULTS: Final = (
    DefaultCode("01", "sale", _CASHIER),
    DefaultCode("02", "void", _SUPERVISOR),
    DefaultCode("03", "refund", _SUPERVISOR),
    DefaultCode("04", "balance", _CASHIER),
    DefaultCode("05", "pre_authorisation", _CASHIER),
    DefaultCode("06", "pre_authorisation_void", _SUPERVISOR),
    DefaultCode("07", "completion", _CASHIER),
    DefaultCode("08", "completion_advice", _CASHIER),
    DefaultCode("09", "completion_void", _SUPERVISOR),
    DefaultCode("10", "offline_sale", _SUPERVISOR),
    DefaultCode("11", "adjustment", _SUPERVISOR),
    DefaultCode("12", "tip", _CASHIER),
    DefaultCode("13", "mail_order", _CASHIER),
    DefaultCode("81", "query", _CASHIER),
    DefaultCode("82", "totals", _CASHIER),
    DefaultCode("83", "pending", _CASHIER),
    DefaultCode("84", "settle", _CASHIER),
    DefaultCode("90", "log_in", _CASHIER, FunctionClass.BOOT),
    DefaultCode("91", "sign_in", _CASHIER),
    DefaultCode("92", "sign_off", _CASHIER),
    DefaultCode("93", "echo", _CASHIER),
    DefaultCode("94", "downloads", _SUPERVISOR),
    DefaultCode("95", "report_status", _CASHIER),
    DefaultCode("96", "self_test", _SUPERVISOR),
    DefaultCode("97", "training", _SUPERVISOR),
    DefaultCode("98", "change_pin", _CASHIER, FunctionClass.PASSWORD),
    DefaultCode("99", "operators", _SUPERVISOR),
)
# What may be open before anybody has logged in: nothing that touches a payment.
BOOT_KINDS: Final = frozenset({"log_in", "self_test", "training"})
DEFAULT_OF: Final = {default.code: default for default in DEFAULTS}


def fault_of_number(number: str, role: OperatorRole) -> str | None:
    """Return why a number cannot have a role: `bad_number` or `role_of_number`; None when it can.

    00 is the supervisor and 99 the administrator; 01 to 98 are cashiers, or further supervisors.
    """
    if _NUMBER.fullmatch(number) is None:
        return "bad_number"
    fixed = {SUPERVISOR_NUMBER: _SUPERVISOR, ADMINISTRATOR_NUMBER: _ADMINISTRATOR}.get(number)
    if fixed is not None:
        return None if role is fixed else "role_of_number"
    return "role_of_number" if role is _ADMINISTRATOR else None
