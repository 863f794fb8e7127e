"""Payments as a file: CSV row by row, or a workbook; both stay small in memory.

A cell that a spreadsheet would take for a formula gets an apostrophe in front; amounts are numbers.
"""

from __future__ import annotations

import csv
import io
import tempfile
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import xlsxwriter
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tongbao.domain.money import Currency
from tongbao.platform.console.formats import instant_text, short_card
from tongbao.platform.payments.family import GIVING_BACK
from tongbao.platform.payments.listing import ORDER
from tongbao.platform.payments.status import Status
from tongbao.platform.payments.words import STATUS_WORDS, kind_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

ROWS_MAX = 200_000
CHUNK_ROWS = 2_000
_PART_BYTES = 64 * 1024
# Excel reads a CSV as UTF-8 only with this mark in front.
_BYTE_ORDER_MARK = "\ufeff"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

COLUMNS = (
    _("Received"),
    _("Business date"),
    _("Kind"),
    _("Status"),
    _("Amount"),
    _("Currency"),
    _("Card"),
    _("Terminal"),
    _("Batch"),
    _("Trace"),
    _("Reference number"),
)
_WIDTHS = (20, 14, 20, 12, 14, 10, 18, 12, 10, 10, 18)


def is_too_large(payments: QuerySet[Any]) -> bool:
    """Return whether there are more rows than one file may hold."""
    return payments.order_by(*ORDER).values("pk")[ROWS_MAX : ROWS_MAX + 1].exists()


def csv_parts(payments: QuerySet[Any]) -> Iterator[bytes]:
    """Give the file in parts, the first with the headings in the reader's language."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(_BYTE_ORDER_MARK)
    writer.writerow([guarded(str(heading)) for heading in COLUMNS])
    for chunk in _chunks(payments):
        for payment in chunk:
            writer.writerow([guarded(cell) for cell in _cells(payment)])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    rest = buffer.getvalue()
    if rest:
        yield rest.encode()


def workbook_parts(payments: QuerySet[Any]) -> Iterator[bytes]:
    """Give the workbook in parts; it lies in a temporary file until the last one was given."""
    with tempfile.TemporaryFile(prefix="tongbao-export-") as file:
        _write_workbook(payments, file)
        file.seek(0)
        while part := file.read(_PART_BYTES):
            yield part


def _write_workbook(payments: QuerySet[Any], file: IO[bytes]) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    sheet = book.add_worksheet(gettext("Payments"))
    strong = book.add_format({"bold": True})
    money = book.add_format({"num_format": "#,##0.00"})
    sheet.freeze_panes(1, 0)
    for column, (heading, width) in enumerate(zip(COLUMNS, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, str(heading), strong)
    row = 0
    for chunk in _chunks(payments):
        for payment in chunk:
            row += 1
            for column, cell in enumerate(_cells(payment)):
                if isinstance(cell, Decimal):
                    sheet.write_number(row, column, cell, money)
                else:
                    sheet.write_string(row, column, cell)
    book.close()


def guarded(cell: str | Decimal) -> str:
    """Return a cell of a CSV; text that a spreadsheet would calculate gets an apostrophe.

    Spec: OWASP, "CSV Injection"
    """
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _chunks(payments: QuerySet[Any]) -> Iterator[list[Any]]:
    """Read page by page, so that neither the database nor we hold all of it."""
    last: Any = None
    ordered = payments.order_by(*ORDER)
    while True:
        rest = ordered if last is None else ordered.filter(_behind(last))
        chunk = list(rest[:CHUNK_ROWS])
        if chunk:
            yield chunk
            last = chunk[-1]
        if len(chunk) < CHUNK_ROWS:
            return


def _behind(last: Any) -> Q:
    day = last.business_date
    return Q(business_date__lte=day) & (
        Q(business_date__lt=day) | Q(business_date=day, payment_id__lt=last.payment_id)
    )


def _cells(payment: Any) -> tuple[str | Decimal, ...]:
    currency, exponent = _currency(payment.currency)
    sign = -1 if payment.kind in GIVING_BACK else 1
    return (
        instant_text(payment.received_at_us),
        payment.business_date.isoformat(),
        kind_text(payment.kind),
        str(STATUS_WORDS[Status(payment.status)]),
        Decimal(sign * payment.amount_minor).scaleb(-exponent),
        currency,
        short_card(payment.card_masked),
        payment.terminal_id,
        f"{payment.batch_no:06}",
        f"{payment.stan:06}",
        payment.rrn,
    )


def _currency(number: str) -> tuple[str, int]:
    try:
        currency = Currency.from_number(number)
    except ValueError:
        return number, 2
    return currency.code, currency.exponent
