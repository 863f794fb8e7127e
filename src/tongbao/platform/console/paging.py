"""Pages of a list that may be endless: the newest 2,500 rows, and never a count of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

COUNTED_MAX = 2_500


class CutPaginator(_Paginator):
    """Counts to 2,500 and no further; who looks for an older row narrows the list."""

    template_name = "console/pagination.html"

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most 2,500."""
        return min(self._some, COUNTED_MAX)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than are counted."""
        return self._some > COUNTED_MAX

    @cached_property
    def _some(self) -> int:
        rows: Any = self.object_list
        # Only the keys: what the rows show besides would be worked out for nothing.
        return int(rows.values("pk")[: COUNTED_MAX + 1].count())
