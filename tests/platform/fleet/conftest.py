"""A platform with two merchants, a key room and a device authority."""

from contextlib import contextmanager

import pytest

from tests.platform.fleet import stage
from tests.platform.fleet.stage import FLEET, NOW, SERIAL
from tongbao.crypto.master_key import make_master_key_file


@contextmanager
def fleet_settings(folder):
    """Set what the platform's process would read from its settings file."""
    from django.test import override_settings

    from tongbao.platform.console.catalogue import load_catalogues
    from tongbao.platform.fleet.key_room import KeyRoom

    load_catalogues()

    master = folder / "host.master"
    make_master_key_file(master)
    room = KeyRoom(
        host_key_file=folder / "host.json",
        master_key_file=master,
        ceremony_key_file=folder / "ceremonies.json",
    )
    with override_settings(
        TONGBAO_KEY_ROOM=room,
        TONGBAO_DEVICE_AUTHORITY=stage.new_authority(),
        TONGBAO_TERMINAL_HOST=stage.HOST,
    ):
        yield room


@pytest.fixture
def room(tmp_path, django_sqlite):
    stage.add_merchants()
    with fleet_settings(tmp_path) as made:
        yield made


@pytest.fixture
def room_on_both(tmp_path, django_database):
    stage.add_merchants()
    with fleet_settings(tmp_path) as made:
        yield made


@pytest.fixture
def stocked(room):
    """A device in stock."""
    from tongbao.platform.fleet import stock

    stock.receive_devices(FLEET, stage.new_devices(SERIAL), now_us=NOW)
    return SERIAL


def ready_to_ship(serial=SERIAL, merchant_id=stage.MERCHANT_ID, shop_id=stage.SHOP):
    """Give a device in stock a terminal number and mark it for the remote key."""
    from tongbao.platform.fleet import ceremonies, stock

    if not is_known(serial):
        stock.receive_devices(FLEET, stage.new_devices(serial), now_us=NOW)
    assignment = stock.Assignment(merchant_id=merchant_id, shop_id=shop_id)
    stock.assign(FLEET, serial, assignment, now_us=NOW)
    return ceremonies.mark_remote(FLEET, serial, now_us=NOW)


def is_known(serial):
    from tongbao.platform.fleet.models import Device

    return Device.objects.filter(pk=serial).exists()


def shipped(serial=SERIAL, number="SF0001", **whose):
    """Send a device to its merchant."""
    from tongbao.platform.fleet import stock

    ready_to_ship(serial, **whose)
    journey = stock.Journey(courier="顺丰", tracking_number=number)
    stock.ship(FLEET, serial, journey, now_us=NOW)
    return device(serial)


def device(serial=SERIAL):
    from tongbao.platform.fleet.steps import device_of

    return device_of(serial)


def activated(machine, now_us=NOW):
    """Bring a machine from stock into service, by every step of the way."""
    from tongbao.platform.fleet import activation, invitations, telling
    from tongbao.platform.fleet.activation import Claim
    from tongbao.platform.fleet.activation_rules import Method

    found = shipped(machine.serial)
    answer = invitations.hello(machine.actor, machine.hello(), now_us=now_us)
    claim = Claim(
        merchant_id=stage.MERCHANT_ID,
        serial_number=machine.serial,
        terminal_id=found.terminal_id,
        code=answer.invitation.code,
        method=Method.WEB,
    )
    activation.confirm(stage.OWNER, claim, now_us=now_us)
    invitations.poll(
        machine.actor, machine.serial, machine.public_key, machine.csr(), now_us=now_us
    )
    telling.self_test(machine.actor, machine.serial, stage.self_test(now_us), now_us=now_us)
    return device(machine.serial)
