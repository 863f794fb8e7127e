"""A sale by stripe through the core: bytes in, records, bytes out."""

from __future__ import annotations

import pytest

from tests.host.memory_store import MemoryStore
from tests.host.parties import (
    MERCHANT,
    OTHER_PAN,
    PAN,
    PIN,
    TERMINAL,
    TRACK2,
    ScriptedTerminal,
)
from tests.host.world import World, settings
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.crypto.pin_block import decode_pin_block
from tongbao.domain.secrets import Pan, Purpose
from tongbao.host.core.events import TerminalFrame, UpstreamFrame
from tongbao.host.records import PaymentRecord, TraceKey
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK


def payment(world: World, stan: int) -> PaymentRecord:
    store = world.store
    assert isinstance(store, MemoryStore)
    return store.payments[TraceKey(TERMINAL, 1, stan)]


def approve(world: World, terminal: ScriptedTerminal, stan: int = 2) -> Message:
    world.send(terminal.sale(stan))
    world.answer(world.asked())
    data = world.sent()
    assert data is not None
    return terminal.read(data)


def test_an_approval_reaches_the_terminal_with_every_field_of_the_dialect() -> None:
    world = World()
    reply = approve(world, world.signed_in())
    plain = {n: v for n, v in reply.fields.items() if n not in (2, 37, 64)}
    assert reply.mti == "0210"
    assert plain == {
        3: "000000",
        4: "000000012345",
        11: "000002",
        12: "100000",
        13: "1121",
        15: "1121",
        25: "00",
        32: "99900001",
        38: "123456",
        39: "00",
        41: TERMINAL,
        42: MERCHANT,
        44: "62000000   99900001   ",
        49: "156",
        60: "22000001000501",
        63: "CUP",
    }
    assert reply.secret_text(2).reveal(Purpose.TEST) == PAN
    assert reply.fields[37] == payment(world, 2).rrn
    assert 64 in reply.fields


def test_the_intent_is_written_with_no_more_of_the_card_than_may_be_kept() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    row = payment(world, 2)
    assert row._replace(payment_id=0, rrn="") == PaymentRecord(
        payment_id=0,
        terminal_id=TERMINAL,
        merchant_id=MERCHANT,
        batch_no=1,
        stan=2,
        kind="sale",
        amount_minor=12345,
        currency="156",
        card_masked="620000*********0128",
        card_token=world.keys.token(KeyName("token"), Pan(PAN)),
        entry_mode="021",
        rrn="",
        business_date="2026-11-21",
        route="issuer",
        received_at_us=world.now_us,
    )
    assert world.kinds(2) == []
    assert world.to_terminals == []


def test_the_issuer_is_asked_under_the_zone_keys() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2, change={14: "3012"}))
    request = world.asked()
    assert request.mti == "0200"
    plain = {n: v for n, v in request.fields.items() if n not in (35, 37, 52, 64)}
    assert plain == {
        3: "000000",
        4: "000000012345",
        7: "1121020000",
        11: "000002",
        14: "3012",
        18: "5411",
        22: "021",
        25: "00",
        32: "99900001",
        41: TERMINAL,
        42: MERCHANT,
        49: "156",
        53: "2600000000000000",
    }
    assert request.secret_text(35).reveal(Purpose.TEST) == TRACK2
    from tongbao.crypto.ciphers import TripleDes

    clear = TripleDes(b"\x22" * 16).decrypt(request.secret_bytes(52).reveal(Purpose.TEST))
    assert decode_pin_block(clear, PAN) == PIN


def test_a_sale_without_pin_carries_none_upstream() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2, pin=None))
    request = world.asked()
    assert request.fields[22] == "022"
    assert not {52, 53} & set(request.fields)


def test_a_decline_is_recorded_and_told_without_authorisation_code() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.answer(world.asked(), "51", change={38: "999999"})
    reply = terminal.read(world.to_terminals.pop()[1])
    assert reply.fields[39] == "51"
    assert 38 not in reply.fields
    (event,) = world.events(2)
    assert (event.kind, event.response_code, event.auth_code) == ("declined", "51", "")


def test_the_outcome_is_written_before_it_is_told() -> None:
    world = World()
    approve(world, world.signed_in())
    (event,) = world.events(2)
    assert (event.kind, event.response_code, event.auth_code, event.at_us) == (
        "approved",
        "00",
        "123456",
        world.now_us,
    )


