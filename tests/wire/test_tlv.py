import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.iso8583.strategies import steady
from tests.wire.samples import assert_tells_nothing
from tongbao.domain.errors import ProtocolError
from tongbao.wire.tlv import TlvElement, build_tlv, parse_tlv


def test_elements_are_found_in_order():
    elements = parse_tlv(bytes.fromhex("9F36020047" + "9500" + "DF8101011F"))
    assert [(one.tag, one.value.hex()) for one in elements] == [
        ("9F36", "0047"),
        ("95", ""),
        ("DF8101", "1f"),
    ]


@pytest.mark.parametrize(
    ("wire", "length_bytes"),
    [
        ("5A0162", 0),
        ("5A810162", 2),
        ("5A82000162", 3),
        ("5A8300000162", 4),
        ("5A8180" + "00" * 128, 0),
        ("5A820100" + "00" * 256, 0),
    ],
)
def test_the_form_of_the_length_is_kept(wire, length_bytes):
    (element,) = parse_tlv(bytes.fromhex(wire))
    assert element.length_bytes == length_bytes
    assert build_tlv([element]).hex().upper() == wire


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        ("9F", "F55 at byte 0: the tag does not end"),
        ("DF8181818101", "F55 at byte 0: the tag does not end"),
        ("9500" + "5A", "F55 at byte 3: the length is missing"),
        ("5A80", "F55 at byte 1: the length is not one to three whole bytes"),
        ("5A8200", "F55 at byte 1: the length is not one to three whole bytes"),
        ("5A8400000001", "F55 at byte 1: the length is not one to three whole bytes"),
        ("9500" + "5A0862", "F55 at byte 2: the value is longer than what follows"),
        ("0000", "F55 at byte 0: a tag does not begin with 00"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(wire, text):
    with pytest.raises(ProtocolError) as caught:
        parse_tlv(bytes.fromhex(wire), "F55")
    assert str(caught.value) == text


def test_a_value_does_not_show():
    assert repr(TlvElement("5A", b"\x62\x00")) == "TlvElement(5A, 2 B)"


@pytest.mark.parametrize("size", [1, 5])
def test_a_length_that_does_not_fit_is_not_built(size):
    with pytest.raises(ProtocolError, match="length of tag 5A does not fit"):
        build_tlv([TlvElement("5A", bytes(200), size)])


@steady
@given(st.binary(max_size=80))
def test_any_bytes_parse_exactly_or_raise_protocol_error(data):
    try:
        elements = parse_tlv(data)
    except ProtocolError as error:
        assert_tells_nothing(error, within=len(data))
    else:
        assert build_tlv(elements) == data
