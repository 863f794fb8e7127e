"""The only writer and reader of uploaded papers: kept sealed, opened for who may see them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction
from django.http import HttpResponse

from tongbao.platform.access.actor import ActorKind
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.ids import new_id
from tongbao.platform.onboarding.models import Application, Paper
from tongbao.platform.onboarding.paper_content import (
    SIZE_MAX_BYTES,
    PaperRefusedError,
    inspect,
)
from tongbao.platform.onboarding.records import found, locked
from tongbao.platform.onboarding.states import EDITABLE, Act, ActNotPossibleError, State
from tongbao.platform.onboarding.tiers import TIERS, PaperKind, Tier
from tongbao.platform.sealing import data_key

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tongbao.platform.access.actor import Actor

__all__ = [
    "PAPERS_MAX",
    "SIZE_MAX_BYTES",
    "OpenedPaper",
    "Upload",
    "add",
    "as_response",
    "open_paper",
    "papers_of",
    "remove",
]

PAPERS_MAX = 30
# A paper of these kinds may come in several sheets; of every other the newest counts.
_SEVERAL = frozenset({PaperKind.OTHER, PaperKind.RENT_CONTRACT})
_NAME_LENGTH_MAX = 120


class Upload(NamedTuple):
    """What somebody uploads: the kind they say it is, the name of their file, its bytes."""

    kind: PaperKind
    file_name: str
    content: bytes


class OpenedPaper(NamedTuple):
    """A paper in the clear, for one answer."""

    paper: Paper
    content: bytes


def papers_of(application: Application) -> QuerySet[Paper]:
    """Return the papers in force, without their bytes."""
    rows = application.papers.filter(removed_at_us=None).defer("sealed")
    return rows.order_by("uploaded_at_us", "paper_id")


def add(actor: Actor, application_id: str, upload: Upload, *, now_us: int) -> Paper:
    """Keep an upload, sealed; a newer paper of a kind takes the place of the older.

    Raises: PaperRefusedError with the code of a finding; ActNotPossibleError; AccessDeniedError;
    Application.DoesNotExist.
    """
    application = found(actor, Operation.APPLICATION_CHANGE, application_id, now_us=now_us)
    if upload.kind not in TIERS[Tier(application.tier)].accepted_papers:
        raise PaperRefusedError("paper_kind_not_wanted")
    content = inspect(upload.content, upload.file_name)
    paper_id = new_id("paper")
    sealed = data_key().seal(upload.content, _context(paper_id))
    with transaction.atomic():
        application = locked(application_id)
        _refuse_unless_editable(application)
        if application.papers.count() >= PAPERS_MAX:
            raise PaperRefusedError("papers_too_many")
        if upload.kind not in _SEVERAL:
            papers_of(application).filter(kind=upload.kind.value).update(removed_at_us=now_us)
        paper = Paper.objects.create(
            paper_id=paper_id,
            application=application,
            kind=upload.kind.value,
            file_name=_plain_name(upload.file_name),
            media_type=content.media_type,
            size_bytes=len(upload.content),
            width_px=content.width_px,
            height_px=content.height_px,
            sha256=hashlib.sha256(upload.content).hexdigest(),
            sealed=sealed,
            uploaded_at_us=now_us,
            uploaded_by=actor.actor_id[:64],
        )
        Application.objects.filter(pk=application_id).update(
            version=application.version + 1, updated_at_us=now_us
        )
        record(
            actor,
            Operation.APPLICATION_CHANGE,
            now_us=now_us,
            target=("paper", paper_id),
            after={
                "kind": paper.kind,
                "media_type": paper.media_type,
                "size_bytes": paper.size_bytes,
                "sha256": paper.sha256,
                "application_id": application_id,
            },
        )
    return paper


def remove(actor: Actor, application_id: str, paper_id: str, *, now_us: int) -> None:
    """Take a paper out of an application; its row stays.

    Raises: Paper.DoesNotExist; ActNotPossibleError; AccessDeniedError; Application.DoesNotExist.
    """
    found(actor, Operation.APPLICATION_CHANGE, application_id, now_us=now_us)
    with transaction.atomic():
        application = locked(application_id)
        _refuse_unless_editable(application)
        paper = papers_of(application).get(pk=paper_id)
        paper.removed_at_us = now_us
        paper.save(update_fields=["removed_at_us"])
        record(
            actor,
            Operation.APPLICATION_CHANGE,
            now_us=now_us,
            target=("paper", paper_id),
            before={"kind": paper.kind, "status": "kept"},
            after={"kind": paper.kind, "status": "removed"},
        )


def open_paper(actor: Actor, paper_id: str, *, now_us: int) -> OpenedPaper:
    """Return a paper in the clear; that a member of staff looked is written down.

    Raises: Paper.DoesNotExist; AccessDeniedError; SealError.
    """
    paper = Paper.objects.get(pk=paper_id)
    found(actor, Operation.PAPER_VIEW, paper.application_id, now_us=now_us)
    content = data_key().open(bytes(paper.sealed), _context(paper_id))
    if actor.kind is ActorKind.STAFF:
        with transaction.atomic():
            record(
                actor,
                Operation.PAPER_VIEW,
                now_us=now_us,
                target=("paper", paper_id),
                after={"kind": paper.kind, "application_id": paper.application_id},
            )
    return OpenedPaper(paper, content)


def as_response(opened: OpenedPaper) -> HttpResponse:
    """Return a paper for a browser, which may show it and must run and keep nothing of it."""
    response = HttpResponse(opened.content, content_type=opened.paper.media_type)
    response["Content-Disposition"] = "inline"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def _refuse_unless_editable(application: Application) -> None:
    state = State(application.status)
    if state not in EDITABLE:
        raise ActNotPossibleError(state, Act.SAVE)


def _plain_name(name: str) -> str:
    """Return a file name without folders and control characters."""
    base = re.split(r"[/\\]", name)[-1]
    return "".join(letter for letter in base if letter.isprintable())[-_NAME_LENGTH_MAX:]


def _context(paper_id: str) -> str:
    return f"onboarding_paper.sealed {paper_id}"
