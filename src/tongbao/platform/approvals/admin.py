"""The approval queue in the console: who asks for what, and what another person says to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.enforce import AccessDeniedError, actor_of
from tongbao.platform.access.operations import Operation
from tongbao.platform.approvals.kinds import APPROVING, ChangeKind, ChangeOutcome
from tongbao.platform.approvals.models import ChangeRequest
from tongbao.platform.approvals.queries import differences, with_standing
from tongbao.platform.approvals.services import ChangeRefusedError, decide, withdraw
from tongbao.platform.approvals.words import (
    KIND_WORDS,
    OUTCOME_WORDS,
    REFUSAL_WORDS,
    field_text,
    kind_text,
    value_text,
)
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import may
from tongbao.platform.console.formats import instant_text
from tongbao.platform.console.labels import label
from tongbao.platform.console.read_only import ReadOnlyAdmin

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern


class OpenFilter(SimpleListFilter):
    """By open or over."""

    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return what people ask for."""
        del request, model_admin
        return [("open", _("Open")), ("closed", _("Closed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the requests of the chosen standing."""
        del request
        return queryset.filter(is_open=self.value() == "open") if self.value() else queryset


class ChangeKindFilter(SimpleListFilter):
    """By kind."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return the kinds."""
        del request, model_admin
        return [(kind.value, words) for kind, words in KIND_WORDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the requests of the chosen kind."""
        del request
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ReadOnlyAdmin[ChangeRequest]):
    """Lists requests, open ones first; the page of one shows before and after, and takes a word."""

    operation = Operation.APPROVAL_LIST
    list_display = ("what", "about", "standing", "who", "asked")
    list_filter = (OpenFilter, ChangeKindFilter)
    page_template = "console/approval.html"
    empty_title = _("Nothing to approve")
    empty_words = _(
        "Changes of keys, fees, settlement accounts and roles wait here for a second person."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fold the standing in the same query."""
        del request
        return with_standing(ChangeRequest.objects.all(), now_us())

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Return open ones first, each part with the newest on top."""
        del request
        return ("-is_open", "-asked_at_us")

    def get_urls(self) -> list[URLPattern]:
        """Add the address that takes decisions."""
        view = self.admin_site.admin_view(self.decide_view)
        name = "approvals_changerequest_decide"
        return [path("<path:object_id>/decide/", view, name=name), *super().get_urls()]

    @admin.display(description=_("What"))
    def what(self, change: ChangeRequest) -> str:
        """The kind in words."""
        return kind_text(change.kind)

    @admin.display(description=_("About"))
    def about(self, change: ChangeRequest) -> str:
        """What it is about."""
        return str(change.before.get("name") or change.merchant_id or change.target_id)

    @admin.display(description=_("Standing"))
    def standing(self, change: Any) -> str:
        """Open, or how it ended, as a coloured label."""
        return standing_label(change)

    @admin.display(description=_("Requested by"))
    def who(self, change: ChangeRequest) -> str:
        """Who asked."""
        return change.asked_by_name

    @admin.display(description=_("Requested"))
    def asked(self, change: ChangeRequest) -> str:
        """When it was asked for."""
        return format_html('<span class="tb-digits">{}</span>', instant_text(change.asked_at_us))

    def page_context(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        """Return before and after, the decision, and whether this person may decide."""
        decision = getattr(record, "decision", None)
        is_own = record.asked_by == actor_of(request).actor_id
        return {
            "title": kind_text(record.kind),
            "change": record,
            "label": standing_label(record),
            "differences": [
                {
                    "name": field_text(one.name, record.kind),
                    "before": value_text(one.before, (record.kind, one.name)),
                    "after": value_text(one.after, (record.kind, one.name)),
                    "is_changed": one.is_changed,
                }
                for one in differences(record)
            ],
            "decision": decision,
            "outcome": OUTCOME_WORDS[ChangeOutcome(decision.outcome)] if decision else "",
            "is_own": is_own,
            "may_decide": not is_own and may(request, APPROVING[ChangeKind(record.kind)]),
        }

    def decide_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a decision, then show the page again; anything but a POST is refused."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        key = unquote(object_id)
        act, note, actor = (
            request.POST.get("act", ""),
            request.POST.get("note", ""),
            actor_of(request),
        )
        if not ChangeRequest.objects.filter(pk=key).exists():
            raise Http404
        try:
            if act == "withdraw":
                withdraw(actor, key, now_us=now_us())
            else:
                decide(actor, key, approve=act == "approve", note=note, now_us=now_us())
        except AccessDeniedError as error:
            raise PermissionDenied from error
        except ChangeRefusedError as error:
            messages.error(request, str(REFUSAL_WORDS[error.refusal]))
        else:
            messages.success(request, gettext("Written down."))
        return redirect(reverse("admin:approvals_changerequest_change", args=[quote(key)]))


def standing_label(change: Any) -> str:
    """Return open, or how it ended, as a coloured label."""
    decision = getattr(change, "decision", None)
    if change.is_open:
        tone, icon, words = "doubt", "pending_actions", gettext("Open")
    elif decision is None:
        tone, icon, words = "calm", "schedule", gettext("Expired")
    else:
        outcome = ChangeOutcome(decision.outcome)
        tone = "good" if outcome is ChangeOutcome.APPROVED else "calm"
        icon = "task_alt" if outcome is ChangeOutcome.APPROVED else "block"
        words = str(OUTCOME_WORDS[outcome])
    return label(tone, icon, words)
