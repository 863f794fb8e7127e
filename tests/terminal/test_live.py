"""The whole terminal over real sockets: shell, journal, line, reader, printer and screens."""

import asyncio
import ssl

import pytest

from tests.terminal.live import LiveHost, live_terminal
from tests.terminal.rig import MASKED
from tongbao.app.certificates import ensure_certificates
from tongbao.domain.errors import Retry
from tongbao.terminal.core.records import PaymentClosed, PaymentIntended
from tongbao.terminal.core.vocabulary import Outcome
from tongbao.terminal.journal import Journal, JournalError, read_payments
from tongbao.terminal.link import make_tls


def run(story):
    async def limited():
        async with asyncio.timeout(60):
            await story()

    asyncio.run(limited())


def outcomes(folder):
    return [line.outcome for line in read_payments(folder / "terminal", "00000001")]


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
            assert state["today"] == {"count": 1, "amount_minor": 12_345}
            assert live.host.host.debits == 12_345
            assert live.host.host.pins == ["123456"]
        assert outcomes(tmp_path) == [Outcome.APPROVED]

    run(story)


def test_a_host_that_never_answers_a_sale_ends_in_a_reversal(tmp_path):
    async def story():
        async with live_terminal(tmp_path, host_timeout_ms=300) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")
            live.host.silent = {"0200"}
            await live.sell(page)
            state = await page.phase("result")
            assert state["result"]["outcome"] == "reversed"
            assert state["doubt"] is None
            assert live.host.host.debits == 0
            doubt = next(s["doubt"] for s in page.states if s["doubt"])
            assert (doubt["trace"], doubt["amount_minor"], doubt["card_masked"]) == (
                2,
                12_345,
                MASKED,
            )
        assert outcomes(tmp_path) == [Outcome.REVERSED]

    run(story)


