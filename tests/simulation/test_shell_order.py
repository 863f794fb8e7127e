"""The simulated terminal carries effects out in the order of the real shell."""

import asyncio

import pytest

from tongbao.domain.dates import Instant
from tongbao.domain.ids import BatchNo, Stan
from tongbao.simulation.scenario import changed, draw_scenario
from tongbao.simulation.town import Town
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core.events import Dismiss
from tongbao.terminal.core.records import SignInFailed
from tongbao.terminal.core.state import Notice, TerminalState
from tongbao.terminal.core.vocabulary import Cue, Phase, TimerKind
from tongbao.terminal.shell import TerminalShell

AFTER = TerminalState(phase=Phase.RESULT)


def record(trace):
    return SignInFailed(trace=trace, code="98")


EFFECTS = [
    fx.Persist(record(1)),
    fx.StartTimer(TimerKind.HOST, 60_000),
    fx.Send(b"one", 1),
    fx.Persist(record(2)),
    fx.Persist(record(3)),
    fx.PlaySound(Cue.KEY),
    fx.RenewLink(),
    fx.StopTimer(TimerKind.HOST),
    fx.Refuse(Notice("x", "x", "x")),
    fx.Send(b"two", 2),
    fx.OpenLink(),
    fx.Persist(record(4)),
    fx.CloseLink(),
]


class FixedCore:
    """Answers any event with the list above."""

    def step(self, _state, _event, _now):
        return AFTER, EFFECTS


class Recorder:
    """Journal and line in one; notes what is done with it."""

    def __init__(self):
        self.done = []

    def append(self, record, _at):
        self.done.append(("flushed", record.trace))

    def send(self, frame, ticket):
        self.done.append(("sent", frame, ticket))

    def open(self):
        self.done.append("opened")

    def renew(self):
        self.done.append("renewed")

    def close(self):
        self.done.append("closed")

    def vanish(self):
        pass


def real_order():
    done = Recorder()

    async def run():
        shell = TerminalShell(FixedCore(), TerminalState(), done, None, lambda: Instant(0))
        shell.connect(done, None, None)
        shell.on_change(lambda: done.done.append(("shown", shell.state.phase)))
        running = asyncio.create_task(shell.run())
        await shell.command(Dismiss())
        result = list(done.done)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return result

    return asyncio.run(run())


def simulated_order():
    town = Town(changed(draw_scenario(1), terminals=1, sales=1, rates=()), keep_story=False)
    node, done = town.terminals[0], Recorder()

    class Watcher:
        def stepped(self, *_):
            pass

        def sends(self, *_):
            pass

        def shows(self, _node, state):
            done.done.append(("shown", state.phase))

    node.begin()
    node._core, node._journal, node._line, node._witness = FixedCore(), done, done, Watcher()
    node.offer(Dismiss())
    return done.done


def test_both_shells_do_the_same_things_in_the_same_order():
    assert simulated_order() == real_order()
    assert simulated_order()[-1] == ("shown", Phase.RESULT)


def test_a_slip_belongs_to_its_payment():
    """A print job carries what the witness compares with the journal."""
    assert fx.Print.__slots__ == ("name", "batch", "trace", "slip")
    assert BatchNo(1).digits == "000001"
    assert Stan(1).digits == "000001"
