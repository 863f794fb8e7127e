"""What the builder writes the parser reads back; everything else is one typed error."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongbao.domain.errors import ProtocolError
from tongbao.wire.escpos.builder import EscPosBuilder, encode_operations
from tongbao.wire.escpos.operations import (
    Align,
    Alignment,
    Bold,
    ChineseMode,
    Code128,
    Cut,
    Density,
    DrawerPulse,
    Feed,
    Initialise,
    Inverse,
    LineFeed,
    LineSpacing,
    Operation,
    QrCode,
    QrCorrection,
    Raster,
    Size,
    Text,
    is_control,
)
from tongbao.wire.escpos.parser import JOB_MAX_BYTES, parse, parse_job

ASCII = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)
ANY_TEXT = st.text(
    st.characters(exclude_categories=["Cs"]).filter(lambda character: not is_control(character)),
    min_size=1,
    max_size=40,
)
RASTERS = st.integers(1, 8).flatmap(
    lambda width: st.integers(1, 20).flatmap(
        lambda rows: st.binary(min_size=width * rows, max_size=width * rows).map(
            lambda data: Raster(width, data)
        )
    )
)
COMMANDS: st.SearchStrategy[Operation] = st.one_of(
    st.just(Initialise()),
    st.sampled_from(Alignment).map(Align),
    st.booleans().map(Bold),
    st.booleans().map(Inverse),
    st.builds(Size, st.integers(1, 8), st.integers(1, 8)),
    st.one_of(st.none(), st.integers(0, 255)).map(LineSpacing),
    st.just(LineFeed()),
    st.integers(0, 255).map(Feed),
    st.builds(Cut, st.integers(0, 255), st.booleans()),
    st.builds(
        DrawerPulse,
        st.integers(0, 1),
        st.integers(1, 255).map(lambda step: step * 2),
        st.integers(1, 255).map(lambda step: step * 2),
    ),
    st.integers(-6, 8).map(Density),
    st.builds(
        QrCode,
        st.binary(min_size=1, max_size=60),
        st.integers(1, 16),
        st.sampled_from(QrCorrection),
    ),
    st.builds(Code128, ASCII, st.integers(1, 255), st.integers(2, 6), st.booleans()),
    RASTERS,
)
# Text is followed by a command, because two texts in a row are one text on the wire.
PIECES = st.one_of(
    COMMANDS.map(lambda operation: [operation]),
    st.tuples(ASCII, COMMANDS).map(lambda pair: [Text(pair[0]), pair[1]]),
    ANY_TEXT.map(lambda text: [ChineseMode(on=True), Text(text), ChineseMode(on=False)]),
)
JOBS = st.lists(PIECES, max_size=12).map(lambda pieces: [one for piece in pieces for one in piece])


@given(JOBS)
def test_any_job_is_read_back_as_the_same_operations(job: list[Operation]) -> None:
    assert list(parse(encode_operations(job))) == job


@given(st.binary(max_size=200))
def test_any_bytes_are_read_and_written_back_or_refused_with_a_protocol_error(data: bytes) -> None:
    try:
        operations = parse(data)
    except ProtocolError:
        return
    assert encode_operations(operations) == data


@given(JOBS, st.data())
def test_a_flipped_byte_never_raises_anything_but_a_protocol_error(
    job: list[Operation], data: st.DataObject
) -> None:
    encoded = bytearray(encode_operations([Initialise(), *job]))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ProtocolError):
        parse(bytes(encoded))


@given(JOBS)
def test_every_truncation_of_a_job_is_a_protocol_error(job: list[Operation]) -> None:
    plain = [one for one in job if not isinstance(one, Cut)]
    encoded = encode_operations([Initialise(), *plain, Cut(96)])
    assert parse_job(encoded)[-1] == Cut(96)
    for length in range(len(encoded)):
        with pytest.raises(ProtocolError):
            parse_job(encoded[:length])


@pytest.mark.parametrize(
    ("data", "offset", "words"),
    [
        ("1b40 1b7a", 2, "unknown command"),
        ("0a 0d", 1, "unknown command"),
        ("41 1b", 1, "unknown command or cut short"),
        ("7f", 0, "unknown command"),
        ("1b6103", 0, "Alignment"),
        ("1b4502", 0, "switch must be 0 or 1"),
        ("1d2108", 0, "size must be 1 to 8 times"),
        ("1d2180", 0, "size must be 1 to 8 times"),
        ("1d564300", 0, "cut must be form 65 or 66"),
        ("1b70020101", 0, "connector must be 0 to 1"),
        ("1b70000001", 0, "on_ms must be 2 to 510"),
        ("1d284b02003109", 0, "level must be"),
        ("1d284b02003200", 0, "only function 49"),
        ("1d286b030031430300", 0, "QR code must begin with model 2"),
        ("1d286b0400314132001d286b03003145311d286b0300314303", 0, "QR module size must follow"),
        ("1d763001", 0, "pictures of normal size"),
        ("1d76300000000100", 0, "width_bytes must be"),
        ("1d68401d77021d48011d6b49037b4241", 0, "caption must be 0 or 2"),
        ("1d68401d77021d48001d6b49037b4141", 0, "only code set B"),
        ("1d68401d77021d48001d6b49047b427b41", 0, "a brace must be written twice"),
        ("1d68401d77021d48001d6b49037b42ff", 0, "printable ASCII"),
        ("4142cda8", 2, "byte above 7F outside Chinese mode"),
        ("1c26 41ff", 3, "not GB18030"),
        ("1c26 cda8b1 1c2e", 4, "not GB18030"),
        ("1c26 1c26", 2, "Chinese mode is already so"),
        ("1c2e", 0, "Chinese mode is already so"),
        ("1c26 41", 3, "Chinese mode is still on"),
        ("1b33", 0, "cut short"),
        ("0a 1d763000ffffffff00", 1, "cut short"),
    ],
)
def test_error_names_the_command_and_its_offset(data: str, offset: int, words: str) -> None:
    with pytest.raises(ProtocolError, match=words) as caught:
        parse(bytes.fromhex(data))
    assert caught.value.offset == offset


def test_error_names_the_command_in_words() -> None:
    with pytest.raises(ProtocolError) as caught:
        parse(b"\x1bE\x07")
    assert str(caught.value) == "ESC E at byte 0: switch must be 0 or 1"


def test_error_holds_no_text_of_the_slip() -> None:
    with pytest.raises(ProtocolError) as caught:
        parse(b"SECRET NAME\xff\xff")
    assert "SECRET" not in str(caught.value)


def test_job_longer_than_the_limit_is_refused() -> None:
    with pytest.raises(ProtocolError, match="longer than"):
        parse(b"\n" * (JOB_MAX_BYTES + 1))


def test_job_without_a_reset_is_refused() -> None:
    with pytest.raises(ProtocolError, match="begins with a reset"):
        parse_job(EscPosBuilder().line("A").cut().encode())


def test_job_without_a_cut_is_refused() -> None:
    with pytest.raises(ProtocolError, match="ends with a cut"):
        parse_job(EscPosBuilder().initialise().line("A").encode())


def test_empty_job_is_refused() -> None:
    with pytest.raises(ProtocolError, match="begins with a reset"):
        parse_job(b"")
