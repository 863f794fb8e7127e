"""The audit log in the console, for auditors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.operations import Operation
from tongbao.platform.approvals.words import field_text, value_text
from tongbao.platform.audit.models import AuditEntry, DailySeal
from tongbao.platform.audit.services import Outcome
from tongbao.platform.console.formats import instant_text
from tongbao.platform.console.read_only import ReadOnlyAdmin

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import QuerySet
    from django.http import HttpRequest

OUTCOME_WORDS = {
    Outcome.DONE: pgettext_lazy("outcome of an act", "Done"),
    Outcome.DENIED: pgettext_lazy("outcome of an act", "Denied"),
    Outcome.FAILED: pgettext_lazy("outcome of an act", "Failed"),
}
_TONES = {Outcome.DONE: "good", Outcome.DENIED: "bad", Outcome.FAILED: "doubt"}


class OutcomeFilter(SimpleListFilter):
    """By how the act ended."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return the outcomes."""
        del request, model_admin
        return [(outcome.value, words) for outcome, words in OUTCOME_WORDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the entries of the chosen outcome."""
        del request
        return queryset.filter(outcome=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    """Lists entries, newest first; the page of one shows before and after and its link."""

    operation = Operation.AUDIT_VIEW_ALL
    list_display = ("number", "at", "actor_name", "act", "thing", "merchant_id", "how")
    list_filter = (OutcomeFilter,)
    search_fields = ("actor_name", "operation", "target_id", "merchant_id", "address")
    search_help_text = _("Name, operation, thing, merchant or address")
    page_template = "console/audit_entry.html"
    empty_title = _("Nothing was done yet")
    empty_words = _("Every act and every refusal of one appears here.")

    @admin.display(description=_("Number"))
    def number(self, entry: AuditEntry) -> str:
        """The entry's place in the chain."""
        return format_html('<span class="tb-digits">{}</span>', entry.entry_id)

    @admin.display(description=_("Time"))
    def at(self, entry: AuditEntry) -> str:
        """When it was."""
        return format_html('<span class="tb-digits">{}</span>', instant_text(entry.at_us))

    @admin.display(description=_("Operation"))
    def act(self, entry: AuditEntry) -> str:
        """The operation's own word."""
        return format_html('<code lang="en">{}</code>', entry.operation)

    @admin.display(description=_("Thing"))
    def thing(self, entry: AuditEntry) -> str:
        """Kind and key of the thing."""
        return f"{entry.target_type} {entry.target_id}".strip() or "–"

    @admin.display(description=_("Outcome"))
    def how(self, entry: AuditEntry) -> str:
        """How it ended as a coloured label."""
        return outcome_label(entry.outcome)

    def page_context(self, request: HttpRequest, record: AuditEntry) -> dict[str, Any]:
        """Return before and after field by field, and the seal that covers the entry."""
        del request
        before = json.loads(record.before or "{}")
        after = json.loads(record.after or "{}")
        seals = DailySeal.objects.filter(last_entry_id__gte=record.entry_id)
        return {
            "title": gettext("Entry %(number)s") % {"number": record.entry_id},
            "entry": record,
            "label": outcome_label(record.outcome),
            "changes": [
                {
                    "name": field_text(name),
                    "before": value_text(before.get(name)),
                    "after": value_text(after.get(name)),
                }
                for name in sorted({*before, *after})
            ],
            "seal": seals.order_by("seal_id").first(),
        }


def outcome_label(outcome: str) -> str:
    """Return how an act ended as a coloured label."""
    known = Outcome(outcome)
    return format_html(
        '<span class="tb-label tb-{}">{}</span>', _TONES[known], OUTCOME_WORDS[known]
    )
