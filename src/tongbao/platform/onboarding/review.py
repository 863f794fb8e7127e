"""What a reviewer does: take, ask for a correction, approve, refuse; always in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, Unpack

from django.db import transaction

from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.ids import new_id
from tongbao.platform.onboarding.applications import round_no
from tongbao.platform.onboarding.approval import make_merchant
from tongbao.platform.onboarding.changes import ask_second_person
from tongbao.platform.onboarding.checking import NEW
from tongbao.platform.onboarding.finding_kinds import SOME_PAPER, Origin, Severity
from tongbao.platform.onboarding.findings import FINDINGS, kind_of
from tongbao.platform.onboarding.models import Application, Finding
from tongbao.platform.onboarding.notices import TOLD, tell_applicant
from tongbao.platform.onboarding.records import NoteMissingError, found, locked, move
from tongbao.platform.onboarding.states import Act, State
from tongbao.platform.onboarding.tiers import PaperKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tongbao.platform.access.actor import Actor


class NotYoursError(Exception):
    """Another reviewer has the application; nothing was changed."""


class OwnApplicationError(Exception):
    """A reviewer never decides about their own application; nothing was changed."""


class FindingUnknownError(ValueError):
    """The reviewer named a finding that is none of theirs; the text is the code."""


class Words(TypedDict, total=False):
    """What the reviewer writes; `version` is that of the page they acted on."""

    note: str
    version: int | None


def take(actor: Actor, application_id: str, *, now_us: int) -> Application:
    """Take an application, also from another reviewer.

    Raises: ActNotPossibleError; OwnApplicationError; AccessDeniedError; Application.DoesNotExist.
    """
    _open(actor, application_id, now_us)
    with transaction.atomic():
        application = locked(application_id)
        application.reviewer = actor.actor_id
        move(application, Act.TAKE, actor, now_us=now_us)
        _record(actor, application, now_us)
    return application


def ask_correction(
    actor: Actor,
    application_id: str,
    codes: Mapping[str, str],
    *,
    now_us: int,
    **words: Unpack[Words],
) -> Application:
    """Send an application back with findings of the reviewer's list.

    `codes` says for each which kind of paper it is about, where it is about papers; else nothing.

    Raises: FindingUnknownError; NoteMissingError when nothing is named; as `take` otherwise.
    """
    _open(actor, application_id, now_us)
    chosen = list(codes)
    note = words.get("note", "").strip()
    if not chosen:
        raise NoteMissingError
    for code in chosen:
        if code not in FINDINGS or kind_of(code).severity is not Severity.CORRECT:
            raise FindingUnknownError(code)
        if codes[code] and codes[code] not in set(PaperKind):
            raise FindingUnknownError(code)
    if "explanation_wanted" in chosen and not note:
        raise NoteMissingError
    with transaction.atomic():
        application = _mine(actor, application_id, words)
        _add_findings(application, codes, note, now_us)
        move(
            application,
            Act.ASK_CORRECTION,
            actor,
            now_us=now_us,
            note=note,
            detail={"codes": chosen},
        )
        tell_applicant(application, TOLD[State.CORRECTION_WANTED], n=len(chosen))
        _record(actor, application, now_us, chosen)
    return application


def refuse(
    actor: Actor, application_id: str, code: str, *, now_us: int, **words: Unpack[Words]
) -> Application:
    """Refuse for a reason of the list and in the reviewer's own words.

    Raises: FindingUnknownError; NoteMissingError; as `take` otherwise.
    """
    _open(actor, application_id, now_us)
    if code not in FINDINGS or kind_of(code).severity is not Severity.REFUSE:
        raise FindingUnknownError(code)
    note = words.get("note", "").strip()
    if not note:
        raise NoteMissingError
    with transaction.atomic():
        application = _mine(actor, application_id, words)
        _add_findings(application, {code: ""}, note, now_us)
        move(application, Act.REFUSE, actor, now_us=now_us, note=note, detail={"codes": [code]})
        tell_applicant(application, TOLD[State.REFUSED])
        _record(actor, application, now_us, [code])
    return application


def approve(
    actor: Actor, application_id: str, *, now_us: int, **words: Unpack[Words]
) -> Application:
    """Approve: the merchant, its shop, account, limits and owner come into being.

    An application for a change is only passed on: another person decides (`changes`).

    Where the checks left hints the reviewer says in words what came of them.
    Raises: NoteMissingError; MerchantNumberError; as `take` otherwise.
    """
    _open(actor, application_id, now_us)
    note = words.get("note", "").strip()
    with transaction.atomic():
        application = _mine(actor, application_id, words)
        hints = application.findings.filter(cleared_at_us=None)
        if hints.exists() and not note:
            raise NoteMissingError
        hints.update(cleared_at_us=now_us)
        move(application, Act.APPROVE, actor, now_us=now_us, note=note)
        if application.kind == NEW:
            make_merchant(actor, application, now_us)
            tell_applicant(application, TOLD[State.CONTRACT_OFFERED])
        else:
            ask_second_person(actor, application, note, now_us)
        _record(actor, application, now_us)
    return application


def _open(actor: Actor, application_id: str, now_us: int) -> None:
    application = found(actor, Operation.APPLICATION_REVIEW, application_id, now_us=now_us)
    if str(application.owner_id) == actor.actor_id:
        raise OwnApplicationError


def _mine(actor: Actor, application_id: str, words: Words) -> Application:
    application = locked(application_id, version=words.get("version"))
    if application.reviewer != actor.actor_id:
        raise NotYoursError
    return application


def _add_findings(
    application: Application, codes: Mapping[str, str], note: str, now_us: int
) -> None:
    rounds = round_no(application)
    for code, paper in codes.items():
        field = kind_of(code).field
        Finding.objects.create(
            finding_id=new_id("finding"),
            application=application,
            round_no=rounds,
            code=code,
            field=f"paper.{paper}" if paper and field == SOME_PAPER else field,
            origin=Origin.REVIEWER.value,
            note=note[:500],
            opened_at_us=now_us,
        )


def _record(actor: Actor, application: Application, now_us: int, codes: Iterable[str] = ()) -> None:
    record(
        actor,
        Operation.APPLICATION_REVIEW,
        now_us=now_us,
        target=("application", application.pk),
        merchant_id=application.merchant_id or "",
        after={"status": application.status, "codes": list(codes)},
    )
