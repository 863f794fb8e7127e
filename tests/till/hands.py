"""What a person does at the till of the cardboard terminal, for every test of hands."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect
from tests.till.looking import KEY_DELAY_MS, on_screen, sent_by
from tests.till.mock_terminal import MockTerminal, Reaction
from tests.till.scenes import scene

# A test number (reserved BIN, right check digit).
CARD_NUMBER = "6200000000000000125"
SUPERVISOR = {"operator": "00", "password": "123456"}


def goes_to(name: str) -> Reaction:
    """Push a scene, keeping amount and kind of the payment that runs."""

    def react(mock: MockTerminal, command: dict[str, Any]) -> None:
        kept = {member: mock.state[member] for member in ("kind", "amount_minor")}
        kept |= {"kind": command["kind"]} if "kind" in command else {}
        kept |= {"amount_minor": command["amount_minor"]} if "amount_minor" in command else {}
        mock.show(name, **kept)

    return react


def refuses(code: str, zh: str, en: str) -> Reaction:
    """Refuse a command with these words."""
    return lambda _mock, _command: {"code": code, "zh": zh, "en": en}


def press(page: Page, keys: str) -> None:
    """Press keys named with spaces between them, as slowly as a hand, each when it can act."""
    for key in keys.split():
        expect(page.locator(".stage[data-settled=true]")).to_have_count(1)
        # A person sees that the terminal is still looking for the payment, and waits.
        expect(page.locator(".form__sheet[aria-busy=true]")).to_have_count(0)
        page.keyboard.press(key, delay=KEY_DELAY_MS)


def spaced(text: str) -> str:
    """Text as keys to press one by one."""
    return " ".join(text)


def ends_in(kind: str, **changes: Any) -> Reaction:
    """End the payment: approved, with what its kind adds to the result."""

    def react(mock: MockTerminal, _command: dict[str, Any]) -> None:
        approved = scene("approved")
        result = {**approved["result"], "kind": kind, "signature": "none", **changes}
        mock.show("approved", kind=kind, result=result)

    return react


def at_rest(page: Page, terminal: MockTerminal, name: str = "idle") -> None:
    """Begin at the home screen."""
    terminal.show(name)
    on_screen(page, "idle")


def arguments_of(page: Page, name: str) -> list[dict[str, Any]]:
    """What every command of this name carried beside id, sequence number and phase."""
    envelope = {"id", "command", "seq", "phase"}
    return [
        {member: value for member, value in command.items() if member not in envelope}
        for command in sent_by(page)
        if command["command"] == name
    ]


def draw(page: Page) -> None:
    """Sign with the mouse: two strokes across the field."""
    box = page.get_by_test_id("sign-field").bounding_box()
    assert box is not None
    for y_from, y_to in ((0.2, 0.8), (0.8, 0.2)):
        page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * y_from)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * y_to, steps=12)
        page.mouse.up()
