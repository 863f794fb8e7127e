"""What a terminal does at a host, message by message: payments, reversals, and looking at answers.

Field by field after the dialect's tables of requests and answers (3.0.1, 3.0.2).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao.app.conform.case import NotApplicableError, check
from tongbao.domain.secrets import Purpose, SecretBytes, SecretText
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.transactions import (
    ADJUSTMENT,
    BALANCE,
    COMPLETION,
    COMPLETION_ADVICE,
    COMPLETION_VOID,
    OFFLINE_SALE,
    PREAUTH_VOID,
    REFUND,
    TIP,
    VOID,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.app.conform.plan import TestCard
    from tongbao.app.conform.terminal_side import Reply, TerminalSide
    from tongbao.wire.iso8583.fields import FieldValue
    from tongbao.wire.unionpay.transactions import Transaction

APPROVED_CODES: Final = frozenset({"00", "10", "11", "A2", "A4", "A5", "A6"})
DOUBT_CODES: Final = frozenset({"68", "98"})
SMALL_MINOR: Final = 1_01
_PAUSE_S: Final = 0.1
_PIN_BLOCK_BYTES: Final = 8
_WITHOUT_PIN: Final = frozenset(
    transaction.kind
    for transaction in (VOID, REFUND, COMPLETION_ADVICE, OFFLINE_SALE, ADJUSTMENT, TIP)
)
_WITH_RRN: Final = frozenset(transaction.kind for transaction in (VOID, REFUND, COMPLETION_VOID))
_WITH_DATE: Final = frozenset(
    transaction.kind
    for transaction in (
        REFUND,
        PREAUTH_VOID,
        COMPLETION,
        COMPLETION_ADVICE,
        COMPLETION_VOID,
        ADJUSTMENT,
        TIP,
    )
)
_WITH_ORGANISATION: Final = frozenset(
    transaction.kind for transaction in (REFUND, OFFLINE_SALE, ADJUSTMENT, TIP)
)


@dataclass(frozen=True, slots=True)
class Done:
    """A request and its answer, and what a later message needs of them."""

    transaction: Transaction
    card: TestCard
    request: Message
    reply: Reply

    @property
    def amount_minor(self) -> int:
        """The amount asked for."""
        amount = self.request.fields.get(4)
        return int(amount) if isinstance(amount, str) else 0

    @property
    def trace(self) -> str:
        """Field 11, six digits."""
        return str(self.request.fields[11])

    @property
    def batch(self) -> str:
        """Field 60.2, six digits."""
        return str(self.request.fields[60])[2:8]


def card_of(side: TerminalSide, name: str = "good") -> TestCard:
    """Return a card of the plan; the case does not apply without it."""
    card = side.plan.cards.get(name)
    if card is None:
        raise NotApplicableError(f"the plan has no card {name!r}")
    return card


def needs(side: TerminalSide, claim: str) -> None:
    """Leave the case when the host does not claim to do this."""
    if not side.plan.claims_to_do(claim):
        raise NotApplicableError(f"the host does not claim {claim}")


def request(  # noqa: PLR0913 - a message has this many sides
    side: TerminalSide,
    transaction: Transaction,
    *,
    card: TestCard,
    amount_minor: int = SMALL_MINOR,
    original: Done | None = None,
    keyed: bool = False,
    pin: bool | None = None,
    changes: Mapping[int, FieldValue | None] | None = None,
) -> Message:
    """Return a well-formed request, with `changes` (None removes a field) made at the end."""
    with_pin = transaction.kind not in _WITHOUT_PIN if pin is None else pin
    fields: dict[int, FieldValue] = {
        3: str(transaction.processing_code),
        4: f"{amount_minor:012d}",
        11: f"{side.next_trace():06d}",
        22: ("01" if keyed else "02") + ("1" if with_pin else "2"),
        25: str(transaction.condition),
        41: side.terminal.terminal_id,
        42: side.terminal.merchant_id,
        49: "156",
        53: "2600000000000000" if with_pin else "0600000000000000",
        60: f"{transaction.function}{side.batch:06d}000{side.plan.capabilities}",
    }
    if transaction is BALANCE:
        del fields[4]
        fields[60] = str(fields[60])[:13]
    if keyed:
        fields[2] = SecretText(card.pan.reveal(Purpose.WIRE))
        fields[14] = card.expiry
        if not with_pin:
            del fields[53]
    else:
        fields[35] = SecretText(card.track2.reveal(Purpose.WIRE).replace("=", "D"))
    if with_pin:
        fields[26] = "12"
        # A block of SM4 is too long for the field: the case puts it where it belongs.
        fields[52] = SecretBytes(side.pin_block(card.pin, card.pan)[:_PIN_BLOCK_BYTES])
    if original is not None:
        fields |= _naming(transaction, original)
    if transaction.kind in _WITH_ORGANISATION:
        fields[63] = original.reply.text(63)[:3] if original is not None else "000"
    for number, value in (changes or {}).items():
        if value is None:
            fields.pop(number, None)
        else:
            fields[number] = value
    return Message(transaction.mti, fields)


def _naming(transaction: Transaction, original: Done) -> dict[int, FieldValue]:
    """Return F37, F38 and F61, which name the original."""
    fields: dict[int, FieldValue] = {}
    if transaction.kind in _WITH_RRN:
        fields[37] = original.reply.text(37)
    auth_code = original.reply.text(38).strip()
    if auth_code:
        fields[38] = original.reply.text(38)
    fields[61] = original.batch + original.trace
    if transaction.kind in _WITH_DATE:
        fields[61] = str(fields[61]) + original.reply.text(13)
    return fields


def do(
    side: TerminalSide,
    transaction: Transaction,
    *,
    card: TestCard | None = None,
    amount_minor: int = SMALL_MINOR,
    original: Done | None = None,
    changes: Mapping[int, FieldValue | None] | None = None,
) -> Done:
    """Send a request and return it with its answer, whatever it says."""
    chosen = card or (original.card if original is not None else card_of(side))
    message = request(
        side,
        transaction,
        card=chosen,
        amount_minor=amount_minor,
        original=original,
        changes=changes,
    )
    wait_ms = side.plan.answer_ms
    return Done(transaction, chosen, message, side.ask(message, wait_ms=wait_ms))


def approved(
    side: TerminalSide,
    transaction: Transaction,
    *,
    card: TestCard | None = None,
    amount_minor: int = SMALL_MINOR,
    original: Done | None = None,
    changes: Mapping[int, FieldValue | None] | None = None,
) -> Done:
    """Do a transaction that must be approved, with a right MAC."""
    done = do(
        side,
        transaction,
        card=card,
        amount_minor=amount_minor,
        original=original,
        changes=changes,
    )
    check(done.reply.code == "00", f"an approved {transaction.name}", str(done.reply))
    check(side.is_signed(done.reply), "a right MAC on an approval", "a wrong one or none")
    return done


def approved_in_the_end(
    side: TerminalSide, transaction: Transaction, original: Done, amount_minor: int
) -> None:
    """Do a transaction that may have to wait for the host's own reversal upstream."""
    done = do(side, transaction, original=original, amount_minor=amount_minor)
    deadline = time.monotonic() + side.plan.answer_ms / 1000
    while done.reply.code != "00" and time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
        done = do(side, transaction, original=original, amount_minor=amount_minor)
    check(done.reply.code == "00", f"an approved {transaction.name} in the end", str(done.reply))


