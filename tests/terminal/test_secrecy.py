"""Canaries: no PIN, track, card number or key is in anything that a terminal leaves or says."""

import asyncio
import hashlib
import json
import logging
import traceback

import pytest
import structlog

from tests.e2e.leak_scanner import LeakScanner, Secret
from tests.terminal.fake_host import MAK, MASTER, PIK, TMK, LiveKeys
from tests.terminal.live import LiveHost, live_terminal
from tongbao.domain.errors import Retry
from tongbao.domain.ids import OperatorNo, TerminalId
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Pin, Purpose, Track2
from tongbao.terminal.core import events as ev
from tongbao.terminal.journal import Journal, JournalError

PAN = "6200007391826450179"
DISCRETIONARY = "48261937"
TRACK = Track2(f"{PAN}=30122019{DISCRETIONARY}")
PIN = "739105824617"
WRONG_PIN = "860417529338"
OPERATOR_PIN = "481516234207"
SUPERVISOR_PIN = "604739158273"
BALANCE = "371940582613"


def hashed(password):
    digest = hashlib.scrypt(password.encode(), salt=b"\0", n=2, r=8, p=1, dklen=32)
    return "scrypt$2$8$1$00$" + digest.hex()


HASHED = hashed(OPERATOR_PIN)


def canaries(host: LiveHost) -> LeakScanner:
    blocks = [
        message.secret_bytes(52).reveal(Purpose.TEST)
        for message in host.host.seen
        if 52 in message.fields
    ]
    assert blocks
    keys = host.host.keys
    return LeakScanner(
        [
            Secret("card number", PAN),
            Secret("track", TRACK.reveal(Purpose.TEST)),
            Secret("track, as sent", TRACK.reveal(Purpose.TEST).replace("=", "D")),
            Secret("issuer's data", DISCRETIONARY),
            Secret("PIN", PIN),
            Secret("PIN refused", WRONG_PIN),
            Secret("operator's PIN", OPERATOR_PIN),
            Secret("supervisor's password", SUPERVISOR_PIN),
            Secret("balance", BALANCE),
            Secret("TMK", TMK.reveal(Purpose.TEST)),
            Secret("master key", MASTER.reveal(Purpose.TEST)),
            Secret("PIK", LiveKeys(keys).clear(PIK)),
            Secret("MAK", LiveKeys(keys).clear(MAK)),
            *(Secret("PIN block", block) for block in blocks),
        ]
    )


