"""The story itself: prices, application, review, contract, terminal, activation, first sale."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageDraw
from websockets.exceptions import WebSocketException

from tongbao.app.demo.cashier import Cashier, CashierError
from tongbao.app.demo.onboarding.browser import Browser, StoryError
from tongbao.sandbox.neighbours.applicants import APPLICANT_BY_KEY, BANK, Applicant

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.app.demo.onboarding.neighbours import Neighbours
    from tongbao.app.demo.onboarding.stage import Stage

PERSON: Final = "person"
_PASSWORD: Final = "a stranger sells 1 thing"  # noqa: S105 - of a made-up person in a passing world
_OPERATOR: Final = "01"
_OWN_PIN: Final = "7402"
_CARD: Final = "good"
_AMOUNT_MINOR: Final = 1_234
_DESK_TIMEOUT_S: Final = 60
_STEP_TIMEOUT_S: Final = 60.0
_POLL_S: Final = 0.2


@dataclass(slots=True)
class Story:
    """One stranger, from the public page on; `tell` gets the name of each step and its details."""

    stage: Stage
    neighbours: Neighbours
    language: str
    tell: Callable[[str, dict[str, str]], None]
    browser: Browser = field(init=False)
    model: str = field(default="", init=False)
    merchant_id: str = field(default="", init=False)
    first_pin: str = field(default="", init=False, repr=False)
    terminal_id: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """Open the browser on the public page."""
        self.browser = Browser(self.stage.console_address, self.language)

    def play(self) -> None:
        """Play all of it; StoryError or CashierError says where it left the script."""
        who = APPLICANT_BY_KEY[PERSON]
        self.look_around(who)
        self.register(who)
        application_id = self.apply(who)
        self.prove_the_account(who, application_id)
        self.be_approved(application_id)
        self.sign(who)
        self.name_a_cashier(who)
        self.get_the_terminal()
        self.activate()
        self.look_back()
        self.sell()

    def look_around(self, who: Applicant) -> None:
        """Read what everything costs, as anybody may."""
        sheet = self.browser.get("/api/v1/price-sheet")
        fee = self.browser.post(
            "/api/v1/fee-quote",
            {"amount_minor": 10_000, "method": sheet["fees"][0]["method"], "mcc": who.mcc},
        )
        advice = self.browser.post(
            "/api/v1/device-advice",
            {"scene": "stall", "payments_a_day": 40, "has_fixed_network": False},
        )
        self.model = str(advice["items"][0]["model"]["code"])
        self.tell(
            "prices",
            {
                "fee": _yuan(fee["fee"]["amount_minor"]),
                "model": str(advice["items"][0]["model"]["name"]),
            },
        )

    def register(self, who: Applicant) -> None:
        """Make an account with a phone number and the code that comes to it."""
        phone = f"+86{who.phone}"
        self.browser.ask_log_in("/auth/signup", {"phone": phone, "password": _PASSWORD})
        code = self.neighbours.newest_code(phone)
        self.browser.ask_log_in("/auth/phone/verify", {"code": code})
        me = self.browser.get("/api/v1/applications")
        if me["items"]:
            raise StoryError("a stranger has applications already")
        self.tell("registered", {"phone": who.phone})

    def apply(self, who: Applicant) -> str:
        """Fill in the form and upload the papers."""
        application = self.browser.post("/api/v1/applications", {"tier": who.tier})
        path = f"/api/v1/applications/{application['application_id']}"
        self.browser.patch(path, _form_of(who) | {"device_model": self.model})
        for kind in who.papers:
            self.browser.upload(f"{path}/papers", kind, self.neighbours.paper(who.key, kind))
        self.tell("applied", {"papers": str(len(who.papers)), "person": who.person})
        return str(application["application_id"])

    def prove_the_account(self, who: Applicant, application_id: str) -> None:
        """Read the remark of the one-fen deposit, and hand the application in."""
        path = f"/api/v1/applications/{application_id}"
        self.browser.post(f"{path}/deposit")
        remark = self.neighbours.newest_remark(who.account_number)
        self.browser.post(f"{path}/deposit-check", {"code": remark})
        handed_in = self.browser.post(f"{path}/submit")
        if handed_in["status"] != "in_review":
            raise StoryError(f"the application is {handed_in['status']}: {handed_in['findings']}")
        self.tell("handed_in", {"status": str(handed_in["status_name"])})

    def be_approved(self, application_id: str) -> None:
        """Wait for the reviewer, who finds nothing wrong."""
        self.merchant_id = self._desk("approve", application_id)["merchant_id"]
        now = self.browser.get(f"/api/v1/applications/{application_id}")
        self.tell("approved", {"merchant_id": self.merchant_id, "status": str(now["status_name"])})

    def sign(self, who: Applicant) -> None:
        """Read the contract, confirm by text message, and sign."""
        path = f"/api/v1/merchants/{self.merchant_id}/contract"
        offered = self.browser.get(path)["offered"]
        # The code of the registration stands on the same phone.
        seen = self.neighbours.newest_code(f"+86{who.phone}")
        self.browser.post(f"{path}/sms")
        code = self.neighbours.newest_code(f"+86{who.phone}", seen)
        picture = base64.b64encode(_signature_picture()).decode()
        self.browser.post(
            f"{path}/sign",
            {"signer_name": who.person, "signature_png": picture, "code": code},
        )
        signed = self.browser.get(path)["in_force"]
        pdf = self.browser.download(f"{path}.pdf")
        if not pdf.startswith(b"%PDF-"):
            raise StoryError("the contract is no PDF")
        details = {"number": str(offered["number"]), "sha256": str(signed["pdf_sha256"])[:12]}
        self.tell("signed", details)

    def name_a_cashier(self, who: Applicant) -> None:
        """Add oneself as the first cashier; the first password is shown this once."""
        added = self.browser.post(
            f"/api/v1/merchants/{self.merchant_id}/operators",
            {"number": _OPERATOR, "name": who.person, "role": "cashier"},
        )
        self.first_pin = str(added["first_pin"])
        self.tell("cashier", {"number": _OPERATOR})

    def get_the_terminal(self) -> None:
        """Get a terminal from the stock by courier, and confirm that it came."""
        sent = self._desk("send", self.merchant_id, self.stage.serial_number)
        self.terminal_id = sent["terminal_id"]
        path = f"/api/v1/merchants/{self.merchant_id}/terminals/{self.terminal_id}"
        self.browser.post(f"{path}/receipt")
        details = {"serial": self.stage.serial_number, "terminal_id": self.terminal_id}
        self.tell("received", details | {"courier": sent["courier"]})

    def activate(self) -> None:
        """Switch the terminal on, type its code into the portal, and answer its self-test."""
        self.stage.device.start()
        with Cashier(self.stage.till_address) as till:
            state = till.wait_until(
                lambda now: _invitation(now) is not None, "the code on the screen", _STEP_TIMEOUT_S
            )
            code = (_invitation(state) or {})["code"]
            self.tell("code", {"code": str(code)})
            activation = self.browser.post(
                f"/api/v1/merchants/{self.merchant_id}/activations",
                {
                    "serial_number": self.stage.serial_number,
                    "terminal_id": self.terminal_id,
                    "code": str(code),
                },
            )
            self._pass_self_test(till)
            till.wait_until(_is_ready, "the end of the activation", _STEP_TIMEOUT_S)
            # The page of the activation goes away with this, sometimes before it has answered.
            with contextlib.suppress(CashierError):
                till.command("activation_retry")
        self._wait_until_active(str(activation["activation_id"]))

    def _pass_self_test(self, till: Cashier) -> None:
        till.wait_until(lambda now: _asks(now) == "screen", "the self-test", _STEP_TIMEOUT_S)
        till.command("self_test_answer", part="screen", value="yes")
        state = till.wait_until(lambda now: _asks(now) == "keypad", "the keypad", _STEP_TIMEOUT_S)
        till.command("self_test_answer", part="keypad", value=state["self_test"]["code"])

    def _wait_until_active(self, activation_id: str) -> None:
        path = f"/api/v1/merchants/{self.merchant_id}/activations/{activation_id}"
        deadline = time.monotonic() + _STEP_TIMEOUT_S
        activation = self.browser.get(path)
        while activation["ended_at"] is None:
            if time.monotonic() > deadline:
                raise StoryError(f"the activation is still {activation['state']['code']}")
            time.sleep(_POLL_S)
            activation = self.browser.get(path)
        self.tell("activated", {"state": str(activation["state"]["words"])})

    def look_back(self) -> None:
        """See in the portal that the terminal is well and has made its test sale."""
        path = f"/api/v1/merchants/{self.merchant_id}/terminals/{self.terminal_id}"
        terminal = self.browser.get(path)
        test = terminal["self_test"]
        sale = [one for one in test["parts"] if one["part"]["code"] == "test_sale"]
        if not test["passed"] or [one["outcome"] for one in sale] != ["passed"]:
            raise StoryError(f"the self-test did not pass: {test['parts']}")
        if self.browser.get(f"/api/v1/merchants/{self.merchant_id}/payments")["items"]:
            raise StoryError("a test sale stands among the live payments")
        self.tell("tested", {"detail": str(sale[0]["detail"])})

    def sell(self) -> None:
        """Log in at the new terminal, take a card, and find the sale in the portal."""
        self._wait_for_till()
        with Cashier(self.stage.till_address) as till:
            till.command("power_on")
            till.wait_for_phase("logged_out", timeout_s=_STEP_TIMEOUT_S)
            till.command("log_in", operator=_OPERATOR, password=self.first_pin)
            till.wait_until(
                lambda now: now["newcomer"] == _OPERATOR, "a password of one's own", _STEP_TIMEOUT_S
            )
            till.command("change_pin", new=_OWN_PIN)
            till.wait_until(
                lambda now: now["phase"] == "idle" and now["signed_in"], "sign-in", _STEP_TIMEOUT_S
            )
            till.command("start", kind="sale", amount_minor=_AMOUNT_MINOR)
            till.wait_for_phase("card", timeout_s=_STEP_TIMEOUT_S)
            pin_hint = self.neighbours.swipe(_CARD, str(till.state["sandbox"]["terminal_reader"]))
            till.wait_for_phase("pin", timeout_s=_STEP_TIMEOUT_S)
            till.command("enter_pin", pin=pin_hint)
            result = till.wait_for_phase("result", timeout_s=_STEP_TIMEOUT_S)["result"]
        if result["outcome"] != "approved":
            raise StoryError(f"the first sale ended {result['outcome']}: {result['en']}")
        payments = self.browser.get(f"/api/v1/merchants/{self.merchant_id}/payments")["items"]
        found = [(one["rrn"], one["amount"]["amount_minor"]) for one in payments]
        if found != [(result["rrn"], _AMOUNT_MINOR)]:
            raise StoryError("the portal does not show exactly this sale")
        self.tell("sold", {"amount": _yuan(_AMOUNT_MINOR), "rrn": str(result["rrn"])})

    def _wait_for_till(self) -> None:
        """Wait until the till's own page stands where the activation's was."""
        deadline = time.monotonic() + _STEP_TIMEOUT_S
        while time.monotonic() < deadline:
            with (
                contextlib.suppress(CashierError, OSError, WebSocketException),
                Cashier(self.stage.till_address) as till,
            ):
                if till.state["phase"] == "off":
                    return
            time.sleep(_POLL_S)
        raise StoryError("the till's page did not come")

    def _desk(self, *words: str) -> dict[str, str]:
        done = subprocess.run(  # noqa: S603 - our own module and our own words
            [
                sys.executable,
                "-m",
                "tongbao.app.demo.onboarding.desk",
                str(self.stage.world.settings_file),
                *words,
            ],
            capture_output=True,
            text=True,
            timeout=_DESK_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise StoryError(f"the desk could not {words[0]}: {done.stderr.strip()[-400:]}")
        answer: dict[str, str] = json.loads(done.stdout)
        return answer


def _form_of(who: Applicant) -> dict[str, Any]:
    return {
        "name": who.shop_name,
        "name_en": "Aming Shoe Repair",
        "registered_name": who.registered_name,
        "credit_code": who.credit_code,
        "legal_person": who.person,
        "resident_id": who.resident_id,
        "id_begins": "2020-03-10",
        "id_expires": "2040-03-10",
        "contact_phone": who.phone,
        "shop_name": who.shop_name,
        "shop_city": "样板市",
        "shop_address": who.address,
        "shop_latitude_udeg": 31_230_000,
        "shop_longitude_udeg": 121_470_000,
        "mcc": who.mcc,
        "monthly_turnover_minor": 2_000_000,
        "account_kind": who.account_kind,
        "account_holder": who.account_holder,
        "account_bank": BANK,
        "account_number": who.account_number,
    }


def _signature_picture() -> bytes:
    picture = Image.new("RGB", (400, 160), "white")
    draw = ImageDraw.Draw(picture)
    for shift in range(0, 300, 60):
        draw.line([(30 + shift, 120), (70 + shift, 40), (110 + shift, 120)], fill="black", width=6)
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def _invitation(state: dict[str, Any]) -> dict[str, Any] | None:
    activation = state.get("activation")
    found: dict[str, Any] | None = activation["invitation"] if activation else None
    return found


def _asks(state: dict[str, Any]) -> str | None:
    test = state.get("self_test")
    asked: str | None = test["asks"] if test else None
    return asked


def _is_ready(state: dict[str, Any]) -> bool:
    activation = state.get("activation")
    return activation is None or activation["stage"] == "ready"


def _yuan(amount_minor: int) -> str:
    return f"{amount_minor // 100}.{amount_minor % 100:02}"
