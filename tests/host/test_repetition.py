"""Messages that come more than once: the same answer, or none, never a second charge."""

from __future__ import annotations

import pytest

from tests.host.memory_store import MemoryStore
from tests.host.parties import OTHER_PAN, PAN, ScriptedTerminal
from tests.host.world import World, settings
from tongbao.wire.iso8583.codec import Message


def answered(world: World, terminal: ScriptedTerminal, code: str = "00") -> Message:
    world.send(terminal.sale(2))
    world.answer(world.asked(), code)
    data = world.sent()
    assert data is not None
    return terminal.read(data)


@pytest.mark.parametrize("code", ["00", "51"])
@pytest.mark.parametrize("restart", [False, True])
def test_a_repeated_sale_gets_the_first_answer_to_the_byte(code: str, restart: bool) -> None:
    world = World()
    terminal = world.signed_in()
    first = answered(world, terminal, code)
    world.advance(59_000)
    if restart:
        world.restart()
    again = world.ask(terminal, terminal.sale(2))
    assert again is not None
    assert again.fields == first.fields
    assert world.kinds(2) == ["approved" if code == "00" else "declined", "repeated"]
    assert world.events(2)[1].response_code == code
    assert world.to_issuer_frames == []


def test_a_repeated_sale_is_answered_while_the_link_is_down() -> None:
    world = World()
    terminal = world.signed_in()
    first = answered(world, terminal)
    world.link_down()
    again = world.ask(terminal, terminal.sale(2))
    assert again is not None
    assert again.fields == first.fields


def test_a_repetition_of_a_waiting_sale_is_silent_until_the_issuer_has_spoken() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2), connection=1)
    world.send(terminal.sale(2), connection=2)
    assert len(world.to_issuer_frames) == 1
    assert world.to_terminals == []
    world.answer(world.asked())
    assert [connection for connection, _ in world.to_terminals] == [1]


@pytest.mark.parametrize("answer_first", [True, False])
@pytest.mark.parametrize(
    ("amount_minor", "pan"), [(12346, PAN), (12345, OTHER_PAN), (1, OTHER_PAN)]
)
def test_a_used_trace_with_other_content_is_refused(
    answer_first: bool, amount_minor: int, pan: str
) -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    if answer_first:
        world.answer(world.asked())
        world.sent()
    other = terminal.sale(2, amount_minor, track2=f"{pan}D30122010000000000")
    reply = world.ask(terminal, other)
    assert reply is not None
    assert reply.fields[39] == "94"
    assert world.kinds(2) == (["approved"] if answer_first else [])


def test_a_sale_declined_for_want_of_a_link_stays_declined() -> None:
    world = World(link=False)
    terminal = world.signed_in()
    first = world.ask(terminal, terminal.sale(2))
    world.link_up()
    again = world.ask(terminal, terminal.sale(2))
    assert first is not None
    assert again is not None
    assert again.fields == first.fields
    assert world.to_issuer_frames == []


def test_a_repetition_of_a_sale_in_doubt_is_told_so() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.give_up()
    world.to_terminals.clear()
    reply = world.ask(terminal, terminal.sale(2))
    assert reply is not None
    assert reply.fields[39] == "98"


def test_a_repetition_of_a_reversed_sale_is_declined() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.give_up()
    world.asked()
    world.answer(world.asked())
    assert world.kinds(2) == ["inquired", "reversal_requested", "reversed"]
    world.to_terminals.clear()
    reply = world.ask(terminal, terminal.sale(2))
    assert reply is not None
    assert reply.fields[39] == "12"


def test_a_trace_forgotten_by_memory_is_remembered_by_the_store() -> None:
    world = World()
    terminal = world.signed_in()
    first = answered(world, terminal)
    for stan in range(3, 30):
        world.send(terminal.sale(stan))
        world.answer(world.asked())
    world.to_terminals.clear()
    again = world.ask(terminal, terminal.sale(2))
    assert again is not None
    assert again.fields == first.fields
    assert world.core.state.counters["intents_refused"] == 1
    assert world.core.state.pending == {}


def test_a_sale_another_process_holds_is_answered_from_the_store() -> None:
    first = World()
    terminal = first.signed_in()
    reply = answered(first, terminal)
    second = World(first.store, host=settings(node=1))
    again = second.ask(terminal, terminal.sale(2))
    assert again is not None
    assert again.fields == reply.fields
    assert second.to_issuer_frames == []


def test_a_sale_another_process_waits_for_is_left_to_it() -> None:
    first = World()
    terminal = first.signed_in()
    first.send(terminal.sale(2))
    second = World(first.store, host=settings(node=1))
    assert second.ask(terminal, terminal.sale(2)) is None
    assert second.to_issuer_frames == []
    assert second.core.state.pending == {}
    first.answer(first.asked())
    assert first.kinds(2) == ["approved"]


def test_the_same_trace_of_the_next_batch_is_another_payment() -> None:
    world = World()
    terminal = world.signed_in()
    answered(world, terminal)
    store = world.store
    assert isinstance(store, MemoryStore)
    store.terminals[terminal.terminal_id] = store.terminals[terminal.terminal_id]._replace(
        batch_no=2
    )
    world.send(terminal.sign_in(stan=3))
    data = world.sent()
    assert data is not None
    terminal.accept_sign_in(data)
    world.send(terminal.sale(2))
    world.answer(world.asked())
    assert world.kinds(2, batch_no=2) == ["approved"]
