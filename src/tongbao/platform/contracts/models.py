"""Contracts and fees, all of them rows that are added and never changed.

A merchant's fees are those of the schedule in the contract that was signed last. There is no
column with a fee that could be edited: a fee changes by a new schedule, a contract that offers it
and a signature of the merchant.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.merchants.models import Merchant
from tongbao.platform.onboarding.models import Application


class Published(models.Model):
    """What merchants agree to: numbered, with the hash of what it says."""

    sha256 = models.CharField(max_length=64)
    published_at_us = models.BigIntegerField(_("published"))

    class Meta:
        abstract = True
        ordering = ("-version",)


class FeeSchedule(Published):
    """One version of the fees: rates in parts per million, caps in fen (see `fees.py`)."""

    schedule_id = models.CharField(primary_key=True, max_length=32)
    version = models.IntegerField(_("version"), unique=True)
    title = models.CharField(_("title"), max_length=80)
    title_en = models.CharField(_("English title"), max_length=80)
    is_standard = models.BooleanField(_("standard"), default=True, db_default=True)
    rates = models.JSONField()

    class Meta(Published.Meta):
        verbose_name = _("fee schedule")
        verbose_name_plural = _("fee schedules")

    def __str__(self) -> str:
        return f"{self.version} {self.title}"


class ContractVersion(Published):
    """One version of the contract's text in both languages, with its hash."""

    version = models.IntegerField(_("version"), primary_key=True)
    text_zh = models.TextField()
    text_en = models.TextField()

    class Meta(Published.Meta):
        verbose_name = _("contract text")
        verbose_name_plural = _("contract texts")

    def __str__(self) -> str:
        return str(self.version)


class Contract(models.Model):
    """An offer to a merchant: this text with these fees; a contract once it is signed."""

    contract_id = models.CharField(primary_key=True, max_length=32)
    number = models.CharField(_("contract number"), max_length=24, unique=True)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="contracts")
    application = models.ForeignKey(
        Application, models.PROTECT, null=True, related_name="contracts"
    )
    version = models.ForeignKey(ContractVersion, models.PROTECT, related_name="contracts")
    schedule = models.ForeignKey(FeeSchedule, models.PROTECT, related_name="contracts")
    reason = models.CharField(max_length=200, default="", db_default="")
    offered_by = models.CharField(max_length=64)
    offered_at_us = models.BigIntegerField(_("offered"))
    expires_at_us = models.BigIntegerField(_("expires"))

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        ordering = ("-offered_at_us", "contract_id")

    def __str__(self) -> str:
        return self.number


class ContractSigning(models.Model):
    """The merchant's signature under a contract, with the document as it was signed."""

    contract = models.OneToOneField(
        Contract, models.PROTECT, primary_key=True, related_name="signing"
    )
    signer_id = models.CharField(max_length=64)
    signer_name = models.CharField(max_length=80)
    phone_masked = models.CharField(max_length=20)
    code_sent_at_us = models.BigIntegerField()
    address = models.CharField(max_length=64, default="", db_default="")
    language = models.CharField(max_length=8)
    signature_sealed = models.BinaryField()
    signature_sha256 = models.CharField(max_length=64)
    pdf_sealed = models.BinaryField()
    pdf_sha256 = models.CharField(max_length=64)
    signed_at_us = models.BigIntegerField(_("signed"))

    class Meta:
        verbose_name = _("signing of a contract")
        verbose_name_plural = _("signings of contracts")
        ordering = ("-signed_at_us",)

    def __str__(self) -> str:
        return self.contract_id


class SigningCode(models.Model):
    """A confirmation code sent to the signer's phone; only its hash is kept."""

    code_id = models.CharField(primary_key=True, max_length=32)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="codes")
    user_id = models.CharField(max_length=64)
    phone_masked = models.CharField(max_length=20)
    code_hash = models.CharField(max_length=64)
    tries = models.IntegerField(default=0, db_default=0)
    sent_at_us = models.BigIntegerField()
    expires_at_us = models.BigIntegerField()
    used_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("signing code")
        verbose_name_plural = _("signing codes")
        ordering = ("contract", "sent_at_us", "code_id")

    def __str__(self) -> str:
        return self.code_id
