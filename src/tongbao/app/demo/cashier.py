"""A cashier without hands: works one till over its WebSocket, as the page in a browser would."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from typing import TYPE_CHECKING, Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_OPEN_TIMEOUT_S = 10.0
_ACK_TIMEOUT_S = 10.0

State = dict[str, Any]


class CashierError(RuntimeError):
    """The till did not do what the script expects; the text says what was waited for."""


class Cashier:
    """One person at one till; every command waits for its acknowledgement."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection: ClientConnection | None = None
        self._stack = contextlib.ExitStack()
        self.state: State = {}
        self._seq = 0
        self._acks: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        line = connect(
            f"ws://{self._address}/ws",
            origin=Origin(f"http://{self._address}"),
            open_timeout=_OPEN_TIMEOUT_S,
            proxy=None,
        )
        self._connection = self._stack.enter_context(line)
        self.wait_until(lambda _state: True, "the first state", _OPEN_TIMEOUT_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection = None
        self._stack.close()

    def command(self, name: str, **arguments: object) -> None:
        """Give a command for the phase that is on the screen; CashierError when it is refused."""
        command_id = str(uuid.uuid4())
        message = {
            "id": command_id,
            "command": name,
            "seq": self._seq,
            "phase": self.state["phase"],
            **arguments,
        }
        self._open().send(json.dumps(message))
        deadline = time.monotonic() + _ACK_TIMEOUT_S
        while command_id not in self._acks:
            self._receive(deadline, f"the answer to {name}")
        ack = self._acks.pop(command_id)
        if not ack["ok"]:
            raise CashierError(f"{name} was refused: {ack['error']['en']}")

    def wait_until(self, fits: Callable[[State], bool], what: str, timeout_s: float) -> State:
        """Watch the screen until it fits and return its state; CashierError after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not self.state or not fits(self.state):
            self._receive(deadline, what)
        return self.state

    def wait_for_phase(self, *phases: str, timeout_s: float = 10.0) -> State:
        """Watch the screen until the terminal is in one of the phases."""
        return self.wait_until(
            lambda state: state["phase"] in phases, " or ".join(phases), timeout_s
        )

    def _open(self) -> ClientConnection:
        if self._connection is None:
            raise CashierError("the cashier is not at the till")
        return self._connection

    def _receive(self, deadline: float, what: str) -> None:
        """Take the next message; the deadline is a reading of the monotonic clock in seconds."""
        try:
            text = self._open().recv(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            phase = self.state.get("phase", "unknown")
            raise CashierError(f"waited in vain for {what}; the till shows {phase}") from None
        except ConnectionClosed as error:
            raise CashierError(
                f"the till closed the connection while waiting for {what}"
            ) from error
        message = json.loads(text)
        if message["type"] == "state":
            self.state, self._seq = message["state"], message["seq"]
        elif message["type"] == "ack":
            self._acks[message["id"]] = message
