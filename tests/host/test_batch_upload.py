"""0320 and 0330: what is taken over, repeated, refused; and how a batch is closed."""

from __future__ import annotations

import pytest

from tests.host.batch_messages import (
    FOREIGN_PAN,
    Books,
    ask,
    batch_events,
    detail,
    details,
    end,
    exceptions,
    records,
    settlement,
    side,
    token_of,
    totals,
    upload,
)
from tests.host.memory_store import MemoryStore
from tests.host.parties import MERCHANT, OTHER_PAN, PAN, TERMINAL, ScriptedTerminal
from tests.host.world import World, settings
from tongbao.host.records import (
    BatchDetailRecord,
    BatchEventRecord,
    ExceptionRecord,
    SessionRecord,
)
from tongbao.wire.unionpay.profile import HostProfile

MASKED = "620000*********0128"
CHIP = {2: PAN, 4: f"{500:012d}", 11: "000007", 22: "051", 62: b"610000000000000500156"}


def totalled(books: Books, sent: str) -> tuple[World, ScriptedTerminal]:
    world = books.world()
    terminal = ScriptedTerminal()
    assert ask(world, settlement(terminal, sent)).fields[39] == "00"
    return world, terminal


def unbalanced() -> tuple[World, ScriptedTerminal]:
    """Two sales at the host, 1 and 2; the terminal's totals know of nothing."""
    books = Books()
    books.add("sale", 10_000)
    books.add("sale", 2_345, organisation="VIS", pan=FOREIGN_PAN)
    return totalled(books, totals())


def differ(name: str, terminal: str, host: str) -> str:
    sides = [" credit ".join(told.split()) for told in (terminal, host)]
    return f"batch 000001 {name} totals: terminal debit {sides[0]}, host debit {sides[1]}"


def trace(stan: int, text: str) -> str:
    return f"batch 000001 trace {stan:06d}: {text}"


def details_of(world: World) -> list[BatchDetailRecord]:
    return records(world, BatchDetailRecord)


def test_up_to_eight_details_are_kept_with_token_and_mask_of_the_card() -> None:
    world, terminal = unbalanced()
    items = [
        detail(n, n * 100, FOREIGN_PAN if n == 2 else PAN, f"{n == 2:02d}") for n in range(1, 9)
    ]
    reply = ask(world, details(terminal, *items))
    assert (reply.mti, reply.fields[39]) == ("0330", "00")
    assert sorted(reply.fields) == [11, 12, 13, 37, 39, 41, 42, 60]
    found = details_of(world)
    assert [row.stan for row in found] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert found[0] == BatchDetailRecord(
        TERMINAL, 1, 1, "stripe", world.now_us, "CUP", 100, MASKED, token_of(PAN)
    )
    assert found[1].organisation == "000"
    assert found[1].card_token == token_of(FOREIGN_PAN)


def test_no_card_number_is_kept_or_told() -> None:
    world, terminal = unbalanced()
    for frame in (
        details(terminal, detail(1, 100)),
        upload(terminal, "000", {2: PAN, 4: f"{100:012d}", 63: "CUP"}),
        upload(terminal, "203", CHIP),
        end(terminal, 3),
    ):
        world.send(frame)
    store = world.store
    assert isinstance(store, MemoryStore)
    assert PAN not in repr(store.others)
    assert PAN not in repr(world.notes)
    for _, data in world.to_terminals:
        # In an answer it stands only where the terminal has put it: in field 2.
        assert ScriptedTerminal().read(data).fields.get(48, "").count(PAN) == 0


@pytest.mark.parametrize(
    ("code", "fields", "expected"),
    [
        ("000", {4: f"{100:012d}", 63: "CUP"}, ("advice", "CUP", 100, "", b"")),
        ("000", {2: PAN, 4: f"{100:012d}"}, ("advice", "000", 100, MASKED, token_of(PAN))),
        ("000", {2: PAN, 4: f"{7:012d}", 63: "VIS"}, ("advice", "VIS", 7, MASKED, token_of(PAN))),
        ("203", CHIP, ("chip", "CUP", 500, MASKED, token_of(PAN))),
        (
            "205",
            CHIP | {62: b"610100000000000500156"},
            ("chip", "000", 500, MASKED, token_of(PAN)),
        ),
        (
            "204",
            CHIP | {62: b"71000500000000050015622"},
            ("risk", "CUP", 500, MASKED, token_of(PAN)),
        ),
        (
            "206",
            CHIP | {62: b"71010500000000050015622"},
            ("risk", "000", 500, MASKED, token_of(PAN)),
        ),
    ],
)
def test_each_round_is_kept_as_what_it_is(
    code: str, fields: dict[int, object], expected: tuple[object, ...]
) -> None:
    world, terminal = unbalanced()
    reply = ask(world, upload(terminal, code, fields))
    assert reply.fields[39] == "00"
    assert reply.fields[60] == f"00000001{code}"
    (row,) = details_of(world)
    assert row[3:4] + row[5:] == expected
    assert row.stan == (7 if 11 in fields else 901)


