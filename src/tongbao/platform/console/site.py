"""The site of the operations console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import LogoutView
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from tongbao.platform.console.access import Operation, may

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite
    from django.http import HttpRequest, HttpResponse
else:
    from unfold.sites import UnfoldAdminSite as AdminSite


class ConsoleSite(AdminSite):
    """Staff only; opens with the day's figures."""

    index_template = "console/dashboard.html"
    empty_value_display = "–"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may open the console at all."""
        return may(request, Operation.CONSOLE_VIEW)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the day's figures."""
        from tongbao.platform.console.dashboard import (  # noqa: PLC0415 - models come after the site
            dashboard_context,
        )

        context = {
            **self.each_context(request),
            **dashboard_context(request),
            **(extra_context or {}),
        }
        request.current_app = self.name
        return TemplateResponse(request, self.index_template, context)

    def app_index(  # type: ignore[override]  # the stubs allow a page only, Django any answer
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Go to the first page: an app is not a place for the reader."""
        del request, app_label, extra_context
        return redirect(reverse("admin:index"))

    def logout(  # type: ignore[override]  # the stubs allow a page only, Django any answer
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """End the session and go back to the log-in page."""
        del extra_context
        view = LogoutView.as_view(next_page=reverse("admin:login"))
        return view(request)
