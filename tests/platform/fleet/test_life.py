"""A device's life beyond its activation: loss, return, second hand, move, replacement, idleness."""

import pytest

from tests.platform.fleet import stage
from tests.platform.fleet.conftest import activated, device, shipped
from tests.platform.fleet.stage import (
    DAY,
    FLEET,
    FLEET_2,
    MERCHANT_ID,
    MINUTE,
    NOW,
    OTHER_ID,
    OTHER_SERIAL,
    OTHER_SHOP,
    OWNER,
    SERIAL,
    STRANGER,
    SUPPORT,
    Machine,
    beat,
)
from tongbao.platform.fleet.lifecycle import Check, DeviceStep


def take(step, actor=FLEET, serial=SERIAL, **options):
    from tongbao.platform.fleet import steps

    return steps.take(actor, serial, step, now_us=NOW + MINUTE, **options)


def refused(step, **options):
    from tongbao.platform.fleet.steps import StepRefusedError

    with pytest.raises(StepRefusedError) as caught:
        take(step, **options)
    return caught.value.check


def test_one_device_one_number_one_merchant_and_the_database_says_so(room_on_both):
    from django.db import IntegrityError, transaction

    from tongbao.platform.fleet import installations
    from tongbao.platform.fleet.models import Device, Installation

    found = activated(Machine())
    with pytest.raises(IntegrityError), transaction.atomic():
        installations.open_for(found, now_us=NOW)
    other = shipped(OTHER_SERIAL, "SF0002")
    with pytest.raises(IntegrityError), transaction.atomic():
        Device.objects.filter(pk=other.pk).update(terminal=found.terminal)
    assert Installation.objects.count() == 1


def test_a_lost_device_is_locked_and_its_keys_and_certificate_are_gone(room):
    from tongbao.crypto.ciphers import KeyAlgorithm
    from tongbao.crypto.key_store import KeyName
    from tongbao.domain.secrets import KeyBytes
    from tongbao.platform.fleet.models import Device

    found = activated(Machine())
    name = KeyName(f"tmk/{found.terminal_id}")
    room.host_keys().import_key(name, KeyBytes(bytes(range(16))), KeyAlgorithm.TDES)
    take(DeviceStep.LOSE, actor=OWNER)
    lost = device()
    assert (lost.state, lost.is_lock_wanted, lost.terminal.is_active) == ("lost", True, False)
    assert not room.host_keys().has(name)
    assert lost.certificates.get().revoked_for == "lose"
    assert lost.installations.get().until_us == NOW + MINUTE
    assert Device.objects.get(pk=SERIAL).terminal_id == found.terminal_id


@pytest.mark.parametrize(("actor", "decision"), [(STRANGER, "hidden"), (SUPPORT, "forbidden")])
def test_whose_device_it_is_not_cannot_report_it_lost(room, actor, decision):
    from tongbao.platform.access.enforce import AccessDeniedError
    from tongbao.platform.audit.models import AuditEntry

    activated(Machine())
    with pytest.raises(AccessDeniedError) as caught:
        take(DeviceStep.LOSE, actor=actor)
    assert caught.value.decision.value == decision
    assert device().state == "active"
    entry = AuditEntry.objects.filter(operation="device.report_lost").get()
    assert (entry.outcome, entry.target_id) == ("denied", SERIAL)


def test_a_used_device_goes_to_a_new_owner_only_wiped_and_with_new_keys(room):
    from tongbao.platform.fleet import stock

    first = activated(Machine())
    number = first.terminal_id
    take(DeviceStep.RETURN)
    returned = device()
    assert (returned.state, returned.terminal_id, returned.key_state) == ("returned", None, "none")
    assert refused(DeviceStep.RESTOCK) is None
    wanted = stock.Assignment(merchant_id=OTHER_ID, shop_id=OTHER_SHOP)
    take(DeviceStep.WIPE)
    take(DeviceStep.RESTOCK)
    again = stock.assign(FLEET, SERIAL, wanted, now_us=NOW + 2 * MINUTE)
    assert (again.merchant_id, again.owners, again.terminal_id != number) == (OTHER_ID, 2, True)
    assert refused(DeviceStep.SHIP) is None


def test_unsent_payments_keep_a_device_from_being_taken_back(room):
    from tongbao.platform.fleet import telling
    from tongbao.wire.device.health import Unsent

    machine = Machine()
    activated(machine)
    unsent = Unsent(reversals=1, advices=0, signatures=0)
    telling.heartbeat(machine.actor, SERIAL, beat(NOW, unsent=unsent), now_us=NOW)
    assert refused(DeviceStep.RETURN) is Check.NOTHING_UNSENT
    telling.heartbeat(machine.actor, SERIAL, beat(NOW), now_us=NOW)
    assert take(DeviceStep.RETURN).state == "returned"


