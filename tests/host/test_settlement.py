"""0500 and 0510: whose totals are right, once and again, and what a batch takes afterwards."""

from __future__ import annotations

import pytest

from tests.host.batch_messages import (
    Books,
    ask,
    batch_events,
    end,
    exceptions,
    records,
    settlement,
    side,
    totals,
)
from tests.host.memory_store import MemoryStore
from tests.host.parties import MERCHANT, TERMINAL, ScriptedTerminal
from tests.host.world import World, register, settings
from tongbao.host.records import BatchEventRecord
from tongbao.wire.unionpay.profile import HostProfile


def two_sales() -> Books:
    books = Books()
    books.add("sale", 10_000)
    books.add("sale", 2_345, organisation="VIS")
    return books


OWN = (side(debit=(10_000, 1)), side(debit=(2_345, 1)))


@pytest.mark.parametrize(
    ("sent", "flags"),
    [
        (totals(*OWN), "11"),
        (totals(OWN[0], side()), "12"),
        (totals(side(debit=(9_999, 1)), OWN[1]), "21"),
        (totals(), "22"),
    ],
)
def test_the_answer_holds_the_hosts_totals_with_a_flag_for_each_side(sent: str, flags: str) -> None:
    world = two_sales().world()
    reply = ask(world, settlement(ScriptedTerminal(), sent))
    assert reply.mti == "0510"
    assert sorted(reply.fields) == [11, 12, 13, 15, 37, 39, 41, 42, 48, 49, 60]
    assert reply.fields[11] == "000900"
    assert reply.fields[15] == "1121"
    assert reply.fields[39] == "00"
    assert reply.fields[60] == "00000001201"
    assert reply.fields[48] == totals(*OWN, flags)
    assert batch_events(world) == [
        BatchEventRecord(
            *(TERMINAL, MERCHANT, 1, "totals", world.now_us, sent),
            *(totals(*OWN, flags), flags, 2, "2026-11-21"),
        )
    ]


def test_the_totals_are_written_before_they_are_answered() -> None:
    world = two_sales().world()
    order: list[str] = []
    store = world.store
    commit, send = store.commit, world.to_terminal
    store.commit = lambda items: (commit(items), order.append("written"))
    world.to_terminal = lambda connection, data: (send(connection, data), order.append("sent"))
    world.core.state.terminals.clear()
    world.send(settlement(ScriptedTerminal(), totals(*OWN)))
    assert order[-2:] == ["written", "sent"]


def test_a_repeated_settlement_gets_the_same_answer_and_is_written_once() -> None:
    world = two_sales().world()
    terminal = ScriptedTerminal()
    first = ask(world, settlement(terminal, totals()))
    world.advance(5_000)
    again = ask(world, settlement(terminal, totals(), stan=905))
    assert again.fields[48] == first.fields[48] == totals(*OWN, "22")
    assert len(batch_events(world)) == 1
    world.restart()
    assert ask(world, settlement(terminal, totals(), stan=906)).fields[48] == first.fields[48]
    assert len(batch_events(world)) == 1


def test_totals_that_changed_are_compared_again_and_both_stay_on_record() -> None:
    world = two_sales().world()
    terminal = ScriptedTerminal()
    assert ask(world, settlement(terminal, totals())).fields[48] == totals(*OWN, "22")
    assert ask(world, settlement(terminal, totals(*OWN))).fields[48] == totals(*OWN, "11")
    assert [event.result for event in batch_events(world)] == ["22", "11"]


def test_voids_count_as_the_profile_says() -> None:
    books = Books()
    sale = books.add("sale", 500)
    books.add("void", 500, original=sale)
    world = books.world(host=settings(profile=HostProfile(void_totals="credit")))
    sent = totals(side(debit=(500, 1), credit=(500, 1)))
    assert ask(world, settlement(ScriptedTerminal(), sent)).text(48)[30] == "1"
    world = books.world()
    assert ask(world, settlement(ScriptedTerminal(), totals())).text(48)[30] == "1"


def test_a_payment_that_is_still_being_decided_holds_the_totals_up() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    reply = ask(world, settlement(terminal, totals()), terminal)
    assert reply.fields[39] == "90"
    assert 48 not in reply.fields
    assert batch_events(world) == []
    world.answer(world.asked())
    world.sent()
    reply = ask(world, settlement(terminal, totals(side(debit=(12_345, 1)))), terminal)
    assert reply.text(48)[30] == "1"


