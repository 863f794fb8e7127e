"""Tells from a payment's rows which messages were exchanged.

The host records events and not messages: a row is written once, a message may be cut, and rows
cannot hold secrets. What is built here is what the rows prove and nothing more.
"""

from __future__ import annotations

import re
from typing import Final

from tongbao.platform.payments.status import EventKind
from tongbao.platform.payments.traces.types import (
    Meaning,
    Party,
    TracedEvent,
    TracedMessage,
    TracedPayment,
)
from tongbao.wire.unionpay.transactions import KINDS, SALE, SCRIPT_RESULT, SIGNATURE, reply_mti

# The host answers so by itself when its link to the issuer is down; nothing was sent then.
LINK_DOWN: Final = "91"
RESTART: Final = "host restart"
BEFORE_ORIGINAL: Final = "reversal before original"
FROM_TERMINAL: Final = "terminal"
UNCLEAR_ANSWER: Final = "issuer answer"
_DOUBT_CODE: Final = "98"
AFTER_INQUIRY: Final = "issuer asked"
TERMINAL_REPEATS: Final = "the terminal repeats"
ATTEMPT: Final = "attempt"
# With these the host gives up for the moment and tells the terminal so.
_TOLD_DOUBT: Final = (
    *("issuer timeout", "issuer link lost", "no link to the issuer"),
    *(UNCLEAR_ANSWER, AFTER_INQUIRY),
)
_FOUND_CODE: Final = re.compile(r"\(([0-9A-Z]{2})\)$")

_TERMINAL_REVERSAL: Final = "0400"
_ISSUER_REVERSAL: Final = "0420"
_ISSUER_INQUIRY: Final = "0600"
# Towards the issuer some kinds wear another form, see docs/network-dialect.md.
_UPSTREAM_FORMS: Final = {
    "offline_sale": ("0220", "000000"),
    "chip_offline_sale": ("0220", "000000"),
    "adjustment": ("0220", "020000"),
    "tip": ("0220", "020000"),
}

_Fields = dict[int, str]


def messages_of(payment: TracedPayment) -> tuple[TracedMessage, ...]:
    """Return the messages of a payment, oldest first; its own `messages` are not looked at."""
    return tuple(message for group in message_groups(payment) for message in group)


def message_groups(payment: TracedPayment) -> list[tuple[TracedMessage, ...]]:
    """Return the messages in groups: those of the request first, then one group for each event."""
    return _Story(payment).tell()


def went_upstream(payment: TracedPayment) -> bool:
    """Return whether the request was sent on to the issuer, as far as the rows tell.

    The host's own no is written in one step with the intent, and so at the same moment.
    """
    if not payment.events:
        return True
    first = payment.events[0]
    if first.kind == EventKind.DECLINED and first.at_us == payment.received_at_us:
        return False
    return first.code != LINK_DOWN and not first.detail.startswith(
        (BEFORE_ORIGINAL, "no link to the issuer")
    )


def inquiry_code(detail: str) -> str:
    """Return the code in what an inquiry found, "found approved (00)"; "" when there was none."""
    found = _FOUND_CODE.search(detail)
    if found:
        return found[1]
    return detail if len(detail) == 2 and detail.isalnum() else ""


