"""Finds a Chinese font on the system and hands out glyphs; no font travels with the project."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

# Best first: (file of the normal weight, file of the bold weight or the same one again).
_CHINESE_FONTS: Final = (
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("NotoSansCJKsc-Regular.otf", "NotoSansCJKsc-Bold.otf"),
    ("NotoSansSC-Regular.otf", "NotoSansSC-Bold.otf"),
    ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"),
    ("SourceHanSansSC-Regular.otf", "SourceHanSansSC-Bold.otf"),
    ("SourceHanSansCN-Regular.otf", "SourceHanSansCN-Bold.otf"),
    ("wqy-microhei.ttc", "wqy-microhei.ttc"),
    ("wqy-zenhei.ttc", "wqy-zenhei.ttc"),
    ("PingFang.ttc", "PingFang.ttc"),
    ("Hiragino Sans GB.ttc", "Hiragino Sans GB.ttc"),
    ("STHeiti Medium.ttc", "STHeiti Medium.ttc"),
    ("msyh.ttc", "msyhbd.ttc"),
    ("simhei.ttf", "simhei.ttf"),
    ("DroidSansFallbackFull.ttf", "DroidSansFallbackFull.ttf"),
    ("DroidSansFallback.ttf", "DroidSansFallback.ttf"),
)
_LETTER_FONTS: Final = (
    ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"),
    ("LiberationMono-Regular.ttf", "LiberationMono-Bold.ttf"),
    ("Menlo.ttc", "Menlo.ttc"),
    ("consola.ttf", "consolab.ttf"),
)
_SPARE_FONTS: Final = (("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),)
_WANTED_FACES: Final = ("CJK SC", "Sans SC", "Micro Hei", "Zen Hei", "PingFang SC")
_FACES_MAX: Final = 16
_MISSING_GLYPH: Final = "\U0010ffff"

FONT_ADVICE: Final = (
    "no Chinese font was found; install one, for example: apt install fonts-noto-cjk "
    "(or fonts-wqy-microhei, which is smaller)"
)


class FontMissingError(RuntimeError):
    """The system has no font with Chinese characters; the text says what to install."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a font file; `is_bold` says that the file itself is the bold weight."""

    path: str
    index: int
    is_bold: bool


@dataclass(frozen=True, slots=True)
class FontSet:
    """The faces to try in turn for Chinese characters and for ASCII, in both weights."""

    chinese: tuple[Face, ...]
    chinese_bold: tuple[Face, ...]
    letters: tuple[Face, ...]
    letters_bold: tuple[Face, ...]

    def glyph(self, character: str, size: tuple[int, int], *, bold: bool) -> Image.Image:
        """Return the character as a mask of exactly `size` pixels, stretched as a printer does."""
        if character.isascii():
            faces = self.letters_bold if bold else self.letters
        else:
            faces = self.chinese_bold if bold else self.chinese
        return _glyph(character, size, faces, bold)


def system_font_folders() -> tuple[Path, ...]:
    """Return the folders where the operating system and the person keep fonts."""
    home = Path.home()
    if sys.platform == "darwin":
        return (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    if sys.platform == "win32":
        return (Path("C:/Windows/Fonts"), home / "AppData/Local/Microsoft/Windows/Fonts")
    return (
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
    )


@cache
def find_fonts(folders: tuple[Path, ...] | None = None) -> FontSet:
    """Search the folders (the system's own by default) for a Chinese and a letter font.

    Raises `FontMissingError` when no known Chinese font is there.
    """
    files = {
        path.name: path
        for folder in (system_font_folders() if folders is None else folders)
        for path in sorted(folder.rglob("*"), reverse=True)
        if path.suffix.lower() in {".ttf", ".ttc", ".otf"}
    }
    chinese, chinese_bold = _pairs(_CHINESE_FONTS, files)
    if not chinese:
        raise FontMissingError(FONT_ADVICE)
    letters, letters_bold = _pairs(_LETTER_FONTS, files)
    spare, spare_bold = _pairs(_SPARE_FONTS, files)
    return FontSet(
        chinese=chinese + spare,
        chinese_bold=chinese_bold + spare_bold,
        letters=letters + chinese,
        letters_bold=letters_bold + chinese_bold,
    )


def _pairs(
    names: tuple[tuple[str, str], ...], files: dict[str, Path]
) -> tuple[tuple[Face, ...], tuple[Face, ...]]:
    regular, bold = [], []
    for regular_name, bold_name in names:
        if regular_name in files:
            path = files[regular_name]
            bold_path = files.get(bold_name, path)
            regular.append(Face(str(path), _face_index(path), is_bold=False))
            bold.append(Face(str(bold_path), _face_index(bold_path), is_bold=bold_path != path))
    return tuple(regular), tuple(bold)


def _face_index(path: Path) -> int:
    """Return the face of a collection whose characters are drawn as in mainland China."""
    if path.suffix.lower() != ".ttc":
        return 0
    for index in range(_FACES_MAX):
        try:
            family = ImageFont.truetype(str(path), 16, index=index).getname()[0] or ""
        except OSError:
            break
        if "Mono" not in family and any(wanted in family for wanted in _WANTED_FACES):
            return index
    return 0


@lru_cache(maxsize=64)
def _font(face: Face, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face.path, size_px, index=face.index)


@lru_cache(maxsize=4096)
def _glyph(
    character: str, size: tuple[int, int], faces: tuple[Face, ...], bold: bool
) -> Image.Image:
    width, height = size
    face = next((face for face in faces if _has_glyph(face, character)), faces[0])
    # The em is the height of the cell; a letter's advance decides how far it must be stretched.
    font = _font(face, height if not character.isascii() else _letter_size(face, height))
    natural = max(1, round(font.getlength(character)))
    mask = Image.new("L", (natural, height), 0)
    ascent, descent = font.getmetrics()
    baseline = round(height * 0.5 + (ascent - descent) * 0.5)
    if not character.isascii():
        baseline = round(height * 0.88)
    elif ascent:
        baseline = round(height * 0.79)
    thicken = height // 40 if bold and not face.is_bold else 0
    ImageDraw.Draw(mask).text(
        (0, baseline), character, fill=255, font=font, anchor="ls", stroke_width=thicken
    )
    if natural != width:
        mask = mask.resize((width, height), Image.Resampling.LANCZOS)
    return mask


@lru_cache(maxsize=64)
def _letter_size(face: Face, height: int) -> int:
    """Return the pixel size at which a letter is half as wide as the line is high."""
    advance = _font(face, 1000).getlength("0")
    return max(1, min(height, round(height * 500 / advance)))


@lru_cache(maxsize=8192)
def _has_glyph(face: Face, character: str) -> bool:
    if character in {" ", "\u3000"}:
        return True
    font = _font(face, 24)
    return bytes(font.getmask(character)) != bytes(font.getmask(_MISSING_GLYPH))
