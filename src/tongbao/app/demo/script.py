"""The scripted day: what is sold, what breaks on the way, and how each sale must end."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tongbao.app.demo.books import read_and_compare, read_host_rows
from tongbao.app.demo.cashier import Cashier, CashierError
from tongbao.app.demo.order import day_of, start_arguments
from tongbao.app.demo.second_terminal import SecondTerminal
from tongbao.app.demo.stage import FIRST_TERMINAL, SECOND_TERMINAL
from tongbao.app.setup import SANDBOX_OPERATORS
from tongbao.domain.ids import OperatorNo
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Pin
from tongbao.sandbox.cards import CARD_BY_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.app.demo.comparison import Comparison
    from tongbao.app.demo.stage import Stage

_OPERATOR: Final = "01"
_PASSWORD: Final = SANDBOX_OPERATORS[_OPERATOR]
_LOG_IN_TIMEOUT_S: Final = 20.0
_RESULT_TIMEOUT_S: Final = 30.0
_INTENT_TIMEOUT_S: Final = 10.0
_POLL_S: Final = 0.01
_AGREE_TIMEOUT_S: Final = 20.0
_AGREE_POLL_S: Final = 0.1
_LINK_DOWN: Final = "91"
_LINK_TRIES: Final = 20


class DemoFailedError(RuntimeError):
    """The day did not go as the script says; the text says where."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One sale of the day: its card, its amount and the ends that are right."""

    name: str
    card_id: str
    amount: Money
    ends: frozenset[str]
    code: str = ""
    """F39 that the slip must show; empty where the end says enough."""
    wrong_pin: bool = False
    kind: str = "sale"
    original: str = ""
    """The name of the scene whose payment this one names."""


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One line for the reader: how a sale ended at its terminal."""

    scene: str
    terminal_id: str
    clock: str
    trace: int
    amount: Money
    card_masked: str
    outcome: str
    zh: str
    en: str
    code: str
    auth_code: str
    rrn: str
    kind: str = "sale"
    day: str = ""
    """MMDD by the terminal's clock, as a slip shows it and a refund asks for it."""


def _cny(text: str) -> Money:
    return Money.parse(text, Currency.CNY)


_APPROVED: Final = frozenset({"approved"})
_DECLINED: Final = frozenset({"declined"})
_REVERSED: Final = frozenset({"reversed"})
GOOD: Final = Scene("good", "good", _cny("12.34"), _APPROVED)
WRONG_PIN: Final = Scene("wrong_pin", "good", _cny("20.00"), _DECLINED, "55", wrong_pin=True)
SECOND_TRY: Final = Scene("second_try", "good", _cny("20.00"), _APPROVED)
NO_FUNDS: Final = Scene("no_funds", "no_funds", _cny("88.00"), _DECLINED, "51")
SILENT: Final = Scene("silent", "silent", _cny("66.60"), _REVERSED)
HOST_KILLED: Final = Scene("host_killed", "late", _cny("99.99"), _REVERSED | _APPROVED)
AFTERWARDS: Final = Scene("afterwards", "second", _cny("5.00"), _APPROVED)
MISTAKE: Final = Scene("mistake", "second", _cny("30.00"), _APPROVED)
VOID: Final = Scene("void", "second", _cny("30.00"), _APPROVED, kind="void", original="mistake")
REFUND: Final = Scene("refund", "good", _cny("2.34"), _APPROVED, kind="refund", original="good")
HOLD: Final = Scene("hold", "good", _cny("100.00"), _APPROVED, kind="pre_authorisation")
COMPLETION: Final = Scene(
    "completion", "good", _cny("95.50"), _APPROVED, kind="completion", original="hold"
)
REPEATED: Final = Scene("repeated", "second", _cny("45.60"), _APPROVED)
EVENT_HOST_KILLED: Final = "host_killed"
EVENT_HOST_BACK: Final = "host_back"
EVENT_SIGNED_IN: Final = "signed_in"
EVENT_SAME_ANSWER: Final = "same_answer"
EVENT_SETTLED: Final = "settled"
_BALANCED: Final = "balanced"


