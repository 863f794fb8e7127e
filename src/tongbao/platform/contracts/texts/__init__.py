"""The contract's text, a file for each version and language; a published one never changes."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Final

CURRENT: Final = 1


def text_of(version: int, language: str) -> str:
    """Return the text of a version, `zh` or `en`.

    Raises: FileNotFoundError for a version that there is not.
    """
    return files(__name__).joinpath(f"{version}.{language}.md").read_text(encoding="utf-8")


def text_hash(text_zh: str, text_en: str) -> str:
    """Return the SHA-256 over both texts, 64 hex digits."""
    return hashlib.sha256(f"{text_zh}\0{text_en}".encode()).hexdigest()
