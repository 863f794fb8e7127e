from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tongbao.app.processes import PartFailedError
from tongbao.app.supervisor import Supervisor


@dataclass
class FakePart:
    name: str
    calls: list[str]
    fails: int = 0
    alive: bool = False
    log_file: Path = field(default=Path("part.log"))

    def start(self):
        self.calls.append(f"start {self.name}")
        if self.fails:
            self.fails -= 1
            raise PartFailedError(f"{self.name} failed")
        self.alive = True

    def stop(self):
        self.calls.append(f"stop {self.name}")
        self.alive = False

    def running(self):
        return self.alive

    def exit_code(self):
        return None if self.alive else -9


class Clock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def make(*parts):
    said: list[str] = []
    clock = Clock()
    supervisor = Supervisor(list(parts), said.append, clock)
    return supervisor, said, clock


def test_parts_start_in_order_and_stop_in_reverse():
    calls: list[str] = []
    supervisor, _, _ = make(FakePart("sandbox", calls), FakePart("host", calls))
    supervisor.start()
    supervisor.stop_all()
    assert calls == ["start sandbox", "start host", "stop host", "stop sandbox"]


def test_a_part_that_cannot_start_stops_the_others():
    calls: list[str] = []
    supervisor, _, _ = make(FakePart("sandbox", calls), FakePart("host", calls, fails=1))
    with pytest.raises(PartFailedError):
        supervisor.start()
    assert calls == ["start sandbox", "start host", "stop host", "stop sandbox"]


def test_a_dead_part_is_started_again_after_a_growing_delay():
    calls: list[str] = []
    part = FakePart("host", calls)
    supervisor, said, clock = make(part)
    supervisor.start()
    part.alive = False
    supervisor.check()
    assert calls == ["start host"]
    clock.now_s = 1.0
    supervisor.check()
    assert calls == ["start host", "start host"]
    part.alive = False
    supervisor.check()
    clock.now_s = 2.0
    supervisor.check()
    assert calls == ["start host", "start host"]
    clock.now_s = 3.0
    supervisor.check()
    assert calls == ["start host"] * 3
    assert said[0] == "host ended with code -9; starting it again in 1 s (log: part.log)"


def test_a_part_that_fails_to_restart_is_tried_again():
    calls: list[str] = []
    part = FakePart("host", calls)
    supervisor, said, clock = make(part)
    supervisor.start()
    part.alive, part.fails = False, 1
    supervisor.check()
    clock.now_s = 1.0
    supervisor.check()
    assert not part.alive
    clock.now_s = 3.0
    supervisor.check()
    assert part.alive
    assert said[-1] == "host runs again"


def test_a_part_that_ran_long_starts_again_with_the_short_delay():
    part = FakePart("host", [])
    supervisor, said, clock = make(part)
    supervisor.start()
    part.alive = False
    supervisor.check()
    clock.now_s = 1.0
    supervisor.check()
    clock.now_s = 100.0
    part.alive = False
    supervisor.check()
    assert said[-1].startswith("host ended with code -9; starting it again in 1 s")
