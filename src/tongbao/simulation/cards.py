"""The cards and keys of a simulated world. PINs have eight digits: no time looks like one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.dates import Instant
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import KeyBytes, Pan, Pin, Purpose, Track2
from tongbao.sandbox.cards import SANDBOX_BIN, Behaviour, CardStatus
from tongbao.sandbox.issuer.core.book import (
    CAPITAL_ACCOUNT,
    CLEARING_ACCOUNT,
    BookEvent,
    Card,
    Entry,
    EventKind,
)
from tongbao.sandbox.issuer.core.checks import PVK, ZPK
from tongbao.sandbox.issuer.core.issuer import TOKEN, ZAK
from tongbao.sandbox.issuer.core.state import IssuerState
from tongbao.simulation.agenda import dice

RIGHT_PIN: Final = "97531864"
WRONG_PIN: Final = "97531865"
_PLENTY_MINOR: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class SimulatedCard:
    """A card in somebody's pocket and how its issuer treats it."""

    name: str
    serial: int
    opening_minor: int = _PLENTY_MINOR
    expiry: str = "4912"
    status: CardStatus = CardStatus.ACTIVE
    behaviour: Behaviour = Behaviour.NORMAL
    limit_minor: int | None = None

    @property
    def track(self) -> Track2:
        """The stripe."""
        return Track2(f"{_digits(self.serial)}={self.expiry}220{self.serial % 100_000_000:08d}")

    @property
    def pan(self) -> Pan:
        """The number."""
        return Pan(_digits(self.serial))


# Cards that work, of two organisations, so that most payments go well.
GOOD: Final = (
    SimulatedCard("good", 101),
    SimulatedCard("good too", 102),
    SimulatedCard("foreign", 990_000_000_103),
)
CARDS: Final = (
    *GOOD,
    SimulatedCard("answers late", 104, behaviour=Behaviour.LATE),
    SimulatedCard("never answers", 105, behaviour=Behaviour.UNHEARD),
    SimulatedCard("poor", 106, opening_minor=1),
    SimulatedCard("limited", 107, limit_minor=100),
    SimulatedCard("expired", 108, expiry="2412"),
    SimulatedCard("lost", 109, status=CardStatus.LOST),
)
# Kept for the end.
PROBE: Final = SimulatedCard("probe", 110)


def _digits(serial: int) -> str:
    body = f"{SANDBOX_BIN}{serial:012d}"
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * 2 if place % 2 == 0 else int(digit)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


@dataclass(slots=True)
class KeyFile:
    """A terminal's key file: what is in it survives the power; it is written whole or not."""

    kept: dict[str, NamedKey]


class _FiledKeys(SoftwareKeyStore):
    """The real store over a key file of the simulation."""

    __slots__ = ("_boundary", "_file")

    def __init__(
        self,
        master: KeyBytes,
        randbytes: Callable[[int], bytes],
        file: KeyFile,
        boundary: Callable[[str], None],
    ) -> None:
        super().__init__(master, None, randbytes)
        self._file, self._boundary = file, boundary
        self._kept = dict(file.kept)
        self._load(file.kept.values())

    def _keep(self, kept: dict[str, NamedKey]) -> None:
        self._boundary("before writing the key file")
        self._file.kept = dict(kept)
        self._kept = kept
        self._boundary("key file written")


