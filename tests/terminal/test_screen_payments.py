"""Every kind of payment over the page's own protocol."""

import asyncio

import pytest

from tests.terminal.live import LiveTerminal, live_terminal
from tests.terminal.rig import MASKED, TRACK
from tongbao.domain.secrets import Purpose

SUPERVISOR = {"operator": "00", "password": "123456"}
PAN = TRACK.pan.reveal(Purpose.TEST)


def run(story):
    async def limited():
        async with asyncio.timeout(60):
            await story()

    asyncio.run(limited())


async def a_sale(live: LiveTerminal):
    page = await live.page()
    await page.get_ready()
    await page.phase("idle")
    await live.sell(page)
    await page.phase("result")
    await page.until(lambda state: state["result"]["slip"])
    await page.do("dismiss")
    await page.phase("idle")
    return page


def test_a_page_learns_what_each_kind_needs(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await live.page()
            kinds = {line["kind"]: line for line in page.state["kinds"]}
            assert kinds["sale"] == {
                "kind": "sale",
                "code": "01",
                "zh": "消费",
                "en": "Sale",
                "group": "sale",
                "needs": ["amount", "card", "pin"],
                "allowed": True,
            }
            assert kinds["void"]["needs"] == ["supervisor", "original_trace", "card"]
            assert kinds["refund"]["needs"] == [
                *("supervisor", "original_rrn", "original_date", "amount", "card")
            ]
            assert kinds["tip"]["needs"] == ["original_trace", "tip"]
            assert not kinds["chip_offline_sale"]["allowed"]
            assert page.state["kind"] is None

    run(story)


def test_a_void_goes_from_the_search_to_the_slip(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await a_sale(live)
            await page.do("find", trace=2)
            found = (await page.until(lambda state: state["found"]))["found"]
            payment = found["payment"]
            assert (found["trace"], found["batch"]) == (2, 7)
            assert (payment["kind"], payment["reversible"], payment["slip"]) == (
                "sale",
                True,
                "/slips/000002.png",
            )
            await page.do("start", kind="void", original={"trace": 2}, supervisor=SUPERVISOR)
            state = await page.phase("card")
            assert (state["kind"], state["amount_minor"], state["card_entry"]) == (
                "void",
                12_345,
                ["swipe"],
            )
            assert await live.swipe() == "ok"
            result = (await page.phase("result"))["result"]
            assert (result["kind"], result["outcome"], result["original_trace"]) == (
                "void",
                "approved",
                2,
            )
            await page.do("dismiss")
            state = await page.phase("idle")
            assert state["today"] == {"count": 0, "amount_minor": 0}
            assert state["totals"]["domestic"]["debit_count"] == 0
            assert [line["kind"] for line in state["recent"]] == ["void", "sale"]

    run(story)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "void", "original": {"trace": 2}}, "supervisor_needed"),
        (
            {
                "kind": "void",
                "original": {"trace": 2},
                "supervisor": {"operator": "00", "password": "0000"},
            },
            "wrong_password",
        ),
        (
            {"kind": "void", "original": {"trace": 2}, "supervisor": {"operator": "00"}},
            "wrong_password",
        ),
        ({"kind": "void", "original": {"trace": 2}, "supervisor": "00"}, "wrong_password"),
        ({"kind": "void", "original": {"trace": 0}, "supervisor": SUPERVISOR}, "no_such_payment"),
        ({"kind": "void", "original": {"trace": "2"}, "supervisor": SUPERVISOR}, "no_such_payment"),
        ({"kind": "void", "original": [2], "supervisor": SUPERVISOR}, "unknown_kind"),
        ({"kind": "refund", "original": {"rrn": 7}, "amount_minor": 1}, "bad_message"),
        ({"kind": 5, "amount_minor": 1}, "unknown_kind"),
        ({"kind": "tip", "original": {"trace": 2}, "tip_minor": 0}, "bad_amount"),
        ({"kind": "tip", "original": {"trace": 2}, "tip_minor": 9_999}, "tip_too_large"),
    ],
)
def test_a_start_that_makes_no_sense_is_refused_in_words(tmp_path, fields, code):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await a_sale(live)
            seen = len(live.host.host.seen)
            ack = await page.tell("start", **fields)
            assert (ack["ok"], ack["error"]["code"]) == (False, code)
            assert page.state["phase"] == "idle"
            assert len(live.host.host.seen) == seen

    run(story)


def test_a_card_is_keyed_where_the_sandbox_allows_it(tmp_path):
    async def story():
        async with live_terminal(tmp_path, on_screen_card_entry=True) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")
            await page.do("start", kind="sale", amount_minor=100)
            state = await page.phase("card")
            assert state["card_entry"] == ["swipe", "keyed"]
            for pan, expiry, code in (
                ("620000", "3012", "bad_card_number"),
                (PAN[:-1] + "0", "3012", "bad_card_number"),
                (PAN, "3013", "bad_expiry"),
                (PAN, None, "bad_expiry"),
                (PAN, "2001", "card_expired"),
                (None, "3012", "bad_card_number"),
            ):
                ack = await page.tell("enter_card", pan=pan, expiry=expiry)
                assert ack["error"]["code"] == code
            await page.do("enter_card", pan=PAN, expiry="3012")
            state = await page.phase("pin")
            assert state["card"] == {"masked": MASKED, "entry": "M"}
            assert state["pin_optional"]
            await page.do("skip_pin")
            await page.phase("result")
            assert page.state["result"]["outcome"] == "approved"
            assert all(PAN not in repr(state) for state in page.states)

    run(story)


def test_a_card_is_not_keyed_on_a_terminal_that_is_no_sandbox_for_it(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")
            await page.do("start", kind="sale", amount_minor=100)
            await page.phase("card")
            ack = await page.tell("enter_card", pan=PAN, expiry="3012")
            assert ack["error"]["code"] == "not_keyed"
            assert page.state["phase"] == "card"

    run(story)


def test_a_cancel_under_way_is_shown_as_a_request(tmp_path):
    async def story():
        async with live_terminal(tmp_path, host_timeout_ms=1_000) as live:
            live.host.silent = {"0200"}
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")
            await live.sell(page)
            await page.phase("authorising")
            await page.do("cancel")
            await page.until(lambda state: state["cancel_requested"])
            await page.phase("result")
            assert page.state["result"]["outcome"] == "reversed"

    run(story)


def test_papers_are_printed_again_and_totals_added_up(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await a_sale(live)
            await page.do("reprint", batch=7, trace=2)
            await page.do("print_totals")
            assert page.state["totals"] == {
                "batch_no": 7,
                "records": 1,
                "records_max": 500,
                "must_settle": False,
                "domestic": {
                    "debit_count": 1,
                    "debit_minor": 12_345,
                    "credit_count": 0,
                    "credit_minor": 0,
                },
                "foreign": {
                    "debit_count": 0,
                    "debit_minor": 0,
                    "credit_count": 0,
                    "credit_minor": 0,
                },
                "kinds": [{"kind": "sale", "count": 1, "amount_minor": 12_345}],
            }
            ack = await page.tell("reprint", batch=7, trace=77)
            assert ack["error"]["code"] == "no_such_payment"
            slips = tmp_path / "terminal" / "slips"
            await page.until(lambda _state: (slips / "totals-000007.escpos").exists())
            assert (slips / "000002-reprint.escpos").exists()

    run(story)
