"""Commands from a screen: read, checked against what the person saw, done once, acknowledged.

Every command has an id that was born on the page. The same id gets the same answer and is done
once, however often it comes and on whichever connection.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from tongbao.domain.ids import OperatorNo
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Pan, Pin
from tongbao.terminal.core.events import (
    Authorise,
    Cancel,
    CardEntered,
    ChangePin,
    Dismiss,
    Event,
    Find,
    KeepAwake,
    LogIn,
    LogOut,
    ManageOperator,
    OpenFunction,
    OriginalGiven,
    PinEntered,
    PinSkipped,
    PowerOff,
    PowerOn,
    PrintTotals,
    Reprint,
    ResolveNow,
    SignIn,
    Start,
)
from tongbao.terminal.core.roles import Grant
from tongbao.terminal.core.state import Notice
from tongbao.terminal.core.wording import (
    BAD_AMOUNT,
    BAD_CARD_NUMBER,
    BAD_EXPIRY,
    BAD_NEW_PIN,
    NOT_KEYED,
    STALE,
    SUPERVISOR_NEEDED,
    UNKNOWN_KIND,
    WRONG_PASSWORD,
)
from tongbao.terminal.screen.arguments import (
    CommandRefusedError,
    approval_of,
    batch_of,
    trace_of,
)
from tongbao.terminal.screen.service_commands import SERVICE_MAKERS
from tongbao.terminal.screen.view import notice_view
from tongbao.wire.device.operators import OperatorAct
from tongbao.wire.device.settings import OperatorRole

if TYPE_CHECKING:
    from tongbao.terminal.aside import Aside
    from tongbao.terminal.settings import TerminalSettings
    from tongbao.terminal.shell import TerminalShell

# A signature is the longest of them.
MESSAGE_MAX_CHARACTERS: Final = 32_768
_REMEMBERED_MAX: Final = 1_000
_ID: Final = re.compile("[0-9A-Za-z-]{8,64}", re.ASCII)
_EXPIRY: Final = re.compile("[0-9]{2}(0[1-9]|1[0-2])", re.ASCII)
_WORD_MAX: Final = 40
_AMOUNT_MAX_MINOR: Final = 999_999_999_999

BAD_MESSAGE: Final = Notice("bad_message", "无法识别的指令", "This is not a command")
UNKNOWN_COMMAND: Final = Notice("unknown_command", "终端不支持此指令", "No such command here")
BAD_PIN: Final = Notice("bad_pin", "请输入4至12位密码", "A PIN has 4 to 12 digits")
NO_PIN_ON_SCREEN: Final = Notice(
    "pin_not_allowed", "请在密码键盘上输入密码", "Enter the PIN on the PIN pad"
)
STOPPING: Final = Notice("stopping", "终端正在关闭", "The terminal is shutting down")

# What a page must have seen, with phase and number of the state, before it counts.
_MONEY_COMMANDS: Final = frozenset(
    {
        *("start", "enter_card", "enter_pin", "skip_pin", "cancel", "dismiss", "resolve_now"),
        *("settle", "sign"),
    }
)

Ack = dict[str, Any]


class AnswerBook:
    """Reads commands and does each id once; what a command means is for `_carry_out` to say."""

    def __init__(self, done_before: Iterable[str] = ()) -> None:
        """`done_before` are ids that were done in an earlier run."""
        self._answers: OrderedDict[str, asyncio.Task[Ack]] = OrderedDict()
        self._done_before = frozenset(done_before)

    async def take(self, text: str) -> Ack | None:
        """Return the acknowledgement of a message; None when it has no usable id to answer to."""
        command = _parse(text)
        identity = command.get("id") if command is not None else None
        if command is None or not isinstance(identity, str) or not _ID.fullmatch(identity):
            return None
        if identity in self._done_before:
            return _ack(identity, None)
        answer = self._answers.get(identity)
        if answer is None:
            answer = asyncio.create_task(self._do(identity, command))
            self._answers[identity] = answer
            self._forget_old()
        # A page that goes away does not take its command back.
        return await asyncio.shield(answer)

    async def _do(self, identity: str, command: Mapping[str, Any]) -> Ack:
        try:
            refusal = await self._carry_out(identity, command)
        except CommandRefusedError as refused:
            refusal = refused.notice
        except asyncio.CancelledError:
            # The shell ended under the command: what became of it stands in the journal.
            refusal = STOPPING
        return _ack(identity, refusal)

    async def _carry_out(self, identity: str, command: Mapping[str, Any]) -> Notice | None:
        """Do a command; return the refusal, or None."""
        raise NotImplementedError

    def _forget_old(self) -> None:
        while len(self._answers) > _REMEMBERED_MAX:
            oldest = next(iter(self._answers))
            if not self._answers[oldest].done():
                return
            del self._answers[oldest]


class CommandDesk(AnswerBook):
    """Takes the commands of every screen of one terminal.

    What stands beside the core (a lock, a self-test, a message of the platform) has its own
    commands and may hold others back.
    """

    def __init__(
        self,
        shell: TerminalShell,
        settings: TerminalSettings,
        done_before: Iterable[str] = (),
        aside: Aside | None = None,
    ) -> None:
        """`done_before` are the ids of payments in the journal: they are not done again."""
        super().__init__(done_before)
        self._shell = shell
        self._settings = settings
        self._aside = aside

    def take_settings(self, settings: TerminalSettings) -> None:
        """Go by other settings from now on."""
        self._settings = settings

    async def _carry_out(self, identity: str, command: Mapping[str, Any]) -> Notice | None:
        name = command.get("command")
        if self._aside is not None and isinstance(name, str):
            if name in self._aside.commands:
                return await self._aside.carry_out(name, command)
            refusal = self._aside.why_not(name)
            if refusal is not None:
                return refusal
        return await self._shell.command(self._event(identity, command))

    def _event(self, identity: str, command: Mapping[str, Any]) -> Event:
        name = command.get("command")
        maker = _MAKERS.get(name) if isinstance(name, str) else None
        if maker is None:
            raise CommandRefusedError(UNKNOWN_COMMAND)
        if name in _MONEY_COMMANDS:
            self._check_seen(command)
        if name == "enter_pin" and not self._settings.on_screen_pin:
            raise CommandRefusedError(NO_PIN_ON_SCREEN)
        if name == "enter_card" and not self._settings.on_screen_card_entry:
            raise CommandRefusedError(NOT_KEYED)
        return maker(identity, command)

    def _check_seen(self, command: Mapping[str, Any]) -> None:
        seq = command.get("seq")
        if command.get("phase") != self._shell.state.phase.value:
            raise CommandRefusedError(STALE)
        if type(seq) is not int or not self._shell.scene_seq <= seq <= self._shell.seq:
            raise CommandRefusedError(STALE)


def _ack(identity: str, refusal: Notice | None) -> Ack:
    error = None if refusal is None else notice_view(refusal)
    return {"type": "ack", "id": identity, "ok": refusal is None, "error": error}


def _parse(text: str) -> dict[str, Any] | None:
    if len(text) > MESSAGE_MAX_CHARACTERS:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _log_in(_identity: str, command: Mapping[str, Any]) -> Event:
    try:
        return LogIn(OperatorNo(command.get("operator", "")), Pin(command.get("password", "")))
    except (ValueError, TypeError):
        raise CommandRefusedError(WRONG_PASSWORD) from None


def _change_pin(_identity: str, command: Mapping[str, Any]) -> Event:
    old = command.get("old")
    try:
        new = Pin(command.get("new", ""))
    except (ValueError, TypeError):
        raise CommandRefusedError(BAD_NEW_PIN) from None
    try:
        return ChangePin(new, None if old is None else Pin(old))
    except (ValueError, TypeError):
        raise CommandRefusedError(WRONG_PASSWORD) from None


def _open_function(_identity: str, command: Mapping[str, Any]) -> Event:
    function, password = command.get("function"), command.get("password")
    if not isinstance(function, str) or len(function) > _WORD_MAX:
        raise CommandRefusedError(UNKNOWN_COMMAND)
    try:
        given = None if password is None else Pin(password)
    except (ValueError, TypeError):
        raise CommandRefusedError(WRONG_PASSWORD) from None
    return OpenFunction(function, given, approval_of(command))


def _manage_operator(_identity: str, command: Mapping[str, Any]) -> Event:
    name, role, pin = command.get("name", ""), command.get("role"), command.get("pin")
    approval = approval_of(command)
    if approval is None:
        raise CommandRefusedError(SUPERVISOR_NEEDED)
    try:
        given = None if pin is None else Pin(pin)
    except (ValueError, TypeError):
        raise CommandRefusedError(BAD_NEW_PIN) from None
    try:
        return ManageOperator(
            act=OperatorAct(str(command.get("act"))),
            number=OperatorNo(command.get("number", "")),
            approval=approval,
            pin=given,
            name=name.strip() if isinstance(name, str) else "",
            role=None if role is None else OperatorRole(role),
        )
    except (ValueError, TypeError):
        raise CommandRefusedError(BAD_MESSAGE) from None


def _start(identity: str, command: Mapping[str, Any]) -> Event:
    kind = command.get("kind")
    original = command.get("original", {})
    if not isinstance(kind, str) or not isinstance(original, dict):
        raise CommandRefusedError(UNKNOWN_KIND)
    return Start(
        identity,
        kind,
        _money(command.get("amount_minor")),
        _money(command.get("tip_minor")),
        _original(original),
        approval_of(command),
    )


def _money(amount_minor: object) -> Money | None:
    if amount_minor is None:
        return None
    if type(amount_minor) is not int or not 0 < amount_minor <= _AMOUNT_MAX_MINOR:
        raise CommandRefusedError(BAD_AMOUNT)
    return Money(amount_minor, Currency.CNY)


def _original(given: Mapping[str, Any]) -> OriginalGiven:
    rrn, date, auth_code = (given.get(name) or "" for name in ("rrn", "date", "auth_code"))
    if not all(isinstance(text, str) for text in (rrn, date, auth_code)):
        raise CommandRefusedError(BAD_MESSAGE)
    return OriginalGiven(
        trace=trace_of(given["trace"]) if given.get("trace") is not None else None,
        batch=batch_of(given["batch"]) if given.get("batch") is not None else None,
        rrn=rrn,
        date=date,
        auth_code=auth_code,
    )


def _enter_card(_identity: str, command: Mapping[str, Any]) -> Event:
    expiry = command.get("expiry")
    try:
        pan = Pan(command.get("pan", ""))
    except ValueError:
        raise CommandRefusedError(BAD_CARD_NUMBER) from None
    if not isinstance(expiry, str) or _EXPIRY.fullmatch(expiry) is None:
        raise CommandRefusedError(BAD_EXPIRY)
    return CardEntered(pan, expiry)


def _find(_identity: str, command: Mapping[str, Any]) -> Event:
    batch = command.get("batch")
    return Find(trace_of(command.get("trace")), None if batch is None else batch_of(batch))


def _reprint(_identity: str, command: Mapping[str, Any]) -> Event:
    return Reprint(batch_of(command.get("batch")), trace_of(command.get("trace")))


def _enter_pin(_identity: str, command: Mapping[str, Any]) -> Event:
    try:
        return PinEntered(Pin(command.get("pin", "")))
    except ValueError:
        raise CommandRefusedError(BAD_PIN) from None


def _authorise(_identity: str, command: Mapping[str, Any]) -> Event:
    try:
        what = Grant(command.get("what"))
    except ValueError:
        raise CommandRefusedError(UNKNOWN_COMMAND) from None
    return Authorise(what, approval_of(command))


_MAKERS: Final[dict[str, Callable[[str, Mapping[str, Any]], Event]]] = {
    "power_on": lambda _identity, _command: PowerOn(),
    "power_off": lambda _identity, _command: PowerOff(),
    "log_in": _log_in,
    "log_out": lambda _identity, _command: LogOut(),
    "change_pin": _change_pin,
    "open_function": _open_function,
    "manage_operator": _manage_operator,
    "keep_awake": lambda _identity, _command: KeepAwake(),
    "authorise": _authorise,
    "sign_in": lambda _identity, _command: SignIn(),
    "start": _start,
    "enter_card": _enter_card,
    "enter_pin": _enter_pin,
    "skip_pin": lambda _identity, _command: PinSkipped(),
    "cancel": lambda _identity, _command: Cancel(),
    "dismiss": lambda _identity, _command: Dismiss(),
    "resolve_now": lambda _identity, _command: ResolveNow(),
    "find": _find,
    "reprint": _reprint,
    "print_totals": lambda _identity, _command: PrintTotals(),
    **SERVICE_MAKERS,
}
