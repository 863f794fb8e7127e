"""Reversals: the terminal's, the host's own, and their way to the issuer until it confirms."""

from __future__ import annotations

import pytest

from tests.host.memory_store import MemoryStore
from tests.host.parties import MERCHANT, PAN, TERMINAL
from tests.host.world import World, register, settings
from tongbao.crypto.key_store import KeyName
from tongbao.domain.secrets import Pan
from tongbao.host.records import ExceptionEventRecord, ExceptionRecord, TraceKey


def test_an_approved_sale_is_reversed_at_the_terminals_word() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.answer(world.asked())
    sale = terminal.read(world.to_terminals.pop()[1])
    reply = world.ask(terminal, terminal.reversal(2, reason="98"))
    assert reply is not None
    assert {n: v for n, v in reply.fields.items() if n != 64} == {
        3: "000000",
        4: "000000012345",
        11: "000002",
        12: "100000",
        13: "1121",
        15: "1121",
        25: "00",
        32: "99900001",
        37: sale.fields[37],
        39: "00",
        41: TERMINAL,
        42: MERCHANT,
        44: "62000000   99900001   ",
        49: "156",
        60: "22000001000501",
    }
    assert (reply.mti, 64 in reply.fields) == ("0410", True)
    assert world.kinds(2) == ["approved", "reversal_requested"]
    assert world.events(2)[1].detail == "terminal 98"
    request = world.asked()
    world.answer(request)
    assert world.kinds(2) == ["approved", "reversal_requested", "reversed"]


def test_the_reversal_upstream_names_its_original() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    sale = world.asked()
    world.advance(2_000)
    world.send(terminal.reversal(2))
    reversal = world.asked()
    assert reversal.mti == "0420"
    assert {n: v for n, v in reversal.fields.items() if n != 128} == {
        3: "000000",
        4: "000000012345",
        7: sale.fields[7],
        11: "000002",
        32: "99900001",
        37: sale.fields[37],
        41: TERMINAL,
        42: MERCHANT,
        49: "156",
        90: "0200" + "000002" + "1121020000" + "00099900001" + "0" * 11,
    }


def test_a_waiting_sale_that_is_reversed_gets_no_answer_of_its_own() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    sale = world.asked()
    reply = world.ask(terminal, terminal.reversal(2))
    assert reply is not None
    assert reply.fields[39] == "00"
    world.answer(sale)
    assert world.to_terminals == []
    assert world.kinds(2) == ["reversal_requested", "late_answer"]
    assert world.events(2)[1].response_code == "00"
    world.answer(world.asked())
    assert world.kinds(2)[-1] == "reversed"


@pytest.mark.parametrize("restart", [False, True])
def test_a_reversal_is_accepted_however_often_it_comes(restart: bool) -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.asked()
    for _ in range(3):
        reply = world.ask(terminal, terminal.reversal(2))
        assert reply is not None
        assert reply.fields[39] == "00"
        if restart:
            world.restart()
    world.answer(world.asked())
    reply = world.ask(terminal, terminal.reversal(2))
    assert reply is not None
    assert reply.fields[39] == "00"
    assert world.kinds(2) == ["reversal_requested", "reversed"]


def test_a_declined_sale_needs_no_reversal() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.answer(world.asked(), "51")
    world.sent()
    reply = world.ask(terminal, terminal.reversal(2))
    assert reply is not None
    assert reply.fields[39] == "00"
    assert world.kinds(2) == ["declined"]
    assert world.to_issuer_frames == []


@pytest.mark.parametrize("with_card", [True, False])
def test_a_reversal_before_its_original_kills_it(with_card: bool) -> None:
    world = World()
    terminal = world.signed_in()
    change: dict[int, object] = {2: PAN} if with_card else {}
    reply = world.ask(terminal, terminal.reversal(2, change=change))
    assert reply is not None
    assert reply.fields[39] == "25"
    assert world.kinds(2) == ["reversal_requested", "reversed"]
    assert {event.detail for event in world.events(2)} == {"reversal before original"}
    store = world.store
    assert isinstance(store, MemoryStore)
    row = store.payments[TraceKey(TERMINAL, 1, 2)]
    assert row.card_masked == ("620000*********0128" if with_card else "")
    assert row.card_token == (world.keys.token(KeyName("token"), Pan(PAN)) if with_card else b"")
    original = world.ask(terminal, terminal.sale(2))
    assert original is not None
    assert original.fields[39] == "12"
    assert world.to_issuer_frames == []


