"""Lives a trace file through again: the same payments, the same troubles, and what became of them.

The events of a payment say what went wrong around it (a silent issuer, a lost answer, a restart, a
late approval). Each becomes an order to the network of a world without any other fault, and the
real cores do the rest. A replay is faithful when every payment has the same rows in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.host.core.payment_rules import stand_of
from tongbao.simulation.cards import CARDS, GOOD, SimulatedCard
from tongbao.simulation.errands import Errand
from tongbao.simulation.network import Line, Network, Way
from tongbao.simulation.scenario import Scenario
from tongbao.simulation.town import Town

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.host.records import StoredPayment
    from tongbao.platform.payments.traces.types import Trace, TracedEvent, TracedPayment

_SECOND_US: Final = 1_000_000
_PATIENCE_US: Final = 3_600 * _SECOND_US
_QUIET_US: Final = 5 * _SECOND_US
_SEED: Final = 1
_LENGTH_BYTES: Final = 2
# Behind length, TPDU and header.
_TERMINAL_MTI: Final = slice(13, 15)
_ISSUER_MTI: Final = slice(2, 4)
_REQUESTS: Final = frozenset({"0100", "0200", "0220"})
_REPLIES: Final = frozenset({"0110", "0210", "0230"})
_ALWAYS: Final = 1_000
# Cards that the issuer declines with this code.
_CARD_FOR: Final = {"51": "poor", "61": "limited", "54": "expired", "41": "lost"}
_WRONG_PIN: Final = "55"
_NO_LINK: Final = "91"
_FOUND_SOMETHING: Final = frozenset({"approved", "declined", "reversed"})


class Act(Enum):
    """What happens to a frame on its way."""

    DROP = "drop"
    DELAY = "delay"
    AGAIN = "again"
    CUT = "cut"
    CRASH = "crash"
    CODE = "code"


@dataclass(slots=True)
class Order:
    """Do this to the next `left` frames of these types on this side; `us` is a time span."""

    at_issuer: bool
    way: Way
    mtis: frozenset[str]
    act: Act
    us: int = 0
    code: str = ""
    left: int = 1


@dataclass(frozen=True, slots=True)
class Compared:
    """One payment of the trace and of the replay: status and rows of kind and code."""

    rrn: str
    kind: str
    recorded: tuple[str, ...]
    replayed: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether the replay was faithful."""
        return self.recorded == self.replayed


class DirectedNetwork(Network):
    """A network that does to frames what it was ordered to do, and nothing else."""

    orders: list[Order]
    crash: Callable[[], None]
    recode: Callable[[bytes, str], bytes]

    def send(self, line: Line, way: Way, data: bytes) -> None:
        """Send a frame, or do what was ordered for it."""
        at_issuer = line.route.name == "issuer"
        mti = data[_ISSUER_MTI if at_issuer else _TERMINAL_MTI].hex()
        order = next(
            (
                order
                for order in self.orders
                if order.left and order.at_issuer is at_issuer and order.way is way
                if mti in order.mtis
            ),
            None,
        )
        if order is None:
            super().send(line, way, data)
            return
        order.left -= 1
        self._obey(order, line, way, data)

    def _obey(self, order: Order, line: Line, way: Way, data: bytes) -> None:
        send = super().send
        match order.act:
            case Act.DROP:
                return
            case Act.DELAY:
                self.in_flight += 1
                self._agenda.after(order.us, lambda: self._arrive_late(line, way, data))
            case Act.AGAIN:
                send(line, way, data)
                self._agenda.after(order.us, lambda: send(line.route.current or line, way, data))
            case Act.CUT:
                send(line, way, data)
                self._agenda.after(_SECOND_US, lambda: self.reset(line))
            case Act.CRASH:
                send(line, way, data)
                self._agenda.after(0, self.crash)
            case Act.CODE:
                send(line, way, self.recode(data, order.code))

    def _arrive_late(self, line: Line, way: Way, data: bytes) -> None:
        self.in_flight -= 1
        super().send(line.route.current or line, way, data)


def orders_of(payment: TracedPayment) -> list[Order]:
    """Return what must happen on the wire for these events to come about."""
    orders: list[Order] = []
    late = next((event for event in payment.events if event.kind == "late_answer"), None)
    if late is not None:
        us = max(_SECOND_US, late.at_us - payment.received_at_us)
        orders.append(Order(True, Way.RESPONSE, _REPLIES, Act.DELAY, us))
    for event in payment.events:
        orders += _orders_of_event(payment, event)
    repeats = [e for e in payment.events if e.kind in ("reversal_repeated", "delivery_repeated")]
    for kind, mtis in (("reversal_repeated", {"0430"}), ("delivery_repeated", _REPLIES)):
        count = sum(event.kind == kind for event in repeats)
        if count:
            orders.append(Order(True, Way.RESPONSE, frozenset(mtis), Act.DROP, left=count))
    return orders


