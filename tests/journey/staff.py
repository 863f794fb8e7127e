"""The acquirer's people in the console: each logs in with two steps and does one thing."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import expect

from tests.journey.walker import Walker
from tongbao.app.demo.onboarding.neighbours import Neighbours
from tongbao.platform.accounts.services import SANDBOX_STAFF

COURIER: Final = "Sandbox Express"
# The console's frame is a package's and has no landmarks.
_SPARED: Final = ("axe landmark-one-main", "axe region")


class Staff:
    """One of the acquirer's people at a browser of their own."""

    def __init__(self, walker: Walker, name: str, console: str, neighbours: Neighbours) -> None:
        self.walker = walker
        walker.spared = _SPARED
        self.page = walker.page
        self.name = name
        self.console = console
        self.neighbours = neighbours
        self.device = ""

    def log_in(self, password: str) -> None:
        """Enter name and password, have a code sent to one's phone, and enter it."""
        page, walker = self.page, self.walker
        phone = f"+86199000099{list(SANDBOX_STAFF).index(self.name) + 1:02}"
        page.goto(f"{self.console}/")
        page.locator("input[name=username]").fill(self.name)
        page.locator("input[name=password]").fill(password)
        page.keyboard.press("Enter")
        page.locator(".tb-step-other button").click()
        page.locator("#id_sms").fill(self.neighbours.newest_code(phone))
        walker.look("second-step")
        page.keyboard.press("Enter")
        page.locator(".tb-cards").wait_for()

    def menu(self, name: str) -> None:
        """Go to a page by the menu, which a phone keeps behind a button."""
        link = self.page.get_by_role("link", name=self.walker.word(name), exact=True)
        if link.locator("visible=true").count() == 0:
            self.walker.press("menu")
        link.locator("visible=true").first.click()
        self.walker.title(name)

    def open_application(self, shop_name: str) -> None:
        """Find the application in the queue and open it."""
        self.menu("applications")
        self.walker.look("queue")
        self.page.get_by_role("link", name=shop_name).first.click()
        self.page.locator("#findings").wait_for()

    def take(self) -> None:
        """Take the application that is open."""
        self.walker.press("take")
        self.walker.button("approve").wait_for()
        self.walker.look("application")

    def send_back(self, reason: str, paper: str) -> None:
        """Send the application back and say what is to be corrected."""
        page, walker = self.page, self.walker
        page.locator("textarea[name=note]").fill(walker.word("blurred"))
        page.get_by_text(walker.word("send_back_for")).click()
        page.locator(f"input[name=codes][value={reason}]").check()
        page.locator(f"select[name='paper.{reason}']").select_option(paper)
        walker.look("sending-back")
        walker.press("send_back")
        walker.see("correction_wanted")
        walker.look("sent-back")

    def approve(self, words: str = "") -> None:
        """Approve the application that is open, with a word on what its hints came to."""
        self.page.locator("textarea[name=note]").fill(words)
        self.walker.press("approve")
        self.walker.see("to_be_signed")
        self.walker.look("approved")

    def open_device(self, serial_number: str) -> None:
        """Find a device and open its page."""
        self.device = serial_number
        self.menu("devices")
        self.walker.look("devices")
        search = self.page.locator("input[name=q]")
        search.fill(serial_number)
        search.press("Enter")
        self.page.get_by_role("link", name=serial_number).first.click()
        expect(self.page.locator("article h2").first).to_have_text(serial_number)

    def send(self, shop_name: str) -> None:
        """Give the device a number at this merchant's shop, let it fetch its key, and ship it."""
        page, walker = self.page, self.walker
        walker.look("device")
        page.locator("#assign-shop").select_option(label=shop_name)
        walker.press("give")
        walker.press("fetch_key")
        page.locator("#courier").fill(COURIER)
        page.locator("#tracking").fill(f"SE-{self.device}")
        walker.look("shipping")
        walker.press("sent")
        expect(page.locator("#courier")).to_have_count(0)
        walker.look("shipped")
