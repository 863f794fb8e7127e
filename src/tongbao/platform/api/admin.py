"""API keys, webhooks and their deliveries in the console, for whoever supports integrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.enforce import actor_of, require
from tongbao.platform.access.operations import Operation
from tongbao.platform.api import keys, webhooks
from tongbao.platform.api.models import ApiKey, WebhookDelivery, WebhookEndpoint
from tongbao.platform.api.outbox import DELIVERED, GIVEN_UP, WAITING
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import may_at
from tongbao.platform.console.acting import (
    ActingAdmin,
    FormRefusedError,
    UnknownFormError,
    text_of,
)
from tongbao.platform.console.formats import instant_text
from tongbao.platform.console.labels import label
from tongbao.platform.console.paging import CutPaginator
from tongbao.platform.console.words import active_label, local_name

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import QuerySet
    from django.http import HttpRequest

_SHOWN: Final = 25
STATES: Final = {
    WAITING: (_("Waiting"), "doubt", "hourglass_top"),
    DELIVERED: (_("Delivered"), "good", "task_alt"),
    GIVEN_UP: (_("Given up"), "bad", "error"),
}


class StateFilter(SimpleListFilter):
    """By what became of a delivery."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return the states."""
        del request, model_admin
        return [(state, words) for state, (words, _tone, _icon) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the deliveries of the chosen state."""
        del request
        return queryset.filter(state=self.value()) if self.value() else queryset


def key_label(key: ApiKey, at_us: int) -> str:
    """Return whether a key opens anything now, as a coloured label."""
    if key.revoked_at_us is not None:
        return label("bad", "block", gettext("Revoked"))
    if key.expires_at_us is not None and key.expires_at_us <= at_us:
        return label("calm", "schedule", gettext("Expired"))
    return label("good", "check_circle", gettext("In force"))


@admin.register(ApiKey)
class ApiKeyAdmin(ActingAdmin[ApiKey]):
    """Lists the keys of all merchants; a leaked one is revoked on its page."""

    operation = Operation.API_KEY_VIEW_ALL
    list_display = ("name", "begins", "whose", "standing", "used")
    list_select_related = ("merchant",)
    search_fields = ("name", "shown", "merchant__merchant_id", "merchant__name")
    search_help_text = _("Name, first letters of the key, or merchant")
    page_template = "console/api_key.html"
    empty_title = _("No API keys")
    empty_words = _("A merchant makes keys in the portal, under settings.")

    @admin.display(description=_("begins with"))
    def begins(self, key: ApiKey) -> str:
        """The first letters, by which its owner knows it."""
        return format_html('<code lang="en">{}…</code>', key.shown)

    @admin.display(description=_("Merchant"))
    def whose(self, key: ApiKey) -> str:
        """The merchant's name in the reader's language."""
        return local_name(key.merchant)

    @admin.display(description=_("Status"))
    def standing(self, key: ApiKey) -> str:
        """Whether it opens anything."""
        return key_label(key, now_us())

    @admin.display(description=_("last used"))
    def used(self, key: ApiKey) -> str:
        """When it was used last."""
        return instant_text(key.last_used_at_us) if key.last_used_at_us else "–"

    def page_context(self, request: HttpRequest, record: ApiKey) -> dict[str, Any]:
        """Return the key's facts, and whether it can be revoked."""
        may_revoke = may_at(request, Operation.API_KEY_REVOKE, record.merchant_id)
        return {
            "title": record.name,
            "label": key_label(record, now_us()),
            "merchant_name": local_name(record.merchant),
            "can_revoke": record.revoked_at_us is None and may_revoke,
        }

    def take_form(self, request: HttpRequest, record: ApiKey) -> str:
        """Revoke the key at once."""
        if text_of(request, "what") != "revoke":
            raise UnknownFormError
        actor, at_us, whose = actor_of(request), now_us(), record.merchant_id
        require(
            actor,
            Operation.API_KEY_REVOKE,
            now_us=at_us,
            merchant_id=whose,
            target=("api_key", record.pk),
        )
        keys.revoke_key(actor, whose, record.pk, now_us=at_us)
        return gettext("The key is revoked. Requests with it are refused from now on.")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ActingAdmin[WebhookEndpoint]):
    """Lists the addresses that merchants want told; one shows its newest deliveries."""

    operation = Operation.WEBHOOK_VIEW_ALL
    list_display = ("url", "whose", "waiting", "standing")
    list_select_related = ("merchant",)
    search_fields = ("url", "merchant__merchant_id", "merchant__name")
    search_help_text = _("Address or merchant")
    page_template = "console/webhook.html"
    empty_title = _("No webhooks")
    empty_words = _("A merchant adds addresses in the portal, under settings, or by the API.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count what waits along with the addresses; what was delivered is a long log."""
        waiting = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), state=WAITING)
        counted = waiting.order_by().values("endpoint").annotate(n=Count("pk")).values("n")
        rows = super().get_queryset(request).defer("secret_sealed", "old_secret_sealed")
        return rows.annotate(waits=Coalesce(Subquery(counted), 0))

    @admin.display(description=_("Merchant"))
    def whose(self, endpoint: WebhookEndpoint) -> str:
        """The merchant's name in the reader's language."""
        return local_name(endpoint.merchant)

    @admin.display(description=_("Waiting"))
    def waiting(self, endpoint: Any) -> int:
        """How many events wait to be delivered."""
        return int(endpoint.waits)

    @admin.display(description=_("Status"))
    def standing(self, endpoint: WebhookEndpoint) -> str:
        """Whether events go there."""
        return endpoint_label(endpoint)

    def page_context(self, request: HttpRequest, record: WebhookEndpoint) -> dict[str, Any]:
        """Return the address's facts and what it was told last."""
        may_test = may_at(request, Operation.WEBHOOK_SEND_AGAIN, record.merchant_id)
        deliveries = record.deliveries.select_related("event").prefetch_related("attempts")
        return {
            "title": record.url,
            "label": endpoint_label(record),
            "merchant_name": local_name(record.merchant),
            "deliveries": [delivery_row(one) for one in deliveries[:_SHOWN]],
            "can_test": record.removed_at_us is None and record.is_active and may_test,
        }

    def take_form(self, request: HttpRequest, record: WebhookEndpoint) -> str:
        """Send a test event to this address alone."""
        if text_of(request, "what") != "test":
            raise UnknownFormError
        actor, at_us = _permitted(request, record)
        try:
            webhooks.send_test(actor, record.merchant_id, record.pk, now_us=at_us)
        except WebhookEndpoint.DoesNotExist:
            raise FormRefusedError(gettext("This address was removed meanwhile.")) from None
        return gettext("A test event is on its way; look again in a moment.")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ActingAdmin[WebhookDelivery]):
    """The log of deliveries, newest first; one is sent again from its page."""

    operation = Operation.WEBHOOK_VIEW_ALL
    list_display = ("made", "event_type", "whose", "standing", "failed")
    list_filter = (StateFilter,)
    paginator = CutPaginator
    list_select_related = ("endpoint__merchant", "event")
    search_fields = ("=event_id", "=endpoint__merchant__merchant_id")
    search_help_text = _("Number of the event or of the merchant")
    page_template = "console/delivery.html"
    empty_title = _("No deliveries")
    empty_words = _("What merchants' software is told appears here with every answer.")

    @admin.display(description=_("made"))
    def made(self, delivery: WebhookDelivery) -> str:
        """When the event was written."""
        return instant_text(delivery.created_at_us)

    @admin.display(description=_("Event"))
    def event_type(self, delivery: WebhookDelivery) -> str:
        """What it tells."""
        return format_html('<code lang="en">{}</code>', delivery.event.type)

    @admin.display(description=_("Merchant"))
    def whose(self, delivery: WebhookDelivery) -> str:
        """The merchant's name in the reader's language."""
        return local_name(delivery.endpoint.merchant)

    @admin.display(description=_("Status"))
    def standing(self, delivery: WebhookDelivery) -> str:
        """What became of it."""
        return label_of_state(delivery.state)

    def page_context(self, request: HttpRequest, record: WebhookDelivery) -> dict[str, Any]:
        """Return the event, every try, and whether it can be sent again."""
        endpoint = record.endpoint
        may_send = may_at(request, Operation.WEBHOOK_SEND_AGAIN, endpoint.merchant_id)
        return {
            "title": record.event.type,
            "label": label_of_state(record.state),
            "merchant_name": local_name(endpoint.merchant),
            "attempts": record.attempts.order_by("-attempt_id")[:_SHOWN],
            "is_waiting": record.state == WAITING,
            "can_send": endpoint.removed_at_us is None and may_send,
        }

    def take_form(self, request: HttpRequest, record: WebhookDelivery) -> str:
        """Begin the delivery plan again, now."""
        if text_of(request, "what") != "send_again":
            raise UnknownFormError
        endpoint = record.endpoint
        actor, at_us = _permitted(request, endpoint)
        try:
            webhooks.send_again(actor, endpoint.merchant_id, endpoint.pk, record.pk, now_us=at_us)
        except WebhookEndpoint.DoesNotExist:
            raise FormRefusedError(gettext("This address was removed meanwhile.")) from None
        return gettext("It is sent again, with the same number; look again in a moment.")


def delivery_row(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return a delivery as the page of its address lists it."""
    newest = max(delivery.attempts.all(), key=lambda one: one.attempt_id, default=None)
    return {
        "row": delivery,
        "label": label_of_state(delivery.state),
        "answer": (newest.response_code or newest.failure) if newest else "",
    }


def label_of_state(state: str) -> str:
    """Return what became of a delivery as a coloured label."""
    words, tone, icon = STATES[state]
    return label(tone, icon, str(words))


def endpoint_label(endpoint: WebhookEndpoint) -> str:
    """Return whether events go to an address, as a coloured label."""
    if endpoint.removed_at_us is not None:
        return label("calm", "delete", gettext("Removed"))
    return active_label(active=endpoint.is_active)


def _permitted(request: HttpRequest, endpoint: WebhookEndpoint) -> tuple[Any, int]:
    actor, at_us = actor_of(request), now_us()
    require(
        actor,
        Operation.WEBHOOK_SEND_AGAIN,
        now_us=at_us,
        merchant_id=endpoint.merchant_id,
        target=("webhook", endpoint.pk),
    )
    return actor, at_us