def test_the_core_keeps_no_card_number_after_the_answer() -> None:
    world = World()
    approve(world, world.signed_in())
    assert world.core.state.pending == {}
    assert world.core.state.terminals[TERMINAL].pending == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({4: "000000000000"}, "13"),
        ({4: None}, "13"),
        ({3: "310000"}, "12"),
        ({3: "190000"}, "40"),
        ({60: "23000001000501"}, "12"),
        ({25: "06"}, "12"),
        ({49: "840"}, "12"),
        ({60: "22000002000501"}, "77"),
        ({22: "031"}, "40"),
        ({22: None}, "30"),
        ({35: None}, "30"),
        ({11: None}, "30"),
        ({11: "000000"}, "30"),
        ({60: "220000"}, "30"),
        ({2: OTHER_PAN}, "14"),
        ({35: f"{PAN}D3012"}, "14"),
        ({35: f"{PAN}A30122010000000000"}, "14"),
        ({35: "D" + "1" * 20}, "14"),
        ({52: None}, "99"),
        ({53: None}, "99"),
        ({53: "1600000000000000"}, "99"),
        ({53: "2610000000000000"}, "99"),
        ({22: "022"}, "99"),
    ],
)
def test_a_malformed_sale_is_refused_with_a_mac_and_not_recorded(
    change: dict[int, object], code: str
) -> None:
    world = World()
    terminal = world.signed_in()
    reply = world.ask(terminal, terminal.sale(2, change=change))
    assert reply is not None
    assert (reply.mti, reply.fields[39]) == ("0210", code)
    assert 64 in reply.fields
    store = world.store
    assert isinstance(store, MemoryStore)
    assert store.payments == {}
    assert world.to_issuer_frames == []


@pytest.mark.parametrize(
    ("mti", "code"),
    [
        ("0500", "12"),
        ("0620", "40"),
        ("0300", "12"),
    ],
)
def test_another_transaction_is_refused_with_its_own_reply_type(mti: str, code: str) -> None:
    world = World()
    terminal = world.signed_in()
    fields = {3: "000000", 11: "000002", 41: TERMINAL, 42: MERCHANT, 60: "22000001000501"}
    reply = world.ask(terminal, terminal.frame(mti, fields, mac=True))
    assert reply is not None
    assert (reply.mti, reply.fields[39]) == (f"{mti[:2]}{int(mti[2]) + 1}0", code)


def test_a_wrong_mac_is_answered_a0_without_mac() -> None:
    world = World()
    terminal = world.signed_in()
    frame = bytearray(terminal.sale(2))
    frame[-1] ^= 1
    reply = world.ask(terminal, bytes(frame))
    assert reply is not None
    assert reply.fields[39] == "A0"
    assert 64 not in reply.fields


def test_a_message_without_mac_is_answered_a0() -> None:
    world = World()
    terminal = world.signed_in()
    fields = {3: "000000", 11: "000002", 41: TERMINAL, 42: MERCHANT, 60: "22000001000501"}
    reply = world.ask(terminal, terminal.frame("0200", fields))
    assert reply is not None
    assert reply.fields[39] == "A0"


def test_a_terminal_that_never_signed_in_is_answered_a0() -> None:
    world = World()
    signed_in_elsewhere = World().signed_in()
    reply = world.ask(signed_in_elsewhere, signed_in_elsewhere.sale(2))
    assert reply is not None
    assert reply.fields[39] == "A0"


def test_a_reply_type_from_a_terminal_closes_its_connection() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.frame("0210", {41: TERMINAL, 42: MERCHANT}), connection=5)
    assert world.closed == [(5, "MTI at byte 0: not a request")]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "header at byte 0: the frame ends inside TPDU or header"),
        (b"\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x01", "MTI at byte 0"),
        (b"\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x01\xff\xff" + b"\x00" * 8, "MTI at byte 0"),
        (
            b"\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x01\x02\x00" + b"\xff" * 40,
            "bitmap at byte 2",
        ),
        (b"\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x01\x02\x00" + b"\x00" * 8, "F41 at byte 0"),
    ],
)
def test_a_frame_that_is_no_message_closes_its_connection_only(frame: bytes, reason: str) -> None:
    world = World()
    terminal = world.signed_in()
    world.step(TerminalFrame(7, frame))
    ((connection, told),) = world.closed
    assert connection == 7
    assert told.startswith(reason)
    assert approve(world, terminal).fields[39] == "00"


def test_a_terminal_number_of_odd_characters_never_reaches_a_query() -> None:
    world = World()
    terminal = ScriptedTerminal(terminal_id="0000\x00001")
    world.send(terminal.sign_in(), connection=3)
    assert world.closed == [(3, "F41 at byte 0: a request names its terminal and merchant")]