class _Story:
    """The messages of one payment, gathered in order."""

    def __init__(self, payment: TracedPayment) -> None:
        self._payment = payment
        self._told: list[TracedMessage] = []
        self._before = ""
        self._terminal_waits = True
        self._is_upstream = False
        self._transaction = KINDS.get(payment.kind, SALE)
        upstream = (self._transaction.mti, self._transaction.processing_code or "")
        self._upstream_mti, self._upstream_code = _UPSTREAM_FORMS.get(payment.kind, upstream)

    def tell(self) -> list[tuple[TracedMessage, ...]]:
        payment = self._payment
        buried = bool(payment.events) and payment.events[0].detail == BEFORE_ORIGINAL
        if not buried:
            self._request(payment.received_at_us, Meaning.REQUEST)
            if went_upstream(payment):
                self._upstream(payment.received_at_us, Meaning.REQUEST)
        groups = [self._taken()]
        for event in payment.events:
            self._event(event)
            groups.append(self._taken())
            self._before = event.kind
        return groups

    def _taken(self) -> tuple[TracedMessage, ...]:
        told, self._told = tuple(self._told), []
        return told

    def _event(self, event: TracedEvent) -> None:
        tellers = {
            EventKind.APPROVED: self._outcome,
            EventKind.DECLINED: self._outcome,
            EventKind.REVERSAL_REQUESTED: self._reversal_requested,
            EventKind.REVERSAL_REPEATED: self._reversal_sent,
            EventKind.REVERSED: self._reversed,
            EventKind.LATE_ANSWER: self._late_answer,
            EventKind.REPEATED: self._repeated,
            EventKind.INQUIRED: self._inquired,
            EventKind.DELIVERY_REPEATED: self._delivery_repeated,
            EventKind.SIGNED: self._signed,
            EventKind.SCRIPT_RESULT: self._script_result,
        }
        teller = next((teller for kind, teller in tellers.items() if kind == event.kind), None)
        if teller is not None:
            teller(event)

    def _outcome(self, event: TracedEvent) -> None:
        # After an inquiry the outcome came with its answer and not by itself.
        if self._is_upstream and self._before != EventKind.INQUIRED:
            self._from_issuer(event, reply_mti(self._upstream_mti), Meaning.ANSWER)
        # Who was told 98 hears the outcome when it asks again, which is an event itself.
        if self._terminal_waits:
            self._answer(event, event.code, event.auth_code)

    def _late_answer(self, event: TracedEvent) -> None:
        self._from_issuer(event, reply_mti(self._upstream_mti), Meaning.LATE_ANSWER)

    def _repeated(self, event: TracedEvent) -> None:
        self._request(event.at_us, Meaning.REQUEST_AGAIN)
        self._answer(event, event.code, "")

    def _delivery_repeated(self, event: TracedEvent) -> None:
        detail = event.detail
        if detail.startswith(_TOLD_DOUBT):
            self._told_doubt(event)
            if detail.startswith(UNCLEAR_ANSWER):
                self._inquiry(event, "")
            return
        if detail == RESTART:
            self._terminal_waits = False
            self._inquiry(event, "")
            return
        if detail.startswith(TERMINAL_REPEATS):
            self._terminal_waits = True
            self._request(event.at_us, Meaning.REQUEST_AGAIN)
        self._upstream(event.at_us, Meaning.REQUEST_AGAIN, is_recorded=True)

    def _told_doubt(self, event: TracedEvent) -> None:
        """Tell what gave the doubt, and that the terminal was told 98."""
        if event.detail.startswith(UNCLEAR_ANSWER):
            code = event.detail.removeprefix(UNCLEAR_ANSWER).split()[:1]
            fields = self._reference() | {39: code[0] if code else ""}
            kind = (reply_mti(self._upstream_mti), Meaning.ANSWER)
            self._add(event.at_us, Party.ISSUER, Party.HOST, kind, fields)
        if self._terminal_waits:
            self._answer(event, _DOUBT_CODE, "")
        self._terminal_waits = False

    def _reversal_requested(self, event: TracedEvent) -> None:
        if event.detail == BEFORE_ORIGINAL:
            self._terminal_reversal(event, "")
            return
        if event.detail.startswith(FROM_TERMINAL):
            self._terminal_reversal(event, event.detail.removeprefix(FROM_TERMINAL).strip())
        if event.detail.startswith(_TOLD_DOUBT):
            self._told_doubt(event)
        self._reversal_sent(event)

    def _terminal_reversal(self, event: TracedEvent, reason: str) -> None:
        fields = self._terminal_fields() | {39: reason}
        kind = (_TERMINAL_REVERSAL, Meaning.REVERSAL)
        self._add(event.at_us, Party.TERMINAL, Party.HOST, kind, fields)
        answer = (reply_mti(_TERMINAL_REVERSAL), Meaning.REVERSAL_ANSWER)
        fields = self._numbers() | {37: self._payment.rrn, 39: "00"}
        self._add(event.at_us, Party.HOST, Party.TERMINAL, answer, fields)

    def _reversal_sent(self, event: TracedEvent) -> None:
        kind = (_ISSUER_REVERSAL, Meaning.REVERSAL)
        fields = self._reference() | self._amount()
        self._add(event.at_us, Party.HOST, Party.ISSUER, kind, fields)

    def _reversed(self, event: TracedEvent) -> None:
        if event.detail != BEFORE_ORIGINAL:
            self._from_issuer(event, reply_mti(_ISSUER_REVERSAL), Meaning.REVERSAL_ANSWER)

    def _inquired(self, event: TracedEvent) -> None:
        self._inquiry(event, inquiry_code(event.code or event.detail))

    def _inquiry(self, event: TracedEvent, code: str) -> None:
        fields = self._reference() | {62: self._payment.rrn}
        kind = (_ISSUER_INQUIRY, Meaning.INQUIRY)
        self._add(event.at_us, Party.HOST, Party.ISSUER, kind, fields, is_recorded=False)
        if code:
            answer = (reply_mti(_ISSUER_INQUIRY), Meaning.INQUIRY_ANSWER)
            fields = self._reference() | {39: code}
            self._add(event.at_us, Party.ISSUER, Party.HOST, answer, fields)

    def _signed(self, event: TracedEvent) -> None:
        self._beside(event, SIGNATURE.mti, Meaning.SIGNATURE, Meaning.SIGNATURE_ANSWER)

    def _script_result(self, event: TracedEvent) -> None:
        meanings = (Meaning.SCRIPT_RESULT, Meaning.SCRIPT_RESULT_ANSWER)
        self._beside(event, SCRIPT_RESULT.mti, *meanings)

    def _beside(self, event: TracedEvent, mti: str, asked: Meaning, answered: Meaning) -> None:
        fields = self._numbers() | {37: self._payment.rrn}
        self._add(event.at_us, Party.TERMINAL, Party.HOST, (mti, asked), fields)
        answer = (reply_mti(mti), answered)
        self._add(event.at_us, Party.HOST, Party.TERMINAL, answer, fields | {39: "00"})

    def _request(self, at_us: int, meaning: Meaning) -> None:
        kind = (self._transaction.mti, meaning)
        self._add(at_us, Party.TERMINAL, Party.HOST, kind, self._terminal_fields())

    def _upstream(self, at_us: int, meaning: Meaning, *, is_recorded: bool = False) -> None:
        self._is_upstream = True
        fields = self._reference() | self._amount()
        fields |= {3: self._upstream_code, 62: self._payment.original}
        kind = (self._upstream_mti, meaning)
        self._add(at_us, Party.HOST, Party.ISSUER, kind, fields, is_recorded=is_recorded)

    def _from_issuer(self, event: TracedEvent, mti: str, meaning: Meaning) -> None:
        fields = self._reference() | {38: event.auth_code, 39: event.code}
        self._add(event.at_us, Party.ISSUER, Party.HOST, (mti, meaning), fields)

    def _answer(self, event: TracedEvent, code: str, auth_code: str) -> None:
        fields = self._numbers() | {37: self._payment.rrn, 38: auth_code, 39: code}
        kind = (self._transaction.reply_mti, Meaning.ANSWER)
        self._add(event.at_us, Party.HOST, Party.TERMINAL, kind, fields)

    def _terminal_fields(self) -> _Fields:
        payment, transaction = self._payment, self._transaction
        fields = self._numbers() | self._amount()
        fields[3] = transaction.processing_code or ""
        fields[22] = payment.entry_mode
        fields[25] = transaction.condition or ""
        fields[60] = f"{transaction.function}{payment.batch:06}"
        return fields

    def _numbers(self) -> _Fields:
        payment = self._payment
        return {11: f"{payment.trace:06}", 41: payment.terminal, 42: payment.merchant}

    def _reference(self) -> _Fields:
        return self._numbers() | {37: self._payment.rrn}

    def _amount(self) -> _Fields:
        payment = self._payment
        if not payment.amount_minor:
            return {}
        return {4: f"{payment.amount_minor:012}", 49: payment.currency}

    def _add(
        self,
        at_us: int,
        sender: Party,
        receiver: Party,
        kind: tuple[str, Meaning],
        fields: _Fields,
        *,
        is_recorded: bool = True,
    ) -> None:
        mti, meaning = kind
        self._told.append(
            TracedMessage(
                at_us=at_us,
                is_recorded=is_recorded,
                sender=sender,
                receiver=receiver,
                mti=mti,
                meaning=meaning,
                fields=tuple(
                    (number, fields[number]) for number in sorted(fields) if fields[number]
                ),
            )
        )
