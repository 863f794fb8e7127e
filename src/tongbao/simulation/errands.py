"""What people want at a terminal: one errand is one payment, or the closing of a batch.

An amount says which errand it is: no two errands of one kind have the same, but for voids, which
have the amount of what they take back; of two voids of one payment the cashier looks at the one
that was made since the errand began. So the list of payments, the host's rows and the issuer's book
tell what became of each without anybody's memory, and from the seed follows what should have become
of it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.domain.ids import BatchNo, Stan
from tongbao.domain.money import Currency, Money
from tongbao.sandbox.cards import Behaviour
from tongbao.simulation.cards import CARDS, GOOD, PROBE, SimulatedCard
from tongbao.terminal.core.events import Approval, OriginalGiven, Start
from tongbao.wire.unionpay.transactions import KINDS, Resolution

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tongbao.wire.unionpay.profile import HostProfile

_TRIES: Final = 2
_PROBE_TRIES: Final = 1_000
_STEP_MINOR: Final = 1_000
SETTLEMENT: Final = "settlement"
# What a customer wants, one after the other, and how often.
_STORIES: Final[dict[tuple[str, ...], int]] = {
    ("sale",): 20,
    ("sale", "void"): 10,
    ("sale", "refund"): 8,
    ("sale", "refund", "refund"): 6,
    ("sale", SETTLEMENT, "refund"): 4,
    ("sale", "tip"): 6,
    ("sale", "tip", "void"): 3,
    ("pre_authorisation", "completion"): 7,
    ("pre_authorisation", "completion", "completion_void"): 6,
    ("pre_authorisation", "completion", "completion"): 3,
    ("pre_authorisation", "pre_authorisation_void"): 5,
    ("pre_authorisation", "pre_authorisation_void", "completion"): 4,
    ("offline_sale", "adjustment"): 6,
    ("offline_sale", "refund"): 3,
    ("mail_order", "void"): 3,
    ("mail_order", "refund"): 3,
    ("balance",): 3,
    (SETTLEMENT,): 5,
}
# These may be wanted at another terminal than their original.
_ANYWHERE: Final = frozenset(
    {"refund", "completion", "completion_advice", "pre_authorisation_void"}
)
_ORIGINALS: Final = {
    "void": ("sale", "mail_order"),
    "refund": ("sale", "mail_order", "offline_sale"),
    "pre_authorisation_void": ("pre_authorisation",),
    "completion": ("pre_authorisation",),
    "completion_advice": ("pre_authorisation",),
    "completion_void": ("completion", "completion_advice"),
    "tip": ("sale",),
    "adjustment": ("offline_sale",),
}
# These are done where the original was; the others anywhere.
_AT_HOME: Final = frozenset({"void", "completion_void", "tip", "adjustment"})
_KEYED: Final = frozenset({"mail_order"})
_WITHOUT_CARD: Final = frozenset({"tip", "adjustment"})
_REPEATED: Final = frozenset(
    name for name, kind in KINDS.items() if kind.resolution is Resolution.REPEAT
)
_TAKES_PHONE_CODE: Final = frozenset({"offline_sale"})


@dataclass(frozen=True, slots=True)
class Fact:
    """What stands on the slip of an approved payment; `date` is MMDD."""

    terminal_id: str
    batch: int
    trace: int
    rrn: str
    auth_code: str
    date: str


@dataclass(slots=True, eq=False)
class Errand:
    """One thing wanted. `amount_minor` of one that has an original is fixed when it begins."""

    number: int
    terminal_id: str
    kind: str
    card: SimulatedCard
    amount_minor: int = 0
    tip_minor: int = 0
    keyed: bool = False
    is_wrong: bool = False
    """Somebody asks for what must not be: too much, or of what is already undone."""
    is_fixed: bool = False
    """Its original and amount are given, not looked for."""
    pin: bool | None = True
    """Whether the right PIN is given, a wrong one, or none."""
    original: Errand | None = None
    fact: Fact | None = None
    tries_left: int = _TRIES
    is_open: bool = False
    first_trace: int = 0
    """The next trace number of the terminal when this was begun first; 0 before."""
    is_paid: bool = False
    """The cashier believes that it was approved; for a settlement, that the batch was closed."""
    done_to: list[Errand] = field(default_factory=list)
    """Errands that name this one as their original and were approved."""

    @property
    def name(self) -> str:
        """Whose it is and which."""
        return f"{self.terminal_id}-{self.number}"

    @property
    def amount(self) -> Money:
        """What is to be paid or given back."""
        return Money(self.amount_minor, Currency.CNY)

    @property
    def code_minor(self) -> int:
        """The part of the amount that no other errand has."""
        return self.number * 10 + int(self.terminal_id) % 10

    @property
    def undone(self) -> bool:
        """Whether it was taken back whole."""
        return any(other.kind.endswith("void") for other in self.done_to)

    @property
    def present_minor(self) -> int:
        """What it stands at after tips and adjustments."""
        changed = [e.amount_minor for e in self.done_to if e.kind in ("tip", "adjustment")]
        return changed[-1] if changed else self.amount_minor

    @property
    def left_minor(self) -> int:
        """What of it can still be given back."""
        if self.undone:
            return 0
        return self.present_minor - sum(e.amount_minor for e in self.done_to if e.kind == "refund")


def draw_errands(
    chance: random.Random, terminals: Sequence[str], count: int, profile: HostProfile
) -> list[Errand]:
    """Draw what people want, story by story, each at one of the terminals in turn."""
    errands: list[Errand] = []
    stories, weights = list(_STORIES), list(_STORIES.values())
    completion = "completion" if profile.completion_message == "request" else "completion_advice"
    at = 0
    while len(errands) < count:
        home, at = terminals[at % len(terminals)], at + 1
        for kind in chance.choices(stories, weights)[0]:
            name = chance.choice(terminals) if kind in _ANYWHERE else home
            kind = completion if kind == "completion" else kind  # noqa: PLW2901 - the host's word
            errands.append(_drawn(chance, len(errands), name, kind))
    return errands


def _drawn(chance: random.Random, number: int, terminal_id: str, kind: str) -> Errand:
    # What is repeated until it is answered needs an issuer that answers in the end.
    good = chance.random() < 0.75 or kind in _REPEATED
    card = chance.choice(GOOD) if good else chance.choice(CARDS)
    errand = Errand(number, terminal_id, kind, card)
    errand.keyed = kind in _KEYED or chance.random() < 0.1
    errand.is_wrong = chance.random() < 0.2
    errand.pin = None if chance.random() < 0.15 else True
    if kind not in ("balance", SETTLEMENT):
        errand.amount_minor = chance.randrange(1, 9_000) * _STEP_MINOR + errand.code_minor
    return errand


def probe_errand(terminal_id: str, number: int) -> Errand:
    """Return the sale at the end that must go well, whatever happened before."""
    amount = 10_000_000 + number * 10 + int(terminal_id) % 10
    return Errand(number, terminal_id, "sale", PROBE, amount, tries_left=_PROBE_TRIES)


def closing_errand(terminal_id: str, number: int) -> Errand:
    """Return the settlement at the end that must go well."""
    return Errand(number, terminal_id, SETTLEMENT, PROBE, tries_left=_PROBE_TRIES)


def find_original(errand: Errand, known: Iterable[Errand], chance: random.Random) -> bool:
    """Choose the original of an errand that needs one, and its amount; False when there is none."""
    kinds = _ORIGINALS.get(errand.kind)
    if kinds is None:
        return True
    fitting = [
        other
        for other in known
        if other.kind in kinds
        and other.fact is not None
        and (errand.kind not in _AT_HOME or other.terminal_id == errand.terminal_id)
        and not (errand.kind in _REPEATED and other.card.behaviour is Behaviour.SILENT)
        and (errand.is_wrong or _may(errand, other))
    ]
    if not fitting:
        return False
    done = [other for other in fitting if other.done_to]
    if errand.is_wrong and done:
        # Once more what was done before.
        fitting = done
    original = chance.choice(fitting[-4:])
    errand.original, errand.card = original, original.card
    errand.keyed = original.keyed or original.kind in _KEYED
    return _fix_amount(errand, original, chance)


def _may(errand: Errand, original: Errand) -> bool:
    if errand.kind == "refund":
        return original.left_minor > errand.code_minor
    if errand.kind in ("tip", "void", "adjustment"):
        return not original.done_to
    return not any(other.is_paid for other in original.done_to)


def _fix_amount(errand: Errand, original: Errand, chance: random.Random) -> bool:
    code = errand.code_minor
    above = errand.is_wrong and not original.done_to
    match errand.kind:
        case "refund" if above:
            errand.amount_minor = original.present_minor // _STEP_MINOR * _STEP_MINOR
            errand.amount_minor += _STEP_MINOR * chance.randrange(1, 5) + code
        case "refund":
            steps = (original.left_minor - code) // _STEP_MINOR
            errand.amount_minor = code + _STEP_MINOR * chance.randrange(max(1, steps + 1))
        case "completion" | "completion_advice":
            steps = original.amount_minor * (130 if above else 99) // 100 - code
            low = steps // _STEP_MINOR - 1 if above else steps // (2 * _STEP_MINOR)
            errand.amount_minor = code + _STEP_MINOR * chance.randrange(low, low + 2)
        case "adjustment":
            errand.amount_minor = code + _STEP_MINOR * chance.randrange(1, 9_000)
        case "tip":
            errand.tip_minor = max(1, original.present_minor * chance.randrange(1, 10) // 100)
            errand.amount_minor = original.present_minor + errand.tip_minor
        case _:
            errand.amount_minor = original.present_minor
    return errand.amount_minor > 0


def start_of(errand: Errand, attempt: int, approval: Approval | None) -> Start:
    """Return what the cashier keys in."""
    original = errand.original
    given = OriginalGiven()
    if original is not None and original.fact is not None:
        fact = original.fact
        given = OriginalGiven(
            trace=Stan(fact.trace) if errand.kind in _AT_HOME else None,
            batch=BatchNo(fact.batch) if errand.kind in _AT_HOME else None,
            rrn=fact.rrn if errand.kind == "refund" else "",
            date=fact.date,
            auth_code=fact.auth_code if errand.kind not in _AT_HOME else "",
        )
    elif errand.kind in _TAKES_PHONE_CODE:
        given = OriginalGiven(auth_code=f"{errand.number:06d}")
    return Start(
        f"{errand.name}-{attempt}",
        errand.kind,
        None if errand.kind in ("balance", "void", "completion_void", "tip") else errand.amount,
        Money(errand.tip_minor, Currency.CNY) if errand.kind == "tip" else None,
        given,
        approval,
    )
