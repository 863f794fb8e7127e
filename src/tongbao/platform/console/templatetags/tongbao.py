"""Filters and pieces for the console's templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.conf import settings
from django.contrib.admin.views.main import PAGE_VAR
from django.utils.translation import get_language_info

from tongbao.platform.console.formats import (
    amount_text,
    clock_text,
    elapsed_text,
    instant_text,
    local_time,
    short_card,
    short_instant_text,
)
from tongbao.platform.payments import beside
from tongbao.platform.payments.status import Status
from tongbao.platform.payments.words import STATUS_ICONS, STATUS_TONES, STATUS_WORDS, kind_text

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList

    from tongbao.platform.payments.models import Payment

register = template.Library()


@register.filter
def amount(minor: int, currency: str = "156") -> str:
    """Write minor units as an amount."""
    return amount_text(minor, currency)


@register.filter
def signed_amount(payment: Payment) -> str:
    """Write a payment's amount, with a minus where money goes back."""
    return beside.signed_amount(payment)


@register.filter
def kind(word: str) -> str:
    """Write a kind of payment."""
    return kind_text(word)


@register.filter
def instant(at_us: int) -> str:
    """Write microseconds as date and time in China."""
    return instant_text(at_us)


@register.filter
def short_instant(at_us: int) -> str:
    """Write microseconds as date and time in China without the year."""
    return short_instant_text(at_us)


@register.filter
def card(masked: str) -> str:
    """Write a masked card number in a few characters."""
    return short_card(masked)


@register.filter
def clock(at_us: int) -> str:
    """Write microseconds as the time of day."""
    return clock_text(at_us)


@register.filter
def iso(at_us: int) -> str:
    """Write microseconds for a `datetime` attribute."""
    return local_time(at_us).isoformat(timespec="milliseconds")


@register.filter
def elapsed(us: int) -> str:
    """Write a span since the first step."""
    return elapsed_text(us)


@register.filter
def open_groups(navigation: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the menu's groups with the items that open, without groups that have none."""
    shown = ([item for item in group["items"] if item["has_permission"]] for group in navigation)
    return [items for items in shown if items]


@register.inclusion_tag("console/status.html")
def status_label(status: str) -> dict[str, Any]:
    """Draw a status as a coloured label with its icon."""
    value = Status(status)
    return {
        "label": STATUS_WORDS[value],
        "tone": STATUS_TONES[value],
        "icon": STATUS_ICONS[value],
    }


@register.simple_tag
def page_link(changelist: ChangeList, number: int) -> str:
    """Return the address of a page of the list, all filters kept."""
    return changelist.get_query_string({PAGE_VAR: number})


@register.simple_tag
def console_languages() -> list[dict[str, Any]]:
    """Return the languages a reader can choose, each with its own name."""
    return [
        {
            "code": code,
            "name": "中文" if code == "zh-hans" else get_language_info(code)["name_local"],
        }
        for code, _name in settings.LANGUAGES
    ]
