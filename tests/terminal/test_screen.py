"""What the screens of a terminal see."""

import asyncio

from tests.terminal.live import LiveTerminal, live_terminal
from tests.terminal.rig import MASKED

STATE_KEYS = {
    "phase",
    "terminal_id",
    "merchant_id",
    "merchant_name",
    "merchant_name_en",
    "operator",
    "operator_name",
    "newcomer",
    "locked_for",
    "idle_lock_s",
    "gates",
    "boot",
    "operators",
    "operator_refusals",
    "training_allowed",
    "training_needs_supervisor",
    "language",
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
    "service",
    "sound",
    "kinds",
    "kind",
    "card_entry",
    "pin_optional",
    "cancel_requested",
    "totals",
    "found",
    "pending",
    "settlement",
    "loading",
    "last_loaded",
    "training",
    "role",
    "self_test",
    "locked",
    "platform_message",
}


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
                "on_screen_card_entry": False,
                "has_sample_operators": True,
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
                "kind": "sale",
                "resolution": "reverse",
                "batch": 7,
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
