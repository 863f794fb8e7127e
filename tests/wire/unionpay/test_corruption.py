"""Damaged messages decode exactly or raise ProtocolError, and the error shows no card data."""

import pytest

from tests.wire.samples import assert_tells_nothing, body_of, each_vector, frame_of
from tongbao.domain.errors import ProtocolError
from tongbao.wire.unionpay.dump import parse_dump
from tongbao.wire.unionpay.table import UNIONPAY


def decoded_or_refused(data):
    """Return whether a message decoded; it must then come back as the same bytes."""
    try:
        message = UNIONPAY.decode(data)
    except ProtocolError as error:
        assert_tells_nothing(error, within=len(data))
        return False
    assert UNIONPAY.encode(message) == data
    return True


def parsed_or_refused(data):
    try:
        dump = parse_dump(data)
    except ProtocolError as error:
        assert_tells_nothing(error, within=len(data))
        return False
    assert dump.build() == data
    return True


@each_vector
def test_no_truncation_of_a_message_decodes(vector):
    body = body_of(vector)
    for length in range(len(body)):
        assert not decoded_or_refused(body[:length]), length


@each_vector
def test_every_truncation_of_a_frame_is_refused_or_exact(vector):
    frame = frame_of(vector)
    for length in range(len(frame)):
        parsed_or_refused(frame[:length])


@each_vector
def test_every_flipped_bit_of_a_message_is_refused_or_exact(vector):
    body = body_of(vector)
    for bit in range(len(body) * 8):
        damaged = bytearray(body)
        damaged[bit // 8] ^= 0x80 >> bit % 8
        decoded_or_refused(bytes(damaged))


@each_vector
def test_every_flipped_bit_of_a_frame_is_refused_or_exact(vector):
    frame = frame_of(vector)
    for bit in range(len(frame) * 8):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 0x80 >> bit % 8
        parsed_or_refused(bytes(damaged))


@each_vector
def test_bytes_after_the_last_field_are_refused(vector):
    body = body_of(vector)
    with pytest.raises(ProtocolError) as caught:
        UNIONPAY.decode(body + b"\x00")
    assert str(caught.value) == f"end at byte {len(body)}: 1 bytes after the last field"


@each_vector
def test_a_truncation_names_the_field_it_cuts(vector):
    body = body_of(vector)
    last = max(int(number) for number in vector["fields"] if number != "mti")
    with pytest.raises(ProtocolError) as caught:
        UNIONPAY.decode(body[:-1])
    assert caught.value.path == f"F{last}"
    assert caught.value.rule == "the message ends inside the field"
