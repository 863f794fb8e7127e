"""All periodic tasks, gathered from the rooms."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tongbao.platform.work.task import Task

# The rooms' modules that hold `TASKS`, one line each.
ROOMS = (
    "tongbao.platform.accounts.tasks",
    "tongbao.platform.api.tasks",
    "tongbao.platform.fleet.tasks",
    "tongbao.platform.onboarding.tasks",
    "tongbao.platform.payments.tasks",
)


def all_tasks() -> tuple[Task, ...]:
    """Return the tasks of all rooms; raises ValueError when two have one name."""
    tasks: list[Task] = []
    for room in ROOMS:
        tasks += import_module(room).TASKS
    names = [task.name for task in tasks]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two periodic tasks are called {', '.join(twice)}")
    return tuple(tasks)
