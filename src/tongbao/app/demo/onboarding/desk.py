"""The acquirer's desk in the story, as a process of its own: one act of staff by the services.

    python -m tongbao.app.demo.onboarding.desk CONFIG approve APPLICATION
    python -m tongbao.app.demo.onboarding.desk CONFIG send MERCHANT SERIAL

It does what the console's buttons do and prints what came of it as JSON. A process of its own,
because the platform's settings are those of one process.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tongbao.app.settings import read_settings
from tongbao.platform.access.actor import Actor, ActorKind
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.project import bind, configured, serving

if TYPE_CHECKING:
    from collections.abc import Sequence

COURIER = "Sandbox Express"


def main(argv: Sequence[str]) -> int:
    """Do one act and print its result; errors end the process with their text."""
    config, act, subject, *more = argv
    settings = read_settings(Path(config))
    if settings.platform is None:
        raise SystemExit(f"{config} has no [platform] section")
    configured(**serving(settings.platform))
    bind(settings.database_url)
    result = _approve(subject) if act == "approve" else _send(subject, *more)
    print(json.dumps(result))
    return 0


def _approve(application_id: str) -> dict[str, str]:
    from tongbao.platform.merchants.models import Merchant  # noqa: PLC0415 - needs the settings
    from tongbao.platform.onboarding import review  # noqa: PLC0415 - as above

    reviewer = _staff("demo-reviewer", StaffRole.REVIEWER)
    now_us = time.time_ns() // 1000
    review.take(reviewer, application_id, now_us=now_us)
    review.approve(reviewer, application_id, note="", now_us=now_us)
    return {"merchant_id": Merchant.objects.get(applications=application_id).pk}


def _send(merchant_id: str, serial_number: str) -> dict[str, str]:
    from tongbao.platform.fleet import ceremonies, stock  # noqa: PLC0415 - needs the settings
    from tongbao.platform.merchants.models import Shop  # noqa: PLC0415 - as above

    fleet = _staff("demo-fleet", StaffRole.FLEET)
    now_us = time.time_ns() // 1000
    shop = Shop.objects.get(merchant_id=merchant_id)
    place = stock.Assignment(merchant_id=merchant_id, shop_id=shop.pk)
    device = stock.assign(fleet, serial_number, place, now_us=now_us)
    ceremonies.mark_remote(fleet, serial_number, now_us=now_us)
    journey = stock.Journey(courier=COURIER, tracking_number=f"SE-{serial_number}")
    stock.ship(fleet, serial_number, journey, now_us=now_us)
    return {"terminal_id": str(device.terminal_id), "courier": COURIER}


def _staff(name: str, role: StaffRole) -> Actor:
    return Actor(
        kind=ActorKind.STAFF,
        actor_id=name,
        name=name,
        staff_roles=frozenset({role}),
        second_factor_at_us=time.time_ns() // 1000,
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
