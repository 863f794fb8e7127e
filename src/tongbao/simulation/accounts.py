"""What the issuer's book adds up to, worked out here once more and without the issuer's help.

Looked at before each write: nobody is charged twice for one message, nothing is given back twice or
above what was paid, a hold is taken once at most, what was reversed stays dead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tongbao.sandbox.issuer.core.book import (
    CAPITAL_ACCOUNT,
    CLEARING_ACCOUNT,
    Authorisation,
    BookEvent,
    HoldMove,
    HoldReason,
    Record,
    Reversal,
)
from tongbao.simulation.node import WrongWorldError

# Terminal, trace, kind, amount in minor units.
Entry = tuple[str, int, str, int]
_PAYMENTS: Final = frozenset(
    {"sale", "completion", "completion_advice", "offline_sale", "chip_offline_sale"}
)
_VOIDS: Final = frozenset({"void", "completion_void", "pre_authorisation_void"})
_COMPLETIONS: Final = frozenset({"completion", "completion_advice"})
_COMPLETION_PERCENT_MAX: Final = 115


@dataclass(slots=True)
class _Root:
    """A payment or a hold, and what was done to it by requests that stand."""

    request: Authorisation
    present_minor: int
    refunded_minor: int = 0
    voids: int = 0
    completions: int = 0


@dataclass(slots=True)
class Accounts:
    """The fold of a book: requests that stand, and what they come to."""

    standing: dict[str, Authorisation] = field(default_factory=dict)
    roots: dict[str, _Root] = field(default_factory=dict)
    charged_minor: int = 0


def fold(rows: Sequence[Record]) -> Accounts:
    """Work a book out; WrongWorldError when it holds what must not be."""
    dead: set[str] = set()
    accounts = Accounts()
    standing = accounts.standing
    for row in rows:
        if isinstance(row, Reversal):
            if row.rrn.value in dead:
                raise WrongWorldError("reversal counts once", f"{row.rrn.value} is reversed twice")
            dead.add(row.rrn.value)
            standing.pop(row.rrn.value, None)
        elif isinstance(row, Authorisation) and row.is_approved:
            _stand(standing, row, is_dead=row.rrn.value in dead)
    for request in standing.values():
        _apply(accounts, request)
    for root in accounts.roots.values():
        _check_root(root)
        accounts.charged_minor += _charged(root)
    return accounts


def _stand(standing: dict[str, Authorisation], request: Authorisation, *, is_dead: bool) -> None:
    rrn = request.rrn.value
    if request.operation.value == "balance":
        return
    if is_dead:
        raise WrongWorldError("reversal is order-free", f"{rrn} is approved, reversed before")
    if rrn in standing:
        raise WrongWorldError("no double charge", f"{rrn} is approved twice")
    standing[rrn] = request


def _apply(accounts: Accounts, request: Authorisation) -> None:
    kind, rrn = request.operation.value, request.rrn.value
    if kind in _PAYMENTS or kind == "pre_authorisation":
        accounts.roots[rrn] = _Root(request, request.amount.minor)
    if kind in _PAYMENTS - _COMPLETIONS or kind == "pre_authorisation":
        return
    original = "" if request.original is None else request.original.value
    root = accounts.roots.get(original)
    if root is None:
        raise WrongWorldError("every fen", f"a {kind} {rrn} stands upon nothing")
    if kind in _VOIDS:
        root.voids += 1
    elif kind in _COMPLETIONS:
        root.completions += 1
        if request.amount.minor * 100 > root.request.amount.minor * _COMPLETION_PERCENT_MAX:
            raise WrongWorldError("every fen", f"{rrn} completes more than the hold allows")
    elif kind == "refund":
        root.refunded_minor += request.amount.minor
    else:
        # A tip or an adjustment: a new amount in the place of the old one.
        root.present_minor = request.amount.minor


def _check_root(root: _Root) -> None:
    rrn = root.request.rrn.value
    if root.refunded_minor > root.present_minor:
        raise WrongWorldError("refunds ≤ paid", f"{rrn}: more was given back than was paid")
    if root.voids > 1 or (root.voids and root.refunded_minor):
        raise WrongWorldError("refunds ≤ paid", f"{rrn} was taken back twice")
    if root.completions and root.voids and root.request.operation.value == "pre_authorisation":
        raise WrongWorldError("every fen", f"the hold {rrn} was released and taken")


def _charged(root: _Root) -> int:
    if root.voids or root.request.operation.value == "pre_authorisation":
        return 0
    return root.present_minor - root.refunded_minor


def audit(rows: Sequence[Record], added: Sequence[Record]) -> None:
    """Check what the issuer is about to write."""
    for row in added:
        if isinstance(row, BookEvent) and sum(entry.amount.minor for entry in row.entries) != 0:
            raise WrongWorldError("every fen", "entries do not sum to zero")
    accounts = fold([*rows, *added])
    seen: Counter[tuple[str, int, str]] = Counter()
    for request in accounts.standing.values():
        key = (request.terminal_id.value, request.stan.value, request.operation.value)
        seen[key] += 1
        if seen[key] > 1:
            raise WrongWorldError(
                "no double charge", f"{key[0]} {key[1]:06d} is booked twice as {key[2]}"
            )


def entries_of(accounts: Accounts) -> set[Entry]:
    """Return the requests that stand."""
    return {
        (
            request.terminal_id.value,
            request.stan.value,
            request.operation.value,
            request.amount.minor,
        )
        for request in accounts.standing.values()
    }


def check_balances(rows: Sequence[Record], accounts: Accounts) -> None:
    """Check the accounts' balances and holds against the requests that stand."""
    balances: Counter[str] = Counter()
    for row in rows:
        if isinstance(row, BookEvent):
            for entry in row.entries:
                balances[entry.account_id] += entry.amount.minor
    if sum(balances.values()) != 0:
        raise WrongWorldError("every fen", "the issuer's accounts do not sum to zero")
    if balances[CLEARING_ACCOUNT] != accounts.charged_minor:
        raise WrongWorldError(
            "every fen",
            f"clearing holds {balances[CLEARING_ACCOUNT]}, payments say {accounts.charged_minor}",
        )
    if any(value < 0 for name, value in balances.items() if name != CAPITAL_ACCOUNT):
        raise WrongWorldError("every fen", "an account is overdrawn")
    _check_holds([row for row in rows if isinstance(row, HoldMove)], accounts)


def _check_holds(moves: Sequence[HoldMove], accounts: Accounts) -> None:
    expired = {move.rrn.value for move in moves if move.reason is HoldReason.EXPIRED}
    holds: Counter[str] = Counter()
    for move in moves:
        holds[move.rrn.value] += move.amount.minor
    for rrn, amount in holds.items():
        root = accounts.roots.get(rrn)
        is_used = root is None or root.voids or root.completions or rrn in expired
        expected = 0 if root is None or is_used else root.request.amount.minor
        if amount != expected:
            raise WrongWorldError("holds", f"the hold {rrn} stands at {amount}, not {expected}")
