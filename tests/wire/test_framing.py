"""A byte stream becomes frames however it is cut, and absurd lengths end it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.iso8583.strategies import steady
from tongbao.domain.errors import ProtocolError
from tongbao.wire.framing import FrameSplitter, add_length

contents = st.lists(st.binary(min_size=1, max_size=300), max_size=8)


def cut(data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def test_the_length_is_big_endian_and_counts_what_follows():
    assert add_length(b"abc") == b"\x00\x03abc"
    assert add_length(bytes(0x0102))[:2] == b"\x01\x02"


@pytest.mark.parametrize("content", [b"", bytes(65536)])
def test_a_frame_that_the_length_cannot_say_is_refused(content):
    with pytest.raises(ProtocolError, match="length at byte 0: a frame holds 1 to 65535 bytes"):
        add_length(content)


@steady
@given(contents, st.lists(st.integers(0, 5000), max_size=20))
def test_frames_come_out_whole_under_any_segmentation(frames, places):
    stream = b"".join(map(add_length, frames))
    splitter = FrameSplitter()
    found = [frame for piece in cut(stream, places) for frame in splitter.feed(piece)]
    assert found == frames
    assert splitter.pending == 0


@steady
@given(contents)
def test_frames_come_out_whole_byte_by_byte(frames):
    splitter = FrameSplitter()
    found = []
    for byte in b"".join(map(add_length, frames)):
        found += splitter.feed(bytes((byte,)))
    assert found == frames


def test_every_cut_of_two_frames_gives_both():
    stream = add_length(b"first") + add_length(b"second")
    for place in range(len(stream) + 1):
        splitter = FrameSplitter()
        assert splitter.feed(stream[:place]) + splitter.feed(stream[place:]) == [
            b"first",
            b"second",
        ]


def test_an_unfinished_frame_waits():
    splitter = FrameSplitter()
    assert splitter.feed(b"\x00") == []
    assert splitter.feed(b"") == []
    assert splitter.feed(b"\x02a") == []
    assert splitter.pending == 3
    assert splitter.feed(b"b\x00") == [b"ab"]
    assert splitter.pending == 1


@pytest.mark.parametrize("prefix", [b"\x00\x00", b"\x00\x0c", b"\x10\x01", b"\xff\xff"])
def test_an_absurd_length_is_refused_before_its_bytes_arrive(prefix):
    splitter = FrameSplitter(max_length=4096, min_length=13)
    with pytest.raises(ProtocolError, match="length at byte 0: a frame here has 13 to 4096 bytes"):
        splitter.feed(prefix)
    with pytest.raises(ProtocolError):
        splitter.feed(add_length(bytes(20)))
    assert splitter.pending == 0


def test_frames_before_an_absurd_length_are_still_handed_out():
    splitter = FrameSplitter(max_length=10)
    assert splitter.feed(add_length(b"good") + b"\xff\xff") == [b"good"]
    with pytest.raises(ProtocolError) as caught:
        splitter.feed(b"")
    assert caught.value.offset == 6


@pytest.mark.parametrize("limits", [(0, 1), (65536, 1), (10, 0), (10, 11)])
def test_limits_must_make_sense(limits):
    with pytest.raises(ValueError, match="1 to 65535"):
        FrameSplitter(*limits)


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_any_kind_of_buffer_gives_bytes(make):
    splitter = FrameSplitter()
    frames = splitter.feed(make(b"\x00\x02a")) + splitter.feed(make(b"b"))
    assert frames == [b"ab"]
    assert type(frames[0]) is bytes
