"""Hands of a person: the kit says what to do at a terminal it cannot reach into, and asks."""

from __future__ import annotations

import queue
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from tongbao.app.conform.case import CaseFailedError, NotApplicableError

if TYPE_CHECKING:
    from tongbao.app.conform.host_side import HostSide
    from tongbao.app.conform.plan import TestCard

_LOOK_MS: Final = 50
_ANSWERS: Final = {
    "a": "approved",
    "d": "declined",
    "r": "reversed",
    "q": "in_doubt",
    "o": "something else",
}
_QUESTION: Final = (
    "screen says 屏幕显示: a approved 成功, d declined 失败, r reversed 已冲正, "
    "q being checked 查询中, o other 其他"
)
_PATIENCE_S: Final = 600.0


class PersonHands:
    """Asks a person at the keyboard; the host goes on listening meanwhile."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def begin(self, host: HostSide) -> None:
        """Have the terminal brought to rest, answering whatever it says."""
        host.mutes = False
        self._tell("bring the terminal to rest, signed in  请让终端回到待机、已签到")
        while not self._done():
            host.serve(_LOOK_MS)
        host.forget_waiting()

    def sign_in(self) -> None:
        """Have a sign-in begun."""
        self._tell("begin a sign-in now  请立即签到", wait=False)

    def start(self, kind: str, amount_minor: int = 0, **more: object) -> bool:
        """Have a transaction begun, and hear whether the terminal lets it."""
        amount = f" {amount_minor // 100}.{amount_minor % 100:02d}" if amount_minor else ""
        original = more.get("original")
        named = f", original 原交易 {original}" if original else ""
        self._tell(
            f"start 开始 {kind}{amount}{named}; y when it waits for the card, n when refused"
        )
        return self._answer({"y", "n"}) == "y"

    def present(self, card: TestCard) -> None:
        """Have the card swiped."""
        self._tell(f"swipe card 刷卡 {card.pan.masked} and enter its PIN 并输入密码", wait=False)

    def settle(self) -> bool:
        """Have the batch closed."""
        self._tell("settle the batch 批结算; y when it began, n when refused")
        return self._answer({"y", "n"}) == "y"

    def resolve_now(self) -> None:
        """Have the reversal sent now."""
        self._tell("have the pending reversal sent now  请立即发送冲正", wait=False)

    def says(self, host: HostSide, *words: str, wait_ms: int) -> str:
        """Ask what the screen says until it is one of the words."""
        deadline = time.monotonic() + max(wait_ms / 1000, _PATIENCE_S)
        self._tell(_QUESTION, wait=False)
        while time.monotonic() < deadline:
            host.hear(_LOOK_MS)
            word = _ANSWERS.get(self._typed() or "")
            if word in words:
                return word
            if word is not None and word != "in_doubt":
                raise CaseFailedError(
                    f"expected a screen that says {' or '.join(words)}; came {word}"
                )
        raise NotApplicableError("nobody answered")

    def _tell(self, words: str, *, wait: bool = True) -> None:
        end = " [Enter]" if wait else ""
        print(f"  → {words}{end}", file=sys.stderr, flush=True)

    def _done(self) -> bool:
        return self._typed() is not None

    def _typed(self) -> str | None:
        try:
            return self._lines.get_nowait()
        except queue.Empty:
            return None

    def _answer(self, allowed: set[str]) -> str:
        while True:
            try:
                word = self._lines.get(timeout=_PATIENCE_S)
            except queue.Empty:
                raise NotApplicableError("nobody answered") from None
            if word in allowed:
                return word

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.put(line.strip().lower())
