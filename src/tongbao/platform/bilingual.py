"""Texts of pure tables in both languages; rules know no catalogue."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """One text in simplified Chinese and in English."""

    zh: str
    en: str

    def into(self, language: str) -> str:
        """Return the text for a language code; Chinese for any code that begins with "zh"."""
        return self.zh if language.lower().startswith("zh") else self.en

    def filled(self, **values: object) -> Words:
        """Return both texts with `{name}` places filled in."""
        return Words(self.zh.format(**values), self.en.format(**values))
