"""Fills a database with payments of every state, as the host would have written them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tests.platform.seed_beside import write_beside
from tongbao.domain.dates import CHINA_TIME
from tongbao.platform.project import run_with
from tongbao.platform.registry import (
    NewMerchant,
    NewTerminal,
    register_merchant,
    register_terminals,
)

MERCHANT = NewMerchant(
    merchant_id="100000000000001",
    name="通宝便利店",
    name_en="Tongbao Corner Shop",
    mcc="5411",
    city="上海",
)
EMPTY_MERCHANT = NewMerchant(
    merchant_id="100000000000002",
    name="晨光书店",
    name_en="Daybreak Books",
    mcc="5942",
    city="杭州",
)
TERMINALS = (
    NewTerminal(terminal_id="00000001", merchant_id=MERCHANT.merchant_id, label="1 号收银台"),
    NewTerminal(terminal_id="00000002", merchant_id=MERCHANT.merchant_id, label="备用"),
)
CARD = "620000*********0128"
SECOND = 1_000_000


@dataclass(frozen=True)
class Story:
    """A payment: amount in fen, and its events as (kind, seconds later, code, auth, detail)."""

    name: str
    amount_minor: int
    events: tuple[tuple[str, int, str, str, str], ...]


STORIES = (
    Story("approved", 12_345, (("approved", 1, "00", "204816", ""),)),
    Story("declined", 8_800, (("declined", 1, "51", "", ""),)),
    Story("wrong pin", 6_660, (("declined", 1, "55", "", ""),)),
    Story("link down", 1_500, (("declined", 0, "91", "", ""),)),
    Story("pending", 4_990, ()),
    Story("reversing", 99_900, (("reversal_requested", 30, "", "", "issuer timeout"),)),
    Story(
        "reversed",
        25_000,
        (
            ("reversal_requested", 30, "", "", "issuer timeout"),
            ("late_answer", 33, "00", "204817", ""),
            ("reversed", 35, "", "", ""),
        ),
    ),
    Story(
        "reversed by terminal",
        7_777,
        (
            ("approved", 1, "00", "204818", ""),
            ("reversal_requested", 62, "", "", "terminal 98"),
            ("reversed", 63, "", "", ""),
        ),
    ),
    Story(
        "host restart",
        3_210,
        (("reversal_requested", 200, "", "", "host restart"), ("reversed", 201, "", "", "")),
    ),
    Story(
        "tombstone",
        5_000,
        (
            ("reversal_requested", 0, "", "", "reversal before original"),
            ("reversed", 0, "", "", "reversal before original"),
        ),
    ),
    Story(
        "repeated", 18_888, (("approved", 1, "00", "204819", ""), ("repeated", 20, "00", "", ""))
    ),
    Story(
        "unclear answer",
        2_000,
        (
            ("reversal_requested", 1, "", "", "issuer answer 10 unclear"),
            ("reversed", 2, "", "", ""),
        ),
    ),
    Story(
        "reversed again",
        640,
        (
            ("reversal_requested", 30, "", "", "issuer link lost"),
            ("reversed", 40, "", "", ""),
            ("late_answer", 41, "00", "204820", ""),
            ("reversal_requested", 41, "", "", "late approval"),
        ),
    ),
)


def today_in_china() -> date:
    """The business date that the console calls today."""
    return datetime.now(CHINA_TIME).date()


def us_of(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def seed(database_url: str, *, more_approved: int = 0) -> dict[str, int]:
    """Write the stories and return the payment id of each; `more_approved` adds older days."""
    register_merchant(database_url, MERCHANT)
    register_merchant(database_url, EMPTY_MERCHANT)
    register_terminals(database_url, TERMINALS)

    def write(alias: str) -> dict[str, int]:
        ids = _write(alias, more_approved)
        write_beside(alias, ids, us_of(datetime.now(UTC)) - 600 * SECOND)
        return ids

    return run_with(database_url, write)


def _write(alias: str, more_approved: int) -> dict[str, int]:
    from tongbao.platform.fleet.models import TerminalSession
    from tongbao.platform.payments.models import Payment, PaymentEvent

    today = today_in_china()
    midnight_us = us_of(datetime(today.year, today.month, today.day, tzinfo=CHINA_TIME))
    day_us = 24 * 3600 * SECOND
    payments, events, ids = [], [], {}
    older = tuple(
        Story(f"older {n}", 1_000 + 37 * n, (("approved", 1, "00", f"{n:06}", ""),))
        for n in range(more_approved)
    )
    for n, story in enumerate((*older, *STORIES), start=1):
        days_ago = 1 + (len(older) - n) % 6 if n <= len(older) else 0
        at_us = midnight_us - days_ago * day_us + 9 * 3600 * SECOND + n * 61 * SECOND + n * 1_013
        payment_id = 10**15 + n
        ids[story.name] = payment_id
        payments.append(
            Payment(
                payment_id=payment_id,
                terminal_id="00000001",
                merchant_id=MERCHANT.merchant_id,
                batch_no=1,
                stan=n,
                kind="sale",
                amount_minor=story.amount_minor,
                currency="156",
                card_masked=CARD,
                card_token=bytes(16),
                entry_mode="021",
                rrn=f"{n:012}",
                business_date=today - timedelta(days=days_ago),
                route="issuer",
                received_at_us=at_us,
            )
        )
        events += [
            PaymentEvent(
                payment_id=payment_id,
                kind=kind,
                at_us=at_us + seconds * SECOND + 42_000,
                response_code=code,
                auth_code=auth,
                detail=detail,
            )
            for kind, seconds, code, auth, detail in story.events
        ]
    Payment.objects.using(alias).bulk_create(payments, batch_size=500)
    PaymentEvent.objects.using(alias).bulk_create(events, batch_size=500)
    TerminalSession.objects.using(alias).bulk_create(
        TerminalSession(
            terminal_id="00000001",
            signed_in_at_us=midnight_us + seconds * SECOND,
            batch_no=1,
            operator_no="01",
            key_block=block,
        )
        for seconds, block in ((8 * 3600, b"wrapped"), (9 * 3600, b""), (9 * 3600 + 5, b"wrapped"))
    )
    return ids
