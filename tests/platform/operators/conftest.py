"""A merchant with one terminal in service."""

import pytest

from tests.platform.fleet import stage
from tests.platform.fleet.stage import MERCHANT_ID, NOW

SERIAL = "TB26110001"


@pytest.fixture
def merchants(django_sqlite):
    stage.add_merchants()


@pytest.fixture
def terminal(merchants):
    from tongbao.platform.fleet.models import Device, Terminal

    row = Terminal.objects.create(
        terminal_id="10000001",
        merchant_id=MERCHANT_ID,
        label="Counter",
        serial_number=SERIAL,
        created_at_us=NOW,
    )
    Device.objects.create(
        serial_number=SERIAL,
        model="T1",
        state="active",
        state_since_us=NOW,
        terminal=row,
        created_at_us=NOW,
    )
    return row
