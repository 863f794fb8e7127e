"""API keys, kept answers, and webhooks with what they were told."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import AppendOnlyIdField
from tongbao.platform.merchants.models import Merchant


class ApiKey(models.Model):
    """A machine's way in: of the key only a keyed digest and its first letters are kept."""

    key_id = models.CharField(_("key"), primary_key=True, max_length=32)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="api_keys", verbose_name=_("merchant")
    )
    name = models.CharField(_("name"), max_length=80)
    shown = models.CharField(_("begins with"), max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(_("scopes"))
    created_by = models.CharField(_("made by"), max_length=150)
    created_at_us = models.BigIntegerField(_("made"))
    expires_at_us = models.BigIntegerField(_("ends"), null=True)
    last_used_at_us = models.BigIntegerField(_("last used"), null=True)
    last_used_from = models.CharField(_("last used from"), max_length=45, db_default="", default="")
    revoked_at_us = models.BigIntegerField(_("revoked"), null=True)
    revoked_by = models.CharField(_("revoked by"), max_length=150, db_default="", default="")

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("-created_at_us", "key_id")

    def __str__(self) -> str:
        return f"{self.name} {self.shown}…"


class IdempotentAnswer(models.Model):
    """The answer that a caller's Idempotency-Key gets again, for 24 hours."""

    caller = models.CharField(max_length=80)
    key = models.CharField(max_length=100)
    request_digest = models.CharField(max_length=64)
    at_us = models.BigIntegerField(db_index=True)
    # 0 while an act that waits for others is under way.
    status = models.IntegerField()
    content_type = models.CharField(max_length=80, db_default="", default="")
    body = models.BinaryField(db_default=b"", default=b"")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("caller", "key"), name="api_idempotent_answer_once"),
        )

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"


class WebhookEndpoint(models.Model):
    """An address of a merchant that is told about events; its secrets are sealed.

    After a new secret was made the old one signs as well until `old_secret_until_us`.
    """

    endpoint_id = models.CharField(_("endpoint"), primary_key=True, max_length=32)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="webhooks", verbose_name=_("merchant")
    )
    url = models.CharField(_("address"), max_length=500)
    events = models.JSONField(_("events"))
    description = models.CharField(max_length=120, default="", db_default="")
    is_active = models.BooleanField(_("active"), default=True, db_default=True)
    secret_sealed = models.BinaryField()
    old_secret_sealed = models.BinaryField(default=b"", db_default=b"")
    old_secret_until_us = models.BigIntegerField(default=0, db_default=0)
    created_by = models.CharField(_("made by"), max_length=150)
    created_at_us = models.BigIntegerField(_("made"))
    # Deliveries stay readable after the endpoint is gone.
    removed_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ("-created_at_us", "endpoint_id")

    def __str__(self) -> str:
        return self.url


class EventCounter(models.Model):
    """The number of a merchant's newest event; taken in the transaction of the event."""

    merchant_id = models.CharField(primary_key=True, max_length=15)
    last_number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.last_number}"


class OutboxEvent(models.Model):
    """Something a merchant is told; numbers rise by one without a gap for each merchant."""

    event_id = models.CharField(_("event"), primary_key=True, max_length=32)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="outbox", verbose_name=_("merchant")
    )
    number = models.BigIntegerField(_("number"))
    type = models.CharField(_("kind"), max_length=60)
    data = models.TextField()
    at_us = models.BigIntegerField(_("time"))

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        ordering = ("merchant", "-number")
        constraints = (
            models.UniqueConstraint(fields=("merchant", "number"), name="api_outbox_event_number"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.number}"


class WebhookDelivery(models.Model):
    """One event for one endpoint: waiting, delivered or given up; `due_at_us` is the next try."""

    delivery_id = models.CharField(_("delivery"), primary_key=True, max_length=32)
    endpoint = models.ForeignKey(WebhookEndpoint, models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(OutboxEvent, models.PROTECT, related_name="deliveries")
    state = models.CharField(_("state"), max_length=10)
    failed = models.IntegerField(_("failures in a row"), default=0, db_default=0)
    due_at_us = models.BigIntegerField(_("due"))
    created_at_us = models.BigIntegerField(_("made"))

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-created_at_us", "-delivery_id")
        constraints = (
            models.UniqueConstraint(fields=("endpoint", "event"), name="api_delivery_once"),
        )
        indexes = (
            models.Index(
                fields=("due_at_us",),
                name="api_delivery_waiting",
                condition=models.Q(state="waiting"),
            ),
            models.Index(
                fields=("endpoint", "-created_at_us", "-delivery_id"), name="api_delivery_log"
            ),
        )

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.state}"


class DeliveryAttempt(models.Model):
    """One try: what the receiver answered and how long it took, or why there was no answer."""

    attempt_id = AppendOnlyIdField(primary_key=True)
    delivery = models.ForeignKey(WebhookDelivery, models.PROTECT, related_name="attempts")
    at_us = models.BigIntegerField(_("time"))
    took_ms = models.IntegerField(_("took"))
    response_code = models.IntegerField(_("response code"), null=True)
    failure = models.CharField(_("failure"), max_length=20, default="", db_default="")

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ("attempt_id",)

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.response_code or self.failure}"


class FeedPosition(models.Model):
    """How far a reader of the payment events is."""

    name = models.CharField(primary_key=True, max_length=32)
    event_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} {self.event_id}"