class Day:
    """Plays the script on a stage; tells each slip and each event as it happens."""

    def __init__(
        self,
        stage: Stage,
        tell_slip: Callable[[SlipLine], None],
        tell_event: Callable[[str, str], None],
    ) -> None:
        self._stage = stage
        self._tell_slip = tell_slip
        self._tell_event = tell_event
        self._drawer = {card["id"]: card for card in self._fetch("/drawer")["cards"]}
        self._slips: dict[str, SlipLine] = {}

    def play(self) -> None:
        """Play the whole day; DemoFailedError or CashierError when it goes another way."""
        with Cashier(_screen_of(self._stage)) as cashier:
            self._open_till(cashier)
            for scene in (GOOD, WRONG_PIN, SECOND_TRY, NO_FUNDS, SILENT):
                self._sell(cashier, scene)
            self._sell(cashier, HOST_KILLED, meanwhile=self._kill_host)
            for scene in (AFTERWARDS, MISTAKE, VOID, REFUND, HOLD, COMPLETION):
                self._sell(cashier, scene)
            self._settle_batch(cashier)
        self._sell_twice(REPEATED)

    def settle(self) -> Comparison:
        """Read the books until they agree, at most 20 seconds; return the last comparison.

        A reversal may still be on its way when the last slip is printed.
        """
        deadline = time.monotonic() + _AGREE_TIMEOUT_S
        while True:
            stage = self._stage
            comparison = read_and_compare(
                stage.journals, stage.database_url, stage.sandbox.ready["http"]
            )
            if comparison.agrees or time.monotonic() > deadline:
                return comparison
            time.sleep(_AGREE_POLL_S)

    def _open_till(self, cashier: Cashier) -> None:
        """Switch on, wait for the self-check, log in; the terminal signs in by itself."""
        cashier.wait_for_phase("off")
        cashier.command("power_on")
        cashier.wait_for_phase("logged_out", timeout_s=_LOG_IN_TIMEOUT_S)
        cashier.command("log_in", operator=_OPERATOR, password=_PASSWORD)
        state = cashier.wait_for_phase("idle", timeout_s=_LOG_IN_TIMEOUT_S)
        if not state["signed_in"]:
            reason = state["sign_in_error"] or {"en": "no reason given"}
            raise DemoFailedError(f"the terminal did not sign in: {reason['en']}")
        self._tell_event(EVENT_SIGNED_IN, f"{state['batch_no']:06d}")

    def _sell(
        self, cashier: Cashier, scene: Scene, meanwhile: Callable[[int], None] | None = None
    ) -> None:
        """Make one sale; `meanwhile` gets the trace number once the sale is on its way."""
        line = self._try_to_sell(cashier, scene, meanwhile)
        tries = 1
        while line.code == _LINK_DOWN and tries < _LINK_TRIES:
            # The host's line to the issuer is not up yet, and the slip says "try again".
            time.sleep(_AGREE_POLL_S)
            line = self._try_to_sell(cashier, scene, meanwhile)
            tries += 1
        _check_end(scene, line)

    def _try_to_sell(
        self, cashier: Cashier, scene: Scene, meanwhile: Callable[[int], None] | None
    ) -> SlipLine:
        trace = int(cashier.state["next_trace"])
        cashier.command("start", **self._order(cashier, scene))
        state = cashier.wait_for_phase("card", "pin", "authorising", "result")
        if state["phase"] == "card":
            self._swipe(scene.card_id, state["sandbox"]["terminal_reader"])
            state = cashier.wait_for_phase("pin", "authorising", "result")
        if state["phase"] == "pin":
            cashier.command("enter_pin", pin=self._pin_of(scene))
        if meanwhile is not None:
            meanwhile(trace)
        state = cashier.wait_for_phase("result", timeout_s=_RESULT_TIMEOUT_S)
        line = self._slips[scene.name] = _slip_line(scene, state)
        self._tell_slip(line)
        cashier.command("dismiss")
        cashier.wait_until(
            lambda state: state["phase"] == "idle" and state["signed_in"],
            "the next sale",
            _LOG_IN_TIMEOUT_S,
        )
        return line

    def _order(self, cashier: Cashier, scene: Scene) -> dict[str, object]:
        """Return what the cashier gives: exactly what the terminal says that this kind needs."""
        original = self._slips[scene.original] if scene.original else None
        return start_arguments(cashier.state, scene.kind, scene.amount.minor, original)

    def _settle_batch(self, cashier: Cashier) -> None:
        """Compare the batch with the host and close it."""
        cashier.command("settle")
        state = cashier.wait_until(
            lambda state: (
                state["settlement"] is not None
                and state["settlement"]["stage"] in ("done", "stopped")
            ),
            "the end of the settlement",
            _RESULT_TIMEOUT_S,
        )
        settlement = state["settlement"]
        if settlement["stage"] != "done":
            raise DemoFailedError(f"the settlement stopped: {settlement['error']['en']}")
        words = (settlement["domestic"], settlement["foreign"])
        if words != (_BALANCED, _BALANCED):
            raise DemoFailedError(f"the settlement ended {words[0]} and {words[1]}")
        self._tell_event(EVENT_SETTLED, "")

    def _kill_host(self, trace: int) -> None:
        """End the host with SIGKILL between intent and answer, then start it again."""
        deadline = time.monotonic() + _INTENT_TIMEOUT_S
        while not self._intent_is_written(trace):
            if time.monotonic() > deadline:
                raise DemoFailedError("the host wrote no intent")
            time.sleep(_POLL_S)
        self._stage.host.kill()
        self._tell_event(EVENT_HOST_KILLED, f"{trace:06d}")
        self._stage.host.start()
        self._tell_event(EVENT_HOST_BACK, "")

    def _intent_is_written(self, trace: int) -> bool:
        return any(
            row[0].strip() == FIRST_TERMINAL and row[2] == trace
            for row in read_host_rows(self._stage.database_url)
        )

    def _sell_twice(self, scene: Scene) -> None:
        card = CARD_BY_ID[scene.card_id]
        with SecondTerminal(self._stage.second_terminal) as terminal:
            terminal.log_in(OperatorNo(_OPERATOR), Pin(_PASSWORD))
            sale = terminal.sell_twice(str(uuid.uuid4()), scene.amount, card.track2, card.pin)
        result = sale.result
        line = SlipLine(
            scene=scene.name,
            terminal_id=SECOND_TERMINAL,
            clock=f"{sale.at.local():%H:%M:%S}",
            trace=0 if result.trace is None else result.trace.value,
            amount=result.amount,
            card_masked=result.card_masked or "",
            outcome=result.outcome.value,
            zh=result.words.zh,
            en=result.words.en,
            code=result.words.code,
            auth_code=result.auth_code or "",
            rrn=result.rrn or "",
        )
        self._tell_slip(line)
        _check_end(scene, line)
        if not sale.same_answer:
            raise DemoFailedError("the repeated message got another answer")
        self._tell_event(EVENT_SAME_ANSWER, "")

    def _pin_of(self, scene: Scene) -> str:
        right = str(self._drawer[scene.card_id]["pin_hint"])
        return right if not scene.wrong_pin else right[::-1]

    def _swipe(self, card_id: str, reader: str) -> None:
        answer = self._fetch(f"/drawer/{card_id}/swipe", {"reader": reader})
        if not answer["ok"]:
            raise CashierError(f"the card was not taken: {answer['error']['en']}")

    def _fetch(self, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        """GET the path from the sandbox, or POST the body to it."""
        data = None if body is None else json.dumps(body).encode()
        address = f"http://{self._stage.sandbox.ready['http']}{path}"
        request = urllib.request.Request(
            address, data=data, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=_RESULT_TIMEOUT_S) as answer:  # noqa: S310 - as above
                document: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                document = json.load(error)
        return document


def _check_end(scene: Scene, line: SlipLine) -> None:
    if line.outcome not in scene.ends:
        expected = " or ".join(sorted(scene.ends))
        raise DemoFailedError(f"{scene.name} ended {line.outcome}, not {expected}")
    if scene.code and line.code != scene.code:
        raise DemoFailedError(f"{scene.name} was answered {line.code}, not {scene.code}")


def _screen_of(stage: Stage) -> str:
    return str(stage.terminal.ready["address"])


def _slip_line(scene: Scene, state: dict[str, Any]) -> SlipLine:
    result = state["result"]
    return SlipLine(
        scene=scene.name,
        terminal_id=state["terminal_id"],
        clock=state["clock"][11:19],
        trace=int(result["trace"]),
        amount=Money(result["amount_minor"], Currency.CNY),
        card_masked=result["card_masked"] or "",
        outcome=result["outcome"],
        zh=result["zh"],
        en=result["en"],
        code=result["code"],
        auth_code=result["auth_code"] or "",
        rrn=result["rrn"] or "",
        kind=scene.kind,
        day=day_of(state),
    )
