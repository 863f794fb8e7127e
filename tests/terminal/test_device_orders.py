"""Orders and settings that wait: put off while somebody pays, done when the till is free."""

import asyncio
import contextlib
from dataclasses import replace

from websockets.exceptions import WebSocketException

from tests.terminal.live import clock
from tests.terminal.test_device import answer_self_test, run
from tongbao.wire.device.health import Act, ActKind, ActOutcome, TestOccasion
from tongbao.wire.device.settings import Language, ReportOutcome, TrainingSettings

TEST = Act(act_id="t1", kind=ActKind.SELF_TEST, body={})
SUPERVISOR = {"operator": "00", "password": "123456"}


async def after_restart(device, page, **wanted):
    """Leave a page and open another until the terminal is up again as wanted."""
    for _ in range(100):
        with contextlib.suppress(WebSocketException, OSError):
            await page.close()
        page = await device.page("logged_out")
        if all(page.state[name] == value for name, value in wanted.items()):
            return page
        await asyncio.sleep(0.1)
    raise AssertionError(f"the terminal does not come up with {wanted}")


def test_what_is_put_off_is_done_when_ordered_again_and_a_restart_waits_for_its_time(
    tmp_path,
):
    async def story(device):
        page = await device.activate()
        await page.get_ready()
        await page.phase("idle")
        await page.do("start", kind="sale", amount_minor=100)
        await page.phase("card")
        gateway = device.gateway
        gateway.acts = [TEST]
        await device.hears(lambda g: "t1" in g.results)
        told = gateway.results["t1"]
        assert (told.outcome, told.detail) == (ActOutcome.REFUSED, "the terminal is in use")
        await page.do("cancel")
        gateway.acts = [TEST]
        await answer_self_test(page)
        await device.hears(lambda g: len(g.self_tests) == 2)
        assert gateway.results["t1"].outcome is ActOutcome.DONE
        test = gateway.self_tests[1]
        assert (test.occasion, test.act_id) == (TestOccasion.ASKED, "t1")
        await page.do("self_test_close")

        gateway.document = replace(
            gateway.document,
            version=2,
            merchant=replace(gateway.document.merchant, merchant_id="100000000000009"),
            quiet_hour=(clock().local().hour + 12) % 24,
        )
        await device.hears(lambda g: g.reports[-1].report.version == 2)
        report = gateway.reports[-1].report
        assert (report.outcome, report.detail[:24]) == (
            ReportOutcome.DEFERRED,
            "it restarts the terminal",
        )
        assert page.state["merchant_id"] == "100000000000001"
        await page.do("log_out")
        await device.hears(lambda g: g.reports[-1].report.outcome is ReportOutcome.APPLIED)
        page = await after_restart(device, page, merchant_id="100000000000009")

        gateway.document = replace(gateway.document, version=3, language=Language.ENGLISH)
        gateway.acts = [Act(act_id="p1", kind=ActKind.PARAMETER_PUSH, body={})]
        await page.until(lambda s: s["language"] == "en")
        await device.hears(lambda g: "p1" in g.results)
        gateway.acts = [Act(act_id="r1", kind=ActKind.RESTART, body={})]
        await device.hears(lambda g: "r1" in g.results)
        assert gateway.results["r1"].outcome is ActOutcome.DONE
        await device.hears(lambda g: g.heartbeats[-1].applied_version == 3)
        page = await after_restart(device, page, language="en", operator=None)
        await page.close()

    run(story, tmp_path)


def test_training_that_is_switched_off_is_left_and_refused_settings_are_told_once(tmp_path):
    async def story(device):
        page = await device.activate()
        await page.get_ready()
        await page.phase("idle")
        await page.tell("authorise", what="training", supervisor=SUPERVISOR)
        gateway = device.gateway
        await device.hears(lambda g: g.heartbeats[-1].is_training)
        gateway.document = replace(
            gateway.document,
            version=2,
            training=TrainingSettings(is_allowed=False, needs_supervisor=True),
        )
        await device.hears(lambda g: g.heartbeats[-1].applied_version == 2)
        assert not gateway.heartbeats[-1].is_training
        page = await after_restart(device, page, training=False, training_allowed=False)
        await page.do("log_in", operator="00", password="123456")
        await page.phase("idle")
        refused = await page.tell("authorise", what="training")
        assert refused["error"]["code"] == "training_off"

        other = replace(gateway.document.host, profile="nobody")
        gateway.document = replace(gateway.document, version=3, host=other)
        await device.hears(lambda g: g.reports[-1].report.version == 3)
        beats = len(gateway.heartbeats)
        await device.hears(lambda g: len(g.heartbeats) >= beats + 2)
        told = [one.report for one in gateway.reports if one.report.version == 3]
        assert [(one.outcome, one.detail) for one in told] == [
            (ReportOutcome.REFUSED, "host.profile")
        ]
        await page.close()

    run(story, tmp_path)
