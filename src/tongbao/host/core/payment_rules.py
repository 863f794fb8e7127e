"""What may happen to a payment: the table of states and inputs, and the fold of stored events.

Every pair of state and input has exactly one place: a rule, or the set of pairs that cannot occur.
Unknown is a state: nothing here turns doubt into approval, and only an answer of the issuer's to
the reversal ends it.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from tongbao.host.records import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tongbao.host.records import EventRecord


class PaymentState(Enum):
    """Where a payment stands; `ABSENT` has no row, `PENDING` has a row and no event."""

    ABSENT = "absent"
    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    REVERSING = "reversing"
    REVERSED = "reversed"


class PaymentInput(Enum):
    """What can reach a payment, from the terminal, the issuer, the clock or a start of the host."""

    SALE = "sale"
    """The terminal's 0200, first or repeated, with the link to the issuer up."""
    SALE_WITHOUT_LINK = "sale without link"
    """The terminal's 0200 while the link to the issuer is down."""
    APPROVAL = "approval"
    DECLINE = "decline"
    UNCLEAR_ANSWER = "unclear answer"
    """An answer of the issuer's that is neither: partial approval, late, unknown code."""
    TIMEOUT = "timeout"
    """The issuer did not answer in time, neither the sale nor the last reversal."""
    LINK_LOST = "link lost"
    REVERSAL = "reversal"
    """The terminal's 0400."""
    REVERSAL_DONE = "reversal done"
    """The issuer's 0430."""
    RESTART = "restart"


class Upstream(Enum):
    """What goes to the issuer."""

    NOTHING = "nothing"
    SALE = "sale"
    REVERSAL = "reversal"


class Answer(Enum):
    """What the terminal hears."""

    NOTHING = "nothing"
    OUTCOME = "outcome"
    """The issuer's decision, or its repetition."""
    NO_LINK = "91"
    IN_DOUBT = "98"
    INVALID = "12"
    """The payment is proven dead: an original that was reversed before or after."""
    ACCEPTED = "00"
    """A reversal was taken over."""
    NO_ORIGINAL = "25"


class Rule(NamedTuple):
    """What follows: the next state, the events to record (in order), and the two messages."""

    next: PaymentState
    # Plain words of `EventKind`: drivers are slow with subclasses of str.
    records: tuple[str, ...] = ()
    upstream: Upstream = Upstream.NOTHING
    answer: Answer = Answer.NOTHING


_S = PaymentState
_I = PaymentInput


class _E:
    """The words of `EventKind` as plain text."""

    APPROVED = EventKind.APPROVED.value
    DECLINED = EventKind.DECLINED.value
    REVERSAL_REQUESTED = EventKind.REVERSAL_REQUESTED.value
    REVERSED = EventKind.REVERSED.value
    LATE_ANSWER = EventKind.LATE_ANSWER.value
    REPEATED = EventKind.REPEATED.value


_DOUBT_BEGINS: Final = Rule(
    _S.REVERSING, (_E.REVERSAL_REQUESTED,), Upstream.REVERSAL, Answer.IN_DOUBT
)
_TERMINAL_REVERSES: Final = Rule(
    _S.REVERSING, (_E.REVERSAL_REQUESTED,), Upstream.REVERSAL, Answer.ACCEPTED
)
_FIRST_ANSWER_AGAIN_APPROVED: Final = Rule(_S.APPROVED, (_E.REPEATED,), answer=Answer.OUTCOME)
_FIRST_ANSWER_AGAIN_DECLINED: Final = Rule(_S.DECLINED, (_E.REPEATED,), answer=Answer.OUTCOME)
_STILL_IN_DOUBT: Final = Rule(_S.REVERSING, (_E.REPEATED,), answer=Answer.IN_DOUBT)
_DEAD: Final = Rule(_S.REVERSED, (_E.REPEATED,), answer=Answer.INVALID)
_LATE_WHILE_REVERSING: Final = Rule(_S.REVERSING, (_E.LATE_ANSWER,))
_LATE_AFTER_REVERSAL: Final = Rule(_S.REVERSED, (_E.LATE_ANSWER,))
# An approval after the reversal was answered: nobody can say which the issuer booked last, and a
# reversal sent twice counts once.
_REVERSE_AGAIN: Final = Rule(
    _S.REVERSING, (_E.LATE_ANSWER, _E.REVERSAL_REQUESTED), Upstream.REVERSAL
)
_SEND_REVERSAL_AGAIN: Final = Rule(_S.REVERSING, upstream=Upstream.REVERSAL)

