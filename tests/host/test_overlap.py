"""While one group is flushed the next is stepped, but nothing of it leaves before its own flush."""

from __future__ import annotations

import pytest

from tests.host.overlap import OverlappingWorld, PatientStore
from tests.host.parties import TERMINAL, host_keys
from tests.host.world import StoppedError, World, register, settings
from tongbao.host.core.events import TerminalFrame, UpstreamDown, UpstreamFrame
from tongbao.host.exits import EXIT_STORE_FAILED
from tongbao.host.store.port import StoreFailedError


def patient_world() -> OverlappingWorld:
    store = PatientStore(register(), register("00000002"))
    return OverlappingWorld(store, keys=host_keys(TERMINAL, "00000002"))


def test_sends_wait_for_the_flush_of_their_own_group() -> None:
    world = patient_world()
    terminal = world.signed_in()
    world.eager = False
    world.send(terminal.sale(2))
    world.send(terminal.sale(3))
    world.send(terminal.sale(4))
    assert world.to_issuer_frames == []
    world.flush()
    assert [world.asked().text(11)] == ["000002"]
    assert world.to_issuer_frames == []
    # The two that came meanwhile share the next group.
    world.flush()
    assert [world.asked().text(11), world.asked().text(11)] == ["000003", "000004"]
    assert world.patient.commits == 3


def test_an_outcome_is_not_told_while_it_is_being_flushed() -> None:
    world = patient_world()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    request = world.asked()
    world.eager = False
    world.answer(request)
    assert world.to_terminals == []
    world.flush()
    assert terminal.read(world.to_terminals[0][1]).fields[39] == "00"


def test_a_flush_that_fails_takes_everything_behind_it_down() -> None:
    world = patient_world()
    terminal = world.signed_in()
    world.eager = False
    world.send(terminal.sale(2))
    world.send(terminal.sale(3))
    world.patient.fails = True
    with pytest.raises(StoppedError) as stopped:
        world.flush()
    assert stopped.value.code == EXIT_STORE_FAILED
    assert world.to_issuer_frames == []


def test_a_store_that_goes_away_while_nothing_is_written_is_noticed() -> None:
    world = patient_world()
    world.signed_in()

    def lost() -> bool:
        raise StoreFailedError("the server ended the connection")

    world.patient.commit_finished = lost
    with pytest.raises(StoppedError) as stopped:
        world.loop.reader()
    assert stopped.value.code == EXIT_STORE_FAILED


def test_a_spurious_word_of_the_store_changes_nothing() -> None:
    world = patient_world()
    terminal = world.signed_in()
    world.eager = False
    world.loop.reader()
    world.send(terminal.sale(2))
    world.loop.reader()
    assert world.to_issuer_frames == []
    world.flush()
    assert world.asked().text(11) == "000002"


def test_a_refused_payment_takes_its_reversal_in_the_next_group_along() -> None:
    world = patient_world()
    one = world.signed_in()
    other = world.signed_in("00000002")
    elsewhere = World(world.store, host=settings(node=1))
    world.send(other.sale(7), connection=2)
    waiting = world.asked()
    world.eager = False
    # Both reach this process while another has the sale already.
    world.step(TerminalFrame(1, one.sale(2)[2:]), TerminalFrame(2, other.sale(8)[2:]))
    elsewhere.send(one.sale(2))
    world.step(
        TerminalFrame(1, one.reversal(2)[2:]),
        UpstreamFrame(world.issuer.answer(waiting)),
        TerminalFrame(2, other.sale(9)[2:]),
    )
    assert world.to_terminals == []
    world.settle()
    # The original was found in the store and reversed under its own reference number.
    assert world.kinds(2) == ["reversal_requested"]
    asked = [world.asked() for _ in range(len(world.to_issuer_frames))]
    assert sorted((m.mti, m.text(11)) for m in asked) == [
        ("0200", "000008"),
        ("0200", "000009"),
        ("0420", "000002"),
    ]
    original = world.patient.payments[TERMINAL, 1, 2]
    reversal = next(m for m in asked if m.mti == "0420")
    assert reversal.text(37) == original.rrn
    told = dict(world.to_terminals)
    assert len(world.to_terminals) == 2
    assert one.read(told[1]).mti == "0410"
    assert other.read(told[2]).fields[39] == "00"
    assert world.kinds(7, terminal_id="00000002") == ["approved"]
    ids = {row.payment_id for row in world.patient.payments.values()}
    assert {event.payment_id for event in world.patient.events} <= ids


def test_a_refused_payment_leaves_a_lost_link_to_the_others() -> None:
    world = patient_world()
    one = world.signed_in()
    other = world.signed_in("00000002")
    elsewhere = World(world.store, host=settings(node=1))
    elsewhere.send(one.sale(2))
    world.eager = False
    world.step(TerminalFrame(1, one.sale(2)[2:]), TerminalFrame(2, other.sale(8)[2:]))
    world.step(UpstreamDown())
    world.settle()
    assert world.kinds(8, terminal_id="00000002") == ["reversal_requested"]
    assert world.kinds(2) == []
    assert [connection for connection, _ in world.to_terminals] == [2]
    assert set(world.core.state.reversing) == {world.patient.payments["00000002", 1, 8].rrn}


def test_a_long_queue_waits_unstepped_behind_a_full_group() -> None:
    world = patient_world()
    terminal = world.signed_in()
    world.eager = False
    world.send(terminal.sale(2))
    world.step(*(TerminalFrame(1, terminal.sale(stan)[2:]) for stan in range(3, 2_000)))
    assert world.pump.waiting > 900
    world.settle()
    assert len(world.to_issuer_frames) == 1_998


def test_after_detaching_a_turn_is_whole_again() -> None:
    world = patient_world()
    terminal = world.signed_in()
    world.pump.detach()
    world.pump.offer(TerminalFrame(1, terminal.sale(2)[2:]))
    world.pump.turn()
    assert world.asked().text(11) == "000002"
