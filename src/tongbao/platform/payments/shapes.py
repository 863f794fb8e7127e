"""How the API writes a payment."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from tongbao.platform.api.shapes import Amount, Out, amount_of, moment
from tongbao.platform.console.formats import short_card
from tongbao.platform.payments.models import Payment
from tongbao.platform.payments.status import Status
from tongbao.platform.payments.words import STATUS_WORDS, kind_text

if TYPE_CHECKING:
    from collections.abc import Sequence


class PaymentOut(Out):
    """A payment; `rrn` is its number everywhere, `original_rrn` what it voids, refunds or ends.

    `status`: approved, declined, reversed or in_doubt. The words are in the reader's language.
    """

    rrn: str
    kind: str
    kind_words: str
    status: Status
    status_words: str
    is_voided: bool
    amount: Amount
    card: str
    card_last_four: str
    organisation: str
    entry_mode: str
    terminal_id: str
    batch_no: int
    trace: int
    business_date: date
    received_at: datetime
    original_rrn: str | None


def payments_out(rows: Sequence[Any]) -> list[PaymentOut]:
    """Return rows of `listing.shown` as the API writes them; asks once for all originals."""
    wanted = {row.original_id for row in rows if row.original_id}
    originals = dict(
        Payment.objects.filter(pk__in=wanted).values_list("payment_id", "rrn") if wanted else ()
    )
    return [_out(row, originals.get(row.original_id)) for row in rows]


def _out(row: Any, original_rrn: str | None) -> PaymentOut:
    status = Status(row.status)
    return PaymentOut(
        rrn=row.rrn,
        kind=row.kind,
        kind_words=kind_text(row.kind),
        status=status,
        status_words=str(STATUS_WORDS[status]),
        is_voided=row.is_voided,
        amount=amount_of(row.amount_minor, row.currency),
        card=short_card(row.card_masked),
        card_last_four=row.card_masked[-4:],
        organisation=row.organisation,
        entry_mode=row.entry_mode,
        terminal_id=row.terminal_id,
        batch_no=row.batch_no,
        trace=row.stan,
        business_date=row.business_date,
        received_at=moment(row.received_at_us),
        original_rrn=original_rrn,
    )


class MessageFieldOut(Out):
    """One known field of a message."""

    number: str
    name: str
    value: str


class MessageOut(Out):
    """A message that belongs to a step; nothing of a card but its masked number is in it."""

    mti: str
    meaning: str
    route: str
    fields: list[MessageFieldOut]


class StepOut(Out):
    """One step of a payment's story; `at` is null for a step without a moment of its own.

    `tone`: good, bad, doubt or calm. `since_us`: microseconds after the first step.
    """

    title: str
    who: str
    tone: str
    at: datetime | None
    since_us: int | None
    words: list[str]
    messages: list[MessageOut]


class RelatedOut(Out):
    """Another payment of the same family: an original, a void, a refund."""

    rrn: str
    kind: str
    kind_words: str
    status: Status
    amount: Amount
    received_at: datetime


class PaymentStoryOut(PaymentOut):
    """A payment with everything that happened to it.

    `left`: what could still be given back or completed, null when nothing can.
    `is_looked_at`: somebody at the acquirer has it on the desk.
    """

    merchant_id: str
    auth_code: str
    response_code: str
    response_words: str
    entry_mode_words: str
    left: Amount | None
    is_looked_at: bool
    has_signature: bool
    steps: list[StepOut]
    family: list[RelatedOut]
