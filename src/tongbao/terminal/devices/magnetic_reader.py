"""A magnetic-stripe reader without a slot: a card is a line of track 2 written to a local socket.

Each connection is one swipe. The line is what a reader's head would give, with its sentinels:
`;PAN=YYMMSSC...?` and a line feed. The answer is `ok` or `refused: REASON`; a reason is one of a
few fixed sentences and never repeats what was read.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
from typing import TYPE_CHECKING, Final

from tongbao.domain.secrets import Track2

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    SwipeTaker = Callable[[Track2], Awaitable[str | None]]

LINE_MAX_BYTES: Final = 64
SWIPE_TIMEOUT_S: Final = 5.0
CONNECTIONS_MAX: Final = 4

_DATA_MAX: Final = 37
_TRACK_2: Final = re.compile(
    r"(?P<pan>[0-9]{8,19})=(?P<expiry>[0-9]{2}(?:0[1-9]|1[0-2]))(?P<service>[0-9]{3})[0-9]*",
    re.ASCII,
)


class BadSwipeError(ValueError):
    """The line is not a track 2; the text is a fixed sentence without any of its characters."""


def read_track(line: bytes) -> Track2:
    """Return the track of one line: start sentinel, at most 37 characters, end sentinel.

    PAN 8 to 19 digits, separator, expiry YYMM with a real month, service code 3 digits, issuer's
    digits; one line feed, a carriage return before it is allowed. Raises `BadSwipeError`.
    Spec: ISO/IEC 7813, track 2
    """
    body = line.removesuffix(b"\n").removesuffix(b"\r")
    if not body.startswith(b";"):
        raise BadSwipeError("no start sentinel")
    if not body.endswith(b"?") or len(body) < 2:
        raise BadSwipeError("no end sentinel")
    data = body[1:-1]
    if len(data) > _DATA_MAX:
        raise BadSwipeError("more than 37 characters between the sentinels")
    text = data.decode("latin-1")
    match = _TRACK_2.fullmatch(text)
    if match is None:
        raise BadSwipeError(_explain(text))
    return Track2(text)


class VirtualMagneticReader:
    """Listens on a loopback address and hands each good swipe to `take`.

    `take` gets the track and returns None when the terminal accepts the card, or the reason why it
    does not (in words, without card data). `port` 0 takes any free port. A line has at most 64
    bytes and 5 seconds; at most 4 connections are served at once. Raises `ValueError` for an
    address that is not loopback: the line is clear card data.
    """

    def __init__(
        self,
        take: SwipeTaker,
        host: str = "127.0.0.1",
        port: int = 0,
        timeout_s: float = SWIPE_TIMEOUT_S,
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError("a virtual card reader listens on a loopback address only")
        self._take = take
        self._host = host
        self._port = port
        self._timeout_s = timeout_s
        self._server: asyncio.Server | None = None
        self._swipes: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """The `HOST:PORT` that a swipe goes to; raises `RuntimeError` before `start`."""
        if self._server is None:
            raise RuntimeError("the card reader was not started")
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def start(self) -> str:
        """Begin to listen and return the address; raises `OSError` when the port is taken."""
        self._server = await asyncio.start_server(
            self._serve, self._host, self._port, limit=LINE_MAX_BYTES
        )
        return self.address

    async def stop(self) -> None:
        """Stop listening and end what is under way."""
        if self._server is None:
            return
        self._server.close()
        for swipe in self._swipes:
            swipe.cancel()
        await asyncio.gather(*self._swipes, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this callback as a task
        self._swipes.add(task)
        try:
            if len(self._swipes) > CONNECTIONS_MAX:
                answer = "refused: too many cards at once"
            else:
                answer = await self._swipe(reader)
            writer.write(answer.encode() + b"\n")
            await asyncio.wait_for(writer.drain(), self._timeout_s)
        except (ConnectionError, TimeoutError):
            pass  # The drawer went away; the terminal has the swipe or has refused it.
        finally:
            self._swipes.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _swipe(self, reader: asyncio.StreamReader) -> str:
        try:
            line = await asyncio.wait_for(reader.readuntil(b"\n"), self._timeout_s)
        except TimeoutError:
            return "refused: no line in time"
        except asyncio.LimitOverrunError:
            return "refused: the line is too long"
        except asyncio.IncompleteReadError:
            return "refused: the line has no end"
        try:
            track = read_track(line)
        except BadSwipeError as error:
            return f"refused: {error}"
        reason = await self._take(track)
        return "ok" if reason is None else f"refused: {reason}"


def _explain(text: str) -> str:
    """Say which part of the track is wrong, in words only."""
    pan, separator, rest = text.partition("=")
    rules = (
        (re.search(r"[^0-9=]", text) is None, "a character that track 2 cannot hold"),
        (separator == "=", "no separator after the card number"),
        (8 <= len(pan) <= 19, "the card number is not 8 to 19 digits"),
        ("=" not in rest, "a second separator"),
        (len(rest) >= 7, "expiry or service code is missing"),
    )
    return next((reason for holds, reason in rules if not holds), "the expiry has no such month")
