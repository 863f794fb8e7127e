"""What the console's form about an application asks for, and how it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.platform.bilingual import Words
from tongbao.platform.merchants.opening import MerchantNumberError
from tongbao.platform.onboarding import review
from tongbao.platform.onboarding.records import ApplicationOvertakenError, NoteMissingError
from tongbao.platform.onboarding.states import ActNotPossibleError

if TYPE_CHECKING:
    from django.http import QueryDict

    from tongbao.platform.access.actor import Actor


class UnknownActError(ValueError):
    """The form names no act that there is."""


REFUSED_WORDS: Final[dict[type[Exception], Words]] = {
    UnknownActError: Words("没有这个操作。", "There is no such act."),
    ActNotPossibleError: Words(
        "申请的状态已不允许这样做。", "The application is not in a state for this any more."
    ),
    ApplicationOvertakenError: Words(
        "打开页面后内容有变，请看过再决定。",
        "Something has changed since you opened the page. Read on and decide again.",
    ),
    NoteMissingError: Words(
        "请写明理由：有提示、要说明或不通过时必须有文字。",
        "Write the reason: hints, explanations and refusals need words.",
    ),
    review.NotYoursError: Words(
        "请先接手这份申请。", "Take the application first; it is not yours."
    ),
    review.OwnApplicationError: Words(
        "不能审核自己的申请。", "Nobody decides about an application of their own."
    ),
    review.FindingUnknownError: Words("没有这个问题代码。", "There is no such finding."),
    MerchantNumberError: Words(
        "该地区和类别的商户号已用完，请联系管理员。",
        "No merchant number is left in this region and category; ask the administrator.",
    ),
}
REFUSED: Final = tuple(REFUSED_WORDS)
ACTED: Final[dict[str, Words]] = {
    "take": Words("已接手。", "You have taken it."),
    "correct": Words("已退回补正，申请人会收到短信。", "Sent back; the applicant is told."),
    "approve": Words("已通过。", "Approved."),
    "refuse": Words("已拒绝，申请人会收到短信。", "Refused; the applicant is told."),
}


def act(actor: Actor, application_id: str, form: QueryDict, *, now_us: int) -> str:
    """Do what the form asks and return the act's word; raises one of `REFUSED`."""
    word = form.get("act", "")
    note = form.get("note", "")
    version = form.get("version", "")
    if not version.isdecimal() or word not in ACTED:
        raise UnknownActError
    seen = int(version)
    if word == "take":
        review.take(actor, application_id, now_us=now_us)
    elif word == "correct":
        codes = {code: form.get(f"paper.{code}", "") for code in form.getlist("codes")}
        review.ask_correction(actor, application_id, codes, note=note, version=seen, now_us=now_us)
    elif word == "approve":
        review.approve(actor, application_id, note=note, version=seen, now_us=now_us)
    else:
        review.refuse(
            actor,
            application_id,
            form.get("reason", ""),
            note=note,
            version=seen,
            now_us=now_us,
        )
    return word
