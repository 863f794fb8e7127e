"""A merchant's payments: list, story, summary, feed and files. Nothing here changes anything."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router
from pydantic import Field

from tongbao.domain.dates import CHINA_TIME
from tongbao.platform.access.operations import Operation
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.pages import cursor_of, page_of, read_cursor
from tongbao.platform.api.problems import Problem, invalid
from tongbao.platform.api.shapes import (
    CURSOR_LENGTH_MAX,
    Amount,
    Day,
    Digits,
    MerchantNumber,
    Out,
    Page,
    PageQuery,
    amount_of,
    moment,
)
from tongbao.platform.audit.services import record
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.payments import export, summary
from tongbao.platform.payments.following import newest_event_id
from tongbao.platform.payments.listing import ORDER, Narrowing, narrowed, shown
from tongbao.platform.payments.shapes import PaymentOut, PaymentStoryOut, payments_out
from tongbao.platform.payments.status import Status
from tongbao.platform.payments.story import story_of
from tongbao.platform.payments.words import KIND_WORDS, STATUS_WORDS, kind_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

    from tongbao.platform.payments.queries import Total

router = Router(tags=["payments"])

CNY = "156"
POLL_AFTER_S = 3
_AMOUNT_MAX = 10**15

Rrn = Annotated[str, Path(description="Reference number (RRN)", max_length=12)]
Kind = Literal[
    "sale",
    "mail_order",
    "balance",
    "void",
    "refund",
    "pre_authorisation",
    "pre_authorisation_void",
    "completion",
    "completion_advice",
    "completion_void",
    "offline_sale",
    "adjustment",
    "tip",
    "chip_offline_sale",
]
_Minor = Annotated[Digits, Field(ge=0, le=_AMOUNT_MAX)]


class NarrowingQuery(Out):
    """What a list of payments may be narrowed to; days are inclusive business dates.

    `search`: words that must all match, each a reference number, a trace, the last four digits of a
    card or an amount in yuan.
    """

    first_day: Day | None = None
    last_day: Day | None = None
    status: Status | None = None
    kind: Kind | None = None
    terminal_id: Annotated[str, Field(max_length=8)] | None = None
    shop_id: Annotated[str, Field(max_length=32)] | None = None
    amount_min_minor: _Minor | None = None
    amount_max_minor: _Minor | None = None
    card_last_four: Annotated[str, Field(pattern="^[0-9]{4}$")] | None = None
    search: Annotated[str, Field(max_length=60)] | None = None

    def narrowing(self) -> Narrowing:
        """Return it as the lists take it."""
        return Narrowing(**self.model_dump(include=set(NarrowingQuery.model_fields)))


class PaymentsQuery(NarrowingQuery, PageQuery):
    """A page of a narrowed list."""


class TotalOut(Out):
    """How many payments, and what they come to."""

    count: int
    amount: Amount


class StatusTotalOut(TotalOut):
    """The total of one status."""

    status: Status
    words: str


class HourTotalOut(TotalOut):
    """Approved payments of one hour of the day in China, net."""

    hour: int


class KindTotalOut(TotalOut):
    """Approved payments of one kind, net."""

    kind: str
    words: str


class SummaryOut(Out):
    """A business date of a merchant."""

    day: date
    by_status: list[StatusTotalOut]
    by_hour: list[HourTotalOut]
    by_kind: list[KindTotalOut]


class SummaryQuery(Out):
    """Which business date; without one, today in China."""

    day: Day | None = None


class FeedQuery(Out):
    """Where the last call ended; without it the feed begins now."""

    cursor: str | None = Field(None, max_length=CURSOR_LENGTH_MAX)


class FeedOut(Out):
    """Payments to which something happened since the cursor, oldest first, as they are now.

    Ask again with `next_cursor`: at once when `is_all` is false, else after `poll_after_s`.
    """

    items: list[PaymentOut]
    next_cursor: str
    is_all: bool
    poll_after_s: int


_BASE = "/merchants/{merchant_id}/payments"


@router.get(_BASE, response=Page[PaymentOut], operation_id="list_payments")
@operation(Operation.PAYMENT_LIST)
def list_payments(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[PaymentsQuery]
) -> Page[PaymentOut]:
    """List payments, newest business date first, with filters and search."""
    del request
    _known(merchant_id)
    narrowing = query.narrowing()
    rows, cursor = page_of(
        shown(narrowed(merchant_id, narrowing)),
        query,
        order=ORDER,
        name=f"payments:{merchant_id}:{sorted(narrowing.words().items())}",
    )
    return Page[PaymentOut](items=payments_out(rows), next_cursor=cursor)


@router.get(f"{_BASE}/summary", response=SummaryOut, operation_id="summarise_payments")
@operation(Operation.PAYMENT_SUMMARY)
def summarise_payments(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[SummaryQuery]
) -> SummaryOut:
    """Sum up one business date: by status, by hour and by kind."""
    _known(merchant_id)
    day = query.day or moment(request.now_us).astimezone(CHINA_TIME).date()
    found = summary.summary_of(merchant_id, day)
    return SummaryOut(
        day=day,
        by_status=[
            StatusTotalOut(
                status=status, words=str(STATUS_WORDS[status]), **_total(found.by_status, status)
            )
            for status in Status
        ],
        by_hour=[
            HourTotalOut(hour=hour, **_total(found.by_hour, hour)) for hour in sorted(found.by_hour)
        ],
        by_kind=[
            KindTotalOut(kind=kind, words=kind_text(kind), **_total(found.by_kind, kind))
            for kind in KIND_WORDS
            if kind in found.by_kind
        ],
    )


@router.get(f"{_BASE}/feed", response=FeedOut, operation_id="follow_payments")
@operation(Operation.PAYMENT_FEED)
def follow_payments(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[FeedQuery]
) -> FeedOut:
    """Tell which payments changed since the last call; the first call only gives a cursor."""
    _known(merchant_id)
    name = f"feed:{merchant_id}"
    if query.cursor is None:
        changed = summary.Changed([], newest_event_id(), is_all=True)
    else:
        after = read_cursor(query.cursor, name, 1)[0]
        changed = summary.changed_since(merchant_id, after, now_us=request.now_us)
    return FeedOut(
        items=payments_out(changed.payments),
        next_cursor=cursor_of([changed.seen_event_id], name),
        is_all=changed.is_all,
        poll_after_s=POLL_AFTER_S,
    )


def _file(media_type: str) -> dict[str, Any]:
    schema = {"type": "string", "format": "binary"}
    return {
        "responses": {200: {"description": "The file", "content": {media_type: {"schema": schema}}}}
    }


_CSV = "text/csv"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get(f"{_BASE}/export.csv", operation_id="export_payments_csv", openapi_extra=_file(_CSV))
@operation(Operation.PAYMENT_EXPORT)
def export_csv(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[NarrowingQuery]
) -> StreamingHttpResponse:
    """Give the narrowed list as CSV (UTF-8 with a byte order mark), at most 200,000 rows."""
    payments = _exported(request, merchant_id, query, "csv")
    response = StreamingHttpResponse(
        export.csv_parts(payments), content_type=f"{_CSV}; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="payments-{merchant_id}.csv"'
    return response


@router.get(f"{_BASE}/export.xlsx", operation_id="export_payments_xlsx", openapi_extra=_file(_XLSX))
@operation(Operation.PAYMENT_EXPORT)
def export_xlsx(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[NarrowingQuery]
) -> StreamingHttpResponse:
    """Give the narrowed list as a workbook, at most 200,000 rows."""
    payments = _exported(request, merchant_id, query, "xlsx")
    response = StreamingHttpResponse(export.workbook_parts(payments), content_type=_XLSX)
    response["Content-Disposition"] = f'attachment; filename="payments-{merchant_id}.xlsx"'
    return response


# Stands behind the addresses with a word of their own.
@router.get(f"{_BASE}/{{rrn}}", response=PaymentStoryOut, operation_id="get_payment")
@operation(Operation.PAYMENT_VIEW)
def get_payment(request: ApiRequest, merchant_id: MerchantNumber, rrn: Rrn) -> PaymentStoryOut:
    """Tell one payment with every step, the messages of each, and its family."""
    del request
    return story_of(merchant_id, rrn)


def _known(merchant_id: str) -> None:
    """Let staff, who may see every merchant, be told when there is none of this number."""
    Merchant.objects.only("pk").get(pk=merchant_id)


def _total(totals: Mapping[Any, Total], key: object) -> dict[str, Any]:
    total = totals.get(key)
    return {
        "count": total.count if total else 0,
        "amount": amount_of(total.amount_minor if total else 0, CNY),
    }


def _exported(
    request: ApiRequest, merchant_id: str, query: NarrowingQuery, form: str
) -> QuerySet[Any]:
    _known(merchant_id)
    narrowing = query.narrowing()
    if narrowing.first_day and narrowing.last_day and narrowing.first_day > narrowing.last_day:
        raise invalid("last_day", _("The last day must not be before the first."))
    payments = narrowed(merchant_id, narrowing)
    if export.is_too_large(payments):
        raise Problem(
            422, "export_too_large", _("This is more than 200,000 payments; choose fewer days.")
        )
    detail = ", ".join(f"{name}={value}" for name, value in narrowing.words().items())
    record(
        request.actor,
        Operation.PAYMENT_EXPORT,
        now_us=request.now_us,
        target=("payments", form),
        merchant_id=merchant_id,
        detail=detail[:200],
    )
    return shown(payments)
