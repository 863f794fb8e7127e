"""A terminal made of cardboard: it speaks the till page's WebSocket and shows any state asked for.

A test double for states that a real terminal reaches rarely or slowly. It serves the built pages
under the strict policy a terminal should use, remembers every command, and answers with what the
test scripted. `python -m tests.till.mock_terminal reversing_person` shows a scene to a person.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from PIL import Image, ImageDraw
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.till.scenes import CARDS, SCENES, State, scene
from tests.till.scenes_work import BATCH, found

PAGES = Path(__file__).parents[2] / "src" / "tongbao" / "terminal" / "screen" / "dist"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' http://127.0.0.1:*; base-uri 'none'; frame-ancestors 'none'"
)
Reaction = Callable[["MockTerminal", dict[str, Any]], dict[str, str] | None]


@dataclass
class MockTerminal:
    """The double: its state, the commands it got, and what it does with them."""

    address: str = ""
    state: State = field(default_factory=lambda: scene("off"))
    seq: int = 0
    commands: list[dict[str, Any]] = field(default_factory=list)
    swipes: list[str] = field(default_factory=list)
    reactions: dict[str, Reaction] = field(default_factory=dict)
    cards: list[dict[str, Any]] | None = field(default_factory=lambda: CARDS)
    refuse_card: bool = False
    silent: bool = False
    _came: threading.Condition = field(default_factory=threading.Condition)
    _pages: set[WebSocket] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop | None = None

    def __post_init__(self) -> None:
        """Look payments up in the made-up batch, as a terminal does in its own."""
        self.reactions.setdefault("find", _find)

    @property
    def url(self) -> str:
        """Where a browser finds the page."""
        return f"http://{self.address}/"

    def show(self, name: str, **changes: Any) -> None:
        """Push a scene, with single members changed."""
        self.push({**scene(name), **changes})

    def change(self, **changes: Any) -> None:
        """Push the present state with members changed."""
        self.push({**self.state, **changes})

    def push(self, state: State) -> None:
        """Push a whole state to every page, as a terminal does."""
        if state.get("sandbox"):
            state = {**state, "sandbox": {**state["sandbox"], "drawer_url": f"{self.url}drawer"}}
        self.state = state
        self.seq += 1
        self._run(self._push())

    def wait_for_commands(self, count: int) -> list[str]:
        """Wait until so many commands have come, and name them all."""
        with self._came:
            if not self._came.wait_for(lambda: len(self.commands) >= count, timeout=10):
                raise TimeoutError(f"{len(self.commands)} of {count} commands came")
        return [command["command"] for command in self.commands]

    def _run(self, work: Any) -> None:
        if self._loop is None:
            work.close()
            return
        try:
            inside = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            inside = False
        if inside:
            task = self._loop.create_task(work)
            task.add_done_callback(lambda done: done.result())
        else:
            asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    def _message(self) -> dict[str, Any]:
        return {"type": "state", "seq": self.seq, "state": self.state}

    async def _push(self) -> None:
        for page in list(self._pages):
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await page.send_json(self._message())

    async def websocket(self, page: WebSocket) -> None:
        """Serve one page."""
        self._loop = asyncio.get_running_loop()
        await page.accept()
        self._pages.add(page)
        try:
            await page.send_json(self._message())
            while True:
                command = json.loads(await page.receive_text())
                with self._came:
                    self.commands.append(command)
                    self._came.notify_all()
                if not self.silent:
                    error = self._react(command)
                    answer = {"type": "ack", "id": command["id"], "ok": not error, "error": error}
                    await page.send_json(answer)
        except WebSocketDisconnect:
            pass
        finally:
            self._pages.discard(page)

    def _react(self, command: dict[str, Any]) -> dict[str, str] | None:
        reaction = self.reactions.get(command["command"])
        return None if reaction is None else reaction(self, command)

    async def open_drawer(self, request: Request) -> Response:
        """Answer as the sandbox's drawer does; as a broken one when there are no cards at all."""
        if self.cards is None:
            return JSONResponse({}, status_code=503)
        return JSONResponse({"cards": self.cards})

    async def swipe(self, request: Request) -> Response:
        """Take a card out of the drawer."""
        if self.refuse_card:
            words = {"zh": "终端现在不接受刷卡", "en": "The terminal takes no card now"}
            return JSONResponse({"ok": False, "error": words}, status_code=409)
        card = request.path_params["card"]
        self.swipes.append(card)
        self._react({"command": "swipe", "card": card})
        return JSONResponse({"ok": True, "error": None})

    async def slip(self, request: Request) -> Response:
        """Draw something like a sales slip; the real one comes from the terminal's printer."""
        paper = Image.new("L", (384, 560), 255)
        pen = ImageDraw.Draw(paper)
        for line in range(16):
            pen.rectangle((24, 24 + line * 32, 120 + (line * 73) % 220, 36 + line * 32), fill=60)
        buffer = io.BytesIO()
        paper.save(buffer, "PNG")
        return Response(buffer.getvalue(), media_type="image/png")

    def application(self) -> Starlette:
        """Build the web application."""
        app = Starlette(
            routes=[
                WebSocketRoute("/ws", self.websocket),
                Route("/drawer", self.open_drawer),
                Route("/drawer/{card}/swipe", self.swipe, methods=["POST"]),
                Route("/slips/{name}", self.slip),
                Mount("/", StaticFiles(directory=PAGES, html=True)),
            ],
            middleware=[Middleware(CORSMiddleware, allow_origins=["*"], allow_headers=["*"])],
        )

        async def with_policy(scope: Any, receive: Any, send: Any) -> None:
            async def send_with_policy(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"].append((b"content-security-policy", POLICY.encode()))
                await send(message)

            await app(scope, receive, send_with_policy)

        return with_policy  # type: ignore[return-value]  # an ASGI callable is all a server needs


def _find(mock: MockTerminal, command: dict[str, Any]) -> None:
    trace = command["trace"]
    mock.change(found=found(trace, BATCH.get(trace)))


@contextmanager
def running(terminal: MockTerminal, port: int = 0) -> Iterator[MockTerminal]:
    """Serve the double in a thread of its own until the block ends."""
    listener = socket.create_server(("127.0.0.1", port))
    terminal.address = f"127.0.0.1:{listener.getsockname()[1]}"
    terminal.push(terminal.state)
    server = uvicorn.Server(
        uvicorn.Config(
            terminal.application(), log_level="warning", lifespan="off", ws="websockets-sansio"
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield terminal
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


if __name__ == "__main__":
    wanted = sys.argv[1] if len(sys.argv) > 1 else "idle"
    if wanted not in SCENES:
        raise SystemExit(f"no scene {wanted}; there are: {', '.join(SCENES)}")
    with running(MockTerminal(state=scene(wanted)), port=8690) as mock:
        print(f"{wanted}: {mock.url}; Ctrl-C ends it")  # noqa: T201 - a program for a person
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
