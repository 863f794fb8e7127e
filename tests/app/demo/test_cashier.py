"""The cashier at the till: what it sends, and how it says that the till did not do its part."""

from __future__ import annotations

import json
import threading

import pytest
from websockets.sync.server import serve

from tongbao.app.demo.cashier import Cashier, CashierError


@pytest.fixture
def till():
    """A till that follows a list of answers; each is a function from the command to messages."""
    script = []
    seen = []

    def handle(connection):
        connection.send(json.dumps({"type": "state", "seq": 7, "state": {"phase": "idle"}}))
        seen.append(connection.request.headers["Origin"])
        for text in connection:
            command = json.loads(text)
            seen.append(command)
            if not script:
                return
            for message in script.pop(0)(command):
                connection.send(json.dumps(message))

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        host, port = server.socket.getsockname()
        yield f"{host}:{port}", script, seen
        server.shutdown()
        thread.join(10)


def ack(command, error=None):
    return {"type": "ack", "id": command["id"], "ok": error is None, "error": error}


def state(phase, seq):
    return {"type": "state", "seq": seq, "state": {"phase": phase}}


def test_a_command_names_the_state_it_is_meant_for_and_waits_for_its_acknowledgement(till):
    address, script, seen = till
    script.append(lambda command: [state("card", 8), ack(command)])
    with Cashier(address) as cashier:
        cashier.command("start", kind="sale", amount_minor=1234)
        assert cashier.wait_for_phase("card")["phase"] == "card"
    origin, command = seen
    assert origin == f"http://{address}"
    assert len(command.pop("id")) == 36
    assert command == {
        "command": "start",
        "kind": "sale",
        "seq": 7,
        "phase": "idle",
        "amount_minor": 1234,
    }


def test_a_refused_command_is_an_error_with_the_tills_words(till):
    address, script, _ = till
    refusal = {"code": "doubt_open", "zh": "有待查交易", "en": "a payment is being checked"}
    script.append(lambda command: [ack(command, refusal)])
    with (
        Cashier(address) as cashier,
        pytest.raises(CashierError, match="start was refused: a payment is being checked"),
    ):
        cashier.command("start", kind="sale", amount_minor=1)


def test_a_till_that_hangs_up_is_an_error(till):
    address, _, _ = till
    with (
        Cashier(address) as cashier,
        pytest.raises(CashierError, match="closed the connection while waiting for the answer"),
    ):
        cashier.command("power_on")


def test_a_phase_that_never_comes_is_an_error_that_says_what_the_till_shows(till):
    address, _, _ = till
    with (
        Cashier(address) as cashier,
        pytest.raises(CashierError, match="in vain for result; the till shows idle"),
    ):
        cashier.wait_for_phase("result", timeout_s=0.05)
