"""More planted bugs: voids, refunds and holds, repeats, pending work, settlement, inquiries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tongbao.domain.ids import Stan
from tongbao.domain.secrets import Purpose
from tongbao.host.core import (
    batches,
    deliveries,
    exceptions,
    originals,
    outcomes,
    payment_rules,
    replies,
)
from tongbao.host.core import issuer_messages as host_messages
from tongbao.host.core.payment_rules import Answer, PaymentInput, PaymentState, Rule, Upstream
from tongbao.host.records import BatchDetailRecord
from tongbao.sandbox.issuer.core import checks, standing
from tongbao.simulation import coverage, host_store
from tongbao.terminal.core import (
    card_seal,
    messages,
    recovery,
    service_recovery,
    starting,
    totals,
)
from tongbao.wire.unionpay.transactions import Resolution

Patch = pytest.MonkeyPatch
_S = PaymentState
_I = PaymentInput
_GRANTED = standing.Cell("00", standing.Standing.DONE)


def _rule(patch: Patch, cell: tuple[PaymentState, PaymentInput], rule: Rule) -> None:
    """Change a cell of the host's table of repeatable payments."""
    for module in (payment_rules, coverage):
        table = {**module.TABLES[Resolution.REPEAT], cell: rule}
        patch.setattr(module, "TABLES", {**module.TABLES, Resolution.REPEAT: table})


def _host_allows_any_state(patch: Patch) -> None:
    patch.setattr(originals, "_refused_by_state", lambda *_: "")
    patch.setattr(originals, "_unless_busy", lambda _f, root, _m: originals.Verdict(root.payment))


def _issuer_grants(patch: Patch, *asks: standing.Ask) -> None:
    for cell in standing.TABLE:
        if cell[1] in asks and cell[0] is not standing.Standing.ABSENT:
            patch.setitem(standing.TABLE, cell, _GRANTED)


def a_hold_that_was_released_can_be_completed(patch: Patch) -> None:
    _host_allows_any_state(patch)
    _issuer_grants(patch, standing.Ask.COMPLETION)


def a_payment_can_be_voided_twice(patch: Patch) -> None:
    _host_allows_any_state(patch)
    _issuer_grants(patch, standing.Ask.VOID, standing.Ask.COMPLETION_VOID)
    patch.setattr(starting, "is_undone", lambda *_: False)


def a_refund_can_be_above_what_was_paid(patch: Patch) -> None:
    for module, name in ((originals, "_refused_by_amount"), (starting, "_check_against")):
        patch.setattr(module, name, lambda *_: "")
    patch.setattr(originals, "_unless_busy", lambda _f, root, _m: originals.Verdict(root.payment))
    patch.setattr(checks, "_check_amount", lambda *_: "00")


def host_takes_an_inquiry_for_another_payment(patch: Patch) -> None:
    """An answer about one payment settles whatever this terminal waits for."""
    answer = outcomes.Outcomes.answer

    def confused(self: Any, given: Any, now_us: int, out: Any) -> None:
        if given.kind is host_messages.AnswerKind.INQUIRY:
            for rrn, pending in self._state.pending.items():
                if rrn in self._state.inquiring:
                    amount = f"{pending.payment.amount_minor:012d}"
                    terminal_id = pending.payment.terminal_id
                    given = given._replace(
                        rrn=rrn, code="00", amount=amount, terminal_id=terminal_id
                    )
                    break
        answer(self, given, now_us, out)

    patch.setattr(outcomes.Outcomes, "answer", confused)
    patch.setattr(outcomes, "find", lambda _answer: PaymentInput.FOUND_APPROVED)


def host_never_opens_an_exception(patch: Patch) -> None:
    patch.setattr(exceptions.Exceptions, "open_when_stuck", lambda _self, item, *_: item)


def host_never_closes_an_exception(patch: Patch) -> None:
    patch.setattr(exceptions.Exceptions, "close", lambda *_: None)


def host_sends_an_advice_only_once(patch: Patch) -> None:
    patch.setattr(deliveries.Deliveries, "repeat", lambda *_: None)


def host_ignores_a_late_approval_of_an_advice(patch: Patch) -> None:
    _rule(patch, (_S.DELIVERING, _I.APPROVAL), Rule(_S.DELIVERING))
    _rule(patch, (_S.DELIVERING, _I.FOUND_APPROVED), Rule(_S.DELIVERING))


def host_forgets_at_a_start_what_nobody_has_answered(patch: Patch) -> None:
    find = host_store.VirtualHostStore.open_payments

    def bare(self: Any, node: int, since: int) -> Any:
        return tuple(stored for stored in find(self, node, since) if stored.events)

    patch.setattr(host_store.VirtualHostStore, "open_payments", bare)


