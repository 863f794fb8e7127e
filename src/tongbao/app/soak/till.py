"""A till's WebSocket as the page uses it, for many tills at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from typing import TYPE_CHECKING, Any, Final, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_OPEN_TIMEOUT_S: Final = 10.0
# A process may be stopped for 20 s; it answers when it goes on.
_ACK_TIMEOUT_S: Final = 30.0

State = dict[str, Any]


class TillLostError(Exception):
    """The till does not answer any more: what it did with the last command is not known."""


class TillRefusedError(Exception):
    """The till refused a command; `code` is its word for the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Till:
    """One connection to one till; `saw` gets every state it pushes."""

    def __init__(self, address: str, saw: Callable[[State], None]) -> None:
        self._address = address
        self._saw = saw
        self._connection: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._acks: dict[str, dict[str, Any]] = {}
        self._seq = 0
        self._lost = False
        self.state: State = {}

    async def __aenter__(self) -> Self:
        try:
            self._connection = await connect(
                f"ws://{self._address}/ws",
                origin=Origin(f"http://{self._address}"),
                open_timeout=_OPEN_TIMEOUT_S,
                close_timeout=1.0,
                ping_interval=None,
                proxy=None,
            )
        except (OSError, WebSocketException, TimeoutError) as error:
            raise TillLostError(type(error).__name__) from None
        self._listening = asyncio.create_task(self._listen(self._connection))
        try:
            await self.wait(lambda _state: True, _OPEN_TIMEOUT_S)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._close()

    async def command(self, name: str, command_id: str = "", **arguments: object) -> None:
        """Give a command for what is on the screen and wait for its acknowledgement.

        Raises: TillRefusedError; TillLostError.
        """
        assert self._connection is not None  # noqa: S101 - used inside `async with` only
        command_id = command_id or str(uuid.uuid4())
        message = {
            "id": command_id,
            "command": name,
            "seq": self._seq,
            "phase": self.state["phase"],
            **arguments,
        }
        try:
            await self._connection.send(json.dumps(message))
        except (OSError, WebSocketException):
            raise TillLostError(name) from None
        await self._until(lambda: command_id in self._acks, _ACK_TIMEOUT_S)
        ack = self._acks.pop(command_id)
        if not ack["ok"]:
            raise TillRefusedError(ack["error"]["code"])

    async def wait(self, fits: Callable[[State], bool], timeout_s: float) -> State:
        """Watch the screen until it fits; TillLostError when it does not within `timeout_s`."""
        await self._until(lambda: bool(self.state) and fits(self.state), timeout_s)
        return self.state

    async def _until(self, holds: Callable[[], bool], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not holds():
            if self._lost:
                raise TillLostError("the connection ended")
            self._news.clear()
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    await self._news.wait()
            except TimeoutError:
                raise TillLostError("no word in time") from None

    async def _listen(self, connection: ClientConnection) -> None:
        try:
            async for text in connection:
                message = json.loads(text)
                if message["type"] == "state":
                    self.state, self._seq = message["state"], message["seq"]
                    self._saw(self.state)
                elif message["type"] == "ack":
                    self._acks[message["id"]] = message
                self._news.set()
        except (OSError, WebSocketException):
            pass
        finally:
            self._lost = True
            self._news.set()

    async def _close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
