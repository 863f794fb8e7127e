"""Looks at the bytes of an upload before they are kept: type by content, size, picture. Pure."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageStat, UnidentifiedImageError

SIZE_MAX_BYTES: Final = 8 * 1024 * 1024
PIXELS_MAX: Final = 50_000_000
SIDE_MIN_PX: Final = 600
_LOOK_PX: Final = 64
# The grey of a sheet of one colour varies less than this, noise of the camera included.
_BLANK_DEVIATION: Final = 4.0
_TYPES: Final[tuple[tuple[bytes, str, frozenset[str]], ...]] = (
    (b"\xff\xd8\xff", "image/jpeg", frozenset({"jpg", "jpeg"})),
    (b"\x89PNG\r\n\x1a\n", "image/png", frozenset({"png"})),
    (b"%PDF-", "application/pdf", frozenset({"pdf"})),
)
_PDF_END: Final = re.compile(rb"%%EOF\s*\Z")


class PaperRefusedError(ValueError):
    """The upload cannot be kept; `code` is that of a finding whose words say what to do."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperContent:
    """What the bytes are; a PDF has no size in pixels."""

    media_type: str
    width_px: int = 0
    height_px: int = 0


def inspect(content: bytes, file_name: str) -> PaperContent:
    """Return what an upload is.

    Raises: PaperRefusedError.
    """
    if not content:
        raise PaperRefusedError("paper_empty")
    if len(content) > SIZE_MAX_BYTES:
        raise PaperRefusedError("paper_too_large")
    ending = file_name.rpartition(".")[2].lower()
    for magic, media_type, endings in _TYPES:
        if content.startswith(magic):
            if ending not in endings:
                raise PaperRefusedError("paper_not_what_it_says")
            return (
                _pdf(content) if media_type == "application/pdf" else _picture(content, media_type)
            )
    known = any(ending in endings for _, _, endings in _TYPES)
    raise PaperRefusedError("paper_not_what_it_says" if known else "paper_type")


def _pdf(content: bytes) -> PaperContent:
    if not _PDF_END.search(content[-1_024:]):
        raise PaperRefusedError("paper_damaged")
    if b"/Encrypt" in content:
        raise PaperRefusedError("paper_pdf_locked")
    return PaperContent(media_type="application/pdf")


def _picture(content: bytes, media_type: str) -> PaperContent:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of a bomb at first
            with Image.open(io.BytesIO(content)) as picture:
                width, height = picture.size
                _refuse_size(width, height)
                picture.load()
                grey = picture.convert("L").resize((_LOOK_PX, _LOOK_PX))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise PaperRefusedError("paper_too_many_pixels") from None
    except PaperRefusedError:
        raise
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Warning):
        raise PaperRefusedError("paper_damaged") from None
    if ImageStat.Stat(grey).stddev[0] < _BLANK_DEVIATION:
        raise PaperRefusedError("paper_blank")
    return PaperContent(media_type=media_type, width_px=width, height_px=height)


def _refuse_size(width: int, height: int) -> None:
    if width * height > PIXELS_MAX:
        raise PaperRefusedError("paper_too_many_pixels")
    if min(width, height) < SIDE_MIN_PX:
        raise PaperRefusedError("paper_too_small")
