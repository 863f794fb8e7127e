"""The published messages and what the tests of this folder need to compare them."""

import json
import re
from pathlib import Path

import pytest

from tongbao.domain.secrets import Purpose, Secret

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "tests/vectors/unionpay-messages.json").read_text(encoding="utf-8"))
BY_NAME = {vector["name"]: vector for vector in VECTORS}
PREFIX_BYTES = {
    "2-byte length + TPDU + 6-byte header": 13,
    "TPDU + 6-byte header": 11,
    "bare message": 0,
}
each_vector = pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])


def frame_of(vector):
    return bytes.fromhex(vector["hex"])


def body_of(vector):
    return frame_of(vector)[PREFIX_BYTES[vector["framing"]] :]


def plain(value):
    """A field value as the vectors file prints it."""
    if isinstance(value, Secret):
        value = value.reveal(Purpose.TEST)
    return value.hex().upper() if isinstance(value, bytes) else value


def plain_fields(message):
    return {str(number): plain(value) for number, value in message.fields.items()}


def assert_tells_nothing(error, within=None):
    """An error names a place and a rule, and nothing chained to it keeps message bytes alive."""
    assert within is None or 0 <= error.offset <= within
    assert re.search(r"[0-9]{5,}|[0-9A-Fa-f]{8,}", str(error)) is None, str(error)
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
