"""A person's applications: drafts, papers, handing in, progress; and their contract."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from ninja import File, Form, Path, Query, Router
from ninja.files import UploadedFile

from tongbao.platform.access.operations import Operation
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.pages import page_of
from tongbao.platform.api.shapes import Page, PageQuery
from tongbao.platform.onboarding import agents, applications, checking, deposits, papers, readings
from tongbao.platform.onboarding.models import Application, Paper
from tongbao.platform.onboarding.problems import told_refusals
from tongbao.platform.onboarding.reading_words import READING_WORDS
from tongbao.platform.onboarding.records import found
from tongbao.platform.onboarding.shapes import (
    ApplicationBriefOut,
    ApplicationOut,
    DepositCode,
    DepositOut,
    Draft,
    NewApplication,
    NewPromise,
    PaperOut,
    ReadingOut,
    application_out,
    brief_out,
    deposit_out,
    paper_out,
    told,
)
from tongbao.platform.onboarding.tiers import PaperKind

router = Router(tags=["applications"])

ApplicationId = Annotated[str, Path(max_length=32)]
PaperId = Annotated[str, Path(max_length=32)]


@router.post("/applications", response={201: ApplicationOut}, operation_id="begin_application")
@operation(Operation.APPLICATION_BEGIN)
def begin_application(request: ApiRequest, body: NewApplication) -> ApplicationOut:
    """Open a draft."""
    with told_refusals():
        application = applications.begin(
            request.actor, body.tier, agent_id=body.agent_id, now_us=request.now_us
        )
    return application_out(application, request.now_us)


@router.get("/applications", response=Page[ApplicationBriefOut], operation_id="list_applications")
@operation(Operation.APPLICATION_BEGIN)
def list_applications(request: ApiRequest, query: Query[PageQuery]) -> Page[ApplicationBriefOut]:
    """List one's own applications, the newest first."""
    owner = int(request.actor.actor_id)
    rows, cursor = page_of(
        Application.objects.filter(owner_id=owner),
        query,
        order=("-created_at_us", "application_id"),
        name=f"applications:{owner}",
    )
    items = [brief_out(application, request.now_us) for application in rows]
    return Page[ApplicationBriefOut](items=items, next_cursor=cursor)


@router.get(
    "/applications/{application_id}", response=ApplicationOut, operation_id="get_application"
)
@operation(Operation.APPLICATION_VIEW)
def get_application(request: ApiRequest, application_id: ApplicationId) -> ApplicationOut:
    """Tell an application with its progress: steps, promised times, what is to be corrected."""
    return _out(request, application_id)


@router.patch(
    "/applications/{application_id}", response=ApplicationOut, operation_id="save_application"
)
@operation(Operation.APPLICATION_CHANGE)
def save_application(
    request: ApiRequest, application_id: ApplicationId, body: Draft
) -> ApplicationOut:
    """Save fields of a draft, or of an application that is to be corrected."""
    changes = body.model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    with told_refusals():
        applications.save(
            request.actor, application_id, changes, version=version, now_us=request.now_us
        )
    return _out(request, application_id)


@router.post(
    "/applications/{application_id}/papers",
    response={201: PaperOut},
    operation_id="upload_paper",
)
@operation(Operation.APPLICATION_CHANGE)
def upload_paper(
    request: ApiRequest,
    application_id: ApplicationId,
    kind: Form[PaperKind],
    file: File[UploadedFile],
) -> PaperOut:
    """Upload a paper; a newer one of its kind takes the place of the older."""
    with told_refusals():
        # One byte more than allowed is enough to refuse it.
        content = file.read(papers.SIZE_MAX_BYTES + 1)
        upload = papers.Upload(kind, file.name or "", content)
        paper = papers.add(request.actor, application_id, upload, now_us=request.now_us)
    return paper_out(paper)


@router.get(
    "/applications/{application_id}/papers/{paper_id}",
    response={200: None},
    operation_id="get_paper",
)
@operation(Operation.PAPER_VIEW)
def get_paper(
    request: ApiRequest, application_id: ApplicationId, paper_id: PaperId
) -> HttpResponse:
    """Give the content of a paper to its owner, or to a reviewer."""
    if not Paper.objects.filter(pk=paper_id, application_id=application_id).exists():
        raise Paper.DoesNotExist
    opened = papers.open_paper(request.actor, paper_id, now_us=request.now_us)
    return papers.as_response(opened)


