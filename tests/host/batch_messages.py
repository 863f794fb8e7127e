"""Settlement and batch upload as a terminal sends them, and payments put straight into a store."""

from __future__ import annotations

from tests.host.memory_store import MemoryStore
from tests.host.parties import MERCHANT, PAN, TERMINAL, TOKEN, ScriptedTerminal
from tests.host.world import START_US, World
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.secrets import KeyBytes, Pan
from tongbao.host.core.payment_ids import PaymentIds, rrn_of
from tongbao.host.records import (
    BatchEventRecord,
    EventRecord,
    ExceptionRecord,
    PaymentRecord,
    Record,
    StoredPayment,
)
from tongbao.wire.iso8583.codec import Message

_keys = SoftwareKeyStore.in_memory(KeyBytes(bytes(32)))
_keys.import_key(KeyName("token"), TOKEN, KeyAlgorithm.HMAC)
FOREIGN_PAN = "6200009900000000013"


def token_of(pan: str) -> bytes:
    return _keys.token(KeyName("token"), Pan(pan))


class Books:
    """Makes payments of one batch, each with its events, as the host would have written them."""

    def __init__(self, batch_no: int = 1, terminal_id: str = TERMINAL) -> None:
        self.batch_no = batch_no
        self.terminal_id = terminal_id
        self.rows: list[StoredPayment] = []
        # Long ago: ids of the running host come later.
        self._ids = PaymentIds(0)
        self._at_us = START_US - 3_600_000_000

    def add(
        self,
        kind: str,
        amount_minor: int,
        *events: str,
        stan: int = 0,
        original: PaymentRecord | None = None,
        organisation: str = "CUP",
        pan: str = PAN,
        ago_s: int = 3_600,
    ) -> PaymentRecord:
        """Add a payment; without events named it is approved."""
        payment_id = self._ids.next(self._at_us)
        payment = PaymentRecord(
            payment_id,
            self.terminal_id,
            MERCHANT,
            self.batch_no,
            stan or len(self.rows) + 1,
            kind,
            amount_minor,
            "156",
            Pan(pan).masked,
            token_of(pan),
            "021",
            rrn_of(payment_id),
            "2026-11-21",
            "issuer",
            START_US - ago_s * 1_000_000,
            original.payment_id if original else 0,
            organisation,
        )
        kinds = events or ("approved",)
        self.rows.append(
            StoredPayment(
                payment,
                tuple(
                    EventRecord(payment_id, name, START_US, "00", "123456", "")
                    for name in kinds
                    if name != "pending"
                ),
            )
        )
        return payment

    def records(self) -> list[Record]:
        return [record for row in self.rows for record in (row.payment, *row.events)]

    def world(self, **more: object) -> World:
        """A host whose store holds these books."""
        world = World(**more)
        store = world.store
        assert isinstance(store, MemoryStore)
        store.commit(self.records())
        return world


def side(debit: tuple[int, int] = (0, 0), credit: tuple[int, int] = (0, 0)) -> str:
    """30 digits: amount and count, debit and credit."""
    return f"{debit[0]:012d}{debit[1]:03d}{credit[0]:012d}{credit[1]:03d}"


def totals(domestic: str = side(), foreign: str = side(), flags: str = "00") -> str:
    return domestic + flags[0] + foreign + flags[1]


def settlement(terminal: ScriptedTerminal, digits: str, stan: int = 900, **more: object) -> bytes:
    fields: dict[int, object] = {
        11: f"{stan:06d}",
        41: terminal.terminal_id,
        42: terminal.merchant_id,
        48: digits,
        49: "156",
        60: f"00{terminal.batch_no:06d}201",
        63: "01 ",
    }
    return terminal.frame("0500", fields | more.get("change", {}))


def upload(
    terminal: ScriptedTerminal, code: str, fields: dict[int, object], stan: int = 901
) -> bytes:
    """An 0320; `code` is 60.3."""
    own = {
        11: f"{stan:06d}",
        41: terminal.terminal_id,
        42: terminal.merchant_id,
        60: f"00{terminal.batch_no:06d}{code}",
    }
    return terminal.frame("0320", own | fields)


def detail(stan: int, amount_minor: int, pan: str = PAN, card: str = "00") -> str:
    return f"{card}{stan:06d}{pan.zfill(20)}{amount_minor:012d}"


def details(terminal: ScriptedTerminal, *items: str, stan: int = 901) -> bytes:
    return upload(terminal, "201", {48: f"{len(items):02d}" + "".join(items)}, stan)


def end(terminal: ScriptedTerminal, count: int, code: str = "202", stan: int = 990) -> bytes:
    return upload(terminal, code, {48: f"{count:04d}"}, stan)


def ask(world: World, frame: bytes, terminal: ScriptedTerminal | None = None) -> Message:
    reply = world.ask(terminal or ScriptedTerminal(), frame)
    assert reply is not None
    return reply


def exceptions(world: World) -> list[str]:
    return [record.detail for record in records(world, ExceptionRecord)]


def batch_events(world: World) -> list[BatchEventRecord]:
    return records(world, BatchEventRecord)


def records(world: World, kind: type) -> list:
    store = world.store
    assert isinstance(store, MemoryStore)
    return store.records_of(kind)
