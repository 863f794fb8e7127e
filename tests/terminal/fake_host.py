"""A host made of the project's own wire and crypto: real bytes, real MACs, a book to look into.

It does what it is told: `codes` are the answers to the next sales, `mutate` spoils them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm, terminal_mac_algorithm
from tongbao.crypto.pin_block import decode_pin_block
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.crypto.working_keys import layout_for_code
from tongbao.domain.secrets import KeyBytes, Purpose
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import FieldValue
from tongbao.wire.unionpay.framing import pack_frame, swap_tpdu, unpack_frame
from tongbao.wire.unionpay.profile import HostProfile
from tongbao.wire.unionpay.structured.field59 import PrivateData
from tongbao.wire.unionpay.table import UNIONPAY
from tongbao.wire.unionpay.transactions import Resolution, find_transaction, reply_mti

TMK = KeyBytes(bytes.fromhex("11" * 16))
MASTER = KeyBytes(bytes(range(32)))
MAK = KeyName("session/mak")
PIK = KeyName("session/pik")
TDK = KeyName("session/tdk")
_NO_RESULT = {"98", "68", "10", "A0"}
_SIGNED = {"0100", "0200", "0220", "0400"}


def key_store(tmk: KeyBytes = TMK, algorithm: KeyAlgorithm = KeyAlgorithm.TDES) -> SoftwareKeyStore:
    store = SoftwareKeyStore.in_memory(MASTER)
    store.import_key(KeyName("tmk"), tmk, algorithm)
    return store


@dataclass
class Booked:
    """A payment in the host's book, with the answer that a repeat of it gets again."""

    kind: str
    amount: int
    code: str
    reply: dict[int, FieldValue]
    original: tuple[str, str]
    reversed: bool = False

    @property
    def stands(self) -> bool:
        return self.code == "00" and not self.reversed


# What an approved one does to what cardholders have paid; a tip or an adjustment is a new total.
SIGNS = {
    "sale": 1,
    "mail_order": 1,
    "completion": 1,
    "completion_advice": 1,
    "offline_sale": 1,
    "refund": -1,
}
UNDOING = {"void", "completion_void"}
CHANGING = {"tip", "adjustment"}