def test_a_host_that_hangs_up_instead_of_answering_ends_in_a_reversal_at_once(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")
            live.host.reply = lambda _frame, _write: live.host.hang_up()
            await live.sell(page)
            await page.phase("reversing")
            live.host.reply = None
            await page.phase("result")
            assert page.state["result"]["outcome"] == "reversed"
            assert live.host.host.debits == 0

    run(story)


def test_tries_run_out_a_person_sends_it_now(tmp_path):
    async def story():
        async with live_terminal(tmp_path, host_timeout_ms=100, reversal_repeats=1) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")
            live.host.silent = {"0200", "0400"}
            await live.sell(page)
            state = await page.until(lambda s: s["doubt"] and s["doubt"]["stage"] == "needs_person")
            assert (state["phase"], state["doubt"]["attempts"]) == ("reversing", 2)
            await page.do("dismiss")
            await page.phase("idle")
            ack = await page.tell("start", kind="sale", amount_minor=1)
            assert ack["error"]["code"] == "doubt_open"
            live.host.silent = set()
            await page.until(lambda s: s["doubt"] is None or s["doubt"]["stage"] == "needs_person")
            if page.state["doubt"]:
                await page.do("resolve_now")
            await page.phase("result")
            assert page.state["result"]["outcome"] == "reversed"
            assert live.host.host.debits == 0

    run(story)


def test_a_sale_while_the_host_is_away_is_not_sent_and_not_in_doubt(tmp_path):
    async def story():
        host = LiveHost()
        await host.start()
        port = host.port
        async with live_terminal(tmp_path, host=host) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")
            await host.stop()
            await page.until(lambda s: s["link"] == "down")
            await live.sell(page)
            state = await page.phase("result")
            assert (state["result"]["outcome"], state["result"]["code"]) == (
                "cancelled",
                "not_sent",
            )
            assert state["doubt"] is None
            await host.start(port)
            await page.do("dismiss")
            await page.until(lambda s: s["link"] == "up")
            await live.sell(page)
            await page.phase("result")
            assert page.state["result"]["outcome"] == "approved"
        assert outcomes(tmp_path) == [Outcome.CANCELLED, Outcome.APPROVED]

    run(story)


def test_a_doubt_waits_for_the_host_to_come_back_and_closes_by_itself(tmp_path):
    async def story():
        host = LiveHost()
        await host.start()
        port = host.port
        async with live_terminal(tmp_path, host=host, reversal_repeats=0) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")

            def die(_frame, _write):
                host._server.close()
                host.hang_up()

            host.reply = die
            await live.sell(page)
            await page.until(lambda s: s["doubt"] and s["doubt"]["stage"] == "needs_person")
            host.reply = None
            await host.start(port)
            await page.phase("result")
            assert page.state["result"]["outcome"] == "reversed"
            assert host.host.debits == 0

    run(story)


def test_an_unreachable_host_is_named_and_the_operator_can_try_again(tmp_path):
    async def story():
        host = LiveHost()
        await host.start()
        port = host.port
        await host.stop()
        async with live_terminal(tmp_path, host=host) as live:
            page = await live.page()
            await page.get_ready()
            state = await page.until(lambda s: s["sign_in_error"])
            assert (state["phase"], state["link"]) == ("idle", "down")
            assert state["sign_in_error"]["code"] == "no_connection"
            network = next(c for c in state["self_check"] if c["part"] == "network")
            assert network == {
                "part": "network",
                "result": "fail",
                "detail": f"127.0.0.1:{port} refused",
            }
            await host.start(port)
            await page.do("sign_in")
            await page.until(lambda s: s["signed_in"])

    run(story)


@pytest.mark.parametrize("cut", ["bytes", "doubled", "with_stray"])
def test_answers_arrive_in_any_segmentation(tmp_path, cut):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")

            def reply(frame, write):
                if cut == "bytes":
                    for index in range(len(frame)):
                        write(frame[index : index + 1])
                elif cut == "doubled":
                    write(frame + frame)
                else:
                    stray = b"\x00\x0e" + b"\x60" * 14
                    write(stray + frame)

            live.host.reply = reply
            await live.sell(page)
            await page.phase("result")
            assert page.state["result"]["outcome"] == "approved"

    run(story)


@pytest.mark.parametrize("junk", [b"\xff\xff" * 40, b"\x00\x01\x00", b"HTTP/1.1 400\r\n\r\n"])
def test_a_stream_that_lost_its_step_is_closed_and_the_sale_reversed(tmp_path, junk):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")

            def reply(_frame, write):
                live.host.reply = None
                write(junk)

            live.host.reply = reply
            await live.sell(page)
            await page.phase("result")
            assert page.state["result"]["outcome"] == "reversed"
            assert live.host.host.debits == 0

    run(story)


def test_a_frame_that_breaks_off_is_not_an_answer(tmp_path):
    async def story():
        async with live_terminal(tmp_path, host_timeout_ms=300) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")

            def reply(frame, write):
                live.host.reply = None
                write(frame[:-1])

            live.host.reply = reply
            await live.sell(page)
            await page.phase("result")
            assert page.state["result"]["outcome"] == "reversed"

    run(story)


def test_a_card_is_taken_only_when_the_terminal_asks_for_one(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await live.page()
            refused = "refused: the terminal is not waiting for a card"
            assert await live.swipe() == refused
            await page.get_ready()
            await page.phase("idle")
            assert await live.swipe() == refused
            await page.do("start", kind="sale", amount_minor=1)
            await page.phase("card")
            assert await asyncio.gather(live.swipe(), live.swipe()) in (
                ["ok", refused],
                [refused, "ok"],
            )

    run(story)


class FullDisk(Journal):
    """Fails to flush the record of one kind, as a full or dying disk does."""

    kind = ""

    def append(self, record, at):
        if record.kind == self.kind:
            raise JournalError(Retry.NEVER, "the journal: SQLITE_FULL")
        super().append(record, at)


@pytest.mark.parametrize("kind", [PaymentIntended.kind, PaymentClosed.kind])
def test_a_record_that_cannot_be_flushed_ends_the_program_before_anything_is_said(tmp_path, kind):
    journal = type("Full", (FullDisk,), {"kind": kind})
    host = LiveHost()

    async def story():
        async with live_terminal(tmp_path, host=host, journal=journal.open) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")
            await page.do("start", kind="sale", amount_minor=12_345)
            await page.phase("card")
            await live.swipe()
            await page.phase("pin")
            await page.tell("enter_pin", pin="123456")
            await live.ended
        raise AssertionError("the terminal did not end")

    with pytest.raises(JournalError, match="SQLITE_FULL"):
        run(story)
    assert len(host.host.pins) == (0 if kind == PaymentIntended.kind else 1)
    assert outcomes(tmp_path) == ([] if kind == PaymentIntended.kind else [Outcome.IN_DOUBT])


def test_the_state_that_is_shown_is_always_behind_its_record(tmp_path):
    """A journal that takes long to flush delays what the page sees, never the other way round."""
    flushed = []

    class Slow(Journal):
        def append(self, record, at):
            super().append(record, at)
            flushed.append(record.kind)

    async def story():
        async with live_terminal(tmp_path, journal=Slow.open) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")
            assert "signed_in" in flushed
            await live.sell(page)
            await page.phase("result")
            assert "payment_closed" in flushed

    run(story)


def test_switching_off_and_on_again(tmp_path):
    async def story():
        async with live_terminal(tmp_path) as live:
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")
            await page.do("power_off")
            state = await page.phase("off")
            assert (state["operator"], state["signed_in"], state["link"]) == (None, False, "down")
            await page.get_ready()
            await page.phase("idle")
            assert page.state["signed_in"]

    run(story)


def test_tls_to_the_host_that_the_authority_vouches_for(tmp_path):
    ensure_certificates(tmp_path / "tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls" / "host.pem", tmp_path / "tls" / "host-key.pem")

    async def story():
        host = LiveHost()
        await host.start(tls=context)
        async with live_terminal(
            tmp_path, host=host, host_tls=True, host_ca_file=tmp_path / "tls" / "ca.pem"
        ) as live:
            page = await live.page()
            await page.get_ready()
            state = await page.phase("idle")
            network = next(c for c in state["self_check"] if c["part"] == "network")
            assert network["detail"] == f"127.0.0.1:{host.port} TLSv1.3"
            await live.sell(page)
            await page.phase("result")
            assert page.state["result"]["outcome"] == "approved"

    run(story)


@pytest.mark.parametrize("wrong", ["authority", "name", "plain"])
def test_another_host_is_not_talked_to(tmp_path, wrong):
    ensure_certificates(tmp_path / "tls")
    ensure_certificates(tmp_path / "other")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls" / "host.pem", tmp_path / "tls" / "host-key.pem")
    authority = tmp_path / ("other" if wrong == "authority" else "tls") / "ca.pem"

    async def story():
        host = LiveHost()
        await host.start(tls=None if wrong == "plain" else context)
        async with live_terminal(
            tmp_path,
            host=host,
            host_tls=True,
            host_ca_file=authority,
            host_name="acquirer.example" if wrong == "name" else "localhost",
            connect_timeout_ms=1_000,
        ) as live:
            page = await live.page()
            await page.get_ready()
            state = await page.until(lambda s: s["sign_in_error"])
            assert state["sign_in_error"]["code"] == "no_connection"
            assert host.host.seen == []
            if wrong != "plain":
                network = next(c for c in state["self_check"] if c["part"] == "network")
                assert network["detail"].endswith("certificate refused")

    run(story)


def test_without_tls_there_is_no_context_and_with_it_old_versions_are_refused(tmp_path):
    ensure_certificates(tmp_path)
    from tests.terminal.rig import make_settings

    assert make_tls(make_settings()) is None
    context = make_tls(make_settings(host_tls=True, host_ca_file=tmp_path / "ca.pem"))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
