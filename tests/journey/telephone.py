"""A merchant's telephone: calls the voice menu and answers it by its keys."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import expect

from tests.journey.walker import Walker

_LANGUAGE: Final = {"zh": "1", "en": "2"}


class Telephone:
    """Somebody at the sandbox's telephone, which shows what it says."""

    def __init__(self, walker: Walker, sandbox: str) -> None:
        self.walker = walker
        walker.hears_both = True
        self.page = walker.page
        self.sandbox = sandbox

    def activate(self, caller: str, serial_number: str, terminal_id: str, code: str) -> None:
        """Call, type what the menu asks for, hear it again, confirm."""
        page = self.page
        page.goto(f"{self.sandbox}/telephone")
        page.locator("#number").fill(caller)
        page.locator("#dial").click()
        self.hear("voice_welcome")
        self.walker.look("call")
        self.press(_LANGUAGE[self.walker.manner.language])
        self.hear("voice_serial")
        self.press("".join(one for one in serial_number if one.isdigit()) + "#")
        self.hear("voice_terminal")
        self.press(terminal_id)
        self.hear("voice_code")
        self.press(code)
        expect(page.locator("#said li").last).to_contain_text(" ".join(code))
        self.press("1")
        self.hear("voice_done")
        expect(page.locator("#hang")).to_be_disabled()
        self.walker.look("called")

    def hear(self, words: str) -> None:
        """Wait until the menu has said this."""
        expect(self.page.locator("#said")).to_contain_text(self.walker.word(words))

    def press(self, keys: str) -> None:
        """Press keys of the telephone, one by one."""
        for key in keys:
            self.page.locator(f"[data-key='{key}']").click()
