"""What may happen to a payment: the tables of states and inputs, and the fold of stored events.

There is one table for each way in which an unknown result ends. A reversible payment is asked about
once and then undone; a repeatable one is sent again until the issuer says something definite. Every
pair of state and input has exactly one place: a rule, or the set of pairs that cannot occur.
Unknown is a state: nothing here turns doubt into approval but a word of the issuer's.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from tongbao.host.records import EventKind
from tongbao.wire.unionpay.transactions import Resolution

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tongbao.host.records import EventRecord


class PaymentState(Enum):
    """Where a payment stands; `ABSENT` has no row, `PENDING` has a row and no decisive event.

    `INQUIRING` and `DELIVERING` are known to the running process only: on disk they are `PENDING`.
    """

    ABSENT = "absent"
    PENDING = "pending"
    """The issuer was asked and the terminal waits."""
    INQUIRING = "inquiring"
    """The issuer did not answer in time, was asked what became of it, and the terminal waits."""
    DELIVERING = "delivering"
    """The terminal heard "98", and the message is sent again until the issuer has spoken."""
    APPROVED = "approved"
    DECLINED = "declined"
    REVERSING = "reversing"
    REVERSED = "reversed"

    # Members are equal to themselves only; hashing their names, as enums do, takes most of the
    # time of a look-up in the tables below.
    __hash__ = object.__hash__


class PaymentInput(Enum):
    """What can reach a payment, from the terminal, the issuer, the clock or a start of the host."""

    REQUEST = "request"
    """The terminal's 0100, 0200 or 0220, first or repeated, with the link to the issuer up."""
    REQUEST_WITHOUT_LINK = "request without link"
    """The same while the link to the issuer is down."""
    NOT_ALLOWED = "not allowed"
    """The same, first arrived, but the terminal or the original does not allow it."""
    APPROVAL = "approval"
    DECLINE = "decline"
    UNCLEAR_ANSWER = "unclear answer"
    """An answer of the issuer's that is neither: partial approval, late, unknown code."""
    FOUND_APPROVED = "found approved"
    """The issuer's 0610: it approved the request."""
    FOUND_DECLINED = "found declined"
    FOUND_REVERSED = "found reversed"
    FOUND_NOTHING = "found nothing"
    """The issuer's 0610: the request has not come yet, or what it says is unclear."""
    TIMEOUT = "timeout"
    """The issuer did not answer in time what was sent to it last."""
    LINK_LOST = "link lost"
    REVERSAL = "reversal"
    """The terminal's 0400."""
    REVERSAL_DONE = "reversal done"
    """The issuer's 0430."""
    RESTART = "restart"

    __hash__ = object.__hash__


class Upstream(Enum):
    """What goes to the issuer."""

    NOTHING = "nothing"
    REQUEST = "request"
    INQUIRY = "inquiry"
    REVERSAL = "reversal"
    DELIVERY = "delivery"
    """The request again or an inquiry in turn; an inquiry only when the card is not known."""


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
    NOT_REVERSIBLE = "40"
    """This kind of payment is repeated, never reversed."""


class Rule(NamedTuple):
    """What follows: the next state, the events to record (in order), and the two messages."""

    next: PaymentState
    # Plain words of `EventKind`: drivers are slow with subclasses of str.
    records: tuple[str, ...] = ()
    upstream: Upstream = Upstream.NOTHING
    answer: Answer = Answer.NOTHING


_S = PaymentState
_I = PaymentInput
_Table = dict[tuple[PaymentState, PaymentInput], Rule]


class _E:
    """The words of `EventKind` as plain text."""

    APPROVED = EventKind.APPROVED.value
    DECLINED = EventKind.DECLINED.value
    INQUIRED = EventKind.INQUIRED.value
    REVERSAL_REQUESTED = EventKind.REVERSAL_REQUESTED.value
    REVERSAL_REPEATED = EventKind.REVERSAL_REPEATED.value
    DELIVERY_REPEATED = EventKind.DELIVERY_REPEATED.value
    REVERSED = EventKind.REVERSED.value
    LATE_ANSWER = EventKind.LATE_ANSWER.value
    REPEATED = EventKind.REPEATED.value


def _repeated(state: PaymentState, answer: Answer) -> _Table:
    """Return the rules for a request that comes again when there is an end: the first answer."""
    rule = Rule(state, (_E.REPEATED,), answer=answer)
    return {(state, item): rule for item in (_I.REQUEST, _I.REQUEST_WITHOUT_LINK)}


def _nothing(state: PaymentState, *items: PaymentInput) -> _Table:
    return {(state, item): Rule(state) for item in items}


