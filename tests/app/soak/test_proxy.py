"""A line that breaks on command: whole, cut, half-closed, frozen."""

from __future__ import annotations

import asyncio

import pytest

from tongbao.app.soak.plan import Direction
from tongbao.app.soak.proxy import Line

LIMIT_S = 10


class Echo:
    """A server that sends back what comes and remembers how each connection ended."""

    def __init__(self):
        self.ended = asyncio.Queue()
        self.server = None

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_):
        self.server.close()
        await self.server.wait_closed()

    @property
    def port(self):
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            while data := await reader.read(100):
                writer.write(data.upper())
                await writer.drain()
            self.ended.put_nowait("end")
        except ConnectionResetError:
            self.ended.put_nowait("reset")
        finally:
            writer.close()


def run(scene):
    """Play a scene with an echo server, a line to it, and a connection through the line."""

    async def play():
        async with asyncio.timeout(LIMIT_S), Echo() as echo, Line() as line:
            line.upstream = echo.port
            reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
            try:
                await scene(line, reader, writer, echo)
            finally:
                writer.close()

    asyncio.run(play())


async def hear(reader, writer, text):
    writer.write(text)
    return await reader.readexactly(len(text))


def test_bytes_pass_both_ways():
    async def scene(line, reader, writer, _echo):
        assert await hear(reader, writer, b"one") == b"ONE"
        assert await hear(reader, writer, b"x" * 300_000) == b"X" * 300_000
        assert line.connections == 1

    run(scene)


def test_an_end_passes_through():
    async def scene(_line, reader, writer, echo):
        assert await hear(reader, writer, b"one") == b"ONE"
        writer.write_eof()
        assert await reader.read() == b""
        assert await echo.ended.get() == "end"

    run(scene)


def test_a_cut_resets_both_ends():
    async def scene(line, reader, writer, echo):
        assert await hear(reader, writer, b"one") == b"ONE"
        assert line.cut() == 1
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        assert await echo.ended.get() == "reset"

    run(scene)


def test_a_new_connection_works_after_a_cut():
    async def scene(line, reader, writer, _echo):
        assert await hear(reader, writer, b"one") == b"ONE"
        line.cut()
        again, out = await asyncio.open_connection("127.0.0.1", line.port)
        assert await hear(again, out, b"two") == b"TWO"
        out.close()

    run(scene)


def test_frozen_bytes_arrive_late_and_in_order():
    async def scene(line, reader, writer, _echo):
        assert await hear(reader, writer, b"one") == b"ONE"
        line.freeze(Direction.DOWN)
        writer.write(b"two")
        writer.write(b"three")
        waiting = asyncio.create_task(reader.readexactly(8))
        done, _ = await asyncio.wait([waiting], timeout=0.05)
        assert not done
        line.thaw(Direction.DOWN)
        assert await waiting == b"TWOTHREE"

    run(scene)


def test_frozen_bytes_are_lost_when_the_line_is_cut_first():
    async def scene(line, reader, writer, echo):
        assert await hear(reader, writer, b"one") == b"ONE"
        line.freeze(Direction.UP)
        writer.write(b"two")
        line.cut()
        line.thaw(Direction.UP)
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        assert await echo.ended.get() == "reset"

    run(scene)


def test_a_half_close_upwards_is_an_end_for_the_server():
    async def scene(line, reader, writer, echo):
        assert await hear(reader, writer, b"one") == b"ONE"
        assert line.half_close(Direction.UP) == 1
        assert await echo.ended.get() == "end"
        assert await reader.read() == b""

    run(scene)


def test_a_half_close_downwards_is_an_end_for_the_client_whose_bytes_still_arrive():
    async def scene(line, reader, writer, echo):
        assert await hear(reader, writer, b"one") == b"ONE"
        line.half_close(Direction.DOWN)
        assert await reader.read() == b""
        writer.write(b"two")
        writer.write_eof()
        assert await echo.ended.get() == "end"

    run(scene)


def test_a_server_that_is_gone_resets_the_client():
    async def scene(line, _reader, _writer, _echo):
        free = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
        line.upstream = free.sockets[0].getsockname()[1]
        free.close()
        await free.wait_closed()
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()

    run(scene)
