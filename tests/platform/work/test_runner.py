"""Periodic work: due by the clock, by one worker at a time, whatever the others do."""

import json
import threading

import pytest

from tests.platform.running import write_settings
from tongbao.app.processes import Part
from tongbao.platform.work.task import Task

S = 1_000_000


class Clock:
    def __init__(self):
        self.now_us = 1_000 * S

    def __call__(self):
        return self.now_us


@pytest.fixture
def clock():
    return Clock()


def turn(tasks, clock):
    from tongbao.platform.work.runner import turn

    return [(ran.name, ran.did, ran.error) for ran in turn(tasks, clock)]


def state(name="room.count"):
    from tongbao.platform.work.models import TaskState

    return TaskState.objects.get(name=name)


def test_a_task_runs_when_it_is_due_and_not_before(django_sqlite, clock):
    seen = []
    task = Task(name="room.count", every_s=60, run=lambda now_us: seen.append(now_us) or 3)
    assert turn([task], clock) == [("room.count", 3, "")]
    clock.now_us += 59 * S
    assert turn([task], clock) == []
    clock.now_us += S
    assert turn([task], clock) == [("room.count", 3, "")]
    assert seen == [1_000 * S, 1_060 * S]
    assert (state().outcome, state().did, state().held_until_us) == ("done", 3, 0)


def test_a_failing_task_waits_longer_each_time_and_hinders_no_other(django_sqlite, clock):
    def fail(_now_us):
        raise RuntimeError("a secret cause")

    good = Task(name="room.good", every_s=10, run=lambda _now_us: 0)
    bad = Task(name="room.bad", every_s=10, run=fail)
    waits = []
    for _again in range(8):
        assert ("room.bad", 0, "RuntimeError") in turn([bad, good], clock)
        assert state("room.good").outcome == "done"
        waits.append((state("room.bad").due_at_us - clock.now_us) // S)
        clock.now_us = state("room.bad").due_at_us
    assert waits == [10, 20, 40, 80, 160, 320, 320, 320]
    assert state("room.bad").detail == "RuntimeError"


def test_a_worker_that_died_keeps_its_task_only_so_long(django_sqlite, clock):
    from tongbao.platform.work.models import TaskState

    task = Task(name="room.count", every_s=1, run=lambda _now_us: 1, longest_s=30)
    TaskState.objects.create(
        name=task.name, due_at_us=0, held_until_us=clock.now_us + 30 * S, started_at_us=5
    )
    assert turn([task], clock) == []
    clock.now_us += 30 * S
    assert turn([task], clock) == [("room.count", 1, "")]


def test_who_was_overtaken_does_not_give_the_task_back(django_sqlite, clock):
    def overtaken(_now_us):
        state_now = state()
        state_now.started_at_us, state_now.held_until_us = 7, 10**18
        state_now.save()
        return 1

    turn([Task(name="room.count", every_s=1, run=overtaken)], clock)
    assert state().held_until_us == 10**18


def test_of_two_workers_at_once_one_does_the_work(django_database, clock):
    from django.db import connections

    done, gate = [], threading.Barrier(2)
    task = Task(name="room.count", every_s=60, run=lambda _now_us: done.append(1) or 1)

    def work():
        gate.wait(10)
        try:
            turn([task], clock)
        finally:
            connections["default"].close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert done == [1]


def test_the_rooms_tasks_have_names_of_their_own(django_sqlite):
    from tongbao.platform.work.registry import all_tasks

    names = [task.name for task in all_tasks()]
    assert len(names) == len(set(names))
    assert {"api.feed_payments", "api.deliver_webhooks"} <= set(names)
    assert all(name.count(".") == 1 and name == name.lower() for name in names)


def test_the_worker_is_a_process_that_says_when_it_is_ready_and_stops(sqlite_url, tmp_path):
    settings = write_settings(tmp_path, sqlite_url)
    part = Part("worker", ["platform", "work", "--config", str(settings)], tmp_path / "w.log")
    with part:
        assert part.ready["ready"] == "work"
        assert part.ready["tasks"] >= 3
        assert part.stop() == 0
    assert [line for line in (tmp_path / "w.log").read_text().splitlines() if "error" in line] == []


def test_a_turn_is_told_in_one_line_when_it_did_something(django_sqlite, clock, monkeypatch):
    import structlog

    from tongbao.platform.work import runner

    with structlog.testing.capture_logs() as lines:
        monkeypatch.setattr(runner, "log", structlog.get_logger())
        turn([Task(name="room.count", every_s=1, run=lambda _now_us: 2)], clock)
        turn([Task(name="room.idle", every_s=1, run=lambda _now_us: 0)], clock)
    assert json.loads(json.dumps(lines)) == [
        {"event": "task done", "log_level": "info", "task": "room.count", "did": 2, "ms": 0}
    ]
