"""Reading papers by machine: prefills the form, shows the reviewer differences, decides nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from django.db import transaction

from tongbao.platform.access.operations import Operation
from tongbao.platform.onboarding.models import Application, Paper, PaperReading
from tongbao.platform.onboarding.papers import open_paper, papers_of
from tongbao.platform.onboarding.records import found, secrets_of
from tongbao.platform.onboarding.tiers import PaperKind
from tongbao.platform.providers.ports import Reading, ReadingOutcome
from tongbao.platform.providers.registry import providers
from tongbao.platform.sealing import data_key

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor

READABLE: Final = frozenset(
    {PaperKind.LICENCE, PaperKind.ID_FRONT, PaperKind.ID_BACK, PaperKind.BANK_CARD}
)


class Difference(NamedTuple):
    """A field that was read as one thing and typed as another."""

    field: str
    read: str
    typed: str


def read(actor: Actor, paper_id: str, *, now_us: int) -> Reading:
    """Have a machine read a paper and keep what it says beside it.

    Raises: Paper.DoesNotExist; AccessDeniedError.
    """
    application_id = Paper.objects.values_list("application_id", flat=True).get(pk=paper_id)
    found(actor, Operation.APPLICATION_CHANGE, application_id, now_us=now_us)
    paper, content = open_paper(actor, paper_id, now_us=now_us)
    if PaperKind(paper.kind) not in READABLE or paper.media_type == "application/pdf":
        return Reading(outcome=ReadingOutcome.NOTHING_FOUND)
    reading = providers().documents.read(paper.kind, content)
    sealed = data_key().seal(
        json.dumps(reading.values, ensure_ascii=False).encode(), _context(paper_id)
    )
    with transaction.atomic():
        PaperReading.objects.create(
            paper=paper,
            outcome=reading.outcome.value,
            values_sealed=sealed,
            took_ms=reading.took_ms,
            read_at_us=now_us,
        )
    return reading


def read_values(application: Application) -> dict[str, str]:
    """Return what was read on the papers in force, field by field, the newest reading counting."""
    values: dict[str, str] = {}
    rows = PaperReading.objects.filter(
        paper__in=papers_of(application), outcome=ReadingOutcome.READ.value
    ).order_by("reading_id")
    for reading in rows:
        opened = data_key().open(bytes(reading.values_sealed), _context(reading.paper_id))
        values.update(json.loads(opened))
    return values


def differing_fields(application: Application) -> list[Difference]:
    """Return where what was read differs from what was typed; both in the clear, for reviewers."""
    typed = {**application.data, **secrets_of(application)}
    return [
        Difference(field, text, str(typed[field]))
        for field, text in sorted(read_values(application).items())
        if field in typed and _letters(text) != _letters(str(typed[field]))
    ]


def _letters(text: str) -> str:
    return "".join(text.split()).upper().replace("(", "（").replace(")", "）")


def _context(paper_id: str) -> str:
    return f"onboarding_paperreading.values {paper_id}"