def refused(reply: Reply, *codes: str) -> None:
    """Fail unless the answer declines, with one of the codes when some are given."""
    if codes:
        check(reply.code in codes, f"F39 {' or '.join(codes)}", str(reply))
    declined = reply.code not in APPROVED_CODES and reply.code not in DOUBT_CODES
    check(declined and len(reply.code) == 2, "a decline", str(reply))


def reversal(
    done_or_request: Done | Message,
    reason: str = "98",
    *,
    changes: Mapping[int, FieldValue | None] | None = None,
) -> Message:
    """Return the 0400 for a request, answered (`Done`) or not.

    Spec: UnionPay terminal dialect, 3.7 and conditions C6, C7, C11.
    """
    done = done_or_request if isinstance(done_or_request, Done) else None
    message = done.request if done is not None else done_or_request
    assert isinstance(message, Message)  # noqa: S101 - one of the two, for the type checker
    sent = message.fields
    fields = {number: sent[number] for number in (3, 4, 11, 22, 25, 41, 42, 49, 60)}
    fields[39] = reason
    if done is not None and done.reply.text(38).strip():
        fields[38] = done.reply.text(38)
    if 61 in sent:
        day = "0000" if reason == "98" or done is None else done.reply.text(13)
        fields[61] = str(sent[60])[2:8] + str(sent[11]) + day
    for number in (2, 14):
        if number in sent:
            fields[number] = sent[number]
    for number, value in (changes or {}).items():
        if value is None:
            fields.pop(number, None)
        else:
            fields[number] = value
    return Message("0400", fields)


def nothing_booked(side: TerminalSide, message: Message) -> None:
    """Fail unless the host says that it has no such payment (it is dead after this question)."""
    reply = side.ask(reversal(message))
    check(reply.code == "25", "F39 25 to its reversal: nothing was booked", str(reply))


def still_works(side: TerminalSide) -> None:
    """Fail unless the host serves a new line as if nothing had happened."""
    side.take_place(side.plan.terminal)
    side.begin()
    side.sign_in()
