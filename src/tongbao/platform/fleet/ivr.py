"""The telephone menu for activating a terminal, as a state machine. Pure.

The caller chooses a language, types the digits of the serial number, the terminal number and the
code on the screen, hears them again and confirms. Three inputs of the wrong length end the call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from tongbao.platform.bilingual import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

MISTAKES_MAX: Final = 3
CONFIRMATIONS_MAX: Final = 5


class Place(StrEnum):
    """Where in the menu a call is."""

    LANGUAGE = "language"
    SERIAL = "serial"
    TERMINAL = "terminal"
    CODE = "code"
    CONFIRM = "confirm"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call: its place and what was typed so far; without a language it hears both.

    The code is gone as soon as it was tried.
    """

    place: Place = Place.LANGUAGE
    language: str = ""
    serial_digits: str = ""
    terminal_id: str = ""
    code: str = ""
    mistakes: int = 0
    confirmations: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the call as it is kept between two steps, without the code."""
        return {name: getattr(self, name) for name in _KEPT}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], code: str = "") -> Call:
        """Return a kept call."""
        values = {name: kept[name] for name in _KEPT if name in kept}
        return cls(**{**values, "place": Place(values.get("place", Place.LANGUAGE)), "code": code})


_KEPT: Final = ("place", "language", "serial_digits", "terminal_id", "mistakes", "confirmations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What the telephone waits for: at most so many digits, ended by # or by the number."""

    digits_max: int
    ends_with_hash: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens next: `says` is spoken, `expect` None hangs up; `confirms` asks the service."""

    call: Call
    says: tuple[Words, ...]
    expect: Expect | None
    confirms: bool = False


PROMPTS: Final[Mapping[str, Words]] = {
    "language": Words(
        "欢迎致电通宝终端激活。中文请按 1。",
        "Welcome to Tongbao terminal activation. For English press 2.",
    ),
    "serial": Words(
        "请输入终端背面序列号中的数字，按井号结束。",
        "Type the digits of the serial number on the back of the terminal, then the hash key.",
    ),
    "terminal": Words(
        "请输入屏幕上的八位终端号。", "Type the eight digits of the terminal number on the screen."
    ),
    "code": Words("请输入屏幕上的八位激活码。", "Type the eight digits of the code on the screen."),
    "confirm": Words(
        "终端号 {terminal}，激活码 {code}。确认请按 1，重新输入请按 2。",
        "Terminal {terminal}, code {code}. Press 1 to confirm, 2 to start again.",
    ),
    "mistake": Words("输入有误。", "That was not right."),
    "done": Words(
        "激活码已接受。终端将自动完成设置，约需十分钟。再见。",
        "The code was accepted. The terminal now sets itself up; that takes about ten minutes. "
        "Goodbye.",
    ),
    "again": Words("请再次输入激活码。", "Type the code again."),
    "goodbye": Words(
        "请稍后再试，或转人工服务。再见。", "Please try again later, or ask for a person. Goodbye."
    ),
    "unknown_caller": Words(
        "此号码不是商户登记的电话。请用登记的电话拨打。再见。",
        "This is not the merchant's registered telephone. Call from that one. Goodbye.",
    ),
}
_EXPECTED: Final[Mapping[Place, Expect]] = {
    Place.LANGUAGE: Expect(digits_max=1),
    Place.SERIAL: Expect(digits_max=20, ends_with_hash=True),
    Place.TERMINAL: Expect(digits_max=8),
    Place.CODE: Expect(digits_max=8),
    Place.CONFIRM: Expect(digits_max=1),
}


def begin() -> Step:
    """Return what a new call hears."""
    return Step(call=Call(), says=(PROMPTS["language"],), expect=_EXPECTED[Place.LANGUAGE])


def unknown_caller() -> Step:
    """Return what a caller hears whose telephone belongs to no merchant."""
    call = Call(place=Place.ENDED)
    return Step(call=call, says=(PROMPTS["language"], PROMPTS["unknown_caller"]), expect=None)


def typed(call: Call, digits: str) -> Step:
    """Return what comes after these digits; without the closing hash key."""
    if not (digits.isascii() and digits.isdigit()):
        return _mistake(call, digits)
    if call.place is Place.TERMINAL:
        return _eight(call, digits, replace(call, terminal_id=digits, place=Place.CODE))
    if call.place is Place.CODE:
        return _eight(call, digits, replace(call, code=digits, place=Place.CONFIRM))
    others = {Place.LANGUAGE: _language, Place.SERIAL: _serial, Place.CONFIRM: _confirm}
    return others.get(call.place, _mistake)(call, digits)


def _language(call: Call, digits: str) -> Step:
    languages = {"1": "zh-hans", "2": "en"}
    if digits not in languages:
        return _mistake(call)
    return _go(replace(call, language=languages[digits], place=Place.SERIAL))


def _serial(call: Call, digits: str) -> Step:
    if not 4 <= len(digits) <= 20:
        return _mistake(call)
    return _go(replace(call, serial_digits=digits, place=Place.TERMINAL))


def _eight(call: Call, digits: str, following: Call) -> Step:
    return _go(following) if len(digits) == 8 else _mistake(call)


def _confirm(call: Call, digits: str) -> Step:
    if digits == "1" and call.code:
        confirming = replace(call, confirmations=call.confirmations + 1)
        return Step(call=confirming, says=(), expect=None, confirms=True)
    if digits == "2":
        return _go(replace(call, serial_digits="", terminal_id="", code="", place=Place.SERIAL))
    return _mistake(call)


def confirmed(call: Call) -> Step:
    """Return what a caller hears whose code was accepted."""
    return _end(call, PROMPTS["done"])


def refused(call: Call, words: Words, *, may_try_again: bool) -> Step:
    """Return what a caller hears whose terminal was not activated, with the cause in words."""
    if not may_try_again or call.confirmations >= CONFIRMATIONS_MAX:
        ended = _end(call, PROMPTS["goodbye"])
        return replace(ended, says=(words, *ended.says))
    following = replace(call, code="", place=Place.CODE)
    return Step(call=following, says=(words, PROMPTS["again"]), expect=_EXPECTED[Place.CODE])


def _go(call: Call) -> Step:
    says = PROMPTS[call.place.value].filled(
        terminal=" ".join(call.terminal_id), code=" ".join(call.code)
    )
    return Step(call=replace(call, mistakes=0), says=(says,), expect=_EXPECTED[call.place])


def _mistake(call: Call, _digits: str = "") -> Step:
    wrong = replace(call, mistakes=call.mistakes + 1)
    if wrong.mistakes >= MISTAKES_MAX or call.place is Place.ENDED:
        return _end(wrong, PROMPTS["goodbye"])
    again = _go(call)
    return replace(again, call=wrong, says=(PROMPTS["mistake"], *again.says))


def _end(call: Call, words: Words) -> Step:
    ended = replace(call, place=Place.ENDED, code="")
    return Step(call=ended, says=(words,), expect=None)