_FOUND: Final = (_I.FOUND_APPROVED, _I.FOUND_DECLINED, _I.FOUND_REVERSED, _I.FOUND_NOTHING)
_ANSWERS: Final = (_I.APPROVAL, _I.DECLINE, _I.UNCLEAR_ANSWER)
_APPROVED_NOW: Final = Rule(_S.APPROVED, (_E.APPROVED,), answer=Answer.OUTCOME)
_DECLINED_NOW: Final = Rule(_S.DECLINED, (_E.DECLINED,), answer=Answer.OUTCOME)
_FOUND_APPROVED: Final = Rule(_S.APPROVED, (_E.INQUIRED, _E.APPROVED), answer=Answer.OUTCOME)
_FOUND_DECLINED: Final = Rule(_S.DECLINED, (_E.INQUIRED, _E.DECLINED), answer=Answer.OUTCOME)

# Reversible kinds: sale, void, pre-authorisation, completion and their voids.

_DOUBT_BEGINS: Final = Rule(
    _S.REVERSING, (_E.REVERSAL_REQUESTED,), Upstream.REVERSAL, Answer.IN_DOUBT
)
_NOT_FOUND: Final = _DOUBT_BEGINS._replace(records=(_E.INQUIRED, _E.REVERSAL_REQUESTED))
_TERMINAL_REVERSES: Final = Rule(
    _S.REVERSING, (_E.REVERSAL_REQUESTED,), Upstream.REVERSAL, Answer.ACCEPTED
)
_LATE_WHILE_REVERSING: Final = Rule(_S.REVERSING, (_E.LATE_ANSWER,))
_LATE_AFTER_REVERSAL: Final = Rule(_S.REVERSED, (_E.LATE_ANSWER,))
# An approval after the reversal was answered: nobody can say which the issuer booked last, and a
# reversal sent twice counts once.
_REVERSE_AGAIN: Final = Rule(
    _S.REVERSING, (_E.LATE_ANSWER, _E.REVERSAL_REQUESTED), Upstream.REVERSAL
)

RULES: Final[Mapping[tuple[PaymentState, PaymentInput], Rule]] = {
    (_S.ABSENT, _I.REQUEST): Rule(_S.PENDING, upstream=Upstream.REQUEST),
    (_S.ABSENT, _I.NOT_ALLOWED): _DECLINED_NOW,
    (_S.ABSENT, _I.REQUEST_WITHOUT_LINK): Rule(_S.DECLINED, (_E.DECLINED,), answer=Answer.NO_LINK),
    # The tombstone: a row that kills the original when it arrives after its own reversal.
    (_S.ABSENT, _I.REVERSAL): Rule(
        _S.REVERSED, (_E.REVERSAL_REQUESTED, _E.REVERSED), answer=Answer.NO_ORIGINAL
    ),
    # An inquiry may be answered after all by a process that has been started anew meanwhile.
    **_nothing(_S.PENDING, _I.REQUEST, _I.REQUEST_WITHOUT_LINK, _I.REVERSAL_DONE, *_FOUND),
    (_S.PENDING, _I.APPROVAL): _APPROVED_NOW,
    (_S.PENDING, _I.DECLINE): _DECLINED_NOW,
    (_S.PENDING, _I.UNCLEAR_ANSWER): _DOUBT_BEGINS,
    (_S.PENDING, _I.TIMEOUT): Rule(_S.INQUIRING, upstream=Upstream.INQUIRY),
    (_S.PENDING, _I.LINK_LOST): _DOUBT_BEGINS,
    (_S.PENDING, _I.REVERSAL): _TERMINAL_REVERSES,
    (_S.PENDING, _I.RESTART): Rule(_S.REVERSING, (_E.REVERSAL_REQUESTED,), Upstream.REVERSAL),
    **_nothing(_S.INQUIRING, _I.REQUEST, _I.REQUEST_WITHOUT_LINK, _I.REVERSAL_DONE),
    (_S.INQUIRING, _I.APPROVAL): _APPROVED_NOW,
    (_S.INQUIRING, _I.DECLINE): _DECLINED_NOW,
    (_S.INQUIRING, _I.UNCLEAR_ANSWER): _DOUBT_BEGINS,
    (_S.INQUIRING, _I.FOUND_APPROVED): _FOUND_APPROVED,
    (_S.INQUIRING, _I.FOUND_DECLINED): _FOUND_DECLINED,
    (_S.INQUIRING, _I.FOUND_REVERSED): _NOT_FOUND,
    # "Nothing" is no promise: the request may still be on its way, so it is killed.
    (_S.INQUIRING, _I.FOUND_NOTHING): _NOT_FOUND,
    (_S.INQUIRING, _I.TIMEOUT): _NOT_FOUND,
    (_S.INQUIRING, _I.LINK_LOST): _DOUBT_BEGINS,
    (_S.INQUIRING, _I.REVERSAL): _TERMINAL_REVERSES,
    **_repeated(_S.APPROVED, Answer.OUTCOME),
    (_S.APPROVED, _I.REVERSAL): _TERMINAL_REVERSES,
    **_repeated(_S.DECLINED, Answer.OUTCOME),
    (_S.DECLINED, _I.REVERSAL): Rule(_S.DECLINED, answer=Answer.ACCEPTED),
    **_repeated(_S.REVERSING, Answer.IN_DOUBT),
    **dict.fromkeys([(_S.REVERSING, item) for item in _ANSWERS], _LATE_WHILE_REVERSING),
    **_nothing(_S.REVERSING, _I.LINK_LOST, *_FOUND),
    (_S.REVERSING, _I.TIMEOUT): Rule(
        _S.REVERSING, (_E.REVERSAL_REPEATED,), upstream=Upstream.REVERSAL
    ),
    (_S.REVERSING, _I.REVERSAL): Rule(_S.REVERSING, answer=Answer.ACCEPTED),
    (_S.REVERSING, _I.REVERSAL_DONE): Rule(_S.REVERSED, (_E.REVERSED,)),
    (_S.REVERSING, _I.RESTART): Rule(_S.REVERSING, upstream=Upstream.REVERSAL),
    **_repeated(_S.REVERSED, Answer.INVALID),
    (_S.REVERSED, _I.APPROVAL): _REVERSE_AGAIN,
    (_S.REVERSED, _I.DECLINE): _LATE_AFTER_REVERSAL,
    (_S.REVERSED, _I.UNCLEAR_ANSWER): _LATE_AFTER_REVERSAL,
    **_nothing(_S.REVERSED, _I.REVERSAL_DONE, *_FOUND),
    (_S.REVERSED, _I.REVERSAL): Rule(_S.REVERSED, answer=Answer.ACCEPTED),
}

