"""Questions about change requests: which stand open, and what they change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, Case, Exists, OuterRef, Value, When

from tongbao.platform.approvals.models import ChangeDecision, ChangeRequest

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: as it is, and as it shall be; None where there is none."""

    name: str
    before: Any
    after: Any

    @property
    def is_changed(self) -> bool:
        """Whether the two differ."""
        return bool(self.before != self.after)


def with_standing(requests: QuerySet[ChangeRequest], now_us: int) -> QuerySet[Any]:
    """Annotate `is_open`: neither decided nor expired."""
    decided = Exists(ChangeDecision.objects.filter(request_id=OuterRef("pk")))
    return requests.annotate(is_decided=decided).annotate(
        is_open=Case(
            When(is_decided=True, then=Value(value=False)),
            When(expires_at_us__lte=now_us, then=Value(value=False)),
            default=Value(value=True),
            output_field=BooleanField(),
        )
    )


def open_requests(now_us: int) -> int:
    """Return how many requests wait for somebody."""
    return with_standing(ChangeRequest.objects.all(), now_us).filter(is_open=True).count()


def differences(request: ChangeRequest) -> list[Difference]:
    """Return the fields of a request, those that change first.

    Where the asker said what stands there now, these fields are shown and no others: a payload also
    holds what only the machine needs.
    """
    names = sorted(request.before or request.payload)
    found = [
        Difference(name, request.before.get(name), request.payload.get(name)) for name in names
    ]
    return sorted(found, key=lambda one: (not one.is_changed, one.name))
