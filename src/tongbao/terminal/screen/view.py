"""What a screen sees: the terminal's state as JSON. PIN, track and keys have no place in it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from tongbao.domain.dates import Instant
from tongbao.terminal.core.host_parameters import effective_settings
from tongbao.terminal.core.items import can_be_undone, find_item
from tongbao.terminal.core.kinds import RULE_OF, RULES, PinUse, is_allowed
from tongbao.terminal.core.paying import card_entries
from tongbao.terminal.core.signatures import signature_state
from tongbao.terminal.core.slips import slip_name
from tongbao.terminal.core.totals import batch_totals, must_settle
from tongbao.terminal.core.vocabulary import DoubtStage, Phase, TimerKind
from tongbao.terminal.screen.people_view import people_state
from tongbao.terminal.screen.service_view import service_state

if TYPE_CHECKING:
    from tongbao.terminal.core.items import BatchItem
    from tongbao.terminal.core.kinds import PaymentRule
    from tongbao.terminal.core.state import Notice, Result, TerminalState
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
    settings = effective_settings(settings, state.loaded.parameters)
    now = shell.now
    return {
        "phase": state.phase.value,
        "terminal_id": settings.terminal_id.value,
        "merchant_id": settings.merchant_id.value,
        "merchant_name": settings.merchant_name,
        "merchant_name_en": settings.merchant_name_en,
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
        "kinds": [_kind(rule, settings) for rule in RULES],
        "kind": _running_kind(state),
        "card_entry": _card_entry(state, settings),
        "pin_optional": _pin_optional(state, settings),
        "cancel_requested": state.cancel_requested,
        "deadline": _deadline(shell),
        "result": _result(state, settings),
        "doubt": _doubt(shell),
        "today": _today(state, now),
        "recent": [
            {
                "kind": line.payment_kind,
                "batch": line.batch,
                "trace": line.trace,
                "amount_minor": line.amount_minor,
                "card_masked": line.card_masked,
                "outcome": line.outcome.value,
                "at": _iso(line.at),
                "slip": _slip(line.slip),
            }
            for line in state.recent
        ],
        "totals": _totals(state, settings),
        "found": _found(state, settings),
        **people_state(state, settings),
        **service_state(state, settings),
        **_wanted(settings),
        "sandbox": _sandbox(settings, reader_address),
        "sound": _sound(shell),
    }


def _wanted(settings: TerminalSettings) -> dict[str, Any]:
    """Return what the platform wants of the screen itself."""
    return {
        "training": settings.is_training,
        "training_allowed": settings.training_allowed,
        "training_needs_supervisor": settings.training_needs_supervisor,
        "language": settings.language or None,
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
    if state.draft is not None:
        return state.draft.amount.minor
    if state.intent is not None:
        return state.intent.amount_minor
    if state.result is not None:
        return state.result.amount.minor
    return state.doubt.intent.amount_minor if state.doubt is not None else 0


def _card(state: TerminalState) -> dict[str, str] | None:
    masked, swiped = None, True
    if state.draft is not None and state.draft.card is not None:
        masked = state.draft.card.pan.masked
        swiped = state.draft.card.track is not None
    elif state.intent is not None:
        masked = state.intent.card_masked
        swiped = state.intent.entry_mode.startswith("02")
    elif state.result is not None:
        masked = state.result.card_masked
    return None if masked is None else {"masked": masked, "entry": "S" if swiped else "M"}


def _kind(rule: PaymentRule, settings: TerminalSettings) -> dict[str, Any]:
    return {
        "kind": rule.kind,
        "code": rule.code,
        "zh": rule.zh,
        "en": rule.en,
        "group": rule.group.value,
        "needs": list(rule.needs(settings)),
        "allowed": is_allowed(rule, settings),
    }


def _running_kind(state: TerminalState) -> str | None:
    running = state.draft or state.intent or state.result
    if running is None and state.doubt is not None:
        running = state.doubt.intent
    return None if running is None else running.payment_kind


def _card_entry(state: TerminalState, settings: TerminalSettings) -> list[str]:
    draft = state.draft
    return [] if draft is None else list(card_entries(settings, draft.payment_kind))


def _pin_optional(state: TerminalState, settings: TerminalSettings) -> bool:
    draft = state.draft
    return draft is not None and RULE_OF[draft.payment_kind].pin_use(settings) is PinUse.OPTIONAL


def _totals(state: TerminalState, settings: TerminalSettings) -> dict[str, Any]:
    profile = settings.profile
    totals = batch_totals(state.items, profile)
    return {
        "batch_no": state.batch.value,
        "records": totals.records,
        "records_max": profile.batch_records_max,
        "must_settle": must_settle(state.items, profile),
        "domestic": dataclasses.asdict(totals.domestic),
        "foreign": dataclasses.asdict(totals.foreign),
        "kinds": [dataclasses.asdict(line) for line in totals.kinds],
    }


def _found(state: TerminalState, settings: TerminalSettings) -> dict[str, Any] | None:
    found = state.found
    if found is None:
        return None
    payment = None if found.item is None else _found_payment(state, settings, found.item)
    return {"trace": found.trace, "batch": found.batch, "payment": payment}


def _found_payment(
    state: TerminalState, settings: TerminalSettings, item: BatchItem
) -> dict[str, Any]:
    intent, closed = item.intent, item.closed
    name = slip_name(intent.trace)
    return {
        "kind": intent.payment_kind,
        "amount_minor": intent.amount_minor,
        "tip_minor": intent.tip_minor,
        "card_masked": intent.card_masked,
        "outcome": item.outcome.value,
        "code": closed.code,
        "auth_code": getattr(closed, "auth_code", "") or None,
        "rrn": item.closed_rrn or None,
        "at": _iso(item.closed_at.plus_ms(state.clock_offset_ms)),
        "slip": _slip(name if name in item.slips else None),
        "reversible": can_be_undone(state.items, item),
        "signature": signature_state(settings, state, item),
    }


def _deadline(shell: TerminalShell) -> dict[str, Any] | None:
    kind = _DEADLINES.get(shell.state.phase)
    timer = None if kind is None else shell.timer(kind)
    if timer is None and shell.state.phase is Phase.REVERSING:
        # A reversal whose keys were stale waits for the sign-in first.
        timer = shell.timer(TimerKind.HOST)
    if kind is None or timer is None:
        return None
    return {"kind": kind.value, "total_ms": timer.total_ms, "remaining_ms": timer.remaining_ms}


def _result(state: TerminalState, settings: TerminalSettings) -> dict[str, Any] | None:
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
        "kind": result.payment_kind,
        "batch": result.batch,
        "tip_minor": result.tip_minor,
        "original_trace": result.original_trace,
        "balance_minor": result.balance_minor,
        "available_minor": result.available_minor,
        "signature": _signature_of_result(state, settings, result),
    }


def _signature_of_result(state: TerminalState, settings: TerminalSettings, result: Result) -> str:
    if result.batch is None or result.trace is None:
        return "none"
    item = find_item(state.items, result.batch, result.trace.value)
    return "none" if item is None else signature_state(settings, state, item)


def _doubt(shell: TerminalShell) -> dict[str, Any] | None:
    doubt = shell.state.doubt
    if doubt is None:
        return None
    retry = shell.timer(TimerKind.RETRY) if doubt.stage is DoubtStage.WAITING else None
    return {
        "kind": doubt.intent.payment_kind,
        "resolution": doubt.resolution.value,
        "batch": doubt.intent.batch,
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
        "on_screen_card_entry": settings.on_screen_card_entry,
        # A device of the fleet has its operators from the platform, with PINs that nobody knows.
        "has_sample_operators": settings.client_certificate_file is None,
    }


def _sound(shell: TerminalShell) -> dict[str, Any] | None:
    sound = shell.sound
    return None if sound is None else {"id": sound.number, "name": sound.cue.value}
