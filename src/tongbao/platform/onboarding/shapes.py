"""What the API says about applications, prices and requirements; made from the pure tables."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from django.utils.translation import get_language
from pydantic import Field

from tongbao.platform.api.shapes import Amount, In, Out, Whole, YesNo, moment, moment_or_none
from tongbao.platform.bilingual import Words
from tongbao.platform.contracts.fees import Method
from tongbao.platform.onboarding import deposits
from tongbao.platform.onboarding.agents import Subject
from tongbao.platform.onboarding.applications import round_no
from tongbao.platform.onboarding.devices import Scene
from tongbao.platform.onboarding.finding_kinds import Severity
from tongbao.platform.onboarding.findings import FINDINGS, words_of
from tongbao.platform.onboarding.form_data import shown_secrets
from tongbao.platform.onboarding.papers import papers_of
from tongbao.platform.onboarding.promises import is_late, steps_of
from tongbao.platform.onboarding.records import reached, secrets_of
from tongbao.platform.onboarding.states import (
    EDITABLE,
    NEXT_WORDS,
    STATE_WORDS,
    TRANSITIONS,
    Act,
    State,
)
from tongbao.platform.onboarding.tiers import PAPER_WORDS, TIERS, PaperKind, Tier

if TYPE_CHECKING:
    from tongbao.platform.onboarding.models import Application, Finding, Paper

Minor = Annotated[Whole, Field(ge=0, le=10**13)]


def told(words: Words) -> str:
    """Return words in the language of this request."""
    return words.into(get_language() or "en")


class FeeOut(Out):
    """The fee of one way of paying: parts per million, the same in per cent, the cap if any."""

    method: Method
    name: str
    rate_ppm: int
    rate_percent: str
    cap: Amount | None


class LimitOut(Out):
    """One limit with the rule that it comes from; no amount means no limit of ours."""

    key: str
    name: str
    amount: Amount | None
    rule: str
    rule_says: str


class DeviceModelOut(Out):
    """A machine of the range."""

    code: str
    name: str
    says: str
    deposit: Amount
    has_printer: bool
    has_mobile_network: bool
    takes_cards: bool
    is_portable: bool
    payments_a_day_max: int


class PriceSheetOut(Out):
    """What everything costs."""

    version: int
    sha256: str
    published_at: datetime
    fees: list[FeeOut]
    models: list[DeviceModelOut]


class FeeQuestion(In):
    """Which fee is asked for; `mcc` matters for institutions that the rules exempt."""

    amount_minor: Minor
    method: Method
    mcc: Annotated[str, Field(pattern="^[0-9]{4}$")] | None = None


class FeeQuoteOut(Out):
    """A fee and how it is made up; the parts sum to the fee."""

    amount: Amount
    fee: Amount
    payout: Amount
    issuer: Amount
    network: Amount
    acquirer: Amount
    cap_binds: bool
    formula: str
    rule: str


class DeviceQuestion(In):
    """What a shop says of itself."""

    scene: Scene
    payments_a_day: Annotated[Whole, Field(ge=0, le=1_000_000)]
    wants_paper: YesNo = False
    wants_cards: YesNo = True
    has_fixed_network: YesNo = True


class DeviceAdviceOut(Out):
    """A machine that fits, with what speaks for it and against it; the best comes first."""

    model: DeviceModelOut
    points: int
    reasons: list[str]
    cautions: list[str]


class DeviceAdvicesOut(Out):
    """All machines that fit."""

    items: list[DeviceAdviceOut]


class CategoryOut(Out):
    """A category of business."""

    mcc: str
    name: str
    tiers: list[Tier]
    needs_permit: bool
    is_fee_exempt: bool


class CategoriesOut(Out):
    """All categories."""

    items: list[CategoryOut]


class PaperRequirementOut(Out):
    """A paper that a tier needs or may bring."""

    kind: PaperKind
    name: str
    hint: str
    is_required: bool


class TierOut(Out):
    """A tier: who belongs there, with which papers, accounts and limits."""

    tier: Tier
    name: str
    who: str
    papers: list[PaperRequirementOut]
    account_kinds: list[str]
    limits: list[LimitOut]
    terminals_max: int


class RequirementsOut(Out):
    """What each tier needs, and how a paper may be uploaded."""

    tiers: list[TierOut]
    file_types: list[str]
    file_size_max_bytes: int
    picture_side_min_px: int


class NewApplication(In):
    """Which tier applies, and the agent who advised, if any."""

    tier: Tier
    agent_id: Annotated[str, Field(max_length=32)] = ""


_Text = Annotated[str, Field(max_length=200)]
_Day = Annotated[str, Field(max_length=10, pattern=r"^(|no_end|[0-9]{4}-[0-9]{2}-[0-9]{2})$")]
_Degrees = Annotated[Whole, Field(ge=-180_000_000, le=180_000_000)]


class Draft(In):
    """Fields of a form; what is left out stays as it is, null or "" clears a field.

    `version`: the version that was read; another one now is refused (409). Days are 2026-11-21 or
    `no_end`; co-ordinates are millionths of a degree.
    """

    version: Whole | None = None
    name: _Text | None = None
    name_en: _Text | None = None
    registered_name: _Text | None = None
    credit_code: Annotated[str, Field(max_length=40)] | None = None
    licence_begins: _Day | None = None
    licence_expires: _Day | None = None
    legal_person: Annotated[str, Field(max_length=60)] | None = None
    resident_id: Annotated[str, Field(max_length=40)] | None = None
    id_begins: _Day | None = None
    id_expires: _Day | None = None
    contact_phone: Annotated[str, Field(max_length=20)] | None = None
    contact_email: Annotated[str, Field(max_length=254)] | None = None
    shop_name: _Text | None = None
    shop_city: Annotated[str, Field(max_length=40)] | None = None
    shop_address: _Text | None = None
    shop_latitude_udeg: _Degrees | None = None
    shop_longitude_udeg: _Degrees | None = None
    mcc: Annotated[str, Field(max_length=4)] | None = None
    monthly_turnover_minor: Minor | None = None
    account_kind: Literal["corporate", "personal", ""] | None = None
    account_holder: Annotated[str, Field(max_length=120)] | None = None
    account_bank: Annotated[str, Field(max_length=80)] | None = None
    account_bank_code: Annotated[str, Field(max_length=12)] | None = None
    account_number: Annotated[str, Field(max_length=60)] | None = None
    device_model: Annotated[str, Field(max_length=16)] | None = None
    remarks: Annotated[str, Field(max_length=500)] | None = None


class PaperOut(Out):
    """An uploaded paper without its content."""

    paper_id: str
    kind: PaperKind
    name: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    uploaded_at: datetime


class ReadingOut(Out):
    """What a machine read; it may fill in the form and decides nothing."""

    outcome: str
    words: str
    fields: dict[str, str]


class FindingOut(Out):
    """Something to correct: where, what to do, and the reviewer's own words if there are any."""

    code: str
    field: str
    severity: Severity
    words: str
    note: str
    origin: str
    round_no: int


