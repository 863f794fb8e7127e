"""The three books: what terminals, host and issuer hold, and whether they say the same."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.simulation.accounts import Accounts, Entry, check_balances, entries_of, fold
from tongbao.simulation.errands import SETTLEMENT
from tongbao.simulation.node import WrongWorldError
from tongbao.simulation.terminal_journal import VirtualJournal
from tongbao.terminal.core.recovery import PaymentLine, read_records
from tongbao.terminal.core.vocabulary import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tongbao.host.records import StoredPayment
    from tongbao.sandbox.issuer.core.book import Record
    from tongbao.simulation.disk import Disk
    from tongbao.simulation.errands import Errand
    from tongbao.simulation.host_store import VirtualHostStore
    from tongbao.simulation.terminal_journal import Row
    from tongbao.simulation.terminal_witness import Approval

# Every payment of each terminal's journal.
Journals = dict[str, list[PaymentLine]]
# What an issuer calls a kind that it does not tell from another.
_OPERATIONS: Final = {
    "mail_order": "sale",
    "tip": "adjustment",
    "chip_offline_sale": "offline_sale",
}
# What only tells of something agreed, and may be told later.
_STORED_KINDS: Final = frozenset({"offline_sale", "adjustment", "tip", "completion_advice"})
_MOVES_NOTHING: Final = "balance"


def operation_of(kind: str) -> str:
    """Return the issuer's word for a kind."""
    return _OPERATIONS.get(kind, kind)


def journal_lines(disk: Disk[Row]) -> list[PaymentLine]:
    """Return every payment of a terminal's journal."""
    journal = VirtualJournal(disk, _no_boundary)
    return list(read_records(journal.records(), keep_all=True).payments.values())


def compare_books(journals: Journals, host: VirtualHostStore, issuer: Sequence[Record]) -> int:
    """Check that all three books hold the same approved payments; return how many."""
    _check_no_doubt(journals)
    sold = _approved_at_terminals(journals)
    booked = compare_host_and_issuer(host, issuer)
    if sold != booked:
        raise _difference("terminals", sold, "host", booked)
    return len(sold)


def compare_host_and_issuer(
    host: VirtualHostStore, issuer: Sequence[Record], open_rrns: Collection[str] = ()
) -> set[Entry]:
    """Check that both hold the same approved payments, and return them.

    Nothing may be open at the host but the payments of `open_rrns`.
    """
    payments = [p for p in host.payments() if p.payment.kind != _MOVES_NOTHING]
    _check_nothing_open([p for p in payments if p.payment.rrn not in open_rrns])
    booked = {
        (p.payment.terminal_id, p.payment.stan, p.payment.kind, p.payment.amount_minor)
        for p in payments
        if stand_of(p.events).state is PaymentState.APPROVED
    }
    accounts = fold(issuer)
    issued = entries_of(accounts)
    expected = {(name, trace, operation_of(kind), amount) for name, trace, kind, amount in booked}
    if expected != issued:
        raise _difference("host", expected, "issuer", issued)
    check_balances(issuer, accounts)
    return booked


def _check_no_doubt(journals: Journals) -> None:
    for name, lines in journals.items():
        doubtful = [line.key for line in lines if line.outcome is Outcome.IN_DOUBT]
        if doubtful:
            raise WrongWorldError("doubt closes", f"in doubt at {name}: {doubtful}")


def _check_nothing_open(payments: Sequence[StoredPayment]) -> None:
    for stored in payments:
        state = stand_of(stored.events).state
        if state not in (PaymentState.APPROVED, PaymentState.DECLINED, PaymentState.REVERSED):
            payment = stored.payment
            raise WrongWorldError(
                "doubt closes",
                f"{state.value} at the host: {payment.kind} {payment.terminal_id}"
                f" {payment.stan:06d}",
            )


def _approved_at_terminals(journals: Journals) -> set[Entry]:
    return {
        (name, line.intent.trace, line.intent.payment_kind, line.intent.amount_minor)
        for name, lines in journals.items()
        for line in lines
        if line.outcome is Outcome.APPROVED and line.intent.payment_kind != _MOVES_NOTHING
    }


def _difference(one: str, ours: set[Entry], other: str, theirs: set[Entry]) -> WrongWorldError:
    return WrongWorldError(
        "three-way equality",
        f"{one} hold {_sum(ours)}, {other} holds {_sum(theirs)};"
        f" only {one}: {sorted(ours - theirs)}, only {other}: {sorted(theirs - ours)}",
    )


def check_approvals(approvals: set[Approval], journals: Journals) -> None:
    """Check that what a person has seen approved is approved for ever."""
    sold = {
        (name, line.intent.trace, line.intent.payment_kind, line.intent.amount_minor)
        for name, lines in journals.items()
        for line in lines
        if line.outcome is Outcome.APPROVED
    }
    for seen in approvals:
        if (seen.terminal_id, seen.trace, seen.kind, seen.amount_minor) not in sold:
            raise WrongWorldError(
                "no lost approval",
                f"{seen.kind} {seen.terminal_id} {seen.trace:06d} was seen approved",
            )


def take_last_word(errands: Sequence[Errand], journals: Journals) -> None:
    """Let cashiers learn what became of advices that were stored when they looked last."""
    for errand in errands:
        if errand.kind not in _STORED_KINDS:
            continue
        errand.is_paid = any(
            line.outcome is Outcome.APPROVED
            and line.intent.payment_kind == errand.kind
            and line.intent.amount_minor == errand.amount_minor
            for line in journals[errand.terminal_id]
        )


def check_errands(errands: Sequence[Errand], issuer: Accounts) -> None:
    """Check that each thing wanted was done once where the cashier believes so, and else never."""
    done = Counter(
        (terminal_id, kind, amount) for terminal_id, _, kind, amount in entries_of(issuer)
    )
    wanted: Counter[tuple[str, str, int]] = Counter()
    for errand in errands:
        if errand.kind not in (_MOVES_NOTHING, SETTLEMENT):
            key = (errand.terminal_id, operation_of(errand.kind), errand.amount_minor)
            wanted[key] += int(errand.is_paid)
    for key in done | wanted:
        if done[key] != wanted[key]:
            raise WrongWorldError(
                "done once or not at all",
                f"{key[1]} at {key[0]} of {key[2]}: {done[key]} in the book,"
                f" {wanted[key]} by what the cashiers believe",
            )


def _sum(entries: set[Entry]) -> str:
    return f"{len(entries)} of {sum(amount for _, _, _, amount in entries)}"


def _no_boundary(_where: str) -> None:
    return
