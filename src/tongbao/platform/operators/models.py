"""Operators of terminals and the codes that open functions."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.fleet.models import Terminal
from tongbao.platform.merchants.models import Merchant

_OPEN = models.Q(ended_at_us__isnull=True)


class TerminalOperator(models.Model):
    """One person's number at the tills of a merchant, or at one of them.

    `number` is 00 (supervisor), 01 to 98 or 99 (administrator). Without `terminal` it counts at
    every terminal of the merchant; one of the terminal itself goes before it. `pin_hash` is in the
    form of `tongbao.crypto.operator_pin`; a PIN that the platform gave must be changed.
    """

    operator_id = models.CharField(primary_key=True, max_length=32)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="operators", verbose_name=_("merchant")
    )
    terminal = models.ForeignKey(
        Terminal, models.PROTECT, null=True, related_name="operators", verbose_name=_("terminal")
    )
    number = models.CharField(_("operator number"), max_length=2)
    name = models.CharField(_("name"), max_length=40)
    role = models.CharField(_("role"), max_length=16)
    pin_hash = models.CharField(max_length=255)
    must_change = models.BooleanField(_("must change the PIN"), default=True)
    created_at_us = models.BigIntegerField(_("added"))
    changed_at_us = models.BigIntegerField(_("changed"))
    pin_changed_at_us = models.BigIntegerField(_("PIN changed"))
    ended_at_us = models.BigIntegerField(_("ended"), null=True)

    class Meta:
        verbose_name = _("terminal operator")
        verbose_name_plural = _("terminal operators")
        ordering = ("number", "operator_id")
        constraints = (
            models.UniqueConstraint(
                fields=("merchant", "number"),
                condition=_OPEN & models.Q(terminal__isnull=True),
                name="operators_one_number_of_merchant",
            ),
            models.UniqueConstraint(
                fields=("terminal", "number"),
                condition=_OPEN & models.Q(terminal__isnull=False),
                name="operators_one_number_of_terminal",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class FunctionCode(models.Model):
    """One version of a code that opens a function at a merchant's terminals; added, never edited.

    The open row counts; a merchant without a row for a code has the default of
    `tongbao.platform.operators.catalogue`.
    """

    code_id = models.CharField(primary_key=True, max_length=32)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="function_codes", verbose_name=_("merchant")
    )
    code = models.CharField(_("function code"), max_length=8)
    version = models.IntegerField(_("version"))
    kind = models.CharField(_("function"), max_length=40)
    function_class = models.CharField(_("class"), max_length=16)
    role = models.CharField(_("role"), max_length=16)
    password_hash = models.CharField(max_length=255, default="", db_default="")
    valid_from_us = models.BigIntegerField(_("valid from"))
    ended_at_us = models.BigIntegerField(_("ended"), null=True)

    class Meta:
        verbose_name = _("function code")
        verbose_name_plural = _("function codes")
        ordering = ("code", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("merchant", "code"), condition=_OPEN, name="operators_one_open_code"
            ),
            models.UniqueConstraint(
                fields=("merchant", "code", "version"), name="operators_code_version_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.kind}"