@pytest.mark.parametrize("late", [False, True])
def test_a_reversal_of_another_amount_is_refused(late: bool) -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    sale = world.asked()
    if late:
        world.answer(sale)
        world.sent()
    reply = world.ask(terminal, terminal.reversal(2, 12346))
    assert reply is not None
    assert reply.fields[39] == "64"
    assert world.kinds(2) == (["approved"] if late else [])
    assert world.to_issuer_frames == []


def test_a_reversal_from_a_terminal_switched_off_is_still_taken() -> None:
    store = MemoryStore(register())
    world = World(store)
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.asked()
    store.terminals[TERMINAL] = register(is_active=False, merchant_is_active=False)
    world.advance(world.settings.terminal_refresh_ms + 1)
    world.to_terminals.clear()
    reply = world.ask(terminal, terminal.reversal(2))
    assert reply is not None
    assert reply.fields[39] == "00"


def test_a_reversal_of_an_earlier_batch_finds_its_original() -> None:
    store = MemoryStore(register())
    world = World(store)
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.asked()
    store.terminals[TERMINAL] = register(batch_no=2)
    frame = terminal.reversal(2)
    world.advance(world.settings.terminal_refresh_ms + 1)
    world.to_terminals.clear()
    reply = world.ask(terminal, frame)
    assert reply is not None
    assert reply.fields[39] == "00"


@pytest.mark.parametrize("reason", ["98", "A0", "06", None, "\x00 "])
def test_the_reason_is_recorded_when_it_is_one(reason: str | None) -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.send(terminal.reversal(2, change={39: reason}))
    expected = f"terminal {reason}" if reason and reason.isalnum() else "terminal"
    assert world.events(2)[0].detail == expected


def test_a_reversal_needs_a_right_mac() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    frame = bytearray(terminal.reversal(2))
    frame[-1] ^= 1
    reply = world.ask(terminal, bytes(frame))
    assert reply is not None
    assert (reply.mti, reply.fields[39]) == ("0410", "A0")
    assert world.kinds(2) == []


def test_silence_of_the_issuer_ends_in_doubt_told_and_a_reversal() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.asked()
    world.advance(world.settings.issuer_timeout_ms)
    inquiry = world.asked()
    assert (inquiry.mti, inquiry.fields[62]) == ("0600", inquiry.fields[37])
    world.advance(world.settings.inquiry_timeout_ms - 100)
    assert world.to_terminals == []
    world.advance(100)
    reply = terminal.read(world.to_terminals.pop()[1])
    assert reply.fields[39] == "98"
    assert 64 in reply.fields
    assert [(event.kind, event.detail) for event in world.events(2)] == [
        ("inquired", "no answer"),
        ("reversal_requested", "issuer timeout"),
    ]
    world.answer(world.asked())
    assert world.kinds(2) == ["inquired", "reversal_requested", "reversed"]


def test_a_reversal_is_repeated_with_growing_waits_until_it_is_confirmed() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.asked()
    world.send(terminal.reversal(2))
    frame = world.to_issuer_frames.pop()
    sent_at: list[int] = []
    start_ms = world.uptime_ms
    for _ in range(2_500):
        world.advance(100)
        while world.to_issuer_frames:
            assert world.to_issuer_frames.pop() == frame
            sent_at.append(world.uptime_ms - start_ms)
    assert sent_at[:8] == [2_000, 6_000, 14_000, 30_000, 62_000, 122_000, 182_000, 242_000]
    world.answer(world.issuer.read(frame))
    world.advance(120_000)
    assert world.to_issuer_frames == []
    repeated = [event for event in world.events(2) if event.kind == "reversal_repeated"]
    assert [event.detail for event in repeated] == [f"attempt {n}" for n in range(2, 10)]
    assert world.kinds(2) == ["reversal_requested", *["reversal_repeated"] * 8, "reversed"]


