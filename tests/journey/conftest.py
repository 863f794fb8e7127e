"""One world for both strangers: the platform's parts, two new terminals, a browser."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser

from tests.journey.walker import Manner, Walker, walker
from tests.till.conftest import browser, built_pages  # noqa: F401 - fixtures
from tongbao.app.demo.onboarding.neighbours import Neighbours
from tongbao.app.demo.onboarding.stage import Stage, set_stage
from tongbao.app.processes import Part
from tongbao.app.setup import NEW_DEVICE
from tongbao.app.world import device_part
from tongbao.platform.accounts.services import create_sandbox_staff

STAFF_PASSWORD: Final = "the desk of a sandbox 26"
SECOND_DEVICE: Final = "second"
SECOND_SERIAL: Final = "TB26110002"


@dataclasses.dataclass(slots=True)
class Scene:
    """Where somebody walks: the browser, the addresses, and a terminal in its box for each."""

    browser: Browser
    portal: str
    neighbours: Neighbours
    devices: dict[str, Part]
    faults: list[str] = dataclasses.field(default_factory=list)

    def walker(self, manner: Manner, who: str) -> AbstractContextManager[Walker]:
        """Open a browser for a person of this world."""
        return walker(self.browser, manner, who, self.faults)


@pytest.fixture(scope="module")
def scene(
    browser: Browser,  # noqa: F811 - the fixture of that name
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    """The running world, with staff, before anybody has applied."""
    with set_stage(tmp_path_factory.mktemp("journey"), None) as stage:
        add_second_device(stage)
        create_sandbox_staff(stage.world.settings.database_url, STAFF_PASSWORD)
        second = device_part(stage.world, SECOND_DEVICE)
        try:
            yield Scene(
                browser,
                f"http://{stage.console_address}",
                Neighbours(stage.sandbox_url),
                {stage.serial_number: stage.device, SECOND_SERIAL: second},
            )
        finally:
            second.stop()


def add_second_device(stage: Stage) -> None:
    """Describe another new terminal in the world's settings, on ports that are free then."""
    settings_file = stage.world.settings_file
    tables = tomllib.loads(settings_file.read_text("utf-8"))
    first: dict[str, Any] = tables["device"][NEW_DEVICE]
    table = {
        **first,
        "serial_number": SECOND_SERIAL,
        "data_folder": f"device-{SECOND_SERIAL}",
        "screen_port": 0,
        "reader_port": 0,
    }
    lines = [f"{key} = {_toml(value)}" for key, value in table.items()]
    with settings_file.open("a", encoding="utf-8") as opened:
        opened.write("\n".join(["", f"[device.{SECOND_DEVICE}]", *lines, ""]))


def _toml(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'
