"""Which font draws a character, and what is said when there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tongbao.terminal.devices.fonts import (
    FontMissingError,
    FontSet,
    find_fonts,
    system_font_folders,
)


def system_file(name: str) -> Path:
    """Return a font of this machine, or skip the test where it is not installed."""
    for folder in system_font_folders():
        for path in folder.rglob(name):
            return path
    pytest.skip(f"{name} is not installed here")


@pytest.fixture
def fonts() -> FontSet:
    return find_fonts()


def test_system_without_a_chinese_font_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(FontMissingError, match="apt install fonts-noto-cjk"):
        find_fonts((tmp_path,))


def test_folder_that_does_not_exist_is_passed_over(tmp_path: Path) -> None:
    with pytest.raises(FontMissingError):
        find_fonts((tmp_path / "none",))


def test_latin_font_alone_is_not_enough(tmp_path: Path) -> None:
    shutil.copy(system_file("DejaVuSansMono.ttf"), tmp_path)
    with pytest.raises(FontMissingError):
        find_fonts((tmp_path,))


def test_chinese_font_alone_draws_letters_too(tmp_path: Path) -> None:
    (tmp_path / "NotoSansCJK-Regular.ttc").symlink_to(system_file("NotoSansCJK-Regular.ttc"))
    found = find_fonts((tmp_path,))
    assert found.letters == found.chinese
    assert found.glyph("A", (24, 48), bold=False).getbbox() is not None
    assert found.glyph("国", (48, 48), bold=True).getbbox() is not None


def test_bold_without_a_bold_file_is_drawn_thicker(tmp_path: Path) -> None:
    (tmp_path / "NotoSansCJK-Regular.ttc").symlink_to(system_file("NotoSansCJK-Regular.ttc"))
    found = find_fonts((tmp_path,))
    ink = [sum(found.glyph("国", (96, 96), bold=bold).histogram()[128:]) for bold in (False, True)]
    assert ink[1] > ink[0]


def test_glyph_fills_exactly_the_asked_cell(fonts: FontSet) -> None:
    assert fonts.glyph("国", (96, 48), bold=False).size == (96, 48)
    assert fonts.glyph("W", (24, 144), bold=True).size == (24, 144)


def test_blank_has_no_ink(fonts: FontSet) -> None:
    assert fonts.glyph(" ", (24, 48), bold=False).getbbox() is None
    assert fonts.glyph("\u3000", (48, 48), bold=False).getbbox() is None
