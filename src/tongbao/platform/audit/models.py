"""The audit log's rows: entries in one chain, and a signed seal for each day."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import TimeOrderedIdField


class AuditEntry(models.Model):
    """One act or one refusal. Entries are numbered 1, 2, 3 … without a gap.

    `entry_hash` is the SHA-256 of the hash before it and of all other columns in canonical form
    (`chain.py`); `before` and `after` are redacted JSON objects, or empty.
    """

    entry_id = TimeOrderedIdField(primary_key=True)
    at_us = models.BigIntegerField(_("time"))
    actor_kind = models.CharField(_("kind of actor"), max_length=10)
    actor_id = models.CharField(_("actor"), max_length=64)
    actor_name = models.CharField(_("name"), max_length=150)
    address = models.CharField(_("address"), max_length=45)
    device = models.CharField(_("device"), max_length=200)
    operation = models.CharField(_("operation"), max_length=48)
    outcome = models.CharField(_("outcome"), max_length=8)
    target_type = models.CharField(_("kind of thing"), max_length=32)
    target_id = models.CharField(_("thing"), max_length=150)
    merchant_id = models.CharField(_("merchant"), max_length=15)
    before = models.TextField(_("before"))
    after = models.TextField(_("after"))
    detail = models.CharField(_("detail"), max_length=500)
    previous_hash = models.CharField(max_length=64)
    entry_hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ("-entry_id",)
        indexes = (
            models.Index(fields=("merchant_id", "entry_id"), name="audit_entry_by_merchant"),
            models.Index(fields=("actor_id", "entry_id"), name="audit_entry_by_actor"),
            models.Index(
                fields=("target_type", "target_id", "entry_id"), name="audit_entry_by_target"
            ),
        )

    def __str__(self) -> str:
        return f"{self.entry_id} {self.operation}"


class DailySeal(models.Model):
    """The signed state of the chain at the end of a day; it makes a cut tail visible.

    Seals are numbered 1, 2, 3 … without a gap. `day` is a business day, `2026-11-21`;
    `last_entry_id` and `root` are the newest entry then and its hash (0 and zeros while there is
    none).
    """

    seal_id = TimeOrderedIdField(primary_key=True)
    day = models.CharField(_("day"), max_length=10, unique=True)
    last_entry_id = models.BigIntegerField(_("last entry"))
    root = models.CharField(_("root"), max_length=64)
    sealed_at_us = models.BigIntegerField(_("sealed"))
    key_name = models.CharField(_("key"), max_length=16)
    signature = models.CharField(_("signature"), max_length=128)

    class Meta:
        verbose_name = _("daily seal")
        verbose_name_plural = _("daily seals")
        ordering = ("-seal_id",)

    def __str__(self) -> str:
        return self.day
