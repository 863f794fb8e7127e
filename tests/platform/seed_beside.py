"""What stands beside the seeded payments: exceptions, batches, signatures, reports, orders.

`seed_families` adds a second terminal's batch with every kind of payment that names another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from tongbao.domain.dates import CHINA_TIME
from tongbao.platform.project import run_with
from tongbao.wire import jbig

TERMINAL = "00000001"
OTHER_TERMINAL = "00000002"
MERCHANT = "100000000000001"
CARD = "620000*********0128"
FOREIGN_CARD = "620000*******9906"
SECOND = 1_000_000
EXCEPTION = 10**15 + 900
CLOSED_EXCEPTION = 10**15 + 901
FAMILY = 10**15 + 500


def write_beside(alias: str, ids: dict[str, int], at_us: int) -> None:
    """Write rows of each table that refers to a payment, a batch or a terminal."""
    _write_exceptions(alias, ids, at_us)
    _write_batches(alias, at_us)
    _write_papers(alias, ids, at_us)
    _write_fleet(alias, at_us)


def _write_exceptions(alias: str, ids: dict[str, int], at_us: int) -> None:
    from tongbao.platform.payments.models import PaymentException, PaymentExceptionEvent

    common = {"terminal_id": TERMINAL, "merchant_id": MERCHANT}
    PaymentException.objects.using(alias).create(
        exception_id=EXCEPTION,
        payment_id=ids["reversing"],
        kind="reversal_undelivered",
        opened_at_us=at_us,
        detail="sale: no answer to 6 attempts",
        **common,
    )
    PaymentException.objects.using(alias).create(
        exception_id=CLOSED_EXCEPTION,
        payment_id=ids["reversed again"],
        kind="late_approval",
        opened_at_us=at_us - 3600 * SECOND,
        detail="sale: approved after its reversal was confirmed",
        **common,
    )
    done = (("taken", "hanmei", ""), ("closed", "system", "the issuer confirmed"))
    for kind, staff, note in done:
        PaymentExceptionEvent.objects.using(alias).create(
            exception_id=CLOSED_EXCEPTION, kind=kind, at_us=at_us, staff=staff, note=note
        )


def _day(at_us: int) -> object:
    return datetime.fromtimestamp(at_us / SECOND, UTC).astimezone(CHINA_TIME).date()


def totals_of(count: int, amount_minor: int, foreign_minor: int, flags: str) -> str:
    """F48 of settlement with debits only; one foreign payment when there is a foreign amount."""
    foreign = f"{foreign_minor:012}{int(foreign_minor > 0):03}"
    nothing = "0" * 15
    return f"{amount_minor:012}{count:03}{nothing}{flags[0]}{foreign}{nothing}{flags[1]}"


def _write_batches(alias: str, at_us: int) -> None:
    from tongbao.platform.payments.models import BatchDetail, BatchEvent

    BatchEvent.objects.using(alias).create(
        terminal_id=TERMINAL,
        merchant_id=MERCHANT,
        batch_no=1,
        kind="totals",
        at_us=at_us,
        sent_totals=totals_of(3, 41_233, 0, "00"),
        own_totals=totals_of(2, 31_233, 0, "21"),
        result="21",
        record_count=3,
        business_date=_day(at_us),
    )
    for stan, amount_minor in ((1, 12_345), (11, 18_000), (77, 10_000)):
        BatchDetail.objects.using(alias).create(
            terminal_id=TERMINAL,
            batch_no=1,
            stan=stan,
            source="stripe",
            at_us=at_us,
            organisation="CUP",
            amount_minor=amount_minor,
            card_masked=CARD,
            card_token=bytes(16),
        )


def signature_bitmap() -> jbig.Bitmap:
    """A signature of 160 by 60 points: a wave over a line."""
    width, height = 160, 60
    rows = bytearray(width // 8 * height)
    for x in range(10, width - 10):
        for y in (50, *(round(28 + 18 * math.sin(x / (4 + x / 30))) + line for line in (0, 1))):
            rows[y * (width // 8) + x // 8] |= 0x80 >> x % 8
    return jbig.Bitmap(width, height, bytes(rows))


def _write_papers(alias: str, ids: dict[str, int], at_us: int) -> None:
    from tongbao.platform.payments.models import ScriptResult, Signature

    image = jbig.encode(signature_bitmap())
    for part_no, part in enumerate((image[:40], image[40:])):
        Signature.objects.using(alias).create(
            payment_id=ids["approved"],
            part_no=part_no,
            is_last=part_no == 1,
            at_us=at_us,
            image=part,
        )
    ScriptResult.objects.using(alias).create(
        payment_id=ids["approved"], at_us=at_us, data="9F26081122334455667788DF31050000000000"
    )


def _write_fleet(alias: str, at_us: int) -> None:
    from tongbao.platform.fleet.models import TerminalOrder, TerminalOrderDone, TerminalStatus

    TerminalStatus.objects.using(alias).create(terminal_id=TERMINAL, at_us=at_us, body="0123456789")
    order = TerminalOrder.objects.using(alias).create(
        terminal_id=TERMINAL, act="3", ordered_at_us=at_us
    )
    TerminalOrderDone.objects.using(alias).create(order=order, at_us=at_us + SECOND)
    TerminalOrder.objects.using(alias).create(
        terminal_id=TERMINAL, act="7", ordered_at_us=at_us + 2 * SECOND
    )


@dataclass(frozen=True)
class Relative:
    """A payment of the second batch; `original` is the name of the one that it names."""

    name: str
    kind: str
    amount_minor: int
    original: str = ""
    outcome: str = "approved"
    organisation: str = "CUP"


RELATIVES = (
    Relative("hold", "pre_authorisation", 50_000),
    Relative("completion", "completion", 48_000, "hold"),
    Relative("sale", "sale", 30_000),
    Relative("refund", "refund", 5_000, "sale"),
    Relative("refused refund", "refund", 90_000, "sale", "declined"),
    Relative("dinner", "sale", 20_000),
    Relative("tip", "tip", 23_000, "dinner"),
    Relative("mistake", "sale", 9_900),
    Relative("void", "void", 9_900, "mistake"),
    Relative("foreign", "sale", 12_000, organisation="VIS"),
    Relative("balance", "balance", 0),
    Relative("open hold", "pre_authorisation", 80_000),
)


def seed_families(database_url: str) -> dict[str, int]:
    """Write the relatives, settled and closed as batch 5, and return the payment id of each."""
    return run_with(database_url, _write_families)


def _write_families(alias: str) -> dict[str, int]:
    from tongbao.platform.payments.models import BatchEvent, Payment, PaymentEvent

    now_us = (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * SECOND
    at_us = int(now_us) - 1800 * SECOND
    ids = {one.name: FAMILY + n for n, one in enumerate(RELATIVES)}
    for n, one in enumerate(RELATIVES):
        Payment.objects.using(alias).create(
            payment_id=ids[one.name],
            terminal_id=OTHER_TERMINAL,
            merchant_id=MERCHANT,
            batch_no=5,
            stan=100 + n,
            kind=one.kind,
            amount_minor=one.amount_minor,
            currency="156",
            card_masked=CARD if one.organisation == "CUP" else FOREIGN_CARD,
            card_token=bytes(16),
            entry_mode="051" if one.kind == "sale" else "021",
            rrn=f"5{n:011}",
            business_date=_day(at_us),
            route="issuer",
            received_at_us=at_us + n * 60 * SECOND,
            original_id=ids.get(one.original, 0),
            organisation=one.organisation,
        )
        events = [(one.outcome, "00" if one.outcome == "approved" else "64", "")]
        if one.name == "refund":
            waits = ("delivery_repeated", "", "issuer timeout")
            again = ("delivery_repeated", "", "attempt 2")
            events = [waits, again, *events, ("repeated", "00", "")]
        if one.name == "sale":
            events = [("inquired", "", "found approved (00)"), *events, ("signed", "", "182 bytes")]
        for second, (kind, code, detail) in enumerate(events, 1):
            PaymentEvent.objects.using(alias).create(
                payment_id=ids[one.name],
                kind=kind,
                at_us=at_us + n * 60 * SECOND + second * 410_000,
                response_code=code,
                auth_code="30481" + str(n % 10) if kind == "approved" else "",
                detail=detail,
            )
    digits = totals_of(4, 101_000, 12_000, "11")
    for second, kind in enumerate(("totals", "closed")):
        BatchEvent.objects.using(alias).create(
            terminal_id=OTHER_TERMINAL,
            merchant_id=MERCHANT,
            batch_no=5,
            kind=kind,
            at_us=at_us + 1200 * SECOND + second * SECOND,
            sent_totals=digits if kind == "totals" else "",
            own_totals=digits if kind == "totals" else "",
            result="11",
            record_count=0,
            business_date=_day(at_us),
        )
    return ids