class ApplicationStepOut(Out):
    """One step of the way: `done`, `now`, `later` or `stopped`."""

    key: str
    name: str
    standing: str
    done_at: datetime | None
    promised_at: datetime | None
    is_late: bool


class HappenedOut(Out):
    """Something that happened, for the applicant's eyes."""

    at: datetime
    kind: str
    status: str
    status_name: str
    note: str


class DepositOut(Out):
    """The one-fen deposit to the account that the form names now."""

    state: Literal["none", "sent", "confirmed", "expired", "used_up"]
    sent_at: datetime | None
    expires_at: datetime | None
    tries_left: int


class DepositCode(In):
    """The six digits that stand in the remark of the deposit."""

    code: Annotated[str, Field(min_length=1, max_length=12)]


class PromiseOut(Out):
    """What an agent promised."""

    subject: str
    words: str
    at: datetime


class NewPromise(In):
    """What the agent who brought the application promised, in the applicant's words."""

    subject: Subject
    words: Annotated[str, Field(min_length=1, max_length=500)]


class ApplicationBriefOut(Out):
    """An application in a list."""

    application_id: str
    kind: str
    tier: Tier
    tier_name: str
    name: str
    status: State
    status_name: str
    created_at: datetime
    updated_at: datetime
    promised_at: datetime | None
    is_late: bool
    merchant_id: str | None


class ApplicationOut(ApplicationBriefOut):
    """An application with its form, papers, findings and progress; secrets by their last digits."""

    version: int
    next_step: str
    fields: dict[str, str | int]
    secrets: dict[str, str]
    papers: list[PaperOut]
    findings: list[FindingOut]
    steps: list[ApplicationStepOut]
    history: list[HappenedOut]
    deposit: DepositOut
    agent: str
    promises: list[PromiseOut]
    can: list[str]
    round_no: int


def amount(minor: int) -> Amount:
    """Return fen as an amount of the API."""
    return Amount(amount_minor=minor, currency="CNY")


def paper_out(paper: Paper) -> PaperOut:
    """Return a paper as the API tells it."""
    kind = PaperKind(paper.kind)
    return PaperOut(
        paper_id=paper.pk,
        kind=kind,
        name=told(PAPER_WORDS[kind][0]),
        file_name=paper.file_name,
        media_type=paper.media_type,
        size_bytes=paper.size_bytes,
        sha256=paper.sha256,
        uploaded_at=moment(paper.uploaded_at_us),
    )


