"""The screen server: the till page, its WebSocket and pictures of slips, on loopback by default."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from tongbao.terminal.screen.commands import MESSAGE_MAX_CHARACTERS
from tongbao.terminal.screen.security import Guard, allowed_hosts, content_security_policy

if TYPE_CHECKING:
    from starlette.requests import Request

    from tongbao.terminal.shell import Sound

PAGE_FOLDER: Final = Path(__file__).parent / "dist"
_SLIP_NAME: Final = re.compile(
    r"(?:totals-|settlement-)?[0-9]{6}(?:-cardholder|-in-doubt|-reprint)?|self-test", re.ASCII
)
_CLOCK_PUSH_S: Final = 30.0
_GRACE_S: Final = 1
_PING_S: Final = 10.0
_WRONG_KIND_OF_DATA: Final = 1003
_TRY_AGAIN_LATER: Final = 1013

_NO_PAGE: Final = """<!doctype html>
<html lang="zh-Hans">
<head><meta charset="utf-8"><title>通宝 Tongbao</title></head>
<body>
<h1>通宝 Tongbao</h1>
<p>终端已运行，但收银页面尚未构建。请运行 <code>./run</code> 或
<code>scripts/build_web.py</code>。</p>
<p lang="en">The terminal runs, but the till page is not built yet. Run <code>./run</code> or
<code>scripts/build_web.py</code>.</p>
</body>
</html>
"""


class Stage(Protocol):
    """What the screens show: a terminal, or a device that is being activated.

    `seq` numbers the states; a larger one is newer. `sound` is the last cue.
    """

    @property
    def seq(self) -> int:
        """The number of the present state."""

    @property
    def sound(self) -> Sound | None:
        """The last cue."""

    def on_change(self, notify: Callable[[], None]) -> None:
        """Have a function called after each change."""

    def renumber(self) -> None:
        """Give the same state a new number."""

    async def draw_slip(self, name: str) -> bytes | None:
        """Return the picture of a slip, or None when there is none."""


class Taker(Protocol):
    """Takes the messages of screens."""

    async def take(self, text: str) -> dict[str, Any] | None:
        """Return the acknowledgement of a message, or None."""


class Place(Protocol):
    """Where the screens are served, and which drawer of cards they may ask."""

    @property
    def screen_address(self) -> str:
        """The address to listen on."""

    @property
    def screen_port(self) -> int:
        """The port, 0 for any free one."""

    @property
    def screen_clients_max(self) -> int:
        """How many screens may be connected."""

    @property
    def drawer_url(self) -> str:
        """The sandbox's drawer, "" without one."""


class ScreenServer:
    """Serves the screens of one terminal; every screen sees the same state."""

    def __init__(
        self,
        shell: Stage,
        settings: Place,
        desk: Taker,
        view: Callable[[], dict[str, Any]],
        page_folder: Path = PAGE_FOLDER,
    ) -> None:
        """`view` returns all that a screen draws."""
        self._shell = shell
        self._settings = settings
        self._desk = desk
        self._view = view
        self._page_folder = page_folder
        self._screens: dict[WebSocket, asyncio.Event] = {}
        self._answers: set[asyncio.Task[None]] = set()
        self._server: _QuietServer | None = None
        shell.on_change(self._wake_all)

    @property
    def screens(self) -> int:
        """How many screens are connected."""
        return len(self._screens)

    def listen(self) -> socket.socket:
        """Take the port; raises `OSError` when it is taken."""
        address, port = self._settings.screen_address, self._settings.screen_port
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return socket.create_server((address, port), family=family)

    async def serve(self, listener: socket.socket) -> None:
        """Serve until `stop` is called."""
        # The library writes whole messages into its log at the lowest level; they hold PINs.
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        self._server = _QuietServer(
            uvicorn.Config(
                self.make_app(listener.getsockname()[1]),
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                ws="websockets-sansio",
                ws_max_size=MESSAGE_MAX_CHARACTERS * 4,
                ws_ping_interval=_PING_S,
                ws_ping_timeout=_PING_S,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        ticking = asyncio.create_task(self._push_clock())
        try:
            await self._server.serve(sockets=[listener])
        finally:
            ticking.cancel()

    def stop(self) -> None:
        """Have `serve` end."""
        if self._server is not None:
            self._server.should_exit = True

    def make_app(self, port: int) -> Starlette:
        """Build the application for the port it is reached on."""
        hosts = allowed_hosts(self._settings.screen_address, port)
        policy = content_security_policy(self._settings.drawer_url, hosts)
        routes: list[BaseRoute] = [
            WebSocketRoute("/ws", self._screen),
            Route("/slips/{name}.png", self._slip),
        ]
        if (self._page_folder / "index.html").exists():
            routes.append(Mount("/", StaticFiles(directory=self._page_folder, html=True)))
        else:
            routes.append(Route("/", _no_page))
        return Starlette(routes=routes, middleware=[Middleware(Guard, hosts=hosts, policy=policy)])

    async def _screen(self, websocket: WebSocket) -> None:
        """Serve one screen: the newest state whenever there is one, and its commands."""
        if len(self._screens) >= self._settings.screen_clients_max:
            await websocket.close(_TRY_AGAIN_LATER)
            return
        await websocket.accept()
        news = asyncio.Event()
        self._screens[websocket] = news
        pushing = asyncio.create_task(self._push(websocket, news))
        try:
            while True:
                text = await websocket.receive_text()
                # Not awaited here: a slow command must not keep a later one from its refusal.
                # Nor does it end with the page, which cannot take a command back by leaving.
                answer = asyncio.create_task(self._answer(websocket, text))
                self._answers.add(answer)
                answer.add_done_callback(self._answers.discard)
        except WebSocketDisconnect:
            pass
        except KeyError:
            # Bytes came where only text belongs.
            await websocket.close(_WRONG_KIND_OF_DATA)
        finally:
            del self._screens[websocket]
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)

    async def _answer(self, websocket: WebSocket, text: str) -> None:
        ack = await self._desk.take(text)
        if ack is not None:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await websocket.send_text(json.dumps(ack, ensure_ascii=False))

    async def _push(self, websocket: WebSocket, news: asyncio.Event) -> None:
        """Push the state; a screen that is slow skips what is outdated."""
        # A page that has just been opened is not to play the cue of what happened before.
        heard = self._shell.sound
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                news.clear()
                await websocket.send_text(self._state_message(silent=self._shell.sound is heard))
                await news.wait()

    def _state_message(self, *, silent: bool) -> str:
        state = self._view()
        if silent:
            state["sound"] = None
        message: dict[str, Any] = {"type": "state", "seq": self._shell.seq, "state": state}
        return json.dumps(message, ensure_ascii=False)

    def _wake_all(self) -> None:
        for news in self._screens.values():
            news.set()

    async def _push_clock(self) -> None:
        while True:
            await asyncio.sleep(_CLOCK_PUSH_S)
            self._shell.renumber()

    async def _slip(self, request: Request) -> Response:
        name = request.path_params["name"]
        picture = None
        if _SLIP_NAME.fullmatch(name):
            picture = await self._shell.draw_slip(name)
        if picture is None:
            return Response("no such slip\n", 404, media_type="text/plain")
        return Response(picture, media_type="image/png")


async def _no_page(_request: Request) -> Response:
    return HTMLResponse(_NO_PAGE, 503)


class _QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers: the command decides what a signal means."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield
