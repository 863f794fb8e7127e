"""Questions about many terminals at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypedDict

from django.db.models import BooleanField, Case, OuterRef, QuerySet, Subquery, Value, When

from tongbao.platform.fleet.models import Terminal, TerminalSession

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class _HasSession(TypedDict):
        session_at_us: int | None
        session_open: bool | None

    Terminals: TypeAlias = QuerySet[WithAnnotations[Terminal, _HasSession]]


def with_session(terminals: QuerySet[Terminal]) -> Terminals:
    """Annotate each terminal with its newest session row: when, and whether it opened a session.

    A row with an empty key block is a sign-off. Both are None for a terminal never seen.
    """
    newest = TerminalSession.objects.filter(terminal_id=OuterRef("pk")).order_by("-session_id")
    opened = newest.annotate(
        opened=Case(
            When(key_block=b"", then=Value(value=False)),
            default=Value(value=True),
            output_field=BooleanField(),
        )
    )
    return terminals.annotate(
        session_at_us=Subquery(newest.values("signed_in_at_us")[:1]),
        session_open=Subquery(opened.values("opened")[:1]),
    )


def terminals_of(merchant_id: str) -> QuerySet[Terminal]:
    """Return a merchant's terminals with shop, device and health, ready to be shown."""
    rows = Terminal.objects.filter(merchant_id=merchant_id)
    return rows.select_related("merchant", "shop", "device__health")
