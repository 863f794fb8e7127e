"""What the kit is told about the party under test: addresses, numbers, keys and test cards.

A plan is a TOML file; `tongbao conform plan` writes the one for a sandbox. It holds test keys and
test cards only: whoever puts a real key or card there has given it away.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tongbao.domain.secrets import KeyBytes, Pan, Pin, Purpose, Track2

if TYPE_CHECKING:
    from pathlib import Path

_DEFAULT_ANSWER_MS = 5_000


class PlanError(ValueError):
    """The plan cannot be used; the text says which entry and what to do."""


@dataclass(frozen=True, slots=True)
class TestCard:
    """A card whose issuer's answer is known beforehand."""

    __test__ = False  # not a class of tests, whatever its name makes pytest think

    track2: Track2
    pin: Pin

    @property
    def pan(self) -> Pan:
        """The number on the stripe."""
        return self.track2.pan

    @property
    def expiry(self) -> str:
        """Expiry, YYMM."""
        return self.track2.expiry


@dataclass(frozen=True, slots=True)
class TestTerminal:
    """A terminal that the host knows: its numbers and its master key, 16 or 24 bytes."""

    __test__ = False

    terminal_id: str
    merchant_id: str
    master_key: KeyBytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything the kit needs to know.

    `cards` are named by what their issuer does: good and second approve, no_funds, expired, lost
    decline, late and silent answer late or never. Cases that need a card that is not there do not
    apply. `sm4_terminal` has an SM4 master key. `claims` are what the party says it can do beyond
    the core, e.g. "mail_order", "settlement"; None means everything.
    """

    terminal: TestTerminal
    second_terminal: TestTerminal | None = None
    settling_terminal: TestTerminal | None = None
    sm4_terminal: TestTerminal | None = None
    cards: dict[str, TestCard] = field(default_factory=dict)
    claims: frozenset[str] | None = None
    capabilities: str = "500"
    answer_ms: int = _DEFAULT_ANSWER_MS
    patience_ms: int = 60_000

    def claims_to_do(self, what: str) -> bool:
        """Whether the party says that it can do this."""
        return self.claims is None or what in self.claims


def read_plan(path: Path) -> Plan:
    """Read a plan; raises PlanError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PlanError(f"{path} does not exist; `tongbao conform plan` writes one") from None
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{path} is not valid TOML: {error}") from None
    terminals = {
        name: _terminal(document.get(name), name)
        for name in ("terminal", "second_terminal", "settling_terminal", "sm4_terminal")
    }
    first = terminals["terminal"]
    if first is None:
        raise PlanError("[terminal] is missing: id, merchant and master_key")
    claims = document.get("claims")
    numbers = {
        name: int(document[name]) for name in ("answer_ms", "patience_ms") if name in document
    }
    return Plan(
        terminal=first,
        second_terminal=terminals["second_terminal"],
        settling_terminal=terminals["settling_terminal"],
        sm4_terminal=terminals["sm4_terminal"],
        cards={name: _card(item, name) for name, item in document.get("cards", {}).items()},
        claims=None if claims is None else frozenset(map(str, claims)),
        capabilities=str(document.get("capabilities", "500")),
        **numbers,
    )


def write_plan(plan: Plan) -> str:
    """Return a plan as TOML: with its keys and cards in clear, which are test ones."""
    lines = [
        "# Test keys and test cards only.",
        f'capabilities = "{plan.capabilities}"',
        f"answer_ms = {plan.answer_ms}",
        f"patience_ms = {plan.patience_ms}",
    ]
    if plan.claims is not None:
        lines.append(f"claims = [{', '.join(f'{claim!r}' for claim in sorted(plan.claims))}]")
    for name in ("terminal", "second_terminal", "settling_terminal", "sm4_terminal"):
        terminal: TestTerminal | None = getattr(plan, name)
        if terminal is not None:
            lines += [
                "",
                f"[{name}]",
                f'id = "{terminal.terminal_id}"',
                f'merchant = "{terminal.merchant_id}"',
                f'master_key = "{terminal.master_key.reveal(Purpose.CRYPTO).hex()}"',
            ]
    for name, card in sorted(plan.cards.items()):
        lines += [
            "",
            f"[cards.{name}]",
            f'track2 = "{card.track2.reveal(Purpose.WIRE)}"',
            f'pin = "{card.pin.reveal(Purpose.CRYPTO)}"',
        ]
    return "\n".join(lines) + "\n"


def _terminal(entry: object, name: str) -> TestTerminal | None:
    if entry is None:
        return None
    values = _texts(entry, name, ("id", "merchant", "master_key"))
    try:
        key = KeyBytes(bytes.fromhex(values["master_key"]))
    except ValueError:
        raise PlanError(f"[{name}] master_key must be 32 or 48 hex digits") from None
    if len(values["id"]) != 8 or len(values["merchant"]) != 15:
        raise PlanError(f"[{name}] id has 8 and merchant 15 characters")
    return TestTerminal(values["id"], values["merchant"], key)


def _card(entry: object, name: str) -> TestCard:
    values = _texts(entry, f"cards.{name}", ("track2", "pin"))
    try:
        return TestCard(Track2(values["track2"]), Pin(values["pin"]))
    except ValueError as error:
        raise PlanError(f"[cards.{name}] {error}") from None


def _texts(entry: Any, name: str, keys: tuple[str, ...]) -> dict[str, str]:
    if not isinstance(entry, dict):
        raise PlanError(f"[{name}] must be a table")
    for key in keys:
        if not isinstance(entry.get(key), str):
            raise PlanError(f"[{name}] {key} is missing or not text")
    return entry