# Repeatable kinds: refund, completion advice, offline sales, adjustment, tip. Host and issuer take
# the same message as often as it comes and book it once.

# The record is how a start finds it again.
_TOLD_TO_WAIT: Final = Rule(_S.DELIVERING, (_E.DELIVERY_REPEATED,), answer=Answer.IN_DOUBT)
_ASK_FIRST: Final = Rule(_S.DELIVERING, (_E.DELIVERY_REPEATED,), Upstream.INQUIRY)


_REPEATED_STATES: Final = (
    *(_S.ABSENT, _S.PENDING, _S.INQUIRING, _S.DELIVERING),
    *(_S.APPROVED, _S.DECLINED),
)


def _never_reversed(*states: PaymentState) -> _Table:
    return {(state, _I.REVERSAL): Rule(state, answer=Answer.NOT_REVERSIBLE) for state in states}


REPEAT_RULES: Final[Mapping[tuple[PaymentState, PaymentInput], Rule]] = {
    (_S.ABSENT, _I.REQUEST): Rule(_S.PENDING, upstream=Upstream.REQUEST),
    (_S.ABSENT, _I.NOT_ALLOWED): _DECLINED_NOW,
    # What it tells has happened already, so it is kept and delivered when the link is there.
    (_S.ABSENT, _I.REQUEST_WITHOUT_LINK): _TOLD_TO_WAIT,
    **_never_reversed(*_REPEATED_STATES),
    **_nothing(_S.PENDING, _I.REQUEST, _I.REQUEST_WITHOUT_LINK, _I.REVERSAL_DONE),
    **_nothing(_S.PENDING, _I.FOUND_REVERSED, _I.FOUND_NOTHING),
    (_S.PENDING, _I.APPROVAL): _APPROVED_NOW,
    (_S.PENDING, _I.DECLINE): _DECLINED_NOW,
    (_S.PENDING, _I.FOUND_APPROVED): _FOUND_APPROVED,
    (_S.PENDING, _I.FOUND_DECLINED): _FOUND_DECLINED,
    (_S.PENDING, _I.UNCLEAR_ANSWER): _ASK_FIRST._replace(answer=Answer.IN_DOUBT),
    (_S.PENDING, _I.TIMEOUT): Rule(_S.INQUIRING, upstream=Upstream.INQUIRY),
    (_S.PENDING, _I.LINK_LOST): _TOLD_TO_WAIT,
    (_S.PENDING, _I.RESTART): _ASK_FIRST,
    **_nothing(_S.INQUIRING, _I.REQUEST, _I.REQUEST_WITHOUT_LINK, _I.REVERSAL_DONE),
    (_S.INQUIRING, _I.APPROVAL): _APPROVED_NOW,
    (_S.INQUIRING, _I.DECLINE): _DECLINED_NOW,
    (_S.INQUIRING, _I.FOUND_APPROVED): _FOUND_APPROVED,
    (_S.INQUIRING, _I.FOUND_DECLINED): _FOUND_DECLINED,
    **dict.fromkeys(
        [
            (_S.INQUIRING, item)
            for item in (
                *(_I.UNCLEAR_ANSWER, _I.FOUND_REVERSED, _I.FOUND_NOTHING),
                *(_I.TIMEOUT, _I.LINK_LOST),
            )
        ],
        _TOLD_TO_WAIT,
    ),
    (_S.DELIVERING, _I.REQUEST): Rule(
        _S.PENDING, (_E.DELIVERY_REPEATED,), upstream=Upstream.REQUEST
    ),
    (_S.DELIVERING, _I.REQUEST_WITHOUT_LINK): Rule(_S.DELIVERING, answer=Answer.IN_DOUBT),
    (_S.DELIVERING, _I.APPROVAL): Rule(_S.APPROVED, (_E.APPROVED,)),
    (_S.DELIVERING, _I.DECLINE): Rule(_S.DECLINED, (_E.DECLINED,)),
    (_S.DELIVERING, _I.UNCLEAR_ANSWER): Rule(_S.DELIVERING, upstream=Upstream.INQUIRY),
    (_S.DELIVERING, _I.FOUND_APPROVED): Rule(_S.APPROVED, (_E.INQUIRED, _E.APPROVED)),
    (_S.DELIVERING, _I.FOUND_DECLINED): Rule(_S.DECLINED, (_E.INQUIRED, _E.DECLINED)),
    # Nobody reverses these: an issuer that says so is not believed, and a person will look.
    **_nothing(_S.DELIVERING, _I.FOUND_REVERSED, _I.FOUND_NOTHING, _I.LINK_LOST),
    **_nothing(_S.DELIVERING, _I.REVERSAL_DONE),
    (_S.DELIVERING, _I.TIMEOUT): Rule(
        _S.DELIVERING, (_E.DELIVERY_REPEATED,), upstream=Upstream.DELIVERY
    ),
    **_repeated(_S.APPROVED, Answer.OUTCOME),
    **_repeated(_S.DECLINED, Answer.OUTCOME),
}

