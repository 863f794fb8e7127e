"""Whatever the order of messages, losses, time-outs and restarts: the books end equal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.host.memory_store import MemoryStore
from tests.host.model_issuer import ModelIssuer
from tests.host.overlap import OverlappingWorld, PatientStore
from tests.host.parties import ScriptedTerminal
from tests.host.world import World, register
from tests.host.world import settings as host_settings
from tongbao.host.core.events import UpstreamFrame
from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.host.records import TraceKey
from tongbao.host.store.opening import open_store
from tongbao.host.store.port import DuplicatePaymentError, HostStore

STANS = st.integers(2, 3)
PICK = st.integers(0, 7)
STEP = st.one_of(
    st.tuples(st.just("sale"), STANS),
    st.tuples(st.just("sale"), STANS),
    st.tuples(st.just("reversal"), STANS),
    st.tuples(st.just("issuer works"), PICK),
    st.tuples(st.just("issuer works"), PICK),
    st.tuples(st.just("issuer declines"), PICK),
    st.tuples(st.just("request lost"), PICK),
    st.tuples(st.just("answer arrives"), PICK),
    st.tuples(st.just("answer arrives"), PICK),
    st.tuples(st.just("answer lost"), PICK),
    st.tuples(st.just("answer twice"), PICK),
    st.tuples(st.just("time passes"), st.sampled_from((100, 2_000, 6_000, 31_000, 65_000))),
    st.tuples(st.just("link breaks"), PICK),
    st.tuples(st.just("link comes"), PICK),
    st.tuples(st.just("host restarts"), PICK),
    st.tuples(st.just("other process"), PICK),
)
STEPS = st.lists(STEP, min_size=4, max_size=40)


def plain_worlds(store: HostStore) -> list[World]:
    return [World(store, host=host_settings(node=node)) for node in (0, 1)]


class Story:
    """Plays steps on two host processes that share a store, and checks the end."""

    def __init__(self, worlds: list[World]) -> None:
        self.issuer = ModelIssuer()
        self.worlds = worlds
        self.active = 0
        self.terminal: ScriptedTerminal = self.worlds[0].signed_in()
        self.answers: tuple[list[bytes], list[bytes]] = ([], [])
        self.told: dict[int, list[str]] = {}
        self.reversed_by_terminal: set[int] = set()
        self.answered_reversals: set[int] = set()

    @property
    def world(self) -> World:
        return self.worlds[self.active]

    def play(self, step: str, value: int) -> None:
        actions: dict[str, Callable[[int], None]] = {
            "sale": lambda stan: self.world.send(self.terminal.sale(stan, stan * 100)),
            "issuer declines": self._issuer_declines,
            "reversal": self._reverse,
            "issuer works": self._issuer_works,
            "request lost": lambda pick: _take(self.world.to_issuer_frames, pick) and None,
            "answer arrives": lambda pick: self._arrive(pick, 1),
            "answer lost": lambda pick: self._arrive(pick, 0),
            "answer twice": lambda pick: self._arrive(pick, 2),
            "time passes": lambda ms: self.world.advance(ms),  # noqa: PLW0108 - the world changes
            "link breaks": self._break_link,
            "link comes": lambda _: self.world.link_up(),
            "host restarts": self._restart,
            "other process": self._switch,
            "disk finishes": self._flush,
        }
        actions[step](value)
        self._listen()

    def settle(self) -> None:
        """Heal everything and let both processes come to rest."""
        for world in self.worlds:
            if isinstance(world, OverlappingWorld):
                world.settle()
        for world in self.worlds:
            if not world.core.state.link_up:
                world.link_up()
        # A terminal goes on until its reversal is answered: the host may have lost it.
        for stan in self.reversed_by_terminal - self.answered_reversals:
            self._reverse(stan)
        for _ in range(8):
            for self.active in (0, 1):
                self.world.advance(65_000)
                while self.world.to_issuer_frames or self.answers[self.active]:
                    self._issuer_works(0)
                    self._arrive(0, 1)
                self._listen()

    def _reverse(self, stan: int) -> None:
        self.world.send(self.terminal.reversal(stan, stan * 100))
        self.reversed_by_terminal.add(stan)

    def _issuer_works(self, pick: int) -> None:
        frame = _take(self.world.to_issuer_frames, pick)
        if frame is not None:
            request = self.issuer.scripted.read(frame)
            self.answers[self.active].append(self.issuer.handle(request))

    def _issuer_declines(self, pick: int) -> None:
        self.issuer.declining = {200, 300}
        self._issuer_works(pick)
        self.issuer.declining = set()

    def _arrive(self, pick: int, times: int) -> None:
        answer = _take(self.answers[self.active], pick)
        for _ in range(times if answer is not None else 0):
            assert answer is not None
            self.world.step(UpstreamFrame(answer))

    def _break_link(self, _: int) -> None:
        self.world.link_down()
        self.world.to_issuer_frames.clear()
        self.answers[self.active].clear()

    def _restart(self, pick: int) -> None:
        self._listen()
        self.answers[self.active].clear()
        world = self.world
        if isinstance(world, OverlappingWorld) and world.patient.flying and pick & 2:
            # The process dies between the flush and hearing of it.
            with suppress(DuplicatePaymentError):
                world.patient.commit(world.patient.flying)
        self.world.restart(link=bool(pick & 1))

    def _switch(self, _: int) -> None:
        self._listen()
        self.active = 1 - self.active

    def _flush(self, _: int) -> None:
        if isinstance(self.world, OverlappingWorld) and self.world.patient.flying is not None:
            self.world.flush()

    def _listen(self) -> None:
        for _, data in self.world.to_terminals:
            reply = self.terminal.read(data)
            if reply.mti == "0410":
                self.answered_reversals.add(int(reply.text(11)))
            if reply.mti == "0210":
                self.told.setdefault(int(reply.text(11)), []).append(reply.text(39))
        self.world.to_terminals.clear()

    def check(self) -> None:
        charged = self.issuer.charged()
        store = self.world.store
        keys = [TraceKey(self.terminal.terminal_id, 1, stan) for stan in range(2, 4)]
        stored = store.load_payments(keys)
        for key, payment in stored.items():
            state = stand_of(payment.events).state
            assert state in (
                PaymentState.APPROVED,
                PaymentState.DECLINED,
                PaymentState.REVERSED,
            )
            is_charged = charged.pop(payment.payment.rrn, 0) == payment.payment.amount_minor
            assert is_charged is (state is PaymentState.APPROVED)
            if "00" in self.told.get(key.stan, []):
                # What the terminal heard as approved stands, unless it took it back itself.
                assert state is PaymentState.APPROVED or key.stan in self.reversed_by_terminal
            if key.stan in self.reversed_by_terminal:
                assert state is not PaymentState.APPROVED
        # No debit of a payment that the host does not know, and so no second one for a trace.
        assert charged == {}


def _take(items: list[bytes], pick: int) -> bytes | None:
    return items.pop(pick % len(items)) if items else None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_every_payment_ends_and_the_issuers_book_agrees(steps: list[tuple[str, int]]) -> None:
    story = Story(plain_worlds(MemoryStore(register())))
    for step, value in steps:
        story.play(step, value)
    story.settle()
    story.check()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.one_of(STEP, st.tuples(st.just("disk finishes"), PICK)), min_size=4, max_size=40)
)
def test_the_same_while_commits_take_their_time(steps: list[tuple[str, int]]) -> None:
    # One table of rows, and for each process its own commit on the way.
    first, second = PatientStore(register()), PatientStore(register())
    second.payments, second.events, second.sessions = first.payments, first.events, first.sessions
    worlds = [
        OverlappingWorld(store, host=host_settings(node=node))
        for node, store in enumerate((first, second))
    ]
    story = Story(list(worlds))
    for world in worlds:
        world.eager = False
    for step, value in steps:
        story.play(step, value)
    story.settle()
    story.check()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_the_same_on_a_real_database(
    fresh_store_url: Callable[[], str], steps: list[tuple[str, int]]
) -> None:
    store = open_store(fresh_store_url())
    try:
        story = Story(plain_worlds(store))
        for step, value in steps:
            story.play(step, value)
        story.settle()
        story.check()
    finally:
        store.close()
