"""What the reporting process tells the load generator, and what it hears back: two JSON files."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from tongbao.app.setup import MERCHANT
from tongbao.domain.secrets import KeyBytes, Pan, Pin, Track2
from tongbao.sandbox.cards import CARD_BY_ID

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import DataclassInstance

BENCH_BIN: Final = "620000"
# Above the serial numbers of the drawer's cards.
_FIRST_SERIAL: Final = 900_000_000
_SANDBOX_CARDS: Final = ("good", "second")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """All that the load generator needs to know; the keys are in files of their own.

    `issuer_port` 0 means that the sandbox's issuer answers and the generator plays none.
    `connections` 0 means sales only, each terminal on its own connection; any other number is the
    mixed workload over so many connections.
    """

    host_address: str
    host_port: int
    host_pid: int
    authority_file: str | None
    issuer_port: int
    issuer_key_file: str
    issuer_master_key_file: str
    terminal_key_file: str
    terminal_master_key_file: str
    merchant_id: str
    terminals: int
    seed: int
    warmup_seconds: float
    seconds: float
    report_file: str
    connections: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What the load generator saw; times in ms, CPU in seconds over the measured window.

    `acknowledged` holds, for each terminal, its batch number and trace → amount of every sale that
    was answered with an approval and a right MAC, warm-up included. `wrong` counts answers that
    were anything else by their reason, `unanswered` the sales without answer at the end.
    """

    window_s: float
    sales: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    host_cpu_s: float
    load_cpu_s: float
    machine_busy_percent: float
    issuer_messages: int
    unanswered: int
    wrong: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[str, AcknowledgedSales] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AcknowledgedSales:
    """The approvals that one terminal saw: its batch, and trace number to amount in fen."""

    batch_no: int
    amounts: dict[int, int]


def write_json(file: Path, value: DataclassInstance) -> None:
    """Write a plan or report; the file appears whole."""
    new = file.with_name(file.name + ".new")
    new.write_text(json.dumps(dataclasses.asdict(value)), encoding="utf-8")
    new.replace(file)


def read_plan(file: Path) -> LoadPlan:
    """Read what `write_json` wrote."""
    return LoadPlan(**json.loads(file.read_text(encoding="utf-8")))


def read_report(file: Path) -> LoadReport:
    """Read what `write_json` wrote."""
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    document["acknowledged"] = {
        terminal_id: AcknowledgedSales(
            item["batch_no"], {int(trace): amount for trace, amount in item["amounts"].items()}
        )
        for terminal_id, item in document["acknowledged"].items()
    }
    return LoadReport(**document)


@dataclass(frozen=True, slots=True)
class SimulatedCard:
    """A card of the benchmark: stripe, number and PIN."""

    track2: Track2
    pan: Pan
    pin: Pin

    @classmethod
    def of_terminal(cls, number: int, seed: int) -> Self:
        """Return the card that terminal `number` swipes, the same for the same seed."""
        source = random.Random(f"card {seed} {number}")  # noqa: S311 - a made-up card, not a key
        body = f"{BENCH_BIN}{_FIRST_SERIAL + number:012d}"
        pan = next(Pan(body + digit) for digit in "0123456789" if Pan(body + digit).luhn_valid)
        pin = Pin(f"{source.randrange(1_000_000):06d}")
        return cls(Track2(f"{body}{pan.last4[-1]}D4912220{number:09d}"), pan, pin)

    @classmethod
    def of_sandbox(cls, number: int) -> Self:
        """Return a card that the sandbox's issuer knows and that has the money."""
        card = CARD_BY_ID[_SANDBOX_CARDS[number % len(_SANDBOX_CARDS)]]
        return cls(card.track2, card.pan, card.pin)


def terminal_ids(count: int) -> list[str]:
    """Return the ids of the simulated terminals, from 00000001."""
    return [f"{number:08d}" for number in range(1, count + 1)]


def merchant_ids(count: int) -> list[str]:
    """Return the merchant numbers of the mixed workload, one for each terminal.

    The first terminal is that of every prepared world and stays with its merchant.
    """
    return [MERCHANT.merchant_id, *(f"2{number:014d}" for number in range(2, count + 1))]


def terminal_master_key(terminal_id: str, seed: int) -> KeyBytes:
    """Return the test TMK of a terminal, 16 bytes, the same for the same seed."""
    return KeyBytes(hashlib.sha256(f"bench tmk {seed} {terminal_id}".encode()).digest()[:16])
