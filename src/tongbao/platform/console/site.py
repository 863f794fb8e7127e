"""The site of the operations console."""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.auth.views import LogoutView
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from tongbao.platform.access.decide import Decision
from tongbao.platform.access.enforce import AccessDeniedError
from tongbao.platform.console.access import Operation, decision_of, may, note_refusal

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

    def get_urls(self) -> list[Any]:
        """Add the pages that are no lists of records."""
        from tongbao.platform.console.my_security import (  # noqa: PLC0415 - models come later
            my_security_view,
        )
        from tongbao.platform.console.second_step import (  # noqa: PLC0415 - models come later
            second_step_view,
        )
        from tongbao.platform.fleet.service_point import (  # noqa: PLC0415 - models come later
            service_point_view,
        )

        view = csrf_protect(never_cache(partial(second_step_view, self)))
        service_point = self.admin_view(partial(service_point_view, self))
        return [
            path("second-step/", view, name="second_step"),
            path(
                "my-security/", self.admin_view(partial(my_security_view, self)), name="my_security"
            ),
            path("service-point/", service_point, name="service_point"),
            *super().get_urls(),
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Open a page only after the second step, and lead there who has not made it."""
        opened = super().admin_view(view, cacheable)

        @wraps(view)
        def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            decision = decision_of(request, Operation.CONSOLE_VIEW)
            if decision is Decision.SECOND_FACTOR_NEEDED and not _leaves(request):
                step = reverse("admin:second_step")
                return redirect(f"{step}?{urlencode({'next': request.get_full_path()})}")
            if decision is not Decision.ALLOWED and not _leaves(request):
                note_refusal(request, decision)
            try:
                return opened(request, *args, **kwargs)
            except PermissionDenied as error:
                if not isinstance(error.__cause__, AccessDeniedError):
                    note_refusal(request, Decision.FORBIDDEN)
                raise

        return gate

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


def _leaves(request: HttpRequest) -> bool:
    return request.path == reverse("admin:logout")
