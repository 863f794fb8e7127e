"""The base of every page of records: a list and a page per record, and no way to change any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse

from tongbao.platform.console.access import Operation, may

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.http import HttpRequest
else:
    from unfold.admin import ModelAdmin as UnfoldModelAdmin

    class ModelAdmin(UnfoldModelAdmin):
        """Unfold's class, which does not know the type parameter that checkers want to see."""

        def __class_getitem__(cls, _record: object) -> type:
            return cls


Record = TypeVar("Record", bound=Model)

_READING = ("GET", "HEAD")


class ReadOnlyAdmin(ModelAdmin[Record]):
    """Lists records and shows one on a page of its own (`page_template`).

    Anything but reading is refused: 403 for the add and delete addresses, 405 for a POST to a list
    or a page.
    """

    actions = None
    list_per_page = 25
    list_max_show_all = 25
    list_fullwidth = True
    list_filter_submit = True
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    sortable_by = ()
    change_list_template = "console/list.html"
    page_template = ""
    # Who may look; pages of a narrower circle name their own operation.
    operation = Operation.CONSOLE_VIEW
    list_before = ""
    empty_title: Any = ""
    empty_words: Any = ""

    def has_view_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        """Return whether the person may see these records."""
        del obj
        return may(request, self.operation)

    def has_add_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        """Return that nobody may add records."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        """Return that nobody may change records."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        """Return that nobody may delete records."""
        del request, obj
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the person sees these records in the menu."""
        return may(request, self.operation)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list."""
        if request.method not in _READING:
            return HttpResponseNotAllowed(_READING)
        words = {"empty_title": self.empty_title, "empty_words": self.empty_words}
        response: HttpResponse = super().changelist_view(request, words | (extra_context or {}))
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            changelist = response.context_data.get("cl")
            if changelist is not None:
                response.context_data.update(self.list_context(request, changelist))
        return response

    def list_context(self, request: HttpRequest, changelist: Any) -> dict[str, Any]:
        """Return what the template `list_before` needs besides the list."""
        del request, changelist
        return {"list_before": self.list_before}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one record on its page."""
        del form_url
        if request.method not in _READING:
            return HttpResponseNotAllowed(_READING)
        record = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        if record is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": record,
            "title": str(record),
            **self.page_context(request, record),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.page_template, context)

    def page_context(self, request: HttpRequest, record: Record) -> dict[str, Any]:
        """Return what `page_template` needs besides the record itself, as `original`."""
        del request, record
        return {}

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Refuse: nothing is ever changed here, so there is no history of changes."""
        del request, object_id, extra_context
        raise Http404
