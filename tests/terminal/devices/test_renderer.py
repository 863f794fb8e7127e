"""Print, render, look: the picture holds what the bytes said."""

from __future__ import annotations

import io

import pytest
import zxingcpp
from PIL import Image

from tests.terminal.slip.samples import SAMPLES, WIDTHS_DOTS
from tongbao.terminal.devices.fonts import find_fonts
from tongbao.terminal.devices.renderer import SCALE, render_png
from tongbao.terminal.slip import SlipOutcome, payment_reference, slip_to_escpos
from tongbao.wire.escpos.builder import EscPosBuilder
from tongbao.wire.escpos.operations import Alignment, Code128
from tongbao.wire.escpos.parser import parse, parse_job

MARGIN_DOTS = 36
TOP_DOTS = 40
BOTTOM_DOTS = 52
ALL = [(name, width) for name in SAMPLES for width in WIDTHS_DOTS]


def draw(builder: EscPosBuilder, width_dots: int = 384) -> Image.Image:
    """Return the picture of a job as grey levels, one pixel a dot, without the margins."""
    png = render_png(parse(builder.encode()), width_dots, find_fonts())
    picture = Image.open(io.BytesIO(png)).convert("L")
    left, top = MARGIN_DOTS * SCALE, TOP_DOTS * SCALE
    inner = picture.crop(
        (left, top, left + width_dots * SCALE, picture.height - BOTTOM_DOTS * SCALE)
    )
    return inner.resize((inner.width // SCALE, inner.height // SCALE), Image.Resampling.BOX)


def ink_box(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom of all that is dark."""
    return picture.point(lambda value: 255 if value < 128 else 0).getbbox()


@pytest.mark.parametrize(("name", "width"), ALL)
def test_qr_code_of_a_printed_slip_reads_back_as_the_payment_reference(
    name: str, width: int
) -> None:
    slip = SAMPLES[name]
    png = render_png(parse_job(slip_to_escpos(slip, width)), width, find_fonts())
    with Image.open(io.BytesIO(png)) as picture:
        found = [code.text for code in zxingcpp.read_barcodes(picture.convert("RGB"))]
    wanted = [] if slip.outcome is SlipOutcome.DECLINED else [payment_reference(slip)]
    assert found == wanted


def test_code_128_reads_back() -> None:
    job = EscPosBuilder().align(Alignment.CENTRE).code128("TB{1}-000012")
    png = render_png(parse(job.encode()), 384, find_fonts())
    with Image.open(io.BytesIO(png)) as picture:
        codes = zxingcpp.read_barcodes(picture.convert("RGB"))
    assert [(code.text, code.format) for code in codes] == [
        ("TB{1}-000012", zxingcpp.BarcodeFormat.Code128)
    ]


def test_caption_of_a_bar_code_stands_below_it() -> None:
    plain = render_png((Code128("000012", 40),), 384, find_fonts())
    captioned = render_png((Code128("000012", 40, caption=True),), 384, find_fonts())
    heights = [Image.open(io.BytesIO(png)).height for png in (plain, captioned)]
    assert heights[1] - heights[0] == 30 * SCALE


def test_binary_qr_code_reads_back_as_the_same_bytes() -> None:
    job = EscPosBuilder().align(Alignment.CENTRE).qr(b"\x00\xff\x80data", 6)
    png = render_png(parse(job.encode()), 384, find_fonts())
    with Image.open(io.BytesIO(png)) as picture:
        assert [code.bytes for code in zxingcpp.read_barcodes(picture.convert("RGB"))] == [
            b"\x00\xff\x80data"
        ]


def test_raster_is_drawn_dot_by_dot() -> None:
    picture = draw(EscPosBuilder().raster(1, b"\x80\x01"))
    dark = {(x, y) for x in range(8) for y in range(2) if int(str(picture.getpixel((x, y)))) < 128}
    assert dark == {(0, 0), (7, 1)}


def test_text_stands_left_centred_or_right() -> None:
    boxes = {}
    for alignment in Alignment:
        box = ink_box(draw(EscPosBuilder().align(alignment).line("HH")))
        assert box is not None
        boxes[alignment] = box
    assert boxes[Alignment.LEFT][0] < 3
    assert boxes[Alignment.LEFT][2] <= 24
    assert 180 <= boxes[Alignment.CENTRE][0] < 184
    assert boxes[Alignment.RIGHT][0] >= 360
    assert boxes[Alignment.RIGHT][2] > 380


def test_chinese_characters_take_two_columns() -> None:
    box = ink_box(draw(EscPosBuilder().line("国国国国")))
    assert box is not None
    assert 90 <= box[2] <= 96


def test_double_size_is_twice_as_wide_and_high() -> None:
    small = ink_box(draw(EscPosBuilder().line("国")))
    large = ink_box(draw(EscPosBuilder().size(2, 2).line("国")))
    assert small is not None
    assert large is not None
    assert abs((large[2] - large[0]) - 2 * (small[2] - small[0])) <= 2
    assert abs((large[3] - large[1]) - 2 * (small[3] - small[1])) <= 2


def test_bold_has_more_ink() -> None:
    plain, bold = (
        sum(draw(EscPosBuilder().bold(on=on).line("国 H")).histogram()[:128])
        for on in (False, True)
    )
    assert bold > plain * 11 // 10


def test_inverse_is_mostly_ink() -> None:
    picture = draw(EscPosBuilder().inverse(on=True).line("  H  ")).crop((0, 0, 60, 24))
    assert sum(picture.histogram()[:128]) > 60 * 24 * 3 // 4


def test_line_longer_than_the_paper_goes_on_below() -> None:
    assert draw(EscPosBuilder().line("H" * 33)).height == 60
    assert draw(EscPosBuilder().line("H" * 32)).height == 30


def test_tall_line_takes_its_own_height() -> None:
    assert draw(EscPosBuilder().size(1, 3).line("H")).height == 72


def test_line_spacing_is_kept_until_reset() -> None:
    assert draw(EscPosBuilder().line_spacing(60).line("H").line("H")).height == 120
    assert draw(EscPosBuilder().line_spacing(60).initialise().line("H")).height == 30


def test_text_without_a_line_feed_is_printed_too() -> None:
    assert ink_box(draw(EscPosBuilder().text("H"))) is not None


def test_character_that_no_font_has_is_drawn_as_something() -> None:
    assert draw(EscPosBuilder().line("\U0010fff0")).height == 30


def test_paper_is_transparent_outside_its_torn_edges() -> None:
    png = render_png(parse(EscPosBuilder().line("A").encode()), 384, find_fonts())
    with Image.open(io.BytesIO(png)) as picture:
        alpha = picture.convert("RGBA").getchannel("A")
        assert picture.size == ((384 + 72) * SCALE, (30 + TOP_DOTS + BOTTOM_DOTS) * SCALE)
    middle = alpha.height // 2
    assert alpha.getpixel((alpha.width // 2, middle)) == 255
    assert {alpha.getpixel((x, 1)) for x in range(alpha.width)} == {0, 255}


def test_picture_of_a_slip_is_small() -> None:
    png = render_png(parse_job(slip_to_escpos(SAMPLES["approved_merchant"])), 384, find_fonts())
    assert len(png) < 150_000
