"""A terminal in training on a real disk, beside a live one that must not change by one byte."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random
from typing import Any

from tests.terminal.live import live_settings
from tests.terminal.rig import ALL_WELL, OPERATOR_PIN, PIN, TEN_O_CLOCK, TRACK
from tongbao.domain.ids import OperatorNo
from tongbao.domain.money import Currency, Money
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.core import TerminalCore
from tongbao.terminal.core.recovery import read_records, restore
from tongbao.terminal.core.roles import Grant
from tongbao.terminal.core.vocabulary import Phase, TimerKind
from tongbao.terminal.devices.printer import VirtualPrinter
from tongbao.terminal.journal import Journal
from tongbao.terminal.keys import open_keys
from tongbao.terminal.papers import paper_to_escpos
from tongbao.terminal.training.world import FOLDER, open_training_issuer, training_settings


def prints_of(folder: Path) -> dict[str, str]:
    """Digests of every file of the live world: journal, slips, keys; the training folder is out."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and FOLDER not in path.relative_to(folder).parts
    }


class TrainingRig:
    """The core in training with its issuer, journal and printer; time is turned by hand."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.live = live_settings(folder, **changes)
        self.settings = training_settings(self.live)
        self.issuer = open_training_issuer(self.settings, Random(2).randbytes)
        self.keys = open_keys(self.settings)
        self.journal = Journal.open(self.settings.data_folder, self.settings.terminal_id.value)
        self.printer = VirtualPrinter(self.settings.data_folder / "slips")
        self.core = TerminalCore(self.settings, self.keys, Random(1).randbytes)
        self.now = TEN_O_CLOCK
        self.timers: dict[TimerKind, int] = {}
        self.coming: list[bytes] = []
        self.allowed: list[Grant] = []
        self.refusal: str | None = None
        self.restart()

    def restart(self) -> None:
        """Forget all that is not in the journal."""
        self.state = restore(self.settings, read_records(self.journal.records()))
        self.timers.clear()
        self.coming.clear()

    def tell(self, event: ev.Event) -> None:
        self.refusal = None
        self.state, effects = self.core.step(self.state, event, self.now)
        for effect in effects:
            self._carry_out(effect)
        self.now = self.now.plus_ms(1_000)

    def _carry_out(self, effect: fx.Effect) -> None:
        match effect:
            case fx.Persist(record):
                self.journal.append(record, self.now)
            case fx.Send(frame, _):
                answer = self.issuer.answer(frame, self.now)
                if answer is not None:
                    self.coming.append(answer)
            case fx.Print(name, _, _, slip):
                self.printer.print_job(name, paper_to_escpos(slip))
            case fx.KeepStorageKeys(batches):
                self.core.keep_storage_keys(batches)
            case fx.StartTimer(timer, ms):
                self.timers[timer] = ms
            case fx.StopTimer(timer):
                self.timers.pop(timer, None)
            case fx.Allow(what):
                self.allowed.append(what)
            case fx.Refuse(notice):
                self.refusal = notice.code
            case _:
                pass

    def hear(self) -> None:
        """Let the next answer of the issuer arrive."""
        if self.coming:
            self.tell(ev.FrameReceived(self.coming.pop(0)))

    def fire(self, timer: TimerKind) -> None:
        if timer in self.timers:
            self.now = self.now.plus_ms(self.timers.pop(timer))
            self.tell(ev.Timeout(timer))

    def ready(self) -> TrainingRig:
        self.tell(ev.PowerOn())
        self.tell(ev.SelfCheckDone(ALL_WELL))
        self.tell(ev.LinkUp())
        self.tell(ev.LogIn(OperatorNo("01"), OPERATOR_PIN))
        self.hear()
        assert self.state.phase is Phase.IDLE
        assert self.state.signed_in
        return self

    def send_sale(self, amount_minor: int, command_id: str = "t-1") -> None:
        """Bring a sale to the issuer; its answer has not arrived."""
        self.tell(ev.Start(command_id, "sale", Money(amount_minor, Currency.CNY)))
        self.tell(ev.CardSwiped(TRACK))
        self.tell(ev.PinEntered(PIN))

    def sell(self, amount_minor: int, command_id: str = "t-1") -> None:
        self.send_sale(amount_minor, command_id)
        self.hear()