def test_a_move_needs_a_second_person_and_ends_at_the_new_place(room):
    from tongbao.platform.approvals import services as approvals
    from tongbao.platform.approvals.services import ChangeRefusedError
    from tongbao.platform.fleet import moves
    from tongbao.platform.merchants.models import Shop

    Shop.objects.create(
        shop_id="shop_new",
        merchant_id=MERCHANT_ID,
        name="淮海路店",
        address="淮海路 2 号",
        city="上海",
        created_at_us=NOW,
    )
    activated(Machine())
    request = moves.ask_for_move(FLEET, SERIAL, "shop_new", reason="换店", now_us=NOW)
    assert device().state == "active"
    with pytest.raises(ChangeRefusedError):
        approvals.decide(FLEET, request.pk, approve=True, note="", now_us=NOW)
    approvals.decide(FLEET_2, request.pk, approve=True, note="ok", now_us=NOW)
    moving = device()
    assert (moving.state, moving.terminal.is_active, moving.terminal.shop_id) == (
        "moving",
        False,
        "shop_new",
    )
    take(DeviceStep.ARRIVE, actor=OWNER)
    places = list(device().installations.order_by("from_us").values_list("place", flat=True))
    assert (device().state, places) == ("active", ["上海 南京路 1 号", "上海 淮海路 2 号"])


def test_a_successor_takes_number_place_and_settings_and_never_the_keys(room):
    from tongbao.platform.fleet import moves, stock, wanted
    from tongbao.platform.fleet.wanted import Target
    from tongbao.platform.fleet.wanted_rules import Level

    old = activated(Machine())
    target = Target(Level.TERMINAL, old.terminal_id)
    wanted.set_leaves(OWNER, target, MERCHANT_ID, {"language": "en"}, now_us=NOW)
    stock.receive_devices(FLEET, stage.new_devices(OTHER_SERIAL), now_us=NOW)
    new = moves.replace(FLEET, SERIAL, OTHER_SERIAL, note="broken", now_us=NOW + MINUTE)
    assert (new.terminal_id, new.key_state, new.state) == (old.terminal_id, "none", "stock")
    assert (device().state, device().terminal_id) == ("replaced", None)
    terminal = device(OTHER_SERIAL).terminal
    assert (terminal.serial_number, terminal.is_active) == (OTHER_SERIAL, False)
    assert wanted.effective(terminal).values["language"] == "en"


def test_a_device_that_takes_no_payment_is_marked_after_three_months_and_stopped_after_twelve(room):
    from tongbao.platform.fleet import idle

    activated(Machine())
    assert idle.look_at_idle(NOW + 89 * DAY) == 0
    assert idle.look_at_idle(NOW + 90 * DAY) == 1
    assert idle.look_at_idle(NOW + 91 * DAY) == 0
    assert idle.is_verification_due(device())
    idle.verify(FLEET, SERIAL, note="visited", now_us=NOW + 92 * DAY)
    assert not idle.is_verification_due(device())
    assert idle.look_at_idle(NOW + 365 * DAY) == 1
    stopped = device()
    assert (stopped.state, stopped.terminal.is_active) == ("suspended", False)


def test_acts_are_asked_delivered_and_done(room):
    from tongbao.platform.fleet import acts, telling
    from tongbao.platform.fleet.acts import ActRefusedError
    from tongbao.wire.device.health import ActKind, ActOutcome, ActResult

    machine = Machine()
    activated(machine)
    act = acts.ask(OWNER, SERIAL, ActKind.LOCK, {"words": "盘点"}, now_us=NOW)
    with pytest.raises(ActRefusedError, match="open_already"):
        acts.ask(OWNER, SERIAL, ActKind.LOCK, {"words": "盘点"}, now_us=NOW)
    with pytest.raises(ActRefusedError, match="text_missing"):
        acts.ask(OWNER, SERIAL, ActKind.MESSAGE, {}, now_us=NOW)
    answer = telling.heartbeat(machine.actor, SERIAL, beat(NOW), now_us=NOW + MINUTE)
    assert [(one.act_id, one.kind, one.body) for one in answer.acts] == [
        (act.pk, ActKind.LOCK, {"words": "盘点"})
    ]
    result = ActResult(outcome=ActOutcome.DONE, at_ms=1, detail="locked", log=None)
    acts.finish(machine.actor, SERIAL, act.pk, result, now_us=NOW + MINUTE)
    act.refresh_from_db()
    assert (act.state, act.deliveries, act.detail) == ("done", 1, "locked")
    after = telling.heartbeat(machine.actor, SERIAL, beat(NOW), now_us=NOW + 2 * MINUTE)
    assert after.acts == ()
    assert device().is_lock_wanted


