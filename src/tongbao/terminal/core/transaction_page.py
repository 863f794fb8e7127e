"""Writes the table of kinds as a page for the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.terminal.core.kinds import RULES, CountsAs, PaymentRule
from tongbao.wire.unionpay.transactions import Resolution

if TYPE_CHECKING:
    from tongbao.terminal.settings import TerminalSettings

_HEAD: Final = """# What the terminal can do

Written from the table in `src/tongbao/terminal/core/kinds.py` with the default host profile; a test
keeps it current (`python -m tests.terminal.transaction_page > docs/terminal-transactions.md`).
A supervisor approves with number and password while the cashier stays logged in; wrong tries count
and slow the next one down like those of a log-in, and the approver stands in the journal.

| code | kind | 中文 | message | needs | unknown result | in the totals |
|---|---|---|---|---|---|---|
"""
_TAIL: Final = """
**Needs.** *original_trace* is looked up in the open batch: what is not there, was not approved or
is void already is refused before anything is sent. *original_rrn* and *auth_code* may name a
payment of another day or terminal; where the open batch knows it, amounts are checked here, too:
no refund above what is left, no completion above the host's share, no tip above its percentage.
Where the original is known, only its own card is taken. A *pin* may be left out where the
cardholder has none, but not for a balance.

**Unknown result.** *reverse*: the payment is undone by a reversal, which is repeated until the
host answers 00, 12 or 25. *repeat*: the same message goes out again with the same trace, with the
card number in the place of the track and without PIN, until an authentic answer settles it; what
is agreed already (completion advice, offline sale, adjustment, tip) is stored and sent when the
line allows it, so that nobody waits. *none*: nothing has moved, and nothing is kept. A row of tries
with growing pauses comes first, then a person is asked and tries go on with long pauses. A
restarted terminal does all this without anybody logged in.

**Kept for it.** The card number stands in the journal sealed under a key of its batch, which is
destroyed when the batch is closed. A track or a PIN is never kept. A balance is shown and not
written down.
"""
_RESOLUTIONS: Final = {
    Resolution.REVERSE: "reverse",
    Resolution.REPEAT: "repeat",
    Resolution.NONE: "none",
}
_COUNTS: Final = {
    CountsAs.DEBIT: "debit",
    CountsAs.CREDIT: "credit",
    CountsAs.UNDO: "less debit, or credit, by profile",
    CountsAs.CHANGE: "new amount of its original",
    CountsAs.NOTHING: "–",
}


def transaction_page(settings: TerminalSettings) -> str:
    """Return the whole page `docs/terminal-transactions.md` for these settings."""
    return _HEAD + "".join(_row(rule, settings) for rule in RULES) + _TAIL


def _row(rule: PaymentRule, settings: TerminalSettings) -> str:
    transaction = rule.transaction
    cells = (
        rule.code,
        f"`{rule.kind}`",
        rule.zh,
        f"{transaction.mti} {transaction.processing_code} {transaction.function}",
        ", ".join(rule.needs(settings)),
        _RESOLUTIONS[rule.resolution],
        _COUNTS[rule.counts],
    )
    return f"| {' | '.join(cells)} |\n"
