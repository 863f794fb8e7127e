"""What the menu shows: the pages that open for this person, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.apps import apps
from django.contrib import admin

from tongbao.platform.console.access import Operation, may

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

_LIST: Final = "_changelist"

# Pages that are no list of records, with the operation that opens them.
PAGES: Final[Mapping[str, Operation]] = {
    "index": Operation.CONSOLE_VIEW,
    "my_security": Operation.CONSOLE_VIEW,
    "service_point": Operation.ACTIVATION_SERVICE_POINT,
}


def may_open(request: HttpRequest, page: str) -> bool:
    """Return whether a page of the console, by the name of its address, opens for this person.

    A list asks the class that shows it, so the menu cannot say anything else than the page.
    Raises KeyError for a page that is neither a list nor among `PAGES`, LookupError for a list
    that nobody shows.
    """
    if not page.endswith(_LIST):
        return may(request, PAGES[page])
    room, _, name = page.removesuffix(_LIST).partition("_")
    return admin.site.get_model_admin(apps.get_model(room, name)).has_view_permission(request)
