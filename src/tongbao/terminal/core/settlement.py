"""A batch settlement 批结算 as a value: its stage, its flags and the plan of its upload.

Spec: UnionPay terminal dialect, 3.9, 3.10 and 7.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.terminal.core.batch_upload import UploadPlan, UploadRecord, UploadRound, make_plan
from tongbao.terminal.core.items import is_undone
from tongbao.terminal.core.kinds import CountsAs
from tongbao.terminal.core.totals import BatchTotals, SideTotals, is_domestic
from tongbao.wire.unionpay.structured import SettlementSide, SettlementTotals
from tongbao.wire.unionpay.transactions import (
    ADJUSTMENT,
    CHIP_OFFLINE_SALE,
    COMPLETION_ADVICE,
    OFFLINE_SALE,
    REFUND,
    TIP,
)

if TYPE_CHECKING:
    from tongbao.domain.ids import BatchNo
    from tongbao.terminal.core.items import BatchItem
    from tongbao.terminal.core.state import Notice
    from tongbao.wire.unionpay.profile import HostProfile

BALANCED: Final = "1"
_UNBALANCED: Final = "2"
_REQUEST: Final = "0"
_COUNT_MAX: Final = 999
_SUBTRACT: Final = "subtract"
_FLAG_WORDS: Final = {BALANCED: "balanced", _UNBALANCED: "unbalanced", "3": "error"}
_ROUND_OF: Final = {
    OFFLINE_SALE.kind: UploadRound.OFFLINE,
    ADJUSTMENT.kind: UploadRound.OFFLINE,
    TIP.kind: UploadRound.OFFLINE,
    CHIP_OFFLINE_SALE.kind: UploadRound.CHIP_OFFLINE,
    REFUND.kind: UploadRound.ADVICES,
    COMPLETION_ADVICE.kind: UploadRound.ADVICES,
}


class SettlementStage(Enum):
    """Where a settlement stands; the value is the word on the screen."""

    PENDING_WORK = "pending_work"
    TOTALS = "totals"
    UPLOAD = "upload"
    END = "end"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A settlement under way, stopped or just done.

    Attributes:
        batch: the batch that is settled.
        stage: the step to do now, or to go on with after a stop.
        totals: field 48 of the request, "" before it was first sent.
        requests: how often it was sent, as far as this is known.
        domestic: flag of the host for domestic cards, "" before its answer.
        foreign: flag for foreign cards.
        plan: the upload, None before the host's answer.
        silences: messages in a row that got no answer.
        error: why it has stopped; None while it goes on.
        ignores_advices: a supervisor lets advices stay undelivered.
        slip: file name of the settlement slip when it is on paper.
    """

    batch: BatchNo
    stage: SettlementStage = SettlementStage.PENDING_WORK
    totals: str = ""
    requests: int = 0
    domestic: str = ""
    foreign: str = ""
    plan: UploadPlan | None = None
    silences: int = 0
    error: Notice | None = None
    ignores_advices: bool = False
    slip: str | None = None

    @property
    def is_binding(self) -> bool:
        """Whether totals may have gone to the host: no payment until the batch is closed."""
        return self.totals != "" and self.stage is not SettlementStage.DONE

    @property
    def is_balanced(self) -> bool:
        """Whether the host found both sides balanced."""
        return self.domestic == self.foreign == BALANCED


def flag_word(flag: str) -> str | None:
    """Return the word for a flag of field 48; None before there is one."""
    return _FLAG_WORDS.get(flag)


def totals_digits(totals: BatchTotals) -> str:
    """Return field 48 of a settlement request, 62 digits.

    Spec: UnionPay terminal dialect, 2.1.
    """
    return SettlementTotals(_side(totals.domestic), _side(totals.foreign)).build()


def upload_records(items: Iterable[BatchItem], profile: HostProfile) -> list[UploadRecord]:
    """Return what of the batch is uploaded, and in which round: all that counts in the totals.

    Where voids are subtracted, a payment that was voided and its void are not among the details;
    where they count as credit, both are.

    Spec: UnionPay terminal dialect, 3.9 and 3.10.
    """
    batch = list(items)
    subtracts = profile.void_totals == _SUBTRACT
    records = []
    for item in batch:
        upload_round = _round_of(batch, item, subtracts=subtracts)
        if upload_round is not None:
            records.append(UploadRecord(item.intent.trace, upload_round, is_domestic(item)))
    return records


def upload_plan(
    settlement: Settlement, items: Iterable[BatchItem], profile: HostProfile
) -> UploadPlan:
    """Return the whole upload by the host's flags.

    Spec: UnionPay terminal dialect, 3.9 and 3.10.
    """
    return make_plan(
        upload_records(items, profile),
        domestic_balanced=settlement.domestic == BALANCED,
        foreign_balanced=settlement.foreign == BALANCED,
        repeats=profile.upload_repeats,
    )


def left_over(plan: UploadPlan) -> str:
    """Return what the host has refused, as round:trace, by comma."""
    messages = [plan.messages[number] for number in sorted(plan.refused)]
    return ",".join(
        f"{message.round.value}:{trace}" for message in messages for trace in message.traces
    )


def _round_of(
    items: Sequence[BatchItem], item: BatchItem, *, subtracts: bool
) -> UploadRound | None:
    if not item.is_approved or item.rule.counts is CountsAs.NOTHING:
        return None
    if subtracts and (item.rule.counts is CountsAs.UNDO or is_undone(items, item)):
        return None
    return _ROUND_OF.get(item.rule.kind, UploadRound.DETAILS)


def _side(side: SideTotals) -> SettlementSide:
    # A side with more than 999 payments cannot be told; the host finds it unbalanced.
    return SettlementSide(
        f"{max(0, side.debit_minor):012d}",
        f"{min(max(0, side.debit_count), _COUNT_MAX):03d}",
        f"{side.credit_minor:012d}",
        f"{min(side.credit_count, _COUNT_MAX):03d}",
        _REQUEST,
    )
