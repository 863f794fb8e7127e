"""The merchant register."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Merchant(models.Model):
    """A shop that takes payments under one merchant number."""

    merchant_id = models.CharField(_("merchant number"), primary_key=True, max_length=15)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)
    mcc = models.CharField(_("category code (MCC)"), max_length=4)
    city = models.CharField(_("city"), max_length=40)
    is_active = models.BooleanField(_("active"), default=True, db_default=True)
    # Mail and phone orders come without the card and without a PIN; most merchants may not.
    mail_order_allowed = models.BooleanField(
        _("mail and phone orders"), default=False, db_default=False
    )
    created_at_us = models.BigIntegerField(_("registered"))

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        ordering = ("merchant_id",)

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.name}"
