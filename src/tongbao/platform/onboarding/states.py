"""The states of an application and what may happen in each, as a total table. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tongbao.platform.bilingual import Words


class State(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHECKING = "checking"
    IN_REVIEW = "in_review"
    CORRECTION_WANTED = "correction_wanted"
    APPROVED = "approved"
    CONTRACT_OFFERED = "contract_offered"
    SIGNED = "signed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    IN_FORCE = "in_force"


class Act(StrEnum):
    """What can be tried with an application."""

    SAVE = "save"
    SUBMIT = "submit"
    BEGIN_CHECKS = "begin_checks"
    PASS_CHECKS = "pass_checks"  # noqa: S105 - an act, not a password
    FAIL_CHECKS = "fail_checks"
    TAKE = "take"
    ASK_CORRECTION = "ask_correction"
    APPROVE = "approve"
    OFFER_CONTRACT = "offer_contract"
    PUT_IN_FORCE = "put_in_force"
    SIGN = "sign"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


TRANSITIONS: Final[dict[tuple[State, Act], State]] = {
    (State.DRAFT, Act.SAVE): State.DRAFT,
    (State.DRAFT, Act.SUBMIT): State.SUBMITTED,
    (State.DRAFT, Act.WITHDRAW): State.WITHDRAWN,
    (State.DRAFT, Act.EXPIRE): State.EXPIRED,
    (State.SUBMITTED, Act.BEGIN_CHECKS): State.CHECKING,
    (State.SUBMITTED, Act.WITHDRAW): State.WITHDRAWN,
    (State.CHECKING, Act.PASS_CHECKS): State.IN_REVIEW,
    (State.CHECKING, Act.FAIL_CHECKS): State.CORRECTION_WANTED,
    # A provider did not answer: the same checks run again.
    (State.CHECKING, Act.BEGIN_CHECKS): State.CHECKING,
    (State.CHECKING, Act.WITHDRAW): State.WITHDRAWN,
    (State.IN_REVIEW, Act.TAKE): State.IN_REVIEW,
    (State.IN_REVIEW, Act.ASK_CORRECTION): State.CORRECTION_WANTED,
    (State.IN_REVIEW, Act.APPROVE): State.APPROVED,
    (State.IN_REVIEW, Act.REFUSE): State.REFUSED,
    (State.IN_REVIEW, Act.WITHDRAW): State.WITHDRAWN,
    (State.CORRECTION_WANTED, Act.SAVE): State.CORRECTION_WANTED,
    (State.CORRECTION_WANTED, Act.SUBMIT): State.SUBMITTED,
    (State.CORRECTION_WANTED, Act.WITHDRAW): State.WITHDRAWN,
    (State.CORRECTION_WANTED, Act.EXPIRE): State.EXPIRED,
    (State.APPROVED, Act.OFFER_CONTRACT): State.CONTRACT_OFFERED,
    # A change of a merchant: a second person decides after the reviewer, either way.
    (State.APPROVED, Act.PUT_IN_FORCE): State.IN_FORCE,
    (State.APPROVED, Act.REFUSE): State.REFUSED,
    (State.CONTRACT_OFFERED, Act.SIGN): State.SIGNED,
    (State.CONTRACT_OFFERED, Act.OFFER_CONTRACT): State.CONTRACT_OFFERED,
    (State.CONTRACT_OFFERED, Act.WITHDRAW): State.WITHDRAWN,
    (State.CONTRACT_OFFERED, Act.EXPIRE): State.EXPIRED,
}
# What cannot happen, named so that nothing is forgotten: every other pair of state and act.
REFUSED_PAIRS: Final[frozenset[tuple[State, Act]]] = frozenset(
    {
        *(
            (state, Act.SAVE)
            for state in State
            if state not in (State.DRAFT, State.CORRECTION_WANTED)
        ),
        *(
            (state, Act.SUBMIT)
            for state in State
            if state not in (State.DRAFT, State.CORRECTION_WANTED)
        ),
        *(
            (state, Act.BEGIN_CHECKS)
            for state in State
            if state not in (State.SUBMITTED, State.CHECKING)
        ),
        *(
            (state, act)
            for state in State
            for act in (Act.PASS_CHECKS, Act.FAIL_CHECKS)
            if state is not State.CHECKING
        ),
        *(
            (state, act)
            for state in State
            for act in (Act.TAKE, Act.ASK_CORRECTION, Act.APPROVE)
            if state is not State.IN_REVIEW
        ),
        *((state, Act.REFUSE) for state in State if state not in (State.IN_REVIEW, State.APPROVED)),
        *((state, Act.PUT_IN_FORCE) for state in State if state is not State.APPROVED),
        *(
            (state, Act.OFFER_CONTRACT)
            for state in State
            if state not in (State.APPROVED, State.CONTRACT_OFFERED)
        ),
        *((state, Act.SIGN) for state in State if state is not State.CONTRACT_OFFERED),
        *(
            (state, Act.WITHDRAW)
            for state in (
                State.APPROVED,
                State.SIGNED,
                State.REFUSED,
                State.WITHDRAWN,
                State.EXPIRED,
                State.IN_FORCE,
            )
        ),
        *(
            (state, Act.EXPIRE)
            for state in State
            if state not in (State.DRAFT, State.CORRECTION_WANTED, State.CONTRACT_OFFERED)
        ),
    }
)
FINAL: Final = frozenset(
    {State.SIGNED, State.REFUSED, State.WITHDRAWN, State.EXPIRED, State.IN_FORCE}
)
EDITABLE: Final = frozenset({State.DRAFT, State.CORRECTION_WANTED})


class ActNotPossibleError(ValueError):
    """The act is none of this state; nothing was changed."""

    def __init__(self, state: State, act: Act) -> None:
        super().__init__(f"{act} is not possible while {state}")
        self.state = state
        self.act = act


def next_state(state: State, act: Act) -> State:
    """Return where an act leads.

    Raises: ActNotPossibleError.
    """
    after = TRANSITIONS.get((state, act))
    if after is None:
        raise ActNotPossibleError(state, act)
    return after


STATE_WORDS: Final[dict[State, Words]] = {
    State.DRAFT: Words("草稿", "Draft"),
    State.SUBMITTED: Words("已提交", "Submitted"),
    State.CHECKING: Words("自动核验中", "Being checked"),
    State.IN_REVIEW: Words("人工审核中", "In review"),
    State.CORRECTION_WANTED: Words("请补正", "Correction wanted"),
    State.APPROVED: Words("已通过", "Approved"),
    State.CONTRACT_OFFERED: Words("待签约", "Contract to be signed"),
    State.SIGNED: Words("已签约", "Signed"),
    State.REFUSED: Words("未通过", "Refused"),
    State.WITHDRAWN: Words("已撤回", "Withdrawn"),
    State.EXPIRED: Words("已过期", "Expired"),
    State.IN_FORCE: Words("已生效", "In force"),
}
# What the applicant does next; shown as the first line of the progress page.
NEXT_WORDS: Final[dict[State, Words]] = {
    State.DRAFT: Words(
        "填好各项、上传材料后提交。草稿会保存 30 天。",
        "Fill in the form, upload the papers and submit. A draft is kept for 30 days.",
    ),
    State.SUBMITTED: Words(
        "自动核验马上开始，您不用做什么。", "The checks begin in a moment; nothing to do."
    ),
    State.CHECKING: Words(
        "正在核验证件、账户和名单，一般几分钟。",
        "Papers, account and name lists are being checked, usually within minutes.",
    ),
    State.IN_REVIEW: Words(
        "审核员会在承诺时间前看完并答复。", "A reviewer will answer by the promised time."
    ),
    State.CORRECTION_WANTED: Words(
        "请按下面每一条更正，再次提交。15 天内有效。",
        "Correct each point below and submit again within 15 days.",
    ),
    State.APPROVED: Words("已通过，合同马上生成。", "Approved; the contract is being prepared."),
    State.CONTRACT_OFFERED: Words(
        "请阅读并签署合同，15 天内有效。", "Read and sign the contract within 15 days."
    ),
    State.SIGNED: Words(
        "签约完成。下一步：领取并激活终端。",
        "The contract is signed. Next: receive and activate a terminal.",
    ),
    State.REFUSED: Words(
        "申请未通过，原因见下。更正后可以重新申请。",
        "The application was refused for the reasons below. You may apply again.",
    ),
    State.WITHDRAWN: Words(
        "您已撤回。可以随时重新申请。", "Withdrawn. You may apply again any time."
    ),
    State.EXPIRED: Words("已过有效期。可以重新申请。", "The time ran out. You may apply again."),
    State.IN_FORCE: Words("变更已生效。", "The change is in force."),
}
