"""A store whose commits finish when the test says so, and a world that runs on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.host.memory_store import MemoryStore
from tests.host.world import World
from tongbao.host.core.events import Event
from tongbao.host.records import Record
from tongbao.host.store.port import StoreFailedError


class PatientStore(MemoryStore):
    """Begins commits and finishes them later; may be told to fail."""

    def __init__(self, *terminals: object) -> None:
        super().__init__(*terminals)
        self.flying: list[Record] | None = None
        self.allowed = False
        self.fails = False

    def begin_commit(self, records: Sequence[Record]) -> None:
        assert self.flying is None
        self.flying = list(records)
        self.allowed = False

    def commit_finished(self) -> bool:
        if self.flying is None:
            return True
        if not self.allowed:
            return False
        records, self.flying = self.flying, None
        if self.fails:
            raise StoreFailedError("the disk is gone")
        self.commit(records)
        return True

    def fileno(self) -> int:
        return -1


class _Loop:
    """As much of an event loop as a pump needs."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.reader: Callable[[], None] = lambda: None

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def add_reader(self, _descriptor: int, callback: Callable[[], None]) -> None:
        self.reader = callback

    def remove_reader(self, _descriptor: int) -> None:
        self.reader = lambda: None


class OverlappingWorld(World):
    """A host whose commits overlap with the next steps; `flush` lets one finish."""

    def __init__(self, store: PatientStore, **more: object) -> None:
        self.patient = store
        self.loop = _Loop()
        # Until the test takes over, every commit finishes at once.
        self.eager = True
        super().__init__(store, **more)

    def start(self) -> None:
        self.loop = _Loop()
        super().start()
        self.pump.attach(self.loop)

    def restart(self, *, link: bool = True) -> None:
        # What was on its way to the disk is lost with the process.
        self.patient.flying = None
        super().restart(link=link)

    def step(self, *events: Event) -> None:
        for event in events:
            self.pump.offer(event)
        if self.pump._loop is None:
            self.pump.turn()
        self._run()
        while self.eager and self.patient.flying is not None:
            self.flush()

    def flush(self) -> None:
        """Let the commit under way finish."""
        self.patient.allowed = True
        self.loop.reader()
        self._run()

    def settle(self) -> None:
        """Let every commit finish, now and from now on."""
        self.eager = True
        self.step()
        assert not self.pump.busy

    def _run(self) -> None:
        while self.loop.soon:
            self.loop.soon.pop(0)()
