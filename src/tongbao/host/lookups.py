"""What the core can ask the store for beside one payment by its trace.

A query for an original also brings its family, which is every payment that names one of those found
as its original: what was taken back of a sale, or done with a pre-authorisation, is their sum.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from tongbao.host.records import TraceKey


class ByRrn(NamedTuple):
    """The payment with this reference number, and its family."""

    rrn: str


class ByAuthCode(NamedTuple):
    """The pre-authorisations of a card at a merchant that got this code, and their families."""

    merchant_id: str
    card_token: bytes
    auth_code: str


class ByBatch(NamedTuple):
    """Every payment of a terminal's batch, and nothing else."""

    terminal_id: str
    batch_no: int


Query: TypeAlias = TraceKey | ByRrn | ByAuthCode | ByBatch
"""A trace brings the payment and its family, too."""
