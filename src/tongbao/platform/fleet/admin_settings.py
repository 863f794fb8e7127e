"""Settings of terminals in the console: what each level sets, whom a change reaches, history."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.enforce import actor_of
from tongbao.platform.access.operations import Operation
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import demand
from tongbao.platform.console.formats import instant_text
from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.console.words import local_name
from tongbao.platform.fleet import setting_form, wanted
from tongbao.platform.fleet.models import Terminal, WantedSettings
from tongbao.platform.fleet.setting_texts import name_text, value_text
from tongbao.platform.fleet.wanted import SettingsRefusedError, Target
from tongbao.platform.fleet.wanted_changes import propose
from tongbao.platform.fleet.wanted_reach import SHOWN_MAX, reach
from tongbao.platform.fleet.wanted_rules import (
    DEFAULTS,
    SCOPES,
    Level,
    SettingFault,
    needs_second_person,
)
from tongbao.platform.fleet.words import ORIGIN_WORDS, SETTING_RULE_WORDS
from tongbao.platform.merchants.models import Merchant, Shop

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

HISTORY = 10
_DEMANDED = Operation.TERMINAL_SETTINGS_ACQUIRER
_ALL = "-"


@admin.register(WantedSettings)
class WantedSettingsAdmin(ReadOnlyAdmin[WantedSettings]):
    """Lists every change of settings; the page of a level sets what that level sets."""

    operation = _DEMANDED
    list_display = ("level", "whose", "what", "who", "set_at")
    ordering = ("-settings_id",)
    search_fields = ("key", "actor_name")
    search_help_text = _("Merchant, shop or terminal number, or who changed it")
    list_before = "console/settings_levels.html"
    empty_title = _("Nothing was set yet")
    empty_words = _("All terminals go by the standard settings.")
    list_display_links = None

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of the levels."""
        view = self.admin_site.admin_view(self.level_view)
        return [
            path("level/<str:scope>/<str:key>/", view, name="fleet_wantedsettings_level"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead from one change to the page of its level."""
        del form_url, extra_context
        demand(request, _DEMANDED, ("terminal_settings", object_id))
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return redirect("admin:fleet_wantedsettings_level", row.scope, row.key or _ALL)

    @admin.display(description=_("Level"))
    def level(self, row: WantedSettings) -> str:
        """The level, as a link to its page."""
        address = reverse("admin:fleet_wantedsettings_level", args=[row.scope, row.key or _ALL])
        return format_html('<a href="{}">{}</a>', address, ORIGIN_WORDS[Level(row.scope)])

    @admin.display(description=_("Whose"))
    def whose(self, row: WantedSettings) -> str:
        """The number of what it is about."""
        return format_html('<span class="tb-digits">{}</span>', row.key or "–")

    @admin.display(description=_("Set here"))
    def what(self, row: WantedSettings) -> str:
        """The names of all that the level set from then on."""
        return gettext(", ").join(name_text(leaf) for leaf in row.document) or "–"

    @admin.display(description=_("Who"))
    def who(self, row: WantedSettings) -> str:
        """Who changed it."""
        return row.actor_name

    @admin.display(description=_("Set"))
    def set_at(self, row: WantedSettings) -> str:
        """When it was changed."""
        return format_html('<span class="tb-digits">{}</span>', instant_text(row.at_us))

    def level_view(self, request: HttpRequest, scope: str, key: str) -> HttpResponse:
        """Show what a level sets; preview a change on POST, make it on its confirmation."""
        demand(request, _DEMANDED, ("terminal_settings", f"{scope} {key}"))
        target, title = _target(scope, "" if key == _ALL else key)
        if request.method == "GET":
            return self._page(request, target, title)
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "POST"])
        if request.POST.get("what") == "confirm":
            return self._confirmed(request, target, title)
        own = wanted.leaves_of(target)
        changes, faults = setting_form.read(request.POST, own)
        if faults or not changes:
            if not faults:
                messages.info(request, gettext("Nothing was changed."))
            return self._page(request, target, title, faults)
        return self._preview(request, target, title, changes)

    def _page(
        self,
        request: HttpRequest,
        target: Target,
        title: str,
        faults: list[SettingFault] | None = None,
    ) -> HttpResponse:
        own = wanted.leaves_of(target)
        history = WantedSettings.objects.filter(scope=target.scope.value, key=target.key)
        form = request.POST if faults else None
        context = {
            **self._frame(request, target, title),
            "rows": setting_form.rows(own, wanted.effective_without(target), faults or [], form),
            "history": [
                {
                    "who": row.actor_name,
                    "at_us": row.at_us,
                    "what": [name_text(leaf) for leaf in row.document],
                }
                for row in history.order_by("-version")[:HISTORY]
            ],
        }
        status = 422 if faults else 200
        return TemplateResponse(request, "console/settings_level.html", context, status=status)

    def _preview(
        self,
        request: HttpRequest,
        target: Target,
        title: str,
        changes: dict[str, Any],
        wrong: str = "",
    ) -> HttpResponse:
        own, above = wanted.leaves_of(target), wanted.effective_without(target)
        reached = reach(target, changes)
        context = {
            **self._frame(request, target, title),
            "lines": [
                {
                    "name": name_text(leaf),
                    "before": value_text(leaf, own.get(leaf, above.values[leaf])),
                    "after": value_text(leaf, above.values[leaf] if value is None else value),
                    "is_left": value is None,
                    "terminals": reached.of_leaf[leaf],
                }
                for leaf, value in changes.items()
            ],
            "reach": reached,
            "more": max(0, reached.terminals - SHOWN_MAX),
            "changes": json.dumps(changes, ensure_ascii=False),
            "seen_version": wanted.version_of(target),
            "needs_two": needs_second_person(target.scope, changes),
            "wrong": wrong,
        }
        status = 422 if wrong else 200
        return TemplateResponse(request, "console/settings_preview.html", context, status=status)

    def _confirmed(self, request: HttpRequest, target: Target, title: str) -> HttpResponse:
        changes = _changes_of(request.POST.get("changes", ""))
        seen = request.POST.get("seen_version", "")
        try:
            asked = propose(
                actor_of(request),
                target,
                changes,
                seen_version=int(seen) if seen.isdigit() else -1,
                reason=request.POST.get("reason", ""),
                now_us=now_us(),
            )
        except SettingsRefusedError as refused:
            wrong = str(SETTING_RULE_WORDS[refused.faults[0].rule])
            return self._preview(request, target, title, changes, wrong)
        if asked is not None:
            messages.success(request, gettext("Asked for. A second person must approve it."))
            return redirect(reverse("admin:approvals_changerequest_change", args=[asked.pk]))
        messages.success(
            request, gettext("Set. Terminals apply it with their next heartbeat, when nobody pays.")
        )
        return redirect(request.path)

    def _frame(self, request: HttpRequest, target: Target, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "level": ORIGIN_WORDS[target.scope],
            "key": target.key,
            "scope": target.scope.value,
        }


def _target(scope: str, key: str) -> tuple[Target, str]:
    """Return the level that an address names, and what to call it; Http404 for none."""
    if scope not in SCOPES or (scope == Level.ACQUIRER) != (key == ""):
        raise Http404
    target = Target(Level(scope), key)
    try:
        if target.scope is Level.ACQUIRER:
            title = gettext("Settings of all terminals")
        elif target.scope is Level.MERCHANT:
            title = local_name(Merchant.objects.get(pk=key))
        elif target.scope is Level.SHOP:
            title = Shop.objects.get(pk=key).name
        else:
            title = Terminal.objects.get(pk=key).terminal_id
    except ObjectDoesNotExist:
        raise Http404 from None
    return target, title


def _changes_of(text: str) -> dict[str, Any]:
    """Return the changes that a preview showed; Http404 for what no preview shows."""
    try:
        found = json.loads(text)
    except ValueError:
        raise Http404 from None
    if not isinstance(found, dict) or not found or not set(found) <= set(DEFAULTS):
        raise Http404
    return found
