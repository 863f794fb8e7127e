"""How far each periodic task is: when it is due, who has it now, how it ended last."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class TaskState(models.Model):
    """One row a task. Whoever moves `held_until_us` forward has the task until then."""

    name = models.CharField(_("task"), primary_key=True, max_length=64)
    due_at_us = models.BigIntegerField(_("due"))
    held_until_us = models.BigIntegerField(_("held until"), default=0, db_default=0)
    started_at_us = models.BigIntegerField(_("started"), null=True)
    finished_at_us = models.BigIntegerField(_("finished"), null=True)
    outcome = models.CharField(_("outcome"), max_length=8, default="", db_default="")
    did = models.IntegerField(_("acts done"), default=0, db_default=0)
    failures = models.IntegerField(_("failures in a row"), default=0, db_default=0)
    detail = models.CharField(_("detail"), max_length=200, default="", db_default="")

    class Meta:
        verbose_name = _("periodic task")
        verbose_name_plural = _("periodic tasks")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
