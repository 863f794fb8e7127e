"""The parts of one prepared world, in the order in which they start."""

from __future__ import annotations

from tongbao.app.processes import Part
from tongbao.app.settings import DATABASE_URL_VARIABLE
from tongbao.app.setup import PreparedWorld

FIRST_TERMINAL = "00000001"


def make_part(
    world: PreparedWorld, name: str, *arguments: str, database_url: str | None = None
) -> Part:
    """Make the part whose command line is `arguments` plus the world's settings file."""
    environment = {DATABASE_URL_VARIABLE: database_url} if database_url else {}
    return Part(
        name,
        [*arguments, "--config", str(world.settings_file)],
        world.folder / "logs" / f"{name}.log",
        environment=environment,
    )


def sandbox_part(world: PreparedWorld) -> Part:
    """The simulated issuer and the drawer of cards."""
    return make_part(world, "sandbox", "sandbox")


def host_part(world: PreparedWorld, database_url: str | None = None) -> Part:
    """The acquirer's host; `database_url` stands in for the one in the settings."""
    return make_part(world, "host", "host", database_url=database_url)


def console_part(world: PreparedWorld, database_url: str | None = None) -> Part:
    """The operations console."""
    return make_part(world, "console", "platform", "serve", database_url=database_url)


def devices_part(world: PreparedWorld, database_url: str | None = None) -> Part:
    """The device gateway."""
    return make_part(world, "devices", "platform", "devices", database_url=database_url)


def worker_part(world: PreparedWorld) -> Part:
    """What the platform does by itself: webhooks, reminders, seals."""
    return make_part(world, "worker", "platform", "work")


def device_part(world: PreparedWorld, name: str) -> Part:
    """One device of the fleet: its activation, then its till page."""
    return make_part(world, f"device-{name}", "terminal", "--device", name)


def terminal_part(world: PreparedWorld, terminal_id: str = FIRST_TERMINAL) -> Part:
    """One terminal with its till page."""
    return make_part(world, f"terminal-{terminal_id}", "terminal", "--terminal", terminal_id)
