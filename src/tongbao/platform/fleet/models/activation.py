"""Activations, the certificates they end in, and what guards the way there."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.fleet.models.device import Device
from tongbao.platform.fleet.models.terminals import Terminal


class Activation(models.Model):
    """One invitation that a machine shows on its screen, and what came of it.

    It belongs to one key of the machine: whoever else says hello under the same serial number gets
    another invitation with another code. `state` is waiting, confirmed, certified, done, failed or
    expired; `step` is the last step that is done. The code itself is kept nowhere.
    """

    activation_id = models.CharField(primary_key=True, max_length=32)
    device = models.ForeignKey(Device, models.PROTECT, related_name="activations")
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="activations")
    merchant_id = models.CharField(max_length=15, db_index=True)
    state = models.CharField(_("state"), max_length=12, default="waiting", db_index=True)
    public_key = models.BinaryField()
    key_digest = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64)
    tries = models.IntegerField(default=0)
    method = models.CharField(_("way"), max_length=16, default="", db_default="")
    step = models.CharField(_("step"), max_length=16, default="", db_default="")
    cause = models.CharField(_("cause"), max_length=32, default="", db_default="")
    cause_detail = models.CharField(max_length=200, default="", db_default="")
    papers = models.JSONField(default=dict)
    created_at_us = models.BigIntegerField(_("begun"))
    expires_at_us = models.BigIntegerField(_("expires"))
    confirmed_at_us = models.BigIntegerField(_("confirmed"), null=True)
    confirmed_by = models.CharField(max_length=64, default="", db_default="")
    confirmed_by_name = models.CharField(max_length=150, default="", db_default="")
    promised_at_us = models.BigIntegerField(_("promised"), null=True)
    certified_at_us = models.BigIntegerField(null=True)
    ended_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("activation")
        verbose_name_plural = _("activations")
        ordering = ("-created_at_us", "activation_id")
        constraints = (
            models.UniqueConstraint(
                fields=("device", "key_digest"),
                condition=models.Q(ended_at_us__isnull=True),
                name="fleet_activation_one_of_key",
            ),
        )

    def __str__(self) -> str:
        return f"{self.device_id} {self.state}"


class DeviceCertificate(models.Model):
    """A certificate of the device authority; the fingerprint is the SHA-256 of its DER form."""

    fingerprint = models.CharField(primary_key=True, max_length=64)
    device = models.ForeignKey(Device, models.PROTECT, related_name="certificates")
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="certificates")
    certificate_number = models.CharField(max_length=40, unique=True)
    pem = models.TextField()
    issued_at_us = models.BigIntegerField(_("issued"))
    not_after_us = models.BigIntegerField(_("good until"))
    revoked_at_us = models.BigIntegerField(_("revoked"), null=True)
    revoked_for = models.CharField(max_length=40, default="", db_default="")

    class Meta:
        verbose_name = _("device certificate")
        verbose_name_plural = _("device certificates")
        ordering = ("-issued_at_us",)

    def __str__(self) -> str:
        return f"{self.device_id} {self.fingerprint[:16]}"


class DeviceNonce(models.Model):
    """A nonce that a signed request used; it is forgotten when its time is refused anyway."""

    nonce = models.CharField(primary_key=True, max_length=64)
    at_us = models.BigIntegerField(db_index=True)

    class Meta:
        verbose_name = _("used nonce")
        verbose_name_plural = _("used nonces")

    def __str__(self) -> str:
        return self.nonce[:8]


class IvrCall(models.Model):
    """One telephone call: where in the menu it is and which digits it gave so far."""

    call_id = models.CharField(primary_key=True, max_length=64)
    caller = models.CharField(max_length=24)
    state = models.JSONField(default=dict)
    began_at_us = models.BigIntegerField()
    ended_at_us = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=32, default="", db_default="")

    class Meta:
        verbose_name = _("telephone call")
        verbose_name_plural = _("telephone calls")
        ordering = ("-began_at_us",)

    def __str__(self) -> str:
        return self.call_id
