import pytest

from tests.wire.samples import BY_NAME, frame_of
from tongbao.domain.errors import ProtocolError
from tongbao.wire.unionpay.framing import (
    DEFAULT_HEADER,
    DEFAULT_TPDU,
    Envelope,
    Header,
    pack_frame,
    swap_tpdu,
    unpack_frame,
)


def test_a_frame_is_length_tpdu_header_and_message():
    frame = pack_frame(DEFAULT_TPDU, DEFAULT_HEADER, b"\x08\x00")
    assert frame.hex() == "000d" + "6000030000" + "603100310001" + "0800"
    assert unpack_frame(frame[2:]) == Envelope(DEFAULT_TPDU, DEFAULT_HEADER, b"\x08\x00")


def test_an_envelope_does_not_show_its_message():
    frame = frame_of(BY_NAME["sale_req_magstripe_storicard"])
    envelope = Envelope(DEFAULT_TPDU, DEFAULT_HEADER, frame)
    assert repr(envelope) == "Envelope(tpdu=6000030000, header=603100310001, 105 B)"


@pytest.mark.parametrize(
    ("length", "path"), [(0, "TPDU"), (4, "TPDU"), (5, "header"), (10, "header")]
)
def test_a_frame_that_ends_early_names_the_part(length, path):
    with pytest.raises(ProtocolError) as caught:
        unpack_frame(bytes(length))
    assert (caught.value.path, caught.value.offset) == (path, length)


@pytest.mark.parametrize(("tpdu", "header"), [(bytes(4), bytes(6)), (bytes(5), bytes(7))])
def test_parts_of_the_wrong_size_are_not_packed(tpdu, header):
    with pytest.raises(ProtocolError, match=r"has \d bytes"):
        pack_frame(tpdu, header, b"")


def test_a_reply_swaps_the_addresses():
    assert swap_tpdu(bytes.fromhex("6006010000")).hex() == "6000000601"
    assert swap_tpdu(swap_tpdu(DEFAULT_TPDU)) == DEFAULT_TPDU


@pytest.mark.parametrize("digits", ["603100310001", "61320032FFF1", "602200000000"])
def test_a_header_is_taken_apart_and_put_together(digits):
    header = Header.parse(bytes.fromhex(digits))
    assert header.application == digits[:2]
    assert header.version == digits[2:4]
    assert header.status == digits[4]
    assert header.requirement == digits[5]
    assert header.sub_version == digits[6:]
    assert header.build() == bytes.fromhex(digits)


def test_a_header_has_six_bytes():
    with pytest.raises(ProtocolError, match="6 bytes"):
        Header.parse(bytes(5))


@pytest.mark.parametrize(
    "parts",
    [
        ("6", "31", "0", "0", "310001"),
        ("60", "31", "0", "x", "310001"),
        ("60", "31", "0", "0", "31"),
    ],
)
def test_a_header_of_other_parts_cannot_be_made(parts):
    with pytest.raises(ValueError, match="12 hex digits"):
        Header(*parts)
