"""What a reviewer sees of one application: form beside machine reading, papers, findings, acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib.admin.utils import quote
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language

from tongbao.platform.accounts.actors import shown_name
from tongbao.platform.bilingual import Words
from tongbao.platform.console.formats import amount_text
from tongbao.platform.onboarding import deposits, readings
from tongbao.platform.onboarding.agents import SUBJECT_WORDS
from tongbao.platform.onboarding.categories import CATEGORIES
from tongbao.platform.onboarding.finding_kinds import SOME_PAPER, Origin, Severity
from tongbao.platform.onboarding.findings import FINDINGS, words_of
from tongbao.platform.onboarding.papers import papers_of
from tongbao.platform.onboarding.promises import is_late
from tongbao.platform.onboarding.records import secrets_of
from tongbao.platform.onboarding.states import FINAL, STATE_WORDS, Act, State
from tongbao.platform.onboarding.tiers import PAPER_WORDS, TIERS, PaperKind, Tier

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor
    from tongbao.platform.onboarding.models import Application

SUBJECTS: Final = SUBJECT_WORDS
_TONES: Final[dict[State, tuple[str, str]]] = {
    State.DRAFT: ("calm", "edit"),
    State.SUBMITTED: ("calm", "outbox"),
    State.CHECKING: ("calm", "sync"),
    State.IN_REVIEW: ("doubt", "fact_check"),
    State.CORRECTION_WANTED: ("doubt", "undo"),
    State.APPROVED: ("good", "check"),
    State.CONTRACT_OFFERED: ("calm", "draw"),
    State.SIGNED: ("good", "task_alt"),
    State.REFUSED: ("bad", "block"),
    State.WITHDRAWN: ("calm", "undo"),
    State.EXPIRED: ("calm", "timer_off"),
    State.IN_FORCE: ("good", "task_alt"),
}
_FIELDS: Final[tuple[tuple[str, Words], ...]] = (
    ("name", Words("商户简称", "Name")),
    ("name_en", Words("英文名称", "English name")),
    ("registered_name", Words("注册名称", "Registered name")),
    ("credit_code", Words("统一社会信用代码", "Credit code")),
    ("licence_begins", Words("成立日期", "Licence from")),
    ("licence_expires", Words("执照有效期至", "Licence until")),
    ("legal_person", Words("法定代表人或经营者", "Legal person or owner")),
    ("resident_id", Words("身份证号码", "Resident id")),
    ("id_begins", Words("身份证起始日", "Identity card from")),
    ("id_expires", Words("身份证有效期至", "Identity card until")),
    ("contact_phone", Words("联系手机", "Mobile phone")),
    ("contact_email", Words("邮箱", "E-mail")),
    ("shop_name", Words("门店名称", "Shop")),
    ("shop_city", Words("城市", "City")),
    ("shop_address", Words("地址", "Address")),
    ("mcc", Words("经营类别", "Category")),
    ("monthly_turnover_minor", Words("预计月收款", "Turnover a month")),
    ("account_kind", Words("账户类型", "Kind of account")),
    ("account_holder", Words("户名", "Account holder")),
    ("account_bank", Words("开户银行", "Bank")),
    ("account_bank_code", Words("联行号", "Bank's number")),
    ("account_number", Words("账号", "Account number")),
    ("device_model", Words("想要的机型", "Machine wanted")),
    ("remarks", Words("备注", "Remarks")),
)
_VALUES: Final[dict[str, Words]] = {
    "no_end": Words("长期", "no end"),
    "corporate": Words("对公", "corporate"),
    "personal": Words("个人", "personal"),
}
_ACTS: Final[dict[str, Words]] = {
    "begin": Words("开始填写", "Begun"),
    Act.SUBMIT: Words("提交", "Submitted"),
    Act.BEGIN_CHECKS: Words("开始自动核验", "Checks begun"),
    Act.PASS_CHECKS: Words("自动核验通过", "Checks passed"),
    Act.FAIL_CHECKS: Words("自动核验发现问题", "Checks found something"),
    Act.TAKE: Words("审核员接手", "Taken by a reviewer"),
    Act.ASK_CORRECTION: Words("退回补正", "Sent back for correction"),
    Act.APPROVE: Words("审核通过", "Approved"),
    Act.OFFER_CONTRACT: Words("合同待签", "Contract offered"),
    Act.SIGN: Words("已签约", "Signed"),
    Act.REFUSE: Words("审核不通过", "Refused"),
    Act.WITHDRAW: Words("申请人撤回", "Withdrawn"),
    Act.EXPIRE: Words("过期", "Expired"),
    Act.PUT_IN_FORCE: Words("变更生效", "Change in force"),
}
_KINDS: Final[dict[str, Words]] = {
    "new": Words("新商户", "New merchant"),
    "settlement_account": Words("变更结算账户", "Change of settlement account"),
    "category": Words("变更经营类别", "Change of category"),
}
_DEPOSITS: Final[dict[bool, Words]] = {
    True: Words("已核对附言数字", "the code was typed back"),
    False: Words("未核对附言数字", "the code was not typed back"),
}


def state_label(application: Application) -> str:
    """Return the status as a coloured label."""
    state = State(application.status)
    tone, icon = _TONES[state]
    words = STATE_WORDS[state].into(_language())
    label = {"tone": tone, "icon": icon, "label": words}
    return render_to_string("console/status.html", label)


def application_page(application: Application, actor: Actor, now_us: int) -> dict[str, Any]:
    """Return what the template needs."""
    state = State(application.status)
    language = _language()
    mine = application.reviewer == actor.actor_id
    return {
        "title": str(application.data.get("name") or application.pk),
        "label": state_label(application),
        "is_late": is_late(state, application.promised_at_us, now_us),
        "kind_name": _KINDS[application.kind].into(language),
        "tier_name": TIERS[Tier(application.tier)].name.into(language),
        "fields": _fields(application, language),
        "papers": _papers(application, language),
        "findings": _findings(application, language),
        "history": _history(application, language),
        "promises": [
            {"row": one, "subject": SUBJECTS[one.subject].into(language)}
            for one in application.promises.order_by("promise_id")
        ],
        "deposit": _DEPOSITS[deposits.is_confirmed(application)].into(language),
        "owner_name": shown_name(application.owner),
        "is_open": state not in FINAL,
        "in_review": state is State.IN_REVIEW,
        "mine": mine,
        "has_reviewer": bool(application.reviewer),
        "is_own": str(application.owner_id) == actor.actor_id,
        "corrections": _choices(Severity.CORRECT, Origin.REVIEWER, language),
        "refusals": _choices(Severity.REFUSE, Origin.REVIEWER, language),
    }


def _language() -> str:
    return get_language() or "en"


def _fields(application: Application, language: str) -> list[dict[str, Any]]:
    typed = {**application.data, **secrets_of(application)}
    read = readings.read_values(application)
    differing = {one.field for one in readings.differing_fields(application)}
    rows = []
    for name, words in _FIELDS:
        if name not in typed and name not in read:
            continue
        rows.append(
            {
                "name": words.into(language),
                "typed": _shown(name, typed.get(name, ""), language),
                "read": read.get(name, ""),
                "differs": name in differing,
            }
        )
    return rows


def _shown(name: str, value: object, language: str) -> str:
    if name == "monthly_turnover_minor" and isinstance(value, int):
        return amount_text(value)
    text = str(value)
    if name == "mcc" and text in CATEGORIES:
        return f"{text} {CATEGORIES[text].words.into(language)}"
    return _VALUES[text].into(language) if text in _VALUES else text


def _papers(application: Application, language: str) -> list[dict[str, Any]]:
    return [
        {
            "row": paper,
            "name": PAPER_WORDS[PaperKind(paper.kind)][0].into(language),
            "is_picture": paper.media_type.startswith("image/"),
            "size_kb": (paper.size_bytes + 1_023) // 1_024,
            "address": reverse(
                "admin:onboarding_application_paper", args=[quote(application.pk), quote(paper.pk)]
            ),
        }
        for paper in papers_of(application)
    ]


def _findings(application: Application, language: str) -> list[dict[str, Any]]:
    rows = application.findings.order_by("-round_no", "cleared_at_us", "finding_id")
    return [
        {
            "row": row,
            "words": words_of(row.code, row.field).into(language),
            "is_open": row.cleared_at_us is None,
            "is_hint": FINDINGS[row.code].severity is Severity.HINT,
        }
        for row in rows[:100]
    ]


def _history(application: Application, language: str) -> list[dict[str, Any]]:
    return [
        {
            "row": event,
            "title": _ACTS[event.kind].into(language) if event.kind in _ACTS else event.kind,
            "tone": _TONES[State(event.to_status)][0],
            "icon": _TONES[State(event.to_status)][1],
        }
        for event in application.events.order_by("-event_id")
    ]


def _choices(severity: Severity, origin: Origin, language: str) -> list[dict[str, Any]]:
    return [
        {
            "code": kind.code,
            "words": kind.words.into(language),
            "is_about_papers": kind.field == SOME_PAPER,
        }
        for kind in FINDINGS.values()
        if kind.severity is severity and kind.origin is origin
    ]
