"""The merchant register: who is paid, in which shops, on which account, and within which limits."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import AppendOnlyIdField


class Chain(models.Model):
    """Several merchants under one head office; what they share is the people, never the money."""

    chain_id = models.CharField(primary_key=True, max_length=32)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80, default="", db_default="")
    created_at_us = models.BigIntegerField(_("registered"))

    class Meta:
        verbose_name = _("chain")
        verbose_name_plural = _("chains")
        ordering = ("chain_id",)

    def __str__(self) -> str:
        return self.name


class Merchant(models.Model):
    """Somebody who takes payments under one merchant number.

    `status` is `unsigned` (approved, the contract is not signed yet), `active`, `suspended` or
    `closed`; `is_active` is what the host looks at and is true for `active` alone. A merchant
    without a credit code (小微) is told by `identity_token`, which is made from the owner's
    resident id and cannot be turned back.
    """

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
    chain = models.ForeignKey(
        Chain, models.PROTECT, null=True, related_name="merchants", verbose_name=_("chain")
    )
    tier = models.CharField(_("tier"), max_length=16, default="", db_default="")
    status = models.CharField(_("status"), max_length=16, default="active", db_default="active")
    registered_name = models.CharField(
        _("registered name"), max_length=120, default="", db_default=""
    )
    credit_code = models.CharField(_("credit code"), max_length=18, default="", db_default="")
    identity_token = models.CharField(max_length=18, default="", db_default="")
    legal_person = models.CharField(_("legal person"), max_length=60, default="", db_default="")
    contact_phone = models.CharField(_("contact phone"), max_length=20, default="", db_default="")

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        ordering = ("merchant_id",)

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.name}"

    @property
    def binding_code(self) -> str:
        """Who stands behind the merchant, 18 characters: credit code, or token of the owner's id.

        Spec: 银发〔2021〕259号, the third of the five elements bound to a terminal.
        """
        return self.credit_code or self.identity_token


class Shop(models.Model):
    """One place where a merchant sells and terminals stand; co-ordinates in micro-degrees."""

    shop_id = models.CharField(primary_key=True, max_length=32)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="shops")
    name = models.CharField(_("name"), max_length=80)
    address = models.CharField(_("address"), max_length=200)
    city = models.CharField(_("city"), max_length=40)
    latitude_udeg = models.IntegerField(null=True)
    longitude_udeg = models.IntegerField(null=True)
    is_active = models.BooleanField(_("active"), default=True, db_default=True)
    created_at_us = models.BigIntegerField(_("registered"))

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")
        ordering = ("merchant", "created_at_us", "shop_id")

    def __str__(self) -> str:
        return self.name


class SettlementAccount(models.Model):
    """Where a merchant's money goes, from one moment to another; the number is sealed.

    One row a merchant is open (`ended_at_us` is empty); a change closes it and adds another.
    """

    account_id = models.CharField(primary_key=True, max_length=32)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="settlement_accounts")
    holder = models.CharField(max_length=120)
    bank = models.CharField(max_length=80)
    bank_code = models.CharField(max_length=12, default="", db_default="")
    number_sealed = models.BinaryField()
    number_token = models.CharField(max_length=32)
    last4 = models.CharField(max_length=4)
    kind = models.CharField(max_length=16)
    application_id = models.CharField(max_length=32, default="", db_default="")
    valid_from_us = models.BigIntegerField()
    ended_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("settlement account")
        verbose_name_plural = _("settlement accounts")
        ordering = ("merchant", "valid_from_us", "account_id")
        constraints = (
            models.UniqueConstraint(
                fields=("merchant",),
                condition=models.Q(ended_at_us__isnull=True),
                name="merchants_settlementaccount_one_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.holder} …{self.last4}"


class MerchantLimits(models.Model):
    """What a merchant may take by card, in fen; empty means that no limit of ours applies.

    One row a merchant is open; `rules` names the rule that each limit comes from.
    """

    limits_id = models.CharField(primary_key=True, max_length=32)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="limits")
    tier = models.CharField(max_length=16)
    per_trade_minor = models.BigIntegerField(null=True)
    per_day_minor = models.BigIntegerField(null=True)
    per_month_minor = models.BigIntegerField(null=True)
    credit_per_day_minor = models.BigIntegerField(null=True)
    credit_per_month_minor = models.BigIntegerField(null=True)
    rules = models.JSONField(default=dict)
    valid_from_us = models.BigIntegerField()
    ended_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("limits of a merchant")
        verbose_name_plural = _("limits of merchants")
        ordering = ("merchant", "valid_from_us", "limits_id")
        constraints = (
            models.UniqueConstraint(
                fields=("merchant",),
                condition=models.Q(ended_at_us__isnull=True),
                name="merchants_merchantlimits_one_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.tier}"


class CategoryRecord(models.Model):
    """Which category code a merchant has had since when, and which application decided it."""

    record_id = AppendOnlyIdField(primary_key=True)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="category_records")
    mcc = models.CharField(max_length=4)
    application_id = models.CharField(max_length=32, default="", db_default="")
    decided_by = models.CharField(max_length=64)
    from_us = models.BigIntegerField()

    class Meta:
        verbose_name = _("category of a merchant")
        verbose_name_plural = _("categories of merchants")
        ordering = ("record_id",)

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.mcc}"
