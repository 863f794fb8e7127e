"""What this room's refusals are for a caller of the API: a code, and words that say what to do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tongbao.platform.api.problems import Field, Problem
from tongbao.platform.bilingual import Words
from tongbao.platform.contracts.document import FontMissingError
from tongbao.platform.contracts.signing import SigningRefusedError
from tongbao.platform.onboarding.agents import AgentRefusedError, TooManyPromisesError
from tongbao.platform.onboarding.applications import TooManyApplicationsError
from tongbao.platform.onboarding.changes import ChangeUnderWayError
from tongbao.platform.onboarding.deposits import DepositRefusedError
from tongbao.platform.onboarding.findings import FINDINGS
from tongbao.platform.onboarding.form_data import UnknownFieldError
from tongbao.platform.onboarding.models import Agent
from tongbao.platform.onboarding.paper_content import PaperRefusedError
from tongbao.platform.onboarding.records import ApplicationOvertakenError, NoteMissingError
from tongbao.platform.onboarding.shapes import told
from tongbao.platform.onboarding.states import STATE_WORDS, ActNotPossibleError
from tongbao.platform.providers.ports import ProviderUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPOSIT_WORDS: Final[dict[str, Words]] = {
    "account_missing": Words(
        "请先填写户名和账号。", "Enter the holder and the number of the account first."
    ),
    "too_many": Words(
        "今天已打款三次，请明天再试。", "Three deposits were sent today; try again tomorrow."
    ),
    "none_sent": Words(
        "还没有向这个账户打款，请先点“打款验证”。",
        "No deposit was sent to this account yet; have it sent first.",
    ),
    "wrong_code": Words(
        "附言数字不对，还可以试 {left} 次。", "These are not the digits; {left} tries are left."
    ),
    "tries_used_up": Words(
        "已输错五次，请重新打款。", "Five tries were wrong; have another deposit sent."
    ),
    "expired": Words(
        "打款已超过三天，请重新打款。", "The deposit is older than three days; send another."
    ),
}
SIGNING_WORDS: Final[dict[str, Words]] = {
    "no_offer": Words(
        "现在没有待签署的合同，请刷新页面。", "There is no contract to sign now; load again."
    ),
    "too_many_codes": Words(
        "一小时内已发送五次验证码，请稍后再试。",
        "Five codes were sent within the hour; try again later.",
    ),
    "no_code": Words("请先获取短信验证码。", "Have a code sent by text message first."),
    "code_expired": Words(
        "验证码已过期，请重新获取。", "The code is older than ten minutes; have another sent."
    ),
    "code_wrong": Words(
        "验证码不对，还可以试 {left} 次。", "This is not the code; {left} tries are left."
    ),
    "tries_used_up": Words(
        "验证码已输错五次，请重新获取。", "Five tries were wrong; have another code sent."
    ),
    "signature_unusable": Words(
        "签名图片无法使用，请在签名框内重新签名。",
        "The picture of the signature cannot be used; sign again in the box.",
    ),
    "signature_empty": Words(
        "签名太短，请签写完整姓名。", "The signature is nearly empty; write the whole name."
    ),
    "name_missing": Words("请填写签署人姓名。", "Enter the name of who signs."),
}
_UNAVAILABLE: Final = Words(
    "对方系统暂时没有应答，没有做任何改动，请几分钟后再试。",
    "The other side does not answer at the moment; nothing was done, try again in some minutes.",
)
_OVERTAKEN: Final = Words(
    "内容已在别处更新，请刷新后再改。", "This was changed elsewhere; load again, then change it."
)
_TOO_MANY: Final = Words(
    "您有五份申请在办理，请先完成或撤回其中一份。",
    "Five of your applications are under way; complete or withdraw one first.",
)
_UNDER_WAY: Final = Words(
    "已有同类变更在办理，请等它结束或撤回它。",
    "Such a change is under way already; wait for its end or withdraw it.",
)
_WORDS_MISSING: Final = Words("请用文字说明。", "Say it in words.")
_NO_AGENT: Final = Words(
    "这份申请不是代理商介绍的。", "This application did not come through an agent."
)
_AGENT_UNKNOWN: Final = Words(
    "没有这个代理商，或已停止合作；请核对编号，或不填。",
    "There is no such agent, or they work for us no longer; check the number or leave it empty.",
)
_PROMISES: Final = Words(
    "一份申请最多记录 20 条承诺。", "An application holds at most 20 promises."
)
_NOT_POSSIBLE: Final = Words(
    "申请现在是“{state}”，不能这样做。", "This is not possible while the application is “{state}”."
)


@contextmanager
def told_refusals() -> Iterator[None]:
    """Turn what the services refuse into problems of the API."""
    try:
        yield
    except tuple(_MAKERS) as error:
        maker = next(make for kind, make in _MAKERS.items() if isinstance(error, kind))
        raise maker(error) from None


def _paper(error: PaperRefusedError) -> Problem:
    words = told(FINDINGS[error.code].words)
    return Problem(422, error.code, words, fields=[Field("file", error.code, words)])


def _deposit(error: DepositRefusedError) -> Problem:
    words = told(DEPOSIT_WORDS[error.code].filled(left=error.tries_left))
    status = 422 if error.code in ("wrong_code", "account_missing") else 409
    return Problem(
        status, f"deposit_{error.code}", words, fields=[Field("code", error.code, words)]
    )


def _signing(error: SigningRefusedError) -> Problem:
    words = told(SIGNING_WORDS[error.code].filled(left=error.tries_left))
    field = "signature" if error.code.startswith("signature") else "code"
    status = 409 if error.code in ("no_offer", "too_many_codes", "tries_used_up") else 422
    return Problem(status, f"signing_{error.code}", words, fields=[Field(field, error.code, words)])


def _not_possible(error: ActNotPossibleError) -> Problem:
    state = told(STATE_WORDS[error.state])
    return Problem(409, "not_possible_now", told(_NOT_POSSIBLE.filled(state=state)))


def _agent_unknown(error: Agent.DoesNotExist) -> Problem:
    del error
    words = told(_AGENT_UNKNOWN)
    return Problem(422, "invalid", words, fields=[Field("agent_id", "agent_unknown", words)])


_MAKERS: Final[dict[type[Exception], Callable[[Any], Problem]]] = {
    PaperRefusedError: _paper,
    DepositRefusedError: _deposit,
    SigningRefusedError: _signing,
    ActNotPossibleError: _not_possible,
    ApplicationOvertakenError: lambda _: Problem(409, "overtaken", told(_OVERTAKEN)),
    TooManyApplicationsError: lambda _: Problem(409, "too_many_applications", told(_TOO_MANY)),
    ChangeUnderWayError: lambda _: Problem(409, "change_under_way", told(_UNDER_WAY)),
    ProviderUnavailableError: lambda _: Problem(503, "provider_unavailable", told(_UNAVAILABLE)),
    FontMissingError: lambda error: Problem(503, "font_missing", str(error)),
    NoteMissingError: lambda _: Problem(422, "words_missing", told(_WORDS_MISSING)),
    Agent.DoesNotExist: _agent_unknown,
    AgentRefusedError: lambda _: Problem(409, "no_agent", told(_NO_AGENT)),
    TooManyPromisesError: lambda _: Problem(409, "too_many_promises", told(_PROMISES)),
    UnknownFieldError: lambda error: Problem(422, "unknown_field", str(error)),
}
