"""Names in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.template.loader import render_to_string
from django.utils.translation import get_language

if TYPE_CHECKING:
    from tongbao.platform.merchants.models import Merchant


def reader_is_chinese() -> bool:
    """Return whether the page is written for a reader of Chinese."""
    return (get_language() or "").startswith("zh")


def local_name(merchant: Merchant) -> str:
    """Return the merchant's name in the reader's language."""
    return merchant.name if reader_is_chinese() or not merchant.name_en else merchant.name_en


def active_label(*, active: bool) -> str:
    """Return the coloured label of something that is in use, or was stopped."""
    return render_to_string("console/active.html", {"active": active})
