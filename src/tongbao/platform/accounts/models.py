"""People, what they are at the acquirer and at merchants, and their log-in attempts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import AppendOnlyIdField


class User(AbstractUser):
    """A person who may log in; `is_staff` opens the operations console.

    Besides the user name a person logs in with e-mail, phone (E.164, `+86…`) or staff number; each
    is unique or absent.
    """

    # An absent address is NULL and not empty, so that the database can keep the others unique.
    email = models.EmailField(  # type: ignore[assignment]  # Django's own is never NULL
        _("e-mail"), null=True, blank=True, unique=True
    )
    phone = models.CharField(_("mobile phone"), max_length=16, null=True, blank=True, unique=True)
    staff_number = models.CharField(
        _("staff number"), max_length=16, null=True, blank=True, unique=True
    )
    # Nothing is sent to an address that was not proven; staff may have given it as a name only.
    is_email_proven = models.BooleanField(_("e-mail proven"), default=False)
    # A number that was typed and not proven yet; nobody logs in with it and nobody is kept from it.
    pending_phone = models.CharField(max_length=16, blank=True)
    display_name = models.CharField(_("name"), max_length=64, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    # When a closed account was opened again; the days without a log-in count from then.
    reopened_at_us = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store what is absent as NULL."""
        self.email = self.email or None
        self.phone = self.phone or None
        self.staff_number = self.staff_number or None
        super().save(*args, **kwargs)


class StaffRoleGrant(models.Model):
    """A staff role that a person has, from the grant until its end."""

    grant_id = AppendOnlyIdField(primary_key=True)
    user = models.ForeignKey(User, models.PROTECT, related_name="staff_roles")
    role = models.CharField(_("role"), max_length=16)
    granted_at_us = models.BigIntegerField(_("granted"))
    granted_by = models.CharField(_("granted by"), max_length=150)
    ended_at_us = models.BigIntegerField(_("ended at"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("staff role")
        verbose_name_plural = _("staff roles")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "role"),
                condition=models.Q(ended_at_us=None),
                name="accounts_staffrolegrant_one_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class Membership(models.Model):
    """What a person is at one merchant, or at a chain and so at each of its merchants.

    `permissions`: the rights of the role `custom`, words of `Permission`; otherwise empty.
    `custom_role` names that role.
    """

    membership_id = models.CharField(primary_key=True, max_length=32)
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    merchant = models.ForeignKey(
        "merchants.Merchant",
        models.PROTECT,
        related_name="memberships",
        null=True,
        blank=True,
        verbose_name=_("merchant"),
    )
    chain_id = models.CharField(_("chain"), max_length=32, blank=True)
    role = models.CharField(_("role"), max_length=16)
    custom_role = models.ForeignKey(
        "accounts.CustomRole",
        models.PROTECT,
        related_name="memberships",
        null=True,
        blank=True,
        verbose_name=_("role"),
    )
    permissions = models.JSONField(_("rights"), default=list)
    since_us = models.BigIntegerField(_("since"))
    until_us = models.BigIntegerField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(merchant=None, chain_id__gt="")
                | models.Q(merchant__isnull=False, chain_id=""),
                name="accounts_membership_merchant_or_chain",
            ),
            models.UniqueConstraint(
                fields=("user", "merchant"),
                condition=models.Q(until_us=None, chain_id=""),
                name="accounts_membership_one_open_merchant",
            ),
            models.UniqueConstraint(
                fields=("user", "chain_id"),
                condition=models.Q(until_us=None, merchant=None),
                name="accounts_membership_one_open_chain",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class CustomRole(models.Model):
    """A role that a merchant made from the closed list of rights; once ended, nobody gets it."""

    role_id = models.CharField(primary_key=True, max_length=32)
    merchant = models.ForeignKey(
        "merchants.Merchant", models.PROTECT, related_name="roles", verbose_name=_("merchant")
    )
    name = models.CharField(_("name"), max_length=64)
    permissions = models.JSONField(_("rights"), default=list)
    created_at_us = models.BigIntegerField()
    ended_at_us = models.BigIntegerField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = (
            models.UniqueConstraint(
                fields=("merchant", "name"),
                condition=models.Q(ended_at_us=None),
                name="accounts_customrole_one_open_name",
            ),
        )

    def __str__(self) -> str:
        return self.name


class PastPassword(models.Model):
    """The hash of a password that somebody had, so that it is not taken again soon."""

    past_id = AppendOnlyIdField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="past_passwords")
    password = models.CharField(max_length=128)

    class Meta:
        verbose_name = _("past password")
        verbose_name_plural = _("past passwords")
        ordering = ("-past_id",)

    def __str__(self) -> str:
        return str(self.past_id)


