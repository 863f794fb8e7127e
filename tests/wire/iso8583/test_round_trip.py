"""Whatever a dialect can say comes back as it was, and garbage never surprises it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.iso8583.strategies import messages, steady
from tests.wire.samples import assert_tells_nothing, plain
from tongbao.domain.errors import ProtocolError
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import Kind
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.unionpay.table import UNIONPAY

each_dialect = pytest.mark.parametrize("dialect", [UNIONPAY, NETWORK], ids=lambda one: one.name)


@each_dialect
@steady
@given(data=st.data())
def test_an_encoded_message_decodes_to_itself(dialect, data):
    message = data.draw(messages(dialect))
    wire = dialect.encode(message)
    decoded = dialect.decode(wire)
    assert decoded.mti == message.mti
    assert {n: plain(v) for n, v in decoded.fields.items()} == {
        n: plain(v) for n, v in message.fields.items()
    }
    assert decoded.pads == message.pads
    assert dialect.encode(decoded) == wire


@steady
@given(messages(UNIONPAY, longest=999))
def test_long_fields_come_back(message):
    wire = UNIONPAY.encode(message)
    assert UNIONPAY.encode(UNIONPAY.decode(wire)) == wire


@each_dialect
@steady
@given(data=st.data())
def test_bytes_that_decode_encode_to_the_same_bytes(dialect, data):
    """Random bytes behind a plausible beginning: what is accepted must be reproduced exactly."""
    numbers = data.draw(st.sets(st.sampled_from([n for n in dialect.specs if n <= 64]), max_size=6))
    bitmap = sum(1 << (64 - number) for number in numbers).to_bytes(8, "big")
    wire = b"\x02\x00" + bitmap + data.draw(st.binary(max_size=80))
    try:
        message = dialect.decode(wire)
    except ProtocolError as error:
        assert_tells_nothing(error, within=len(wire))
    else:
        assert dialect.encode(message) == wire


@each_dialect
@steady
@given(wire=st.binary(max_size=200))
def test_garbage_raises_nothing_else(dialect, wire):
    try:
        message = dialect.decode(wire)
    except ProtocolError as error:
        assert_tells_nothing(error, within=len(wire))
    else:
        assert dialect.encode(message) == wire


@steady
@given(messages(UNIONPAY, with_pads=False), st.data())
def test_unfit_values_raise_nothing_else(message, data):
    anything = st.one_of(
        st.none(),
        st.integers(),
        st.text("09aF =*é²中", max_size=30),
        st.binary(max_size=30),
        st.floats(),
    )
    for number in message.fields:
        if data.draw(st.booleans()):
            message.fields[number] = data.draw(anything)
    try:
        wire = UNIONPAY.encode(message)
    except ProtocolError as error:
        assert_tells_nothing(error)
    else:
        assert UNIONPAY.encode(UNIONPAY.decode(wire)) == wire


@steady
@given(messages(UNIONPAY, with_pads=False))
def test_rows_of_fields_equal_single_fields(message):
    """Reading and writing neighbours in one go must not differ from one field at a time."""
    wire = UNIONPAY.encode(message)
    content = b"".join(
        UNIONPAY.encode(Message("0200", {n: value}))[10:] for n, value in message.fields.items()
    )
    assert wire[10:] == content


@steady
@given(st.binary(max_size=60))
def test_text_of_any_bytes_is_kept(raw):
    """Field 63 is text when the bytes are GBK, and the bytes themselves when they are not."""
    wire = UNIONPAY.encode(Message("0810", {63: raw}))
    value = UNIONPAY.decode(wire).fields[63]
    assert (value.encode("gbk") if isinstance(value, str) else value) == raw
    assert UNIONPAY.specs[63].kind is Kind.GBK_TEXT
