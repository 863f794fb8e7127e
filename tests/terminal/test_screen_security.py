"""Who may connect to the screen server, and what it serves."""

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.terminal.live import LiveTerminal, live_terminal
from tests.terminal.rig import make_settings
from tongbao.terminal.screen.security import (
    allowed_hosts,
    content_security_policy,
    origin_allowed,
)


def run(story):
    async def limited():
        async with asyncio.timeout(60):
            await story()

    asyncio.run(limited())


async def fetch(address: str, path: str, host: str | None = None) -> tuple[int, dict, bytes]:
    """GET a path as it is written, without a client that would tidy it up."""
    name, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {host or address}\r\nConnection: close\r\n\r\n".encode()
    )
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split()[1]), headers, body


async def ready(live: LiveTerminal):
    page = await live.page()
    await page.get_ready()
    await page.phase("idle")
    return page


def test_a_pin_is_not_taken_from_a_page_outside_the_sandbox(tmp_path):
    async def story():
        async with live_terminal(tmp_path, on_screen_pin=False, drawer_url="") as live:
            page = await ready(live)
            assert page.state["sandbox"] is None
            await page.do("start", kind="sale", amount_minor=1)
            await page.phase("card")
            await live.swipe()
            await page.phase("pin")
            ack = await page.tell("enter_pin", pin="123456")
            assert ack["error"]["code"] == "pin_not_allowed"
            assert live.host.host.pins == []

    run(story)


def test_more_screens_than_allowed_are_turned_away(tmp_path):
    async def story():
        async with live_terminal(tmp_path, screen_clients_max=2) as live:
            first = await live.page()
            await live.page()
            with pytest.raises((InvalidStatus, ConnectionClosed)):
                async with connect(f"ws://{live.addresses.screen}/ws") as third:
                    await third.recv()
            await first.close()
            live.pages.remove(first)
            assert (await live.page()).state["phase"] == "off"

    run(story)


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("http://{}", True),
        ("http://localhost:{port}", True),
        (None, True),
        ("https://{}", False),
        ("http://evil.example", False),
        ("http://127.0.0.1", False),
        ("null", False),
        ("http://127.0.0.1:1", False),
    ],
)
def test_only_our_own_page_may_open_the_websocket(tmp_path, origin, welcome):
    async def story():
        async with live_terminal(tmp_path) as live:
            address = live.addresses.screen
            filled = origin and origin.format(address, port=address.rpartition(":")[2])
            if welcome:
                await live.page(origin=filled)
            else:
                with pytest.raises(InvalidStatus) as caught:
                    await live.page(origin=filled)
                assert caught.value.response.status_code == 403

    run(story)


def test_a_foreign_name_that_leads_here_is_not_answered(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            address = live.addresses.screen
            for host in ("evil.example", f"evil.example:{address.rpartition(':')[2]}", "127.0.0.1"):
                status, _, _ = await fetch(address, "/", host=host)
                assert status == 421
            reader, writer = await asyncio.open_connection(*address.split(":"))
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            assert b" 421 " in await reader.readline()
            writer.close()

    run(story)


def test_pages_carry_the_security_headers(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            _, headers, _ = await fetch(live.addresses.screen, "/")
            policy = headers["content-security-policy"].split("; ")
            assert "default-src 'none'" in policy
            assert "script-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            connects = next(p for p in policy if p.startswith("connect-src ")).split()
            assert "http://127.0.0.1:8603" in connects
            assert f"ws://{live.addresses.screen}" in connects
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "deny"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cache-control"] == "no-store"
            assert "server" not in headers

    run(story)


def test_slips_are_pictures_and_nothing_else_is_served_there(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            await live.sell(page)
            slip = (await page.until(lambda s: s["result"] and s["result"]["slip"]))["result"]
            status, headers, body = await fetch(live.addresses.screen, slip["slip"])
            assert (status, headers["content-type"]) == (200, "image/png")
            assert body.startswith(b"\x89PNG")
            await page.do("dismiss")
            await page.do("print_totals")
            paper = f"/slips/totals-{page.state['batch_no']:06d}.png"
            status, headers, body = await fetch(live.addresses.screen, paper)
            assert (status, headers["content-type"]) == (200, "image/png")
            for path in (
                "/slips/000009.png",
                "/slips/self-check.png",
                "/slips/..%2f..%2fjournal.sqlite3.png",
                "/slips/../journal.sqlite3",
                "/slips/000002.escpos",
                "/journal.sqlite3",
                "/../settings.py",
                "/%2e%2e/view.py",
            ):
                status, _, _ = await fetch(live.addresses.screen, path)
                assert status == 404, path

    run(story)


def test_a_page_that_was_not_built_says_what_to_run(tmp_path, monkeypatch):
    from tongbao.terminal.screen import server

    monkeypatch.setattr(
        server.ScreenServer.__init__, "__defaults__", (tmp_path / "no-such-folder",)
    )

    async def story():
        async with live_terminal(tmp_path) as live:
            status, _, body = await fetch(live.addresses.screen, "/")
            assert status == 503
            assert "scripts/build_web.py" in body.decode()
            assert "./run" in body.decode()

    run(story)


def test_a_built_page_is_served_and_its_hashed_files_may_be_kept(tmp_path, monkeypatch):
    from tongbao.terminal.screen import server

    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<title>till</title>")
    (dist / "assets" / "index-1.js").write_text("1")
    monkeypatch.setattr(server.ScreenServer.__init__, "__defaults__", (dist,))

    async def story():
        async with live_terminal(tmp_path) as live:
            status, headers, body = await fetch(live.addresses.screen, "/")
            assert (status, body, headers["cache-control"]) == (
                200,
                b"<title>till</title>",
                "no-store",
            )
            status, headers, _ = await fetch(live.addresses.screen, "/assets/index-1.js")
            assert status == 200
            assert "cache-control" not in headers

    run(story)


def test_names_and_origins_that_are_ours():
    assert allowed_hosts("127.0.0.1", 8601) == {
        "127.0.0.1:8601",
        "localhost:8601",
        "[::1]:8601",
    }
    assert allowed_hosts("192.0.2.7", 8601) == {"192.0.2.7:8601"}
    assert allowed_hosts("::1", 80) >= {"[::1]", "[::1]:80", "localhost"}
    hosts = allowed_hosts("127.0.0.1", 8601)
    assert origin_allowed("http://127.0.0.1:8601", hosts)
    assert not origin_allowed("http://127.0.0.1:8601/", hosts)
    assert not origin_allowed("http://user@127.0.0.1:8601", hosts)
    assert "connect-src 'self' ws://127.0.0.1:8601 ws://localhost:8601;" in (
        content_security_policy("", hosts)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"host_tls": True},
        {"tpdu": "60"},
        {"header": "603101310001"},
        {"capabilities": "5"},
        {"sale_limit_minor": 0},
        {"operators": {"1": "x"}},
        {"screen_port": 70_000},
        {"host_timeout_ms": 0},
        {"reversal_repeats": -1},
        {"retry_first_ms": 10, "retry_max_ms": 5},
        {"log_in_delay_first_ms": 10, "log_in_delay_max_ms": 5},
        {"reader_address": "192.0.2.7"},
        {"on_screen_pin": True, "screen_address": "0.0.0.0"},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused(changes):
    with pytest.raises(ValueError, match=r"must|needed|is two digits"):
        make_settings(**changes)
