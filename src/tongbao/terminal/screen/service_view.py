"""What a screen sees of pending work, settlement, downloads and the small services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.terminal.core.pending_work import WorkKind, work_identity
from tongbao.terminal.core.settlement import SettlementStage, flag_word
from tongbao.terminal.core.working import work_stage

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.terminal.core.pending_work import Work
    from tongbao.terminal.core.state import Doubt, Notice, TerminalState
    from tongbao.terminal.settings import TerminalSettings

_STOPPED = "stopped"


def service_state(state: TerminalState, settings: TerminalSettings) -> dict[str, Any]:
    """Return the parts of the screen's state beside the payments."""
    return {
        "pending": _pending(state, settings),
        "settlement": _settlement(state),
        "loading": _loading(state),
        "last_loaded": {what.value: _iso(at) for what, at in state.loaded.done_at.items()},
        "service": _service(state),
    }


def _pending(state: TerminalState, settings: TerminalSettings) -> list[dict[str, Any]]:
    found = [_doubt(state.doubt)] if state.doubt is not None else []
    return [*found, *(_work(state, settings, work) for work in state.work.works)]


def _work(state: TerminalState, settings: TerminalSettings, work: Work) -> dict[str, Any]:
    return {
        "id": work.identity,
        "kind": work.kind.value,
        "payment_kind": work.item.intent.payment_kind,
        "batch": work.batch,
        "trace": work.trace,
        "amount_minor": work.item.intent.amount_minor,
        "since": _iso(work.since),
        "attempts": work.attempts,
        "stage": work_stage(settings, state, work).value,
        "code": work.code or None,
    }


def _doubt(doubt: Doubt) -> dict[str, Any]:
    intent = doubt.intent
    return {
        "id": work_identity(WorkKind.REVERSAL, intent.batch, intent.trace),
        "kind": WorkKind.REVERSAL.value,
        "payment_kind": intent.payment_kind,
        "batch": intent.batch,
        "trace": intent.trace,
        "amount_minor": intent.amount_minor,
        "since": _iso(doubt.since),
        "attempts": doubt.attempts,
        "stage": doubt.stage.value,
        "code": None,
    }


def _settlement(state: TerminalState) -> dict[str, Any] | None:
    settlement = state.settlement
    if settlement is None:
        return None
    done, total = 0, len(state.work.works)
    if settlement.plan is not None:
        done, total = settlement.plan.done, settlement.plan.total
    elif settlement.stage is not SettlementStage.PENDING_WORK:
        total = 0
    return {
        "batch": settlement.batch.value,
        "stage": _STOPPED if settlement.error else settlement.stage.value,
        "done": done,
        "total": total,
        "domestic": flag_word(settlement.domestic),
        "foreign": flag_word(settlement.foreign),
        "error": _notice(settlement.error),
        "slip": None if settlement.slip is None else f"/slips/{settlement.slip}.png",
    }


def _loading(state: TerminalState) -> dict[str, Any] | None:
    loading = state.loading
    if loading is None:
        return None
    return {
        "what": loading.download.what.value,
        "done": loading.download.done,
        "total": loading.download.total,
        "error": _notice(loading.error),
    }


def _service(state: TerminalState) -> dict[str, Any] | None:
    service = state.service
    if service is None:
        return None
    return {
        "what": service.what,
        "at": _iso(service.at),
        "round_trip_ms": service.round_trip_ms,
        "error": _notice(service.error),
    }


def _notice(notice: Notice | None) -> dict[str, str] | None:
    return None if notice is None else {"code": notice.code, "zh": notice.zh, "en": notice.en}


def _iso(moment: Instant) -> str:
    return moment.local().isoformat(timespec="seconds")
