"""Agents in the console: the register, a form for new ones, and the page of one with its acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.enforce import AccessDeniedError, actor_of
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import Operation, may
from tongbao.platform.console.acting import (
    ActingAdmin,
    FormRefusedError,
    UnknownFormError,
    text_of,
)
from tongbao.platform.console.words import active_label
from tongbao.platform.onboarding.agents import (
    SUBJECT_WORDS,
    AgentRefusedError,
    add_agent,
    hand_over_all,
    set_active,
)
from tongbao.platform.onboarding.models import Agent

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.urls import URLPattern

_SHOWN: Final = 50
_CHOICES: Final = 200
_REFUSED: Final = {
    "name": _("Type the agent's name."),
    "credit_code": _("This is not a credit code: 18 characters with a right check character."),
    "phone": _("This is not a phone number."),
}


@admin.register(Agent)
class AgentAdmin(ActingAdmin[Agent]):
    """The register of agents; the page of one shows whom it serves and what it promised."""

    operation = Operation.AGENT_VIEW
    list_display = ("name", "phone", "region", "serves", "standing")
    search_fields = ("name", "credit_code", "agent_id")
    search_help_text = _("Name, credit code or number")
    page_template = "onboarding/agent.html"
    list_before = "onboarding/agent_add.html"
    empty_title = _("No agents")
    empty_words = _("Agents who sell and serve for the acquirer appear here.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the merchants that each serves."""
        serves = Q(agencies__role="serves", agencies__ended_at_us__isnull=True)
        return super().get_queryset(request).annotate(served=Count("agencies", filter=serves))

    def get_urls(self) -> list[URLPattern]:
        """Add the address that takes new agents."""
        view = self.admin_site.admin_view(self.add_agent_view)
        return [path("new/", view, name=self.page("new")), *super().get_urls()]

    @admin.display(description=_("Serves"))
    def serves(self, agent: Any) -> int:
        """How many merchants the agent serves now."""
        return int(agent.served)

    @admin.display(description=_("Status"))
    def standing(self, agent: Agent) -> str:
        """Whether the agent may bring applications."""
        return active_label(active=agent.is_active)

    def list_context(self, request: HttpRequest, changelist: Any) -> dict[str, Any]:
        """Show the form for new agents to who may add them."""
        context = super().list_context(request, changelist)
        return context if may(request, Operation.AGENT_CHANGE) else {**context, "list_before": ""}

    def page_context(self, request: HttpRequest, record: Agent) -> dict[str, Any]:
        """Return the agent's merchants and promises, and what may be done."""
        may_change = may(request, Operation.AGENT_CHANGE)
        agencies = record.agencies.select_related("merchant").order_by(
            "ended_at_us", "-from_us", "agency_id"
        )
        promises = record.promises.select_related("application").order_by("-promise_id")
        others = Agent.objects.filter(is_active=True).exclude(pk=record.pk)
        language = get_language() or "en"
        served = agencies.filter(role="serves", ended_at_us=None)
        return {
            "title": record.name,
            "label": active_label(active=record.is_active),
            "agencies": agencies[:_SHOWN],
            "may_change": may_change,
            "others": others[:_CHOICES] if may_change and served.exists() else [],
            "promises": [
                {"row": one, "subject": SUBJECT_WORDS[one.subject].into(language)}
                for one in promises[:_SHOWN]
            ],
        }

    def add_agent_view(self, request: HttpRequest) -> HttpResponse:
        """Register an agent, then show its page; only POST."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        fields = [text_of(request, name) for name in ("name", "credit_code", "phone", "region")]
        try:
            agent = add_agent(actor_of(request), *fields, now_us=now_us())
        except AccessDeniedError as error:
            raise PermissionDenied from error
        except AgentRefusedError as refused:
            messages.error(request, str(_REFUSED[str(refused)]))
            return redirect(reverse(f"admin:{self.page('changelist')}"))
        messages.success(request, gettext("The agent is registered."))
        return redirect(reverse(f"admin:{self.page('change')}", args=[quote(agent.pk)]))

    def take_form(self, request: HttpRequest, record: Agent) -> str:
        """Stop the agent, let it work again, or hand its merchants over."""
        what, actor, at_us = text_of(request, "what"), actor_of(request), now_us()
        if what in ("stop", "start"):
            set_active(actor, record.pk, active=what == "start", now_us=at_us)
            if what == "start":
                return gettext("The agent may bring applications again.")
            return gettext("The agent brings no more applications; whom it serves, it serves on.")
        if what != "hand_over":
            raise UnknownFormError
        try:
            count = hand_over_all(actor, record.pk, text_of(request, "agent_id"), now_us=at_us)
        except (Agent.DoesNotExist, AgentRefusedError):
            raise FormRefusedError(gettext("Choose an agent who is active.")) from None
        return gettext("Merchants handed over: %(n)d.") % {"n": count}