def finding_out(finding: Finding) -> FindingOut:
    """Return a finding with the words of its kind."""
    kind = FINDINGS[finding.code]
    return FindingOut(
        code=finding.code,
        field=finding.field,
        severity=kind.severity,
        words=told(words_of(finding.code, finding.field)),
        note=finding.note,
        origin=finding.origin,
        round_no=finding.round_no,
    )


def brief_out(application: Application, now_us: int) -> ApplicationBriefOut:
    """Return an application as a list shows it."""
    state, tier = State(application.status), Tier(application.tier)
    return ApplicationBriefOut(
        application_id=application.pk,
        kind=application.kind,
        tier=tier,
        tier_name=told(TIERS[tier].name),
        name=str(application.data.get("name", "")),
        status=state,
        status_name=told(STATE_WORDS[state]),
        created_at=moment(application.created_at_us),
        updated_at=moment(application.updated_at_us),
        promised_at=moment_or_none(application.promised_at_us),
        is_late=is_late(state, application.promised_at_us, now_us),
        merchant_id=application.merchant_id,
    )


def application_out(application: Application, now_us: int) -> ApplicationOut:
    """Return an application in full, for its owner."""
    state = State(application.status)
    secrets = secrets_of(application)
    return ApplicationOut(
        **brief_out(application, now_us).model_dump(),
        version=application.version,
        next_step=told(NEXT_WORDS[state]),
        fields=dict(application.data),
        secrets=shown_secrets(secrets),
        papers=[paper_out(paper) for paper in papers_of(application)],
        findings=_findings(application),
        steps=_steps(application, state, now_us),
        history=_history(application),
        deposit=deposit_out(application, now_us),
        agent=application.agent.name if application.agent else "",
        promises=[
            PromiseOut(subject=one.subject, words=one.words, at=moment(one.at_us))
            for one in application.promises.order_by("promise_id")
        ],
        can=_can(state),
        round_no=round_no(application),
    )


def _findings(application: Application) -> list[FindingOut]:
    """Return what the applicant is told: hints for the reviewer are not theirs."""
    rows = application.findings.filter(cleared_at_us=None).order_by("opened_at_us", "finding_id")
    told_ones = [row for row in rows if FINDINGS[row.code].severity is not Severity.HINT]
    order = {code: place for place, code in enumerate(FINDINGS)}
    return [finding_out(row) for row in sorted(told_ones, key=lambda row: order[row.code])]


def _steps(application: Application, state: State, now_us: int) -> list[ApplicationStepOut]:
    steps = steps_of(state, application.promised_at_us, reached(application), now_us)
    return [
        ApplicationStepOut(
            key=step.key,
            name=told(step.words),
            standing=step.standing,
            done_at=moment_or_none(step.done_at_us),
            promised_at=moment_or_none(step.promised_at_us),
            is_late=step.is_late,
        )
        for step in steps
    ]


def _history(application: Application) -> list[HappenedOut]:
    return [
        HappenedOut(
            at=moment(event.at_us),
            kind=event.kind,
            status=event.to_status,
            status_name=told(STATE_WORDS[State(event.to_status)]),
            note=event.note if event.kind in _TOLD_NOTES else "",
        )
        for event in application.events.order_by("event_id")
        if event.kind != Act.TAKE
    ]


# Notes that are written to the applicant; a reviewer's note on approving is for colleagues.
_TOLD_NOTES = frozenset({Act.ASK_CORRECTION, Act.REFUSE})


def deposit_out(application: Application, now_us: int) -> DepositOut:
    """Return where the one-fen deposit stands."""
    newest = deposits.newest_deposit(application)
    if newest is None:
        return DepositOut(state="none", sent_at=None, expires_at=None, tries_left=0)
    if deposits.is_confirmed(application):
        standing: Literal["sent", "confirmed", "expired", "used_up"] = "confirmed"
    elif newest.expires_at_us <= now_us:
        standing = "expired"
    else:
        standing = "used_up" if newest.tries >= deposits.TRIES_MAX else "sent"
    return DepositOut(
        state=standing,
        sent_at=moment(newest.sent_at_us),
        expires_at=moment(newest.expires_at_us),
        tries_left=max(deposits.TRIES_MAX - newest.tries, 0),
    )


def _can(state: State) -> list[str]:
    """Return what the applicant can do now."""
    acts = {
        "edit": state in EDITABLE,
        "submit": (state, Act.SUBMIT) in TRANSITIONS,
        "withdraw": (state, Act.WITHDRAW) in TRANSITIONS,
        "sign": (state, Act.SIGN) in TRANSITIONS,
    }
    return [name for name, possible in acts.items() if possible]
