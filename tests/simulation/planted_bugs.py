"""Bugs put into the real code on purpose, each behind a switch that only a test can set.

A planted bug is a function that gets pytest's monkeypatch and changes one rule of a core, a pump
or a store. Nothing in the program knows of these.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tongbao.domain.ids import Stan
from tongbao.domain.secrets import Purpose
from tongbao.host.core import issuer_messages, outcomes, payments, reversals
from tongbao.host.core.payment_rules import Answer, PaymentInput, PaymentState, Rule, Upstream
from tongbao.host.records import EventKind
from tongbao.host.store.port import StoreFailedError
from tongbao.simulation import coverage, host_store, issuer_store, terminal_node
from tongbao.terminal.core import (
    closing,
    exchanges,
    messages,
    paying,
    recovery,
    reversing,
    starting,
    verdicts,
)
from tongbao.terminal.core import core as terminal_core
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core.messages import MacCheck
from tongbao.terminal.core.transitions import TRANSITIONS, Transition
from tongbao.terminal.core.vocabulary import DoubtStage, Phase
from tongbao.terminal.core.vocabulary import EventKind as TerminalEvent
from tongbao.wire.unionpay.transactions import Resolution

Patch = pytest.MonkeyPatch


def host_replies_before_the_flush(patch: Patch) -> None:
    def write_only(self: Any, records: Any) -> None:
        self._check_unique(records)
        rows = tuple(records)
        self._take(rows, self._disk.write(rows))

    patch.setattr(host_store.VirtualHostStore, "commit", write_only)


def host_tries_a_failed_flush_again(patch: Patch) -> None:
    commit = host_store.VirtualHostStore.commit

    def stubborn(self: Any, records: Any) -> None:
        try:
            commit(self, records)
        except StoreFailedError:
            self._disk.flush()

    patch.setattr(host_store.VirtualHostStore, "commit", stubborn)


def host_takes_a_repeated_sale_for_a_new_one(patch: Patch) -> None:
    begin = payments.Payments._begin

    def request(self: Any, request: Any, terminal: Any, now_us: int, out: Any) -> None:
        facts = payments._facts_of(request)
        begin(self, request, facts, terminal, payments._NO_VERDICT, now_us, out)

    patch.setattr(payments.Payments, "request", request)
    patch.setattr(host_store.VirtualHostStore, "_check_unique", lambda *_: None)


def host_forgets_open_reversals_at_a_start(patch: Patch) -> None:
    find = host_store.VirtualHostStore.open_payments

    def bare(self: Any, node: int, since: int) -> Any:
        return tuple(stored for stored in find(self, node, since) if not stored.events)

    patch.setattr(host_store.VirtualHostStore, "open_payments", bare)


def host_declines_when_the_issuer_is_silent(patch: Patch) -> None:
    rules = dict(outcomes.TABLES[Resolution.REVERSE])
    rules[PaymentState.PENDING, PaymentInput.TIMEOUT] = Rule(
        PaymentState.DECLINED, (EventKind.DECLINED,), Upstream.NOTHING, Answer.NO_LINK
    )

    def doubt(self: Any, pending: Any, rule: Any, facts: Any, now_us: int, out: Any) -> None:
        if rule.next is not PaymentState.DECLINED:
            kept(self, pending, rule, facts, now_us, out)
            return
        self.drop(pending)
        told = outcomes.EventFacts("91")
        outcomes.record_events(self._state, rule, pending.payment.payment_id, told, now_us, out)
        self.tell(pending, outcomes.Outcome("91", "", now_us), out)

    kept = outcomes.Outcomes._doubt
    patch.setattr(coverage, "TABLES", {**coverage.TABLES, Resolution.REVERSE: rules})
    patch.setattr(outcomes.Outcomes, "_doubt", doubt)


def host_sends_a_reversal_only_once(patch: Patch) -> None:
    patch.setattr(reversals.Reversals, "repeat", lambda *_: None)


def host_believes_an_issuer_with_a_wrong_mac(patch: Patch) -> None:
    verify = issuer_messages.IssuerMessages._verify

    def believe(self: Any, message: Any, body: bytes) -> Any:
        kind, _ = issuer_messages._KINDS[message.mti]
        found = verify(self, message, body)
        if isinstance(found, issuer_messages.IssuerAnswer):
            return found
        get = message.fields.get
        return issuer_messages.IssuerAnswer(
            kind, get(37, ""), get(39, ""), get(38, ""), get(4, ""), get(41, "")
        )

    patch.setattr(issuer_messages.IssuerMessages, "_verify", believe)


def host_declines_what_the_issuer_found_damaged(patch: Patch) -> None:
    patch.setattr(issuer_messages, "_DOUBTFUL", frozenset({"68", "98"}))


def issuer_replies_before_the_flush(patch: Patch) -> None:
    patch.setattr(issuer_store.VirtualIssuerStore, "commit", _write_only)


def _write_only(self: Any, records: Any) -> None:
    if records:
        self._audit(records)
        self._take(records, self._disk.write(tuple(records)))


def _recall_without(patch: Patch, part: str, *, when_alone: bool | None = None) -> None:
    """Let the issuer's look into its book overlook one part of what it holds."""
    recall = issuer_store.VirtualIssuerStore.recall

    def overlook(self: Any, rrns: Any) -> Any:
        return {
            rrn: replace(known, **{part: None})
            if when_alone in (None, known.authorisation is None)
            else known
            for rrn, known in recall(self, rrns).items()
        }

    patch.setattr(issuer_store.VirtualIssuerStore, "recall", overlook)


