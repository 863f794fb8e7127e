"""What a start does with what the last run left open."""

from __future__ import annotations

import pytest

from tests.host.memory_store import MemoryStore
from tests.host.world import World, settings
from tongbao.host.records import TraceKey


def test_a_payment_without_outcome_is_reversed_after_a_restart() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.restart(link=False)
    assert [(event.kind, event.detail) for event in world.events(2)] == [
        ("reversal_requested", "host restart")
    ]
    assert world.to_issuer_frames == []
    world.link_up()
    world.answer(world.asked())
    assert world.kinds(2) == ["reversal_requested", "reversed"]


def test_a_reversal_under_way_goes_on_after_a_restart_without_a_new_record() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.send(terminal.reversal(2))
    world.restart()
    assert world.kinds(2) == ["reversal_requested"]
    world.answer(world.asked())
    assert world.kinds(2) == ["reversal_requested", "reversed"]


@pytest.mark.parametrize("code", ["00", "51"])
def test_a_settled_payment_is_left_alone(code: str) -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.answer(world.asked(), code)
    before = world.events(2)
    world.restart()
    assert world.events(2) == before
    assert world.to_issuer_frames == []


def test_an_answer_that_comes_after_the_restart_is_late() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    sale = world.asked()
    world.restart()
    world.answer(sale)
    assert world.kinds(2) == ["reversal_requested", "late_answer"]
    assert world.to_terminals == []


def test_a_starting_process_leaves_the_payments_of_a_running_one_alone() -> None:
    first = World()
    terminal = first.signed_in()
    first.send(terminal.sale(2))
    second = World(first.store, host=settings(node=1))
    assert first.kinds(2) == []
    assert second.to_issuer_frames == []
    first.answer(first.asked())
    assert first.kinds(2) == ["approved"]


def test_any_process_takes_up_a_reversal_that_another_left() -> None:
    first = World()
    terminal = first.signed_in()
    first.send(terminal.sale(2))
    first.send(terminal.reversal(2))
    second = World(first.store, host=settings(node=1))
    second.advance(100)
    second.answer(second.asked())
    assert second.kinds(2) == ["reversal_requested", "reversed"]


def test_reference_numbers_go_on_after_a_restart_with_the_clock_set_back() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.answer(world.asked())
    world.now_us -= 3_600_000_000
    world.restart()
    world.send(terminal.sale(3))
    store = world.store
    assert isinstance(store, MemoryStore)
    older = store.payments[TraceKey(terminal.terminal_id, 1, 2)]
    newer = store.payments[TraceKey(terminal.terminal_id, 1, 3)]
    assert newer.payment_id > older.payment_id
    assert newer.rrn > older.rrn
