"""Whether an original allows what is asked of it: kinds, terminal, day, state and amounts.

The issuer decides in the end, and its book is the truth between hosts. What is refused here is what
no issuer needs to be asked about, and what this host is doing to the original at this moment.

Spec: UnionPay terminal dialect, 3.5 and 3.6; the order of checks is the network dialect's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tongbao.domain.dates import BusinessDate, Instant
from tongbao.host.core.payment_rules import PaymentState
from tongbao.wire.unionpay import transactions as wire
from tongbao.wire.unionpay.transactions import Resolution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.host.core.requests import NamedOriginal, PaymentFacts
    from tongbao.host.records import PaymentRecord, TerminalRecord
    from tongbao.wire.unionpay.profile import HostProfile

_SALE: Final = wire.SALE.kind
_MAIL_ORDER: Final = wire.MAIL_ORDER.kind
_OFFLINE_SALE: Final = wire.OFFLINE_SALE.kind
_CHIP_OFFLINE_SALE: Final = wire.CHIP_OFFLINE_SALE.kind
_VOID: Final = wire.VOID.kind
_REFUND: Final = wire.REFUND.kind
_TIP: Final = wire.TIP.kind
_ADJUSTMENT: Final = wire.ADJUSTMENT.kind
_HOLD: Final = wire.PREAUTH.kind
_HOLD_VOID: Final = wire.PREAUTH_VOID.kind
_COMPLETION: Final = wire.COMPLETION.kind
_COMPLETION_ADVICE: Final = wire.COMPLETION_ADVICE.kind
_COMPLETION_VOID: Final = wire.COMPLETION_VOID.kind

FITS: Final[dict[str, frozenset[str]]] = {
    _VOID: frozenset({_SALE, _MAIL_ORDER, _OFFLINE_SALE}),
    _REFUND: frozenset(
        {
            *(_SALE, _MAIL_ORDER, _OFFLINE_SALE, _CHIP_OFFLINE_SALE),
            *(_COMPLETION, _COMPLETION_ADVICE),
        }
    ),
    _HOLD_VOID: frozenset({_HOLD}),
    _COMPLETION: frozenset({_HOLD}),
    _COMPLETION_ADVICE: frozenset({_HOLD}),
    _COMPLETION_VOID: frozenset({_COMPLETION, _COMPLETION_ADVICE}),
    _TIP: frozenset({_SALE}),
    _ADJUSTMENT: frozenset({_OFFLINE_SALE}),
}
"""Which kinds of original a kind can name."""

# These work on the open batch of the terminal that made the original.
_IN_OPEN_BATCH: Final = frozenset({_VOID, _COMPLETION_VOID, _TIP, _ADJUSTMENT})
# What was approved of these leaves nothing for others to do, but a refund after a refund.
_ENDINGS: Final = frozenset({_VOID, _COMPLETION_VOID, _HOLD_VOID, _COMPLETION, _COMPLETION_ADVICE})
_CHANGES: Final = frozenset({_TIP, _ADJUSTMENT})
_IN_FLIGHT: Final = frozenset(
    {
        PaymentState.PENDING,
        PaymentState.INQUIRING,
        PaymentState.DELIVERING,
        PaymentState.REVERSING,
    }
)


class Member(NamedTuple):
    """A payment with its state at this moment, as far as this host knows."""

    payment: PaymentRecord
    state: PaymentState
    days: frozenset[str]
    """The days it may carry on paper, MMDD: when it came and when it was answered."""


class Verdict(NamedTuple):
    """Which original is meant, and the code to refuse with; "" lets the issuer decide.

    `is_final` is false when the same message may be answered in another way a little later.
    """

    original: PaymentRecord | None
    code: str = ""
    is_final: bool = True


class Circumstances(NamedTuple):
    """Who asks, with which card, when, and under whose rules."""

    terminal: TerminalRecord
    card_token: bytes
    now_us: int
    profile: HostProfile


def judge(
    facts: PaymentFacts, around: Circumstances, roots: Sequence[Member], family: Sequence[Member]
) -> Verdict:
    """Decide on a request that names an original.

    `roots` are the payments found under the name, `family` is everything that names one of them,
    in flight or done.
    """
    named = facts.original
    matching = [] if named is None else [one for one in roots if _is_meant(one, named, around)]
    if not matching:
        return Verdict(None, "25")
    # One card, one merchant, one authorisation code and one day: the newest that still stands.
    root = max(matching, key=lambda one: (one.state is PaymentState.APPROVED, one.payment))
    original = root.payment
    members = [one for one in family if one.payment.original_id == original.payment_id]
    if bytes(original.card_token) != around.card_token:
        return Verdict(original, "14")
    if _is_out_of_place(facts, original, around):
        return Verdict(original, "22")
    code = _refused_by_state(facts, root, members)
    if not code:
        code = _refused_by_amount(facts, original, members, around.profile)
    if not code:
        return _unless_busy(facts, root, members)
    return Verdict(original, code)


def _is_meant(one: Member, named: NamedOriginal, around: Circumstances) -> bool:
    """Whether everything the request says of its original is true of this payment."""
    payment = one.payment
    return (
        payment.merchant_id == around.terminal.merchant_id
        and named.rrn in ("", payment.rrn)
        and named.batch_no in (0, payment.batch_no)
        and named.stan in (0, payment.stan)
        and (not named.date or named.date in one.days)
    )


def _is_out_of_place(facts: PaymentFacts, original: PaymentRecord, around: Circumstances) -> bool:
    kind = facts.transaction.kind
    if original.kind not in FITS[kind]:
        return True
    terminal = around.terminal
    if kind in _IN_OPEN_BATCH:
        here = (terminal.terminal_id, terminal.batch_no)
        return (original.terminal_id, original.batch_no) != here
    if kind == _REFUND:
        today = Instant(around.now_us).local().date()
        paid_on = BusinessDate.parse(original.business_date).value
        return (today - paid_on).days > around.profile.refund_days_max
    return False


def _refused_by_state(facts: PaymentFacts, root: Member, members: Sequence[Member]) -> str:
    """Return "12" when the original, or what was done with it, leaves nothing to do."""
    if root.state is not PaymentState.APPROVED and root.state not in _IN_FLIGHT:
        return "12"
    done = {one.payment.kind for one in members if one.state is PaymentState.APPROVED}
    if done & _ENDINGS:
        return "12"
    return "12" if _REFUND in done and facts.transaction.kind != _REFUND else ""


def _refused_by_amount(
    facts: PaymentFacts,
    original: PaymentRecord,
    members: Sequence[Member],
    profile: HostProfile,
) -> str:
    kind, amount_minor = facts.transaction.kind, facts.amount_minor
    approved = [one.payment for one in members if one.state is PaymentState.APPROVED]
    paid_minor = current_amount(original, approved)
    if kind == _REFUND:
        refunded = sum(one.amount_minor for one in approved if one.kind == _REFUND)
        is_right = refunded + amount_minor <= paid_minor
    elif kind in (_COMPLETION, _COMPLETION_ADVICE):
        is_right = amount_minor * 100 <= original.amount_minor * profile.completion_percent_max
    elif kind == _TIP:
        is_right = (
            amount_minor == original.amount_minor + facts.tip_minor
            and facts.tip_minor * 100 <= original.amount_minor * profile.tip_percent_max
        )
    elif kind == _ADJUSTMENT:
        is_right = True
    else:
        is_right = amount_minor == paid_minor
    return "" if is_right else "64"


def current_amount(original: PaymentRecord, approved: Sequence[PaymentRecord]) -> int:
    """Return what the card pays now: the newest approved tip or adjustment is a new total."""
    changes = [one for one in approved if one.kind in _CHANGES]
    return max(changes).amount_minor if changes else original.amount_minor


def _unless_busy(facts: PaymentFacts, root: Member, members: Sequence[Member]) -> Verdict:
    """Refuse when it could only pass if something that is under way came to nothing."""
    original = root.payment
    in_flight = [one.payment for one in members if one.state in _IN_FLIGHT]
    is_busy = root.state in _IN_FLIGHT
    if facts.transaction.kind == _REFUND:
        others = [one for one in in_flight if one.kind == _REFUND]
        approved = [one.payment for one in members if one.state is PaymentState.APPROVED]
        refunds = [one for one in (*approved, *others) if one.kind == _REFUND]
        given_back = sum(one.amount_minor for one in refunds) + facts.amount_minor
        is_busy |= len(others) < len(in_flight)
        is_busy |= given_back > current_amount(original, approved)
    else:
        is_busy |= bool(in_flight)
    if not is_busy:
        return Verdict(original)
    if facts.transaction.resolution is Resolution.REPEAT:
        # It comes again, and then there will be an answer.
        return Verdict(original, "98", is_final=False)
    return Verdict(original, "12")
