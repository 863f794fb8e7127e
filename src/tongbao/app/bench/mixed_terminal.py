"""One simulated terminal of the mixed workload: its keys, its numbers and its messages.

It has no connection of its own: many terminals share some (`mixed_load.py`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tongbao.app.bench.workload import Act
from tongbao.crypto.key_store import KeyName
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay import transactions as wire
from tongbao.wire.unionpay.framing import DEFAULT_HEADER, DEFAULT_TPDU, pack_frame
from tongbao.wire.unionpay.table import UNIONPAY

if TYPE_CHECKING:
    from tongbao.app.bench.plan import SimulatedCard
    from tongbao.crypto.key_store import KeyStore, WorkingKeySet
    from tongbao.wire.iso8583.fields import FieldValue

_MAC_BYTES: Final = 8
_NO_ANSWER: Final = "98"
_PIN_CONTROL: Final = "2600000000000000"
_ORIGINALS_MAX: Final = 50
_WITH_CHIP: Final = {Act.CHIP_SALE: "051", Act.CONTACTLESS_SALE: "072"}


class Sold(NamedTuple):
    """An approved sale that may still be voided or refunded."""

    trace: int
    amount: int
    rrn: str
    auth_code: str
    date: str


class Asked(NamedTuple):
    """A request under way: what it is for, and what its answer must repeat."""

    act: Act
    kind: str
    trace: int
    amount: int
    reply_mti: str
    frame: bytes


@dataclass(slots=True)
class Booked:
    """What the terminal was told about one of its payments; `state` is approved or reversed."""

    kind: str
    amount: int
    state: str = "approved"


@dataclass(slots=True)
class MixedTerminal:
    """A terminal; `busy` while a request of its own, or a reversal to come, is under way."""

    terminal_id: str
    merchant_id: str
    card: SimulatedCard
    keys: KeyStore
    batch_no: int = 1
    busy: bool = False
    book: dict[int, Booked] = field(default_factory=dict)
    originals: deque[Sold] = field(default_factory=lambda: deque(maxlen=_ORIGINALS_MAX))
    _trace: int = 0
    _session: WorkingKeySet | None = None
    _pin_block: bytes = b""

    def sign_in(self) -> bytes:
        """Return the frame that asks for working keys."""
        fields: dict[int, FieldValue] = {
            11: f"{self._next_trace():06d}",
            41: self.terminal_id,
            42: self.merchant_id,
            60: f"00{self.batch_no:06d}003",
            63: b"01 ",
        }
        body = UNIONPAY.encode(Message("0800", fields))
        return pack_frame(DEFAULT_TPDU, DEFAULT_HEADER, body)

    def signed_in(self, body: bytes) -> None:
        """Take the answer to a sign-in.

        Raises: ProtocolError, CryptoError: the answer is none, or says no.
        """
        reply = UNIONPAY.decode(body)
        if (reply.mti, reply.text(39)) != ("0810", "00"):
            raise ProtocolError("F39", 0, f"sign-in answered with {reply.mti} {reply.text(39)}")
        session = self.keys.unwrap_working_keys(
            KeyName(f"tmk/{self.terminal_id}"), reply.binary(62), f"work/{self.terminal_id}"
        )
        self.batch_no = int(reply.text(60)[2:8])
        block = self.keys.encrypt_pin(session.pik, self.card.pin, self.card.pan)
        self._pin_block = block.reveal(Purpose.WIRE)
        self._session = session

    def sale(self, act: Act, amount: int, chip_data: bytes) -> Asked:
        """Ask for a sale by chip: with PIN, or contactless without one."""
        contactless = act is Act.CONTACTLESS_SALE
        fields: dict[int, FieldValue] = {
            4: f"{amount:012d}",
            14: "4912",
            22: _WITH_CHIP[Act.CONTACTLESS_SALE if contactless else Act.CHIP_SALE],
            23: "001",
            35: self._track2(),
            55: chip_data,
        }
        return self._ask(act, wire.SALE, amount, fields | ({} if contactless else self._pin()))

    def balance(self) -> Asked:
        """Ask for the balance, by chip and with PIN."""
        fields: dict[int, FieldValue] = {22: "051", 23: "001", 14: "4912", 35: self._track2()}
        return self._ask(Act.BALANCE, wire.BALANCE, 0, fields | self._pin())

    def void(self, sold: Sold) -> Asked:
        """Ask to void a sale of this batch; Spec: UnionPay terminal dialect, 3.5."""
        fields = self._naming(sold, f"{self.batch_no:06d}{sold.trace:06d}")
        return self._ask(Act.VOID, wire.VOID, sold.amount, fields)

    def refund(self, sold: Sold, amount: int) -> Asked:
        """Ask to give back a part of a sale; Spec: UnionPay terminal dialect, 3.5."""
        fields = self._naming(sold, f"{self.batch_no:06d}{sold.trace:06d}{sold.date}")
        fields |= {4: f"{amount:012d}", 63: b"CUP"}
        return self._ask(Act.REFUND, wire.REFUND, amount, fields)

    def reversal(self, act: Act, trace: int) -> Asked:
        """Ask to reverse one of the own sales; Spec: UnionPay terminal dialect, 3.7."""
        amount = self.book[trace].amount
        fields: dict[int, FieldValue] = {4: f"{amount:012d}", 22: "051", 39: _NO_ANSWER}
        return self._ask(act, wire.SALE, amount, fields, reversed_trace=trace)

    def fault_of(self, asked: Asked, body: bytes) -> str:
        """Return what is wrong with an answer, or an empty text; a good one is booked."""
        assert self._session is not None  # noqa: S101 - nothing is asked before the sign-in
        try:
            reply = UNIONPAY.decode(body)
        except ProtocolError as error:
            return f"answer that cannot be read: {error}"
        mak, algorithm = self._session.mak, self._session.mac_algorithm
        if not self.keys.verify_mac(mak, algorithm, body[:-_MAC_BYTES], body[-_MAC_BYTES:]):
            return f"{asked.act}: wrong MAC on {reply.mti}"
        fields = reply.fields
        if fields.get(39) != "00":
            return f"{asked.act}: code {fields.get(39)!s}"
        amount = f"{asked.amount:012d}" if asked.amount else None
        expected = (asked.reply_mti, f"{asked.trace:06d}", amount, self.terminal_id)
        if (reply.mti, fields.get(11), fields.get(4), fields.get(41)) != expected:
            return f"{asked.act}: an answer to something else"
        self._take(asked, fields)
        return ""

    def _take(self, asked: Asked, fields: dict[int, FieldValue]) -> None:
        if asked.reply_mti == wire.reply_mti(wire.REVERSAL_MTI):
            self.book[asked.trace].state = "reversed"
            return
        if asked.act is Act.BALANCE:
            return  # no money moves: there is nothing that would have to be kept
        self.book[asked.trace] = Booked(asked.kind, asked.amount)
        if asked.act in _WITH_CHIP:
            rrn, date = str(fields[37]), str(fields[13])
            auth_code = str(fields.get(38, ""))
            self.originals.append(Sold(asked.trace, asked.amount, rrn, auth_code, date))

    def _naming(self, sold: Sold, original: str) -> dict[int, FieldValue]:
        fields: dict[int, FieldValue] = {
            4: f"{sold.amount:012d}",
            14: "4912",
            22: "052",
            35: self._track2(),
            37: sold.rrn,
            61: original,
        }
        if sold.auth_code:
            fields[38] = sold.auth_code
        return fields

    def _pin(self) -> dict[int, FieldValue]:
        return {26: "12", 52: self._pin_block, 53: _PIN_CONTROL}

    def _track2(self) -> str:
        return self.card.track2.reveal(Purpose.WIRE).replace("=", "D")

    def _ask(
        self,
        act: Act,
        transaction: wire.Transaction,
        amount: int,
        fields: dict[int, FieldValue],
        *,
        reversed_trace: int = 0,
    ) -> Asked:
        assert self._session is not None  # noqa: S101 - nothing is asked before the sign-in
        trace = reversed_trace or self._next_trace()
        mti = wire.REVERSAL_MTI if reversed_trace else transaction.mti
        whole = fields | {
            3: transaction.processing_code or "",
            11: f"{trace:06d}",
            25: transaction.condition or "",
            41: self.terminal_id,
            42: self.merchant_id,
            49: "156",
            60: f"{transaction.function}{self.batch_no:06d}000601",
        }
        unsigned = UNIONPAY.encode_unsigned(Message(mti, dict(sorted(whole.items()))), 64)
        mac = self.keys.mac(self._session.mak, self._session.mac_algorithm, unsigned)
        frame = pack_frame(DEFAULT_TPDU, DEFAULT_HEADER, unsigned + mac)
        return Asked(act, transaction.kind, trace, amount, wire.reply_mti(mti), frame)

    def _next_trace(self) -> int:
        self._trace += 1
        return self._trace
