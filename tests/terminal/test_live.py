"""The whole terminal over real sockets: shell, journal, line, reader, printer and screens."""

import asyncio

from tests.terminal.live import live_terminal
from tests.terminal.rig import MASKED


def test_a_sale_from_the_power_button_to_the_slip(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await live.page()
            await page.get_ready()
            state = await page.phase("idle")
            assert (state["signed_in"], state["link"], state["batch_no"]) == (True, "up", 7)
            assert {check["result"] for check in state["self_check"]} == {"ok"}, state["self_check"]
            await live.sell(page)
            state = await page.until(lambda s: s["result"] and s["result"]["slip"])
            result = state["result"]
            assert (result["outcome"], result["code"], result["zh"]) == (
                "approved",
                "00",
                "交易成功",
            )
            assert (result["amount_minor"], result["card_masked"]) == (12_345, MASKED)
            assert result["slip"] == "/slips/000002.png"
            assert live.host.host.debits == 12_345
            assert live.host.host.pins == ["123456"]

    asyncio.run(story())
