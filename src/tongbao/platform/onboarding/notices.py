"""Tells an applicant by text message what became of an application, after it is durable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from django.db import transaction

from tongbao.platform.bilingual import Words
from tongbao.platform.onboarding.identifiers import is_mobile, mobile_in_full
from tongbao.platform.onboarding.states import State
from tongbao.platform.providers.ports import ProviderUnavailableError, TextMessage
from tongbao.platform.providers.registry import providers

if TYPE_CHECKING:
    from tongbao.platform.onboarding.models import Application

_log = structlog.get_logger()

_SIGN: Final = "【通宝】"
TOLD: Final[dict[State, Words]] = {
    State.CORRECTION_WANTED: Words(
        "您的商户申请有 {n} 处需要补正，请登录查看每一条说明。",
        "Your application needs {n} corrections; log in to read each of them.",
    ),
    State.CONTRACT_OFFERED: Words(
        "您的商户申请已通过，请登录签署合同。",
        "Your application is approved; log in to sign the contract.",
    ),
    State.REFUSED: Words(
        "您的商户申请未通过，原因请登录查看。",
        "Your application was refused; log in to read why.",
    ),
    State.EXPIRED: Words(
        "您的商户申请已过期，可以重新申请。",
        "Your application ran out of time; you may apply again.",
    ),
}
REMINDER: Final = Words(
    "您的商户申请还差一步，{day} 前有效，请登录完成。",
    "Your application waits for you until {day}; log in to complete it.",
)
LATE: Final = Words(
    "您的商户申请未能在承诺时间内答复，我们正在加紧处理，抱歉让您久等。",
    "Your application is not answered within the time we promised. We are on it; we are sorry.",
)
DEPOSIT_SENT: Final = Words(
    "已向您尾号 {last4} 的账户打款 0.01 元，请把附言中的 6 位数字填到申请里。",
    "CNY 0.01 was sent to your account ending in {last4}; enter the six digits of its remark.",
)


def tell_applicant(application: Application, words: Words, **values: object) -> None:
    """Send words to the contact phone once the transaction is durable; a failure is only logged.

    The page says the same, so a lost message loses nothing.
    """
    phone = str(application.data.get("contact_phone", ""))
    if not is_mobile(phone):
        return
    language = application.owner.language or "zh"
    text = _SIGN + words.filled(**values).into(language)
    message = TextMessage(to=mobile_in_full(phone), text=text)
    application_id = application.pk

    def send() -> None:
        try:
            providers().sms.send(message)
        except ProviderUnavailableError as error:
            _log.warning("notice_not_sent", application=application_id, reason=str(error))

    transaction.on_commit(send)
