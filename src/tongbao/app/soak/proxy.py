"""A line that can break: a TCP proxy that cuts, freezes or half-closes what runs through it.

It moves bytes and understands none of them: TLS stays between the two ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Final, Self

from tongbao.app.soak.plan import Direction

if TYPE_CHECKING:
    from types import TracebackType

_CHUNK_BYTES: Final = 65_536
# Linger on, for no time: closing then sends a reset instead of an orderly end.
_RESET: Final = struct.pack("ii", 1, 0)


class Line:
    """Listens on a free loopback port and joins each connection to `upstream`, a local port."""

    def __init__(self) -> None:
        self.port = 0
        self.upstream = 0
        self._server: asyncio.Server | None = None
        self._joints: set[_Joint] = set()
        self._open = {direction: asyncio.Event() for direction in Direction}
        for gate in self._open.values():
            gate.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None  # noqa: S101 - entered before it is left
        self._server.close()
        joints = list(self._joints)
        self.cut()
        await asyncio.gather(*(joint.ended.wait() for joint in joints))
        await self._server.wait_closed()

    @property
    def connections(self) -> int:
        """How many connections run through the line now."""
        return len(self._joints)

    def cut(self) -> int:
        """Reset both ends of every connection; return how many there were."""
        joints = list(self._joints)
        for joint in joints:
            joint.cut()
        return len(joints)

    def half_close(self, direction: Direction) -> int:
        """End one direction of every connection; what is still sent that way is dropped."""
        joints = list(self._joints)
        for joint in joints:
            joint.half_close(direction)
        return len(joints)

    def freeze(self, direction: Direction) -> None:
        """Hold back all bytes of a direction until `thaw`."""
        self._open[direction].clear()

    def thaw(self, direction: Direction) -> None:
        """Let the held bytes of a direction go."""
        self._open[direction].set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            above = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            _reset(writer)
            return
        joint = _Joint((reader, writer), above, self._open)
        self._joints.add(joint)
        try:
            await joint.run()
        finally:
            self._joints.discard(joint)
            joint.ended.set()


class _Joint:
    """One connection below and the one above that belongs to it."""

    def __init__(
        self,
        below: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        above: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        is_open: dict[Direction, asyncio.Event],
    ) -> None:
        self.ended = asyncio.Event()
        self._from = {Direction.UP: below[0], Direction.DOWN: above[0]}
        self._to = {Direction.UP: above[1], Direction.DOWN: below[1]}
        self._is_open = is_open
        self._closed: set[Direction] = set()
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Carry bytes both ways until both have ended or one breaks."""
        self._task = asyncio.create_task(self._carry_both())
        await asyncio.wait([self._task])
        failed = self._task.cancelled() or self._task.exception() is not None
        for writer in self._to.values():
            if failed:
                _reset(writer)
            else:
                writer.close()
        for writer in self._to.values():
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def cut(self) -> None:
        """Reset both ends."""
        if self._task is not None:
            self._task.cancel()

    def half_close(self, direction: Direction) -> None:
        """End one direction now."""
        if direction not in self._closed:
            self._closed.add(direction)
            with contextlib.suppress(OSError):
                self._to[direction].write_eof()

    async def _carry_both(self) -> None:
        async with asyncio.TaskGroup() as group:
            for direction in Direction:
                group.create_task(self._carry(direction))

    async def _carry(self, direction: Direction) -> None:
        reader, writer = self._from[direction], self._to[direction]
        while data := await reader.read(_CHUNK_BYTES):
            await self._is_open[direction].wait()
            if direction not in self._closed:
                writer.write(data)
                await writer.drain()
        await self._is_open[direction].wait()
        self.half_close(direction)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
