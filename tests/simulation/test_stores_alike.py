"""The simulator's stores answer as the real ones do.

A whole world is lived, everything that it asks and writes is noted, and the same is asked of and
written into the real journal, the real SQLite tables and the real book.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.host.conftest import prepare
from tests.host.parties import MERCHANT
from tongbao.domain.money import Currency, Money
from tongbao.host.store.opening import open_store
from tongbao.sandbox.issuer.core.book import (
    CAPITAL_ACCOUNT,
    CLEARING_ACCOUNT,
    Account,
    AccountKind,
    BookEvent,
)
from tongbao.sandbox.issuer.store import IssuerStore
from tongbao.simulation.faults import Fault
from tongbao.simulation.host_store import VirtualHostStore
from tongbao.simulation.issuer_store import VirtualIssuerStore
from tongbao.simulation.scenario import changed, draw_scenario
from tongbao.simulation.terminal_journal import read_row
from tongbao.simulation.town import Town
from tongbao.terminal.journal import Journal

DAY_US = 3_600_000_000
# Troubles that make people and machines ask twice, but let every process live.
RATES = (
    (Fault.DUPLICATE, 0.2),
    (Fault.REPLAY, 0.1),
    (Fault.RESPONSE_LOST, 0.2),
    (Fault.REQUEST_LOST, 0.1),
    (Fault.ISSUER_SILENT, 0.2),
)
READS = (
    "load_payments",
    "find_payments",
    "load_batch",
    "load_signature",
    "last_payment_id",
    "open_payments",
    "open_exceptions",
)


class Notebook:
    """What was asked of a store and what it answered, in order."""

    def __init__(self, patch: pytest.MonkeyPatch, store: type, names: tuple[str, ...]) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = []
        for name in names:
            if hasattr(store, name):
                patch.setattr(store, name, self._noting(name, getattr(store, name)))

    def _noting(self, name: str, method: Any) -> Any:
        def noted(store: Any, *args: Any, **more: Any) -> Any:
            answer = method(store, *args, **more)
            self.calls.append((name, args, more, answer))
            return answer

        return noted


def live_through(seed: int) -> Town:
    town = Town(changed(draw_scenario(seed), terminals=2, sales=25, rates=RATES), keep_story=False)
    town.open()
    town.agenda.run(DAY_US, lambda: all(cashier.is_done for cashier in town.cashiers))
    town.heal()
    town.agenda.run(town.agenda.now_us + DAY_US // 6, lambda: False)
    return town


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_hosts_tables(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = Notebook(monkeypatch, VirtualHostStore, (*READS, "commit"))
    live_through(seed)
    url = f"sqlite:///{tmp_path / 'host.sqlite3'}"
    prepare(url)
    store = open_store(url)
    compared = 0
    for name, args, more, answer in notes.calls:
        found = getattr(store, name)(*_with_merchant(args), **more)
        if name != "commit":
            assert _plain(found) == _plain(_with_merchant(answer))
            compared += bool(found)
    store.close()
    assert compared > 10


def _with_merchant(value: Any) -> Any:
    """The town and the prepared database have the same merchant."""
    assert MERCHANT == "100000000000001"
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return bytes(value) if isinstance(value, memoryview) else value


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_issuers_book(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = Notebook(monkeypatch, VirtualIssuerStore, ("recall", "commit"))
    town = live_through(seed)
    store = IssuerStore.open(tmp_path / "book.sqlite3")
    state = town.issuer.state
    assert state is not None
    openings = [row for row in town.issuer.disk.transactions[0].rows if isinstance(row, BookEvent)]
    zero = Money(0, Currency.CNY)
    accounts = [
        Account(CAPITAL_ACCOUNT, AccountKind.CAPITAL, zero),
        Account(CLEARING_ACCOUNT, AccountKind.CLEARING, zero),
        *(Account(card.account_id, AccountKind.CARDHOLDER, zero) for card in state.cards.values()),
    ]
    cards = state.cards.values()
    store.open_accounts(accounts, cards, openings, openings[0].at)
    for name, args, more, answer in notes.calls:
        found = getattr(store, name)(*args, **more)
        if name == "recall":
            assert found == answer
    assert store.balances() == state.balances
    assert store.open_holds() == state.holds
    assert store.wrong_pins() == {key: n for key, n in state.wrong_pins.items() if n}
    store.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_terminals_journal(seed: int, tmp_path: Path) -> None:
    town = live_through(seed)
    for node in town.terminals:
        written = [read_row(row) for row in node.disk.rows()]
        journal = Journal.open(tmp_path, node.name)
        for record, at in written:
            journal.append(record, at)
        journal.close()
        again = Journal.open(tmp_path, node.name)
        assert list(again.records()) == written
        again.close()
        for file in tmp_path.iterdir():
            file.unlink()
