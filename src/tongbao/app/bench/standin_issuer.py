"""The stand-in issuer: checks every message, keeps no book and answers at once.

It speaks the network dialect over its real socket, checks and makes real MACs, and sees that the
PIN block it gets holds the PIN that the simulated card has.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final, cast

from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.domain.errors import ProtocolError
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Purpose
from tongbao.wire.framing import FrameSplitter, add_length
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.messages import (
    MAC_FIELD,
    MANAGEMENT_REPLY_MTI,
    MANAGEMENT_REQUEST_MTI,
    REVERSAL_REPLY_MTI,
    REVERSAL_REQUEST_MTI,
    SALE_REPLY_MTI,
    SALE_REQUEST_MTI,
)
from tongbao.wire.network.operation_messages import Balances
from tongbao.wire.network.operations import ADVICE_MTI

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.app.bench.plan import SimulatedCard
    from tongbao.crypto.key_store import KeyStore
    from tongbao.wire.iso8583.fields import FieldValue

_ZAK: Final = KeyName("zak")
_ZPK: Final = KeyName("zpk")
_MAC: Final = MacAlgorithm.CMAC_AES
_MAC_BYTES: Final = 8
_HEAD_BYTES: Final = 10
_SALE_REQUEST_BYTES: Final = bytes.fromhex(SALE_REQUEST_MTI)
# Head, F3 to F11, and the last six fields with the MAC.
_SALE_BYTES_MIN: Final = 10 + 17 + 62
_ADVICE_REPLY_MTI: Final = "0230"
# Tag 91: what a real issuer's card would check.
_ISSUER_AUTHENTICATION: Final = bytes.fromhex("910A") + bytes(8) + b"00"
_BALANCE_CODE: Final = "310000"
_BALANCES: Final = Balances(Money(1_000_000, Currency.CNY), Money(1_000_000, Currency.CNY)).build()
# What an answer takes over from its request, by the request's message type.
_ECHOED: Final = {
    SALE_REQUEST_MTI: (SALE_REPLY_MTI, (3, 4, 7, 11, 37, 41, 42, 49, 62)),
    ADVICE_MTI: (_ADVICE_REPLY_MTI, (3, 4, 7, 11, 37, 41, 42, 49, 62)),
    REVERSAL_REQUEST_MTI: (REVERSAL_REPLY_MTI, (3, 4, 7, 11, 37, 41, 42, 49)),
    MANAGEMENT_REQUEST_MTI: (MANAGEMENT_REPLY_MTI, (7, 11, 70)),
}


class StandInIssuer:
    """What all connections to the stand-in share: keys, expected PIN blocks and the counts."""

    def __init__(self, keys: KeyStore, cards: Mapping[str, SimulatedCard]) -> None:
        self.faults: Counter[str] = Counter()
        self.messages = 0
        self._keys = keys
        # MTI and bitmap of sales that may be answered by slices, and those of their answers.
        self._reply_heads: dict[bytes, bytes] = {}
        self._blocks = {
            terminal_id: keys.encrypt_pin(_ZPK, card.pin, card.pan).reveal(Purpose.CRYPTO)
            for terminal_id, card in cards.items()
        }

    def connection(self) -> asyncio.Protocol:
        """Make the protocol of one connection."""
        return _Connection(self)

    def answer(self, body: bytes) -> bytes:
        """Answer one message with a whole frame, or with nothing when it is not to be trusted."""
        reply_head = self._reply_heads.get(body[:_HEAD_BYTES])
        if reply_head is not None:
            return self._answer_by_slices(body, reply_head)
        answer = self._answer_by_codec(body)
        self._learn(body, answer)
        return answer

    def _answer_by_codec(self, body: bytes) -> bytes:
        try:
            request = NETWORK.decode(body)
            mti, echoed = _ECHOED[request.mti]
        except (ProtocolError, KeyError):
            self.faults["issuer: a message that cannot be read"] += 1
            return b""
        if not self._keys.verify_mac(_ZAK, _MAC, body[:-_MAC_BYTES], body[-_MAC_BYTES:]):
            self.faults["issuer: wrong MAC"] += 1
            return b""
        self.messages += 1
        fields = {number: request.fields[number] for number in echoed if number in request.fields}
        fields[39] = "00"
        if mti in (SALE_REPLY_MTI, _ADVICE_REPLY_MTI):
            self._decide(request, fields)
        unsigned = NETWORK.encode_unsigned(Message(mti, fields), MAC_FIELD[mti])
        return add_length(unsigned + self._keys.mac(_ZAK, _MAC, unsigned))

    def _decide(self, request: Message, fields: dict[int, FieldValue]) -> None:
        """Approve, unless the PIN is another one than the card has."""
        fields[15] = request.text(7)[:4]
        if 52 in request.fields:
            block = request.secret_bytes(52).reveal(Purpose.CRYPTO)
            if block != self._blocks[request.text(41)]:
                self.faults["issuer: another PIN"] += 1
                fields[39] = "55"
                return
        if fields[3] == _BALANCE_CODE:
            fields[54] = _BALANCES
            return
        fields[38] = f"{self.messages % 1_000_000:06d}"
        if 55 in request.fields:
            fields[55] = _ISSUER_AUTHENTICATION

    def _answer_by_slices(self, body: bytes, reply_head: bytes) -> bytes:
        """Answer a sale of a known bitmap by copying bytes: a quarter of the codec's time."""
        if not self._keys.verify_mac(_ZAK, _MAC, body[:-_MAC_BYTES], body[-_MAC_BYTES:]):
            self.faults["issuer: wrong MAC"] += 1
            return b""
        if body[-24:-16] != self._blocks[body[-50:-42].decode("ascii")]:
            return self._answer_by_codec(body)
        self.messages += 1
        unsigned = b"".join(
            (
                reply_head,
                body[10:27],  # F3, F4, F7, F11
                body[19:21],  # F15 is the date of F7
                body[-62:-50],  # F37
                b"%06d00" % (self.messages % 1_000_000),  # F38, F39
                body[-50:-24],  # F41, F42, F49
            )
        )
        return add_length(unsigned + self._keys.mac(_ZAK, _MAC, unsigned))

    def _learn(self, body: bytes, answer: bytes) -> None:
        """Trust the short way with messages of this bitmap when it gives the codec's bytes."""
        if not answer or body[:2] != _SALE_REQUEST_BYTES or len(body) < _SALE_BYTES_MIN:
            return
        # With a PIN and an amount, without chip data and original: then every field has its place.
        if body[2] & 0x10 and body[8] & 0x12 == 0x10 and not body[9] & 0x04:
            self.messages -= 1
            reply_head = answer[2 : 2 + _HEAD_BYTES]
            if self._answer_by_slices(body, reply_head) == answer:
                self._reply_heads[body[:_HEAD_BYTES]] = reply_head


class _Connection(asyncio.Protocol):
    def __init__(self, issuer: StandInIssuer) -> None:
        self._answer = issuer.answer
        self._splitter = FrameSplitter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports write, but do not derive from the class that says so.
        self._write = cast("asyncio.WriteTransport", transport).write

    def data_received(self, data: bytes) -> None:
        self._write(b"".join(map(self._answer, self._splitter.feed(data))))
