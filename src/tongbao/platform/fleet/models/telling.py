"""What machines say of themselves, and what they are told to do."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import AppendOnlyIdField
from tongbao.platform.fleet.models.device import Device


class DeviceHealth(models.Model):
    """The newest heartbeat of a machine with what it means; one row a machine, written over."""

    device = models.OneToOneField(Device, models.CASCADE, primary_key=True, related_name="health")
    at_us = models.BigIntegerField(_("heard"), db_index=True)
    next_due_us = models.BigIntegerField()
    address = models.CharField(max_length=45)
    body = models.JSONField()
    score = models.IntegerField(_("health"))
    reasons = models.JSONField(default=list)
    applied_version = models.IntegerField()

    class Meta:
        verbose_name = _("health of a device")
        verbose_name_plural = _("health of devices")

    def __str__(self) -> str:
        return f"{self.device_id} {self.score}"


class Heartbeat(models.Model):
    """One heartbeat that is worth keeping: the first, one in a while, and each change."""

    heartbeat_id = AppendOnlyIdField(primary_key=True)
    device = models.ForeignKey(
        Device, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="heartbeats"
    )
    at_us = models.BigIntegerField()
    score = models.IntegerField()
    body = models.JSONField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        indexes = (
            models.Index(fields=("device", "heartbeat_id"), name="fleet_heartbeat_of_device"),
        )

    def __str__(self) -> str:
        return f"{self.device_id} {self.at_us}"


class RemoteAct(models.Model):
    """One thing a machine is asked to do.

    `state` is asked, delivered, done, failed, refused, withdrawn or expired.
    """

    act_id = models.CharField(primary_key=True, max_length=32)
    device = models.ForeignKey(Device, models.PROTECT, related_name="acts")
    merchant_id = models.CharField(max_length=15, default="", db_default="")
    terminal_id = models.CharField(max_length=8, default="", db_default="")
    kind = models.CharField(_("act"), max_length=16)
    body = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=12, default="asked")
    asked_by = models.CharField(max_length=64)
    asked_by_name = models.CharField(_("asked by"), max_length=150)
    asked_at_us = models.BigIntegerField(_("asked"))
    expires_at_us = models.BigIntegerField()
    delivered_at_us = models.BigIntegerField(_("delivered"), null=True)
    deliveries = models.IntegerField(default=0)
    ended_at_us = models.BigIntegerField(_("ended"), null=True)
    detail = models.CharField(max_length=500, default="", db_default="")
    log = models.BinaryField(null=True)

    class Meta:
        verbose_name = _("remote act")
        verbose_name_plural = _("remote acts")
        ordering = ("-asked_at_us", "act_id")
        indexes = (models.Index(fields=("device", "asked_at_us"), name="fleet_act_of_device"),)

    def __str__(self) -> str:
        return f"{self.device_id} {self.kind} {self.state}"


class SelfTest(models.Model):
    """The result of one self-test, part by part, as the machine reported it."""

    test_id = AppendOnlyIdField(primary_key=True)
    device = models.ForeignKey(
        Device, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="self_tests"
    )
    terminal_id = models.CharField(max_length=8, default="", db_default="")
    occasion = models.CharField(max_length=20)
    act_id = models.CharField(max_length=32, default="", db_default="")
    passed = models.BooleanField(_("passed"))
    parts = models.JSONField()
    at_us = models.BigIntegerField()
    received_at_us = models.BigIntegerField()

    class Meta:
        verbose_name = _("self-test")
        verbose_name_plural = _("self-tests")
        indexes = (models.Index(fields=("device", "test_id"), name="fleet_selftest_of_device"),)

    def __str__(self) -> str:
        return f"{self.device_id} {self.occasion}"