class OneTimeCode(models.Model):
    """A code that was sent to a person: a factor, a password, a new phone or e-mail address.

    `sent_to` is where it went. Only a keyed digest of the code is kept. `used_at_us` closes it; so
    does a newer code of its purpose.
    """

    code_id = models.CharField(primary_key=True, max_length=32)
    user = models.ForeignKey(User, models.CASCADE, related_name="one_time_codes")
    purpose = models.CharField(max_length=16)
    sent_to = models.CharField(max_length=254, blank=True)
    code_digest = models.CharField(max_length=64)
    sent_at_us = models.BigIntegerField()
    expires_at_us = models.BigIntegerField()
    tries = models.IntegerField(default=0)
    used_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("one-time code")
        verbose_name_plural = _("one-time codes")
        ordering = ("-sent_at_us",)
        indexes = (
            models.Index(fields=("user", "purpose", "sent_at_us"), name="accounts_code_by_user"),
        )

    def __str__(self) -> str:
        return self.code_id


class UsedTotpCode(models.Model):
    """A code of an authenticator app that was shown; the database refuses it a second time."""

    used_id = AppendOnlyIdField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    code_digest = models.CharField(max_length=64)
    window = models.BigIntegerField()

    class Meta:
        verbose_name = _("used code")
        verbose_name_plural = _("used codes")
        constraints = (
            models.UniqueConstraint(fields=("user", "window"), name="accounts_usedtotpcode_once"),
        )

    def __str__(self) -> str:
        return str(self.used_id)


class KnownDevice(models.Model):
    """A browser that a person logged in with; the browser keeps the key, we its digest."""

    device_id = AppendOnlyIdField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="known_devices")
    key_digest = models.CharField(max_length=64)
    device = models.CharField(_("device"), max_length=200)
    address = models.CharField(_("address"), max_length=45)
    first_seen_us = models.BigIntegerField()
    last_seen_us = models.BigIntegerField()

    class Meta:
        verbose_name = _("known device")
        verbose_name_plural = _("known devices")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "key_digest"), name="accounts_knowndevice_once"
            ),
        )

    def __str__(self) -> str:
        return self.device


class KnownPlace(models.Model):
    """Where an internet address was said to be; empty names: nobody knew."""

    address = models.CharField(_("address"), primary_key=True, max_length=45)
    zh = models.CharField(max_length=64, blank=True)
    en = models.CharField(max_length=64, blank=True)
    asked_at_us = models.BigIntegerField()

    class Meta:
        verbose_name = _("known place")
        verbose_name_plural = _("known places")

    def __str__(self) -> str:
        return self.address


class SharedCount(models.Model):
    """A row of the cache that all processes share: how often somebody asked; Django's layout."""

    cache_key = models.CharField(primary_key=True, max_length=255)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "accounts_sharedcount"
        verbose_name = _("shared count")
        verbose_name_plural = _("shared counts")

    def __str__(self) -> str:
        return self.cache_key


class Notice(models.Model):
    """Something that a person should know about their account; `detail` fills the words."""

    notice_id = models.CharField(primary_key=True, max_length=32)
    user = models.ForeignKey(User, models.CASCADE, related_name="notices")
    kind = models.CharField(_("kind"), max_length=32)
    detail = models.JSONField(default=dict)
    at_us = models.BigIntegerField(_("time"))
    read_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ("-at_us",)
        indexes = (models.Index(fields=("user", "at_us"), name="accounts_notice_by_user"),)

    def __str__(self) -> str:
        return self.kind


class LoginAttempt(models.Model):
    """One try to log in, kept to slow down guessing and to be read afterwards.

    The typed name is kept as a keyed digest: people type their password into the name field.
    """

    attempt_id = AppendOnlyIdField(primary_key=True)
    name_digest = models.CharField(max_length=64)
    address = models.CharField(max_length=45)
    at_us = models.BigIntegerField()
    succeeded = models.BooleanField()

    class Meta:
        verbose_name = _("log-in attempt")
        verbose_name_plural = _("log-in attempts")
        indexes = (
            models.Index(fields=("name_digest", "attempt_id"), name="accounts_attempt_by_name"),
            models.Index(fields=("address", "attempt_id"), name="accounts_attempt_by_address"),
        )

    def __str__(self) -> str:
        return f"{self.at_us} {'ok' if self.succeeded else 'refused'}"
