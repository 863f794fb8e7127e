"""Short forms of what the tests ask an issuer, and of what its book says afterwards."""

from __future__ import annotations

from tongbao.sandbox.issuer.book_view import read_book

OPENING = 5_000_000
DAY_MS = 86_400_000


def ask(issuer, number, operation, original=None, fen=1234, **options):
    """F39 of the answer to one request."""
    return issuer.ask(issuer.acquirer.operation(number, operation, original, fen, **options))


def undo(issuer, number, operation, fen=1234):
    """F39 of the answer to one reversal."""
    return issuer.ask(issuer.acquirer.undo(number, operation, fen))


def money(issuer, card="good"):
    """What the card holder has lost and what is held; the book must agree with the state."""
    view = read_book(issuer.store.connection, issuer.state, 500)
    assert view["checks"]["ok"], view["checks"]
    assert issuer.state.balances == issuer.store.balances()
    assert issuer.state.holds == issuer.store.open_holds()
    opening = {"good": OPENING, "second": 2_000_000}[card]
    return opening - issuer.state.balances[card], issuer.state.held.get(card, 0)
