"""Signatures, script results, reports and orders on both real stores, over a start of the host."""

from __future__ import annotations

from tests.host.batch_messages import Books, ask
from tests.host.test_downloads import management
from tests.host.test_orders import digit
from tests.host.test_script_results import DATA, advice
from tests.host.test_signatures import IMAGE, upload
from tests.host.test_store_records import ask as sql
from tests.host.test_store_records import rows_of
from tests.host.world import World
from tongbao.host.records import (
    OrderDoneRecord,
    ScriptResultRecord,
    SignatureRecord,
    TerminalStatusRecord,
)
from tongbao.host.store.opening import open_store


def test_what_is_beside_payments_is_kept_once_on_a_real_database(store_url: str) -> None:
    sql(
        store_url,
        "INSERT INTO fleet_terminalorder (terminal_id, act, ordered_at_us)"
        " VALUES ('00000001', '2', 1)",
    )
    store = open_store(store_url)
    books = Books()
    sale = books.add("sale", 12_345)
    store.commit(books.records())
    world = World(store)
    terminal = world.signed_in()
    frames = [
        upload(terminal, sale, IMAGE[:30], "0"),
        upload(terminal, sale, IMAGE[30:], "1"),
        advice(terminal, sale),
    ]
    for frame in frames:
        for _ in range(2):
            assert ask(world, frame, terminal).fields[39] == "00"
            world.restart()
    assert digit(world, management("301", None, "0820")) == "2"
    assert ask(world, management("362", b"paper=ok", "0820")).fields[39] == "00"
    world.restart()
    assert digit(world, management("301", None, "0820")) == "0"
    payment_id = sale.payment_id
    assert [row[:3] for row in rows_of(store_url, SignatureRecord)] == [
        (payment_id, 0, False),
        (payment_id, 1, True),
    ]
    assert b"".join(row.image for row in rows_of(store_url, SignatureRecord)) == IMAGE
    (script,) = rows_of(store_url, ScriptResultRecord)
    assert (script.payment_id, script.data) == (payment_id, DATA.hex().upper())
    assert [row.body for row in rows_of(store_url, TerminalStatusRecord)] == ["paper=ok"]
    assert len(rows_of(store_url, OrderDoneRecord)) == 1
    assert [event.kind for event in world.events(sale.stan)] == [
        "approved",
        "signed",
        "script_result",
    ]
    store.close()
