"""The wanted state: what each level set, what a terminal was told, and what it reported back."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import AppendOnlyIdField
from tongbao.platform.fleet.models.device import Device
from tongbao.platform.fleet.models.terminals import Terminal


class WantedSettings(models.Model):
    """What one level sets: `scope` acquirer, merchant, shop or terminal, `key` its number.

    Rows are only added; the newest version of a scope and key counts, as a whole.
    """

    settings_id = AppendOnlyIdField(primary_key=True)
    scope = models.CharField(max_length=10)
    key = models.CharField(max_length=32, default="", db_default="")
    version = models.IntegerField()
    document = models.JSONField(default=dict)
    at_us = models.BigIntegerField(_("set"))
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(_("who"), max_length=150)
    by_staff = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("wanted settings")
        verbose_name_plural = _("wanted settings")
        constraints = (
            models.UniqueConstraint(
                fields=("scope", "key", "version"), name="fleet_wantedsettings_version_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.scope} {self.key} {self.version}"


class WantedIssue(models.Model):
    """The whole document a terminal is to have, numbered for each terminal from 1."""

    issue_id = AppendOnlyIdField(primary_key=True)
    terminal = models.ForeignKey(
        Terminal, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="issues"
    )
    version = models.IntegerField()
    content_sha256 = models.CharField(max_length=64)
    document_sha256 = models.CharField(max_length=64)
    document = models.TextField()
    at_us = models.BigIntegerField()

    class Meta:
        verbose_name = _("issued settings")
        verbose_name_plural = _("issued settings")
        constraints = (
            models.UniqueConstraint(
                fields=("terminal", "version"), name="fleet_wantedissue_version_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.version}"


class WantedReport(models.Model):
    """What a terminal reported to be in force, with the bytes it signed."""

    report_id = AppendOnlyIdField(primary_key=True)
    device = models.ForeignKey(
        Device, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="reports"
    )
    terminal = models.ForeignKey(
        Terminal, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="reports"
    )
    version = models.IntegerField()
    outcome = models.CharField(max_length=12)
    is_true_copy = models.BooleanField()
    drift = models.JSONField(default=list)
    detail = models.CharField(max_length=200)
    at_us = models.BigIntegerField()
    received_at_us = models.BigIntegerField()
    signed_document = models.BinaryField()
    signature = models.BinaryField()

    class Meta:
        verbose_name = _("report of settings")
        verbose_name_plural = _("reports of settings")
        indexes = (models.Index(fields=("terminal", "report_id"), name="fleet_report_of_terminal"),)

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.version} {self.outcome}"
