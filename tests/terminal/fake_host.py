"""A host made of the project's own wire and crypto: real bytes, real MACs, a book to look into.

It does what it is told: `codes` are the answers to the next sales, `mutate` spoils them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.crypto.pin_block import decode_pin_block
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.crypto.working_keys import layout_for_code
from tongbao.domain.secrets import KeyBytes, Purpose
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.framing import pack_frame, swap_tpdu, unpack_frame
from tongbao.wire.unionpay.table import UNIONPAY

TMK = KeyBytes(bytes.fromhex("11" * 16))
MASTER = KeyBytes(bytes(range(32)))
MAK = KeyName("session/mak")
PIK = KeyName("session/pik")


def key_store(tmk: KeyBytes = TMK) -> SoftwareKeyStore:
    store = SoftwareKeyStore.in_memory(MASTER)
    store.import_key(KeyName("tmk"), tmk, KeyAlgorithm.TDES)
    return store


@dataclass
class BookedSale:
    amount: int
    code: str
    rrn: str
    reversed: bool = False


@dataclass
class FakeHost:
    batch: str = "000007"
    codes: list[str] = field(default_factory=list)
    clock: tuple[str, str] = ("1121", "100000")
    field62: bytes | None = None
    session: bool = False
    book: dict[tuple[str, str], BookedSale] = field(default_factory=dict)
    seen: list[Message] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    bad_macs: int = 0
    header: str | None = None

    def __post_init__(self) -> None:
        self.keys = key_store()
        self._random = iter(range(1, 1 << 30))

    def answer(
        self,
        frame: bytes,
        change: Callable[[Message], None] | None = None,
        *,
        mac: str = "right",
    ) -> bytes:
        """Answer a whole frame (with its length) with a frame without its length."""
        envelope = unpack_frame(frame[2:])
        request = UNIONPAY.decode(envelope.body)
        self.seen.append(request)
        reply = self._reply(request, envelope.body)
        if change is not None:
            change(reply)
        body = self._body(request, reply, mac)
        header = envelope.header if self.header is None else bytes.fromhex(self.header)
        return pack_frame(swap_tpdu(envelope.tpdu), header, body)[2:]

    @property
    def debits(self) -> int:
        """What cardholders have been charged, in fen."""
        return sum(s.amount for s in self.book.values() if s.code == "00" and not s.reversed)

    def _body(self, request: Message, reply: Message, mac: str) -> bytes:
        if request.mti in {"0200", "0400"} and self.session and mac != "missing":
            unsigned = UNIONPAY.encode_unsigned(reply, 64)
            value = self.keys.mac(MAK, MacAlgorithm.UNIONPAY_ECB, unsigned)
            return unsigned + (b"00000000" if mac == "wrong" else value)
        return UNIONPAY.encode(reply)

    def _reply(self, request: Message, body: bytes) -> Message:
        if request.mti == "0800":
            return self._sign_in(request)
        assert request.mti in {"0200", "0400"}
        reply = self._echo(request, (3, 4, 11, 25, 41, 42, 49, 60))
        unsigned, value = UNIONPAY.mac_split(body)
        if not self.session or not self.keys.verify_mac(
            MAK, MacAlgorithm.UNIONPAY_ECB, unsigned, value
        ):
            self.bad_macs += 1
            reply.fields[39] = "A0"
        elif request.mti == "0200":
            self._sale(request, reply)
        else:
            self._reversal(request, reply)
        return reply

    def _sign_in(self, request: Message) -> Message:
        reply = self._echo(request, (11, 41, 42))
        reply.fields[39] = self.codes.pop(0) if self.codes else "00"
        layout = request.text(60)[8:11]
        reply.fields[60] = f"00{self.batch}{layout}"
        if reply.fields[39] == "00":
            reply.fields[62] = self._working_keys(layout)
            self.session = True
        return reply

    def _working_keys(self, code: str) -> bytes:
        tmk = KeyName("tmk")
        if self.field62 is not None:
            self.keys.unwrap_working_keys(tmk, self.field62, "session")
            return self.field62

        def random_bytes(count: int) -> bytes:
            return (next(self._random) * 0x0123456789ABCDEF).to_bytes(32, "big")[-count:]

        return self.keys.make_working_keys(tmk, layout_for_code(code), "session", random_bytes)

    def _echo(self, request: Message, numbers: tuple[int, ...]) -> Message:
        fields = {n: request.fields[n] for n in numbers if n in request.fields}
        rrn = f"1121{len(self.seen):08d}"
        return Message(
            request.mti[:2] + "1" + request.mti[3],
            {**fields, 12: self.clock[1], 13: self.clock[0], 37: rrn},
        )

    def _sale(self, request: Message, reply: Message) -> None:
        key = (request.text(60)[2:8], request.text(11))
        track = request.secret_text(35).reveal(Purpose.TEST)
        block = request.secret_bytes(52).reveal(Purpose.TEST)
        self.pins.append(self.clear_pin(block, track.partition("D")[0]))
        code = self.codes.pop(0) if self.codes else "00"
        assert key not in self.book, "a trace number came twice"
        self.book[key] = BookedSale(int(request.text(4)), code, str(reply.fields[37]))
        reply.fields[39] = code
        reply.fields[44] = "01020000   48031000   "
        reply.fields[63] = "CUP"
        if code == "00":
            reply.fields[38] = "012345"

    def _reversal(self, request: Message, reply: Message) -> None:
        sale = self.book.get((request.text(60)[2:8], request.text(11)))
        code = self.codes.pop(0) if self.codes else ""
        if sale is not None and code in {"", "00"}:
            sale.reversed = True
        reply.fields[39] = code or ("00" if sale is not None else "25")

    def clear_pin(self, block: bytes, pan: str) -> str:
        clear = self.keys._entries[PIK].pin_cipher().decrypt_blocks(block)
        return decode_pin_block(clear, pan)


class LiveKeys:
    """Looks into a key store as no part of the product may."""

    def __init__(self, store: SoftwareKeyStore) -> None:
        self._store = store

    def clear(self, name: KeyName) -> bytes:
        return self._store._entries[name].key.reveal(Purpose.TEST)
