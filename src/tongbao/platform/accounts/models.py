"""Console users and the record of their log-in attempts."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import AppendOnlyIdField


class User(AbstractUser):
    """A person who may log in; `is_staff` opens the operations console."""

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")


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