@dataclass
class FakeHost:
    batch: str = "000007"
    codes: list[str] = field(default_factory=list)
    clock: tuple[str, str] = ("1121", "100000")
    field62: bytes | None = None
    session: bool = False
    book: dict[tuple[str, str], Booked] = field(default_factory=dict)
    profile: HostProfile = field(default_factory=HostProfile)
    tracks: list[str] = field(default_factory=list)
    balances: str = "1002156C000000123456"
    organisation: str = "CUP"
    seen: list[Message] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    bad_macs: int = 0
    header: str | None = None

    def __post_init__(self) -> None:
        sm4 = self.profile.uses_sm4
        self.keys = key_store(algorithm=KeyAlgorithm.SM4 if sm4 else KeyAlgorithm.TDES)
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
        total = 0
        amounts: dict[tuple[str, str], int] = {}
        for key, one in self.book.items():
            if not one.stands:
                continue
            if one.kind in UNDOING:
                total -= one.amount
            elif one.kind in CHANGING:
                total += one.amount - amounts.get(one.original, 0)
                amounts[one.original] = one.amount
            else:
                amounts[key] = one.amount
                total += SIGNS.get(one.kind, 0) * one.amount
        return total

    @property
    def algorithm(self) -> MacAlgorithm:
        return terminal_mac_algorithm(self.profile.mac_algorithm, self.keys.key_algorithm(MAK))

    def _body(self, request: Message, reply: Message, mac: str) -> bytes:
        if request.mti in _SIGNED and self.session and mac != "missing":
            unsigned = UNIONPAY.encode_unsigned(reply, 64)
            value = self.keys.mac(MAK, self.algorithm, unsigned)
            return unsigned + (b"00000000" if mac == "wrong" else value)
        return UNIONPAY.encode(reply)

    def _reply(self, request: Message, body: bytes) -> Message:
        if request.mti == "0800":
            return self._sign_in(request)
        assert request.mti in _SIGNED
        reply = self._echo(request, (3, 4, 11, 25, 41, 42, 49, 60))
        unsigned, value = UNIONPAY.mac_split(body)
        if not self.session or not self.keys.verify_mac(MAK, self.algorithm, unsigned, value):
            self.bad_macs += 1
            reply.fields[39] = "A0"
        elif request.mti == "0400":
            self._reversal(request, reply)
        else:
            self._payment(request, reply)
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
            self.keys.unwrap_working_keys(
                tmk,
                self.field62,
                "session",
                mak_check_value_offset=self.profile.mak_check_value_offset,
            )
            return self.field62

        def random_bytes(count: int) -> bytes:
            return (next(self._random) * 0x0123456789ABCDEF).to_bytes(32, "big")[-count:]

        return self.keys.make_working_keys(
            tmk,
            layout_for_code(code),
            "session",
            random_bytes,
            mak_check_value_offset=self.profile.mak_check_value_offset,
        )

    def _echo(self, request: Message, numbers: tuple[int, ...]) -> Message:
        fields = {n: request.fields[n] for n in numbers if n in request.fields}
        rrn = f"1121{len(self.seen):08d}"
        return Message(
            reply_mti(request.mti),
            {**fields, 12: self.clock[1], 13: self.clock[0], 37: rrn},
        )

    def _payment(self, request: Message, reply: Message) -> None:
        transaction = find_transaction(
            request.mti, request.text(3), request.text(60)[:2], request.text(25)
        )
        assert transaction is not None, "no such transaction"
        key = (request.text(60)[2:8], request.text(11))
        known = self.book.get(key)
        if known is not None:
            assert transaction.resolution is Resolution.REPEAT, "a trace number came twice"
            reply.fields.update(known.reply)
            return
        self._read_card(request)
        code = self.codes.pop(0) if self.codes else "00"
        reply.fields[39] = code
        reply.fields[44] = "01020000   48031000   "
        reply.fields[63] = self.organisation
        if code == "00":
            reply.fields[38] = "012345"
            if transaction.kind == "balance":
                reply.fields[54] = self.balances
        if code in _NO_RESULT and transaction.resolution is Resolution.REPEAT:
            # The issuer has not answered yet: the next copy may find more.
            return
        original = request.text(61) if 61 in request.fields else "0" * 12
        self.book[key] = Booked(
            transaction.kind,
            int(request.text(4)) if 4 in request.fields else 0,
            code,
            dict(reply.fields),
            (original[:6], original[6:12]),
        )

    def _read_card(self, request: Message) -> None:
        control = request.text(53) if 53 in request.fields else "0" * 16
        pan = request.secret_text(2).reveal(Purpose.TEST) if 2 in request.fields else ""
        if 35 in request.fields:
            track = request.secret_text(35)
            if control[2] == "1":
                track = self.keys.decrypt_track(TDK, track)
            self.tracks.append(track.reveal(Purpose.TEST))
            pan = self.tracks[-1].replace("=", "D").partition("D")[0]
        if 52 in request.fields:
            block = request.secret_bytes(52).reveal(Purpose.TEST)
            if control[1] == "3":
                assert block == bytes(8)
                block = PrivateData.parse(request.fields[59]).find("A1")
            self.pins.append(self.clear_pin(block, pan))

    def _reversal(self, request: Message, reply: Message) -> None:
        payment = self.book.get((request.text(60)[2:8], request.text(11)))
        code = self.codes.pop(0) if self.codes else ""
        if payment is not None and code in {"", "00"}:
            payment.reversed = True
        reply.fields[39] = code or ("00" if payment is not None else "25")

    def clear_pin(self, block: bytes, pan: str) -> str:
        clear = self.keys._entries[PIK].pin_cipher().decrypt_blocks(block)
        return decode_pin_block(clear, pan)


class LiveKeys:
    """Looks into a key store as no part of the product may."""

    def __init__(self, store: SoftwareKeyStore) -> None:
        self._store = store

    def clear(self, name: KeyName) -> bytes:
        return self._store._entries[name].key.reveal(Purpose.TEST)
