"""Decides after the faults whether every payment ended once, and the same for everybody. Pure.

An unknown payment may have ended either way, but only in one way and only once. A word that a
screen has shown is kept by all books for ever.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from tongbao.app.demo.comparison import (
    BookLine,
    BookStatus,
    Comparison,
    PaymentKey,
    compare,
    total,
    totals_by_kind,
)
from tongbao.app.soak.families import check_families, check_holds
from tongbao.app.soak.history import BALANCE, SaleRecord, Shown, ShownKey, Told
from tongbao.app.soak.rules import Rule, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tongbao.domain.money import Money


@dataclass(frozen=True, slots=True)
class JournalSale:
    """A payment in a terminal's journal with the command that asked for it."""

    command_id: str
    line: BookLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known when everything stands still.

    `traces` holds, for each terminal in the order of its journal, batch and trace of every message
    that took a new number. `settled` is what the host said of each till's batch when it was closed:
    of domestic and of foreign cards. `holds` is what the issuer still holds for pre-authorisations.
    """

    sales: Sequence[SaleRecord]
    shown: Mapping[ShownKey, Sequence[Shown]]
    journal: Sequence[JournalSale]
    host: Sequence[BookLine]
    issuer: Sequence[BookLine]
    issuer_owes: Money
    issuer_balances: bool
    traces: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    settled: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    holds: Mapping[PaymentKey, Money] = field(default_factory=dict)

    def comparison(self) -> Comparison:
        """Put the three books side by side."""
        return compare(
            [sale.line for sale in self.journal],
            self.host,
            self.issuer,
            issuer_owes=self.issuer_owes,
            issuer_balances=self.issuer_balances,
        )


def check(evidence: Evidence) -> list[Violation]:
    """Return every violation that the evidence holds, the gravest kinds first."""
    books = _books(evidence)
    found = [
        *_payments(evidence),
        *(violation for name, book in books.items() for violation in check_families(name, book)),
        *check_holds(books["terminal"], evidence.holds),
        *_double_charges(evidence),
        *_words(evidence),
        *_commands(evidence),
        *_balances(evidence),
        *_traces(evidence),
        *_totals(evidence),
        *_batches(evidence),
    ]
    order = list(Rule)
    return sorted(found, key=lambda violation: order.index(violation.rule))


def _books(evidence: Evidence) -> dict[str, Sequence[BookLine]]:
    return {
        "terminal": [sale.line for sale in evidence.journal],
        "host": evidence.host,
        "issuer": evidence.issuer,
    }


def _payments(evidence: Evidence) -> Iterable[Violation]:
    """Hold each payment of the three books side by side."""
    for payment in evidence.comparison().payments:
        key, terminal = payment.key, payment.terminal
        sides = {"terminal": terminal, "host": payment.host, "issuer": payment.issuer}
        charged = [line for line in payment.lines if line.status is BookStatus.APPROVED]
        says = ", ".join(
            f"{name}: {line.status.value if line else 'nothing'}" for name, line in sides.items()
        )
        if payment.in_doubt:
            yield Violation(Rule.DOUBT_CLOSES, says, key)
        if terminal in charged:
            if len(charged) < len(sides):
                yield Violation(Rule.NO_LOST_APPROVAL, says, key)
        elif charged and terminal is None:
            yield Violation(Rule.NO_STRAY_CHARGE, says, key)
        elif charged and terminal is not None and terminal.status is not BookStatus.IN_DOUBT:
            yield Violation(Rule.NO_SILENT_CHARGE, says, key)
        if len({line.amount for line in payment.lines}) > 1:
            amounts = ", ".join(line.amount.text() for line in payment.lines)
            yield Violation(Rule.SAME_AMOUNT, amounts, key)
        if len({line.kind for line in payment.lines}) > 1:
            yield Violation(Rule.SAME_KIND, ", ".join(line.kind for line in payment.lines), key)
        originals = {line.original for line in charged if line.original is not None}
        if len(originals) > 1:
            traces = " and ".join(f"{original.stan:06d}" for original in sorted(originals))
            yield Violation(Rule.SAME_KIND, f"it names the originals {traces}", key)


def _double_charges(evidence: Evidence) -> Iterable[Violation]:
    """Find a payment that a book counts twice and a command that was charged twice."""
    for name, book in _books(evidence).items():
        counts = Counter(line.key for line in book if line.status is BookStatus.APPROVED)
        for key, count in counts.items():
            if count > 1:
                yield Violation(Rule.NO_DOUBLE_CHARGE, f"{count} times in the {name}'s book", key)
    debited = {line.key for line in evidence.issuer if line.status is BookStatus.APPROVED}
    by_command: dict[str, list[PaymentKey]] = {}
    for sale in evidence.journal:
        by_command.setdefault(sale.command_id, []).append(sale.line.key)
    for command_id, keys in by_command.items():
        charged = [key for key in keys if key in debited]
        if len(charged) > 1:
            text = f"command {command_id} was charged {len(charged)} times"
            yield Violation(Rule.NO_DOUBLE_CHARGE, text, charged[0])


def _words(evidence: Evidence) -> Iterable[Violation]:
    """Hold what screens have shown against what the journals say."""
    journal = {
        ShownKey(sale.line.key.terminal_id, sale.line.key.stan): sale.line
        for sale in evidence.journal
    }
    for shown_key, words in evidence.shown.items():
        line = journal.get(shown_key)
        if line is None:
            rule = Rule.NO_LOST_APPROVAL if _approved(words) else Rule.SHOWN_IS_KEPT
            text = f"shown as {_names(words)}, but not in the journal"
            yield Violation(rule, text, PaymentKey(shown_key.terminal_id, 0, shown_key.trace))
            continue
        kept = Shown(_told(line.status), line.amount.minor)
        if set(words) != {kept}:
            rule = Rule.SHOWN_IS_KEPT
            if _approved(words) and kept.told is not Told.OK:
                rule = Rule.NO_LOST_APPROVAL
            text = f"shown as {_names(words)}, kept as {_names([kept])}"
            yield Violation(rule, text, line.key)


def _commands(evidence: Evidence) -> Iterable[Violation]:
    """Hold what each cashier was told against the journal's sale of the same command."""
    journal = {sale.command_id: sale.line for sale in evidence.journal}
    asked = {sale.command_id: sale for sale in evidence.sales}
    for sale in evidence.sales:
        line = journal.get(sale.command_id)
        if sale.told is Told.UNKNOWN or sale.kind == BALANCE:
            continue
        if line is None:
            if sale.told is Told.OK:
                key = PaymentKey(sale.terminal_id, 0, sale.trace or 0)
                yield Violation(Rule.NO_LOST_APPROVAL, "told ok, but not in the journal", key)
        elif line.status is not BookStatus.IN_DOUBT and _told(line.status) is not sale.told:
            rule = Rule.NO_LOST_APPROVAL if sale.told is Told.OK else Rule.SHOWN_IS_KEPT
            text = f"the cashier was told {sale.told.value}, the journal says {line.status.value}"
            yield Violation(rule, text, line.key)
    for entry in evidence.journal:
        known = asked.get(entry.command_id)
        if known is None or known.given_ms is None:
            yield Violation(Rule.NO_STRAY_CHARGE, "no cashier gave this PIN", entry.line.key)
        elif known.amount_minor != entry.line.amount.minor:
            asked_for = f"asked for {known.amount_minor} fen, journal {entry.line.amount.minor}"
            yield Violation(Rule.SAME_AMOUNT, asked_for, entry.line.key)
        elif known.kind != entry.line.kind:
            text = f"asked for a {known.kind}, journal {entry.line.kind}"
            yield Violation(Rule.SAME_KIND, text, entry.line.key)


