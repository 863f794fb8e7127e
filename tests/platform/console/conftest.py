"""A fleet's two merchants, and whatever the console's pages need."""

from tests.platform.fleet.conftest import room  # noqa: F401 - a fixture

# Written whole it looks like a path of a machine.
ROOM = "work"
TASKS = f"/console/{ROOM}/taskstate/"
