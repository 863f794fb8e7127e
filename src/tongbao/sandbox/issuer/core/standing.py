"""Where an authorisation stands and what may follow: the table of all standings and all requests.

Standings are never stored. They follow from what the book holds about a family: a sale or a
pre-authorisation with everything that names it. `Family` works them out, `TABLE` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from tongbao.sandbox.issuer.core.book import APPROVED, Authorisation, Remembered, Reversal
from tongbao.wire.network.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.sandbox.issuer.core.book import Record

INVALID: Final = "12"
TOO_LATE: Final = "22"
NO_ORIGINAL: Final = "25"


class Standing(Enum):
    """Where the authorisation under one F37 stands."""

    ABSENT = "absent"
    """Never heard of."""
    DECLINED = "declined"
    REVERSED = "reversed"
    """Undone, or killed before it came."""
    SOLD = "sold"
    SOLD_REFUNDED = "sold_refunded"
    """A sale that was given back in part or whole."""
    VOIDED = "voided"
    HELD = "held"
    EXPIRED = "expired"
    RELEASED = "released"
    """A pre-authorisation that was voided."""
    COMPLETED = "completed"
    """A pre-authorisation whose hold was used up, also when its completion was voided later."""
    TAKEN = "taken"
    """A completion in force."""
    TAKEN_REFUNDED = "taken_refunded"
    TAKEN_VOIDED = "taken_voided"
    DONE = "done"
    """An approved void, refund, adjustment or balance: nothing can name it as its original."""


class Ask(Enum):
    """What is asked of an authorisation."""

    VOID = "void"
    REFUND = "refund"
    HOLD_VOID = "hold_void"
    COMPLETION = "completion"
    COMPLETION_VOID = "completion_void"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"
    EXPIRY = "expiry"


class Cell(NamedTuple):
    """The answer, and where the authorisation stands after it."""

    code: str
    then: Standing


ASK_OF: Final = {
    Operation.VOID: Ask.VOID,
    Operation.REFUND: Ask.REFUND,
    Operation.PRE_AUTHORISATION_VOID: Ask.HOLD_VOID,
    Operation.COMPLETION: Ask.COMPLETION,
    Operation.COMPLETION_ADVICE: Ask.COMPLETION,
    Operation.COMPLETION_VOID: Ask.COMPLETION_VOID,
    Operation.ADJUSTMENT: Ask.ADJUSTMENT,
}

_S = Standing
_GRANTED: Final[Mapping[tuple[Standing, Ask], Standing]] = {
    (_S.SOLD, Ask.VOID): _S.VOIDED,
    (_S.SOLD, Ask.REFUND): _S.SOLD_REFUNDED,
    # Its amount changes, not where it stands.
    (_S.SOLD, Ask.ADJUSTMENT): _S.SOLD,
    (_S.SOLD_REFUNDED, Ask.REFUND): _S.SOLD_REFUNDED,
    (_S.TAKEN, Ask.REFUND): _S.TAKEN_REFUNDED,
    (_S.TAKEN_REFUNDED, Ask.REFUND): _S.TAKEN_REFUNDED,
    (_S.TAKEN, Ask.COMPLETION_VOID): _S.TAKEN_VOIDED,
    (_S.HELD, Ask.HOLD_VOID): _S.RELEASED,
    (_S.HELD, Ask.COMPLETION): _S.COMPLETED,
    (_S.HELD, Ask.EXPIRY): _S.EXPIRED,
}
# What a standing has to do with; any other request of it is a wrong operation (22).
_FAMILY_ASKS: Final[Mapping[Standing, frozenset[Ask]]] = {
    **dict.fromkeys(
        (_S.SOLD, _S.SOLD_REFUNDED, _S.VOIDED),
        frozenset({Ask.VOID, Ask.REFUND, Ask.ADJUSTMENT}),
    ),
    **dict.fromkeys(
        (_S.HELD, _S.RELEASED, _S.COMPLETED), frozenset({Ask.HOLD_VOID, Ask.COMPLETION})
    ),
    **dict.fromkeys(
        (_S.TAKEN, _S.TAKEN_REFUNDED, _S.TAKEN_VOIDED),
        frozenset({Ask.COMPLETION_VOID, Ask.REFUND}),
    ),
    # These have lost what they were, or never had it: the state is what is wrong.
    **dict.fromkeys((_S.DECLINED, _S.REVERSED), frozenset(Ask)),
}
# A reversal would take back what something else in force stands on.
_NOT_REVERSIBLE_NOW: Final = frozenset({_S.SOLD_REFUNDED, _S.TAKEN_REFUNDED, _S.COMPLETED})


def _cell(standing: Standing, ask: Ask) -> Cell:
    granted = _GRANTED.get((standing, ask))
    if granted is not None:
        return Cell(APPROVED, granted)
    if ask is Ask.REVERSAL:
        if standing in _NOT_REVERSIBLE_NOW:
            return Cell(TOO_LATE, standing)
        return Cell(NO_ORIGINAL if standing is _S.ABSENT else APPROVED, _S.REVERSED)
    if standing is _S.ABSENT:
        return Cell(NO_ORIGINAL, standing)
    is_its_own = ask in _FAMILY_ASKS.get(standing, frozenset())
    return Cell(INVALID if is_its_own else TOO_LATE, standing)


TABLE: Final[Mapping[tuple[Standing, Ask], Cell]] = {
    (standing, ask): _cell(standing, ask) for standing in Standing for ask in Ask
}
_COMPLETIONS: Final = frozenset({Operation.COMPLETION, Operation.COMPLETION_ADVICE})
_SALES: Final = frozenset({Operation.SALE, Operation.OFFLINE_SALE})
_PAYMENTS: Final = _COMPLETIONS | _SALES
_VOIDS: Final = frozenset({Operation.VOID, Operation.COMPLETION_VOID})
_UNKNOWN: Final = Remembered()


@dataclass(frozen=True, slots=True)
class Family:
    """A sale or pre-authorisation and everything that names it, by F37; `root` is its head.

    `hold_expired` says that its hold ended by itself, which no member of it shows.
    """

    root: str = ""
    members: Mapping[str, Remembered] = field(default_factory=dict)
    hold_expired: bool = False

    def standing(self, rrn: str) -> Standing:
        """Where the authorisation under this F37 stands."""
        member = self.members.get(rrn, _UNKNOWN)
        answer = member.stands
        if answer is None:
            if member.reversal is not None:
                return Standing.REVERSED
            return Standing.ABSENT if member.authorisation is None else Standing.DECLINED
        if answer.operation is Operation.PRE_AUTHORISATION:
            return self._hold_standing()
        if answer.operation not in _PAYMENTS:
            return Standing.DONE
        return self._payment_standing(answer)

    def charged_minor(self) -> int:
        """What the card holder has paid in all, after voids and refunds."""
        answers = self._standing_answers()
        voided = {answer.original for answer in answers if answer.operation in _VOIDS}
        charged = 0
        for answer in answers:
            if answer.operation is Operation.REFUND:
                charged -= answer.amount.minor
            elif answer.operation in _PAYMENTS and answer.rrn not in voided:
                charged += self._total_of(answer)
        return charged

    def held_minor(self) -> int:
        """What is promised and neither taken nor given up."""
        head = self.members.get(self.root, _UNKNOWN).stands
        if head is None or head.operation is not Operation.PRE_AUTHORISATION:
            return 0
        return head.amount.minor if self._hold_standing() is Standing.HELD else 0

    def refunded_minor(self, rrn: str) -> int:
        """What was given back of the payment under this F37."""
        return sum(
            answer.amount.minor
            for answer in self._standing_answers()
            if answer.operation is Operation.REFUND and _names(answer, rrn)
        )

    def total_minor(self, rrn: str) -> int:
        """The amount of the payment under this F37 after its adjustments; 0 if it does not stand.

        Of several adjustments the one with the highest F37 counts, in whatever order they came.
        """
        answer = self.members.get(rrn, _UNKNOWN).stands
        return 0 if answer is None else self._total_of(answer)

    def with_record(self, record: Authorisation | Reversal) -> Family:
        """Return the family after one more answer."""
        rrn = record.rrn.value
        member = remembering(self.members.get(rrn, _UNKNOWN), record)
        return Family(self.root or rrn, {**self.members, rrn: member}, self.hold_expired)

    def _payment_standing(self, answer: Authorisation) -> Standing:
        rrn, is_sale = answer.rrn.value, answer.operation in _SALES
        if self._is_voided(rrn):
            return Standing.VOIDED if is_sale else Standing.TAKEN_VOIDED
        if self.refunded_minor(rrn):
            return Standing.SOLD_REFUNDED if is_sale else Standing.TAKEN_REFUNDED
        return Standing.SOLD if is_sale else Standing.TAKEN

    def _total_of(self, answer: Authorisation) -> int:
        adjustments = {
            other.rrn.value: other.amount.minor
            for other in self._standing_answers()
            if other.operation is Operation.ADJUSTMENT and _names(other, answer.rrn.value)
        }
        return adjustments[max(adjustments)] if adjustments else answer.amount.minor

    def _hold_standing(self) -> Standing:
        operations = {answer.operation for answer in self._standing_answers()}
        if operations & _COMPLETIONS:
            return Standing.COMPLETED
        if Operation.PRE_AUTHORISATION_VOID in operations:
            return Standing.RELEASED
        return Standing.EXPIRED if self.hold_expired else Standing.HELD

    def _is_voided(self, rrn: str) -> bool:
        return any(
            answer.operation in _VOIDS and _names(answer, rrn)
            for answer in self._standing_answers()
        )

    def _standing_answers(self) -> list[Authorisation]:
        return [answer for member in self.members.values() if (answer := member.stands)]


NOBODY: Final = Family()


def _names(answer: Authorisation, rrn: str) -> bool:
    return answer.original is not None and answer.original.value == rrn


def remembering(known: Remembered, record: Authorisation | Reversal) -> Remembered:
    """Return what is known under one F37 after one more record about it."""
    if isinstance(record, Authorisation):
        return Remembered(record, known.reversal)
    return Remembered(known.authorisation, record)


class Recollection:
    """What the book holds about the requests of one group, kept up to date while it is stepped."""

    def __init__(self, found: Mapping[str, Remembered]) -> None:
        self._known = dict(found)
        self._families: dict[str, list[str]] = {}
        for rrn, member in found.items():
            self._join(rrn, member)

    def of(self, rrn: str) -> Remembered:
        """What is known under one F37."""
        return self._known.get(rrn, _UNKNOWN)

    def family(self, rrn: str) -> Family:
        """The family that the request under this F37 belongs to; one of it alone if unknown."""
        answer = self.of(rrn).authorisation
        root = rrn if answer is None else answer.family_rrn
        members = {name: self._known[name] for name in self._families.get(root, ())}
        if rrn in self._known:
            members[rrn] = self._known[rrn]
        return Family(root, members)

    def add(self, record: Record) -> None:
        """Take in a record that the group will write."""
        if isinstance(record, Authorisation | Reversal):
            rrn = record.rrn.value
            member = remembering(self.of(rrn), record)
            self._known[rrn] = member
            if isinstance(record, Authorisation):
                self._join(rrn, member)

    def _join(self, rrn: str, member: Remembered) -> None:
        if member.authorisation is not None:
            self._families.setdefault(member.authorisation.family_rrn, []).append(rrn)
