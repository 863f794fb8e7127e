"""Payments as the host writes them: the intent once, then events, never an update.

The host writes these tables with plain SQL on its hot path, so they carry no foreign-key
constraints and only the indexes that a rule of the trade or a page of the console needs. What
stands beside a payment (exceptions, batches, signatures, script results) is recorded the same way.
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
    kind = models.CharField(_("kind"), max_length=24)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    card_masked = models.CharField(_("card"), max_length=19)
    card_token = models.BinaryField(_("card token"), max_length=16)
    entry_mode = models.CharField(_("entry mode"), max_length=3)
    rrn = models.CharField(_("reference number (RRN)"), max_length=12)
    business_date = models.DateField(_("business date"))
    route = models.CharField(_("route"), max_length=16)
    received_at_us = models.BigIntegerField(_("received"))
    # The payment that this one voids, completes or refunds; 0 when there is none. Not a foreign
    # key, because a key that may be 0 would lose rows in a join.
    original_id = models.BigIntegerField(_("original"), default=0, db_default=0)
    organisation = models.CharField(
        _("card organisation"), max_length=3, default="CUP", db_default="CUP"
    )

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
        indexes = (
            models.Index(fields=("business_date",), name="payments_payment_by_date"),
            # A merchant's list, newest first, whichever days it is narrowed to.
            models.Index(
                fields=("merchant", "business_date", "payment_id"),
                name="payments_payment_of_merchant",
            ),
            models.Index(
                fields=("original_id",),
                name="payments_payment_of_original",
                condition=models.Q(original_id__gt=0),
            ),
            models.Index(
                fields=("merchant", "card_token"),
                name="payments_payment_holds_of_card",
                condition=models.Q(kind="pre_authorisation"),
            ),
        )

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
        indexes = (
            # Few payments end otherwise than approved; their lists and totals start here.
            models.Index(
                fields=("payment", "kind"),
                name="payments_event_unhappy",
                condition=models.Q(kind__in=("declined", "reversal_requested")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.payment_id} {self.kind}"


class DoubtfulPayment(models.Model):
    """A payment that was in doubt when it was looked at last; an index, kept by `doubts`."""

    payment_id = TimeOrderedIdField(primary_key=True)

    def __str__(self) -> str:
        return str(self.payment_id)


class DoubtMark(models.Model):
    """How far `doubts` has followed the host: one row."""

    mark_id = models.IntegerField(primary_key=True)
    payment_id = models.BigIntegerField()
    event_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.payment_id} {self.event_id}"


class PaymentException(models.Model):
    """What the machines could not finish and a person has to look at."""

    exception_id = TimeOrderedIdField(primary_key=True)
    # 0 when it concerns no single payment, as a difference between two batches.
    payment_id = models.BigIntegerField(_("payment"), default=0, db_default=0, db_index=True)
    terminal = models.ForeignKey(
        Terminal,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="exceptions",
        verbose_name=_("terminal"),
    )
    merchant = models.ForeignKey(
        Merchant,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="exceptions",
        verbose_name=_("merchant"),
    )
    kind = models.CharField(_("kind"), max_length=24)
    opened_at_us = models.BigIntegerField(_("opened"))
    detail = models.CharField(_("detail"), max_length=200, db_default="")

    class Meta:
        db_table = "payments_exception"
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        ordering = ("-exception_id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.exception_id}"


class PaymentExceptionEvent(models.Model):
    """What somebody did about an exception; `staff` is "system" when the host did it."""

    event_id = AppendOnlyIdField(primary_key=True)
    exception = models.ForeignKey(
        PaymentException,
        models.DO_NOTHING,
        db_constraint=False,
        related_name="events",
        verbose_name=_("exception"),
    )
    kind = models.CharField(_("act"), max_length=16)
    at_us = models.BigIntegerField(_("time"))
    staff = models.CharField(_("by"), max_length=64)
    note = models.CharField(_("note"), max_length=500, db_default="")

    class Meta:
        db_table = "payments_exceptionevent"
        verbose_name = _("act on an exception")
        verbose_name_plural = _("acts on exceptions")
        ordering = ("event_id",)

    def __str__(self) -> str:
        return f"{self.exception_id} {self.kind}"


class BatchEvent(models.Model):
    """A terminal sent its totals, or its batch was closed."""

    event_id = AppendOnlyIdField(primary_key=True)
    terminal = models.ForeignKey(
        Terminal,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="batch_events",
        verbose_name=_("terminal"),
    )
    merchant = models.ForeignKey(
        Merchant,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="batch_events",
        verbose_name=_("merchant"),
    )
    batch_no = models.IntegerField(_("batch"))
    kind = models.CharField(_("event"), max_length=16)
    at_us = models.BigIntegerField(_("time"))
    sent_totals = models.CharField(_("totals of the terminal"), max_length=62, db_default="")
    own_totals = models.CharField(_("totals of the host"), max_length=62, db_default="")
    result = models.CharField(_("result"), max_length=2, db_default="")
    record_count = models.IntegerField(_("records"), default=0, db_default=0)
    business_date = models.DateField(_("business date"))

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ("-event_id",)
        indexes = (
            models.Index(fields=("terminal", "batch_no"), name="payments_batchevent_of_batch"),
        )

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.batch_no:06} {self.kind}"


class BatchDetail(models.Model):
    """One payment of a batch as its terminal uploaded it."""

    detail_id = AppendOnlyIdField(primary_key=True)
    terminal = models.ForeignKey(
        Terminal,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="batch_details",
        verbose_name=_("terminal"),
    )
    batch_no = models.IntegerField(_("batch"))
    stan = models.IntegerField(_("trace"))
    source = models.CharField(_("uploaded as"), max_length=8)
    at_us = models.BigIntegerField(_("time"))
    organisation = models.CharField(_("card organisation"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount"))
    card_masked = models.CharField(_("card"), max_length=19)
    card_token = models.BinaryField(_("card token"), max_length=16)

    class Meta:
        verbose_name = _("batch detail")
        verbose_name_plural = _("batch details")
        ordering = ("detail_id",)
        constraints = (
            models.UniqueConstraint(
                fields=("terminal", "batch_no", "stan", "source"),
                name="payments_batchdetail_once_per_source",
            ),
        )

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.batch_no:06} {self.stan:06}"


class Signature(models.Model):
    """A part of the cardholder's signature, JBIG as the terminal sent it."""

    signature_id = AppendOnlyIdField(primary_key=True)
    payment = models.ForeignKey(
        Payment,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="signatures",
        verbose_name=_("payment"),
    )
    part_no = models.IntegerField(_("part"))
    is_last = models.BooleanField(_("last part"))
    at_us = models.BigIntegerField(_("time"))
    image = models.BinaryField(_("image"))

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ("payment", "part_no")
        # Its index serves look-ups by payment as well.
        constraints = (
            models.UniqueConstraint(fields=("payment", "part_no"), name="payments_signature_once"),
        )

    def __str__(self) -> str:
        return f"{self.payment_id} #{self.part_no}"


class ScriptResult(models.Model):
    """What the card said about the issuer's scripts: TLV in hex."""

    result_id = AppendOnlyIdField(primary_key=True)
    payment = models.ForeignKey(
        Payment,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="script_results",
        verbose_name=_("payment"),
    )
    at_us = models.BigIntegerField(_("time"))
    data = models.CharField(_("data"), max_length=510)

    class Meta:
        verbose_name = _("script result")
        verbose_name_plural = _("script results")
        constraints = (
            models.UniqueConstraint(fields=("payment",), name="payments_scriptresult_once"),
        )

    def __str__(self) -> str:
        return str(self.payment_id)
