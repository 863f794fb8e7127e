"""A merchant's part of the audit log."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from ninja import Query, Router
from pydantic import Field

from tongbao.platform.access.decide import Decision
from tongbao.platform.access.operations import Operation
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.pages import page_of
from tongbao.platform.api.shapes import MerchantNumber, Out, Page, PageQuery, moment
from tongbao.platform.audit.models import AuditEntry
from tongbao.platform.merchants.models import Merchant

router = Router(tags=["audit"])


class AuditQuery(PageQuery):
    """A page of the log, of one operation, person or thing when it is named."""

    operation: Annotated[str, Field(max_length=48)] | None = None
    actor_id: Annotated[str, Field(max_length=64)] | None = None
    target_id: Annotated[str, Field(max_length=150)] | None = None


class AuditEntryOut(Out):
    """Who did or was refused what, on what, from where; values that are secret are `…`.

    Of the acquirer's staff neither name nor address is told.
    """

    entry_id: int
    at: datetime
    actor_kind: str
    actor_name: str
    address: str
    operation: str
    outcome: str
    target_type: str
    target_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    detail: str


@router.get(
    "/merchants/{merchant_id}/audit", response=Page[AuditEntryOut], operation_id="list_audit"
)
@operation(Operation.AUDIT_VIEW)
def list_audit(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[AuditQuery]
) -> Page[AuditEntryOut]:
    """List what was done and refused at a merchant, newest first."""
    del request
    merchant = Merchant.objects.get(pk=merchant_id)
    chosen = {
        name: value
        for name in ("operation", "actor_id", "target_id")
        if (value := getattr(query, name)) is not None
    }
    rows, cursor = page_of(
        AuditEntry.objects.filter(merchant_id=merchant.merchant_id, **chosen).exclude(
            # Strangers who knocked: not the merchant's people, so not told by name.
            outcome="denied",
            detail__in=(Decision.HIDDEN.value, Decision.NOT_LOGGED_IN.value),
        ),
        query,
        order=("-entry_id",),
        name=f"audit:{merchant_id}:{sorted(chosen.items())}",
    )
    return Page[AuditEntryOut](items=[_out(entry) for entry in rows], next_cursor=cursor)


def _out(entry: AuditEntry) -> AuditEntryOut:
    # Who works at the acquirer, and where from, is not the merchant's.
    is_staff = entry.actor_kind == "staff"
    return AuditEntryOut(
        entry_id=entry.entry_id,
        at=moment(entry.at_us),
        actor_kind=entry.actor_kind,
        actor_name="" if is_staff else entry.actor_name,
        address="" if is_staff else entry.address,
        operation=entry.operation,
        outcome=entry.outcome,
        target_type=entry.target_type,
        target_id=entry.target_id,
        before=_facts(entry.before),
        after=_facts(entry.after),
        detail=entry.detail,
    )


def _facts(document: str) -> dict[str, Any] | None:
    return json.loads(document) if document else None
