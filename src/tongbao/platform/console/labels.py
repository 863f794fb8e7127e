"""Coloured labels: a word with a tone and an icon, so that no meaning hangs on colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.html import format_html

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


def label(tone: str, icon: str, words: str) -> SafeString:
    """Return a label; `tone` is good, bad, doubt or calm, `icon` a Material symbol."""
    return format_html(
        '<span class="tb-label tb-{}"><span class="material-symbols-outlined"'
        ' aria-hidden="true">{}</span>{}</span>',
        tone,
        icon,
        words,
    )
