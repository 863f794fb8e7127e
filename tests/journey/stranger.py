"""A stranger in the portal: from the public page to a merchant with a terminal that sells."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.sync_api import expect

from tests.journey.walker import LOCALES, Walker
from tongbao.app.demo.onboarding.neighbours import Neighbours
from tongbao.platform.onboarding.tiers import PAPER_WORDS, PaperKind
from tongbao.sandbox.neighbours.applicants import BANK, Applicant

PASSWORD: Final = "a stranger sells 1 thing"
OPERATOR: Final = "01"


class Stranger:
    """Somebody with papers and a phone at `walker`'s browser, who becomes a merchant."""

    def __init__(self, walker: Walker, who: Applicant, portal: str, neighbours: Neighbours) -> None:
        self.walker = walker
        self.page = walker.page
        self.who = who
        self.portal = portal
        self.neighbours = neighbours
        self.phone = f"+86{who.phone}"
        self.seen_code = ""
        self.merchant_id = ""

    def look_around(self) -> None:
        """Open the public page, see what a payment costs, and go on to apply."""
        walker = self.walker
        self.page.goto(f"{self.portal}/")
        expect(self.page.locator("#prices td").first).to_be_visible()
        walker.look("public")
        walker.follow("apply")
        walker.title("register")

    def register(self) -> None:
        """Make an account with a phone number and the code that comes to it."""
        walker = self.walker
        walker.look("register")
        walker.field("phone").fill(self.who.phone)
        walker.field("password").fill(PASSWORD)
        walker.press("register")
        walker.field("code").wait_for()
        walker.look("verify")
        walker.field("code").fill(self.next_code())
        walker.press("confirm")

    def next_code(self) -> str:
        """Read the newest code on the phone that was not used yet."""
        self.seen_code = self.neighbours.newest_code(self.phone, self.seen_code)
        return self.seen_code

    def apply(self) -> None:
        """Choose what one is and fill in the form, step by step."""
        walker, who = self.walker, self.who
        walker.title("which_kind")
        walker.look("kinds")
        walker.press(f"choose_{who.tier}")
        walker.title("step_business")
        licensed = {"registered_name": who.registered_name, "credit_code": who.credit_code}
        self.fill(
            name=who.shop_name,
            name_en="Aming Shoe Repair",
            **(licensed if who.credit_code else {}),
            mcc=who.mcc,
            monthly_turnover_minor="20000",
        )
        if who.credit_code:
            self.page.locator("[data-field=licence_expires] input[type=checkbox]").check()
        self.next_step("step_person", "business")
        self.fill(
            legal_person=who.person,
            resident_id=who.resident_id,
            id_begins="2020-03-10",
            id_expires="2040-03-10",
            contact_phone=who.phone,
        )
        self.next_step("step_shop", "person")
        self.fill(shop_name=who.shop_name, shop_city="样板市", shop_address=who.address)
        self.next_step("step_account", "shop")
        self.fill(
            account_kind=who.account_kind,
            account_holder=who.account_holder,
            account_bank=BANK,
            account_number=who.account_number,
        )
        self.next_step("step_papers", "account")

    def fill(self, **fields: str) -> None:
        """Fill in fields of the form."""
        for name, value in fields.items():
            field = self.page.locator(f"[data-field={name}] :is(input, select)").first
            if name in ("mcc", "account_kind"):
                field.select_option(value)
            else:
                field.fill(value)

    def next_step(self, name: str, done: str) -> None:
        """Look at the step that is filled in and go on to the next."""
        self.walker.look(done)
        self.walker.press("next")
        self.walker.title(name)

    def upload_papers(self, folder: Path) -> None:
        """Upload a picture of each paper that is asked for."""
        for kind in self.who.papers:
            file = folder / f"{kind}.png"
            file.write_bytes(self.neighbours.paper(self.who.key, kind))
            self.upload(kind, file)
        self.next_step("step_send", "papers")

    def upload(self, kind: str, file: Path) -> None:
        """Choose a file for one paper and wait until the platform has it."""
        name = PAPER_WORDS[PaperKind(kind)][0].into(LOCALES[self.walker.manner.language])
        choose = f"{name} · {self.walker.word('choose_file')}"
        self.page.get_by_label(choose, exact=True).set_input_files(file)
        heading = self.page.get_by_role("heading", name=name, exact=True)
        paper = self.page.locator(".paper").filter(has=heading)
        expect(paper.locator(".paper__name")).to_have_text(file.name)

    def prove_the_account(self) -> None:
        """Have one fen sent, and type the digits of its remark."""
        walker = self.walker
        walker.press("send_fen")
        field = self.page.locator(".input--code")
        field.wait_for()
        walker.look("send")
        field.fill(self.neighbours.newest_remark(self.who.account_number))
        walker.press("confirm")
        walker.see("account_confirmed")

    def hand_in(self, button: str = "submit") -> None:
        """Confirm that all is true and hand the application in."""
        walker = self.walker
        walker.see("ready_to_submit")
        self.page.locator("main input[type=checkbox]").check()
        walker.press(button)
        walker.see("in_review")
        walker.look("progress")

    @property
    def application_id(self) -> str:
        """The number of the application whose page is open."""
        return self.page.url.rstrip("/").rpartition("/")[2]

    def correct(self, kind: str, file: Path) -> None:
        """See what is to be corrected, send a better picture of it, and hand in again."""
        walker = self.walker
        walker.see("correction_wanted")
        walker.look("correction")
        walker.press("to_correct")
        walker.title("step_papers")
        walker.see("front_not_legible")
        self.upload(kind, file)
        walker.look("corrected")
        walker.press("next")
        self.hand_in("submit_again")

    def sign(self) -> None:
        """Read the contract, sign it by hand, and confirm with the code that comes to the phone."""
        walker, page = self.walker, self.page
        walker.press("to_contract")
        walker.title("contract")
        page.locator("canvas").wait_for()
        self.merchant_id = page.url.split("/m/")[1].split("/")[0]
        walker.look("contract")
        page.locator("main input[type=checkbox]").check()
        walker.field("signer").fill(self.who.person)
        self.draw()
        walker.press("send_code")
        walker.field("sms_code").fill(self.next_code())
        walker.look("signing")
        walker.press("sign")
        walker.see("is_signed")
        walker.look("signed")

    def draw(self) -> None:
        """Write something like a name with the mouse."""
        pad = self.page.locator("canvas")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box is not None
        mouse = self.page.mouse
        for stroke in range(3):
            left = box["x"] + box["width"] * (0.2 + 0.2 * stroke)
            mouse.move(left, box["y"] + box["height"] * 0.7)
            mouse.down()
            for step in range(1, 6):
                mouse.move(left + 12 * step, box["y"] + box["height"] * (0.7 - 0.08 * step))
            mouse.up()

    def name_a_cashier(self) -> str:
        """Add oneself as the first cashier and return the first PIN, which is shown this once."""
        walker = self.walker
        self.menu("operators")
        walker.press("add_operator")
        walker.field("number").fill(OPERATOR)
        walker.field("name").fill(self.who.person)
        walker.look("operator")
        walker.press("save")
        pin = self.page.locator(".pin")
        pin.wait_for()
        walker.look("first-pin")
        digits = pin.inner_text().strip()
        walker.press("told")
        return digits

    def menu(self, name: str) -> None:
        """Go to a page of the merchant by its menu, wherever that is on this screen."""
        link = self.page.get_by_role("link", name=self.walker.word(name), exact=True)
        visible = link.locator("visible=true")
        if visible.count() == 0:
            self.walker.press("more")
        visible.first.click()
        self.walker.title(name)

    def receive(self) -> str:
        """Confirm that the terminal came, and return its number."""
        walker = self.walker
        self.menu("terminals")
        self.page.locator("main a.one").wait_for()
        walker.look("terminals")
        self.page.locator("main a.one").click()
        walker.press("arrived")
        expect(walker.button("arrived")).to_have_count(0)
        walker.look("arrived")
        return self.page.url.rstrip("/").rpartition("/")[2]

    def activate(self, serial_number: str, terminal_id: str, code: str) -> None:
        """Type what stands on the terminal's screen into the portal."""
        walker = self.walker
        self.menu("terminals")
        walker.follow("activate")
        walker.title("activate")
        walker.look("activate")
        fields = self.page.locator("main form input")
        for place, value in enumerate((serial_number, terminal_id, code)):
            fields.nth(place).fill(value)
        walker.press("do_activate")
        self.page.locator("[aria-current=step]").wait_for()
        walker.look("activating")

    def see_it_active(self) -> None:
        """Wait until the activation is done and look at the terminal."""
        self.walker.follow("to_terminal")
        self.page.locator(".parts li").first.wait_for()
        self.walker.look("terminal")

    def see_sale(self, amount: str) -> None:
        """Find exactly this one payment in the portal."""
        self.menu("payments")
        rows = self.page.locator("main tbody tr")
        expect(rows).to_have_count(1)
        expect(rows.first).to_contain_text(amount)
        self.walker.look("payments")
        rows.first.locator("a").first.click()
        expect(self.page.locator("main p.amount")).to_contain_text(amount)
        self.walker.look("payment")