def test_a_payment_left_undecided_by_a_host_that_is_gone_does_not_hold_it_up_for_ever() -> None:
    books = Books()
    books.add("sale", 100, "pending", ago_s=200)
    books.add("completion_advice", 100, "pending", ago_s=1)
    world = books.world()
    assert ask(world, settlement(ScriptedTerminal(), totals())).fields[48] == totals(flags="11")
    books = Books()
    books.add("sale", 100, "pending", ago_s=100)
    assert ask(books.world(), settlement(ScriptedTerminal(), totals())).fields[39] == "90"


def test_totals_that_field_48_cannot_hold_are_settled_as_unbalanced() -> None:
    books = Books()
    for _ in range(1_000):
        books.add("sale", 1)
    world = books.world()
    terminal = ScriptedTerminal()
    sent = totals(side(debit=(1_000, 999)))
    assert ask(world, settlement(terminal, sent)).fields[48] == totals(
        side(debit=(1_000, 999)), flags="21"
    )
    assert ask(world, end(terminal, 0)).fields[39] == "00"
    found = exceptions(world)
    assert len(found) == 1_001
    assert found[0].endswith(
        "terminal debit 999/10.00 credit 0/0.00, host debit 1000/10.00 credit 0/0.00"
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({48: None}, "30"),
        ({48: totals()[:-1]}, "30"),
        ({48: totals() + "00"}, "30"),
        ({11: None}, "30"),
        ({60: None}, "30"),
        ({60: "00000001"}, "30"),
        ({60: "00000000201"}, "30"),
        ({60: "00000001202"}, "12"),
        ({60: "00000002201"}, "77"),
        ({42: "100000000000002"}, "03"),
        ({41: "00000009"}, "97"),
    ],
)
def test_a_wrong_settlement_is_refused_and_leaves_nothing(
    change: dict[int, object], code: str
) -> None:
    world = two_sales().world()
    reply = ask(world, settlement(ScriptedTerminal(), totals(*OWN), change=change))
    assert (reply.mti, reply.fields[39]) == ("0510", code)
    assert batch_events(world) == []
    assert world.to_issuer_frames == []


def test_no_new_payment_enters_a_batch_whose_totals_were_taken() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.answer(world.asked())
    first = terminal.read(world.sent())
    ask(world, settlement(terminal, totals(side(debit=(12_345, 1)))), terminal)
    for _ in range(2):
        assert ask(world, terminal.sale(3), terminal).fields[39] == "77"
        # A repeated message gets its first answer, and a reversal is always taken.
        assert ask(world, terminal.sale(2), terminal).fields[37] == first.fields[37]
        world.restart()
    assert ask(world, terminal.reversal(2), terminal).fields[39] == "00"
    assert ask(world, terminal.reversal(9), terminal).fields[39] == "25"
    store = world.store
    assert isinstance(store, MemoryStore)
    assert {key.stan for key in store.payments} == {2, 9}


def test_a_sign_in_during_settlement_keeps_the_batch() -> None:
    world = two_sales().world()
    terminal = ScriptedTerminal()
    ask(world, settlement(terminal, totals()))
    assert world.signed_in().batch_no == 1


def test_a_terminal_that_was_switched_off_can_still_settle() -> None:
    store = MemoryStore(register(is_active=False))
    store.commit(two_sales().records())
    world = World(store)
    reply = ask(world, settlement(ScriptedTerminal(), totals(*OWN)))
    assert reply.fields[48] == totals(*OWN, "11")


def test_a_batch_left_open_by_the_register_is_settled_all_the_same() -> None:
    store = MemoryStore(register(batch_no=5))
    store.commit(two_sales().records())
    world = World(store)
    terminal = ScriptedTerminal()
    assert ask(world, settlement(terminal, totals(*OWN))).fields[48] == totals(*OWN, "11")
    assert ask(world, end(terminal, 0, "207")).fields[39] == "00"
    assert world.signed_in().batch_no == 5
    terminal.batch_no = 2
    assert ask(world, settlement(terminal, totals())).fields[39] == "77"


def test_another_process_knows_the_totals_and_the_closed_batch() -> None:
    first = two_sales().world()
    second = World(first.store, start_us=first.now_us + 1)
    terminal = second.signed_in()
    ask(first, settlement(terminal, totals(*OWN)), terminal)
    assert ask(second, settlement(terminal, totals(*OWN)), terminal).text(48)[30] == "1"
    ask(first, end(terminal, 0, "207"), terminal)
    assert ask(second, settlement(terminal, totals(*OWN)), terminal).text(48)[30] == "1"
    terminal.batch_no = 2
    assert ask(second, settlement(terminal, totals()), terminal).fields[48] == totals(flags="11")
    assert exceptions(first) == []
    assert len(records(first, BatchEventRecord)) == 3