def test_without_a_link_a_sale_is_declined_durably_and_nothing_is_sent() -> None:
    world = World(link=False)
    terminal = world.signed_in()
    reply = world.ask(terminal, terminal.sale(2))
    assert reply is not None
    assert reply.fields[39] == "91"
    assert 64 in reply.fields
    (event,) = world.events(2)
    assert (event.kind, event.response_code) == ("declined", "91")
    assert world.to_issuer_frames == []


def test_too_many_waiting_payments_are_refused_and_not_recorded() -> None:
    world = World(host=settings(pending_max=1))
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    reply = world.ask(terminal, terminal.sale(3))
    assert reply is not None
    assert reply.fields[39] == "96"
    store = world.store
    assert isinstance(store, MemoryStore)
    assert set(store.payments) == {TraceKey(TERMINAL, 1, 2)}


@pytest.mark.parametrize(
    "change",
    [
        {4: "000000012344"},
        {41: "00000002"},
        {4: None},
    ],
)
def test_an_answer_about_other_content_is_doubt(change: dict[int, object]) -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.answer(world.asked(), change=change)
    reply = terminal.read(world.to_terminals.pop()[1])
    assert reply.fields[39] == "98"
    assert world.kinds(2) == ["reversal_requested"]
    assert world.asked().mti == "0420"


@pytest.mark.parametrize("code", ["10", "11", "A2", "68", "98", "ZZ", "\x01\x02"])
def test_an_answer_that_is_neither_yes_nor_no_is_doubt(code: str) -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    world.answer(world.asked(), code)
    reply = terminal.read(world.to_terminals.pop()[1])
    assert reply.fields[39] == "98"
    assert world.kinds(2) == ["reversal_requested"]
    assert world.events(2)[0].detail.isprintable()


def test_an_answer_with_a_wrong_mac_counts_as_none() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    answer = bytearray(world.issuer.answer(world.asked()))
    answer[-1] ^= 1
    world.step(UpstreamFrame(bytes(answer)))
    assert world.to_terminals == []
    assert world.kinds(2) == []
    world.give_up()
    assert world.kinds(2) == ["inquired", "reversal_requested"]


def test_garbage_from_the_issuer_changes_nothing() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    message = Message("0200", {3: "000000", 37: "0" * 12})
    unsigned = NETWORK.encode_unsigned(message, 64)
    mac = world.issuer.keys.mac(KeyName("zak"), MacAlgorithm.CMAC_AES, unsigned)
    for body in (b"", b"\x02\x10", b"\xff" * 50, unsigned + mac, NETWORK.encode(message)):
        world.step(UpstreamFrame(body))
    assert world.to_terminals == []
    assert world.core.state.counters["bad_answers"] == 5


def test_an_answer_for_no_known_payment_changes_nothing() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    request = world.asked()
    world.answer(request, change={37: "000000000000"})
    assert world.to_terminals == []
    assert world.core.state.counters["unexpected_answers"] == 1


def test_a_second_answer_to_an_answered_sale_changes_nothing() -> None:
    world = World()
    terminal = world.signed_in()
    world.send(terminal.sale(2))
    request = world.asked()
    world.answer(request)
    world.answer(request, "51")
    assert len(world.to_terminals) == 1
    assert world.kinds(2) == ["approved"]


def test_a_group_is_the_same_as_its_messages_one_by_one() -> None:
    together, apart = World(), World()
    frames = {}
    for world in (together, apart):
        terminal = world.signed_in()
        frames[world] = [terminal.sale(2), terminal.sale(2), terminal.sale(3, 5), terminal.sale(4)]
    together.step(*(TerminalFrame(1, frame[2:]) for frame in frames[together]))
    for frame in frames[apart]:
        apart.send(frame)
    assert together.to_issuer_frames == apart.to_issuer_frames
    assert len(together.to_issuer_frames) == 3


def test_a_sale_in_the_same_group_before_a_sign_in_uses_the_keys_it_was_made_with() -> None:
    world = World()
    terminal = world.signed_in()
    sale, sign_in = terminal.sale(2), terminal.sign_in(stan=3)
    world.step(TerminalFrame(1, sale[2:]), TerminalFrame(1, sign_in[2:]))
    from tongbao.crypto.ciphers import TripleDes

    block = world.asked().secret_bytes(52).reveal(Purpose.TEST)
    assert decode_pin_block(TripleDes(b"\x22" * 16).decrypt(block), PAN) == PIN
