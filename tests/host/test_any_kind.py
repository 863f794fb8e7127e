"""Every kind in whatever order, with losses, copies, time-outs and restarts: the books end equal.

The issuer is the sandbox's real one. What it has taken must be what the host's payments say.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.host.memory_store import MemoryStore
from tests.host.parties import PAN, TERMINAL
from tests.host.real_issuer import RealIssuer
from tests.host.test_kinds import TODAY
from tests.host.world import World, register
from tests.host.world import settings as host_settings
from tongbao.host.core.events import UpstreamFrame
from tongbao.host.core.originals import FITS, current_amount
from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.host.records import PaymentRecord, TraceKey
from tongbao.host.store.opening import open_store
from tongbao.host.store.port import HostStore
from tongbao.wire.unionpay.transactions import KINDS, Resolution

PICK = st.integers(0, 9)
KIND = st.sampled_from(sorted(set(KINDS) - {"balance", "mail_order", "chip_offline_sale"}))
STEP = st.one_of(
    st.tuples(st.just("pay"), KIND, PICK),
    st.tuples(st.just("pay"), KIND, PICK),
    st.tuples(st.just("pay and be answered"), KIND, PICK),
    st.tuples(st.just("pay and be answered"), KIND, PICK),
    st.tuples(st.just("send again"), st.just(""), PICK),
    st.tuples(st.just("take back"), st.just(""), PICK),
    st.tuples(st.just("issuer works"), st.just(""), PICK),
    st.tuples(st.just("request lost"), st.just(""), PICK),
    st.tuples(st.just("answer arrives"), st.just(""), PICK),
    st.tuples(st.just("answer lost"), st.just(""), PICK),
    st.tuples(st.just("time passes"), st.just(""), PICK),
    st.tuples(st.just("link"), st.just(""), PICK),
    st.tuples(st.just("restart"), st.just(""), PICK),
    st.tuples(st.just("other process"), st.just(""), PICK),
)
STEPS = st.lists(STEP, min_size=5, max_size=40)
_TAKES = ("sale", "offline_sale", "completion", "completion_advice")
_WAITS_MS = (100, 2_000, 6_000, 31_000, 65_000)


class Story:
    """Two host processes on one store, a terminal, and the real issuer."""

    def __init__(self, store: HostStore) -> None:
        self.issuer = RealIssuer()
        self.worlds = [World(store, host=host_settings(node=node)) for node in (0, 1)]
        self.active = 0
        self.terminal = self.worlds[0].signed_in()
        self.answers: tuple[list[bytes], list[bytes]] = ([], [])
        self.frames: dict[int, bytes] = {}
        self.repeats: dict[int, bytes] = {}
        self.kinds: dict[int, tuple[str, int]] = {}
        self.codes: dict[int, list[str]] = {}
        self.approvals: list[tuple[str, int, str, str]] = []
        self.taken_back: set[int] = set()

    @property
    def world(self) -> World:
        return self.worlds[self.active]

    def play(self, step: str, kind: str, pick: int) -> None:
        actions: dict[str, Callable[[], object]] = {
            "pay": lambda: self._pay(kind, pick),
            "pay and be answered": lambda: (self._pay(kind, pick), self._calm()),
            "send again": lambda: self._send_again(pick),
            "take back": self._take_back,
            "issuer works": lambda: self._issuer_works(pick),
            "request lost": lambda: _take(self.world.to_issuer_frames, pick),
            "answer arrives": lambda: self._arrive(pick),
            "answer lost": lambda: _take(self.answers[self.active], pick),
            "time passes": lambda: self.world.advance(_WAITS_MS[pick % len(_WAITS_MS)]),
            "link": self._break_or_mend,
            "restart": lambda: self._restart(pick),
            "other process": self._switch,
        }
        actions[step]()
        self._listen()

    def _pay(self, kind: str, pick: int) -> None:
        stan = len(self.frames) + 2
        change: dict[int, object] = {}
        original, amount_minor = None, 1_000 + 100 * pick
        if kind in FITS:
            fitting = [one for one in self.approvals if one[0] in FITS[kind]]
            if not fitting:
                return
            _, of_stan, rrn, auth_code = fitting[pick % len(fitting)]
            original = (1, of_stan, "" if kind == "void" else TODAY)
            change = {37: rrn, 38: auth_code, 63: "000"}
            amount_minor = self.kinds[of_stan][1]
            if kind == "refund":
                amount_minor = max(1, amount_minor * (pick + 1) // 10)
            if kind == "tip":
                change[48] = f"{pick + 1:012d}"
                amount_minor += pick + 1
            if kind == "adjustment":
                amount_minor += pick
        self.kinds[stan] = (kind, amount_minor)
        for card, frames in (({}, self.frames), ({35: None, 2: PAN}, self.repeats)):
            frames[stan] = self.terminal.payment(
                kind, stan, amount_minor, original=original, change=change | card
            )
        self.world.send(self.frames[stan])

    def _send_again(self, pick: int) -> None:
        if not self.frames:
            return
        stan = list(self.frames)[-1 - pick % len(self.frames)]
        is_repeated = KINDS[self.kinds[stan][0]].resolution is Resolution.REPEAT
        self.world.send((self.repeats if is_repeated else self.frames)[stan])

    def _take_back(self) -> None:
        stans = [stan for stan, (kind, _) in self.kinds.items() if KINDS[kind].is_reversible]
        # A terminal takes back its last payment, and only before it was told how it ended.
        if stans and stans[-1] == max(self.frames) and stans[-1] not in self.codes:
            stan = stans[-1]
            self.taken_back.add(stan)
            self.world.send(
                self.terminal.reversal_of(self.kinds[stan][0], stan, self.kinds[stan][1])
            )

    def _issuer_works(self, pick: int) -> None:
        frame = _take(self.world.to_issuer_frames, pick)
        if frame is not None:
            self.answers[self.active].extend(self.issuer.handle(frame, self.world.now_us))

    def _arrive(self, pick: int) -> None:
        answer = _take(self.answers[self.active], pick)
        if answer is not None:
            self.world.step(UpstreamFrame(answer))

    def _calm(self) -> None:
        while self.world.to_issuer_frames or self.answers[self.active]:
            self._issuer_works(0)
            self._arrive(0)

    def _break_or_mend(self) -> None:
        if self.world.core.state.link_up:
            self.world.link_down()
            self.world.to_issuer_frames.clear()
            self.answers[self.active].clear()
        else:
            self.world.link_up()

    def _restart(self, pick: int) -> None:
        self._listen()
        self.answers[self.active].clear()
        self.world.restart(link=bool(pick & 1))

    def _switch(self) -> None:
        self._listen()
        self.active = 1 - self.active

    def _listen(self) -> None:
        for _, data in self.world.to_terminals:
            reply = self.terminal.read(data)
            stan = int(reply.text(11))
            if reply.mti in ("0410", "0810"):
                continue
            code = reply.text(39)
            kind, _ = self.kinds[stan]
            if code != "98":
                self.codes.setdefault(stan, []).append(code)
            if code == "00" and not any(one[1] == stan for one in self.approvals):
                self.approvals.append((kind, stan, reply.text(37), reply.text(38)))
        self.world.to_terminals.clear()

    def settle(self) -> None:
        """Heal everything; the terminal repeats what it has no definite answer to."""
        for world in self.worlds:
            if not world.core.state.link_up:
                world.link_up()
        for _ in range(4):
            for self.active in (0, 1):
                self.world.advance(65_000)
                self._calm()
                self._listen()
            for stan, (kind, _) in self.kinds.items():
                if KINDS[kind].resolution is Resolution.REPEAT and stan not in self.codes:
                    self.world.send(self.repeats[stan])
                    self._calm()
                    self._listen()

    def check(self) -> None:
        store = self.worlds[0].store
        keys = [TraceKey(TERMINAL, 1, stan) for stan in self.kinds]
        stored = store.load_payments(keys)
        approved = []
        for key, one in stored.items():
            state = stand_of(one.events).state
            assert state in (PaymentState.APPROVED, PaymentState.DECLINED, PaymentState.REVERSED)
            is_approved = state is PaymentState.APPROVED
            assert self.issuer.stands(one.payment.rrn) is is_approved, one
            if is_approved:
                approved.append(one.payment)
            told = set(self.codes.get(key.stan, []))
            # One definite answer, and it is the state, unless the terminal took it back itself.
            assert len(told) <= 1 or key.stan in self.taken_back or told == {"00", "12"}, told
            if told == {"00"} and key.stan not in self.taken_back:
                assert is_approved
            if told and "00" not in told:
                assert not is_approved
        assert net_minor(approved) == self.issuer.taken_minor
        for world in self.worlds:
            assert world.core.state.claims == {}
            assert not world.core.state.pending


def net_minor(approved: list[PaymentRecord]) -> int:
    """What these payments together take from card holders."""
    total = 0
    for one in approved:
        family = [other for other in approved if other.original_id == one.payment_id]
        kinds = {other.kind for other in family}
        if one.kind == "refund":
            total -= one.amount_minor
        elif one.kind in _TAKES and not kinds & {"void", "completion_void"}:
            total += current_amount(one, family)
    return total


def _take(items: list[bytes], pick: int) -> bytes | None:
    return items.pop(pick % len(items)) if items else None


def live(store: HostStore, steps: list[tuple[str, str, int]]) -> None:
    story = Story(store)
    for step in steps:
        story.play(*step)
    story.settle()
    story.check()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_every_kind_ends_and_the_issuer_has_taken_what_the_host_says(
    steps: list[tuple[str, str, int]],
) -> None:
    live(MemoryStore(register()), steps)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_the_same_on_a_real_database(
    fresh_store_url: Callable[[], str], steps: list[tuple[str, str, int]]
) -> None:
    store = open_store(fresh_store_url())
    try:
        live(store, steps)
    finally:
        store.close()
