"""A person at the till, without the page: speaks the till's WebSocket and keeps all it was told."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Any, Self

from websockets.sync.client import connect
from websockets.typing import Origin

State = dict[str, Any]
_ACKNOWLEDGE_S = 10.0


class TillError(AssertionError):
    """The till refused a command or did not reach a state; the text says which."""


class TillPage:
    """One connection to the terminal's `/ws`; `received` is every message as it came."""

    def __init__(self, address: str) -> None:
        self._stack = contextlib.ExitStack()
        self._socket = self._stack.enter_context(
            connect(f"ws://{address}/ws", origin=Origin(f"http://{address}"))
        )
        self.received: list[bytes] = []
        self.state: State = {}
        self.seq = 0
        self._acknowledged: dict[str, dict[str, Any]] = {}
        self.wait("a first state", lambda _state: True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def command(self, name: str, **arguments: object) -> dict[str, Any]:
        """Send a command and return its acknowledgement, whatever it says."""
        command_id = str(uuid.uuid4())
        message = {
            "id": command_id,
            "command": name,
            "seq": self.seq,
            "phase": self.state["phase"],
            **arguments,
        }
        self.send_raw(json.dumps(message))
        deadline = time.monotonic() + _ACKNOWLEDGE_S
        while command_id not in self._acknowledged:
            self._read(deadline, f"an answer to {name}")
        return self._acknowledged[command_id]

    def do(self, name: str, **arguments: object) -> None:
        """Send a command that must be accepted."""
        answer = self.command(name, **arguments)
        if not answer["ok"]:
            raise TillError(f"{name} in {self.state['phase']}: {answer['error']}")

    def send_raw(self, text: str) -> None:
        """Send anything."""
        self._socket.send(text)

    def wait(self, what: str, holds: Callable[[State], bool], timeout_s: float = 30.0) -> State:
        """Read until a state holds."""
        deadline = time.monotonic() + timeout_s
        while not (self.state and holds(self.state)):
            self._read(deadline, what)
        return self.state

    def wait_phase(self, *phases: str, timeout_s: float = 30.0) -> State:
        """Read until the terminal is in one of the phases."""
        return self.wait(
            f"phase {' or '.join(phases)}", lambda state: state["phase"] in phases, timeout_s
        )

    def _read(self, deadline: float, what: str) -> None:
        try:
            raw = self._socket.recv(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            shown = {key: self.state.get(key) for key in ("phase", "link", "doubt", "result")}
            raise TillError(f"waited in vain for {what}: {shown}") from None
        text = raw if isinstance(raw, str) else raw.decode()
        self.received.append(text.encode())
        message = json.loads(text)
        if message["type"] == "state":
            self.state, self.seq = message["state"], message["seq"]
        elif message["type"] == "ack":
            self._acknowledged[message["id"]] = message
