"""A day with marked cards in real processes, and everything that it leaves behind.

Approved, wrong PIN, an issuer that never answers, SIGKILL of host and terminal in between, and
every kind of malformed input that carries a secret. What the processes said (standard output,
errors, HTTP, WebSocket) is kept beside the data folder's own files.
"""

from __future__ import annotations

import http.cookiejar
import json
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.e2e.canary_cards.canary import CANARIES, RIGHT_PIN, WRONG_PIN, CanaryCard
from tests.e2e.till_page import TillPage
from tests.platform.second_step import totp_code
from tongbao.app.processes import Part
from tongbao.app.setup import PreparedWorld, SetUpOptions, prepare
from tongbao.app.world import console_part, host_part, sandbox_part, terminal_part
from tongbao.domain.secrets import Purpose
from tongbao.platform.accounts.services import create_first_staff

CARD, SILENT_CARD = CANARIES
STAFF: Final = "auditor"
_CARD_FOLDER: Final = Path(__file__).parent / "canary_cards"
_FORBIDDEN = 403
_CONSOLE_PAGES_MAX: Final = 80
_OPTIONS: Final = SetUpOptions(
    port_base=None,
    terminal_ids=("00000001",),
    host={
        "issuer_timeout_ms": 1_500,
        "inquiry_timeout_ms": 700,
        "reversal_retry_ms": 200,
        "log_debug": True,
    },
    terminal={"host_timeout_ms": 4_000, "retry_first_ms": 200, "retry_max_ms": 1_000},
)