def _orders_of_event(payment: TracedPayment, event: TracedEvent) -> list[Order]:
    silent = Order(True, Way.RESPONSE, _REPLIES, Act.DROP)
    if event.kind == "repeated":
        us = max(_SECOND_US, event.at_us - payment.received_at_us)
        return [Order(False, Way.REQUEST, _REQUESTS, Act.AGAIN, us)]
    if event.kind == "inquired":
        if any(word in event.detail for word in _FOUND_SOMETHING):
            return [silent]
        unanswered = Order(True, Way.RESPONSE, frozenset({"0610"}), Act.DROP)
        return [silent, unanswered]
    if event.kind != "reversal_requested":
        return []
    cause, _, word = event.detail.rpartition(" ")
    unclear = Order(True, Way.RESPONSE, _REPLIES, Act.CODE, code=cause[-2:])
    causes = {
        "issuer link": [silent, Order(True, Way.REQUEST, _REQUESTS, Act.CUT)],
        f"issuer answer {unclear.code}": [unclear],
        "host": [silent, Order(True, Way.REQUEST, _REQUESTS, Act.CRASH)],
        "reversal before": [Order(False, Way.REQUEST, _REQUESTS, Act.DROP)],
        "issuer": [silent],
    }
    if cause == "terminal" or word == "terminal":
        return [Order(False, Way.RESPONSE, _REPLIES, Act.DROP, left=_ALWAYS)]
    return causes.get(cause, [])


@dataclass(slots=True)
class _Stage:
    """The town of a replay, and what has been played so far."""

    town: Town
    errands: dict[str, Errand] = field(default_factory=dict)

    def until(self, is_over: Callable[[], bool]) -> None:
        """Let time pass until then, or until patience ends."""
        agenda = self.town.agenda
        agenda.run(agenda.now_us + _PATIENCE_US, is_over)

    def is_at_rest(self) -> bool:
        """Whether nothing is under way anywhere."""
        town = self.town
        return (
            all(cashier.is_done and cashier.node.is_up for cashier in town.cashiers)
            and all(node.state.doubt is None and node.state.signed_in for node in town.terminals)
            and town.host.is_idle()
        )


def replay(trace: Trace) -> list[Compared]:
    """Play every payment of a trace, oldest first, and compare each with its rows."""
    names = sorted({payment.terminal for payment in trace.payments})
    scenario = Scenario(_SEED, len(names), 0, ())
    town = Town(scenario, keep_story=False, network=DirectedNetwork)
    stage = _Stage(town)
    network = town.network
    assert isinstance(network, DirectedNetwork)  # noqa: S101 - asked for above
    network.orders = []
    network.crash = lambda: town.host.stop(-9, "as the trace has it")
    network.recode = town.issuer.recoded
    places = dict(zip(names, town.cashiers, strict=True))
    town.open()
    for cashier in town.cashiers:
        cashier.is_calm = True
    stage.until(stage.is_at_rest)
    compared = []
    for number, payment in enumerate(trace.payments):
        cashier = places[payment.terminal]
        errand = _errand_of(payment, number, cashier.node.name, stage.errands)
        stage.errands[payment.rrn] = errand
        network.orders = orders_of(payment)
        town.errands.append(errand)
        cashier.errands.append(errand)
        cashier.is_done = False
        stage.until(stage.is_at_rest)
        network.orders = []
        town.agenda.run(town.agenda.now_us + _QUIET_US, lambda: False)
        stage.until(lambda: stage.is_at_rest() and not network.in_flight)
        compared.append(_compared(payment, _row_of(town, errand)))
    return compared


def _errand_of(
    payment: TracedPayment, number: int, terminal_id: str, played: dict[str, Errand]
) -> Errand:
    original = played.get(payment.original)
    errand = Errand(number, terminal_id, payment.kind, _card_of(payment), payment.amount_minor)
    errand.is_fixed, errand.tries_left = True, 1
    errand.keyed = payment.entry_mode.startswith("01")
    errand.original = original
    if original is not None:
        errand.card = original.card
        errand.tip_minor = max(0, payment.amount_minor - original.present_minor)
    errand.pin = _pin_of(payment)
    return errand


def _card_of(payment: TracedPayment) -> SimulatedCard:
    codes = [event.code for event in payment.events if event.kind == "declined"]
    name = _CARD_FOR.get(codes[0]) if codes else None
    if name is not None:
        return next(card for card in CARDS if card.name == name)
    return GOOD[0] if payment.organisation in ("", "CUP") else GOOD[-1]


def _pin_of(payment: TracedPayment) -> bool | None:
    """Whether the right PIN is given, a wrong one, or none."""
    if not payment.entry_mode.endswith("1"):
        return None
    return not any(event.code == _WRONG_PIN for event in payment.events)


def _row_of(town: Town, errand: Errand) -> StoredPayment | None:
    store = town.host.store
    rows = [] if store is None else store.payments()
    fitting = [
        stored
        for stored in rows
        if stored.payment.kind == errand.kind
        and stored.payment.terminal_id == errand.terminal_id
        and stored.payment.amount_minor == errand.amount_minor
    ]
    return fitting[-1] if fitting else None


def _compared(payment: TracedPayment, stored: StoredPayment | None) -> Compared:
    recorded = (payment.status.value, *_words(payment.events))
    if stored is None:
        return Compared(payment.rrn, payment.kind, recorded, ("nothing",))
    state = stand_of(stored.events).state.value
    words = tuple(f"{event.kind} {event.response_code}".rstrip() for event in stored.events)
    return Compared(payment.rrn, payment.kind, recorded, (state, *words))


def _words(events: Sequence[TracedEvent]) -> list[str]:
    return [f"{event.kind} {event.code}".rstrip() for event in events]