class LoudLog(logging.Handler):
    """Everything any library writes at any level, with tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "websockets.client":
            return  # the page in this test, not the terminal
        self.lines.append(logging.Formatter("%(name)s %(message)s").format(record))


@pytest.fixture
def loud_log():
    handler = LoudLog()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=lambda *_args: _ListLogger(handler.lines),
        cache_logger_on_first_use=False,
    )
    yield handler.lines
    structlog.reset_defaults()
    root.removeHandler(handler)
    root.setLevel(level)


class _ListLogger:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def msg(self, message: str) -> None:
        self.lines.append(message)

    debug = info = warning = error = critical = exception = msg


class FailsAtTheEnd(Journal):
    fail = False

    def append(self, record, at):
        if self.fail:
            raise JournalError(Retry.NEVER, "the journal: SQLITE_FULL")
        super().append(record, at)


class Day:
    """Everything that brings a secret into the terminal, and all that it says about it."""

    def __init__(self, live, said):
        self.live = live
        self.said = said

    async def play(self):
        self.page = await self.live.page()
        await self.get_in()
        for code, silent in (("00", set()), ("55", set()), ("00", {"0200"})):
            self.live.host.host.codes = [code] if not silent else []
            self.live.host.silent = silent
            await self.swipe()
            await self.tell("enter_pin", pin=PIN + "9")
            await self.tell("enter_pin", pin=PIN)
            await self.page.until(lambda s: s["result"])
            await self.page.do("dismiss")
            await self.page.phase("idle")
        self.said.extend(json.dumps(state, ensure_ascii=False) for state in self.page.states)
        await self.every_other_way()
        # The worst moment: the disk refuses while PIN and track are in memory.
        await self.swipe()
        self.live.journal.fail = True
        await self.tell("enter_pin", pin=PIN)
        await self.live.ended

    async def every_other_way(self):
        """A refund that is approved, keyed and repeated, a void that nobody answers, a balance."""
        self.live.host.host.balances = f"1002156C{BALANCE}"
        rrn = {"rrn": "112000000077", "date": "1120"}
        for command in (
            {"kind": "refund", "amount_minor": 500, "original": rrn},
            {"kind": "void", "original": {"trace": 2}},
            {"kind": "balance"},
        ):
            wrong = {"operator": "00", "password": WRONG_PIN}
            await self.tell("start", **command, supervisor=wrong)
            if self.page.state["phase"] == "idle":
                right = {"operator": "00", "password": SUPERVISOR_PIN}
                await self.tell("start", **command, supervisor=right)
            self.live.host.silent = {"refund": {"0220"}, "void": {"0200"}}.get(
                command["kind"], set()
            )
            await self.tell("enter_card", pan=PAN, expiry="30")
            await self.tell("enter_card", pan=PAN, expiry="3012")
            if self.page.state["phase"] == "pin":
                await self.tell("enter_pin", pin=PIN)
            await self.page.phase("authorising", "reversing", "result")
            await self.page.until(lambda s: s["phase"] != "authorising")
            self.live.host.silent = set()
            await self.page.phase("result")
            await self.page.do("dismiss")
            await self.page.phase("idle")
        balances = {
            state["result"]["available_minor"] for state in self.page.states if state["result"]
        }
        assert int(BALANCE) in balances
        # The cardholder asked to see it; nothing else may hold it.
        self.said.extend(json.dumps({**state, "result": None}) for state in self.page.states)

    async def tell(self, command, **arguments):
        self.said.append(json.dumps(await self.page.tell(command, **arguments)))

    async def get_in(self):
        await self.page.do("power_on")
        await self.page.phase("logged_out")
        await self.tell("log_in", operator="01", password=WRONG_PIN)
        await self.tell("log_in", operator="01", password=OPERATOR_PIN + "x")
        await self.tell("enter_pin", pin=PIN)
        self.said.append(await self.live.swipe(TRACK))
        while self.page.state["phase"] == "logged_out":
            await self.tell("log_in", operator="01", password=OPERATOR_PIN)
            await self.page.phase("idle", "logged_out", "signing_in")
        await self.page.phase("idle")

    async def swipe(self):
        await self.page.do("start", kind="sale", amount_minor=12_345)
        await self.page.phase("card")
        self.said.append(await self.live.swipe(TRACK))
        await self.page.phase("pin")


def test_nothing_that_a_terminal_leaves_or_says_holds_a_canary(tmp_path, loud_log):
    said: list[str] = []
    host = LiveHost()

    async def story():
        async with live_terminal(
            tmp_path,
            host=host,
            journal=FailsAtTheEnd.open,
            operators={"00": hashed(SUPERVISOR_PIN), "01": HASHED},
            on_screen_card_entry=True,
            host_timeout_ms=300,
            log_in_delay_first_ms=1,
            log_in_delay_max_ms=1,
        ) as live:
            await Day(live, said).play()

    with pytest.raises(JournalError) as caught:
        asyncio.run(story())
    said.append("".join(traceback.format_exception(caught.value)))
    scanner = canaries(host)
    findings = scanner.scan_folder(tmp_path / "terminal")
    findings += scanner.scan("log", "\n".join(loud_log).encode())
    findings += scanner.scan("said", "\n".join(said).encode())
    assert findings == []
    assert any("step" in line for line in loud_log)
    assert "620000*********0179" in "\n".join(said)


def test_the_scan_would_find_what_it_looks_for(tmp_path):
    """A planted leak of each kind is found, so that no finding means no leak."""
    scanner = LeakScanner([Secret("card number", PAN), Secret("PIN", PIN)])
    (tmp_path / "leak").write_text(f"pin={PIN}")
    (tmp_path / "packed").write_bytes(bytes.fromhex("0" + PAN))
    assert {finding.secret for finding in scanner.scan_folder(tmp_path)} >= {"card number", "PIN"}


@pytest.mark.parametrize(
    "event",
    [
        ev.LogIn(OperatorNo("01"), Pin(OPERATOR_PIN)),
        ev.PinEntered(Pin(PIN)),
        ev.CardSwiped(TRACK),
        ev.CardEntered(TRACK.pan, "3012"),
        ev.FrameReceived(PAN.encode() + PIN.encode()),
        ev.Start(
            "c-1",
            "sale",
            Money(1, Currency.CNY),
            approval=ev.Approval(OperatorNo("00"), Pin(OPERATOR_PIN)),
        ),
    ],
    ids=lambda event: type(event).__name__,
)
def test_events_print_nothing_of_what_they_carry(event):
    text = repr(event)
    for secret in (OPERATOR_PIN, PIN, PAN, DISCRETIONARY):
        assert secret not in text


def test_a_send_prints_nothing_of_its_message():
    from tongbao.terminal.core.effects import Send

    assert repr(Send(PAN.encode(), 7)) == "Send(ticket=7)"


def test_settings_do_not_print_the_hashes_of_pins():
    from tests.terminal.rig import make_settings

    settings = make_settings(terminal_id=TerminalId("00000001"), operators={"01": HASHED})
    assert HASHED not in repr(settings)
