"""Applications in the console: the review queue, and the page of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.utils import quote, unquote
from django.db.models import BooleanField, Case, F, Value, When
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.enforce import actor_of
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import Operation, demand
from tongbao.platform.console.formats import instant_text
from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.onboarding import papers
from tongbao.platform.onboarding.acting import ACTED, REFUSED, REFUSED_WORDS, act
from tongbao.platform.onboarding.models import Application, Paper
from tongbao.platform.onboarding.page import application_page, state_label
from tongbao.platform.onboarding.promises import PROMISES, is_late
from tongbao.platform.onboarding.states import FINAL, State
from tongbao.platform.onboarding.tiers import TIERS, Tier

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import QuerySet
    from django.db.models.expressions import Combinable
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

_OURS = tuple(state.value for state, promise in PROMISES.items() if promise.by_us)


class QueueFilter(SimpleListFilter):
    """By who has to act; everything when nothing is chosen."""

    title = _("waiting for")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return what people ask for."""
        del request, model_admin
        return [
            ("review", _("A reviewer")),
            ("mine", _("Me")),
            ("late", _("Us, and late")),
            ("applicant", _("The applicant")),
            ("ended", _("Nobody: ended")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the applications of the chosen queue."""
        chosen = self.value()
        if chosen == "review":
            return queryset.filter(status=State.IN_REVIEW.value)
        if chosen == "mine":
            me = str(request.user.pk)
            return queryset.filter(status=State.IN_REVIEW.value, reviewer=me)
        if chosen == "late":
            return queryset.filter(status__in=_OURS, promised_at_us__lt=now_us())
        if chosen == "applicant":
            return queryset.exclude(status__in=[*_OURS, *FINAL])
        return queryset.filter(status__in=FINAL) if chosen == "ended" else queryset


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin[Application]):
    """The queue, the oldest promise first; the page of one has papers, findings and acts."""

    operation = Operation.APPLICATION_REVIEW
    list_display = ("who", "tier_name", "standing", "promise", "owner_name", "handed_in")
    list_filter = (QueueFilter,)
    search_fields = ("application_id", "merchant__merchant_id")
    search_help_text = _("Application or merchant number")
    page_template = "onboarding/application.html"
    empty_title = _("No applications")
    empty_words = _("An application appears here as soon as somebody begins one.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Mark what waits for us, so that it can stand on top."""
        del request
        ours = Case(
            When(status__in=_OURS, then=Value(value=True)),
            default=Value(value=False),
            output_field=BooleanField(),
        )
        rows = Application.objects.select_related("merchant", "agent", "owner")
        return rows.defer("secrets_sealed").annotate(is_ours=ours)

    def get_ordering(self, request: HttpRequest) -> tuple[str | Combinable, ...]:
        """Return what waits for us first, the oldest promise on top."""
        del request
        return ("-is_ours", F("promised_at_us").asc(nulls_last=True), "-created_at_us")

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of acts and papers."""
        view = self.admin_site.admin_view
        name = "onboarding_application"
        return [
            path("<str:object_id>/act/", view(self.act_view), name=f"{name}_act"),
            path(
                "<str:object_id>/papers/<str:paper_id>/",
                view(self.paper_view),
                name=f"{name}_paper",
            ),
            *super().get_urls(),
        ]  # fmt: skip - one address a line

    @admin.display(description=_("Applicant"))
    def who(self, application: Application) -> str:
        """The name on the form, and what the application is for."""
        name = str(application.data.get("name") or application.pk)
        return format_html("{}", name)

    @admin.display(description=_("Tier"))
    def tier_name(self, application: Application) -> str:
        """The tier in words."""
        return TIERS[Tier(application.tier)].name.into(get_language() or "en")

    @admin.display(description=_("Status"))
    def standing(self, application: Application) -> str:
        """The status as a coloured label."""
        return state_label(application)

    @admin.display(description=_("Promised"))
    def promise(self, application: Application) -> str:
        """By when we promised an answer; a broken promise is marked."""
        promised = application.promised_at_us
        if promised is None:
            return "–"
        late = is_late(State(application.status), promised, now_us())
        words = format_html('<small class="tb-under tb-bad">{}</small>', _("late")) if late else ""
        time = instant_text(promised)[:16]
        return format_html('<span class="tb-digits">{}</span>{}', time, words)

    @admin.display(description=_("Reviewer"))
    def owner_name(self, application: Application) -> str:
        """Who has taken it."""
        event = application.events.filter(kind="take").order_by("-event_id").first()
        return event.actor_name if event and application.reviewer else "–"

    @admin.display(description=_("Submitted"))
    def handed_in(self, application: Application) -> str:
        """When it was handed in last."""
        at_us = application.submitted_at_us
        return instant_text(at_us)[:16] if at_us else "–"

    def page_context(self, request: HttpRequest, record: Application) -> dict[str, Any]:
        """Return all that a reviewer needs on one page."""
        return application_page(record, actor_of(request), now_us())

    def act_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do what the reviewer chose, then show the page again; only POST."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        object_id = unquote(object_id)
        demand(request, Operation.APPLICATION_REVIEW, ("application", object_id))
        if not Application.objects.filter(pk=object_id).exists():
            raise Http404
        try:
            done = act(actor_of(request), object_id, request.POST, now_us=now_us())
        except REFUSED as error:
            words = REFUSED_WORDS[type(error)]
            messages.error(request, words.into(get_language() or "en"))
        else:
            messages.success(request, ACTED[done].into(get_language() or "en"))
        return redirect(reverse("admin:onboarding_application_change", args=[quote(object_id)]))

    def paper_view(self, request: HttpRequest, object_id: str, paper_id: str) -> HttpResponse:
        """Show a paper; that somebody looked is written down."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        object_id, paper_id = unquote(object_id), unquote(paper_id)
        demand(request, Operation.APPLICATION_REVIEW, ("paper", paper_id))
        if not Paper.objects.filter(pk=paper_id, application_id=object_id).exists():
            raise Http404
        opened = papers.open_paper(actor_of(request), paper_id, now_us=now_us())
        return papers.as_response(opened)
