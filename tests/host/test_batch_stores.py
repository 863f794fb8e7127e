"""A batch on both real stores: settled, uploaded, closed, and found again after a start."""

from __future__ import annotations

from tests.host.batch_messages import (
    Books,
    ask,
    detail,
    details,
    end,
    settlement,
    side,
    totals,
    upload,
)
from tests.host.parties import PAN, ScriptedTerminal
from tests.host.world import World
from tongbao.host.store.opening import open_store


def test_a_batch_is_settled_and_closed_on_a_real_database(store_url: str) -> None:
    store = open_store(store_url)
    books = Books()
    sale = books.add("sale", 1_000)
    books.add("refund", 300, original=sale)
    books.add("sale", 700, organisation="VIS")
    store.commit(books.records())
    world = World(store)
    terminal = ScriptedTerminal()
    own = (side(debit=(1_000, 1), credit=(300, 1)), side(debit=(700, 1)))
    reply = ask(world, settlement(terminal, totals(own[0])))
    assert reply.fields[48] == totals(*own, "12")
    world.restart()
    assert ask(world, settlement(terminal, totals(own[0]))).fields[48] == totals(*own, "12")
    frame = details(terminal, detail(3, 701, PAN, "01"))
    assert [ask(world, frame).fields[39] for _ in range(2)] == ["00", "94"]
    refund = {2: PAN, 4: f"{300:012d}", 11: "000002", 63: "CUP"}
    assert ask(world, upload(terminal, "000", refund)).fields[39] == "00"
    for _ in range(2):
        assert ask(world, end(terminal, 2)).fields[48] == "0002"
        assert world.signed_in().batch_no == 2
        world.restart()
    events, rows = store.load_batch("00000001", 1)
    assert [(event.kind, event.result, event.record_count) for event in events] == [
        ("totals", "12", 3),
        ("closed", "12", 2),
    ]
    assert [(row.stan, row.source, row.amount_minor) for row in rows] == [
        (3, "stripe", 701),
        (2, "advice", 300),
    ]
    found = [row[0] for row in store._rows("SELECT detail FROM payments_exception", ())]
    side_text = "terminal debit 0/0.00 credit 0/0.00, host debit 1/7.00 credit 0/0.00"
    assert sorted(found) == [
        f"batch 000001 foreign totals: {side_text}",
        "batch 000001 trace 000003: terminal 7.01, host 7.00",
    ]
    store.close()
