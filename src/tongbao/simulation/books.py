"""The three books: what terminals, host and issuer hold, and whether they say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.sandbox.issuer.core.book import (
    CAPITAL_ACCOUNT,
    CLEARING_ACCOUNT,
    Authorisation,
    BookEvent,
    EventKind,
    Record,
    Reversal,
)
from tongbao.simulation.issuer_store import live_debits
from tongbao.simulation.node import WrongWorldError
from tongbao.simulation.terminal_journal import VirtualJournal
from tongbao.terminal.core.recovery import PaymentLine, read_records
from tongbao.terminal.core.vocabulary import Outcome

if TYPE_CHECKING:
    from tongbao.simulation.disk import Disk
    from tongbao.simulation.host_store import VirtualHostStore
    from tongbao.simulation.people import Cashier
    from tongbao.simulation.terminal_journal import Row
    from tongbao.simulation.witness import Approval

# Terminal, trace, amount in minor units.
Sale = tuple[str, int, int]
# Every sale of each terminal's journal.
Journals = dict[str, list[PaymentLine]]


def audit_issuer(known: Sequence[Record], added: Sequence[Record]) -> None:
    """Check what the issuer is about to write: charged once, reversed once, dead stays dead."""
    rows = [*known, *added]
    moves = Counter(
        (row.rrn.value, row.kind)
        for row in rows
        if isinstance(row, BookEvent) and row.rrn is not None
    )
    for (rrn, kind), count in moves.items():
        if count > 1:
            name = "no double charge" if kind is EventKind.SALE else "reversal counts once"
            raise WrongWorldError(name, f"the issuer books {kind.value} of {rrn} {count} times")
        if kind is EventKind.REVERSAL and not moves[rrn, EventKind.SALE]:
            raise WrongWorldError(
                "reversal counts once", f"the issuer gives back {rrn} for nothing"
            )
    debits = Counter(
        (sale.terminal_id.value, sale.stan.value) for sale in live_debits(rows).values()
    )
    for (terminal_id, trace), count in debits.items():
        if count > 1:
            raise WrongWorldError(
                "no double charge", f"{terminal_id} {trace:06d} is debited {count} times"
            )
    reversed_rrns: set[str] = set()
    for row in rows:
        if isinstance(row, Reversal):
            reversed_rrns.add(row.rrn.value)
        elif isinstance(row, Authorisation) and row.auth_code and row.rrn.value in reversed_rrns:
            raise WrongWorldError(
                "reversal is order-free", f"the issuer approves {row.rrn.value}, reversed before"
            )
        elif isinstance(row, BookEvent) and sum(entry.amount.minor for entry in row.entries) != 0:
            raise WrongWorldError("every fen", "entries do not sum to zero")


def journal_lines(disk: Disk[Row]) -> list[PaymentLine]:
    """Return every sale of a terminal's journal."""
    journal = VirtualJournal(disk, _no_boundary)
    return list(read_records(journal.records(), keep_all=True).payments.values())


def _sales(journals: Journals, outcome: Outcome) -> set[Sale]:
    return {
        (terminal_id, line.intent.trace, line.intent.amount_minor)
        for terminal_id, lines in journals.items()
        for line in lines
        if line.outcome is outcome
    }


def compare_books(journals: Journals, host: VirtualHostStore, issuer: Sequence[Record]) -> int:
    """Check that all three books hold the same approved sales; return how many."""
    by_state: dict[PaymentState, set[Sale]] = {state: set() for state in PaymentState}
    for stored in host.payments():
        payment = stored.payment
        state = stand_of(stored.events).state
        by_state[state].add((payment.terminal_id, payment.stan, payment.amount_minor))
    issued = {
        (sale.terminal_id.value, sale.stan.value, sale.amount.minor)
        for sale in live_debits(issuer).values()
    }
    sold = _sales(journals, Outcome.APPROVED)
    open_sales = _sales(journals, Outcome.IN_DOUBT)
    if open_sales:
        raise WrongWorldError("doubt closes", f"in doubt at the terminal: {sorted(open_sales)}")
    for state in (PaymentState.PENDING, PaymentState.REVERSING):
        if by_state[state]:
            raise WrongWorldError(
                "doubt closes", f"{state.value} at the host: {sorted(by_state[state])}"
            )
    booked = by_state[PaymentState.APPROVED]
    if not sold == booked == issued:
        raise WrongWorldError(
            "three-way equality",
            f"terminals {_sum(sold)}, host {_sum(booked)}, issuer {_sum(issued)};"
            f" not in all three: {sorted((sold | booked | issued) - (sold & booked & issued))}",
        )
    _check_balances(issuer, issued)
    return len(sold)


def check_approvals(approvals: set[Approval], journals: Journals) -> None:
    """Check that what a person has seen approved is approved for ever."""
    sold = _sales(journals, Outcome.APPROVED)
    for seen in approvals:
        if (seen.terminal_id, seen.trace, seen.amount_minor) not in sold:
            raise WrongWorldError(
                "no lost approval", f"{seen.terminal_id} {seen.trace:06d} was seen approved"
            )


def check_baskets(cashiers: Sequence[Cashier], issuer: Sequence[Record]) -> None:
    """Check that each customer paid once when the cashier believes so, and else not at all."""
    paid = Counter(
        (sale.terminal_id.value, sale.amount.minor) for sale in live_debits(issuer).values()
    )
    for cashier in cashiers:
        for basket in cashier.baskets:
            count = paid[cashier.node.name, basket.amount_minor]
            if count != int(basket.is_paid):
                believed = "paid" if basket.is_paid else "not paid"
                raise WrongWorldError(
                    "charged once or not at all",
                    f"basket {basket.name}: {count} debits, the cashier believes {believed}",
                )


def _check_balances(rows: Sequence[Record], issued: set[Sale]) -> None:
    balances: Counter[str] = Counter()
    for row in rows:
        if isinstance(row, BookEvent):
            for entry in row.entries:
                balances[entry.account_id] += entry.amount.minor
    if sum(balances.values()) != 0:
        raise WrongWorldError("every fen", "the issuer's accounts do not sum to zero")
    if balances[CLEARING_ACCOUNT] != sum(amount for _, _, amount in issued):
        raise WrongWorldError("every fen", "the clearing account is not the sum of the sales")
    if any(value < 0 for name, value in balances.items() if name != CAPITAL_ACCOUNT):
        raise WrongWorldError("every fen", "an account is overdrawn")


def _sum(sales: set[Sale]) -> str:
    return f"{len(sales)} sales of {sum(amount for _, _, amount in sales)}"


def _no_boundary(_where: str) -> None:
    return
