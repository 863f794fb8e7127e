"""Which commands of a page count, and how they are answered."""

import asyncio
import json

import pytest

from tests.terminal.live import LiveTerminal, live_terminal
from tongbao.terminal.journal import read_payments


def run(story):
    async def limited():
        async with asyncio.timeout(60):
            await story()

    asyncio.run(limited())


async def ready(live: LiveTerminal):
    page = await live.page()
    await page.get_ready()
    await page.phase("idle")
    return page


def test_a_command_that_comes_twice_is_done_once_and_answered_alike(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            other = await live.page()
            first = await page.tell("start", kind="sale", amount_minor=500, id="same-command-id")
            assert first == {"type": "ack", "id": "same-command-id", "ok": True, "error": None}
            await page.phase("card")
            await page.do("cancel")
            await page.phase("idle")
            await other.phase("idle")
            for again in (page, other):
                ack = await again.tell("start", kind="sale", amount_minor=500, id="same-command-id")
                assert ack == first
            assert page.state["phase"] == "idle"
            refused = await page.tell("start", kind="sale", amount_minor=0, id="bad-command-id")
            assert refused == await other.tell(
                "start", kind="sale", amount_minor=500, id="bad-command-id"
            )
            assert refused["error"]["code"] == "bad_amount"

    run(story)


def test_the_same_command_on_two_pages_at_once_is_done_once(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            first, second = await ready(live), await live.page()
            acks = await asyncio.gather(
                first.tell("start", kind="sale", amount_minor=1, id="same-command-id"),
                second.tell("start", kind="sale", amount_minor=1, id="same-command-id"),
            )
            assert acks[0] == acks[1]
            assert acks[0]["ok"]

    run(story)


def test_a_sale_of_an_earlier_run_is_not_done_again(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            await page.do("start", kind="sale", amount_minor=500, id="sale-before-restart")
            await page.phase("card")
            await live.swipe()
            await page.phase("pin")
            await page.do("enter_pin", pin="123456")
            await page.phase("result")
        async with live_terminal(tmp_path) as live:
            page = await ready(live)
            ack = await page.tell("start", kind="sale", amount_minor=500, id="sale-before-restart")
            assert ack["ok"]
            assert page.state["phase"] == "idle"
        assert len(read_payments(tmp_path / "terminal", "00000001")) == 1

    run(story)


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("start", {"kind": "sale", "amount_minor": 0}, "bad_amount"),
        ("start", {"kind": "sale", "amount_minor": -1}, "bad_amount"),
        ("start", {"kind": "sale", "amount_minor": 1.5}, "bad_amount"),
        ("start", {"kind": "sale", "amount_minor": "100"}, "bad_amount"),
        ("start", {"kind": "sale", "amount_minor": True}, "bad_amount"),
        ("start", {"kind": "sale"}, "bad_amount"),
        ("start", {"kind": "sale", "amount_minor": 100_000_001}, "bad_amount"),
        ("start", {"kind": "sale", "amount_minor": 10**15}, "bad_amount"),
        ("start", {"kind": "sale", "amount_minor": 1, "seq": 1}, "stale"),
        ("start", {"kind": "sale", "amount_minor": 1, "seq": 10**18}, "stale"),
        ("start", {"kind": "sale", "amount_minor": 1, "seq": None}, "stale"),
        ("start", {"kind": "sale", "amount_minor": 1, "seq": 1.5}, "stale"),
        ("start", {"kind": "sale", "amount_minor": 1, "phase": "result"}, "stale"),
        ("start", {"kind": "sale", "amount_minor": 1, "phase": None}, "stale"),
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
        (["start"], {}, "unknown_command"),
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
        '{"id": "12345678", "command": "power_on", "x": "' + "x" * 33_000 + '"}',
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


@pytest.mark.parametrize("message", ["x" * 140_000, b"\x00\x01"], ids=["huge", "bytes"])
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
                "command": "start",
                "seq": page.seq,
                "phase": "idle",
                "kind": "sale",
                "amount_minor": 700,
            }
            await page.socket.send(json.dumps(message))
            await page.close()
            assert (await other.phase("card"))["amount_minor"] == 700
            ack = await other.tell("start", kind="sale", amount_minor=700, id="left-behind")
            assert ack["ok"]

    run(story)
