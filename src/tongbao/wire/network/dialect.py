"""The field table between host and issuer: plain ISO 8583:1987 with the secondary bitmap.

A frame is a two-byte big-endian length and the message, without TPDU or header. Numbers travel in
packed BCD as they do from the terminal, so that the host copies values from one side to the other.
"""

from __future__ import annotations

from typing import Final

from tongbao.wire.iso8583.codec import Dialect
from tongbao.wire.iso8583.fields import FieldSpec, Kind

MAX_FRAME_BYTES: Final = 1024

_FIELDS: Final = (
    FieldSpec(number=2, kind=Kind.NUMERIC, length=19, prefix=1, secret=True, en="PAN"),
    FieldSpec(number=3, kind=Kind.NUMERIC, length=6, en="processing code"),
    FieldSpec(number=4, kind=Kind.NUMERIC, length=12, en="amount"),
    FieldSpec(number=7, kind=Kind.NUMERIC, length=10, en="transmission date and time"),
    FieldSpec(number=11, kind=Kind.NUMERIC, length=6, en="trace number"),
    FieldSpec(number=12, kind=Kind.NUMERIC, length=6, en="local time"),
    FieldSpec(number=13, kind=Kind.NUMERIC, length=4, en="local date"),
    FieldSpec(number=14, kind=Kind.NUMERIC, length=4, en="expiry"),
    FieldSpec(number=15, kind=Kind.NUMERIC, length=4, en="settlement date"),
    FieldSpec(number=18, kind=Kind.NUMERIC, length=4, en="merchant category"),
    FieldSpec(number=22, kind=Kind.NUMERIC, length=3, en="POS entry mode"),
    FieldSpec(number=23, kind=Kind.NUMERIC, length=3, pad_left=True, en="card sequence number"),
    FieldSpec(number=25, kind=Kind.NUMERIC, length=2, en="POS condition code"),
    FieldSpec(number=32, kind=Kind.NUMERIC, length=11, prefix=1, en="acquiring institution"),
    FieldSpec(number=35, kind=Kind.TRACK, length=37, prefix=1, secret=True, en="track 2"),
    FieldSpec(number=37, kind=Kind.TEXT, length=12, en="retrieval reference number"),
    FieldSpec(number=38, kind=Kind.TEXT, length=6, en="authorisation code"),
    FieldSpec(number=39, kind=Kind.TEXT, length=2, en="response code"),
    FieldSpec(number=41, kind=Kind.TEXT, length=8, en="terminal id"),
    FieldSpec(number=42, kind=Kind.TEXT, length=15, en="merchant id"),
    FieldSpec(number=49, kind=Kind.TEXT, length=3, en="currency"),
    FieldSpec(number=52, kind=Kind.BINARY, length=8, secret=True, en="PIN block"),
    FieldSpec(number=53, kind=Kind.NUMERIC, length=16, en="security control"),
    FieldSpec(number=54, kind=Kind.GBK_TEXT, length=120, prefix=2, en="balances"),
    FieldSpec(number=55, kind=Kind.BINARY, length=255, prefix=2, secret=True, en="chip card data"),
    FieldSpec(number=62, kind=Kind.TEXT, length=12, en="the original's retrieval reference"),
    FieldSpec(number=64, kind=Kind.BINARY, length=8, en="message authentication code"),
    FieldSpec(number=70, kind=Kind.NUMERIC, length=3, pad_left=True, en="network management code"),
    FieldSpec(number=90, kind=Kind.NUMERIC, length=42, en="original data elements"),
    FieldSpec(number=128, kind=Kind.BINARY, length=8, en="message authentication code"),
)

NETWORK: Final = Dialect("network", _FIELDS, secondary_bitmap=True)
