"""The issuer as a process: its socket, its time, and what a SIGKILL leaves behind."""

from __future__ import annotations

import contextlib
import time

import pytest

from tests.sandbox.acquirer import RIGHT_PIN, WRONG_PIN
from tests.sandbox.running import Wire, fetch
from tongbao.wire.framing import add_length
from tongbao.wire.network.operations import Operation as Op


@pytest.fixture
def part(tmp_path, make_part):
    part = make_part(tmp_path)
    part.start()
    return part


def test_the_ready_line_names_both_addresses_and_the_process_stops_cleanly(tmp_path, make_part):
    part = make_part(tmp_path)
    ready = part.start()
    assert set(ready) == {"ready", "issuer", "http"}
    assert ready["ready"] == "sandbox"
    assert ready["issuer"].startswith("127.0.0.1:")
    assert ready["http"].startswith("127.0.0.1:")
    assert part.stop() == 0


def test_a_sale_in_any_segmentation_is_answered(part):
    with Wire(part) as wire:
        for octet in add_length(wire.acquirer.sale(1, fen=700)):
            wire.socket.sendall(bytes([octet]))
        assert wire.read()[39] == "00"
        wire.send(*(wire.acquirer.sale(number) for number in range(2, 200)))
        answers = [wire.read() for _ in range(2, 200)]
    assert [answer[11] for answer in answers] == [f"{number:06d}" for number in range(2, 200)]
    assert {answer[39] for answer in answers} == {"00"}


def test_a_late_answer_lets_others_pass_and_comes_after_the_delay(part):
    with Wire(part) as wire:
        started = time.monotonic()
        wire.send(wire.acquirer.sale(1, "late"), wire.acquirer.sale(2, "good"))
        assert wire.read()[11] == "000002"
        late = wire.read()
        assert (late[11], late[39]) == ("000001", "00")
        assert time.monotonic() - started >= 0.15


def test_a_silent_card_is_not_answered_but_its_reversal_is(part):
    with Wire(part) as wire:
        wire.send(wire.acquirer.sale(1, "silent", fen=700))
        assert wire.hears_nothing()
        _, _, book = fetch(part, "/book")
        assert book["totals"] == {"approved": {"count": 1, "amount_minor": 700}}
        wire.send(wire.acquirer.reversal(1, fen=700))
        assert wire.read()[39] == "00"
    _, _, book = fetch(part, "/book")
    assert book["totals"] == {"reversed": {"count": 1, "amount_minor": 700}}
    assert book["checks"]["ok"]


def test_an_absurd_length_ends_the_connection(part):
    with Wire(part) as wire:
        wire.socket.sendall(b"\xff\xff")
        with pytest.raises((EOFError, ConnectionResetError)):
            wire.read()
    with Wire(part) as wire:
        assert wire.hears_nothing()


def test_bytes_that_are_no_message_end_that_connection_only(part):
    with Wire(part) as good, Wire(part) as bad:
        bad.socket.sendall(add_length(b"\x00" * 40))
        with pytest.raises((EOFError, ConnectionResetError)):
            bad.read()
        assert good.hears_nothing()


def test_more_connections_than_the_limit_are_refused(part):
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire(part)) for _ in range(3)]
        for wire in wires:
            assert wire.hears_nothing()
        surplus = stack.enter_context(Wire(part))
        with pytest.raises((EOFError, ConnectionResetError)):
            surplus.read()


def test_a_late_answer_to_a_connection_that_ended_is_dropped(part):
    with Wire(part) as wire:
        wire.send(wire.acquirer.sale(1, "late"))
        assert wire.hears_nothing()
    with Wire(part) as wire:
        wire.send(wire.acquirer.sale(2, "late"))
        assert wire.read()[11] == "000002"
    assert part.running()


@pytest.mark.parametrize("acknowledged", [1, 40, 400])
def test_after_sigkill_every_acknowledged_payment_is_in_the_book(tmp_path, make_part, acknowledged):
    part = make_part(tmp_path)
    part.start()
    answered = {}
    with Wire(part) as wire:
        wire.send(*(wire.acquirer.sale(number, fen=number) for number in range(1, 601)))
        while len(answered) < acknowledged:
            reply = wire.read()
            answered[reply[37]] = reply
        part.kill()
        with contextlib.suppress(EOFError, ConnectionResetError):
            while True:
                reply = wire.read()
                answered[reply[37]] = reply

    part.start()
    _, _, book = fetch(part, "/book")
    assert book["checks"]["ok"]
    assert book["totals"]["approved"]["count"] >= len(answered) >= acknowledged
    with Wire(part) as wire:
        for rrn, first in answered.items():
            number = int(rrn[1:])
            wire.send(wire.acquirer.sale(number, fen=number))
            assert wire.read() == first
        # The rest was booked or was not; a repeat finds out and nothing is booked twice.
        wire.send(*(wire.acquirer.sale(number, fen=number) for number in range(1, 601)))
        assert {wire.read()[39] for _ in range(600)} == {"00"}
    _, _, book = fetch(part, "/book")
    assert book["totals"] == {"approved": {"count": 600, "amount_minor": 180_300}}
    assert book["checks"]["ok"]