@pytest.mark.parametrize("code", ["208", "209"])
def test_load_confirmations_are_answered(code: str) -> None:
    world, terminal = unbalanced()
    assert ask(world, upload(terminal, code, {})).fields[39] == "00"
    assert details_of(world) == []


def test_a_repeated_upload_is_accepted_as_repeated_and_kept_once() -> None:
    world, terminal = unbalanced()
    items = (detail(1, 10_000), detail(2, 2_345, FOREIGN_PAN, "01"))
    assert ask(world, details(terminal, items[0])).fields[39] == "00"
    assert ask(world, details(terminal, items[0], stan=902)).fields[39] == "94"
    # One of the two is new.
    assert ask(world, details(terminal, *items)).fields[39] == "00"
    world.restart()
    assert ask(world, details(terminal, *items)).fields[39] == "94"
    assert [row.stan for row in details_of(world)] == [1, 2]


def test_two_copies_in_one_group_are_kept_once() -> None:
    world, terminal = unbalanced()
    from tongbao.host.core.events import TerminalFrame

    frame = details(terminal, detail(1, 10_000))
    world.step(TerminalFrame(1, frame[2:]), TerminalFrame(2, frame[2:]))
    codes = [terminal.read(data).fields[39] for _, data in world.to_terminals]
    assert codes == ["00", "00"]
    assert len(details_of(world)) == 1


@pytest.mark.parametrize(
    "other", [detail(1, 10_001), detail(1, 10_000, OTHER_PAN), detail(1, 10_000, PAN, "01")]
)
def test_a_detail_that_comes_again_with_other_facts_is_refused(other: str) -> None:
    world, terminal = unbalanced()
    ask(world, details(terminal, detail(1, 10_000)))
    before = details_of(world)
    reply = ask(world, details(terminal, detail(3, 1), other))
    assert reply.fields[39] == "95"
    assert details_of(world) == before


@pytest.mark.parametrize(
    ("code", "fields", "answer"),
    [
        ("201", {48: None}, "30"),
        ("201", {48: "00"}, "30"),
        ("201", {48: "02" + detail(1, 100)}, "30"),
        ("201", {48: "02" + detail(1, 100) + detail(1, 100)}, "30"),
        ("201", {48: "01" + detail(0, 100)}, "30"),
        ("201", {48: "01" + detail(1, 0)}, "30"),
        ("201", {48: "01" + detail(1, 100, "62000012345678901280")}, "14"),
        ("000", {4: None}, "13"),
        ("000", {4: f"{100:012d}", 63: "C/P"}, "30"),
        ("203", CHIP | {62: None}, "30"),
        ("203", CHIP | {62: b"61"}, "30"),
        ("203", CHIP | {4: f"{501:012d}"}, "13"),
        ("202", {48: None}, "30"),
        ("202", {48: "00001"}, "30"),
        ("210", {}, "40"),
        ("201", {48: "01" + detail(1, 100), 11: None}, "30"),
    ],
)
def test_a_wrong_upload_is_refused_and_leaves_nothing(
    code: str, fields: dict[int, object], answer: str
) -> None:
    world, terminal = unbalanced()
    reply = ask(world, upload(terminal, code, fields))
    assert (reply.mti, reply.fields[39]) == ("0330", answer)
    assert details_of(world) == []
    assert [event.kind for event in batch_events(world)] == ["totals"]
    assert exceptions(world) == []


@pytest.mark.parametrize(("batch_no", "answer"), [(1, "95"), (2, "77")])
def test_an_upload_before_the_totals_is_refused(batch_no: int, answer: str) -> None:
    world = Books().world()
    terminal = ScriptedTerminal(batch_no=batch_no)
    for frame in (details(terminal, detail(1, 100)), end(terminal, 0, "207")):
        assert ask(world, frame).fields[39] == answer
    assert details_of(world) == []
    assert batch_events(world) == []
    assert world.signed_in().batch_no == 1


def test_a_balanced_batch_is_closed_without_details_and_the_next_one_opens() -> None:
    books = Books()
    books.add("sale", 100)
    world, terminal = totalled(books, totals(side(debit=(100, 1))))
    reply = ask(world, end(terminal, 0, "207"))
    assert (reply.mti, reply.fields[39]) == ("0330", "00")
    assert sorted(reply.fields) == [11, 12, 13, 37, 39, 41, 42, 48, 60]
    assert reply.fields[48] == "0000"
    assert batch_events(world)[-1] == BatchEventRecord(
        *(TERMINAL, MERCHANT, 1, "closed", world.now_us, totals(side(debit=(100, 1)))),
        *(totals(side(debit=(100, 1)), flags="11"), "11", 0, "2026-11-21"),
    )
    assert exceptions(world) == []
    assert world.signed_in().batch_no == 2
    world.restart()
    assert world.signed_in().batch_no == 2
    store = world.store
    assert isinstance(store, MemoryStore)
    assert [row.batch_no for row in store.sessions] == [2, 2]
    assert isinstance(store.sessions[0], SessionRecord)


def test_payments_go_into_the_next_batch_after_the_end() -> None:
    world = World()
    terminal = world.signed_in()
    ask(world, settlement(terminal, totals()), terminal)
    ask(world, end(terminal, 0, "207"), terminal)
    assert ask(world, terminal.sale(2), terminal).fields[39] == "77"
    terminal.batch_no = 2
    world.send(terminal.sale(2))
    assert world.asked().fields[4] == "000000012345"


def test_a_repeated_end_gets_the_same_answer_and_closes_once() -> None:
    world, terminal = unbalanced()
    ask(world, details(terminal, detail(1, 10_000)))
    assert ask(world, end(terminal, 1)).fields[48] == "0001"
    found = exceptions(world)
    for _ in range(2):
        reply = ask(world, end(terminal, 7))
        assert (reply.fields[39], reply.fields[48]) == ("00", "0001")
        world.restart()
    assert [event.kind for event in batch_events(world)] == ["totals", "closed"]
    assert exceptions(world) == found
    # What the batch has is accepted again; what is new comes too late.
    assert ask(world, details(terminal, detail(1, 10_000))).fields[39] == "94"
    assert ask(world, details(terminal, detail(2, 2_345))).fields[39] == "77"
    assert len(details_of(world)) == 1


def test_two_ends_in_one_group_close_once() -> None:
    from tongbao.host.core.events import TerminalFrame

    world, terminal = unbalanced()
    frame = end(terminal, 0)
    world.step(TerminalFrame(1, frame[2:]), TerminalFrame(2, frame[2:]))
    replies = [terminal.read(data) for _, data in world.to_terminals]
    assert [reply.fields[48] for reply in replies] == ["0000", "0000"]
    assert [event.kind for event in batch_events(world)] == ["totals", "closed"]
    assert len(exceptions(world)) == 4


def test_an_uploaded_batch_that_agrees_in_the_end_leaves_the_totals_as_a_difference() -> None:
    world, terminal = unbalanced()
    ask(world, details(terminal, detail(1, 10_000), detail(2, 2_345, FOREIGN_PAN, "01")))
    ask(world, end(terminal, 2))
    assert exceptions(world) == [
        differ("domestic", "0/0.00 0/0.00", "1/100.00 0/0.00"),
        differ("foreign", "0/0.00 0/0.00", "1/23.45 0/0.00"),
    ]
    closed = batch_events(world)[-1]
    assert (closed.result, closed.record_count) == ("22", 2)


def test_every_difference_becomes_an_exception_about_its_payment() -> None:
    books = Books()
    only_here = books.add("sale", 111)
    amount = books.add("sale", 222)
    card = books.add("sale", 333)
    organisation = books.add("sale", 444)
    declined = books.add("sale", 555, "declined")
    reversed_one = books.add("sale", 666, "approved", "reversal_requested", "reversed")
    refund = books.add("refund", 50)
    books.add("void", 111, "declined", original=only_here)
    world, terminal = totalled(books, totals(side(debit=(9, 9))))
    uploads = [
        detail(2, 223),
        detail(3, 333, OTHER_PAN),
        detail(4, 444, PAN, "01"),
        detail(5, 555),
        detail(6, 666),
        detail(99, 1),
    ]
    ask(world, details(terminal, *uploads))
    ask(world, end(terminal, 5))
    found = {(row.payment_id, row.detail) for row in records(world, ExceptionRecord)}
    assert found == {
        (0, differ("domestic", "9/0.09 0/0.00", "4/11.10 1/0.50")),
        (only_here.payment_id, trace(1, "only at the host, sale 1.11")),
        (amount.payment_id, trace(2, "terminal 2.23, host 2.22")),
        (
            card.payment_id,
            trace(3, "terminal card 620000*********0017, host card 620000*********0128"),
        ),
        (organisation.payment_id, trace(4, "foreign at the terminal, domestic here")),
        (declined.payment_id, trace(5, "only at the terminal, 5.55, here declined")),
        (reversed_one.payment_id, trace(6, "only at the terminal, 6.66, here reversed")),
        (refund.payment_id, trace(7, "only at the host, refund 0.50")),
        (0, trace(99, "only at the terminal, 0.01, here unknown")),
        (0, "batch 000001 the terminal says it uploaded 5 records, 6 came"),
    }
    rows = records(world, ExceptionRecord)
    assert {(row.kind, row.terminal_id, row.merchant_id) for row in rows} == {
        ("batch_difference", TERMINAL, MERCHANT)
    }
    assert len({row.exception_id for row in rows}) == len(rows) == 10


