"""Power cuts at every point that matters: the next start knows what to do and does it first."""

import asyncio
import json
import signal
import sys

import pytest

from tests.terminal.live import LIMIT_S, LiveHost, LiveTerminal, Page, live_settings, live_terminal
from tongbao.terminal.core.vocabulary import Outcome
from tongbao.terminal.journal import read_payments
from tongbao.terminal.process import TerminalAddresses


async def run_until_killed(folder, host: LiveHost, point: str, act) -> str:
    """Run a terminal process and act on it until it kills itself; return what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.terminal.killed_terminal"),
        *(str(folder), str(host.port), point),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            line = await process.stdout.readline()
        live = LiveTerminal(live_settings(folder))
        live.addresses = TerminalAddresses(*json.loads(line))
        acting = asyncio.create_task(act(live))
        async with asyncio.timeout(LIMIT_S):
            _, errors = await process.communicate()
        acting.cancel()
        await asyncio.gather(acting, return_exceptions=True)
        for page in live.pages:
            await page.close()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == -signal.SIGKILL, errors.decode()
    return errors.decode()


async def one_sale(live: LiveTerminal) -> None:
    page = await live.page()
    await page.get_ready()
    await page.phase("idle")
    await live.sell(page)
    # The plug is pulled before this ends.
    await page.until(lambda _state: False)


async def finish(page: Page) -> None:
    """Do what an operator does after a power cut, until the till is ready for a sale."""
    await page.get_ready()
    await page.phase("idle", "result")
    if page.state["phase"] == "result":
        await page.do("dismiss")
        await page.phase("idle")


# point, whether the host keeps silent on the sale, and what the next start must find.
APPROVED, DOUBT, NOTHING, REVERSED = "approved", "doubt", "nothing", "reversed"
POINTS = [
    ("before:sign_in_started", False, NOTHING),
    ("after:sign_in_started", False, NOTHING),
    ("sent:0800", False, NOTHING),
    ("before:signed_in", False, NOTHING),
    ("after:signed_in", False, NOTHING),
    ("before:payment_intended", False, NOTHING),
    ("after:payment_intended", False, DOUBT),
    ("sent:0200", False, DOUBT),
    ("before:payment_closed", False, DOUBT),
    ("after:payment_closed", False, APPROVED),
    ("before:slip_done", False, APPROVED),
    ("after:slip_done", False, APPROVED),
    ("before:doubt_opened", True, DOUBT),
    ("after:doubt_opened", True, DOUBT),
    ("before:reversal_sent", True, DOUBT),
    ("after:reversal_sent", True, DOUBT),
    ("sent:0400", True, DOUBT),
    ("before:reversal_closed", True, DOUBT),
    ("after:reversal_closed", True, REVERSED),
]


@pytest.mark.parametrize(("point", "silent", "found"), POINTS, ids=[p[0] for p in POINTS])
def test_a_power_cut_loses_no_fen_and_no_number(tmp_path, point, silent, found):
    async def story():
        host = LiveHost()
        await host.start()
        host.silent = {"0200"} if silent else set()
        await run_until_killed(tmp_path, host, point, one_sale)
        host.silent = set()
        before = len(host.host.seen)
        async with live_terminal(tmp_path, host=host) as live:
            page = await live.page()
            state = page.state
            assert (state["doubt"] is not None) == (found == DOUBT)
            assert not state["signed_in"]
            assert state["today"]["count"] == (1 if found == APPROVED else 0)
            await finish(page)
            after = [message.mti for message in host.host.seen[before:]]
            assert after == (["0800", "0400"] if found == DOUBT else ["0800"])
            # Nothing stands in the way of the next sale.
            await live.sell(page, 100)
            await page.phase("result")
            assert page.state["result"]["outcome"] == "approved"
            if found == APPROVED:
                await page.until(lambda s: all(line["slip"] for line in s["recent"]))
        sales = read_payments(tmp_path / "terminal", "00000001")
        outcomes = {NOTHING: [], APPROVED: [Outcome.APPROVED]}
        assert [line.outcome for line in sales] == [
            *outcomes.get(found, [Outcome.REVERSED]),
            Outcome.APPROVED,
        ]
        approved = sum(s.intent.amount_minor for s in sales if s.outcome is Outcome.APPROVED)
        assert host.host.debits == approved
        traces = [m.text(11) for m in host.host.seen if m.mti in {"0200", "0800"}]
        assert len(set(traces)) == len(traces)

    asyncio.run(story())


def test_three_power_cuts_in_a_row_while_reversing(tmp_path):
    async def story():
        host = LiveHost()
        await host.start()
        host.silent = {"0200"}
        await run_until_killed(tmp_path, host, "sent:0400", one_sale)

        async def start_again(live):
            page = await live.page()
            await page.get_ready()
            await page.until(lambda _state: False)

        await run_until_killed(tmp_path, host, "before:signed_in", start_again)
        await run_until_killed(tmp_path, host, "sent:0400", start_again)
        async with live_terminal(tmp_path, host=host) as live:
            page = await live.page()
            assert page.state["doubt"]["attempts"] == 2
            await finish(page)
            assert page.state["doubt"] is None
        assert host.host.debits == 0
        (line,) = read_payments(tmp_path / "terminal", "00000001")
        assert (line.outcome, line.attempts) == (Outcome.REVERSED, 3)

    asyncio.run(story())


REFUND = {
    "kind": "refund",
    "amount_minor": 5_000,
    "original": {"rrn": "112000000077", "date": "1120"},
    "supervisor": {"operator": "00", "password": "123456"},
}


async def one_refund(live: LiveTerminal) -> None:
    page = await live.page()
    await page.get_ready()
    await page.phase("idle")
    await page.do("start", **REFUND)
    await page.phase("card")
    assert await live.swipe() == "ok"
    await page.until(lambda _state: False)


@pytest.mark.parametrize(
    ("point", "silent", "found"),
    [
        ("before:supervisor_approved", False, NOTHING),
        ("after:supervisor_approved", False, NOTHING),
        ("sent:0220", False, DOUBT),
        ("before:payment_closed", False, DOUBT),
        ("after:payment_closed", False, APPROVED),
        ("before:repeat_sent", True, DOUBT),
        ("after:repeat_sent", True, DOUBT),
        ("before:repeat_failed", True, DOUBT),
        ("after:repeat_failed", True, DOUBT),
    ],
)
def test_a_power_cut_gives_a_refund_back_once_or_not_at_all(tmp_path, point, silent, found):
    async def story():
        host = LiveHost()
        await host.start()
        host.silent = {"0220"} if silent else set()
        await run_until_killed(tmp_path, host, point, one_refund)
        host.silent = set()
        before = len(host.host.seen)
        async with live_terminal(tmp_path, host=host) as live:
            page = await live.page()
            assert (page.state["doubt"] is not None) == (found == DOUBT)
            if found == DOUBT:
                assert page.state["doubt"]["resolution"] == "repeat"
            await finish(page)
            after = [message.mti for message in host.host.seen[before:]]
            assert after == (["0800", "0220"] if found == DOUBT else ["0800"])
            await live.sell(page, 100)
            await page.phase("result")
        payments = read_payments(tmp_path / "terminal", "00000001")
        assert all(line.outcome is Outcome.APPROVED for line in payments)
        assert len(payments) == (1 if found == NOTHING else 2)
        assert host.host.debits == 100 - (0 if found == NOTHING else 5_000)

    asyncio.run(story())
