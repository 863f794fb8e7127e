"""API keys and the answers that an Idempotency-Key repeats."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

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
