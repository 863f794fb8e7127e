"""The only writer of change requests and decisions: one asks, another approves, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, Unpack

from django.db import transaction

from tongbao.platform.access.actor import ActorKind
from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.approvals.kinds import (
    APPROVING,
    EXPIRES_AFTER_US,
    TEXT_LENGTH_MAX,
    ChangeKind,
    ChangeOutcome,
    Refusal,
)
from tongbao.platform.approvals.models import ChangeDecision, ChangeRequest
from tongbao.platform.audit.services import Outcome, record
from tongbao.platform.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tongbao.platform.access.actor import Actor

    Apply = Callable[[Actor, dict[str, Any], int], None]

_APPLY: dict[ChangeKind, Apply] = {}


class ChangeRefusedError(Exception):
    """Nothing was decided and nothing changed; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class ChangeNotPossibleError(Exception):
    """An `apply` found that the change cannot be made any more; the request stays open."""


class About(TypedDict):
    """What a request is about.

    `target`: kind and key of the thing. `merchant_id`: whose it is, or empty. `reason`: why, in
    the asker's words. `before`: the fields as they are, to be shown beside the payload.
    """

    target: tuple[str, str]
    merchant_id: str
    reason: str
    before: NotRequired[Mapping[str, Any]]


def register(kind: ChangeKind, apply: Apply) -> None:
    """Name the function that makes changes of this kind: `apply(approver, payload, now_us)`.

    It runs in the transaction of the decision, so both happen or neither.
    """
    _APPLY[kind] = apply


def ask(
    actor: Actor,
    kind: ChangeKind,
    payload: Mapping[str, Any],
    *,
    now_us: int,
    **about: Unpack[About],
) -> ChangeRequest:
    """Ask for a change; whether `actor` may ask is the caller's question, asked before.

    `payload` and `before` are JSON objects that people may read: no secret stands in them.
    """
    kind_of_thing, key = about["target"]
    with transaction.atomic():
        request = ChangeRequest.objects.create(
            request_id=new_id("change"),
            kind=kind.value,
            target_type=kind_of_thing,
            target_id=key,
            merchant_id=about["merchant_id"],
            before=dict(about.get("before", {})),
            payload=dict(payload),
            reason=about["reason"][:TEXT_LENGTH_MAX],
            asked_by=actor.actor_id,
            asked_by_name=actor.name[:150],
            asked_at_us=now_us,
            expires_at_us=now_us + EXPIRES_AFTER_US,
        )
        record(
            actor,
            Operation.CHANGE_ASK,
            now_us=now_us,
            target=about["target"],
            merchant_id=about["merchant_id"],
            after={"request_id": request.pk, "kind": kind.value},
        )
    return request


def decide(
    actor: Actor, request_id: str, *, approve: bool, note: str, now_us: int
) -> ChangeDecision:
    """Approve or refuse a request and, when approved, make the change in the same transaction.

    Raises AccessDeniedError without the right for this kind, and ChangeRefusedError when the
    request is unknown, the actor's own, expired or decided already, when a refusal says no reason,
    or when the change cannot be made any more (then the request stays open).
    """
    request = _request(request_id)
    kind = ChangeKind(request.kind)
    require(
        actor,
        APPROVING[kind],
        now_us=now_us,
        target=("change_request", request_id),
    )
    if request.asked_by == actor.actor_id or actor.kind is ActorKind.SYSTEM:
        record(
            actor,
            APPROVING[kind],
            now_us=now_us,
            outcome=Outcome.DENIED,
            target=("change_request", request_id),
            merchant_id=request.merchant_id,
            detail=Refusal.OWN_REQUEST,
        )
        raise ChangeRefusedError(Refusal.OWN_REQUEST)
    if not approve and not note.strip():
        raise ChangeRefusedError(Refusal.NOTE_MISSING)
    with transaction.atomic():
        _lock_open(request_id, now_us)
        outcome = ChangeOutcome.APPROVED if approve else ChangeOutcome.REFUSED
        decision = _close(request, actor, outcome, note=note, now_us=now_us)
        if approve:
            try:
                _APPLY[kind](actor, dict(request.payload), now_us)
            except ChangeNotPossibleError as error:
                raise ChangeRefusedError(Refusal.NOT_POSSIBLE) from error
        _record_end(actor, APPROVING[kind], request, decision, now_us)
    return decision


def withdraw(actor: Actor, request_id: str, *, now_us: int) -> ChangeDecision:
    """Take one's own open request back; raises ChangeRefusedError when it is not."""
    request = _request(request_id)
    if request.asked_by != actor.actor_id:
        raise ChangeRefusedError(Refusal.NOT_OWN_REQUEST)
    with transaction.atomic():
        _lock_open(request_id, now_us)
        decision = _close(request, actor, ChangeOutcome.WITHDRAWN, note="", now_us=now_us)
        _record_end(actor, Operation.CHANGE_WITHDRAW, request, decision, now_us)
    return decision


def _request(request_id: str) -> ChangeRequest:
    request = ChangeRequest.objects.filter(pk=request_id).first()
    if request is None:
        raise ChangeRefusedError(Refusal.UNKNOWN)
    return request


def _lock_open(request_id: str, now_us: int) -> None:
    """Take the request for this transaction; of two deciders the second finds it decided."""
    request = ChangeRequest.objects.select_for_update().get(pk=request_id)
    if ChangeDecision.objects.filter(request_id=request_id).exists():
        raise ChangeRefusedError(Refusal.DECIDED_ALREADY)
    if now_us >= request.expires_at_us:
        raise ChangeRefusedError(Refusal.EXPIRED)


def _close(
    request: ChangeRequest, actor: Actor, outcome: ChangeOutcome, *, note: str, now_us: int
) -> ChangeDecision:
    return ChangeDecision.objects.create(
        request=request,
        outcome=outcome.value,
        decided_by=actor.actor_id,
        decided_by_name=actor.name[:150],
        note=note.strip()[:TEXT_LENGTH_MAX],
        decided_at_us=now_us,
    )


def _record_end(
    actor: Actor,
    operation: Operation,
    request: ChangeRequest,
    decision: ChangeDecision,
    now_us: int,
) -> None:
    record(
        actor,
        operation,
        now_us=now_us,
        target=(request.target_type, request.target_id),
        merchant_id=request.merchant_id,
        before={"request_id": request.pk, "status": "open"},
        after={"request_id": request.pk, "status": decision.outcome, "note": decision.note},
    )