def _balances(evidence: Evidence) -> Iterable[Violation]:
    """Find an answered question for the balance that told none."""
    for sale in evidence.sales:
        if sale.kind == BALANCE and sale.told is Told.OK and sale.balance_minor is None:
            key = PaymentKey(sale.terminal_id, 0, sale.trace or 0)
            yield Violation(Rule.SHOWN_IS_KEPT, "a balance was told without an amount", key)


def _traces(evidence: Evidence) -> Iterable[Violation]:
    for terminal_id, numbers in evidence.traces.items():
        for (_, before), (batch, trace) in pairwise(numbers):
            if trace <= before:
                text = f"{trace:06d} after {before:06d}"
                yield Violation(Rule.TRACES_RISE, text, PaymentKey(terminal_id, batch, trace))


def _totals(evidence: Evidence) -> Iterable[Violation]:
    """Compare count and sum of every kind, and the issuer's own money."""
    comparison = evidence.comparison()
    of_book = {name: totals_by_kind(book) for name, book in _books(evidence).items()}
    for kind in sorted({kind for of_kind in of_book.values() for kind in of_kind}):
        totals = {name: of_kind.get(kind, total(())) for name, of_kind in of_book.items()}
        if len(set(totals.values())) > 1:
            sums = (f"{who} {of.count} / {of.amount.text()}" for who, of in totals.items())
            yield Violation(Rule.BOOKS_AGREE, f"{kind}: {', '.join(sums)}")
    if evidence.issuer_owes != comparison.issuer.amount:
        owes, counts = evidence.issuer_owes.text(), comparison.issuer.amount.text()
        yield Violation(Rule.BOOKS_AGREE, f"the issuer owes {owes} and counts {counts}")
    if not evidence.issuer_balances:
        yield Violation(Rule.BOOKS_AGREE, "the issuer's entries do not sum to zero")


def _batches(evidence: Evidence) -> Iterable[Violation]:
    """Both sides of every batch must have compared equal."""
    for terminal_id, flags in evidence.settled.items():
        if set(flags) != {"balanced"}:
            text = f"domestic {flags[0]}, foreign {flags[1]}"
            yield Violation(Rule.BATCHES_BALANCE, text, PaymentKey(terminal_id, 0, 0))


_TOLD = {
    BookStatus.APPROVED: Told.OK,
    BookStatus.DECLINED: Told.DECLINED,
    BookStatus.REVERSED: Told.REVERSED,
    BookStatus.NOT_SENT: Told.NOT_SENT,
    BookStatus.IN_DOUBT: Told.UNKNOWN,
}


def _told(status: BookStatus) -> Told:
    return _TOLD[status]


def _approved(words: Iterable[Shown]) -> bool:
    return any(shown.told is Told.OK for shown in words)


def _names(words: Iterable[Shown]) -> str:
    return " and ".join(f"{shown.told.value} {shown.amount_minor} fen" for shown in words)
