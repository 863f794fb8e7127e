"""Terminals, the sign-ins that gave them working keys, what they report and are told to do."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import AppendOnlyIdField
from tongbao.platform.merchants.models import Merchant


class Terminal(models.Model):
    """A payment terminal of one merchant."""

    terminal_id = models.CharField(_("terminal number"), primary_key=True, max_length=8)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="terminals", verbose_name=_("merchant")
    )
    serial_number = models.CharField(_("serial number"), max_length=50, unique=True)
    label = models.CharField(_("label"), max_length=80)
    shop = models.ForeignKey(
        "merchants.Shop",
        models.PROTECT,
        null=True,
        related_name="terminals",
        verbose_name=_("shop"),
    )
    is_active = models.BooleanField(_("active"), default=True, db_default=True)
    batch_no = models.IntegerField(_("batch"), default=1, db_default=1)
    created_at_us = models.BigIntegerField(_("registered"))

    class Meta:
        verbose_name = _("terminal")
        verbose_name_plural = _("terminals")
        ordering = ("terminal_id",)

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.label}"


class TerminalSession(models.Model):
    """One sign-in: the working keys made for it, wrapped under the host's master key.

    Rows are only added; the newest row of a terminal is its session. The terminal column carries
    no database constraint because the host writes it on its hot path.
    """

    session_id = AppendOnlyIdField(primary_key=True)
    terminal = models.ForeignKey(
        Terminal,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="sessions",
        verbose_name=_("terminal"),
    )
    signed_in_at_us = models.BigIntegerField(_("signed in"))
    batch_no = models.IntegerField(_("batch"))
    operator_no = models.CharField(_("operator"), max_length=3, db_default="")
    key_block = models.BinaryField(_("wrapped working keys"))

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        indexes = (
            models.Index(fields=("terminal", "session_id"), name="fleet_session_of_terminal"),
        )

    def __str__(self) -> str:
        return f"{self.terminal_id} #{self.session_id}"


class TerminalStatus(models.Model):
    """What a terminal reported about itself, as it sent it."""

    status_id = AppendOnlyIdField(primary_key=True)
    terminal = models.ForeignKey(
        Terminal,
        models.DO_NOTHING,
        db_constraint=False,
        related_name="statuses",
        verbose_name=_("terminal"),
    )
    at_us = models.BigIntegerField(_("time"))
    body = models.CharField(_("report"), max_length=500)

    class Meta:
        verbose_name = _("status report")
        verbose_name_plural = _("status reports")
        ordering = ("-status_id",)

    def __str__(self) -> str:
        return f"{self.terminal_id} #{self.status_id}"


class TerminalOrder(models.Model):
    """An act that the terminal is told to do next, by the digit in the header of an answer."""

    order_id = AppendOnlyIdField(primary_key=True)
    terminal = models.ForeignKey(
        Terminal,
        models.DO_NOTHING,
        db_constraint=False,
        related_name="orders",
        verbose_name=_("terminal"),
    )
    act = models.CharField(_("act"), max_length=1)
    ordered_at_us = models.BigIntegerField(_("ordered"))

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-order_id",)

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.act}"


class TerminalOrderDone(models.Model):
    """The host saw that an order was carried out."""

    done_id = AppendOnlyIdField(primary_key=True)
    order = models.ForeignKey(
        TerminalOrder,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="done",
        verbose_name=_("order"),
    )
    at_us = models.BigIntegerField(_("time"))

    class Meta:
        verbose_name = _("order carried out")
        verbose_name_plural = _("orders carried out")
        constraints = (
            models.UniqueConstraint(fields=("order",), name="fleet_terminalorderdone_once"),
        )

    def __str__(self) -> str:
        return str(self.order_id)