def test_a_reversal_that_is_not_confirmed_calls_a_person_once_and_goes_on() -> None:
    store = MemoryStore(register())
    world = World(store)
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.asked()
    world.send(terminal.reversal(2))
    for _ in range(30):
        world.advance(60_000)
    assert world.notes == ["reversal_undelivered"]
    assert len(world.to_issuer_frames) > 20
    payment = store.payments[TraceKey(TERMINAL, 1, 2)]
    (opened,) = store.records_of(ExceptionRecord)
    assert opened._replace(exception_id=0, opened_at_us=0) == ExceptionRecord(
        exception_id=0,
        payment_id=payment.payment_id,
        terminal_id=TERMINAL,
        merchant_id=MERCHANT,
        kind="reversal_undelivered",
        opened_at_us=0,
        detail="sale: not confirmed in 6 attempts",
    )
    assert store.records_of(ExceptionEventRecord) == []
    world.answer(world.asked())
    (closed,) = store.records_of(ExceptionEventRecord)
    assert closed == ExceptionEventRecord(
        opened.exception_id, "closed", world.now_us, "system", "the issuer confirmed"
    )


@pytest.mark.parametrize("code", ["00", "25"])
def test_the_issuer_confirms_with_done_or_never_seen(code: str) -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.asked()
    world.send(terminal.reversal(2))
    world.answer(world.asked(), code)
    assert world.kinds(2) == ["reversal_requested", "reversed"]


def test_any_other_answer_to_a_reversal_does_not_end_it() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.asked()
    world.send(terminal.reversal(2))
    request = world.asked()
    world.answer(request, "96")
    assert world.kinds(2) == ["reversal_requested"]
    world.advance(world.settings.reversal_retry_ms)
    world.answer(world.asked())
    assert world.kinds(2) == ["reversal_requested", "reversal_repeated", "reversed"]


def test_a_late_decline_is_noted_and_changes_nothing() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    sale = world.asked()
    world.give_up()
    world.answer(world.asked())
    world.answer(sale, "51")
    assert world.kinds(2) == ["inquired", "reversal_requested", "reversed", "late_answer"]
    world.advance(120_000)
    assert world.to_issuer_frames == []


def test_late_approval_after_reversal_is_reversed_again() -> None:
    store = MemoryStore(register())
    world = World(store)
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    sale = world.asked()
    world.give_up()
    world.answer(world.asked())
    world.answer(sale)
    assert world.kinds(2) == [
        "inquired",
        "reversal_requested",
        "reversed",
        "late_answer",
        "reversal_requested",
    ]
    (opened,) = store.records_of(ExceptionRecord)
    assert (opened.kind, opened.detail) == (
        "late_approval",
        "sale: approved after its reversal was confirmed",
    )
    world.answer(world.asked())
    assert world.kinds(2)[-1] == "reversed"
    (closed,) = store.records_of(ExceptionEventRecord)
    assert (closed.exception_id, closed.staff) == (opened.exception_id, "system")


def test_a_lost_link_puts_every_waiting_sale_in_doubt_at_once() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.send(terminal.sale(3))
    world.to_issuer_frames.clear()
    world.link_down()
    codes = [terminal.read(data).fields[39] for _, data in world.to_terminals]
    assert codes == ["98", "98"]
    assert world.events(2)[0].detail == "issuer link lost"
    assert world.to_issuer_frames == []
    world.link_up()
    reversed_stans = {world.asked().fields[11], world.asked().fields[11]}
    assert reversed_stans == {"000002", "000003"}
    assert world.to_issuer_frames == []


def test_after_an_outage_reversals_go_out_a_bounded_number_at_a_time() -> None:
    world = World(host=settings(pending_max=1_000))
    terminal = world.signed_in()
    for stan in range(2, 452):
        world.send(terminal.sale(stan))
    world.link_down()
    world.to_issuer_frames.clear()
    world.link_up()
    counts = [len(world.to_issuer_frames)]
    for _ in range(3):
        world.to_issuer_frames.clear()
        world.advance(100)
        counts.append(len(world.to_issuer_frames))
    assert counts == [200, 200, 50, 0]


def test_a_reversal_at_another_process_wins_over_an_approval_here() -> None:
    first = World()
    terminal = first.signed_in()
    first.send(terminal.sale(2))
    second = World(first.store, host=settings(node=1))
    reply = second.ask(terminal, terminal.reversal(2))
    assert reply is not None
    assert reply.fields[39] == "00"
    first.answer(first.asked())
    second.answer(second.asked())
    assert first.kinds(2) == ["reversal_requested", "approved", "reversed"]
    first.to_terminals.clear()
    again = first.ask(terminal, terminal.sale(2))
    assert again is not None
    assert again.fields[39] == "12"