def test_only_staff_wipe_a_device_from_afar(room):
    from tongbao.platform.access.enforce import AccessDeniedError
    from tongbao.platform.fleet import acts
    from tongbao.platform.fleet.models import RemoteAct
    from tongbao.wire.device.health import ActKind

    activated(Machine())
    with pytest.raises(AccessDeniedError):
        acts.ask(OWNER, SERIAL, ActKind.WIPE, {}, now_us=NOW)
    assert RemoteAct.objects.count() == 0
    with pytest.raises(acts.ActRefusedError, match="reason_missing"):
        acts.ask(FLEET, SERIAL, ActKind.WIPE, {}, now_us=NOW)
    assert acts.ask(FLEET, SERIAL, ActKind.WIPE, {"reason": "x"}, now_us=NOW).state == "asked"


@pytest.mark.parametrize(
    ("body", "told", "state", "number"),
    [
        ({"reason": "换新商户"}, {"reason": "换新商户"}, "returned", None),
        (
            {"reason": "被盗", "as_lost": "true", "words": "x"},
            {"reason": "被盗", "as_lost": "true"},
            "lost",
            "kept",
        ),
    ],
)
def test_a_machine_that_wiped_itself_is_out_of_service(room, body, told, state, number):
    from tongbao.platform.fleet import acts, telling
    from tongbao.platform.fleet.models import DeviceCertificate, Installation
    from tongbao.wire.device.health import ActKind, ActOutcome, ActResult

    machine = Machine()
    activated(machine)
    act = acts.ask(FLEET, SERIAL, ActKind.WIPE, body, now_us=NOW)
    answer = telling.heartbeat(machine.actor, SERIAL, beat(NOW), now_us=NOW)
    assert answer.acts[0].body == told
    not_now = ActResult(outcome=ActOutcome.REFUSED, at_ms=1, detail="unsent", log=None)
    acts.finish(machine.actor, SERIAL, act.pk, not_now, now_us=NOW)
    assert device().state == "active"
    done = ActResult(outcome=ActOutcome.DONE, at_ms=1, detail="lost with 1 reversals", log=None)
    for _ in range(2):
        acts.finish(machine.actor, SERIAL, act.pk, done, now_us=NOW + MINUTE)
    found = device()
    assert (found.state, found.key_state) == (state, "none")
    assert (found.terminal_id is not None) == (number == "kept")
    assert Installation.objects.filter(until_us__isnull=True).count() == 0
    assert DeviceCertificate.objects.filter(revoked_at_us__isnull=True).count() == 0
    assert found.events.filter(note="lost with 1 reversals").count() == 2


def test_settings_are_numbered_anew_only_when_something_changed(room_on_both):
    from tongbao.platform.fleet import wanted
    from tongbao.platform.fleet.wanted import SettingsRefusedError, Target
    from tongbao.platform.fleet.wanted_rules import Level

    terminal = activated(Machine()).terminal
    assert [wanted.issue(terminal, now_us=NOW + n).version for n in range(2)] == [1, 1]
    target = Target(Level.MERCHANT, MERCHANT_ID)
    wanted.set_leaves(OWNER, target, MERCHANT_ID, {"slip.footer": ["谢谢"]}, now_us=NOW)
    assert wanted.issue(terminal, now_us=NOW).version == 2
    with pytest.raises(SettingsRefusedError):
        wanted.set_leaves(OWNER, target, MERCHANT_ID, {"quiet_hour": 99}, now_us=NOW)
    assert wanted.issue(terminal, now_us=NOW).version == 2


def test_a_list_with_a_known_serial_number_receives_nothing(room):
    from tongbao.platform.fleet import stock
    from tongbao.platform.fleet.models import Device
    from tongbao.platform.fleet.stock_list import Fault, read_stock_list

    stock.receive_devices(FLEET, stage.new_devices(SERIAL), now_us=NOW)
    content = f"serial_number,model\nTB26119999,T1\n{SERIAL},T1\n".encode()
    faults = stock.receive_list(FLEET, read_stock_list(content), now_us=NOW)
    assert [(one.line, one.fault) for one in faults] == [(3, Fault.SERIAL_KNOWN)]
    assert Device.objects.count() == 1
