"""JBIG: the standard's test sequence, every picture back as it was, and no bytes that do harm."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.wire.jbig.standard_picture import Size, picture
from tests.wire.samples import assert_tells_nothing
from tongbao.domain.errors import ProtocolError
from tongbao.wire.jbig import PIXELS_MAX, Bitmap, decode, encode, fitted
from tongbao.wire.jbig.entity import (
    TWO_LINE_OPTION,
    TYPICAL_OPTION,
    VARIABLE_LENGTH_OPTION,
    Header,
    stuffed,
)
from tongbao.wire.jbig.qm_coder import CONTEXTS, Decoder, Encoder
from tongbao.wire.jbig.templates import THREE_LINES, TWO_LINES, contexts_of

OPTIONS = [0, TWO_LINE_OPTION, TYPICAL_OPTION, TWO_LINE_OPTION | TYPICAL_OPTION]
END = b"\xff\x02"


# White, noise and noise that repeats itself, in small.
PICTURE = picture(Size(width=400, height=160, noise_from=4, repeats_from=60))


def bits(words):
    return [int(bit) for word in words for bit in f"{word:016b}"]


# ITU-T T.82, 7.1: pixels, contexts, and what they become with stuffing and the end of the stripe.
PIXELS = bits(
    [
        *(0x05E0, 0x0000, 0x8B00, 0x01C4, 0x1700, 0x0034, 0x7FFF, 0x1A3F),
        *(0x951B, 0x05D8, 0x1D17, 0xE770, 0x0000, 0x0000, 0x0656, 0x0E6A),
    ]
)
CONTEXT_SEQUENCE = bits([0x0FE0, 0x0000, 0x0F00, 0x00F0, 0xFF00, *[0] * 11])
CODED = "6989995C32EAFAA0D5FF00527FFF00FF00FF00C00000003FFF002D208291"


def test_the_standards_sequence_is_encoded_byte_for_byte():
    coder = Encoder([0] * CONTEXTS)
    coder.encode(CONTEXT_SEQUENCE, PIXELS)
    assert stuffed(coder.finish()).hex().upper() == CODED


def test_the_standards_sequence_is_decoded():
    coder = Decoder([0] * CONTEXTS, bytes.fromhex(CODED).replace(b"\xff\x00", b"\xff"))
    assert [coder.decode_bit(context) for context in CONTEXT_SEQUENCE] == PIXELS


def test_pieces_of_a_sequence_make_the_whole():
    coder = Encoder([0] * CONTEXTS)
    for start in range(0, 256, 7):
        part = slice(start, start + 7)
        coder.encode(CONTEXT_SEQUENCE[part], PIXELS[part])
    assert stuffed(coder.finish()).hex().upper() == CODED


def test_a_picture_has_these_bytes():
    rows = [[0, 1, 1, 0, 0], [1, 0, 0, 1, 0], [1, 0, 0, 1, 0]]
    bitmap = Bitmap.of_rows(rows)
    assert bitmap == Bitmap(5, 3, bytes((0b01100000, 0b10010000, 0b10010000)))
    data = encode(bitmap)
    head = "0000010000000005000000030000000300000008"
    assert data[:20].hex() == head
    assert data[-2:] == END
    assert decode(data) == bitmap
    assert data == encode(bitmap)
    assert [bitmap.row(number) for number in range(3)] == rows


@st.composite
def bitmaps(draw):
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 24))
    density = draw(st.sampled_from([1, 2, 8, 40]))
    rows = []
    for _ in range(height):
        if rows and draw(st.booleans()):
            rows.append(rows[-1])
        else:
            dots = draw(st.lists(st.integers(0, density), min_size=width, max_size=width))
            rows.append([int(dot == 1) for dot in dots])
    return Bitmap.of_rows(rows)


@given(bitmaps(), st.sampled_from(OPTIONS), st.integers(0, 25))
def test_every_picture_comes_back(bitmap, options, stripe_rows):
    data = encode(bitmap, options=options, stripe_rows=stripe_rows)
    assert decode(data) == bitmap


@pytest.mark.parametrize("value", [0x00, 0xFF, 0x55])
@pytest.mark.parametrize("options", OPTIONS)
def test_plain_pictures_come_back_and_are_small(value, options):
    bitmap = Bitmap(240, 120, bytes([value]) * (30 * 120))
    data = encode(bitmap, options=options)
    assert decode(data) == bitmap
    assert len(data) < 300


@pytest.mark.parametrize("options", OPTIONS)
def test_a_part_of_the_standards_picture_comes_back(options):
    """Noise is where an arithmetic coder meets carries and runs of FF."""
    rows = [row[:200] for row in PICTURE[:64]]
    bitmap = Bitmap.of_rows(rows)
    data = encode(bitmap, options=options, stripe_rows=16)
    assert decode(data) == bitmap
    assert b"\xff\x00" in data


def test_a_signature_fits_one_message():
    """A scrawl of loops on a pad of 240 by 120."""
    rows = [[0] * 240 for _ in range(120)]
    y = 60.0
    for step in range(1_200):
        x = 10 + step * 220 // 1_200
        y += ((step * 7919 % 23) - 11) / 6
        y = min(max(y, 5), 114)
        for across in (0, 1):
            rows[int(y)][x + across] = 1
    data = encode(Bitmap.of_rows(rows))
    assert len(data) < 999
    assert decode(data) == Bitmap.of_rows(rows)


def with_moves(rows, moves, *, template=THREE_LINES, offset_max=127):
    """Encode rows as one stripe with the adaptive pixel moved; `moves` is offset by row."""
    width = len(rows[0])
    options = TWO_LINE_OPTION if template is TWO_LINES else 0
    coder = Encoder([0] * CONTEXTS)
    second = first = [0] * width
    offset = 0
    for number, row in enumerate(rows):
        offset = moves.get(number, offset)
        above = template.above(second, first, moved=offset > 0)
        coder.encode(contexts_of(template, above, row, offset), row)
        second, first = first, row
    head = Header(width, len(rows), len(rows), offset_max, options).build()
    segments = b"".join(
        b"\xff\x06" + row.to_bytes(4, "big") + bytes((offset, 0)) for row, offset in moves.items()
    )
    return head + segments + stuffed(coder.finish()) + END


@pytest.mark.parametrize("template", [THREE_LINES, TWO_LINES], ids=["three lines", "two lines"])
@pytest.mark.parametrize("moves", [{0: 8}, {5: 16}, {2: 5, 9: 127, 11: 0}], ids=str)
def test_a_moved_adaptive_pixel_is_followed(template, moves):
    rows = [row[:160] for row in PICTURE[70:84]]
    assert decode(with_moves(rows, moves, template=template)) == Bitmap.of_rows(rows)


def test_a_move_pays_where_the_picture_repeats():
    rows = PICTURE[80:160]
    assert len(with_moves(rows, {0: 8})) < len(with_moves(rows, {})) * 0.95


def test_a_reset_forgets_everything():
    rows = [row[:60] for row in PICTURE[:8]]
    one = encode(Bitmap.of_rows(rows))
    head = Header(60, 16, 8, options=TYPICAL_OPTION).build()
    twice = head + one[20:-2] + b"\xff\x03" + one[20:]
    assert decode(twice) == Bitmap.of_rows(rows + rows)


def test_comments_are_skipped():
    data = encode(Bitmap.of_rows([[1, 0, 1]]))
    comment = b"\xff\x07" + (5).to_bytes(4, "big") + b"\xff\x02abc"
    assert decode(data[:20] + comment + data[20:]) == Bitmap.of_rows([[1, 0, 1]])
    assert decode(data + comment) == Bitmap.of_rows([[1, 0, 1]])


def test_a_height_that_was_not_known_at_first_is_told_later():
    rows = [row[:60] for row in PICTURE[:10]]
    data = encode(Bitmap.of_rows(rows), stripe_rows=4)
    options = TYPICAL_OPTION | VARIABLE_LENGTH_OPTION
    head = Header(60, 0xFFFF_FFFF, 4, options=options).build()
    told = b"\xff\x05" + (10).to_bytes(4, "big")
    assert decode(head + data[20:] + told) == Bitmap.of_rows(rows)
    assert decode(head + told + data[20:]) == Bitmap.of_rows(rows)
    assert (
        refused(head + data[20:])
        == "JBIG at byte 4: the picture has more pixels than are allowed here"
    )
    assert "once" in refused(head + told + told + data[20:])
    assert "once" in refused(data[:20] + told + data[20:])
    grown = b"\xff\x05" + (0).to_bytes(4, "big")
    assert "become less" in refused(head + grown + data[20:])


def refused(data, **options):
    with pytest.raises(ProtocolError) as caught:
        decode(data, **options)
    assert_tells_nothing(caught.value)
    return str(caught.value)


GOOD = encode(Bitmap.of_rows([[1, 0, 1], [0, 1, 0]]))


def changed(at, *values):
    return GOOD[:at] + bytes(values) + GOOD[at + len(values) :]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "JBIG at byte 0: a header has 20 bytes"),
        (GOOD[:19], "JBIG at byte 0: a header has 20 bytes"),
        (changed(0, 1), "JBIG at byte 0: only one resolution layer is read"),
        (changed(1, 1), "JBIG at byte 0: only one resolution layer is read"),
        (changed(2, 2), "JBIG at byte 2: only one plane is read"),
        (changed(3, 1), "JBIG at byte 2: only one plane is read"),
        (changed(4, 0, 0, 0, 0), "JBIG at byte 4: no side and no stripe may be 0"),
        (changed(8, 0, 0, 0, 0), "JBIG at byte 4: no side and no stripe may be 0"),
        (changed(12, 0, 0, 0, 0), "JBIG at byte 4: no side and no stripe may be 0"),
        (changed(16, 128), "JBIG at byte 16: the adaptive pixel moves up to 127 to the left"),
        (changed(18, 16), "JBIG at byte 18: an unknown order or option"),
        (changed(19, 0x88), "JBIG at byte 18: an unknown order or option"),
        (changed(19, 0x0A), "JBIG at byte 19: no table of a sender's own is read"),
        (GOOD[:-2], "JBIG at byte 20: the stripe does not end"),
        (GOOD[:-1], "JBIG at byte 20: the stripe does not end"),
        (GOOD[:20], "JBIG at byte 20: the number of stripes does not fit the height"),
        (GOOD + b"\xff\x02", "the number of stripes does not fit the height"),
        (GOOD + b"\x00", "the stripe does not end"),
        (GOOD[:-2] + b"\xff\x04", "an unknown marker, or one inside a stripe"),
        (GOOD[:-2] + b"\xff\x01" + END, "an unknown marker, or one inside a stripe"),
        (GOOD[:20] + b"\xff\x07\x00", "JBIG at byte 20: the data ends inside a marker segment"),
        (GOOD[:20] + b"\xff\x06\x00", "JBIG at byte 20: the data ends inside a marker segment"),
        (GOOD[:20] + b"\xff\x05\x00", "JBIG at byte 20: the data ends inside a marker segment"),
        (GOOD[:20] + b"\xff\x07\xff\xff\xff\xff", "the data ends inside a marker segment"),
        (GOOD[:20] + b"\xff\x06\0\0\0\0\x08\0" + GOOD[20:], "left of the template"),
        (GOOD[:16] + b"\x10" + GOOD[17:20] + b"\xff\x06\0\0\0\0\x08\1" + GOOD[20:], "in its row"),
        (GOOD[:16] + b"\x10" + GOOD[17:20] + b"\xff\x06\0\0\0\0\x02\0" + GOOD[20:], "left of"),
        (
            changed(4, 0, 1, 0, 0),
            "JBIG at byte 4: the picture has more pixels than are allowed here",
        ),
        (changed(8, 0, 1, 0, 0, 0, 1, 0, 0), "the picture has more pixels than are allowed here"),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_is_no_picture_is_refused(data, text):
    assert text in refused(data)


def test_a_bomb_is_refused_before_the_first_pixel():
    head = Header(60_000, 60_000, 60_000, options=TYPICAL_OPTION).build()
    started = time.process_time()
    assert "more pixels" in refused(head + END)
    assert time.process_time() - started < 0.5
    assert "more pixels" in refused(GOOD, pixels_max=5)
    assert decode(GOOD, pixels_max=6).width == 3
    assert PIXELS_MAX == 262_144


def test_nothing_behind_the_end_of_a_stripe_is_zeros():
    """An encoder leaves zeros at the end out, and a whole white picture is nothing but zeros."""
    head = Header(16, 4, 4).build()
    assert decode(head + END).height == 4


@settings(max_examples=300)
@given(st.binary(max_size=80), st.sampled_from(OPTIONS), st.integers(1, 30), st.integers(1, 30))
@example(b"\xff\x00\xff\x02", 8, 3, 3)
def test_no_bytes_raise_anything_but_a_protocol_error(tail, options, width, height):
    head = Header(width, height, height, 10, options).build()
    for data in (tail, head + tail, head + tail + END):
        try:
            bitmap = decode(data)
        except ProtocolError as error:
            assert_tells_nothing(error)
        else:
            assert (bitmap.width, bitmap.height) == (width, height) or data is tail
            assert decode(encode(bitmap)) == bitmap


def test_a_bitmap_forgets_its_pad_bits_and_shows_its_size_only():
    dirty, clean = Bitmap(3, 2, b"\xff\x1f"), Bitmap(3, 2, b"\xe0\x00")
    assert dirty == clean
    assert (dirty.rows, repr(dirty)) == (b"\xe0\x00", "Bitmap(3x2)")
    assert decode(encode(dirty)) == clean


@pytest.mark.parametrize(
    ("width", "height", "rows"), [(0, 1, b""), (1, 0, b""), (65_536, 1, bytes(8_192)), (9, 1, b"1")]
)
def test_a_bitmap_that_cannot_be_is_refused(width, height, rows):
    with pytest.raises(ValueError, match=r"pixels on a side|must have"):
        Bitmap(width, height, rows)


def test_an_unknown_option_is_refused():
    with pytest.raises(ValueError, match="template and typical"):
        encode(Bitmap.of_rows([[1]]), options=0x20)


def test_a_picture_is_made_smaller_in_proportion_and_keeps_its_thin_lines():
    rows = [[0] * 512 for _ in range(320)]
    rows[7] = [1] * 512
    for row in rows:
        row[301] = 1
    small = fitted(Bitmap.of_rows(rows), 320, 160)
    assert (small.width, small.height) == (256, 160)
    assert small.row(3) == [1] * 256
    assert [small.row(number)[150] for number in range(160)] == [1] * 160
    assert sum(map(sum, (small.row(number) for number in range(160)))) == 256 + 159
    assert fitted(small, 256, 160) is small
    tall = fitted(Bitmap.of_rows([[1]] * 400), 320, 160)
    assert (tall.width, tall.height, tall.rows) == (1, 160, b"\x80" * 160)
    with pytest.raises(ValueError, match="at least one dot"):
        fitted(small, 0, 10)