@pytest.mark.parametrize("acknowledged", [1, 150])
def test_after_sigkill_every_acknowledged_hold_void_and_refund_stands(
    tmp_path, make_part, acknowledged
):
    """100 holds, their completions, refunds of these and voids of nothing: killed on the way."""
    part = make_part(tmp_path)
    part.start()
    plan = [(Op.PRE_AUTHORISATION, 0), (Op.COMPLETION, 100), (Op.REFUND, 200), (Op.VOID, 300)]

    def bodies(wire):
        for operation, base in plan:
            for number in range(1, 101):
                original = None if base == 0 else base - 100 + number
                yield wire.acquirer.operation(base + number, operation, original, number)

    answered = {}
    with Wire(part) as wire:
        wire.send(*bodies(wire))
        while len(answered) < acknowledged:
            reply = wire.read()
            answered[reply[37]] = reply
        part.kill()
        with contextlib.suppress(EOFError, ConnectionResetError):
            while True:
                reply = wire.read()
                answered[reply[37]] = reply

    part.start()
    _, _, book = fetch(part, "/book")
    assert book["checks"]["ok"]
    shown = {payment["rrn"]: payment["response_code"] for payment in book["payments"]}
    assert {rrn: shown[rrn] for rrn in answered} == {
        rrn: reply[39] for rrn, reply in answered.items()
    }
    with Wire(part) as wire:
        wire.send(*bodies(wire))
        replies = [wire.read() for _ in range(400)]
    for reply in replies:
        assert answered.get(reply[37], reply) == reply
    assert [reply[39] for reply in replies] == ["00"] * 300 + ["22"] * 100
    status, _, page = fetch(part, "/")
    _, _, book = fetch(part, "/book")
    assert (status, book["holds"], book["checks"]["ok"]) == (200, [], True)
    assert "退货 refund" in page
    good = next(one for one in book["accounts"] if one["account_id"] == "good")
    assert (good["balance_minor"], good["held_minor"]) == (5_000_000, 0)


def test_the_page_shows_an_open_hold(part):
    with Wire(part) as wire:
        wire.send(wire.acquirer.operation(1, Op.PRE_AUTHORISATION, fen=123_456))
        assert wire.read()[39] == "00"
    _, _, page = fetch(part, "/")
    assert "预授权 pre-authorisation" in page
    assert "没有冻结的金额" not in page
    assert page.count("1234.56") >= 3


def test_wrong_pins_counted_before_a_sigkill_still_count(tmp_path, make_part):
    part = make_part(tmp_path)
    for number in (1, 2, 3):
        part.start()
        with Wire(part) as wire:
            wire.send(wire.acquirer.sale(number, pin=WRONG_PIN))
            assert wire.read()[39] == "55"
        part.kill()
    part.start()
    with Wire(part) as wire:
        wire.send(wire.acquirer.sale(4, pin=RIGHT_PIN))
        assert wire.read()[39] == "75"


def test_a_failed_flush_ends_the_process_with_its_own_code_and_says_nothing(tmp_path, make_part):
    part = make_part(tmp_path)
    part.start()
    database = tmp_path / "issuer.sqlite3"
    import sqlite3

    # Another writer that breaks the rules: the issuer cannot commit and must not go on.
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as intruder:
        intruder.execute("DROP TABLE pin_try")
    with Wire(part) as wire:
        wire.send(wire.acquirer.sale(1, pin=WRONG_PIN))
        with pytest.raises((EOFError, ConnectionResetError)):
            wire.read()
    assert part._process.wait(10) == 74


def test_a_busy_port_is_said_in_words(tmp_path, make_part):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    part = make_part(first)
    part.start()
    port = part.ready["issuer"].rpartition(":")[2]
    other = make_part(second)
    text = (second / "tongbao.toml").read_text()
    (second / "tongbao.toml").write_text(text.replace("issuer_port = 0", f"issuer_port = {port}"))
    from tongbao.app.processes import PartFailedError

    with pytest.raises(PartFailedError, match=r"ended with code 3\n.*address already in use"):
        other.start()
