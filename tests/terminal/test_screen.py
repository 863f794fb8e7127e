"""The screen server: what pages see, which commands count, who may connect."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.terminal.live import LiveTerminal, live_terminal
from tests.terminal.rig import MASKED, make_settings
from tongbao.terminal.journal import read_sales
from tongbao.terminal.screen.security import (
    allowed_hosts,
    content_security_policy,
    origin_allowed,
)

STATE_KEYS = {
    "phase",
    "terminal_id",
    "merchant_id",
    "merchant_name",
    "merchant_name_en",
    "operator",
    "link",
    "signed_in",
    "sign_in_error",
    "batch_no",
    "next_trace",
    "clock",
    "self_check",
    "amount_minor",
    "currency",
    "card",
    "deadline",
    "result",
    "doubt",
    "today",
    "recent",
    "sandbox",
    "sound",
}


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


def test_a_page_gets_the_whole_state_first_and_after_every_step(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await live.page()
            first = page.seq
            assert set(page.state) == STATE_KEYS
            assert page.state["phase"] == "off"
            assert page.state["merchant_name"] == "通宝便利店"
            assert page.state["sandbox"] == {
                "drawer_url": "http://127.0.0.1:8603",
                "terminal_reader": live.addresses.reader,
                "on_screen_pin": True,
            }
            assert page.state["clock"].endswith("+08:00")
            await page.do("power_on")
            await page.phase("logged_out")
            assert page.seq > first
            phases = [state["phase"] for state in page.states]
            assert phases == sorted(phases, key=["off", "self_check", "logged_out"].index)

    run(story)


def test_a_state_counts_from_a_higher_number_after_a_restart(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            last = page.seq
        async with live_terminal(tmp_path) as live:
            assert (await live.page()).seq > last

    run(story)


def test_two_pages_see_the_same_and_either_may_act(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            first = await ready(live)
            second = await live.page()
            await live.sell(second)
            result = (await first.phase("result"))["result"]
            assert result == (await second.phase("result"))["result"]
            await first.do("dismiss")
            await second.phase("idle")

    run(story)


def test_the_progress_of_a_sale_as_a_page_sees_it(tmp_path):
    async def story():
        async with live_terminal(tmp_path, host_timeout_ms=300, reversal_repeats=0) as live:
            live.host.silent = {"0200", "0400"}
            page = await ready(live)
            await live.sell(page)
            await page.until(lambda s: s["doubt"] and s["doubt"]["stage"] == "needs_person")
            by_phase = {state["phase"]: state for state in page.states}
            card, pin, waiting, reversing = (
                by_phase[name] for name in ("card", "pin", "authorising", "reversing")
            )
            assert (card["amount_minor"], card["card"]) == (12_345, None)
            assert card["deadline"]["kind"] == "card"
            assert card["deadline"]["total_ms"] == 60_000
            assert 50_000 < card["deadline"]["remaining_ms"] <= 60_000
            assert pin["card"] == {"masked": MASKED, "entry": "S"}
            assert pin["deadline"]["kind"] == "pin"
            assert waiting["deadline"]["kind"] == "host"
            assert 0 < waiting["deadline"]["remaining_ms"] <= 300
            assert (waiting["amount_minor"], waiting["card"]["masked"]) == (12_345, MASKED)
            assert reversing["amount_minor"] == 12_345
            sending = next(s for s in page.states if s["doubt"] and s["doubt"]["attempts"])
            assert sending["deadline"]["kind"] == "reversal"
            doubt = page.state["doubt"]
            assert doubt.pop("since").startswith("20")
            assert doubt == {
                "trace": 2,
                "amount_minor": 12_345,
                "card_masked": MASKED,
                "attempts": 1,
                "stage": "needs_person",
                "next_attempt_ms": None,
            }

    run(story)


def test_a_page_that_waits_for_the_next_try_is_told_how_long(tmp_path):
    async def story():
        async with live_terminal(
            tmp_path, host_timeout_ms=50, retry_first_ms=60_000, retry_max_ms=60_000
        ) as live:
            live.host.silent = {"0400", "0200"}
            page = await ready(live)
            await live.sell(page)
            state = await page.until(lambda s: s["doubt"] and s["doubt"]["stage"] == "waiting")
            assert 50_000 < state["doubt"]["next_attempt_ms"] <= 60_000
            live.host.silent = set()
            await page.do("resolve_now")
            await page.phase("result")

    run(story)


def test_sounds_play_once_and_not_on_a_page_that_has_just_been_opened(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            assert page.states[0]["sound"] is None
            power_on = next(s["sound"] for s in page.states if s["sound"])
            assert power_on["name"] == "power_on"
            late = await live.page()
            assert late.state["sound"] is None
            await live.sell(page)
            sound = (await late.until(lambda s: s["result"]))["sound"]
            assert sound["name"] == "approved"
            assert sound["id"] > power_on["id"]
            assert (await live.page()).state["sound"] is None

    run(story)


def test_a_command_that_comes_twice_is_done_once_and_answered_alike(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            other = await live.page()
            first = await page.tell("start_sale", amount_minor=500, id="same-command-id")
            assert first == {"type": "ack", "id": "same-command-id", "ok": True, "error": None}
            await page.phase("card")
            await page.do("cancel")
            await page.phase("idle")
            await other.phase("idle")
            for again in (page, other):
                ack = await again.tell("start_sale", amount_minor=500, id="same-command-id")
                assert ack == first
            assert page.state["phase"] == "idle"
            refused = await page.tell("start_sale", amount_minor=0, id="bad-command-id")
            assert refused == await other.tell("start_sale", amount_minor=500, id="bad-command-id")
            assert refused["error"]["code"] == "bad_amount"

    run(story)


def test_the_same_command_on_two_pages_at_once_is_done_once(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            first, second = await ready(live), await live.page()
            acks = await asyncio.gather(
                first.tell("start_sale", amount_minor=1, id="same-command-id"),
                second.tell("start_sale", amount_minor=1, id="same-command-id"),
            )
            assert acks[0] == acks[1]
            assert acks[0]["ok"]

    run(story)


def test_a_sale_of_an_earlier_run_is_not_done_again(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            await page.do("start_sale", amount_minor=500, id="sale-before-restart")
            await page.phase("card")
            await live.swipe()
            await page.phase("pin")
            await page.do("enter_pin", pin="123456")
            await page.phase("result")
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            ack = await page.tell("start_sale", amount_minor=500, id="sale-before-restart")
            assert ack["ok"]
            assert page.state["phase"] == "idle"
        assert len(read_sales(tmp_path / "terminal", "00000001")) == 1

    run(story)


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("start_sale", {"amount_minor": 0}, "bad_amount"),
        ("start_sale", {"amount_minor": -1}, "bad_amount"),
        ("start_sale", {"amount_minor": 1.5}, "bad_amount"),
        ("start_sale", {"amount_minor": "100"}, "bad_amount"),
        ("start_sale", {"amount_minor": True}, "bad_amount"),
        ("start_sale", {}, "bad_amount"),
        ("start_sale", {"amount_minor": 100_000_001}, "bad_amount"),
        ("start_sale", {"amount_minor": 10**15}, "bad_amount"),
        ("start_sale", {"amount_minor": 1, "seq": 1}, "stale"),
        ("start_sale", {"amount_minor": 1, "seq": 10**18}, "stale"),
        ("start_sale", {"amount_minor": 1, "seq": None}, "stale"),
        ("start_sale", {"amount_minor": 1, "seq": 1.5}, "stale"),
        ("start_sale", {"amount_minor": 1, "phase": "result"}, "stale"),
        ("start_sale", {"amount_minor": 1, "phase": None}, "stale"),
        ("enter_pin", {"pin": "1234"}, "wrong_phase"),
        ("enter_pin", {"pin": "12"}, "bad_pin"),
        ("enter_pin", {"pin": 123456}, "bad_pin"),
        ("enter_pin", {}, "bad_pin"),
        ("cancel", {}, "wrong_phase"),
        ("dismiss", {}, "wrong_phase"),
        ("resolve_now", {}, "wrong_phase"),
        ("power_on", {}, "wrong_phase"),
        ("log_in", {"operator": "01", "password": "0000"}, "wrong_phase"),
        ("log_in", {"operator": "1", "password": "0000"}, "wrong_password"),
        ("log_in", {"operator": 1, "password": "0000"}, "wrong_password"),
        ("log_in", {"operator": "01", "password": "ab"}, "wrong_password"),
        ("log_in", {}, "wrong_password"),
        ("refund", {}, "unknown_command"),
        (None, {}, "unknown_command"),
        (["start_sale"], {}, "unknown_command"),
    ],
)
def test_a_command_that_does_not_fit_is_refused_in_both_languages(
    tmp_path, command, arguments, code
):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            ack = await page.tell(command, **arguments)
            assert (ack["ok"], ack["error"]["code"]) == (False, code)
            assert ack["error"]["zh"]
            assert ack["error"]["en"]
            assert page.state["phase"] == "idle"

    run(story)


def test_a_tap_on_an_old_picture_does_not_count(tmp_path):
    """The page saw the result of one sale; the tap must not dismiss that of the next."""

    async def story():
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            await live.sell(page)
            old = (await page.until(lambda s: s["result"] and s["result"]["slip"])) and page.seq
            await page.do("dismiss")
            await page.phase("idle")
            await live.sell(page)
            await page.phase("result")
            ack = await page.tell("dismiss", seq=old)
            assert ack["error"]["code"] == "stale"
            assert page.state["phase"] == "result"

    run(story)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "hello",
        "[]",
        "null",
        "{}",
        '{"id": 5, "command": "power_on"}',
        '{"id": "short", "command": "power_on"}',
        '{"id": "<script>alert(1)</script>", "command": "power_on"}',
        "[" * 2_000,
        '{"id": "12345678", "command": "power_on", "x": "' + "x" * 3_000 + '"}',
    ],
    ids=[
        "empty",
        "text",
        "list",
        "null",
        "no-id",
        "number",
        "short",
        "script",
        "nested",
        "long",
    ],
)
def test_a_message_that_is_no_command_is_not_answered_and_harms_nothing(tmp_path, message):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await live.page()
            await page.socket.send(message)
            await page.do("power_on")
            await page.phase("logged_out")

    run(story)


@pytest.mark.parametrize("message", ["x" * 20_000, b"\x00\x01"], ids=["huge", "bytes"])
def test_a_page_that_sends_too_much_or_bytes_is_cut_off(tmp_path, message):
    async def story():
        async with live_terminal(tmp_path) as live:
            bad = await live.page()
            await bad.socket.send(message)
            await bad._reading
            page = await live.page()
            await page.do("power_on")
            await page.phase("logged_out")

    run(story)


def test_a_page_that_goes_away_does_not_take_its_command_back(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            other = await live.page()
            message = {
                "id": "left-behind",
                "command": "start_sale",
                "seq": page.seq,
                "phase": "idle",
                "amount_minor": 700,
            }
            await page.socket.send(json.dumps(message))
            await page.close()
            assert (await other.phase("card"))["amount_minor"] == 700
            ack = await other.tell("start_sale", amount_minor=700, id="left-behind")
            assert ack["ok"]

    run(story)


def test_a_pin_is_not_taken_from_a_page_outside_the_sandbox(tmp_path):
    async def story():
        async with live_terminal(tmp_path, on_screen_pin=False, drawer_url="") as live:
            page = await ready(live)
            assert page.state["sandbox"] is None
            await page.do("start_sale", amount_minor=1)
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
        {"sign_in_code": "006"},
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