@dataclass(slots=True)
class CanaryRun:
    """The run: `folder` holds the files, `heard` all that was said, with a name for the place."""

    folder: Path
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    console_password: str = ""

    def run(self) -> None:
        """Live through the day and stop everything."""
        for name in ("home", "tmp"):
            (self.folder / name).mkdir(parents=True)
        world = prepare(self.folder / "data", _OPTIONS)
        self.console_password = create_first_staff(world.settings.database_url, STAFF) or ""
        parts = {
            "sandbox": sandbox_part(world),
            "host": host_part(world),
            "console": console_part(world),
            "terminal": terminal_part(world),
        }
        for part in parts.values():
            part.environment.update(HOME=str(self.folder / "home"), TMPDIR=str(self.folder / "tmp"))
        parts["sandbox"].environment["PYTHONPATH"] = str(_CARD_FOLDER)
        try:
            for part in parts.values():
                part.start()
            self._day(world, parts)
        finally:
            for name, part in reversed(parts.items()):
                self._end(name, part, "terminate")

    def _day(self, world: PreparedWorld, parts: dict[str, Part]) -> None:
        drawer = str(parts["sandbox"].ready["http"])
        with self._till(parts["terminal"]) as till:
            self._open_shop(till)
            self._sale(till, drawer, CARD, 12_345, RIGHT_PIN)
            self._sale(till, drawer, CARD, 20_000, WRONG_PIN)
            self._bad_swipes(till)
            self._bad_commands(till)
            self._sale(till, drawer, SILENT_CARD, 30_000, RIGHT_PIN)
            self._begin_sale(till, drawer, SILENT_CARD, 40_000, RIGHT_PIN)
            till.wait_phase("authorising", "reversing")
            _wait_for_intent(world, 40_000)
            self._end("host, killed", parts["host"], "kill")
            self._end("terminal, killed", parts["terminal"], "kill")
            # What a thief of the switched-off machine would find, write-ahead logs and all.
            shutil.copytree(world.folder, self.folder / "after the kill")
            self._hear_till(till)
        parts["host"].start()
        parts["terminal"].start()
        self._bad_frames(world, str(parts["host"].ready["address"]))
        with self._till(parts["terminal"]) as till:
            self._open_shop(till)
            till.wait("the doubt to end", lambda state: state["doubt"] is None, 60)
            self._leave_result(till)
            self._sale(till, drawer, CARD, 6_789, RIGHT_PIN)
            self._hear_till(till)
            slips = [sale["slip"] for sale in till.state["recent"] if sale["slip"]]
        self._fetch(f"http://{parts['terminal'].ready['address']}", ["/", *slips])
        self._fetch(f"http://{drawer}", ["/drawer", "/book", "/nothing"])
        self._browse_console(f"http://{parts['console'].ready['address']}")

    def _till(self, part: Part) -> TillPage:
        return TillPage(str(part.ready["address"]))

    def _open_shop(self, till: TillPage) -> None:
        in_doubt = till.state["doubt"] is not None
        if till.state["phase"] == "off":
            till.do("power_on")
        if in_doubt:
            # It is settled before anybody logs in; its result waits to be seen.
            till.wait("the doubt to end", lambda state: state["doubt"] is None, 60)
            self._leave_result(till)
        till.wait_phase("logged_out")
        till.do("log_in", operator="01", password="0000")
        till.wait(
            "sign-in", lambda state: state["signed_in"] and state["phase"] in ("idle", "result")
        )

    def _begin_sale(
        self, till: TillPage, drawer: str, card: CanaryCard, amount_minor: int, pin: str
    ) -> None:
        till.wait_phase("idle")
        till.do("start", kind="sale", amount_minor=amount_minor)
        till.wait_phase("card")
        reader = till.state["sandbox"]["terminal_reader"]
        request = urllib.request.Request(
            f"http://{drawer}/drawer/{card.card_id}/swipe",
            json.dumps({"reader": reader}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            self.heard.append(("answer to a swipe", response.read()))
        till.wait_phase("pin")
        till.do("enter_pin", pin=pin)

    def _sale(
        self, till: TillPage, drawer: str, card: CanaryCard, amount_minor: int, pin: str
    ) -> None:
        self._begin_sale(till, drawer, card, amount_minor, pin)
        state = till.wait(
            "a result",
            lambda now: now["phase"] == "result" and now["result"] is not None,
            timeout_s=60,
        )
        self.outcomes.append(state["result"]["outcome"])
        self._leave_result(till)

    def _leave_result(self, till: TillPage) -> None:
        if till.state["phase"] == "result":
            till.do("dismiss")
        till.wait_phase("idle", "logged_out")

    def _bad_swipes(self, till: TillPage) -> None:
        """Swipe stripes that cannot be read, and a good one that nobody waits for."""
        host, port = till.state["sandbox"]["terminal_reader"].rsplit(":", 1)
        track = CARD.track2.reveal(Purpose.TEST)
        for line in (
            f";{track}?\n",
            f";{track}\n",
            f"{track}?\n",
            f";{track}{track}?\n",
            f";{track.replace('=', 'x')}?\n",
            f";{track[:19]}?\n",
        ):
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                connection.sendall(line.encode())
                answer = connection.recv(1000)
            assert answer.startswith(b"refused: ")
            self.heard.append(("answer of the card reader", answer))

    def _bad_commands(self, till: TillPage) -> None:
        """Send PINs and card numbers where they do not belong."""
        pan = CARD.pan.reveal(Purpose.TEST)
        assert not till.command("enter_pin", pin=RIGHT_PIN)["ok"]
        assert not till.command("start", kind="sale", amount_minor=pan)["ok"]
        assert not till.command("log_in", operator=pan, password=RIGHT_PIN)["ok"]
        assert not till.command(f"pay_{pan}")["ok"]
        till.command("dismiss", note=pan)

    def _bad_frames(self, world: PreparedWorld, address: str) -> None:
        """Send the host messages with a card in them that it must refuse."""
        host, port = address.rsplit(":", 1)
        context = ssl.create_default_context(cafile=str(world.folder / "tls" / "ca.pem"))
        for body in _malformed_sales():
            frame = bytes.fromhex("6000030000603100310001") + body
            with (
                socket.create_connection((host, int(port)), timeout=10) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as connection,
            ):
                connection.sendall(len(frame).to_bytes(2, "big") + frame)
                connection.settimeout(2)
                try:
                    self.heard.append(("answer of the host", connection.recv(4_000)))
                except (TimeoutError, ConnectionError, ssl.SSLError):
                    continue  # closed or silent: a refusal as well

    def _hear_till(self, till: TillPage) -> None:
        self.heard += [("WebSocket of the till", message) for message in till.received]

    def _fetch(self, origin: str, paths: list[str]) -> None:
        for path in paths:
            try:
                with urllib.request.urlopen(origin + path, timeout=10) as response:
                    self.heard.append((f"GET {path}", response.read()))
            except urllib.error.HTTPError as error:
                self.heard.append((f"GET {path}", error.read()))

    def _make_second_step(self, browser: Any, origin: str, page: str, jar: Any) -> None:
        """Set up an authenticator app and take note of the recovery codes."""
        secret = page.split("<code>")[1].split("</code>", maxsplit=1)[0]
        self.heard.append(("console enrolment", page.encode()))
        step = f"{origin}/console/second-step/?next=/console/"
        for form in ({"act": "enrol", "code": totp_code(secret, time.time())}, {"act": "kept"}):
            # A log-in changes the token.
            fields = {**form, "csrfmiddlewaretoken": _csrf_token(jar)}
            body = urllib.parse.urlencode(fields).encode()
            request = urllib.request.Request(step, body, {"Referer": step})
            self.heard.append(("console enrolment", browser.open(request, timeout=30).read()))

    def _browse_console(self, origin: str) -> None:
        """Log in and follow every link below /console/."""
        jar = http.cookiejar.CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        browser.open(f"{origin}/console/login/", timeout=30).read()
        form = {
            "username": STAFF,
            "password": self.console_password,
            "csrfmiddlewaretoken": _csrf_token(jar),
        }
        request = urllib.request.Request(
            f"{origin}/console/login/?next=/console/",
            urllib.parse.urlencode(form).encode(),
            {"Referer": f"{origin}/console/login/"},
        )
        body = browser.open(request, timeout=30).read()
        self._make_second_step(browser, origin, body.decode(), jar)
        waiting, seen = ["/console/"], {"/console/logout/"}
        while waiting and len(seen) < _CONSOLE_PAGES_MAX:
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            try:
                body = browser.open(origin + path, timeout=30).read()
            except urllib.error.HTTPError as refused:
                body = refused.read()  # a page of another role; what it says is searched, too
                if refused.code != _FORBIDDEN:
                    raise
            self.heard.append((f"console {path}", body))
            links = re.findall(rb'href="(/console/[^"#?]*)"', body)
            waiting += [link.decode() for link in links]

    def _end(self, name: str, part: Part, how: str) -> None:
        """Stop a part and keep the rest of its standard output."""
        process: subprocess.Popen[bytes] | None = part._process
        if process is None or process.stdout is None or process.stdout.closed:
            return
        if how == "kill":
            process.kill()
        else:
            process.terminate()
        rest, _ = process.communicate(timeout=30)
        self.heard.append((f"standard output of {name}", json.dumps(part.ready).encode() + rest))
        part.stop()


def _malformed_sales() -> list[bytes]:
    """Return 0200 bodies with track and PIN block: unsigned, cut short, and with a bad digit."""
    track = CARD.track2.reveal(Purpose.TEST)
    length = f"{len(track):02d}"
    packed = track.replace("=", "D") + "0" * (len(track) % 2)
    head = "0200" + "302004C020C09811" + "000000" + "000000012345" + "000001" + "0210" + "00" + "12"
    tail = (
        "3030303030303031" + "313030303030303030303030303031" + "313536" + "0B1099C8B3051753"
        "2600000000000000" + "0014" + "22000001000501" + "3135363944413943"
    )
    whole = bytes.fromhex(head + length + packed + tail)
    bad_digit = bytes.fromhex(head + length + packed[:10] + "C" + packed[11:] + tail)
    return [whole, whole[:60], whole[:-20], bad_digit, whole + b"\x00", whole.hex().encode()]


def _wait_for_intent(world: PreparedWorld, amount_minor: int) -> None:
    """Wait until the host has the payment on disk."""
    path = world.settings.database_url.removeprefix("sqlite:///")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        found = connection.execute(
            "SELECT count(*) FROM payments_payment WHERE amount_minor = ?", (amount_minor,)
        ).fetchone()[0]
        connection.close()
        if found:
            return
        time.sleep(0.02)
    raise AssertionError("the host never wrote the intent")


def _csrf_token(jar: Any) -> str:
    """The token that the console's cookie holds now."""
    return next(str(cookie.value) for cookie in jar if "csrf" in cookie.name)
