"""Sign-in, sign-off, echo, and whom the host talks to at all."""

from __future__ import annotations

import pytest

from tests.host.memory_store import MemoryStore
from tests.host.parties import TERMINAL, ScriptedTerminal
from tests.host.world import World, register
from tongbao.crypto.key_store import KeyName
from tongbao.host.core.events import TerminalFrame


def test_a_sign_in_gives_working_keys_batch_and_clock() -> None:
    world = World(MemoryStore(register(batch_no=7)))
    terminal = ScriptedTerminal()
    world.send(terminal.sign_in(stan=12))
    reply = terminal.accept_sign_in(world.to_terminals[0][1])
    assert reply.mti == "0810"
    assert sorted(reply.fields) == [11, 12, 13, 32, 37, 39, 41, 42, 60, 62]
    assert reply.fields[11] == "000012"
    assert reply.fields[12] == "100000"
    assert reply.fields[13] == "1121"
    assert reply.fields[60] == "00000007003"
    assert len(reply.binary(62)) == 40
    assert terminal.batch_no == 7
    assert terminal.keys.kcv(KeyName("work/mak")) == world.keys.kcv(
        KeyName(f"session/{TERMINAL}/mak")
    )


@pytest.mark.parametrize(("code", "length"), [("001", 24), ("003", 40), ("004", 60)])
def test_each_key_layout_is_served_and_can_be_paid_with(code: str, length: int) -> None:
    world = World()
    terminal = ScriptedTerminal()
    world.send(terminal.sign_in(code=code))
    reply = terminal.accept_sign_in(world.to_terminals.pop()[1])
    assert len(reply.binary(62)) == length
    world.send(terminal.sale(2))
    assert world.asked().fields[4] == "000000012345"


def test_the_session_is_written_before_the_reply_leaves() -> None:
    world = World()
    terminal = ScriptedTerminal()
    world.send(terminal.sign_in())
    store = world.store
    assert isinstance(store, MemoryStore)
    (session,) = store.sessions
    assert session.terminal_id == TERMINAL
    assert session.batch_no == 1
    assert session.operator_no == "01"
    assert session.signed_in_at_us == world.now_us
    keys = world.keys.unwrap(session.key_block)
    assert set(keys) == {f"session/{TERMINAL}/pik", f"session/{TERMINAL}/mak"}


def test_a_session_survives_a_restart() -> None:
    world = World()
    terminal = world.signed_in()
    world.restart()
    world.send(terminal.sale(2))
    assert world.asked().fields[41] == TERMINAL


def test_an_older_sessions_keys_stop_working() -> None:
    world = World()
    old = world.signed_in()
    world.signed_in()
    reply = world.ask(old, old.sale(2))
    assert reply is not None
    assert (reply.mti, reply.fields[39]) == ("0210", "A0")
    assert 64 not in reply.fields
    assert world.to_issuer_frames == []


def test_a_sign_in_at_another_process_is_noticed_when_a_mac_fails() -> None:
    first = World()
    first.signed_in()
    second = World(first.store, host=first.settings, start_us=first.now_us + 1_000_000)
    terminal = second.signed_in()
    # The first process still has the older session in memory.
    first.send(terminal.sale(2))
    assert first.asked().fields[41] == TERMINAL


def test_sign_off_ends_the_session_for_good() -> None:
    world = World()
    terminal = world.signed_in()
    reply = world.ask(
        terminal,
        terminal.frame(
            "0820", {11: "000002", 41: TERMINAL, 42: terminal.merchant_id, 60: "00000001002"}
        ),
    )
    assert reply is not None
    assert (reply.mti, reply.fields[39]) == ("0830", "00")
    for _ in range(2):
        refused = world.ask(terminal, terminal.sale(3))
        assert refused is not None
        assert refused.fields[39] == "A0"
        world.restart()


def test_an_echo_is_answered_without_a_session() -> None:
    world = World()
    terminal = ScriptedTerminal()
    frame = terminal.frame("0820", {41: TERMINAL, 42: terminal.merchant_id, 60: "00000001301"})
    reply = world.ask(terminal, frame)
    assert reply is not None
    assert reply.mti == "0830"
    assert reply.fields[39] == "00"
    assert reply.fields[60] == "00000001301"
    assert 11 not in reply.fields


def test_the_reply_goes_back_with_the_addresses_swapped() -> None:
    world = World()
    terminal = ScriptedTerminal()
    world.send(terminal.sign_in(), connection=9)
    connection, data = world.to_terminals[0]
    assert connection == 9
    assert data[2:13].hex() == "6000000003603100310001"


