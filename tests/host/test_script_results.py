"""Script results: bound to their payment, kept once, without what names the card."""

from __future__ import annotations

import pytest

from tests.host.batch_messages import Books, ask, records
from tests.host.parties import PAN, ScriptedTerminal
from tests.host.world import World
from tongbao.host.records import EventRecord, PaymentRecord, ScriptResultRecord

DATA = bytes.fromhex("9F3303E0F8C8950500000008009F26080011223344556677DF31050102030405")


def advice(
    terminal: ScriptedTerminal,
    original: PaymentRecord,
    data: bytes = DATA,
    change: dict[int, object] | None = None,
    *,
    stan: int = 50,
    mac: bool = True,
) -> bytes:
    fields: dict[int, object] = {
        2: PAN,
        3: "000000",
        4: f"{original.amount_minor:012d}",
        11: f"{stan:06d}",
        22: "051",
        25: "00",
        37: original.rrn,
        38: "123456",
        41: original.terminal_id,
        42: original.merchant_id,
        49: "156",
        55: data,
        60: "0000000195150",
        61: f"{original.batch_no:06d}{original.stan:06d}1121",
    }
    return terminal.frame("0620", fields | (change or {}), mac=mac)


def one_sale(*events: str) -> tuple[World, ScriptedTerminal, PaymentRecord]:
    books = Books()
    sale = books.add("sale", 12_345, *events)
    world = books.world()
    return world, world.signed_in(), sale


@pytest.mark.parametrize("events", [("approved",), ("declined",)])
def test_a_result_is_kept_with_the_payment_that_it_is_about(events: tuple[str, ...]) -> None:
    world, terminal, sale = one_sale(*events)
    reply = ask(world, advice(terminal, sale), terminal)
    assert (reply.mti, reply.fields[39]) == ("0630", "00")
    assert sorted(reply.fields) == [2, 3, 4, 11, 12, 13, 25, 37, 39, 41, 42, 49, 60, 64]
    assert records(world, ScriptResultRecord) == [
        ScriptResultRecord(sale.payment_id, world.now_us, DATA.hex().upper())
    ]
    assert world.events(sale.stan)[-1] == EventRecord(
        sale.payment_id, "script_result", world.now_us, "", "", ""
    )


def test_a_repeated_result_is_answered_alike_and_kept_once() -> None:
    world, terminal, sale = one_sale()
    for stan in (50, 50, 51):
        assert ask(world, advice(terminal, sale, stan=stan), terminal).fields[39] == "00"
        world.restart()
    other = advice(terminal, sale, b"\xdf\x31\x01\x00")
    assert ask(world, other, terminal).fields[39] == "00"
    (kept,) = records(world, ScriptResultRecord)
    assert kept.data == DATA.hex().upper()
    assert world.kinds(sale.stan) == ["approved", "script_result"]


def test_an_original_of_an_earlier_batch_is_found() -> None:
    books = Books(batch_no=3)
    sale = books.add("sale", 100)
    world = books.world()
    terminal = world.signed_in()
    assert ask(world, advice(terminal, sale), terminal).fields[39] == "00"


def test_what_names_card_or_cardholder_is_not_kept() -> None:
    world, terminal, sale = one_sale()
    card = bytes.fromhex("5A0A62000012345678901280" + "57046200D301" + "5F200241425F2403301231")
    assert ask(world, advice(terminal, sale, card + DATA), terminal).fields[39] == "00"
    (kept,) = records(world, ScriptResultRecord)
    assert kept.data == DATA.hex().upper()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({55: None}, "30"),
        ({55: b"\x9f"}, "30"),
        ({55: bytes.fromhex("5A0462000012")}, "30"),
        ({55: b"\xdf\x31\x82\x01\x00" + bytes(256)}, "30"),
        ({61: None}, "30"),
        ({61: "00000100000"}, "30"),
        ({60: "0000000195050"}, "40"),
        ({60: "00000001"}, "30"),
        ({61: "0000010000091121"}, "25"),
        ({61: "0000020000011121"}, "25"),
        ({37: "000000000000"}, "25"),
        ({37: None}, "25"),
    ],
)
def test_a_result_that_fits_no_payment_is_refused(change: dict[int, object], code: str) -> None:
    world, terminal, sale = one_sale()
    reply = ask(world, advice(terminal, sale, change=change), terminal)
    assert (reply.mti, reply.fields[39]) == ("0630", code)
    assert records(world, ScriptResultRecord) == []
    assert world.kinds(sale.stan) == ["approved"]


@pytest.mark.parametrize("session", [True, False])
def test_without_a_right_mac_nothing_is_kept(session: bool) -> None:
    world, terminal, sale = one_sale()
    sender = terminal if session else ScriptedTerminal()
    assert ask(world, advice(sender, sale, mac=False), terminal).fields[39] == "A0"
    assert records(world, ScriptResultRecord) == []
