"""What a screen sees: the terminal's state as JSON. PIN, track and keys have no place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tongbao.domain.dates import Instant
from tongbao.terminal.core.vocabulary import DoubtStage, Phase, TimerKind

if TYPE_CHECKING:
    from tongbao.terminal.core.state import Notice, TerminalState
    from tongbao.terminal.settings import TerminalSettings
    from tongbao.terminal.shell import TerminalShell

_DEADLINES: Final = {
    Phase.SIGNING_IN: TimerKind.HOST,
    Phase.CARD: TimerKind.CARD,
    Phase.PIN: TimerKind.PIN,
    Phase.AUTHORISING: TimerKind.HOST,
    Phase.REVERSING: TimerKind.REVERSAL,
}


def screen_state(
    shell: TerminalShell, settings: TerminalSettings, reader_address: str | None
) -> dict[str, Any]:
    """Return all that a screen draws: amounts in minor units, times in ISO 8601 at +08:00."""
    state = shell.state
    now = shell.now
    return {
        "phase": state.phase.value,
        "terminal_id": settings.terminal_id.value,
        "merchant_id": settings.merchant_id.value,
        "merchant_name": settings.merchant_name,
        "merchant_name_en": settings.merchant_name_en,
        "operator": state.operator.value if state.operator else None,
        "link": "up" if state.link_up else "down",
        "signed_in": state.signed_in,
        "sign_in_error": _notice(state.sign_in_error),
        "batch_no": state.batch.value,
        "next_trace": state.next_trace.value,
        "clock": _iso(now),
        "self_check": [
            {"part": check.part.value, "result": check.result.value, "detail": check.detail}
            for check in state.self_check
        ],
        "amount_minor": _amount_minor(state),
        "currency": "CNY",
        "card": _card(state),
        "deadline": _deadline(shell),
        "result": _result(state),
        "doubt": _doubt(shell),
        "today": _today(state, now),
        "recent": [
            {
                "trace": line.trace,
                "amount_minor": line.amount_minor,
                "card_masked": line.card_masked,
                "outcome": line.outcome.value,
                "at": _iso(line.at),
                "slip": _slip(line.slip),
            }
            for line in state.recent
        ],
        "sandbox": _sandbox(settings, reader_address),
        "sound": _sound(shell),
    }


def notice_view(notice: Notice) -> dict[str, str]:
    """Return words for a screen."""
    return {"code": notice.code, "zh": notice.zh, "en": notice.en}


def _notice(notice: Notice | None) -> dict[str, str] | None:
    return None if notice is None else notice_view(notice)


def _iso(moment: Instant) -> str:
    return moment.local().isoformat(timespec="seconds")


def _slip(name: str | None) -> str | None:
    return None if name is None else f"/slips/{name}.png"


def _amount_minor(state: TerminalState) -> int:
    if state.sale is not None:
        return state.sale.amount.minor
    if state.intent is not None:
        return state.intent.amount_minor
    if state.result is not None:
        return state.result.amount.minor
    return state.doubt.intent.amount_minor if state.doubt is not None else 0


def _card(state: TerminalState) -> dict[str, str] | None:
    masked = None
    if state.sale is not None and state.sale.track is not None:
        masked = state.sale.track.pan.masked
    elif state.intent is not None:
        masked = state.intent.card_masked
    elif state.result is not None:
        masked = state.result.card_masked
    return None if masked is None else {"masked": masked, "entry": "S"}


def _deadline(shell: TerminalShell) -> dict[str, Any] | None:
    kind = _DEADLINES.get(shell.state.phase)
    timer = None if kind is None else shell.timer(kind)
    if timer is None and shell.state.phase is Phase.REVERSING:
        # A reversal whose keys were stale waits for the sign-in first.
        timer = shell.timer(TimerKind.HOST)
    if kind is None or timer is None:
        return None
    return {"kind": kind.value, "total_ms": timer.total_ms, "remaining_ms": timer.remaining_ms}


def _result(state: TerminalState) -> dict[str, Any] | None:
    result = state.result
    if result is None:
        return None
    return {
        "outcome": result.outcome.value,
        "code": result.words.code,
        "zh": result.words.zh,
        "en": result.words.en,
        "action_zh": result.action.zh,
        "action_en": result.action.en,
        "auth_code": result.auth_code,
        "rrn": result.rrn,
        "trace": result.trace.value if result.trace else None,
        "amount_minor": result.amount.minor,
        "card_masked": result.card_masked,
        "slip": _slip(result.slip),
    }


def _doubt(shell: TerminalShell) -> dict[str, Any] | None:
    doubt = shell.state.doubt
    if doubt is None:
        return None
    retry = shell.timer(TimerKind.RETRY) if doubt.stage is DoubtStage.WAITING else None
    return {
        "trace": doubt.intent.trace,
        "amount_minor": doubt.intent.amount_minor,
        "card_masked": doubt.intent.card_masked,
        "since": _iso(doubt.since),
        "attempts": doubt.attempts,
        "stage": doubt.stage.value,
        "next_attempt_ms": retry.remaining_ms if retry else None,
    }


def _today(state: TerminalState, now: Instant) -> dict[str, int]:
    today = state.today
    if today.date != f"{now.local():%Y%m%d}":
        return {"count": 0, "amount_minor": 0}
    return {"count": today.count, "amount_minor": today.amount_minor}


def _sandbox(settings: TerminalSettings, reader_address: str | None) -> dict[str, Any] | None:
    if not settings.is_sandbox:
        return None
    return {
        "drawer_url": settings.drawer_url,
        "terminal_reader": reader_address,
        "on_screen_pin": settings.on_screen_pin,
    }


def _sound(shell: TerminalShell) -> dict[str, Any] | None:
    sound = shell.sound
    return None if sound is None else {"id": sound.number, "name": sound.cue.value}
