"""Digit 6 of the header: what staff want a terminal to do, until it has done it."""

from __future__ import annotations

import pytest

from tests.host.batch_messages import records, settlement, totals
from tests.host.memory_store import MemoryStore
from tests.host.parties import TERMINAL, ScriptedTerminal
from tests.host.test_downloads import management
from tests.host.world import World, register, settings
from tongbao.host.records import OrderDoneRecord, TerminalOrder
from tongbao.wire.unionpay.profile import HostProfile


def ordered(*acts: str, **more: object) -> World:
    store = MemoryStore(register())
    store.orders = [(TERMINAL, TerminalOrder(n, act)) for n, act in enumerate(acts, 1)]
    return World(store, **more)


def header(world: World, frame: bytes) -> str:
    """The 12 digits of the header of the answer."""
    world.send(frame)
    data = world.sent()
    assert data is not None
    return data[7:13].hex()


def digit(world: World, frame: bytes) -> str:
    return header(world, frame)[5]


def echo() -> bytes:
    return management("301", None, "0820")


def test_without_an_order_the_digit_is_zero_whatever_the_terminal_sent() -> None:
    world = World()
    terminal = ScriptedTerminal()
    frame = bytearray(terminal.sign_in())
    assert header(world, bytes(frame)) == "603100310001"
    # A terminal that sends digit 6 itself, and a test terminal (digit 5), which is kept.
    frame[9] = 0x17
    assert header(world, bytes(frame)) == "603110310001"


def test_every_reply_tells_the_open_order() -> None:
    world = ordered("4")
    terminal = ScriptedTerminal()
    assert header(world, echo()) == "603104310001"
    world.send(terminal.sign_in())
    data = world.sent()
    assert data is not None
    terminal.accept_sign_in(data)
    assert data[9] == 0x04
    world.send(terminal.sale(2))
    world.answer(world.asked())
    assert world.sent()[9] == 0x04
    assert digit(world, settlement(terminal, totals())) == "4"
    # A refusal, too.
    assert digit(world, management("999")) == "4"


def test_another_terminal_hears_nothing_of_it() -> None:
    store = MemoryStore(register(), register("00000002"))
    store.orders = [("00000002", TerminalOrder(1, "4"))]
    world = World(store)
    other = ScriptedTerminal(terminal_id="00000002")
    fields = {41: "00000002", 42: other.merchant_id, 60: "00000001301"}
    assert digit(world, echo()) == "0"
    assert digit(world, other.frame("0820", fields)) == "4"
    assert digit(world, echo()) == "0"


@pytest.mark.parametrize(
    ("act", "frame"),
    [
        ("1", management("361")),
        ("2", management("362", b"ok", "0820")),
        ("3", ScriptedTerminal().sign_in()),
        ("4", management("371")),
        ("5", management("381")),
        ("6", management("365")),
        ("7", management("391")),
        ("8", management("385")),
    ],
)
def test_an_order_is_done_by_its_own_act_alone(act: str, frame: bytes) -> None:
    others = [
        management("361"),
        management("362", b"ok", "0820"),
        *(management(code) for code in ("371", "381", "365", "391", "385")),
    ]
    world = ordered(act)
    for other in others:
        if other != frame:
            assert digit(world, other) == act
    assert records(world, OrderDoneRecord) == []
    world.now_us += 7
    assert digit(world, frame) == "0"
    assert records(world, OrderDoneRecord) == [OrderDoneRecord(1, world.now_us)]
    assert digit(world, echo()) == "0"
    world.restart()
    assert digit(world, echo()) == "0"


def test_a_refused_act_does_not_do_the_order() -> None:
    world = ordered("2", "3")
    assert digit(world, management("362", b"", "0820")) == "2"
    assert records(world, OrderDoneRecord) == []


def test_the_next_order_follows_when_one_is_done() -> None:
    world = ordered("1", "4")
    assert digit(world, echo()) == "1"
    assert digit(world, management("361")) == "0"
    assert digit(world, echo()) == "4"
    assert digit(world, management("371")) == "0"
    assert digit(world, echo()) == "0"
    assert [record.order_id for record in records(world, OrderDoneRecord)] == [1, 2]


def test_a_new_order_is_seen_after_the_refresh_time() -> None:
    world = ordered()
    assert digit(world, echo()) == "0"
    store = world.store
    assert isinstance(store, MemoryStore)
    store.orders.append((TERMINAL, TerminalOrder(5, "7")))
    assert digit(world, echo()) == "0"
    world.advance(world.settings.terminal_refresh_ms + 1)
    assert digit(world, echo()) == "7"


def test_the_digits_mean_what_the_profile_says() -> None:
    profile = HostProfile(header_acts={"1": "sign_in", "2": "public_keys"})
    world = ordered("1", host=settings(profile=profile))
    assert digit(world, management("361")) == "1"
    assert digit(world, ScriptedTerminal().sign_in()) == "0"


@pytest.mark.parametrize("act", ["9", "x", "0", "5"])
def test_an_act_that_the_profile_does_not_know_is_not_told(act: str) -> None:
    profile = HostProfile(header_acts={"1": "sign_in"})
    world = ordered(act, host=settings(profile=profile))
    assert digit(world, echo()) == "0"