RULES: Final[Mapping[tuple[PaymentState, PaymentInput], Rule]] = {
    (_S.ABSENT, _I.SALE): Rule(_S.PENDING, upstream=Upstream.SALE),
    (_S.ABSENT, _I.SALE_WITHOUT_LINK): Rule(_S.DECLINED, (_E.DECLINED,), answer=Answer.NO_LINK),
    # The tombstone: a row that kills the original when it arrives after its own reversal.
    (_S.ABSENT, _I.REVERSAL): Rule(
        _S.REVERSED, (_E.REVERSAL_REQUESTED, _E.REVERSED), answer=Answer.NO_ORIGINAL
    ),
    (_S.PENDING, _I.SALE): Rule(_S.PENDING),
    (_S.PENDING, _I.SALE_WITHOUT_LINK): Rule(_S.PENDING),
    (_S.PENDING, _I.APPROVAL): Rule(_S.APPROVED, (_E.APPROVED,), answer=Answer.OUTCOME),
    (_S.PENDING, _I.DECLINE): Rule(_S.DECLINED, (_E.DECLINED,), answer=Answer.OUTCOME),
    (_S.PENDING, _I.UNCLEAR_ANSWER): _DOUBT_BEGINS,
    (_S.PENDING, _I.TIMEOUT): _DOUBT_BEGINS,
    (_S.PENDING, _I.LINK_LOST): _DOUBT_BEGINS,
    (_S.PENDING, _I.REVERSAL): _TERMINAL_REVERSES,
    (_S.PENDING, _I.REVERSAL_DONE): Rule(_S.PENDING),
    (_S.PENDING, _I.RESTART): Rule(_S.REVERSING, (_E.REVERSAL_REQUESTED,), Upstream.REVERSAL),
    (_S.APPROVED, _I.SALE): _FIRST_ANSWER_AGAIN_APPROVED,
    (_S.APPROVED, _I.SALE_WITHOUT_LINK): _FIRST_ANSWER_AGAIN_APPROVED,
    (_S.APPROVED, _I.REVERSAL): _TERMINAL_REVERSES,
    (_S.DECLINED, _I.SALE): _FIRST_ANSWER_AGAIN_DECLINED,
    (_S.DECLINED, _I.SALE_WITHOUT_LINK): _FIRST_ANSWER_AGAIN_DECLINED,
    (_S.DECLINED, _I.REVERSAL): Rule(_S.DECLINED, answer=Answer.ACCEPTED),
    (_S.REVERSING, _I.SALE): _STILL_IN_DOUBT,
    (_S.REVERSING, _I.SALE_WITHOUT_LINK): _STILL_IN_DOUBT,
    (_S.REVERSING, _I.APPROVAL): _LATE_WHILE_REVERSING,
    (_S.REVERSING, _I.DECLINE): _LATE_WHILE_REVERSING,
    (_S.REVERSING, _I.UNCLEAR_ANSWER): _LATE_WHILE_REVERSING,
    (_S.REVERSING, _I.TIMEOUT): _SEND_REVERSAL_AGAIN,
    (_S.REVERSING, _I.LINK_LOST): Rule(_S.REVERSING),
    (_S.REVERSING, _I.REVERSAL): Rule(_S.REVERSING, answer=Answer.ACCEPTED),
    (_S.REVERSING, _I.REVERSAL_DONE): Rule(_S.REVERSED, (_E.REVERSED,)),
    (_S.REVERSING, _I.RESTART): _SEND_REVERSAL_AGAIN,
    (_S.REVERSED, _I.SALE): _DEAD,
    (_S.REVERSED, _I.SALE_WITHOUT_LINK): _DEAD,
    (_S.REVERSED, _I.APPROVAL): _REVERSE_AGAIN,
    (_S.REVERSED, _I.DECLINE): _LATE_AFTER_REVERSAL,
    (_S.REVERSED, _I.UNCLEAR_ANSWER): _LATE_AFTER_REVERSAL,
    (_S.REVERSED, _I.REVERSAL): Rule(_S.REVERSED, answer=Answer.ACCEPTED),
    (_S.REVERSED, _I.REVERSAL_DONE): Rule(_S.REVERSED),
}

_SETTLED: Final = (_S.APPROVED, _S.DECLINED)
_FROM_ISSUER_OR_CLOCK: Final = (
    _I.APPROVAL,
    _I.DECLINE,
    _I.UNCLEAR_ANSWER,
    _I.TIMEOUT,
    _I.LINK_LOST,
    _I.REVERSAL_DONE,
    _I.RESTART,
)

# A settled payment leaves the host's memory; what the issuer says about it again finds no payment
# and is counted, no timer runs for it and a start does not read it. A payment that has no row
# cannot be found by an answer either.
IMPOSSIBLE: Final[frozenset[tuple[PaymentState, PaymentInput]]] = frozenset(
    [(state, item) for state in (_S.ABSENT, *_SETTLED) for item in _FROM_ISSUER_OR_CLOCK]
    + [(_S.REVERSED, item) for item in (_I.TIMEOUT, _I.LINK_LOST, _I.RESTART)]
)


class Standing(NamedTuple):
    """What the events of a stored payment say together.

    `response_code`, `auth_code` and `answered_at_us` are those of the first answer to the
    terminal, or empty and 0 when the issuer's decision was never recorded.
    """

    state: PaymentState
    response_code: str
    auth_code: str
    answered_at_us: int


def stand_of(events: Iterable[EventRecord]) -> Standing:
    """Fold the events of a payment that has a row.

    A reversal wins over an approval, in whatever order two host processes wrote them, and each
    request for a reversal needs its own proof.
    """
    requested = reversed_count = 0
    outcome: EventRecord | None = None
    for event in events:
        if event.kind == EventKind.REVERSAL_REQUESTED:
            requested += 1
        elif event.kind == EventKind.REVERSED:
            reversed_count += 1
        elif event.kind in (EventKind.APPROVED, EventKind.DECLINED) and outcome is None:
            outcome = event
    code, auth_code, at_us = ("", "", 0)
    if outcome is not None:
        code, auth_code, at_us = outcome.response_code, outcome.auth_code, outcome.at_us
    if requested > reversed_count:
        state = PaymentState.REVERSING
    elif requested:
        state = PaymentState.REVERSED
    elif outcome is None:
        state = PaymentState.PENDING
    elif outcome.kind == EventKind.APPROVED:
        state = PaymentState.APPROVED
    else:
        state = PaymentState.DECLINED
    return Standing(state, code, auth_code, at_us)
