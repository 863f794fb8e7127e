"""Starting a payment: everything that can be known to be wrong is refused before a card is read.

A refusal changes nothing and sends nothing. What the host alone can know, the host decides.

Spec: UnionPay terminal dialect, 3.5, 3.6 and 7.7.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tongbao.domain.money import Currency, Money
from tongbao.terminal.core import wording
from tongbao.terminal.core.approval import approve, why_not_approved
from tongbao.terminal.core.items import (
    find_item,
    has_tip,
    is_undone,
    is_used_up,
    present_amount,
    refunded_minor,
)
from tongbao.terminal.core.kinds import (
    RULE_OF,
    AmountFrom,
    CountsAs,
    OriginalBy,
    PaymentRule,
    is_allowed,
)
from tongbao.terminal.core.limits import over_limit
from tongbao.terminal.core.paying import begin_payment
from tongbao.terminal.core.pending_work import awaits_advice
from tongbao.terminal.core.presence import why_over
from tongbao.terminal.core.reversing import begin_row
from tongbao.terminal.core.signing_in import is_settling
from tongbao.terminal.core.state import Notice, Original, PaymentDraft
from tongbao.terminal.core.totals import must_settle
from tongbao.terminal.core.vocabulary import Part
from tongbao.terminal.core.wording import RefusedError

if TYPE_CHECKING:
    from tongbao.terminal.core.events import OriginalGiven, Start
    from tongbao.terminal.core.items import BatchItem
    from tongbao.terminal.core.turn import Equipment, Turn

_NOTHING: Final = Money(0, Currency.CNY)
_RRN: Final = re.compile("[0-9A-Za-z]{12}", re.ASCII)
_AUTH_CODE: Final = re.compile("[0-9A-Za-z]{1,6}", re.ASCII)
_MMDD: Final = re.compile("(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])", re.ASCII)


def start(equipment: Equipment, turn: Turn, event: Start) -> None:
    """Begin a payment and wait for its card, unless something stands in the way."""
    over = why_over(equipment, turn)
    if over is not None:
        turn.refuse(over)
        return
    if turn.state.doubt is not None:
        turn.refuse(wording.DOUBT_OPEN)
        if turn.state.exchange is None:
            # A payment is an online act: what is in doubt goes first.
            begin_row(equipment, turn)
        return
    try:
        draft = _draft(equipment, turn, event)
    except RefusedError as refused:
        turn.refuse(refused.notice)
        return
    rule = RULE_OF[event.payment_kind]
    if rule.needs_supervisor(equipment.settings):
        refusal = approve(equipment, turn, event.approval, rule.kind)
        if refusal is not None:
            turn.refuse(refusal)
            return
    begin_payment(equipment, turn, draft)


def why_not(equipment: Equipment, turn: Turn, event: Start) -> Notice | None:
    """Return why a payment cannot begin, as far as it can be known before the card."""
    try:
        _draft(equipment, turn, event)
    except RefusedError as refused:
        return refused.notice
    return None


def _draft(equipment: Equipment, turn: Turn, event: Start) -> PaymentDraft:
    settings, state = equipment.settings, turn.state
    rule = RULE_OF.get(event.payment_kind)
    if rule is None:
        raise RefusedError(wording.UNKNOWN_KIND)
    if not is_allowed(rule, settings):
        raise RefusedError(wording.KIND_NOT_ALLOWED)
    if is_settling(state):
        raise RefusedError(wording.SETTLEMENT_OPEN)
    if rule.counts is not CountsAs.NOTHING and must_settle(state.items, settings.profile):
        raise RefusedError(wording.MUST_SETTLE)
    if rule.needs_card(settings) and not state.works(Part.READER):
        raise RefusedError(wording.READER_BROKEN)
    if not state.signed_in:
        raise RefusedError(wording.NOT_SIGNED_IN)
    item = _item(turn, rule, event.original)
    if item is not None and awaits_advice(state.work, item.key):
        raise RefusedError(wording.ADVICE_PENDING)
    amount, tip = _amounts_within_limits(equipment, turn, rule, event, item)
    original = _original(rule, event.original, item)
    if rule.needs_supervisor(settings):
        refusal = why_not_approved(equipment, turn, event.approval)
        if refusal is not None:
            raise RefusedError(refusal)
    approver = event.approval.operator.value if event.approval else ""
    return PaymentDraft(
        event.command_id,
        rule.kind,
        amount,
        tip,
        original,
        approver if rule.needs_supervisor(settings) else "",
    )


def _item(turn: Turn, rule: PaymentRule, given: OriginalGiven) -> BatchItem | None:
    """Find the original in the open batch; it must be there when it is named by its trace."""
    items = turn.state.items
    if rule.original is OriginalBy.TRACE:
        return _item_by_trace(turn, rule, given)
    if rule.original in {OriginalBy.RRN, OriginalBy.AUTH_CODE}:
        for item in reversed(items):
            if item.is_approved and item.rule.kind in rule.originals and _fits(item, given):
                return item
    return None


def _fits(item: BatchItem, given: OriginalGiven) -> bool:
    closed = item.closed
    if given.trace is not None and given.trace.value != item.intent.trace:
        return False
    if given.date and closed.local_date[4:] != given.date:
        return False
    code = given.rrn or given.auth_code
    return code != "" and code == getattr(closed, "rrn" if given.rrn else "auth_code", "")


def _item_by_trace(turn: Turn, rule: PaymentRule, given: OriginalGiven) -> BatchItem:
    state = turn.state
    if given.trace is None:
        raise RefusedError(wording.ORIGINAL_NEEDED)
    batch = given.batch or state.batch
    item = find_item(state.items, batch.value, given.trace.value)
    if item is None:
        raise RefusedError(wording.NO_SUCH_PAYMENT)
    if item.rule.kind not in rule.originals:
        raise RefusedError(wording.WRONG_KIND_OF_ORIGINAL)
    if not item.is_approved:
        raise RefusedError(wording.ORIGINAL_NOT_APPROVED)
    _check_still_open(turn, rule, item)
    if rule.amount is AmountFrom.ORIGINAL_AND_TIP and has_tip(state.items, item):
        raise RefusedError(wording.ALREADY_TIPPED)
    return item


def _check_still_open(turn: Turn, rule: PaymentRule, item: BatchItem) -> None:
    """Refuse what the open batch already knows to be done; one refund may follow another."""
    items = turn.state.items
    if is_undone(items, item):
        raise RefusedError(wording.ALREADY_VOID)
    if is_used_up(items, item) and rule.counts is not CountsAs.CREDIT:
        raise RefusedError(wording.ALREADY_USED)


def _original(rule: PaymentRule, given: OriginalGiven, item: BatchItem | None) -> Original:
    if item is not None:
        intent, closed = item.intent, item.closed
        return Original(
            batch=intent.batch,
            trace=intent.trace,
            date=closed.local_date[4:],
            rrn=getattr(closed, "rrn", ""),
            auth_code=getattr(closed, "auth_code", "") or intent.original_auth_code,
            card_masked=intent.card_masked,
            organisation=getattr(closed, "organisation", ""),
            sealed_card=intent.sealed_card,
            is_known=True,
        )
    needs_rrn = rule.original is OriginalBy.RRN
    needs_code = rule.original in {OriginalBy.AUTH_CODE, OriginalBy.PHONE}
    if (needs_rrn or given.rrn) and _RRN.fullmatch(given.rrn) is None:
        raise RefusedError(wording.BAD_RRN)
    if (needs_code or given.auth_code) and _AUTH_CODE.fullmatch(given.auth_code) is None:
        raise RefusedError(wording.BAD_AUTH_CODE)
    needs_date = needs_rrn or rule.original is OriginalBy.AUTH_CODE
    if (needs_date or given.date) and _MMDD.fullmatch(given.date) is None:
        raise RefusedError(wording.BAD_DATE)
    return Original(
        batch=given.batch.value if given.batch else 0,
        trace=given.trace.value if given.trace else 0,
        date=given.date,
        rrn=given.rrn,
        auth_code=given.auth_code,
    )


def _amounts_within_limits(
    equipment: Equipment, turn: Turn, rule: PaymentRule, event: Start, item: BatchItem | None
) -> tuple[Money, Money]:
    amount, tip = _amounts(equipment, turn, rule, event, item)
    above = over_limit(equipment.settings, turn, rule, amount.minor, item)
    if above is not None:
        raise RefusedError(above)
    return amount, tip


def _amounts(
    equipment: Equipment, turn: Turn, rule: PaymentRule, event: Start, item: BatchItem | None
) -> tuple[Money, Money]:
    if rule.amount is AmountFrom.NOWHERE:
        return _NOTHING, _NOTHING
    items = turn.state.items
    if rule.amount is AmountFrom.KEYED:
        amount = _keyed(equipment, event.amount)
        if item is not None:
            _check_against(equipment, turn, rule, amount, item)
        return amount, _NOTHING
    if item is None:
        raise RefusedError(wording.NO_SUCH_PAYMENT)
    standing_minor = present_amount(items, item)
    if rule.amount is AmountFrom.ORIGINAL:
        return Money(standing_minor, Currency.CNY), _NOTHING
    tip = _keyed(equipment, event.tip)
    percent_max = equipment.settings.profile.tip_percent_max
    if tip.minor * 100 > standing_minor * percent_max:
        raise RefusedError(wording.tip_too_large(percent_max))
    return Money(standing_minor + tip.minor, Currency.CNY), tip


def _keyed(equipment: Equipment, amount: Money | None) -> Money:
    if amount is None or amount.currency is not Currency.CNY:
        raise RefusedError(wording.BAD_AMOUNT)
    if not 1 <= amount.minor <= equipment.settings.sale_limit_minor:
        raise RefusedError(wording.BAD_AMOUNT)
    return amount


def _check_against(
    equipment: Equipment, turn: Turn, rule: PaymentRule, amount: Money, item: BatchItem
) -> None:
    """Compare an amount with an original that this terminal knows."""
    standing_minor = present_amount(turn.state.items, item)
    _check_still_open(turn, rule, item)
    if rule.original is OriginalBy.RRN:
        left_minor = standing_minor - refunded_minor(turn.state.items, item.closed_rrn)
        if amount.minor > left_minor:
            raise RefusedError(wording.REFUND_TOO_LARGE)
    elif rule.kind == "pre_authorisation_void":
        if amount.minor != standing_minor:
            raise RefusedError(wording.NOT_THE_HELD_AMOUNT)
    elif rule.original is OriginalBy.AUTH_CODE:
        percent_max = equipment.settings.profile.completion_percent_max
        if amount.minor * 100 > standing_minor * percent_max:
            raise RefusedError(wording.completion_too_large(percent_max))