def host_declines_an_advice_that_nobody_answers(patch: Patch) -> None:
    declined = Rule(_S.DECLINED, ("declined",), Upstream.NOTHING, Answer.NO_LINK)
    _rule(patch, (_S.PENDING, _I.LINK_LOST), declined)
    _rule(patch, (_S.PENDING, _I.TIMEOUT), declined)


def host_counts_a_batch_twice(patch: Patch) -> None:
    counted = batches.counted_of

    def twice(payments: Any, habit: str) -> Any:
        return counted(payments, habit) * 2

    patch.setattr(batches, "counted_of", twice)


def host_counts_an_upload_that_comes_again(patch: Patch) -> None:
    take, load = batches.Batches._take_details, host_store.VirtualHostStore.load_batch

    def forgetful(self: Any, request: Any, batch: Any, *rest: Any) -> None:
        take(self, request, batch._replace(details=()), *rest)

    def whole(self: Any, terminal_id: str, batch_no: int) -> Any:
        events, _ = load(self, terminal_id, batch_no)
        mine = (terminal_id, batch_no)
        rows = (row for row in self._disk.rows() if isinstance(row, BatchDetailRecord))
        return events, tuple(row for row in rows if (row.terminal_id, row.batch_no) == mine)

    patch.setattr(batches.Batches, "_take_details", forgetful)
    patch.setattr(host_store.VirtualHostStore, "load_batch", whole)


def host_takes_totals_from_the_wrong_batch(patch: Patch) -> None:
    by_batch = host_store.VirtualHostStore.by_batch

    def before(self: Any, batches: Any) -> Any:
        return by_batch(self, [one._replace(batch_no=one.batch_no - 1) for one in batches])

    patch.setattr(host_store.VirtualHostStore, "by_batch", before)


def host_dates_by_another_midnight(patch: Patch) -> None:
    moment_of = replies.moment_of

    def by_greenwich(second: int) -> Any:
        return moment_of(second)._replace(date=moment_of(second - 8 * 3600).date)

    patch.setattr(replies, "moment_of", by_greenwich)


def terminal_repeats_with_a_new_trace(patch: Patch) -> None:
    repeat = messages.HostMessages.repeat

    def renumbered(self: Any, intent: Any, *rest: Any) -> Any:
        return repeat(self, replace(intent, trace=Stan(intent.trace).next().value), *rest)

    patch.setattr(messages.HostMessages, "repeat", renumbered)


def terminal_keeps_the_storage_key(patch: Patch) -> None:
    patch.setattr(card_seal.CardSeal, "keep_only", lambda *_: None)


def terminal_counts_a_tip_as_a_sale(patch: Patch) -> None:
    side = totals._side

    def fooled(approved: Any, profile: Any) -> Any:
        found = side(approved, profile)
        tips = sum(item.intent.payment_kind == "tip" for item in approved)
        return found.debit(tips, 0)

    patch.setattr(totals, "_side", fooled)


def terminal_forgets_refunds_in_its_totals(patch: Patch) -> None:
    side = totals._side

    def forgetful(approved: Any, profile: Any) -> Any:
        return replace(side(approved, profile), credit_count=0, credit_minor=0)

    patch.setattr(totals, "_side", forgetful)


def terminal_forgets_stored_advices_in_a_power_cut(patch: Patch) -> None:
    patch.setattr(service_recovery.ServiceReader, "add_work", lambda *_: None)


def terminal_writes_the_card_number_into_its_journal(patch: Patch) -> None:
    def clear(_self: Any, _batch: int, _trace: int, pan: Any) -> str:
        return str(pan.reveal(Purpose.TEST))

    patch.setattr(card_seal.CardSeal, "seal", clear)


def terminal_forgets_its_batch_in_a_power_cut(patch: Patch) -> None:
    patch.setattr(recovery.JournalReader, "items", lambda _self: ())


PLANTED_IN_FAMILIES = (
    a_hold_that_was_released_can_be_completed,
    a_payment_can_be_voided_twice,
    a_refund_can_be_above_what_was_paid,
    host_takes_an_inquiry_for_another_payment,
    host_never_opens_an_exception,
    host_never_closes_an_exception,
    host_sends_an_advice_only_once,
    host_ignores_a_late_approval_of_an_advice,
    host_forgets_at_a_start_what_nobody_has_answered,
    host_declines_an_advice_that_nobody_answers,
    host_counts_a_batch_twice,
    host_counts_an_upload_that_comes_again,
    host_takes_totals_from_the_wrong_batch,
    host_dates_by_another_midnight,
    terminal_repeats_with_a_new_trace,
    terminal_keeps_the_storage_key,
    terminal_counts_a_tip_as_a_sale,
    terminal_forgets_refunds_in_its_totals,
    terminal_forgets_stored_advices_in_a_power_cut,
    terminal_writes_the_card_number_into_its_journal,
    terminal_forgets_its_batch_in_a_power_cut,
)