TABLES: Final[Mapping[Resolution, Mapping[tuple[PaymentState, PaymentInput], Rule]]] = (
    MappingProxyType({Resolution.REVERSE: RULES, Resolution.REPEAT: REPEAT_RULES})
)
"""A balance has no row and so no table: an answer that does not come is told as "98"."""

STATES: Final[Mapping[Resolution, tuple[PaymentState, ...]]] = MappingProxyType(
    {
        Resolution.REVERSE: tuple(state for state in PaymentState if state is not _S.DELIVERING),
        Resolution.REPEAT: _REPEATED_STATES,
    }
)
_FROM_ISSUER_OR_CLOCK: Final = (
    *_ANSWERS,
    *_FOUND,
    _I.TIMEOUT,
    _I.LINK_LOST,
    _I.REVERSAL_DONE,
    _I.RESTART,
)
# A settled payment leaves the host's memory; what the issuer says about it again finds no payment
# and is counted, no timer runs for it and a start does not read it. A payment that has no row
# cannot be found by an answer either. A start finds no state that only a running process knows.
# What is not allowed is asked of a request once, when it comes first.
_NEVER: Final = frozenset(
    (state, item)
    for state in (_S.ABSENT, _S.APPROVED, _S.DECLINED)
    for item in _FROM_ISSUER_OR_CLOCK
) | {(state, _I.NOT_ALLOWED) for state in PaymentState if state is not _S.ABSENT}
IMPOSSIBLE: Final[Mapping[Resolution, frozenset[tuple[PaymentState, PaymentInput]]]] = (
    MappingProxyType(
        {
            Resolution.REVERSE: frozenset(
                pair for pair in _NEVER if pair[0] in STATES[Resolution.REVERSE]
            )
            | {(_S.INQUIRING, _I.RESTART)}
            | {(_S.REVERSED, item) for item in (_I.TIMEOUT, _I.LINK_LOST, _I.RESTART)},
            Resolution.REPEAT: frozenset(
                pair for pair in _NEVER if pair[0] in STATES[Resolution.REPEAT]
            )
            | {(state, _I.RESTART) for state in (_S.INQUIRING, _S.DELIVERING)},
        }
    )
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
