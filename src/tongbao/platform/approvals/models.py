"""Requests for changes that need a second person, and the decision on each."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import AppendOnlyIdField


class ChangeRequest(models.Model):
    """What somebody asked for. It never changes; the decision is a row of its own.

    `before` and `payload` are what people see as before and after, so neither holds a secret: a
    payload names the sealed row that does.
    """

    request_id = models.CharField(primary_key=True, max_length=32)
    kind = models.CharField(_("kind"), max_length=24)
    target_type = models.CharField(_("kind of thing"), max_length=32)
    target_id = models.CharField(_("thing"), max_length=150)
    merchant_id = models.CharField(_("merchant"), max_length=15, blank=True)
    before = models.JSONField(_("before"), default=dict)
    payload = models.JSONField(_("after"), default=dict)
    reason = models.CharField(_("reason"), max_length=500)
    asked_by = models.CharField(max_length=64)
    asked_by_name = models.CharField(_("requested by"), max_length=150)
    asked_at_us = models.BigIntegerField(_("requested at"))
    expires_at_us = models.BigIntegerField(_("expires"))

    class Meta:
        verbose_name = _("change request")
        verbose_name_plural = _("change requests")
        ordering = ("-asked_at_us",)
        indexes = (
            models.Index(fields=("merchant_id", "asked_at_us"), name="approvals_by_merchant"),
            models.Index(fields=("target_type", "target_id"), name="approvals_by_target"),
        )

    def __str__(self) -> str:
        return self.request_id


class ChangeDecision(models.Model):
    """How a request ended; the database allows one for each request."""

    decision_id = AppendOnlyIdField(primary_key=True)
    request = models.OneToOneField(
        ChangeRequest, models.PROTECT, related_name="decision", verbose_name=_("change request")
    )
    outcome = models.CharField(_("outcome"), max_length=10)
    decided_by = models.CharField(max_length=64)
    decided_by_name = models.CharField(_("decided by"), max_length=150)
    note = models.CharField(_("note"), max_length=500)
    decided_at_us = models.BigIntegerField(_("decided"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ("-decision_id",)

    def __str__(self) -> str:
        return f"{self.request_id} {self.outcome}"