class KeyRing:
    """All keys of a world, drawn from its seed, and the stores that hold them."""

    def __init__(
        self, seed: int, terminal_ids: tuple[str, ...], algorithm: KeyAlgorithm = KeyAlgorithm.TDES
    ) -> None:
        self._algorithm = algorithm
        self._chance = dice(seed, "keys")
        self._master = KeyBytes(self._chance.randbytes(32))
        draw = self._chance.randbytes
        self._zpk, self._zak = draw(16), draw(16)
        self._pvk, self._issuer_token, self._host_token = draw(32), draw(32), draw(32)
        self._tmks = {terminal_id: draw(16) for terminal_id in terminal_ids}
        self._files = {
            terminal_id: KeyFile({"tmk": self._named(KeyName("tmk"), key, algorithm)})
            for terminal_id, key in self._tmks.items()
        }
        self.made: list[bytes] = [self._zpk, self._zak, self._pvk, *self._tmks.values()]
        self.made += [self._issuer_token, self._host_token]
        self.issuer = self._store(
            self._named(ZPK, self._zpk, KeyAlgorithm.TDES),
            self._named(ZAK, self._zak, KeyAlgorithm.AES),
            self._named(PVK, self._pvk, KeyAlgorithm.HMAC),
            self._named(TOKEN, self._issuer_token, KeyAlgorithm.HMAC),
        )

    def host(self) -> SoftwareKeyStore:
        """Return the store of a host that has just started."""
        return self._store(
            self._named(ZPK, self._zpk, KeyAlgorithm.TDES),
            self._named(ZAK, self._zak, KeyAlgorithm.AES),
            self._named(KeyName("token"), self._host_token, KeyAlgorithm.HMAC),
            *(
                self._named(KeyName(f"tmk/{terminal_id}"), key, self._algorithm)
                for terminal_id, key in self._tmks.items()
            ),
        )

    def terminal(self, terminal_id: str, boundary: Callable[[str], None]) -> SoftwareKeyStore:
        """Return the store of a terminal that was just switched on: what its key file holds."""
        file = self._files[terminal_id]
        return _FiledKeys(self._master, self._chance.randbytes, file, boundary)

    def file_of(self, terminal_id: str) -> KeyFile:
        """Return a terminal's key file."""
        return self._files[terminal_id]

    def draw(self, count: int) -> bytes:
        """Make the bytes of a new working key, and remember them as a canary."""
        key = self._chance.randbytes(count)
        self.made.append(key)
        return key

    def _store(self, *keys: NamedKey) -> SoftwareKeyStore:
        store = SoftwareKeyStore.in_memory(self._master, self._chance.randbytes)
        store.import_keys(keys)
        return store

    def _named(self, name: KeyName, key: bytes, algorithm: KeyAlgorithm) -> NamedKey:
        return NamedKey(name, KeyBytes(key), algorithm)


class Bank:
    """What the issuer knows before the first sale: cards, accounts, opening balances."""

    def __init__(self, keys: SoftwareKeyStore, at: Instant) -> None:
        self._cards: dict[bytes, Card] = {}
        self.openings: list[BookEvent] = []
        for card in (*CARDS, PROBE):
            kept = _kept_card(card, keys)
            self._cards[kept.token] = kept
            opening = Money(card.opening_minor, Currency.CNY)
            entries = (Entry(CAPITAL_ACCOUNT, -opening), Entry(card.name, opening))
            self.openings.append(BookEvent(EventKind.OPENING, None, at, entries))

    def fresh_state(self) -> IssuerState:
        """Return the state of an issuer that has not read its book yet."""
        accounts = [
            CAPITAL_ACCOUNT,
            CLEARING_ACCOUNT,
            *(c.account_id for c in self._cards.values()),
        ]
        return IssuerState(cards=dict(self._cards), balances=dict.fromkeys(accounts, 0))


def _kept_card(card: SimulatedCard, keys: SoftwareKeyStore) -> Card:
    limit = card.limit_minor
    return Card(
        card_id=card.name,
        token=keys.token(TOKEN, card.pan),
        masked=card.pan.masked,
        account_id=card.name,
        expiry=card.expiry,
        pin_reference=keys.pin_reference(PVK, card.pan, Pin(RIGHT_PIN)),
        status=card.status,
        behaviour=card.behaviour,
        single_limit=None if limit is None else Money(limit, Currency.CNY),
    )


def canaries() -> tuple[tuple[str, bytes], ...]:
    """Return what must never lie or travel in clear: card numbers, tracks, PINs, by name."""
    found: list[tuple[str, bytes]] = []
    for card in (*CARDS, PROBE):
        digits = card.pan.reveal(Purpose.WIRE)
        track = card.track.reveal(Purpose.WIRE)
        found.append((f"card number of '{card.name}'", digits.encode()))
        found.append((f"card number of '{card.name}', packed", bytes.fromhex(digits + "d")))
        found.append((f"track of '{card.name}'", track[20:].encode()))
    found.append(("PIN", RIGHT_PIN.encode()))
    found.append(("wrong PIN", WRONG_PIN.encode()))
    return tuple(found)


def clear_pin_blocks() -> tuple[bytes, ...]:
    """Return every format 0 block in clear that this world could make."""
    blocks = []
    for card in (*CARDS, PROBE):
        account = bytes.fromhex("0000" + card.pan.reveal(Purpose.CRYPTO)[-13:-1])
        for pin in (RIGHT_PIN, WRONG_PIN):
            plain = bytes.fromhex(f"08{pin}FFFFFF"[:16])
            blocks.append(bytes(a ^ b for a, b in zip(plain, account, strict=True)))
    return tuple(blocks)
