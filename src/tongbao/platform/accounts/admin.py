"""The acquirer's staff in the console: who is there, with which roles, and how they got them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.enforce import AccessDeniedError, actor_of
from tongbao.platform.access.operations import Operation
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.access.words import STAFF_ROLE_WORDS
from tongbao.platform.accounts.models import User
from tongbao.platform.accounts.reopening import ReopeningRefusedError, reopen
from tongbao.platform.accounts.staff import (
    NewStaff,
    StaffRefusedError,
    add_staff,
    ask_for_role,
    end_staff,
    roles_of,
)
from tongbao.platform.accounts.words import REOPENING_REFUSAL_WORDS, STAFF_REFUSAL_WORDS
from tongbao.platform.audit.models import AuditEntry
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import demand, may
from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.console.words import active_label

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

LATEST = 10


@admin.register(User)
class StaffAdmin(ReadOnlyAdmin[User]):
    """Lists staff; the page of one shows roles with their history and takes requests for more."""

    operation = Operation.STAFF_LIST
    list_display = ("login_name", "display_name", "staff_number", "roles", "active")
    search_fields = ("username", "display_name", "staff_number")
    search_help_text = _("Log-in name, name or staff number")
    page_template = "console/staff.html"
    list_before = "console/staff_add.html"
    empty_title = _("No staff yet")
    empty_words = _("Add the first person with `tongbao platform staff add`.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Show the acquirer's own people, never merchants'."""
        staff = super().get_queryset(request).filter(is_staff=True)
        return staff.prefetch_related("staff_roles")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Return those at work first, by name."""
        del request
        return ("-is_active", "username")

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses that take acts."""
        view = self.admin_site.admin_view
        return [
            path("new/", view(self.add_staff_view), name="accounts_user_new"),
            path("<path:object_id>/role/", view(self.role_view), name="accounts_user_role"),
            path("<path:object_id>/end/", view(self.end_view), name="accounts_user_end"),
            path("<path:object_id>/reopen/", view(self.reopen_view), name="accounts_user_reopen"),
            *super().get_urls(),
        ]

    @admin.display(description=_("Log-in name"))
    def login_name(self, user: User) -> str:
        """The name to log in with."""
        return user.username

    @admin.display(description=_("Roles"))
    def roles(self, user: Any) -> str:
        """The roles in words."""
        held = [StaffRole(one.role) for one in user.staff_roles.all() if one.ended_at_us is None]
        return ", ".join(str(STAFF_ROLE_WORDS[role]) for role in sorted(held)) or "–"

    @admin.display(description=_("Status"))
    def active(self, user: User) -> str:
        """Whether the person may log in."""
        return active_label(active=user.is_active)

    def list_context(self, request: HttpRequest, changelist: Any) -> dict[str, Any]:
        """Show the form for new people to who may add them."""
        context = super().list_context(request, changelist)
        return context if may(request, Operation.STAFF_ADD) else {**context, "list_before": ""}

    def page_context(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        """Return roles, their history, and what the person did last."""
        held = roles_of(record)
        acts = AuditEntry.objects.filter(actor_id=str(record.pk)).order_by("-entry_id")
        return {
            "title": record.display_name or record.username,
            "label": active_label(active=record.is_active),
            "held": [(role.value, STAFF_ROLE_WORDS[role]) for role in StaffRole if role in held],
            "others": [
                (role.value, STAFF_ROLE_WORDS[role]) for role in StaffRole if role not in held
            ],
            "grants": [
                {"role": STAFF_ROLE_WORDS[StaffRole(one.role)], "grant": one}
                for one in record.staff_roles.order_by("-grant_id")
            ],
            "acts": acts[:LATEST] if may(request, Operation.AUDIT_VIEW_ALL) else [],
            "may_ask": may(request, Operation.STAFF_ROLE),
            "may_reopen": may(request, Operation.ACCOUNT_REOPEN),
            "may_end": may(request, Operation.STAFF_END) and record.pk != request.user.pk,
        }

    def add_staff_view(self, request: HttpRequest) -> HttpResponse:
        """Add a person and show the password once."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        demand(request, Operation.STAFF_ADD, ("user", request.POST.get("username", "")))
        new = NewStaff(
            **{
                name: request.POST.get(name, "")
                for name in ("username", "display_name", "staff_number", "phone")
            }
        )
        try:
            user, password = add_staff(actor_of(request), new, now_us=now_us())
        except StaffRefusedError as error:
            messages.error(request, str(STAFF_REFUSAL_WORDS[error.refusal]))
            return redirect(reverse("admin:accounts_user_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("The password, shown only now"),
            "person": user,
            "password": password,
        }
        response = TemplateResponse(request, "console/staff_password.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    def role_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask that a person gets a role or loses it; another administrator decides."""
        user = self._person(request, object_id)
        try:
            role = StaffRole(request.POST.get("role", ""))
        except ValueError:
            raise Http404 from None
        try:
            change = ask_for_role(
                actor_of(request),
                user.pk,
                role,
                grant=request.POST.get("act") == "grant",
                reason=request.POST.get("reason", ""),
                now_us=now_us(),
            )
        except AccessDeniedError as error:
            raise PermissionDenied from error
        except StaffRefusedError as error:
            messages.error(request, str(STAFF_REFUSAL_WORDS[error.refusal]))
            return redirect(reverse("admin:accounts_user_change", args=[user.pk]))
        messages.success(request, gettext("Asked for. Another administrator must approve it."))
        return redirect(reverse("admin:approvals_changerequest_change", args=[quote(change.pk)]))

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close a person's account at once."""
        user = self._person(request, object_id)
        try:
            end_staff(actor_of(request), user.pk, now_us=now_us())
        except AccessDeniedError as error:
            raise PermissionDenied from error
        except StaffRefusedError as error:
            messages.error(request, str(STAFF_REFUSAL_WORDS[error.refusal]))
        else:
            messages.success(request, gettext("The account is closed."))
        return redirect(reverse("admin:accounts_user_change", args=[user.pk]))

    def reopen_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open a closed account again; with roles another administrator decides."""
        user = self._person(request, object_id)
        reason = request.POST.get("reason", "")
        try:
            change = reopen(actor_of(request), user.pk, reason=reason, now_us=now_us())
        except AccessDeniedError as error:
            raise PermissionDenied from error
        except ReopeningRefusedError as error:
            messages.error(request, str(REOPENING_REFUSAL_WORDS[error.refusal]))
        else:
            if change is not None:
                messages.success(
                    request, gettext("Asked for. Another administrator must approve it.")
                )
                page = "admin:approvals_changerequest_change"
                return redirect(reverse(page, args=[quote(change.pk)]))
            messages.success(request, gettext("The account is open again."))
        return redirect(reverse("admin:accounts_user_change", args=[user.pk]))

    def _person(self, request: HttpRequest, object_id: str) -> User:
        if request.method != "POST":
            raise PermissionDenied
        user = self.get_object(request, unquote(object_id))
        if user is None:
            raise Http404
        return user