def issuer_gives_back_twice(patch: Patch) -> None:
    _recall_without(patch, "reversal", when_alone=False)


def issuer_forgets_a_reversal_that_came_first(patch: Patch) -> None:
    _recall_without(patch, "reversal", when_alone=True)


def issuer_books_a_repeated_sale_again(patch: Patch) -> None:
    _recall_without(patch, "authorisation")


def terminal_forgets_its_doubt_in_a_power_cut(patch: Patch) -> None:
    patch.setattr(recovery, "_doubt_of", lambda _reader: None)


def terminal_counts_traces_anew_after_a_start(patch: Patch) -> None:
    restore = recovery.restore

    def forgetful(settings: Any, reader: Any) -> Any:
        return replace(restore(settings, reader), next_trace=Stan(1))

    patch.setattr(terminal_node, "restore", forgetful)


def terminal_takes_an_answer_for_another_sale(patch: Patch) -> None:
    def any_sale(_self: Any, answer: Any, mti: str, _intent: Any) -> bool:
        return bool(answer.message.mti == mti)

    patch.setattr(messages.HostMessages, "is_for_payment", any_sale)


def terminal_believes_a_wrong_mac(patch: Patch) -> None:
    patch.setattr(messages.HostMessages, "check_mac", lambda *_: MacCheck.GOOD)


def terminal_takes_an_unchecked_sale_for_declined(patch: Patch) -> None:
    settle = verdicts.why_unsettled

    def believing(equipment: Any, answer: Any) -> Any:
        return None if answer.text(39) == "A0" else settle(equipment, answer)

    patch.setattr(paying, "why_unsettled", believing)


def terminal_sells_while_in_doubt(patch: Patch) -> None:
    def start(equipment: Any, turn: Any, event: Any) -> None:
        if starting.why_not(equipment, turn, event) is None:
            turn.go(
                Phase.CARD,
                draft=paying.PaymentDraft(
                    event.command_id, event.payment_kind, event.amount, event.amount
                ),
            )

    cell = (Phase.IDLE, TerminalEvent.START)
    patch.setitem(TRANSITIONS, cell, Transition(start, TRANSITIONS[cell].to))


def terminal_says_before_it_writes(patch: Patch) -> None:
    step = terminal_core.TerminalCore.step

    def reordered(self: Any, state: Any, event: Any, now: Any) -> Any:
        after, effects = step(self, state, event, now)
        return after, sorted(effects, key=lambda effect: isinstance(effect, fx.Persist))

    patch.setattr(terminal_core.TerminalCore, "step", reordered)


def terminal_takes_silence_for_a_decline(patch: Patch) -> None:
    def declined(equipment: Any, turn: Any, intent: Any, *_rest: Any) -> None:
        closing.payment_not_sent(equipment, turn, turn.state.intent)

    patch.setattr(paying, "open_doubt", declined)
    _allow(patch, Phase.RESULT)


def terminal_drops_a_reversal_after_its_tries(patch: Patch) -> None:
    failed = reversing.attempt_failed

    def dropped(equipment: Any, turn: Any, *rest: Any) -> None:
        failed(equipment, turn, *rest)
        doubt = turn.state.doubt
        if doubt is not None and doubt.stage is DoubtStage.NEEDS_PERSON:
            turn.go(Phase.IDLE, doubt=None)

    for module in (reversing, exchanges):
        patch.setattr(module, "attempt_failed", dropped)
    _allow(patch, Phase.IDLE)


def _allow(patch: Patch, phase: Phase) -> None:
    """Keep the state table from finding the bug before the simulator does."""
    for cell, transition in list(TRANSITIONS.items()):
        patch.setitem(TRANSITIONS, cell, Transition(transition.handler, transition.to | {phase}))


def terminal_writes_the_pin_into_its_journal(patch: Patch) -> None:
    send = paying._send_payment

    def chatty(equipment: Any, turn: Any, draft: Any, pin: Any) -> bool:
        spoken = replace(draft, command_id=pin.reveal(Purpose.TEST) if pin else "")
        return bool(send(equipment, turn, spoken, pin))

    patch.setattr(paying, "_send_payment", chatty)


PLANTED = (
    host_replies_before_the_flush,
    host_tries_a_failed_flush_again,
    host_takes_a_repeated_sale_for_a_new_one,
    host_forgets_open_reversals_at_a_start,
    host_declines_when_the_issuer_is_silent,
    host_sends_a_reversal_only_once,
    host_believes_an_issuer_with_a_wrong_mac,
    host_declines_what_the_issuer_found_damaged,
    issuer_replies_before_the_flush,
    issuer_gives_back_twice,
    issuer_forgets_a_reversal_that_came_first,
    issuer_books_a_repeated_sale_again,
    terminal_forgets_its_doubt_in_a_power_cut,
    terminal_counts_traces_anew_after_a_start,
    terminal_takes_an_answer_for_another_sale,
    terminal_believes_a_wrong_mac,
    terminal_takes_an_unchecked_sale_for_declined,
    terminal_sells_while_in_doubt,
    terminal_says_before_it_writes,
    terminal_takes_silence_for_a_decline,
    terminal_drops_a_reversal_after_its_tries,
    terminal_writes_the_pin_into_its_journal,
)
