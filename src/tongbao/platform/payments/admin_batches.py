"""Settled batches in the console: both parties' totals side by side, uploads and differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tongbao.platform.console.formats import instant_text
from tongbao.platform.console.labels import label
from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.console.words import local_name
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.payments.batch_rules import (
    DOMESTIC,
    Balance,
    BatchTotals,
    Booked,
    Side,
    Uploaded,
    balances_of,
    differences,
    read_totals,
)
from tongbao.platform.payments.batch_words import (
    BALANCE_ICONS,
    BALANCE_TONES,
    BALANCE_WORDS,
    DIFFERENCE_WORDS,
    SOURCE_WORDS,
)
from tongbao.platform.payments.family import RESTATING, TAKING, VOIDING
from tongbao.platform.payments.filters import TerminalFilter
from tongbao.platform.payments.models import BatchDetail, BatchEvent, Payment
from tongbao.platform.payments.queries import with_status
from tongbao.platform.payments.status import Status
from tongbao.platform.payments.words import kind_text, organisation_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest

DETAILS_SHOWN = 1_000
_CLOSED = "closed"
_TOTALS = "totals"


@admin.register(BatchEvent)
class BatchAdmin(ReadOnlyAdmin[BatchEvent]):
    """Lists one row for each batch that was settled or closed, the newest first."""

    list_display = ("number", "place", "state", "result_label", "records", "settled")
    list_filter = (TerminalFilter, ("business_date", admin.DateFieldListFilter))
    search_fields = ("terminal__terminal_id", "=batch_no")
    search_help_text = _("Terminal number or batch number")
    page_template = "console/batch.html"
    empty_title = _("No batches yet")
    empty_words = _("A batch appears here when its terminal settles it.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the newest event of each batch, with whether the batch is closed."""
        newer = BatchEvent.objects.filter(
            terminal_id=OuterRef("terminal_id"),
            batch_no=OuterRef("batch_no"),
            event_id__gt=OuterRef("event_id"),
        )
        return _with_closed(super().get_queryset(request)).exclude(Exists(newer))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> BatchEvent | None:
        """Find the batch by any of its events: a link keeps its meaning when the batch closes."""
        del request, from_field
        if not (object_id.isascii() and object_id.isdigit() and len(object_id) < 19):
            return None
        return _with_closed(BatchEvent.objects.all()).filter(pk=int(object_id)).first()

    @admin.display(description=_("Batch"))
    def number(self, event: BatchEvent) -> str:
        """The batch number, six digits."""
        return f"{event.batch_no:06}"

    @admin.display(description=_("Terminal"))
    def place(self, event: BatchEvent) -> str:
        """The terminal number."""
        return format_html('<span class="tb-digits">{}</span>', event.terminal_id)

    @admin.display(description=_("Standing"))
    def state(self, event: Any) -> str:
        """Whether the batch is closed."""
        return gettext("Closed") if event.is_closed else gettext("Being settled")

    @admin.display(description=_("Totals"))
    def result_label(self, event: BatchEvent) -> str:
        """Whether the totals agree, the worse of the two sides."""
        flags = balances_of(event.result)
        return balance_label(max(flags) if flags else Balance.ASKED)

    @admin.display(description=_("Records"))
    def records(self, event: BatchEvent) -> str:
        """How many payments the terminal said it uploaded."""
        return f"{event.record_count:,}"

    @admin.display(description=_("Time"))
    def settled(self, event: BatchEvent) -> str:
        """When its newest event was."""
        return instant_text(event.at_us)

    def page_context(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        """Return totals, uploads and differences of the batch."""
        del request
        events = list(
            BatchEvent.objects.filter(
                terminal_id=record.terminal_id, batch_no=record.batch_no
            ).order_by("event_id")
        )
        # What is compared at the close is final; the flags of the answer say what must come.
        totals = next((one for one in reversed(events) if one.sent_totals), events[-1])
        asked = next((one for one in reversed(events) if one.kind == _TOTALS), totals)
        payments = list(
            with_status(
                Payment.objects.filter(terminal_id=record.terminal_id, batch_no=record.batch_no)
            ).order_by("stan")[:DETAILS_SHOWN]
        )
        details = list(
            BatchDetail.objects.filter(
                terminal_id=record.terminal_id, batch_no=record.batch_no
            ).order_by("stan", "source")[:DETAILS_SHOWN]
        )
        flags = balances_of(totals.result)
        merchant = Merchant.objects.filter(pk=record.merchant_id).first()
        rows = _rows(details, payments, balances_of(asked.result))
        return {
            "title": gettext("Batch %(number)s") % {"number": f"{record.batch_no:06}"},
            "batch": record,
            "events": events,
            "merchant": merchant,
            "merchant_name": local_name(merchant) if merchant else record.merchant_id,
            "closed": any(one.kind == _CLOSED for one in events),
            "sides": _sides(read_totals(totals.sent_totals), read_totals(totals.own_totals), flags),
            "rows": rows,
            "different": sum(1 for row in rows if row["difference"]),
            "uploaded": len(details),
        }


def _with_closed(events: QuerySet[BatchEvent]) -> QuerySet[Any]:
    closed = BatchEvent.objects.filter(
        terminal_id=OuterRef("terminal_id"), batch_no=OuterRef("batch_no"), kind=_CLOSED
    )
    return events.annotate(is_closed=Exists(closed))


def balance_label(flag: Balance) -> str:
    """Return a settlement flag as a coloured label."""
    return label(BALANCE_TONES[flag], BALANCE_ICONS[flag], str(BALANCE_WORDS[flag]))


def _sides(
    sent: BatchTotals | None, own: BatchTotals | None, flags: tuple[Balance, Balance] | None
) -> list[dict[str, Any]]:
    """Return domestic and foreign cards with the rows of the table that compares them."""
    if sent is None and own is None:
        return []
    sides = []
    names = (gettext("Domestic cards"), gettext("Foreign cards"))
    for place, name in enumerate(names):
        one = _side(sent, place)
        other = _side(own, place)
        sides.append(
            {
                "name": name,
                "label": balance_label(flags[place]) if flags else "",
                "rows": [
                    {
                        "name": gettext("Debit"),
                        "sent": one.debit if one else None,
                        "own": other.debit if other else None,
                        "differs": bool(one and other and one.debit != other.debit),
                    },
                    {
                        "name": gettext("Credit"),
                        "sent": one.credit if one else None,
                        "own": other.credit if other else None,
                        "differs": bool(one and other and one.credit != other.credit),
                    },
                ],
            }
        )
    return sides


def _side(totals: BatchTotals | None, place: int) -> Side | None:
    if totals is None:
        return None
    return (totals.domestic, totals.foreign)[place]


def _rows(
    details: list[BatchDetail],
    payments: Iterable[Any],
    flags: tuple[Balance, Balance] | None,
) -> list[dict[str, Any]]:
    """Return one row for each trace number that either side knows."""
    booked = {payment.stan: payment for payment in payments}
    told = {detail.stan: detail for detail in details}
    uploaded = [Uploaded(one.stan, one.amount_minor, bytes(one.card_token)) for one in details]
    found = differences(uploaded, _booked(list(booked.values()), flags))
    rows = []
    for stan in sorted({*booked, *told}):
        payment, detail = booked.get(stan), told.get(stan)
        rows.append(
            {
                "stan": stan,
                "payment": payment,
                "kind": kind_text(payment.kind) if payment else "",
                "detail": detail,
                "source": SOURCE_WORDS.get(detail.source, detail.source) if detail else "",
                "organisation": organisation_text(detail.organisation) if detail else "",
                "difference": DIFFERENCE_WORDS[found[stan]] if stan in found else "",
            }
        )
    return rows


def _booked(payments: list[Any], flags: tuple[Balance, Balance] | None) -> list[Booked]:
    """Say of each payment how it may have been uploaded, and whether it must have been."""
    approved = [one for one in payments if one.status == Status.APPROVED]
    voided = {one.original_id for one in approved if one.kind in VOIDING}
    restated = {one.original_id: one.amount_minor for one in approved if one.kind in RESTATING}
    booked = []
    for one in payments:
        counts = one.kind in (*TAKING, "refund") and one.payment_id not in voided
        side = 0 if one.organisation == DOMESTIC else 1
        booked.append(
            Booked(
                one.stan,
                (one.amount_minor, restated.get(one.payment_id, one.amount_minor)),
                bytes(one.card_token),
                is_approved=one.status == Status.APPROVED,
                must_come=counts and flags is not None and flags[side] is Balance.UNBALANCED,
            )
        )
    return booked
