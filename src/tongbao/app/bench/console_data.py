"""Fills a PostgreSQL database with a quarter's payments of many merchants, from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import psycopg

from tongbao.domain.dates import CHINA_TIME
from tongbao.host.core.payment_ids import PaymentIds, rrn_of
from tongbao.platform.registry import (
    NewMerchant,
    NewTerminal,
    register_merchants,
    register_terminals,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS: Final = 90
MERCHANTS: Final = 500
TERMINALS_EACH: Final = 3
# One merchant is a supermarket chain's hypermarket with a fifth of all payments.
LARGEST_SHARE: Final = 0.2
_BATCH_SIZE: Final = 5_000
_S: Final = 1_000_000
_COLUMNS: Final = (
    "payment_id, terminal_id, merchant_id, batch_no, stan, kind, amount_minor, currency, "
    "card_masked, card_token, entry_mode, rrn, business_date, route, received_at_us, original_id, "
    "organisation"
)
_EVENT_COLUMNS: Final = "payment_id, kind, at_us, response_code, auth_code, detail"


def merchant_number(index: int) -> str:
    """Return the number of the bench's merchant, largest first."""
    return f"{800_000_000_000_000 + index}"


def terminal_number(index: int, till: int) -> str:
    """Return the number of a till of the bench's merchant."""
    return f"8{index:05}{till:02}"


@dataclass(slots=True)
class Filled:
    """What the measurements ask for later; `middle_rrn` is a payment in the middle of the time."""

    payments: int
    events: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    first_day: date = date.min
    last_day: date = date.min
    middle_rrn: str = ""
    largest_middle: tuple[date, int] = (date.min, 0)


def fill(database_url: str, *, payments: int, seed: int, now: datetime) -> Filled:
    """Register merchants and terminals, COPY the payments and their events, and ANALYZE."""
    register_merchants(
        database_url,
        [
            NewMerchant(
                merchant_id=merchant_number(index),
                name=f"商户{index}",
                name_en=f"Merchant {index}",
                mcc="5411",
                city="上海",
            )
            for index in range(MERCHANTS)
        ],
    )
    register_terminals(
        database_url,
        [
            NewTerminal(
                terminal_id=terminal_number(index, till),
                merchant_id=merchant_number(index),
                serial_number=f"BENCH{index:05}{till:02}",
            )
            for index in range(MERCHANTS)
            for till in range(TERMINALS_EACH)
        ],
    )
    today = now.astimezone(CHINA_TIME).date()
    filled = Filled(payments, first_day=today - timedelta(days=DAYS - 1), last_day=today)
    with psycopg.connect(database_url) as connection:
        events: list[tuple[Any, ...]] = []
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY payments_payment ({_COLUMNS}) FROM STDIN") as copy,
        ):
            for row, own_events in _rows(filled, seed, now):
                copy.write_row(row)
                events += own_events
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY payments_paymentevent ({_EVENT_COLUMNS}) FROM STDIN") as copy,
        ):
            for event in events:
                copy.write_row(event)
        filled.events = len(events)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE payments_payment")
        connection.execute("VACUUM ANALYZE payments_paymentevent")
    return filled


def _rows(
    filled: Filled, seed: int, now: datetime
) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    """Give rows in the order of time, each with its events."""
    chance = random.Random(seed)  # noqa: S311 - made-up payments, not keys
    ids = PaymentIds(node=1)
    weights = list(accumulate([LARGEST_SHARE * 5, *(4 / (MERCHANTS - 1),) * (MERCHANTS - 1)]))
    counts: dict[str, int] = {}
    now_us = int(now.timestamp() * _S)
    span_us = DAYS * 24 * 3600 * _S
    start_us = now_us - span_us + 3600 * _S
    step_us = (now_us - start_us) // filled.payments
    for number in range(filled.payments):
        at_us = start_us + number * step_us
        payment_id = ids.next(at_us)
        (index,) = chance.choices(range(MERCHANTS), cum_weights=weights)
        terminal = terminal_number(index, chance.randrange(TERMINALS_EACH))
        count = counts[terminal] = counts.get(terminal, 0) + 1
        day = datetime.fromtimestamp(at_us // _S, tz=CHINA_TIME).date()
        rrn = rrn_of(payment_id)
        row = (
            payment_id,
            terminal,
            merchant_number(index),
            1 + count // _BATCH_SIZE,
            count % _BATCH_SIZE + 1,
            chance.choices(("sale", "refund", "void", "pre_authorisation"), (94, 3, 2, 1))[0],
            chance.randrange(100, 500_000),
            "156",
            f"620000*********{chance.randrange(10_000):04}",
            payment_id.to_bytes(16, "big"),
            "051",
            rrn,
            day,
            "issuer",
            at_us,
            0,
            "CUP",
        )
        if number == filled.payments // 2:
            filled.middle_rrn = rrn
        if index == 0 and number <= filled.payments // 2:
            filled.largest_middle = (day, payment_id)
        status, events = _events(chance, payment_id, at_us)
        filled.by_status[status] = filled.by_status.get(status, 0) + 1
        yield row, events


def _events(
    chance: random.Random, payment_id: int, at_us: int
) -> tuple[str, list[tuple[Any, ...]]]:
    """Give what happened: 95 % approved, 4 % declined, 0.9 % reversed, 0.1 % in doubt."""
    dice = chance.random()
    if dice < 0.95:
        return "approved", [(payment_id, "approved", at_us + 300_000, "00", "123456", "")]
    if dice < 0.99:
        return "declined", [(payment_id, "declined", at_us + 300_000, "51", "", "")]
    asked = (payment_id, "reversal_requested", at_us + 30 * _S, "", "", "issuer timeout")
    if dice < 0.999:
        return "reversed", [asked, (payment_id, "reversed", at_us + 31 * _S, "", "", "")]
    return "in_doubt", [asked] if dice < 0.9995 else []
