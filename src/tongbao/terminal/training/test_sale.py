"""One sale against the training issuer, from the card to the slip, with nothing kept.

It runs the core that sells, on wire bytes that are made and read as always; only line, keys and
journal are of the moment.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.errors import CryptoError
from tongbao.crypto.operator_pin import hash_pin
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.errors import InvariantViolationError
from tongbao.domain.ids import OperatorNo
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import KeyBytes, Pin, Track2
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.core import TerminalCore
from tongbao.terminal.core.recovery import read_records, restore
from tongbao.terminal.core.state import PartCheck
from tongbao.terminal.core.vocabulary import CheckResult, Outcome, Part, Phase
from tongbao.terminal.papers import paper_to_escpos
from tongbao.terminal.settings import AmountLimits
from tongbao.terminal.training.issuer import TMK, TrainingIssuer
from tongbao.terminal.training.world import training_settings

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.terminal.settings import TerminalSettings

AMOUNT: Final = Money(1, Currency.CNY)
# A card of the sandbox's range that nobody has; its PIN and the operator's are of the moment, too.
_TRACK: Final = Track2("6200001234567890128=30122010000000000")
_PIN: Final = Pin("246810")
_OPERATOR: Final = OperatorNo("01")
_STEPS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class TestSale:
    """How it ended: `detail` in a few neutral words, the digest of every frame and slip."""

    __test__ = False  # not a class of tests, whatever a test runner reads out of its name

    passed: bool
    detail: str
    evidence_sha256: str


def make_test_sale(live: TerminalSettings, now: Instant) -> TestSale:
    """Sell for one fen in a world of the moment; nothing is written and no line is opened."""
    try:
        return _Counter(live, now).sell()
    except (CryptoError, InvariantViolationError, ValueError) as error:
        return TestSale(False, type(error).__name__, hashlib.sha256(b"").hexdigest())


class _Counter:
    """The core with everything around it in memory."""

    def __init__(self, live: TerminalSettings, now: Instant) -> None:
        operators = {_OPERATOR.value: hash_pin(_PIN, os.urandom(16))}
        # The test is of the parts and not of what the merchant may do: no limit, every kind.
        self._settings = replace(
            training_settings(live),
            operators=operators,
            operator_roles={},
            limits=AmountLimits(),
            refused_kinds=frozenset(),
        )
        key = KeyBytes(os.urandom(16))
        algorithm = KeyAlgorithm.SM4 if live.profile.uses_sm4 else KeyAlgorithm.TDES
        stores = [SoftwareKeyStore.in_memory(KeyBytes(os.urandom(32))) for _ in range(2)]
        for store in stores:
            store.import_key(TMK, key, algorithm)
        self._core = TerminalCore(self._settings, stores[0], os.urandom)
        self._issuer = TrainingIssuer(stores[1], self._settings.profile, os.urandom)
        self._state = restore(self._settings, read_records([]))
        self._now = now
        self._coming: list[bytes] = []
        self._evidence = hashlib.sha256()
        self._slips = 0

    def sell(self) -> TestSale:
        """Switch on, log in, sign in, sell; tell how it ended."""
        well = tuple(PartCheck(part, CheckResult.OK) for part in Part)
        for event in (
            ev.PowerOn(),
            ev.SelfCheckDone(well),
            ev.LinkUp(),
            ev.LogIn(_OPERATOR, _PIN),
            ev.Start("test-sale", "sale", AMOUNT),
            ev.CardSwiped(_TRACK),
            ev.PinEntered(_PIN),
        ):
            self._tell(event)
        result = self._state.result
        if self._state.phase is not Phase.RESULT or result is None:
            return self._ended(False, self._state.phase.value)
        passed = result.outcome is Outcome.APPROVED and self._slips > 0
        return self._ended(passed, f"{result.outcome.value}, {self._slips} slips")

    def _ended(self, passed: bool, detail: str) -> TestSale:
        return TestSale(passed, detail, self._evidence.hexdigest())

    def _tell(self, event: ev.Event) -> None:
        self._step(event)
        for _ in range(_STEPS_MAX):
            if not self._coming:
                return
            self._step(ev.FrameReceived(self._coming.pop(0)))

    def _step(self, event: ev.Event) -> None:
        self._state, effects = self._core.step(self._state, event, self._now)
        for effect in effects:
            match effect:
                case fx.Send(frame, _):
                    self._evidence.update(frame)
                    answer = self._issuer.answer(frame, self._now)
                    if answer is not None:
                        self._evidence.update(answer)
                        self._coming.append(answer)
                case fx.Print(_, _, _, slip):
                    self._evidence.update(paper_to_escpos(slip))
                    self._slips += 1
                case _:
                    pass
