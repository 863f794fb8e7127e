"""A terminal core on a bench: events in, effects collected, time turned by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random
from typing import TypeVar

from tests.terminal.fake_host import FakeHost, key_store
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.domain.dates import Instant
from tongbao.domain.ids import BatchNo, MerchantId, OperatorNo, Stan, TerminalId
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Pin, Track2
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.core import TerminalCore
from tongbao.terminal.core.items import BatchItem
from tongbao.terminal.core.recovery import read_records, restore
from tongbao.terminal.core.state import PartCheck
from tongbao.terminal.core.vocabulary import CheckResult, Cue, Outcome, Part, Phase, TimerKind
from tongbao.terminal.settings import TerminalSettings
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.framing import unpack_frame
from tongbao.wire.unionpay.table import UNIONPAY

TRACK = Track2("6200001234567890128=30122010000000000")
MASKED = "620000*********0128"
PIN = Pin("123456")
OPERATOR_PIN = Pin("0000")


# As `hash_pin` writes it, but with the least cost, because most tests log in.
def hashed(password: bytes) -> str:
    digest = hashlib.scrypt(password, salt=b"\0", n=2, r=8, p=1, dklen=32)
    return "scrypt$2$8$1$00$" + digest.hex()


HASHED_0000 = hashed(b"0000")
HASHED_123456 = hashed(b"123456")
SUPERVISOR = ev.Approval(OperatorNo("00"), Pin("123456"))
# 2026-11-21 10:00:00 in China.
TEN_O_CLOCK = Instant(1_795_226_400_000_000)
ALL_WELL = tuple(PartCheck(part, CheckResult.OK, "") for part in Part)

Kind = TypeVar("Kind")


def make_settings(**changes: object) -> TerminalSettings:
    values: dict[str, object] = {
        "terminal_id": TerminalId("00000001"),
        "merchant_id": MerchantId("100000000000001"),
        "merchant_name": "通宝便利店",
        "merchant_name_en": "Tongbao Corner Shop",
        "data_folder": Path("unused"),
        "key_file": Path("unused"),
        "master_key_file": Path("unused"),
        "host_tls": False,
        "operators": {"00": HASHED_123456, "01": HASHED_0000, "02": HASHED_0000},
    }
    return TerminalSettings(**{**values, **changes})


class Rig:
    """The core with everything around it simulated."""

    def __init__(self, **settings: object) -> None:
        self.settings = make_settings(**settings)
        profile = self.settings.profile
        sm4 = profile.uses_sm4
        self.keys = key_store(algorithm=KeyAlgorithm.SM4 if sm4 else KeyAlgorithm.TDES)
        self.core = TerminalCore(self.settings, self.keys, Random(1).randbytes)
        self.host = FakeHost(profile=profile)
        self.now = TEN_O_CLOCK
        self.state = restore(self.settings, read_records([]))
        self.records: list[tuple[object, Instant]] = []
        self.effects: list[fx.Effect] = []
        self.timers: dict[TimerKind, int] = {}
        self.outbox: list[fx.Send] = []
        self.slips: list[fx.Print] = []
        self.cues: list[Cue] = []

    def tell(self, event: ev.Event) -> list[fx.Effect]:
        """Step once, carry the effects out in memory, and return them."""
        self.state, self.effects = self.core.step(self.state, event, self.now)
        self.carry_out(self.effects)
        return self.effects

    def carry_out(self, effects: list[fx.Effect]) -> None:
        """Do effects in memory."""
        for effect in effects:
            match effect:
                case fx.KeepStorageKeys(batches):
                    self.core.keep_storage_keys(batches)
                case fx.KeepStaff(change):
                    self.core.keep_staff(change)
                case fx.Persist(record):
                    self.records.append((record, self.now))
                case fx.Send():
                    self.outbox.append(effect)
                case fx.StartTimer(timer, ms):
                    self.timers[timer] = ms
                case fx.StopTimer(timer):
                    self.timers.pop(timer, None)
                case fx.Print():
                    self.slips.append(effect)
                case fx.PlaySound(cue):
                    self.cues.append(cue)
                case _:
                    pass

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Return the effects of one kind from the last step."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def refusal(self) -> str | None:
        """The code of the refusal in the last step."""
        found = self.of(fx.Refuse)
        return found[0].notice.code if found else None

    def kept(self, kind: type[Kind]) -> list[Kind]:
        """Return the records of one kind."""
        return [record for record, _ in self.records if isinstance(record, kind)]

    def wait(self, ms: int) -> None:
        self.now = self.now.plus_ms(ms)

    def fire(self, timer: TimerKind) -> list[fx.Effect]:
        """Let a timer run out."""
        self.wait(self.timers.pop(timer))
        return self.tell(ev.Timeout(timer))

    def hear(self, frame: bytes) -> list[fx.Effect]:
        return self.tell(ev.FrameReceived(frame))

    def answer(self, change: object = None, *, mac: str = "right") -> list[fx.Effect]:
        """Let the host answer the last message sent."""
        return self.hear(self.host.answer(self.outbox[-1].frame, change, mac=mac))

    def print_all(self) -> None:
        for job in self.slips:
            self.tell(ev.SlipPrinted(job.name, job.batch, job.trace, printed=True))
        self.slips.clear()

    def switch_on(self) -> Rig:
        self.tell(ev.PowerOn())
        self.tell(ev.SelfCheckDone(ALL_WELL))
        return self

    def log_in(self, operator: str = "01", pin: Pin = OPERATOR_PIN) -> Rig:
        self.tell(ev.LogIn(OperatorNo(operator), pin))
        return self

    def ready(self) -> Rig:
        """Switched on, logged in, signed in."""
        self.switch_on().log_in()
        self.answer()
        assert self.state.phase is Phase.IDLE
        return self

    def start(self, amount_minor: int = 12_345, command_id: str = "c-1") -> list[fx.Effect]:
        return self.tell(ev.Start(command_id, "sale", Money(amount_minor, Currency.CNY)))

    def sell(self, amount_minor: int = 12_345, command_id: str = "c-1") -> Rig:
        """Send a sale and stop before its answer."""
        self.start(amount_minor, command_id)
        self.tell(ev.CardSwiped(TRACK))
        self.tell(ev.PinEntered(PIN))
        assert self.state.phase is Phase.AUTHORISING
        return self

    def begin(self, kind: str, command_id: str = "p-1", **given: object) -> list[fx.Effect]:
        """Start any kind; amounts are fen, the original's parts stand beside them."""
        money = {
            name: Money(given.pop(name), Currency.CNY)
            for name in ("amount", "tip")
            if name in given
        }
        approval = given.pop("approval", SUPERVISOR)
        if isinstance(given.get("trace"), int):
            given["trace"] = Stan(given["trace"])
        if isinstance(given.get("batch"), int):
            given["batch"] = BatchNo(given["batch"])
        original = ev.OriginalGiven(**given)
        return self.tell(ev.Start(command_id, kind, original=original, approval=approval, **money))

    def pay(self, kind: str, command_id: str = "p-1", **given: object) -> Rig:
        """Send any kind with the card swiped and a PIN where one is asked for."""
        self.begin(kind, command_id, **given)
        assert self.refusal is None, self.refusal
        if self.state.phase is Phase.CARD:
            self.tell(ev.CardSwiped(TRACK))
        if self.state.phase is Phase.PIN:
            self.tell(ev.PinEntered(PIN))
        assert self.state.phase is Phase.AUTHORISING
        return self

    def settle(self, kind: str, command_id: str = "p-1", **given: object) -> BatchItem:
        """Have the host approve any kind, leave its result, and return it."""
        self.pay(kind, command_id, **given)
        self.answer()
        assert self.state.result.outcome is Outcome.APPROVED
        self.tell(ev.Dismiss())
        return self.state.items[-1]

    def sent(self, index: int = -1) -> Message:
        """Return a message that went out, decoded."""
        return UNIONPAY.decode(unpack_frame(self.outbox[index].frame[2:]).body)

    def power_cut(self) -> Rig:
        """Lose everything but the journal."""
        self.state = restore(self.settings, read_records(self.records))
        self.timers.clear()
        self.slips.clear()
        return self