@router.delete(
    "/applications/{application_id}/papers/{paper_id}",
    response={204: None},
    operation_id="remove_paper",
)
@operation(Operation.APPLICATION_CHANGE)
def remove_paper(request: ApiRequest, application_id: ApplicationId, paper_id: PaperId) -> None:
    """Take a paper out of an application."""
    with told_refusals():
        papers.remove(request.actor, application_id, paper_id, now_us=request.now_us)


@router.post(
    "/applications/{application_id}/papers/{paper_id}/reading",
    response=ReadingOut,
    operation_id="read_paper",
)
@operation(Operation.APPLICATION_CHANGE, asks_others=True)
def read_paper(request: ApiRequest, application_id: ApplicationId, paper_id: PaperId) -> ReadingOut:
    """Have a machine read a paper; what it says may fill in the form and decides nothing."""
    if not Paper.objects.filter(pk=paper_id, application_id=application_id).exists():
        raise Paper.DoesNotExist
    reading = readings.read(request.actor, paper_id, now_us=request.now_us)
    return ReadingOut(
        outcome=reading.outcome.value,
        words=told(READING_WORDS[reading.outcome]),
        fields=reading.values,
    )


@router.post(
    "/applications/{application_id}/submit",
    response=ApplicationOut,
    operation_id="submit_application",
)
@operation(Operation.APPLICATION_CHANGE, asks_others=True)
def submit_application(request: ApiRequest, application_id: ApplicationId) -> ApplicationOut:
    """Hand an application in; the automatic checks run at once."""
    with told_refusals():
        applications.submit(request.actor, application_id, now_us=request.now_us)
    checking.run(application_id, now_us=request.now_us)
    return _out(request, application_id)


@router.post(
    "/applications/{application_id}/withdraw",
    response=ApplicationOut,
    operation_id="withdraw_application",
)
@operation(Operation.APPLICATION_CHANGE)
def withdraw_application(request: ApiRequest, application_id: ApplicationId) -> ApplicationOut:
    """Take an application back."""
    with told_refusals():
        applications.withdraw(request.actor, application_id, now_us=request.now_us)
    return _out(request, application_id)


@router.post(
    "/applications/{application_id}/deposit", response=DepositOut, operation_id="send_deposit"
)
@operation(Operation.APPLICATION_CHANGE, asks_others=True)
def send_deposit(request: ApiRequest, application_id: ApplicationId) -> DepositOut:
    """Have one fen sent to the account that the form names, with six digits in its remark."""
    with told_refusals():
        deposits.send(request.actor, application_id, now_us=request.now_us)
    return deposit_out(Application.objects.get(pk=application_id), request.now_us)


@router.post(
    "/applications/{application_id}/deposit-check",
    response=ApplicationOut,
    operation_id="confirm_deposit",
)
@operation(Operation.APPLICATION_CHANGE, asks_others=True)
def confirm_deposit(
    request: ApiRequest, application_id: ApplicationId, body: DepositCode
) -> ApplicationOut:
    """Take the six digits that stand in the remark of the deposit; five tries."""
    with told_refusals():
        deposits.confirm(request.actor, application_id, body.code, now_us=request.now_us)
    return _out(request, application_id)


@router.post(
    "/applications/{application_id}/promises",
    response={201: ApplicationOut},
    operation_id="record_promise",
)
@operation(Operation.APPLICATION_CHANGE)
def record_promise(
    request: ApiRequest, application_id: ApplicationId, body: NewPromise
) -> ApplicationOut:
    """Write down what the agent promised; the reviewer sees it, and it stays on record."""
    with told_refusals():
        agents.record_promise(
            request.actor, application_id, body.subject, body.words, now_us=request.now_us
        )
    return _out(request, application_id)


def _out(request: ApiRequest, application_id: str) -> ApplicationOut:
    application = found(
        request.actor, Operation.APPLICATION_VIEW, application_id, now_us=request.now_us
    )
    return application_out(application, request.now_us)
