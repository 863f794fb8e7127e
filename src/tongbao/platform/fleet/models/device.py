"""Devices: the machines in stock and on counters, their keys, journeys and places."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongbao.platform.columns import AppendOnlyIdField
from tongbao.platform.fleet.models.terminals import Terminal
from tongbao.platform.merchants.models import Merchant

_OPEN = models.Q(until_us__isnull=True)


class Device(models.Model):
    """One machine with a serial number; a terminal is what it is for the host while it serves one.

    `terminal` is set from the moment the machine is prepared for a terminal number until it comes
    back: one machine, one terminal number. `parts` maps a part to its version. `key_state` is one
    of none, components, loaded, remote, destroyed. A machine that had another owner needs a wipe
    and new keys (`wiped_at_us` after `returned_at_us`) before it goes out again.
    """

    serial_number = models.CharField(_("serial number"), primary_key=True, max_length=32)
    model = models.CharField(_("model"), max_length=40)
    state = models.CharField(_("state"), max_length=20, default="stock", db_index=True)
    state_since_us = models.BigIntegerField(_("in this state since"))
    parts = models.JSONField(_("parts"), default=dict)
    software_version = models.CharField(_("software"), max_length=40, default="", db_default="")
    warranty_until_us = models.BigIntegerField(_("warranty until"), null=True)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, null=True, related_name="devices", verbose_name=_("merchant")
    )
    terminal = models.OneToOneField(
        Terminal, models.PROTECT, null=True, related_name="device", verbose_name=_("terminal")
    )
    key_state = models.CharField(_("keys"), max_length=12, default="none", db_default="none")
    key_check_value = models.CharField(max_length=8, default="", db_default="")
    public_key = models.BinaryField(null=True)
    is_lock_wanted = models.BooleanField(_("locked"), default=False, db_default=False)
    lock_words = models.CharField(max_length=200, default="", db_default="")
    owners = models.IntegerField(_("owners so far"), default=0, db_default=0)
    returned_at_us = models.BigIntegerField(null=True)
    wiped_at_us = models.BigIntegerField(null=True)
    verified_at_us = models.BigIntegerField(_("last verified"), null=True)
    created_at_us = models.BigIntegerField(_("received into stock"))

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ("serial_number",)

    def __str__(self) -> str:
        return f"{self.serial_number} {self.model}"


class DeviceEvent(models.Model):
    """One thing that happened to a machine: a change of state, or an act on it."""

    event_id = AppendOnlyIdField(primary_key=True)
    device = models.ForeignKey(
        Device, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="events"
    )
    at_us = models.BigIntegerField(_("time"))
    event = models.CharField(_("event"), max_length=40)
    from_state = models.CharField(max_length=20)
    to_state = models.CharField(max_length=20)
    merchant_id = models.CharField(max_length=15, default="", db_default="")
    terminal_id = models.CharField(max_length=8, default="", db_default="")
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(_("who"), max_length=150)
    note = models.CharField(_("note"), max_length=500, default="", db_default="")
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("device event")
        verbose_name_plural = _("device events")
        ordering = ("-event_id",)
        indexes = (models.Index(fields=("device", "event_id"), name="fleet_event_of_device"),)

    def __str__(self) -> str:
        return f"{self.device_id} {self.event}"


class Installation(models.Model):
    """Which machine served which terminal number for whom and where, from when until when.

    One open row binds the five elements: serial number, merchant number, credit code, settlement
    account and place. Neither a machine nor a terminal number has two open rows.

    Spec: 银发〔2021〕259号.
    """

    installation_id = models.CharField(primary_key=True, max_length=32)
    device = models.ForeignKey(Device, models.PROTECT, related_name="installations")
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="installations")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="installations")
    credit_code = models.CharField(max_length=18)
    settlement_account = models.ForeignKey(
        "merchants.SettlementAccount", models.PROTECT, null=True, related_name="installations"
    )
    shop = models.ForeignKey(
        "merchants.Shop", models.PROTECT, null=True, related_name="installations"
    )
    place = models.CharField(_("place"), max_length=260)
    latitude_udeg = models.IntegerField(null=True)
    longitude_udeg = models.IntegerField(null=True)
    from_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installations")
        ordering = ("-from_us", "installation_id")
        constraints = (
            models.UniqueConstraint(
                fields=("device",), condition=_OPEN, name="fleet_installation_one_of_device"
            ),
            models.UniqueConstraint(
                fields=("terminal",), condition=_OPEN, name="fleet_installation_one_of_terminal"
            ),
        )

    def __str__(self) -> str:
        return f"{self.device_id} {self.terminal_id}"


class Shipment(models.Model):
    """One journey of a machine: `prepared`, `sent`, `delivered`, `returned` or `lost`."""

    shipment_id = models.CharField(primary_key=True, max_length=32)
    device = models.ForeignKey(Device, models.PROTECT, related_name="shipments")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="shipments")
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="shipments")
    state = models.CharField(_("state"), max_length=12)
    courier = models.CharField(_("courier"), max_length=40)
    tracking_number = models.CharField(_("tracking number"), max_length=40)
    address = models.CharField(_("address"), max_length=260)
    sent_at_us = models.BigIntegerField(_("sent"), null=True)
    promised_at_us = models.BigIntegerField(_("promised"), null=True)
    ended_at_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        ordering = ("-sent_at_us", "shipment_id")
        constraints = (
            models.UniqueConstraint(
                fields=("device",),
                condition=models.Q(ended_at_us__isnull=True),
                name="fleet_shipment_one_open",
            ),
            models.UniqueConstraint(
                fields=("courier", "tracking_number"),
                condition=~models.Q(tracking_number=""),
                name="fleet_shipment_tracking_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.device_id} {self.state}"


class KeyCeremony(models.Model):
    """One loading of a master key from components: `open`, `loaded`, `refused` or `aborted`.

    Components never stand in this database; they lie sealed in a key file until the last one
    comes, and are destroyed with the end of the ceremony, however it ends.
    """

    ceremony_id = models.CharField(primary_key=True, max_length=32)
    device = models.ForeignKey(Device, models.PROTECT, related_name="ceremonies")
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="ceremonies")
    algorithm = models.CharField(max_length=8)
    parts = models.IntegerField(default=2)
    state = models.CharField(_("state"), max_length=12, default="open")
    expected_check_value = models.CharField(max_length=8)
    opened_by = models.CharField(max_length=64)
    opened_by_name = models.CharField(max_length=150)
    opened_at_us = models.BigIntegerField()
    expires_at_us = models.BigIntegerField()
    ended_at_us = models.BigIntegerField(null=True)
    end_reason = models.CharField(max_length=40, default="", db_default="")

    class Meta:
        verbose_name = _("key ceremony")
        verbose_name_plural = _("key ceremonies")
        ordering = ("-opened_at_us", "ceremony_id")
        constraints = (
            models.UniqueConstraint(
                fields=("device",),
                condition=models.Q(ended_at_us__isnull=True),
                name="fleet_keyceremony_one_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.device_id} {self.state}"


class KeyComponent(models.Model):
    """Who entered which component of a ceremony and its check value; the component is elsewhere."""

    component_id = AppendOnlyIdField(primary_key=True)
    ceremony = models.ForeignKey(KeyCeremony, models.PROTECT, related_name="components")
    number = models.IntegerField()
    custodian_id = models.CharField(max_length=64)
    custodian_name = models.CharField(max_length=150)
    check_value = models.CharField(max_length=8)
    entered_at_us = models.BigIntegerField()

    class Meta:
        verbose_name = _("key component")
        verbose_name_plural = _("key components")
        ordering = ("ceremony", "number")
        constraints = (
            models.UniqueConstraint(
                fields=("ceremony", "number"), name="fleet_keycomponent_number_once"
            ),
            models.UniqueConstraint(
                fields=("ceremony", "custodian_id"), name="fleet_keycomponent_person_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.ceremony_id} {self.number}"
