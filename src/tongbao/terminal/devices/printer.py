"""A printer without paper: keeps each job's bytes in a folder and draws them on demand."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Final

from tongbao.terminal.devices.fonts import FontSet, find_fonts
from tongbao.terminal.devices.renderer import render_png
from tongbao.wire.escpos.parser import parse_job

_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}", re.ASCII)
_WIDTHS_DOTS: Final = (384, 576)


class PrinterError(RuntimeError):
    """The printer cannot print; the text says why and what to do."""


class VirtualPrinter:
    """Keeps print jobs as `NAME.escpos` in `folder`; `NAME.png` beside it is drawn when asked for.

    Names are 1 to 64 letters, digits, `-` and `_`. `width_dots` is 384 (58 mm) or 576 (80 mm).
    Methods block; the shell calls them off its loop. `fonts` is for tests; by default the system is
    searched on first use.
    """

    def __init__(self, folder: Path, width_dots: int = 384, fonts: FontSet | None = None) -> None:
        if width_dots not in _WIDTHS_DOTS:
            raise ValueError("a print head has 384 dots (58 mm) or 576 dots (80 mm)")
        self.folder = folder
        self.width_dots = width_dots
        self._fonts = fonts

    def check(self) -> None:
        """Make sure that jobs can be kept and drawn.

        Raises `PrinterError` (folder) and `FontMissingError` (no Chinese font).
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise PrinterError(f"slips cannot be kept: {error.strerror}") from error
        self._find_fonts()

    def print_job(self, name: str, data: bytes) -> Path:
        """Keep a job under `name` and return its file; a job of that name is replaced whole.

        The bytes are checked first and flushed before the file gets its name, so a power cut leaves
        the old job, the new one or none. Raises `ProtocolError`, `PrinterError`, and `ValueError`
        for a bad name.
        """
        path = self._path(name, ".escpos")
        parse_job(data)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_whole(path, data)
            self._path(name, ".png").unlink(missing_ok=True)
        except OSError as error:
            raise PrinterError(f"slip cannot be kept: {error.strerror}") from error
        return path

    def has(self, name: str) -> bool:
        """Return whether a job of that name was printed; raises `ValueError` for a bad name."""
        return self._path(name, ".escpos").exists()

    def data(self, name: str) -> bytes:
        """Return the bytes of a job; raises `PrinterError` when there is none."""
        try:
            return self._path(name, ".escpos").read_bytes()
        except OSError as error:
            raise PrinterError(f"no such slip: {error.strerror}") from error

    def png(self, name: str) -> bytes:
        """Return the picture of a job, drawn once and kept.

        Raises `PrinterError` when there is no such job, `FontMissingError` without a Chinese font.
        """
        path = self._path(name, ".png")
        if path.exists():
            return path.read_bytes()
        picture = render_png(parse_job(self.data(name)), self.width_dots, self._find_fonts())
        _write_whole(path, picture)
        return picture

    def names(self) -> list[str]:
        """Return the names of all jobs, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.escpos"))

    def _find_fonts(self) -> FontSet:
        if self._fonts is None:
            self._fonts = find_fonts()
        return self._fonts

    def _path(self, name: str, suffix: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise ValueError("a slip's name is 1 to 64 letters, digits, hyphens and underscores")
        return self.folder / (name + suffix)


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it appears at once with all its bytes."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
