"""The group: written in one transaction before anything is sent, or nothing is sent at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from tests.host.memory_store import MemoryStore
from tests.host.parties import TERMINAL, host_keys
from tests.host.world import StoppedError, World, register, settings
from tongbao.host.core.events import TerminalFrame, UpstreamFrame
from tongbao.host.core.payments import Payments
from tongbao.host.exits import EXIT_BUG, EXIT_STORE_FAILED
from tongbao.host.records import PaymentRecord, Record
from tongbao.host.store.opening import open_store
from tongbao.host.store.port import DuplicatePaymentError, StoreFailedError


class FailingStore(MemoryStore):
    """Fails the commit whose turn it is; `written` says whether the rows got there all the same."""

    def __init__(self) -> None:
        super().__init__(register())
        self.fails_in: int | None = None
        self.written = False

    def commit(self, records: Sequence[Record]) -> None:
        if self.fails_in is not None:
            self.fails_in -= 1
            if self.fails_in < 0:
                if self.written:
                    super().commit(records)
                raise StoreFailedError("no space left on device")
        super().commit(records)


class OrderedWorld(World):
    """Notes the order of commits and sends."""

    def __init__(self, store: MemoryStore) -> None:
        self.order: list[str] = []
        original = store.commit

        def commit(records: Sequence[Record]) -> None:
            original(records)
            self.order.append(f"commit {len(records)}")

        store.commit = commit
        super().__init__(store)
        self.order.clear()

    def to_terminal(self, connection: int, data: bytes) -> None:
        self.order.append("to terminal")
        super().to_terminal(connection, data)

    def to_issuer(self, frames: Sequence[bytes]) -> None:
        self.order.append(f"to issuer {len(frames)}")
        super().to_issuer(frames)


def test_a_group_is_one_commit_and_then_its_sends() -> None:
    world = OrderedWorld(MemoryStore(register()))
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    answer = UpstreamFrame(world.issuer.answer(world.asked()))
    world.order.clear()
    world.step(
        TerminalFrame(1, terminal.sale(3)[2:]),
        answer,
        TerminalFrame(1, terminal.sale(4)[2:]),
    )
    assert world.order == ["commit 3", "to terminal", "to issuer 2"]


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("fails_in", [0, 1, 2])
def test_a_failed_flush_ends_the_process_and_nothing_is_sent(fails_in: int, written: bool) -> None:
    store = FailingStore()
    world = World(store)
    terminal = world.signed_in()
    store.fails_in, store.written = fails_in, written

    def sell() -> None:
        for stan in range(2, 6):
            world.send(terminal.sale(stan))
            world.answer(world.asked())

    with pytest.raises(StoppedError) as stopped:
        sell()
    assert stopped.value.code == EXIT_STORE_FAILED
    # Nothing more than the sends of the groups that were committed.
    assert len(world.to_terminals) == fails_in // 2
    store.fails_in = None
    world.restart()
    open_before = [stan for stan in range(2, 6) if (TERMINAL, 1, stan) in store.payments]
    for _ in open_before:
        if world.to_issuer_frames:
            world.answer(world.asked())
    for stan in open_before:
        assert world.kinds(stan)[-1] in ("approved", "reversed")


def test_a_bug_in_the_core_ends_the_process_without_card_data_in_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    terminal = world.signed_in()

    def broken(*_: object) -> None:
        raise ValueError("6200001234567890128")

    monkeypatch.setattr(Payments, "request", broken)
    with pytest.raises(StoppedError) as stopped:
        world.send(terminal.sale(2))
    assert stopped.value.code == EXIT_BUG
    assert "6200001234567890128" not in str(stopped.value)
    assert "ValueError in " in stopped.value.args[1]


def test_a_refused_payment_id_is_a_bug_and_not_a_repetition() -> None:
    class OddStore(MemoryStore):
        def commit(self, records: Sequence[Record]) -> None:
            if any(isinstance(record, PaymentRecord) for record in records):
                raise DuplicatePaymentError
            super().commit(records)

    world = World(OddStore(register()))
    terminal = world.signed_in()
    with pytest.raises(StoppedError) as stopped:
        world.send(terminal.sale(2))
    assert stopped.value.code == EXIT_BUG
    assert world.to_issuer_frames == []


def test_a_long_queue_is_cut_into_groups() -> None:
    world = World(MemoryStore(register()))
    terminal = world.signed_in()
    store = world.store
    assert isinstance(store, MemoryStore)
    before = store.commits
    world.step(*(TerminalFrame(1, terminal.sale(stan)[2:]) for stan in range(2, 1_200)))
    assert store.commits - before == 3
    assert len(world.to_issuer_frames) == 1_198


@pytest.fixture
def two_processes(store_url: str) -> Iterator[tuple[World, World]]:
    stores = [open_store(store_url) for _ in range(2)]
    keys = [host_keys(TERMINAL, "00000002") for _ in range(2)]
    first = World(stores[0], keys=keys[0])
    second = World(stores[1], host=settings(node=1), keys=keys[1])
    yield first, second
    for store in stores:
        store.close()


def test_a_group_with_one_payment_taken_elsewhere_loses_and_doubles_nothing(
    two_processes: tuple[World, World],
) -> None:
    first, second = two_processes
    one = first.signed_in()
    other = second.signed_in("00000002")
    # The terminal's sale reaches the first process, and again the second within one group.
    first.send(one.sale(2))
    first.answer(first.asked())
    reply = one.read(first.to_terminals.pop()[1])
    # A session the second process knows already, so that nothing in its group waits for a load.
    assert second.ask(one, one.sale(9, pin=None)) is None
    second.to_issuer_frames.clear()
    waiting = other.sale(7)
    second.send(waiting)
    answer = second.issuer.answer(second.asked())
    second.step(
        TerminalFrame(1, other.sale(8)[2:]),
        TerminalFrame(2, one.sale(2)[2:]),
        UpstreamFrame(answer),
        TerminalFrame(1, other.sale(9)[2:]),
    )
    # Its own two sales went out once each, its answer came in once, the repetition was answered
    # with the first process's answer.
    assert [second.asked().text(11) for _ in range(2)] == ["000008", "000009"]
    assert second.to_issuer_frames == []
    told = dict(second.to_terminals)
    assert len(second.to_terminals) == 2
    assert other.read(told[1]).fields[39] == "00"
    assert one.read(told[2]).fields == reply.fields
    assert second.kinds(7, terminal_id="00000002") == ["approved"]
    assert second.kinds(2) == ["approved", "repeated"]
    assert set(second.core.state.pending) == {
        second.store.load_payments([key])[key].payment.rrn
        for key in [(TERMINAL, 1, 9), ("00000002", 1, 8), ("00000002", 1, 9)]
    }


def test_a_reversal_and_its_original_at_two_processes_at_once(
    two_processes: tuple[World, World],
) -> None:
    first, second = two_processes
    terminal = first.signed_in()
    # The second process looks for the original and finds none; before it can write the tombstone
    # the first process writes the intent.
    looked = second.store.load_payments

    def look_then_lose(keys: Sequence[tuple[str, int, int]]) -> object:
        found = looked(keys)
        if not first.to_issuer_frames:
            first.send(terminal.sale(2))
        return found

    second.store.load_payments = look_then_lose
    reply = second.ask(terminal, terminal.reversal(2))
    assert reply is not None
    assert reply.fields[39] == "00"
    assert second.kinds(2) == ["reversal_requested"]
    first.answer(first.asked())
    second.answer(second.asked())
    assert second.kinds(2) == ["reversal_requested", "approved", "reversed"]
