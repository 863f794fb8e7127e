"""What stands beside the seeded payments: exceptions, batches, signatures, reports, orders."""

from __future__ import annotations

from datetime import UTC, datetime

from tongbao.domain.dates import CHINA_TIME

TERMINAL = "00000001"
MERCHANT = "100000000000001"
SECOND = 1_000_000


def write_beside(alias: str, ids: dict[str, int], at_us: int) -> None:
    """Write rows of each table that refers to a payment, a batch or a terminal."""
    _write_exceptions(alias, ids, at_us)
    _write_batches(alias, at_us)
    _write_papers(alias, ids, at_us)
    _write_fleet(alias, at_us)


def _write_exceptions(alias: str, ids: dict[str, int], at_us: int) -> None:
    from tongbao.platform.payments.models import PaymentException, PaymentExceptionEvent

    PaymentException.objects.using(alias).create(
        exception_id=10**15 + 900,
        payment_id=ids["reversing"],
        terminal_id=TERMINAL,
        merchant_id=MERCHANT,
        kind="reversal_undelivered",
        opened_at_us=at_us,
        detail="6 attempts",
    )
    PaymentExceptionEvent.objects.using(alias).create(
        exception_id=10**15 + 900, kind="noted", at_us=at_us + SECOND, staff="lilei", note="..."
    )


def _write_batches(alias: str, at_us: int) -> None:
    from tongbao.platform.payments.models import BatchDetail, BatchEvent

    date = datetime.fromtimestamp(at_us / SECOND, UTC).astimezone(CHINA_TIME).date()
    BatchEvent.objects.using(alias).create(
        terminal_id=TERMINAL,
        merchant_id=MERCHANT,
        batch_no=1,
        kind="totals",
        at_us=at_us,
        sent_totals="0" * 62,
        own_totals="0" * 62,
        result="11",
        business_date=date,
    )
    BatchDetail.objects.using(alias).create(
        terminal_id=TERMINAL,
        batch_no=1,
        stan=1,
        source="stripe",
        at_us=at_us,
        organisation="CUP",
        amount_minor=12_345,
        card_masked="620000*********0128",
        card_token=bytes(16),
    )


def _write_papers(alias: str, ids: dict[str, int], at_us: int) -> None:
    from tongbao.platform.payments.models import ScriptResult, Signature

    Signature.objects.using(alias).create(
        payment_id=ids["approved"], part_no=0, is_last=True, at_us=at_us, image=b"\x00"
    )
    ScriptResult.objects.using(alias).create(
        payment_id=ids["approved"], at_us=at_us, data="DF31050000000000"
    )


def _write_fleet(alias: str, at_us: int) -> None:
    from tongbao.platform.fleet.models import TerminalOrder, TerminalOrderDone, TerminalStatus

    TerminalStatus.objects.using(alias).create(terminal_id=TERMINAL, at_us=at_us, body="...")
    order = TerminalOrder.objects.using(alias).create(
        terminal_id=TERMINAL, act="3", ordered_at_us=at_us
    )
    TerminalOrderDone.objects.using(alias).create(order=order, at_us=at_us + SECOND)
