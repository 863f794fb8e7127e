"""Applications with all that belongs to them, and the agents who bring them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import AppendOnlyIdField
from tongbao.platform.merchants.models import Merchant


class Agent(models.Model):
    """Somebody who sells and serves for the acquirer; kept because promises bind."""

    agent_id = models.CharField(primary_key=True, max_length=32)
    name = models.CharField(_("name"), max_length=80)
    credit_code = models.CharField(_("credit code"), max_length=18, default="", db_default="")
    phone = models.CharField(_("phone"), max_length=20)
    region = models.CharField(_("region"), max_length=40, default="", db_default="")
    is_active = models.BooleanField(_("active"), default=True, db_default=True)
    created_at_us = models.BigIntegerField(_("registered"))

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ("name", "agent_id")

    def __str__(self) -> str:
        return self.name


class Application(models.Model):
    """A wish to become a merchant, or to change what only an application may change.

    `kind` is `new`, `settlement_account` or `category`. `data` holds what may be shown; what may
    not (resident id, account number) is sealed in `secrets_sealed` and shown by its last digits.
    `version` rises with every write, so that an act on an old page is noticed.
    """

    application_id = models.CharField(primary_key=True, max_length=32)
    kind = models.CharField(_("kind"), max_length=24, default="new", db_default="new")
    tier = models.CharField(_("tier"), max_length=16)
    status = models.CharField(_("status"), max_length=24, default="draft", db_default="draft")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="applications")
    merchant = models.ForeignKey(Merchant, models.PROTECT, null=True, related_name="applications")
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, related_name="applications")
    reviewer = models.CharField(_("reviewer"), max_length=64, default="", db_default="")
    data = models.JSONField(default=dict)
    secrets_sealed = models.BinaryField(default=bytes)
    version = models.IntegerField(default=1, db_default=1)
    created_at_us = models.BigIntegerField(_("begun"))
    updated_at_us = models.BigIntegerField(_("changed"))
    submitted_at_us = models.BigIntegerField(_("submitted"), null=True)
    # The moment by which the next step was promised; empty when nothing is due.
    promised_at_us = models.BigIntegerField(_("promised"), null=True)
    reminded_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ("-created_at_us", "application_id")
        indexes = (models.Index(fields=("status", "promised_at_us"), name="onboarding_by_promise"),)

    def __str__(self) -> str:
        return self.application_id


class Paper(models.Model):
    """One uploaded paper, sealed; a newer one of the same kind takes its place in the review."""

    paper_id = models.CharField(primary_key=True, max_length=32)
    application = models.ForeignKey(Application, models.PROTECT, related_name="papers")
    kind = models.CharField(max_length=32)
    file_name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=32)
    size_bytes = models.IntegerField()
    width_px = models.IntegerField(default=0, db_default=0)
    height_px = models.IntegerField(default=0, db_default=0)
    sha256 = models.CharField(max_length=64)
    sealed = models.BinaryField()
    uploaded_at_us = models.BigIntegerField()
    uploaded_by = models.CharField(max_length=64)
    removed_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        ordering = ("application", "uploaded_at_us", "paper_id")

    def __str__(self) -> str:
        return f"{self.kind} {self.sha256[:12]}"


class PaperReading(models.Model):
    """What a machine read on a paper; it fills in forms and decides nothing."""

    reading_id = AppendOnlyIdField(primary_key=True)
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="readings")
    outcome = models.CharField(max_length=24)
    values_sealed = models.BinaryField(default=bytes)
    took_ms = models.IntegerField(default=0, db_default=0)
    read_at_us = models.BigIntegerField()

    class Meta:
        verbose_name = _("reading of a paper")
        verbose_name_plural = _("readings of papers")
        ordering = ("reading_id",)

    def __str__(self) -> str:
        return f"{self.paper_id} {self.outcome}"


class ApplicationEvent(models.Model):
    """Something that happened to an application; rows are added and never changed."""

    event_id = AppendOnlyIdField(primary_key=True)
    application = models.ForeignKey(Application, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=32)
    from_status = models.CharField(max_length=24)
    to_status = models.CharField(max_length=24)
    at_us = models.BigIntegerField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=80)
    note = models.CharField(max_length=500, default="", db_default="")
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("step of an application")
        verbose_name_plural = _("steps of applications")
        ordering = ("event_id",)

    def __str__(self) -> str:
        return f"{self.application_id} {self.kind}"


class Finding(models.Model):
    """Something wrong with an application: a code whose words say what to correct."""

    finding_id = models.CharField(primary_key=True, max_length=32)
    application = models.ForeignKey(Application, models.PROTECT, related_name="findings")
    round_no = models.IntegerField()
    code = models.CharField(max_length=48)
    field = models.CharField(max_length=48, default="", db_default="")
    origin = models.CharField(max_length=16)
    note = models.CharField(max_length=500, default="", db_default="")
    opened_at_us = models.BigIntegerField()
    cleared_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ("application", "round_no", "opened_at_us", "finding_id")

    def __str__(self) -> str:
        return self.code


class OneFenDeposit(models.Model):
    """One fen sent to an account with a code in its remark, which its owner types back."""

    deposit_id = models.CharField(primary_key=True, max_length=32)
    application = models.ForeignKey(Application, models.PROTECT, related_name="deposits")
    account_token = models.CharField(max_length=32)
    bank_reference = models.CharField(max_length=64, default="", db_default="")
    code_hash = models.CharField(max_length=64)
    tries = models.IntegerField(default=0, db_default=0)
    sent_at_us = models.BigIntegerField()
    expires_at_us = models.BigIntegerField()
    confirmed_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("one-fen deposit")
        verbose_name_plural = _("one-fen deposits")
        ordering = ("application", "sent_at_us", "deposit_id")

    def __str__(self) -> str:
        return self.deposit_id


class Agency(models.Model):
    """Which agent sold to a merchant or serves it, from one moment to another."""

    agency_id = models.CharField(primary_key=True, max_length=32)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="agencies")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="agencies")
    role = models.CharField(max_length=8)
    from_us = models.BigIntegerField()
    ended_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ("merchant", "from_us", "agency_id")
        constraints = (
            models.UniqueConstraint(
                fields=("merchant", "role"),
                condition=models.Q(ended_at_us__isnull=True),
                name="onboarding_agency_one_per_role",
            ),
        )

    def __str__(self) -> str:
        return f"{self.agent_id} {self.role} {self.merchant_id}"


class AgentPromise(models.Model):
    """What an agent promised an applicant, in the words that were used; never edited."""

    promise_id = AppendOnlyIdField(primary_key=True)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="promises")
    application = models.ForeignKey(Application, models.PROTECT, related_name="promises")
    subject = models.CharField(max_length=16)
    words = models.CharField(max_length=500)
    recorded_by = models.CharField(max_length=64)
    at_us = models.BigIntegerField()

    class Meta:
        verbose_name = _("promise of an agent")
        verbose_name_plural = _("promises of agents")
        ordering = ("promise_id",)

    def __str__(self) -> str:
        return f"{self.agent_id} {self.subject}"
