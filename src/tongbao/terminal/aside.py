"""What stands beside the core of a running terminal: a lock, a message, the function self-test.

None of it touches a payment. A lock lets what is open come to its end and keeps new things from
beginning; it is at the door of the commands and not in the core, which stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tongbao.terminal.activation.self_test import SelfTest, self_test_view
from tongbao.terminal.core.state import Notice
from tongbao.terminal.core.wording import NOT_NOW
from tongbao.terminal.device.wording import LOCKED
from tongbao.wire.device.health import Part, SelfTestReport, TestOccasion

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tongbao.terminal.activation.checks import Bench
    from tongbao.terminal.activation.testing import FunctionTest

# What begins something; everything else brings to its end what is open.
_HELD_BY_LOCK: Final = frozenset({"start", "log_in", "authorise", "download", "sign_in"})
_HELD_BY_TEST: Final = frozenset({"start", "settle", "download", "power_off", "authorise"})


@dataclass(frozen=True, slots=True)
class PlatformMessage:
    """A message of the acquirer's staff to the people at the till."""

    act_id: str
    zh: str
    en: str


@dataclass(slots=True)
class Standing:
    """How the platform wants this terminal to stand; outlives a change of world."""

    lock_words: str | None = None
    message: PlatformMessage | None = None
    listeners: list[Callable[[], None]] = field(default_factory=list)

    def change(self, **changes: Any) -> None:
        """Set parts and tell whoever shows them."""
        for name, value in changes.items():
            setattr(self, name, value)
        for notify in list(self.listeners):
            notify()


class Aside:
    """Commands, view and refusals of what stands beside the core."""

    commands: Final = frozenset(
        {"self_test_answer", "self_test_again", "self_test_close", "message_read"}
    )

    def __init__(
        self,
        bench: Bench,
        random_bytes: Callable[[int], bytes],
        standing: Standing,
        changed: Callable[[], None],
        report: Callable[[SelfTestReport], Awaitable[None]],
    ) -> None:
        """`report` gets every self-test that has ended; `changed` is called for the screens."""
        self.standing = standing
        self._report = report
        self._changed = changed
        self._test = SelfTest(bench, random_bytes, changed, self._test_done)
        standing.listeners.append(changed)

    def leave(self) -> None:
        """Tell the screens of this world no more."""
        self.standing.listeners.remove(self._changed)
        self._test.stop()

    def begin_test(self, occasion: TestOccasion, act_id: str | None = None) -> None:
        """Begin a function self-test."""
        self._test.begin(occasion, act_id)

    @property
    def is_testing(self) -> bool:
        """Whether a self-test is on the screen."""
        return self._test.test is not None

    def view(self) -> dict[str, Any]:
        """Return what a screen draws of all this."""
        message, lock = self.standing.message, self.standing.lock_words
        return {
            "self_test": self_test_view(self._test.test),
            "locked": None if lock is None else {**_words(LOCKED), "detail": lock},
            "platform_message": (
                None
                if message is None
                else {"code": message.act_id, "zh": message.zh, "en": message.en}
            ),
        }

    def why_not(self, name: str) -> Notice | None:
        """Return why a command of the core is held back; None when it is not."""
        if self.standing.lock_words is not None and name in _HELD_BY_LOCK:
            return LOCKED
        if self.is_testing and name in _HELD_BY_TEST:
            return NOT_NOW
        return None

    async def carry_out(self, name: str, command: Mapping[str, Any]) -> Notice | None:
        """Do one of `commands`; return the refusal, or None."""
        if name == "message_read":
            self.standing.change(message=None)
            return None
        return take_test_command(self._test, name, command)

    async def _test_done(self, _test: FunctionTest, report: SelfTestReport) -> None:
        await self._report(report)


def take_test_command(test: SelfTest, name: str, command: Mapping[str, Any]) -> Notice | None:
    """Do a command about a self-test; return the refusal, or None."""
    if test.test is None:
        return NOT_NOW
    if name == "self_test_close":
        if not test.test.is_done:
            return NOT_NOW
        test.close()
    elif name == "self_test_again":
        test.again()
    else:
        try:
            part = Part(str(command.get("part")))
        except ValueError:
            return NOT_NOW
        test.answer(part, str(command.get("value", ""))[:64].removeprefix("TONGBAO-TEST:"))
    return None


def _words(notice: Notice) -> dict[str, str]:
    return {"code": notice.code, "zh": notice.zh, "en": notice.en}
