"""The exception queue in the console: what waits for a person, and what people did about it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tongbao.platform.console.access import Operation, demand, may
from tongbao.platform.console.formats import amount_text, instant_text
from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.payments.exception_rules import Act, Refusal, stand_of
from tongbao.platform.payments.exception_words import (
    DONE_ICONS,
    DONE_WORDS,
    REFUSAL_WORDS,
    advice_of,
    age_text,
    batch_of,
    detail_text,
    note_text,
    opened_by,
    staff_text,
)
from tongbao.platform.payments.exceptions import ActRefusedError, do, with_standing
from tongbao.platform.payments.gave_up import payment_named
from tongbao.platform.payments.models import BatchEvent, Payment, PaymentException
from tongbao.platform.payments.queries import with_status

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import QuerySet
    from django.db.models.expressions import Combinable
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

_NOTE_FIELD = "note"


class StandingFilter(SimpleListFilter):
    """By open, mine or closed; everything when nothing is chosen."""

    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return what people ask for."""
        del request, model_admin
        return [
            ("open", _("Open")),
            ("mine", _("Open and mine")),
            ("nobody", _("Open and nobody's")),
            ("closed", _("Closed")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the exceptions of the chosen standing."""
        chosen = self.value()
        if chosen == "closed":
            return queryset.filter(is_closed=True)
        if chosen in ("open", "mine", "nobody"):
            queryset = queryset.filter(is_closed=False)
        if chosen == "mine":
            return queryset.filter(owner=request.user.get_username())
        return queryset.filter(owner="") if chosen == "nobody" else queryset


class KindFilter(SimpleListFilter):
    """By kind."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return the kinds."""
        del request, model_admin
        from tongbao.platform.payments.exception_words import (  # noqa: PLC0415 - only for the filter
            ADVICE,
        )

        return [(str(kind), advice.name) for kind, advice in ADVICE.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the exceptions of the chosen kind."""
        del request
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(PaymentException)
class PaymentExceptionAdmin(ReadOnlyAdmin[PaymentException]):
    """Lists exceptions, open ones first; the page of one says what to do and takes notes.

    An act is one appended row about the exception. Nothing on these pages can reach a payment.
    """

    list_display = ("what", "standing", "age", "owned", "place", "about")
    list_filter = (StandingFilter, KindFilter)
    page_template = "console/exception.html"
    empty_title = _("No exceptions")
    empty_words = _("Whatever the machines cannot finish by themselves appears here.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fold the standing in the same query."""
        del request  # and not super(): it would order by what is annotated only here
        return with_standing(PaymentException.objects.all())

    def get_ordering(self, request: HttpRequest) -> tuple[str | Combinable, ...]:
        """Return open ones first, the oldest on top; then closed ones, the newest on top."""
        del request
        return ("is_closed", "urgency")

    def get_urls(self) -> list[URLPattern]:
        """Add the address that takes acts."""
        act = self.admin_site.admin_view(self.act_view)
        name = "payments_paymentexception_act"
        return [path("<path:object_id>/act/", act, name=name), *super().get_urls()]

    @admin.display(description=_("What"))
    def what(self, exception: PaymentException) -> str:
        """The kind in words."""
        return str(advice_of(exception.kind).name)

    @admin.display(description=_("Standing"))
    def standing(self, exception: Any) -> str:
        """Open or closed as a coloured label."""
        return standing_label(is_open=not exception.is_closed)

    @admin.display(description=_("Opened"))
    def age(self, exception: Any) -> str:
        """How long it has been open, and since when."""
        age = "" if exception.is_closed else age_text(_now_us() - exception.opened_at_us)
        at = instant_text(exception.opened_at_us)
        return (
            format_html(
                '<span class="tb-digits">{}</span><small class="tb-under">{}</small>', age or at, at
            )
            if age
            else format_html('<span class="tb-digits">{}</span>', at)
        )

    @admin.display(description=_("Owner"))
    def owned(self, exception: Any) -> str:
        """Who has taken it."""
        return exception.owner or "–"

    @admin.display(description=_("Terminal"))
    def place(self, exception: PaymentException) -> str:
        """The terminal number."""
        return format_html('<span class="tb-digits">{}</span>', exception.terminal_id)

    @admin.display(description=_("Detail"))
    def about(self, exception: PaymentException) -> str:
        """What the host noted."""
        return detail_text(exception.detail) or "–"

    def page_context(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        """Return the advice, what was done, and the payment or batch that it is about."""
        done = list(record.events.order_by("event_id"))
        standing = stand_of((one.kind, one.staff) for one in done)
        advice = advice_of(record.kind)
        payment = with_status(Payment.objects.filter(pk=payment_named(record))).first()
        batch = None
        if batch_no := batch_of(record.detail):
            batches = BatchEvent.objects.filter(terminal_id=record.terminal_id, batch_no=batch_no)
            batch = batches.order_by("-event_id").first()
        return {
            "title": str(advice.name),
            "exception": record,
            "detail": detail_text(record.detail),
            "advice": advice,
            "opened_by": opened_by(record.kind),
            "label": standing_label(is_open=standing.is_open),
            "standing": standing,
            "mine": standing.owner == request.user.get_username(),
            "owner": standing.owner,
            "age": age_text(_now_us() - record.opened_at_us) if standing.is_open else "",
            "payment": payment,
            "amount": amount_text(payment.amount_minor, payment.currency) if payment else "",
            "batch": batch,
            "done": [
                {
                    "title": DONE_WORDS.get(one.kind, one.kind),
                    "icon": DONE_ICONS.get(one.kind, "info"),
                    "who": staff_text(one.staff),
                    "at_us": one.at_us,
                    "note": note_text(one.staff, one.note),
                }
                for one in done
            ],
            "seen": done[-1].event_id if done else 0,
            "may_act": may(request, Operation.EXCEPTION_WORK),
        }

    def act_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Append what a person did, then show the page again; anything but a POST is refused."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        demand(request, Operation.EXCEPTION_WORK, ("payment_exception", object_id))
        exception = self.get_object(request, unquote(object_id))
        if exception is None:
            raise Http404
        note = request.POST.get(_NOTE_FIELD, "")
        try:
            act = Act(request.POST.get("act", ""))
            seen = int(request.POST.get("seen", ""))
        except ValueError:
            messages.error(request, str(REFUSAL_WORDS[Refusal.UNKNOWN_ACT]))
        else:
            staff = request.user.get_username()
            try:
                do(exception.pk, act, staff=staff[:64], note=note, seen=seen)
            except ActRefusedError as error:
                messages.error(request, str(REFUSAL_WORDS[error.refusal]))
            else:
                messages.success(request, gettext("Written down."))
        return redirect(reverse("admin:payments_paymentexception_change", args=[exception.pk]))


def standing_label(*, is_open: bool) -> str:
    """Return open or closed as a coloured label."""
    return format_html(
        '<span class="tb-label tb-{}"><span class="material-symbols-outlined"'
        ' aria-hidden="true">{}</span>{}</span>',
        "doubt" if is_open else "calm",
        "error" if is_open else "task_alt",
        gettext("Open") if is_open else gettext("Closed"),
    )


def _now_us() -> int:
    return time.time_ns() // 1000
