"""Our codec against another one that was written from the standard by other people."""

import iso8583
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.iso8583.strategies import messages, steady
from tests.wire.samples import body_of, each_vector, plain
from tongbao.domain.errors import ProtocolError
from tongbao.wire.iso8583.fields import Kind
from tongbao.wire.unionpay.table import FIELDS, UNIONPAY


def oracle_specification():
    specification = {
        str(number): {
            "data_enc": "b",
            "len_enc": "bcd",
            "len_type": 0,
            "max_len": 0,
            "desc": "not in this dialect",
        }
        for number in range(1, 129)
    }
    for spec in FIELDS:
        packed = spec.kind in (Kind.NUMERIC, Kind.TRACK)
        entry = specification[str(spec.number)]
        entry["data_enc"] = "b" if packed or spec.kind is Kind.BINARY else "latin-1"
        entry["len_type"] = spec.prefix
        entry["max_len"] = spec.length
        if packed:
            entry["len_count"] = "nibbles"
            entry["left_pad" if spec.pad_left else "right_pad"] = "0"
    specification["h"] = {**specification["1"], "len_enc": "ascii"}
    specification["t"] = {**specification["1"], "max_len": 2, "len_enc": "ascii"}
    specification["p"] = {**specification["1"], "max_len": 8, "len_enc": "ascii"}
    return specification


SPECIFICATION = oracle_specification()


def oracle_decode(wire):
    decoded, _ = iso8583.decode(wire, SPECIFICATION)
    return decoded["t"], {int(k): v for k, v in decoded.items() if k.isdigit() and k != "1"}


def as_oracle_says(message):
    """Our values in the oracle's terms: hex for packed and binary, latin-1 for text."""
    values = {}
    for number, value in message.fields.items():
        shown = plain(value)
        if UNIONPAY.specs[number].kind is Kind.GBK_TEXT:
            raw = value.encode("gbk") if isinstance(value, str) else value
            shown = raw.decode("latin-1")
        values[number] = shown
    return values


@each_vector
def test_both_read_the_same_from_a_published_message(vector):
    message = UNIONPAY.decode(body_of(vector))
    # The oracle refuses a pad other than the one it would write; ours keeps it.
    message.pads.clear()
    mti, fields = oracle_decode(UNIONPAY.encode(message))
    assert mti == message.mti
    assert fields == as_oracle_says(message)


@steady
@given(messages(UNIONPAY, with_pads=False))
def test_both_read_the_same_from_a_random_message(message):
    wire = UNIONPAY.encode(message)
    mti, fields = oracle_decode(wire)
    assert mti == message.mti
    assert fields == as_oracle_says(UNIONPAY.decode(wire))


@steady
@given(messages(UNIONPAY, with_pads=False))
def test_both_write_the_same_bytes(message):
    wire = UNIONPAY.encode(message)
    values = as_oracle_says(UNIONPAY.decode(wire))
    document = {"t": message.mti, **{str(number): value for number, value in values.items()}}
    encoded, _ = iso8583.encode({"h": "", "p": "", **document}, SPECIFICATION)
    assert bytes(encoded) == wire


@steady
@given(messages(UNIONPAY, with_pads=False), st.data())
def test_what_we_read_from_a_damaged_message_the_oracle_reads_too(message, data):
    """Ours may refuse more (digits are checked), never read something else."""
    wire = bytearray(UNIONPAY.encode(message))
    position = data.draw(st.integers(0, len(wire) - 1))
    wire[position] ^= data.draw(st.integers(1, 255))
    try:
        ours = UNIONPAY.decode(bytes(wire))
    except ProtocolError:
        return
    if ours.pads:
        return
    mti, fields = oracle_decode(bytes(wire))
    assert (mti, fields) == (ours.mti, as_oracle_says(ours))


def test_the_oracle_takes_hex_for_digits_and_ours_does_not():
    """Why the oracle is a second opinion and not the codec."""
    wire = bytes.fromhex("0200" + "1000000000000000" + "0000AB001050")
    assert oracle_decode(wire) == ("0200", {4: "0000AB001050"})
    with pytest.raises(ProtocolError, match="F4 at byte 10"):
        UNIONPAY.decode(wire)
