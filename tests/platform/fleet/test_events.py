"""What a merchant's own software is told of its terminals: every change of state, once."""

import json

from tests.platform.fleet import stage
from tests.platform.fleet.conftest import activated, ready_to_ship
from tests.platform.fleet.stage import FLEET, MERCHANT_ID, MINUTE, NOW, OTHER_ID, OWNER, Machine
from tongbao.platform.access.actor import SYSTEM
from tongbao.platform.fleet.lifecycle import DeviceStep


def listen(merchant_id=MERCHANT_ID):
    from tongbao.platform.api import webhooks

    webhooks.add_endpoint(
        SYSTEM,
        merchant_id,
        url="https://example.com/hook",
        events=["terminal.*"],
        description="",
        now_us=NOW,
    )


def told(merchant_id=MERCHANT_ID):
    from tongbao.platform.api.models import OutboxEvent

    rows = OutboxEvent.objects.filter(merchant_id=merchant_id).order_by("number")
    return [(row.number, row.type, json.loads(row.data)) for row in rows]


def test_from_the_stock_to_the_counter_and_away_each_change_is_told_to_its_merchant(room):
    from tongbao.platform.fleet import steps

    listen()
    listen(OTHER_ID)
    device = activated(Machine())
    for step, actor in (
        (DeviceStep.SUSPEND, FLEET),
        (DeviceStep.RESUME, FLEET),
        (DeviceStep.LOSE, OWNER),
    ):
        steps.take(actor, device.pk, step, now_us=NOW + MINUTE)
    events = told()
    assert [number for number, _type, _data in events] == list(range(1, len(events) + 1))
    assert [kind.removeprefix("terminal.") for _number, kind, _data in events] == [
        "key_loaded",
        "shipped",
        "received",
        "activating",
        "activation_confirmed",
        "certified",
        "active",
        "suspended",
        "active",
        "lost",
    ]
    assert events[-1][2] == {
        "terminal_id": device.terminal_id,
        "serial_number": device.pk,
        "state": "lost",
        "previous_state": "active",
        "step": "lose",
    }
    assert told(OTHER_ID) == []


def test_a_step_that_fails_tells_nothing(room):
    import pytest

    from tongbao.platform.fleet import steps

    listen()
    device = ready_to_ship()
    before = told()
    with pytest.raises(steps.StepRefusedError):
        steps.take(FLEET, device.pk, DeviceStep.RESUME, now_us=NOW)
    assert told() == before


def test_who_gave_a_device_back_is_told_though_it_is_theirs_no_more(room):
    from tongbao.platform.fleet import steps

    listen()
    device = activated(Machine())
    steps.take(FLEET, device.pk, DeviceStep.RETURN, now_us=NOW + MINUTE)
    _number, kind, data = told()[-1]
    assert (kind, data["serial_number"]) == ("terminal.returned", stage.SERIAL)
    assert (data["terminal_id"], data["previous_state"]) == (device.terminal_id, "active")
