"""The exact command bytes of every operation, and what operations refuse to hold."""

from __future__ import annotations

import pytest

from tongbao.wire.escpos.builder import EscPosBuilder
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
    columns,
)

BYTES = [
    (Initialise(), "1b40"),
    (Align(Alignment.LEFT), "1b6100"),
    (Align(Alignment.CENTRE), "1b6101"),
    (Align(Alignment.RIGHT), "1b6102"),
    (Bold(on=True), "1b4501"),
    (Bold(on=False), "1b4500"),
    (Inverse(on=True), "1d4201"),
    (Size(), "1d2100"),
    (Size(2, 2), "1d2111"),
    (Size(1, 2), "1d2101"),
    (Size(8, 3), "1d2172"),
    (LineSpacing(None), "1b32"),
    (LineSpacing(24), "1b3318"),
    (ChineseMode(on=True), "1c26"),
    (ChineseMode(on=False), "1c2e"),
    (LineFeed(), "0a"),
    (Feed(255), "1b4aff"),
    (Cut(), "1d564200"),
    (Cut(96, partial=False), "1d564160"),
    (DrawerPulse(), "1b700019fa"),
    (DrawerPulse(1, 2, 510), "1b700101ff"),
    (Density(0), "1d284b02003100"),
    (Density(8), "1d284b02003108"),
    (Density(-6), "1d284b020031fa"),
    (
        QrCode(b"HELLO", 4, QrCorrection.Q),
        "1d286b0400314132001d286b03003143041d286b03003145321d286b080031503048454c4c4f1d286b0300315130",
    ),
    (Code128("A1", 64, 2), "1d6840 1d7702 1d4800 1d6b4904 7b424131"),
    (Code128("{", 1, 6, caption=True), "1d6801 1d7706 1d4802 1d6b4904 7b427b7b"),
    (Raster(2, b"\x80\x01\xff\x00"), "1d763000 0200 0200 8001ff00"),
]


@pytest.mark.parametrize(("operation", "expected"), BYTES)
def test_operation_has_exactly_these_bytes(operation: Operation, expected: str) -> None:
    assert operation.encode() == bytes.fromhex(expected)


@pytest.mark.parametrize(
    ("text", "expected", "width"),
    [
        ("A 9~", "4120397e", 4),
        ("通宝", "cda8b1a6", 4),
        ("￥", "a3a4", 2),
        ("¥", "81308436", 2),  # half-width yen has only a four-byte code
        ("€", "a2e3", 2),
        ("“”", "a1b0a1b1", 4),
        ("㐂", "8139ef31", 2),  # extension A
        ("𠮷", "9534b235", 2),  # outside the basic plane
        ("镕", "e946", 2),  # GBK, not GB 2312
        ("é", "a8a6", 2),
    ],
)
def test_text_is_gb18030(text: str, expected: str, width: int) -> None:
    decoded = bytes.fromhex(expected).decode("gb18030")
    assert (Text(text).encode().hex(), decoded, columns(text)) == (expected, text, width)


@pytest.mark.parametrize("text", ["", "a\n", "\x1b@", "\x7f", "\x85", "\ud800"])
def test_text_refuses_what_a_printer_would_take_for_a_command(text: str) -> None:
    with pytest.raises(ValueError, match="text"):
        Text(text)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Size(0, 1),
        lambda: Size(1, 9),
        lambda: LineSpacing(256),
        lambda: Feed(-1),
        lambda: Feed(256),
        lambda: Cut(256),
        lambda: DrawerPulse(2),
        lambda: DrawerPulse(0, 51),
        lambda: DrawerPulse(0, 50, 512),
        lambda: Density(9),
        lambda: Density(-7),
        lambda: QrCode(b""),
        lambda: QrCode(b"x" * 1001),
        lambda: QrCode(b"x", 17),
        lambda: Code128(""),
        lambda: Code128("x" * 61),
        lambda: Code128("中"),
        lambda: Code128("a", 256),
        lambda: Code128("a", 64, 7),
        lambda: Raster(0, b""),
        lambda: Raster(2, b"\x00"),
        lambda: Raster(129, bytes(129)),
        lambda: Raster(1, bytes(2304)),
    ],
)
def test_operation_refuses_values_out_of_range(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match="must be"):
        make()


def test_builder_puts_chinese_mode_round_every_text_that_is_not_ascii() -> None:
    job = EscPosBuilder().text("￥10.50").line("RMB").encode()
    assert job == b"\x1c&" + "￥10.50".encode("gb18030") + b"\x1c." + b"RMB\n"


def test_builder_drops_commands_hidden_in_a_text() -> None:
    job = EscPosBuilder().text("A\x1b@\x1d!\x11B\r\n\x85\ud800中\x7f").encode()
    assert job == b"\x1c&A@!B" + "中".encode("gb18030") + b"\x1c."


def test_builder_writes_nothing_for_an_empty_text() -> None:
    assert EscPosBuilder().text("").text("\n\t").encode() == b""


def test_builder_whole_job_has_exactly_these_bytes() -> None:
    job = (
        EscPosBuilder()
        .initialise()
        .density(1)
        .align(Alignment.CENTRE)
        .bold(on=True)
        .size(2, 2)
        .line("消费")
        .size()
        .bold(on=False)
        .inverse(on=True)
        .inverse(on=False)
        .line_spacing(24)
        .line_spacing()
        .raster(1, b"\x18")
        .qr(b"1", 3)
        .code128("000012")
        .feed(12)
        .drawer_pulse()
        .cut()
        .encode()
    )
    assert job == bytes.fromhex(
        "1b40 1d284b02003101 1b6101 1b4501 1d2111 1c26cffbb7d11c2e0a 1d2100 1b4500"
        "1d4201 1d4200 1b3318 1b32 1d76300001000100 18"
        "1d286b0400314132001d286b03003143031d286b03003145311d286b0400315030311d286b0300315130"
        "1d68401d77021d48001d6b49087b42303030303132 1b4a0c 1b700019fa 1d564260"
    )
