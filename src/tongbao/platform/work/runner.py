"""Does what is due, one task after the other; any number of workers may run at once.

A worker takes a task by moving its `held_until_us` forward in one conditional UPDATE, which only
one of them can do. A worker that dies keeps its task until then and no longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from django.db import close_old_connections, transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.work.models import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.work.task import Task

_US = 1_000_000
REST_S = 1.0
# A task that fails waits longer each time, at most so many of its own turns.
BACK_OFF_MAX = 32

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ran:
    """A task that was run: what it did, or the kind of error that ended it."""

    name: str
    did: int = 0
    error: str = ""


def turn(tasks: Iterable[Task], clock: Callable[[], int]) -> list[Ran]:
    """Run every task that is due and free, and return what was run."""
    states = {state.name: state for state in TaskState.objects.all()}
    now_us = clock()
    due = [task for task in tasks if _may_be_due(states.get(task.name), now_us)]
    return [ran for task in due if (ran := _run(task, clock)) is not None]


def _may_be_due(state: TaskState | None, now_us: int) -> bool:
    """Look before taking: a look writes nothing, and the database is shared with the host."""
    return state is None or (state.due_at_us <= now_us and state.held_until_us <= now_us)


def run_until(
    tasks: Iterable[Task], clock: Callable[[], int], wait: Callable[[float], bool]
) -> None:
    """Take turn after turn; `wait(seconds)` rests and returns true when it is time to stop."""
    listed = tuple(tasks)
    while True:
        close_old_connections()
        try:
            turn(listed, clock)
        except Exception:  # the database may be away for a while; the worker stays
            log.exception("worker cannot reach its database")
        if wait(REST_S):
            return


def _run(task: Task, clock: Callable[[], int]) -> Ran | None:
    started_us = clock()
    if not _take(task, started_us):
        return None
    try:
        did = task.run(started_us)
    except Exception as error:  # one task must not stop the others
        log.exception("task failed", task=task.name)
        _finish(task, clock(), started_us, error=type(error).__name__)
        return Ran(task.name, error=type(error).__name__)
    finished_us = clock()
    _finish(task, finished_us, started_us, did=did)
    if did:
        log.info("task done", task=task.name, did=did, ms=(finished_us - started_us) // 1000)
    return Ran(task.name, did)


def _take(task: Task, now_us: int) -> bool:
    free = TaskState.objects.filter(
        name=task.name, due_at_us__lte=now_us, held_until_us__lte=now_us
    )
    held = {"held_until_us": now_us + task.longest_s * _US, "started_at_us": now_us}
    with transaction.atomic():
        if free.update(**held):
            return True
        _state, is_new = TaskState.objects.get_or_create(
            name=task.name, defaults={"due_at_us": now_us, **held}
        )
        return is_new


def _finish(task: Task, now_us: int, started_us: int, *, did: int = 0, error: str = "") -> None:
    """Give the task back, unless another worker has taken it over meanwhile."""
    with transaction.atomic():
        state = TaskState.objects.select_for_update().get(name=task.name)
        if state.started_at_us != started_us:
            return
        state.failures = state.failures + 1 if error else 0
        turns = min(2 ** max(0, state.failures - 1), BACK_OFF_MAX)
        state.due_at_us = max(now_us, started_us + turns * task.every_s * _US)
        state.held_until_us = 0
        state.finished_at_us = now_us
        state.outcome = "failed" if error else "done"
        state.detail = error[:200]
        state.did = did
        state.save()


def ask_now(actor: Actor, name: str, *, now_us: int) -> None:
    """Let a task be due now, whatever its turn and its failures; one that runs is left alone.

    Raises AccessDeniedError; TaskState.DoesNotExist.
    """
    require(actor, Operation.WORK_RUN, now_us=now_us, target=("task", name))
    with transaction.atomic():
        state = TaskState.objects.select_for_update().get(name=name)
        before = state.due_at_us
        state.due_at_us = min(before, now_us)
        state.save(update_fields=["due_at_us"])
        record(
            actor,
            Operation.WORK_RUN,
            now_us=now_us,
            target=("task", name),
            before={"due_at_us": before},
            after={"due_at_us": state.due_at_us},
        )