@pytest.mark.parametrize(
    ("registered", "code"),
    [
        (register("00000009"), "97"),
        (register(merchant_id="100000000000002"), "03"),
        (register(is_active=False), "58"),
        (register(merchant_is_active=False), "58"),
    ],
)
def test_a_terminal_that_may_not_work_gets_no_keys(registered: object, code: str) -> None:
    store = MemoryStore(registered)
    world = World(store)
    terminal = ScriptedTerminal()
    reply = world.ask(terminal, terminal.sign_in())
    assert reply is not None
    assert (reply.mti, reply.fields[39]) == ("0810", code)
    assert 62 not in reply.fields
    assert store.sessions == []


def test_a_terminal_without_a_master_key_is_not_registered_fully() -> None:
    world = World(MemoryStore(register("00000002")))
    terminal = ScriptedTerminal(terminal_id="00000002")
    reply = world.ask(terminal, terminal.sign_in())
    assert reply is not None
    assert reply.fields[39] == "97"


@pytest.mark.parametrize(
    ("mti", "code"), [("0800", "006"), ("0800", "005"), ("0820", "960"), ("0820", "003")]
)
def test_other_management_messages_are_not_supported(mti: str, code: str) -> None:
    world = World()
    terminal = ScriptedTerminal()
    frame = terminal.frame(
        mti, {11: "000001", 41: TERMINAL, 42: terminal.merchant_id, 60: f"00000001{code}"}
    )
    reply = world.ask(terminal, frame)
    assert reply is not None
    assert (reply.mti, reply.fields[39]) == (f"{mti[:2]}{int(mti[2]) + 1}0", "40")


def test_an_operator_number_of_odd_characters_is_not_recorded() -> None:
    world = World()
    terminal = ScriptedTerminal()
    fields = {11: "000001", 41: TERMINAL, 42: terminal.merchant_id, 60: "00000001003"}
    world.send(terminal.frame("0800", fields | {63: "\x00'1"}))
    store = world.store
    assert isinstance(store, MemoryStore)
    assert store.sessions[0].operator_no == ""


def test_idle_terminals_leave_memory_with_their_keys_and_come_back() -> None:
    world = World()
    terminal = world.signed_in()
    world.advance(world.settings.terminal_idle_ms + 20_000)
    assert world.core.state.terminals == {}
    assert not world.keys.has(KeyName(f"session/{TERMINAL}/mak"))
    world.send(terminal.sale(2))
    assert world.asked().fields[41] == TERMINAL


def test_a_change_in_the_register_is_seen_after_the_refresh_time() -> None:
    store = MemoryStore(register())
    world = World(store)
    terminal = world.signed_in()
    store.terminals[TERMINAL] = register(is_active=False)
    world.advance(world.settings.terminal_refresh_ms + 1)
    reply = world.ask(terminal, terminal.sale(2))
    assert reply is not None
    assert reply.fields[39] == "58"


def test_a_key_block_of_another_terminal_is_not_taken() -> None:
    store = MemoryStore(register(), register("00000002"))
    from tests.host.parties import host_keys

    world = World(store, keys=host_keys(TERMINAL, "00000002"))
    terminal = world.signed_in()
    world.signed_in("00000002")
    stolen = store.sessions[1].key_block
    store.sessions.append(store.sessions[0]._replace(key_block=stolen))
    world.restart()
    reply = world.ask(terminal, terminal.sale(2))
    assert reply is not None
    assert reply.fields[39] == "A0"
    assert world.core.state.counters["sessions_unreadable"] == 1


@pytest.mark.parametrize("kind", ["sale", "refund"])
def test_a_repeat_whose_session_ends_while_the_store_is_asked_is_refused(kind: str) -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.answer(world.asked())
    world.sent()
    message = terminal.sale(2)
    if kind == "refund":
        change: dict[int, object] = {37: "000000000000", 63: "000"}
        message = terminal.payment("refund", 3, 100, original=(1, 2, "1121"), change=change)
    fields: dict[int, object] = {11: "000004", 41: TERMINAL, 42: terminal.merchant_id}
    sign_off = terminal.frame("0820", {**fields, 60: "00000001002"})
    world.step(TerminalFrame(1, message[2:]), TerminalFrame(1, sign_off[2:]))
    answers = [data for _, data in world.to_terminals]
    codes = {(reply.mti, reply.text(39)) for reply in map(terminal.read, answers)}
    assert codes == {("0830", "00"), ("0210" if kind == "sale" else "0230", "A0")}
    assert world.kinds(2) == ["approved"]
    assert world.to_issuer_frames == []
