"""Pages of a list that may be endless: the newest 2,500 rows, and never a count of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList as _ChangeList
    from django.http import HttpRequest

    _Paginator = Paginator[Any]
else:
    from unfold.views import ChangeList as _ChangeList

    _Paginator = Paginator

COUNTED_MAX = 2_500


class CutPaginator(_Paginator):
    """Looks once for the newest 2,500 keys; who looks for an older row narrows the list.

    A page then asks for its own rows by their keys, so that what a filter or a search costs is paid
    once, and what a row shows besides is worked out for the rows of the page.
    """

    template_name = "console/pagination.html"

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most 2,500."""
        return min(len(self.keys), COUNTED_MAX)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than are counted."""
        return len(self.keys) > COUNTED_MAX

    @cached_property
    def keys(self) -> list[Any]:
        """The keys of the newest rows in the order of the list, at most one more than 2,500."""
        return self.newest(COUNTED_MAX + 1)

    def newest(self, most: int) -> list[Any]:
        """Ask for the keys of the first rows of the list."""
        rows: Any = self.object_list
        # Only the keys: what the rows show besides would be worked out for nothing.
        return list(rows.values_list("pk", flat=True)[:most])

    def page(self, number: int | str) -> Page[Any]:
        """Give the rows of a page, each with all that it shows."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        return Page(self.rows(first, first + self.per_page), number, self)

    def rows(self, first: int, end: int) -> Any:
        """Return the rows of the list from one position to before another, counted from 0."""
        rows: Any = self.object_list
        return rows.filter(pk__in=self.keys[first : min(end, COUNTED_MAX)])


class CutChangeList(_ChangeList):
    """Shows the rows that the paginator found, also when they are on one page.

    Django asks for a single page anew without its paginator, and so would search a second time.
    """

    def get_results(self, request: HttpRequest) -> None:
        """Take the rows from the paginator."""
        super().get_results(request)
        if not self.multi_page and isinstance(self.paginator, CutPaginator):
            self.result_list = self.paginator.rows(0, COUNTED_MAX)
