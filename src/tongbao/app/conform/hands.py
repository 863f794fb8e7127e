"""Whoever works the terminal that is graded: a program at our till, or a person at any other.

A case asks for deeds and for what the screen says in the three words of the trade.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from tongbao.app.conform.case import CaseFailedError, NotApplicableError, fail
from tongbao.app.demo.cashier import Cashier, CashierError
from tongbao.domain.secrets import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.app.conform.host_side import HostSide
    from tongbao.app.conform.plan import TestCard

APPROVED: Final = "approved"
DECLINED: Final = "declined"
REVERSED: Final = "reversed"
IN_DOUBT: Final = "in_doubt"
_LOOK_MS: Final = 50
_READER_S: Final = 5.0
_OPERATOR: Final = {"operator": "01", "password": "0000"}


class Hands(Protocol):
    """What a case wants done at the terminal."""

    def begin(self, host: HostSide) -> None:
        """Bring the terminal to its idle screen, logged in and signed in, nothing in doubt."""

    def sign_in(self) -> None:
        """Ask for new working keys; does not wait for them."""

    def start(self, kind: str, amount_minor: int = 0, **more: object) -> bool:
        """Choose a transaction and key what it asks for; False when the terminal refuses."""

    def present(self, card: TestCard) -> None:
        """Swipe the card and enter its PIN where the terminal asks for one."""

    def settle(self) -> bool:
        """Begin to close the batch; False when the terminal refuses."""

    def resolve_now(self) -> None:
        """Ask for what is in doubt to be cleared now."""

    def says(self, host: HostSide, *words: str, wait_ms: int) -> str:
        """Wait until the screen says one of the words and return it; fails when it does not."""


class TillHands:
    """Works a Tongbao terminal over its till's WebSocket and its virtual reader."""

    def __init__(self, cashier: Cashier, supervisor: tuple[str, str]) -> None:
        self._cashier = cashier
        self._supervisor = {"operator": supervisor[0], "password": supervisor[1]}

    def begin(self, host: HostSide) -> None:
        """Answer and press until the till is at rest."""
        host.mutes = False
        deadline = time.monotonic() + host.plan.patience_ms / 1000
        while time.monotonic() < deadline:
            if self._step_home():
                host.forget_waiting()
                return
            host.serve(_LOOK_MS)
            self._look()
        fail("a terminal that comes to rest", f"phase {self._state.get('phase')}")

    def sign_in(self) -> None:
        """Press sign-in."""
        self._cashier.command("sign_in")

    def start(self, kind: str, amount_minor: int = 0, **more: object) -> bool:
        """Start a transaction with everything its form asks for."""
        self._look()
        row = next((row for row in self._state.get("kinds", []) if row["kind"] == kind), None)
        if row is None or not row["allowed"]:
            raise NotApplicableError(f"the terminal does not offer {kind}")
        arguments: dict[str, object] = {"kind": kind, **more}
        if amount_minor:
            arguments["amount_minor"] = amount_minor
        if "supervisor" in row["needs"] and "supervisor" not in more:
            arguments["supervisor"] = self._supervisor
        try:
            self._cashier.command("start", **arguments)
        except CashierError:
            return False
        return True

    def present(self, card: TestCard) -> None:
        """Write the track to the reader and enter the PIN when the screen asks."""
        self._cashier.wait_until(
            lambda state: state["phase"] != "idle", "a transaction under way", _READER_S
        )
        if self._state["phase"] == "card":
            host, _, port = self._state["sandbox"]["terminal_reader"].rpartition(":")
            with socket.create_connection((host, int(port)), timeout=_READER_S) as reader:
                reader.sendall(f";{card.track2.reveal(Purpose.WIRE)}?\n".encode())
                reader.recv(64)
            self._cashier.wait_until(
                lambda state: state["phase"] != "card", "the card taken", _READER_S
            )
        if self._state["phase"] == "pin":
            self._cashier.command("enter_pin", pin=card.pin.reveal(Purpose.WIRE))

    def settle(self) -> bool:
        """Press settle."""
        try:
            self._cashier.command("settle", supervisor=self._supervisor)
        except CashierError:
            return False
        return True

    def resolve_now(self) -> None:
        """Press "send now"; it may be under way already."""
        with contextlib.suppress(CashierError):
            self._cashier.command("resolve_now")

    def says(self, host: HostSide, *words: str, wait_ms: int) -> str:
        """Watch the screen, while the host hears what comes."""
        return self._watch(host, lambda: self._word() in words, " or ".join(words), wait_ms)

    @property
    def _state(self) -> dict[str, Any]:
        return self._cashier.state

    def _watch(self, host: HostSide, holds: Callable[[], bool], what: str, wait_ms: int) -> str:
        deadline = time.monotonic() + wait_ms / 1000
        while time.monotonic() < deadline:
            self._look()
            if holds():
                return self._word()
            host.hear(_LOOK_MS)
        phase = self._state.get("phase")
        raise CaseFailedError(f"expected a screen that says {what}; came {self._word()} in {phase}")

    def _word(self) -> str:
        result, doubt = self._state.get("result"), self._state.get("doubt")
        if doubt is not None:
            return IN_DOUBT
        return str(result["outcome"]) if result is not None else ""

    def _look(self) -> None:
        """Take whatever the till has pushed since the last look."""
        with contextlib.suppress(CashierError):
            self._cashier.wait_until(lambda _state: False, "news", 0.01)

    def _step_home(self) -> bool:
        """Do the next thing on the way to rest; True when it is reached."""
        state = self._state
        phase = state.get("phase")
        with contextlib.suppress(CashierError):
            if phase == "off":
                self._cashier.command("power_on")
            elif phase == "logged_out":
                self._cashier.command("log_in", **_OPERATOR)
            elif phase == "result":
                self._cashier.command("dismiss")
            elif phase in {"card", "pin"}:
                self._cashier.command("cancel")
            elif phase == "settling":
                self._leave_settlement(state.get("settlement") or {})
            elif state.get("doubt") is not None:
                self._cashier.command("resolve_now")
            elif phase == "idle" and not state["signed_in"]:
                self._cashier.command("sign_in")
        at_rest = phase == "idle" and bool(state["signed_in"]) and state.get("doubt") is None
        return at_rest and not state.get("pending")

    def _leave_settlement(self, settlement: dict[str, Any]) -> None:
        """See its end, or have it go on where it stopped."""
        if settlement.get("stage") == "done":
            self._cashier.command("dismiss")
        elif settlement.get("error") is not None:
            self._cashier.command("settle", supervisor=self._supervisor)