def test_a_side_that_balances_needs_no_details() -> None:
    books = Books()
    books.add("sale", 100)
    books.add("sale", 200, organisation="VIS", pan=FOREIGN_PAN)
    world, terminal = totalled(books, totals(side(debit=(100, 1))))
    ask(world, end(terminal, 0))
    assert len(exceptions(world)) == 2
    assert all("foreign" in text or "trace 000002" in text for text in exceptions(world))


def test_tips_voids_and_other_sources_are_no_differences() -> None:
    books = Books()
    sale = books.add("sale", 1_000)
    tip = books.add("tip", 1_150, original=sale)
    voided = books.add("sale", 300)
    books.add("void", 300, original=voided)
    books.add("refund", 70)
    books.add("sale", 500)
    world, terminal = totalled(books, totals())
    ask(world, details(terminal, detail(1, 1_150)))
    for stan, amount, organisation in ((tip.stan, 1_150, "CUP"), (5, 70, "000")):
        fields = {2: PAN, 4: f"{amount:012d}", 11: f"{stan:06d}", 63: organisation}
        ask(world, upload(terminal, "000", fields))
    ask(world, upload(terminal, "205", CHIP | {11: "000006"}))
    ask(world, end(terminal, 4))
    assert exceptions(world) == [differ("domestic", "0/0.00 0/0.00", "2/16.50 1/0.70")]


def test_where_voids_are_credit_a_void_must_be_uploaded_too() -> None:
    books = Books()
    sale = books.add("sale", 300)
    void = books.add("void", 300, original=sale)
    for uploaded, missing in (((1, 2), []), ((1,), [2]), ((2,), [1])):
        world = books.world(host=settings(profile=HostProfile(void_totals="credit")))
        terminal = ScriptedTerminal()
        ask(world, settlement(terminal, totals(side(debit=(300, 1)))))
        ask(world, details(terminal, *(detail(stan, 300) for stan in uploaded)))
        ask(world, end(terminal, len(uploaded)))
        kinds = {1: "sale", 2: void.kind}
        assert exceptions(world)[1:] == [
            trace(stan, f"only at the host, {kinds[stan]} 3.00") for stan in missing
        ]


def test_a_balanced_batch_that_changed_before_its_end_is_a_difference() -> None:
    books = Books()
    sale = books.add("sale", 100)
    world, terminal = totalled(books, totals(side(debit=(100, 1))))
    store = world.store
    assert isinstance(store, MemoryStore)
    late = Books()
    late.add("sale", 100, "reversal_requested", "reversed")
    store.commit([row._replace(payment_id=sale.payment_id) for row in late.rows[0].events])
    assert ask(world, end(terminal, 0, "207")).fields[39] == "00"
    assert exceptions(world) == [differ("domestic", "1/1.00 0/0.00", "0/0.00 0/0.00")]
    assert [event.result for event in batch_events(world)] == ["11", "21"]


def test_an_end_that_claims_balance_does_not_hide_that_there_is_none() -> None:
    world, terminal = unbalanced()
    assert ask(world, end(terminal, 0, "207")).fields[39] == "00"
    assert len(exceptions(world)) == 4
    assert batch_events(world)[-1].result == "22"


def test_a_terminal_that_left_memory_between_question_and_answer_is_loaded_again() -> None:
    from tongbao.host.core.events import BatchLoaded, LoadBatch, LoadTerminal, TerminalFrame
    from tongbao.host.records import StoredBatch

    world, terminal = unbalanced()
    frame = details(terminal, detail(1, 10_000))
    (effect,) = world.core.step(TerminalFrame(1, frame[2:]), world.now())
    assert isinstance(effect, LoadBatch)
    world.core.state.terminals.clear()
    loaded = BatchLoaded(effect.request, StoredBatch(TERMINAL, 1, (), ()))
    (effect,) = world.core.step(loaded, world.now())
    assert isinstance(effect, LoadTerminal)
