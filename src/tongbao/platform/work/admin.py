"""Periodic tasks in the console: when each ran last, what it did, and which one is in trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.enforce import actor_of
from tongbao.platform.access.operations import Operation
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import may
from tongbao.platform.console.acting import ActingAdmin, UnknownFormError, text_of
from tongbao.platform.console.formats import instant_text
from tongbao.platform.console.labels import label
from tongbao.platform.work.models import TaskState
from tongbao.platform.work.registry import all_tasks
from tongbao.platform.work.runner import ask_now
from tongbao.platform.work.words import TASK_WORDS

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tongbao.platform.work.task import Task

_US: Final = 1_000_000
# A task is late when it should have begun so many seconds ago: then no worker is running.
LATE_S: Final = 60


@admin.register(TaskState)
class TaskStateAdmin(ActingAdmin[TaskState]):
    """Lists the tasks, those in trouble first; one can be asked to run at once."""

    operation = Operation.WORK_VIEW
    list_display = ("what", "standing", "ended", "did", "next_turn")
    page_template = "console/task.html"
    empty_title = _("The worker has never run")
    empty_words = _("Start it with `tongbao up`, or alone with `tongbao platform work`.")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Return those that fail first."""
        del request
        return ("-failures", "name")

    @admin.display(description=_("What"))
    def what(self, state: TaskState) -> str:
        """What it does, and its name."""
        return format_html(
            '{}<small class="tb-under" lang="en">{}</small>', words_of(state), state.name
        )

    @admin.display(description=_("Status"))
    def standing(self, state: TaskState) -> str:
        """Whether it is well."""
        return task_label(state, now_us())

    @admin.display(description=_("Last run"))
    def ended(self, state: TaskState) -> str:
        """When it ended last."""
        return instant_text(state.finished_at_us) if state.finished_at_us else "–"

    @admin.display(description=_("Next run"))
    def next_turn(self, state: TaskState) -> str:
        """When it is due."""
        return instant_text(state.due_at_us)

    def page_context(self, request: HttpRequest, record: TaskState) -> dict[str, Any]:
        """Return the task's facts, and whether it can be asked to run."""
        task = _known().get(record.name)
        return {
            "title": words_of(record),
            "label": task_label(record, now_us()),
            "task": task,
            "every": _span(task.every_s) if task else "",
            "took_ms": _took_ms(record),
            "can_run": task is not None and may(request, Operation.WORK_RUN),
        }

    def take_form(self, request: HttpRequest, record: TaskState) -> str:
        """Let the task be due now."""
        if text_of(request, "what") != "run":
            raise UnknownFormError
        ask_now(actor_of(request), record.name, now_us=now_us())
        return gettext("It is due now: the worker takes it within a second or two.")


def words_of(state: TaskState) -> str:
    """Return what a task does, in words; one that no room names any more has its name only."""
    return str(TASK_WORDS.get(state.name, state.name))


def task_label(state: TaskState, at_us: int) -> str:
    """Return whether a task is well, as a coloured label."""
    if state.held_until_us > at_us:
        return label("calm", "autorenew", gettext("Running"))
    if state.failures:
        words = gettext("Failed %(n)d times in a row") % {"n": state.failures}
        return label("bad", "error", words)
    if state.due_at_us + LATE_S * _US < at_us:
        return label("doubt", "schedule", gettext("Late: is the worker running?"))
    return label("good", "check_circle", gettext("Well"))


def _known() -> dict[str, Task]:
    return {task.name: task for task in all_tasks()}


def _took_ms(state: TaskState) -> int | None:
    if state.started_at_us is None or state.finished_at_us is None:
        return None
    took_ms = (state.finished_at_us - state.started_at_us) // 1_000
    return took_ms if took_ms >= 0 else None


def _span(seconds: int) -> str:
    """Return how often, for people."""
    hours, rest = divmod(seconds, 3_600)
    rest_s = rest % 60
    if not rest:
        return gettext("every %(n)d h") % {"n": hours}
    if not rest_s:
        return gettext("every %(n)d min") % {"n": seconds // 60}
    return gettext("every %(n)d s") % {"n": seconds}
