"""The automatic review: runs the checks, asks bank and lists, and writes down what was found.

Nobody outside is asked inside a transaction. When somebody does not answer, the application stays
where it is and the worker asks again; silence is never taken for a yes or a no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from django.db import transaction

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.platform.access.actor import SYSTEM
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.ids import new_id
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.onboarding import deposits
from tongbao.platform.onboarding.applications import round_no
from tongbao.platform.onboarding.checks import (
    VERDICT_FINDINGS,
    Form,
    Found,
    PaperFacts,
    check,
    check_change,
)
from tongbao.platform.onboarding.finding_kinds import Origin, Severity
from tongbao.platform.onboarding.findings import kind_of
from tongbao.platform.onboarding.form_data import form_from
from tongbao.platform.onboarding.models import Application, Finding, Paper
from tongbao.platform.onboarding.notices import TOLD, tell_applicant
from tongbao.platform.onboarding.papers import papers_of
from tongbao.platform.onboarding.readings import differing_fields
from tongbao.platform.onboarding.records import locked, move, secrets_of
from tongbao.platform.onboarding.states import Act, State
from tongbao.platform.onboarding.tiers import PaperKind, Tier
from tongbao.platform.providers.ports import ProviderUnavailableError
from tongbao.platform.providers.registry import providers
from tongbao.platform.sealing import data_key

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW: Final = "new"
"""The kind of an application that makes a merchant; the others change one."""

_log = structlog.get_logger()
_SEVERAL_WITHIN_US: Final = 30 * 86_400_000_000
_IDENTITY_TOKEN_LENGTH: Final = 18
# What the bank is only asked about when the form itself is right there.
_ACCOUNT_FIELDS: Final = ("account_holder", "account_number")


def run(application_id: str, *, now_us: int) -> State:
    """Check an application that was handed in and return the state that it has then.

    An application in any other state is left alone. Raises: Application.DoesNotExist.
    """
    with transaction.atomic():
        application = locked(application_id)
        if State(application.status) not in (State.SUBMITTED, State.CHECKING):
            return State(application.status)
        if State(application.status) is State.SUBMITTED:
            move(application, Act.BEGIN_CHECKS, SYSTEM, now_us=now_us)
        seen = application.version
    try:
        found = _all_findings(application, now_us)
    except ProviderUnavailableError as error:
        _log.warning("checks_wait", application=application_id, reason=str(error))
        return State.CHECKING
    with transaction.atomic():
        application = locked(application_id)
        if application.version != seen:  # withdrawn meanwhile
            return State(application.status)
        _write(application, found, now_us)
    return State(application.status)


def identity_token(resident_id: str) -> str:
    """Return what a person is found by: 18 characters from which the id is not read back."""
    token = data_key().token(resident_id, "resident id")
    return f"T{token[: _IDENTITY_TOKEN_LENGTH - 1].upper()}"


def form_of(application: Application) -> Form:
    """Return the form of an application as the checks read it."""
    return form_from(Tier(application.tier), application.data, secrets_of(application))


def _all_findings(application: Application, now_us: int) -> list[Found]:
    form = form_of(application)
    today = Instant(now_us).local(CHINA_TIME).date()
    papers = _paper_facts(application)
    if application.kind == NEW:
        found = check(form, papers, today)
    else:
        found = check_change(application.kind, form, papers, today)
    fields = {one.field or kind_of(one.code).field for one in found}
    if application.kind != "category" and not fields & set(_ACCOUNT_FIELDS):
        found.extend(_account(application, now_us))
    found.extend(_register(application, form, now_us))
    found.extend(_names(form))
    if differing_fields(application):
        found.append(Found("reading_differs"))
    return found


def _paper_facts(application: Application) -> list[PaperFacts]:
    papers = list(papers_of(application))
    others = Paper.objects.filter(
        sha256__in=[paper.sha256 for paper in papers], removed_at_us=None
    ).exclude(application__owner_id=application.owner_id)
    elsewhere = set(others.values_list("sha256", flat=True))
    return [
        PaperFacts(
            kind=PaperKind(paper.kind),
            sha256=paper.sha256,
            is_used_elsewhere=paper.sha256 in elsewhere,
        )
        for paper in papers
    ]


def _account(application: Application, now_us: int) -> Iterator[Found]:
    """Ask the bank about the name, and have it pay one fen when nobody has yet."""
    code = VERDICT_FINDINGS[providers().bank.verify(deposits.claim_of(application))]
    if code is not None:
        yield Found(code)
        return
    if deposits.is_confirmed(application):
        return
    newest = deposits.newest_deposit(application)
    if newest is None or newest.expires_at_us <= now_us or newest.tries >= deposits.TRIES_MAX:
        try:
            deposits.send(SYSTEM, application.pk, now_us=now_us)
        except deposits.DepositRefusedError as refused:
            _log.warning("deposit_not_sent", application=application.pk, reason=refused.code)
    yield Found("deposit_unconfirmed")


def _register(application: Application, form: Form, now_us: int) -> Iterator[Found]:
    open_ones = Merchant.objects.exclude(status="closed")
    if application.kind == NEW:
        code = form.text("credit_code")
        if code and open_ones.filter(credit_code=code).exists():
            yield Found("already_a_merchant")
        if form.tier is Tier.MICRO and form.resident_id:
            token = identity_token(form.resident_id)
            if open_ones.filter(identity_token=token).exists():
                yield Found("micro_already_a_merchant")
    mine = Application.objects.filter(
        owner_id=application.owner_id, submitted_at_us__gt=now_us - _SEVERAL_WITHIN_US
    )
    if mine.exclude(pk=application.pk).exists():
        yield Found("several_applications")


def _names(form: Form) -> Iterator[Found]:
    for field in ("legal_person", "registered_name", "account_holder"):
        name = form.text(field)
        if name and providers().screening.screen(name):
            yield Found("name_resembles_listed", field)


def _write(application: Application, found: list[Found], now_us: int) -> None:
    rounds = round_no(application)
    application.findings.filter(cleared_at_us=None).update(cleared_at_us=now_us)
    for one in dict.fromkeys(found):
        Finding.objects.create(
            finding_id=new_id("finding"),
            application=application,
            round_no=rounds,
            code=one.code,
            field=one.field or kind_of(one.code).field,
            origin=Origin.AUTOMATIC.value,
            opened_at_us=now_us,
        )
    wrong = [one for one in found if kind_of(one.code).severity is Severity.CORRECT]
    act = Act.FAIL_CHECKS if wrong else Act.PASS_CHECKS
    move(
        application,
        act,
        SYSTEM,
        now_us=now_us,
        detail={"codes": [one.code for one in found]},
    )
    if wrong:
        tell_applicant(application, TOLD[State.CORRECTION_WANTED], n=len(wrong))
    record(
        SYSTEM,
        Operation.APPLICATION_WORK,
        now_us=now_us,
        target=("application", application.pk),
        after={"status": application.status, "codes": [one.code for one in found]},
    )
