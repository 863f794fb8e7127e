"""The built pages as they lie on the disk: which there are, and how each is sent."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE_FOLDER: Final = Path(__file__).parent / "dist"

# Closed list: what the build makes. Anything else in the folder is not served.
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".woff2": "font/woff2",
}
# Packed already, or too small to be worth it.
_UNPACKED: Final = frozenset({".png", ".woff2"})
_WORTH_PACKING_BYTES: Final = 1_000


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the built pages; `packed` is the same for browsers that take gzip, or empty."""

    content: bytes
    packed: bytes
    content_type: str


class BuiltPages:
    """All files below one folder, read when they are first asked for and kept."""

    def __init__(self, folder: Path = PAGE_FOLDER) -> None:
        self._folder = folder
        self._files: dict[str, PageFile] = {}

    def file(self, name: str) -> PageFile | None:
        """Return the file of this name (`index.html`, `assets/a.js`), or None if there is none."""
        known = self._files.get(name)
        if known is None:
            known = self._read(name)
            if known is not None:
                self._files[name] = known
        return known

    def _read(self, name: str) -> PageFile | None:
        path = self._folder / name
        content_type = _TYPES.get(path.suffix)
        inside = path.resolve().is_relative_to(self._folder.resolve())
        if content_type is None or not inside or not path.is_file():
            return None
        content = path.read_bytes()
        worth = path.suffix not in _UNPACKED and len(content) >= _WORTH_PACKING_BYTES
        # No time stamp inside: the same file is packed to the same bytes.
        packed = gzip.compress(content, mtime=0) if worth else b""
        return PageFile(content, packed, content_type)
