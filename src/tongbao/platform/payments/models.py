"""Payments as the host writes them: the intent once, then events, never an update.

The host writes both tables with plain SQL on its hot path, so they carry no foreign-key
constraints and only the indexes that a rule of the trade or a page of the console needs.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import AppendOnlyIdField, TimeOrderedIdField
from tongbao.platform.fleet.models import Terminal
from tongbao.platform.merchants.models import Merchant


class Payment(models.Model):
    """The intent of a payment, written before anything goes to the issuer."""

    payment_id = TimeOrderedIdField(primary_key=True)
    terminal = models.ForeignKey(
        Terminal,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="payments",
        verbose_name=_("terminal"),
    )
    merchant = models.ForeignKey(
        Merchant,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="payments",
        verbose_name=_("merchant"),
    )
    batch_no = models.IntegerField(_("batch"))
    stan = models.IntegerField(_("trace"))
    kind = models.CharField(_("kind"), max_length=16)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    card_masked = models.CharField(_("card"), max_length=19)
    card_token = models.BinaryField(_("card token"), max_length=16)
    entry_mode = models.CharField(_("entry mode"), max_length=3)
    rrn = models.CharField(_("reference number (RRN)"), max_length=12)
    business_date = models.DateField(_("business date"))
    route = models.CharField(_("route"), max_length=16)
    received_at_us = models.BigIntegerField(_("received"))

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ("-payment_id",)
        constraints = (
            models.UniqueConstraint(
                fields=("terminal", "batch_no", "stan"), name="payments_payment_once_per_trace"
            ),
            # A constraint and not `unique=True`, which on PostgreSQL would add a second index for
            # LIKE searches to the hot table.
            models.UniqueConstraint(fields=("rrn",), name="payments_payment_rrn"),
        )
        indexes = (models.Index(fields=("business_date",), name="payments_payment_by_date"),)

    def __str__(self) -> str:
        return self.rrn


class PaymentEvent(models.Model):
    """Something that happened to a payment; the payment's status is the fold of its events."""

    event_id = AppendOnlyIdField(primary_key=True)
    payment = models.ForeignKey(
        Payment,
        models.DO_NOTHING,
        db_constraint=False,
        related_name="events",
        verbose_name=_("payment"),
    )
    kind = models.CharField(_("event"), max_length=24)
    at_us = models.BigIntegerField(_("time"))
    response_code = models.CharField(_("response code"), max_length=2, db_default="")
    auth_code = models.CharField(_("authorisation code"), max_length=6, db_default="")
    detail = models.CharField(_("detail"), max_length=120, db_default="")

    class Meta:
        verbose_name = _("payment event")
        verbose_name_plural = _("payment events")
        ordering = ("event_id",)

    def __str__(self) -> str:
        return f"{self.payment_id} {self.kind}"
