"""Draws the pictures of docs/slips.md anew: sample slips side by side, half size.

Run: python -m tests.terminal.slip.pictures
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from PIL import Image

from tests.terminal.slip.samples import PAPERS
from tongbao.terminal.devices.fonts import find_fonts
from tongbao.terminal.devices.renderer import render_png
from tongbao.terminal.papers import paper_to_escpos
from tongbao.wire.escpos.parser import parse_job

FOLDER: Final = Path(__file__).parents[3] / "docs" / "images"
_GROUND: Final = (30, 77, 60)
_SHOWN: Final = {
    "slips.png": ("approved_merchant", "declined", "in_doubt_training", "reversed"),
    "slips-kinds.png": ("void", "refund", "pre_authorisation", "completion", "tip"),
    "slips-more.png": ("approved_cardholder_reprint", "void_reversed", "totals"),
}
_GAP_PX: Final = 24


def draw_slips(names: tuple[str, ...]) -> Image.Image:
    """Return these slips on a green counter."""
    slips = []
    for name in names:
        png = render_png(parse_job(paper_to_escpos(PAPERS[name])), 384, find_fonts())
        whole = Image.open(io.BytesIO(png)).convert("RGBA")
        slips.append(whole.resize((whole.width // 2, whole.height // 2), Image.Resampling.LANCZOS))
    width = sum(slip.width + _GAP_PX for slip in slips) + _GAP_PX
    height = max(slip.height for slip in slips) + 2 * _GAP_PX
    counter = Image.new("RGB", (width, height), _GROUND)
    left = _GAP_PX
    for slip in slips:
        counter.paste(slip, (left, _GAP_PX), slip)
        left += slip.width + _GAP_PX
    return counter.quantize(64, dither=Image.Dither.NONE)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for picture, shown in _SHOWN.items():
        draw_slips(shown).save(FOLDER / picture, optimize=True)
