"""A supervisor's approval: number and password for one act, while the cashier stays logged in.

Wrong tries count and slow the next one down exactly as those of a log-in do.

Spec: UnionPay terminal dialect, 7.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.crypto.operator_pin import pin_fits
from tongbao.terminal.core.records import LogInFailed, SupervisorApproved
from tongbao.terminal.core.roles import may_approve
from tongbao.terminal.core.vocabulary import Cue
from tongbao.terminal.core.wording import (
    NOT_A_SUPERVISOR,
    SUPERVISOR_NEEDED,
    WRONG_PASSWORD,
    wait_before_log_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.domain.ids import OperatorNo
    from tongbao.domain.secrets import Pin
    from tongbao.terminal.core.events import Approval
    from tongbao.terminal.core.state import Notice
    from tongbao.terminal.core.turn import Equipment, Turn
    from tongbao.terminal.settings import TerminalSettings

SUPERVISOR: Final = "00"
# Fits no PIN: an unknown operator number takes as long to refuse as a wrong PIN.
_NOBODY: Final = f"scrypt$16384$8$1${'00' * 16}${'00' * 32}"


def password_refusal(
    equipment: Equipment, turn: Turn, operator: OperatorNo, password: Pin
) -> Notice | None:
    """Check a password; None when it fits. A wrong one is put on record and slows the next try."""
    kept = equipment.settings.operators.get(operator.value, _NOBODY)
    return try_password(equipment, turn, operator.value, lambda: pin_fits(password, kept))


def try_password(
    equipment: Equipment, turn: Turn, operator: str, fits: Callable[[], bool]
) -> Notice | None:
    """Compare a password unless a wrong one must be waited for; put a wrong one on record."""
    state, settings = turn.state, equipment.settings
    wait_s = _seconds_to_wait(equipment, turn)
    if wait_s > 0:
        return wait_before_log_in(wait_s)
    if fits():
        return None
    failures = state.log_in_failures + 1
    turn.persist(LogInFailed(operator=operator))
    turn.change(
        log_in_failures=failures,
        log_in_blocked_until=turn.now.plus_ms(log_in_delay_ms(settings, failures)),
    )
    turn.sound(Cue.ERROR)
    return WRONG_PASSWORD


def why_not_approved(equipment: Equipment, turn: Turn, approval: Approval | None) -> Notice | None:
    """Return why an approval cannot count, as far as it can be said without the password."""
    if approval is None:
        return SUPERVISOR_NEEDED
    wait_s = _seconds_to_wait(equipment, turn)
    if wait_s > 0:
        return wait_before_log_in(wait_s)
    if not may_approve(equipment.settings, approval.operator.value):
        return NOT_A_SUPERVISOR
    return None


def approve(
    equipment: Equipment, turn: Turn, approval: Approval | None, what: str
) -> Notice | None:
    """Take a supervisor's approval of `what`, on record; the reason when it does not count."""
    refusal = why_not_approved(equipment, turn, approval)
    if refusal is not None or approval is None:
        return refusal or SUPERVISOR_NEEDED
    refusal = password_refusal(equipment, turn, approval.operator, approval.password)
    if refusal is not None:
        return refusal
    turn.persist(SupervisorApproved(operator=approval.operator.value, what=what))
    turn.change(log_in_failures=0, log_in_blocked_until=None)
    return None


def log_in_delay_ms(settings: TerminalSettings, failures: int) -> int:
    """Return how long the log-in stays closed after this many wrong tries in a row."""
    return min(
        settings.log_in_delay_first_ms * (1 << min(failures - 1, 30)),
        settings.log_in_delay_max_ms,
    )


def _seconds_to_wait(equipment: Equipment, turn: Turn) -> int:
    until = turn.state.log_in_blocked_until
    if until is None:
        return 0
    left_ms = -(-until.us_since(turn.now) // 1000)
    longest_ms = equipment.settings.log_in_delay_max_ms
    if left_ms > longest_ms:
        # The clock was set back: the wait is counted from now, or it would last until the clock
        # has caught up.
        left_ms = longest_ms
        turn.change(log_in_blocked_until=turn.now.plus_ms(longest_ms))
    return max(0, -(-left_ms // 1000))
