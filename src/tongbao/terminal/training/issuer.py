"""The training issuer: host and issuer in one, inside the terminal, on real wire bytes.

It has keys of its own, made for training, and no way out: whatever is said to it stays here. It
remembers its answers as long as the terminal stays in training, so that a repeat gets its first
answer and a reversal undoes what was booked. Any card and any PIN will do; the amount decides.

Spec: UnionPay terminal dialect, 3.0 to 3.9.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import CryptoError
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import terminal_mac_algorithm
from tongbao.crypto.working_keys import layout_for_code
from tongbao.domain.errors import ProtocolError
from tongbao.terminal.training.lessons import Lesson, Mishap, lesson_of
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.framing import pack_frame, swap_tpdu, unpack_frame
from tongbao.wire.unionpay.table import UNIONPAY
from tongbao.wire.unionpay.transactions import find_transaction, reply_mti

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.dates import Instant
    from tongbao.wire.iso8583.fields import FieldValue
    from tongbao.wire.unionpay.profile import HostProfile

TMK: Final = KeyName("tmk")
_MAK: Final = KeyName("training/mak")
_LENGTH_BYTES: Final = 2
_MAC_FIELD: Final = 64
_WRONG_MAC: Final = b"TRAINING"
_SIGNED: Final = frozenset({"0100", "0200", "0220", "0400", "0620"})
_ECHOED: Final = (3, 4, 11, 25, 41, 42, 49, 60)
_SIGNATURE: Final = "07"
_SMALL: Final = frozenset({"002", "301", "362", "401"})
_ENDS: Final = frozenset({"202", "207"})
_NOT_HERE: Final = "40"
_NO_ORIGINAL: Final = "25"
_OK: Final = "00"
_INSTITUTIONS: Final = "TRAINING   TRAINING   "
_BALANCE: Final = "1002156C000000100000"
_BAD_MAC: Final = "A0"


@dataclass(slots=True)
class _Booked:
    """A payment that was answered; the answer is given again to a repeat."""

    reply: dict[int, FieldValue]
    lesson: Lesson
    told: int = 0
    reversals: int = 0


@dataclass(slots=True)
class _Session:
    """What the issuer remembers while training lasts."""

    booked: dict[tuple[str, str], _Booked] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    count: int = 0


class TrainingIssuer:
    """Answers the frames of one terminal in training."""

    def __init__(
        self, keys: KeyStore, profile: HostProfile, random_bytes: Callable[[int], bytes]
    ) -> None:
        """`keys` holds the training master key `tmk`; `random_bytes` makes working keys."""
        self._keys = keys
        self._profile = profile
        self._random_bytes = random_bytes
        self._session = _Session()

    def answer(self, frame: bytes, now: Instant) -> bytes | None:
        """Return the answer (without its length) to a frame (with it); None when none comes."""
        try:
            envelope = unpack_frame(frame[_LENGTH_BYTES:])
            request = UNIONPAY.decode(envelope.body)
        except ProtocolError:
            return None
        self._session.count += 1
        reply, mishap = self._reply(request, envelope.body, now)
        if reply is None:
            return None
        body = self._body(request, reply, mishap)
        return pack_frame(swap_tpdu(envelope.tpdu), envelope.header, body)[_LENGTH_BYTES:]

    def _reply(
        self, request: Message, body: bytes, now: Instant
    ) -> tuple[Message | None, Mishap | None]:
        is_small = request.mti == "0820" and request.text(60)[:2] != _SIGNATURE
        unsigned = self._UNSIGNED.get(request.mti, TrainingIssuer._small if is_small else None)
        if unsigned is not None:
            return unsigned(self, request, now), None
        if not self._mac_is_good(body):
            return self._plain(request, now, _BAD_MAC), None
        if request.mti == "0400":
            return self._reversal(request, now), None
        if request.mti in {"0620", "0820"}:
            return self._plain(request, now, _OK), None
        return self._payment(request, now)

    def _small(self, request: Message, now: Instant) -> Message:
        """Answer sign-off, echo and status; there is nothing to download."""
        code = request.text(60)[8:11]
        return self._plain(request, now, _OK if code in _SMALL else _NOT_HERE)

    def _management(self, request: Message, now: Instant) -> Message:
        """Give working keys; nothing else is loaded in training."""
        code = request.text(60)[8:11]
        if not code.startswith("00"):
            return self._plain(request, now, _NOT_HERE)
        reply = self._echo(request, (11, 41, 42), now)
        batch = request.text(60)[2:8]
        if batch in self._session.closed:
            batch = f"{int(batch) % 999_999 + 1:06d}"
        reply.fields[39] = _OK
        reply.fields[60] = f"00{batch}{code}"
        reply.fields[62] = self._keys.make_working_keys(
            TMK,
            layout_for_code(code),
            "training",
            self._random_bytes,
            mak_check_value_offset=self._profile.mak_check_value_offset,
        )
        return reply

    def _payment(self, request: Message, now: Instant) -> tuple[Message | None, Mishap | None]:
        key = _key_of(request)
        booked = self._session.booked.get(key)
        if booked is None:
            booked = _Booked(*self._decide(request, now))
            self._session.booked[key] = booked
        booked.told += 1
        reply = Message(reply_mti(request.mti), dict(booked.reply))
        if booked.told > 1:
            return reply, None
        lost = booked.lesson.mishap in {Mishap.NO_ANSWER, Mishap.NO_ANSWER_TWICE}
        return (None if lost else reply), booked.lesson.mishap

    def _decide(self, request: Message, now: Instant) -> tuple[dict[int, FieldValue], Lesson]:
        transaction = find_transaction(
            request.mti, request.text(3), request.text(60)[:2], request.text(25)
        )
        lesson = lesson_of(int(request.text(4)) if 4 in request.fields else 0)
        code = lesson.code if transaction is not None else _NOT_HERE
        reply = self._plain(request, now, code)
        reply.fields[44] = _INSTITUTIONS
        reply.fields[63] = "CUP"
        if code == _OK:
            reply.fields[38] = f"T{self._session.count % 100_000:05d}"
            if transaction is not None and transaction.kind == "balance":
                reply.fields[54] = _BALANCE
        return reply.fields, lesson

    def _reversal(self, request: Message, now: Instant) -> Message | None:
        booked = self._session.booked.get(_key_of(request))
        if booked is None:
            return self._plain(request, now, _NO_ORIGINAL)
        booked.reversals += 1
        if booked.lesson.mishap is Mishap.NO_ANSWER_TWICE and booked.reversals == 1:
            return None
        return self._plain(request, now, _OK)

    def _totals(self, request: Message, now: Instant) -> Message:
        """Find every batch balanced: there is no second book to differ from."""
        reply = self._echo(request, (11, 41, 42, 49, 60), now)
        digits = request.text(48)
        reply.fields[39] = _OK
        reply.fields[48] = f"{digits[:30]}1{digits[31:61]}1"
        return reply

    def _upload(self, request: Message, now: Instant) -> Message:
        reply = self._plain(request, now, _OK)
        if request.text(60)[8:11] in _ENDS:
            reply.fields[48] = f"{int(request.text(48)):04d}"
            self._session.closed.add(request.text(60)[2:8])
        return reply

    def _plain(self, request: Message, now: Instant, code: str) -> Message:
        reply = self._echo(request, _ECHOED, now)
        reply.fields[39] = code
        return reply

    def _echo(self, request: Message, numbers: tuple[int, ...], now: Instant) -> Message:
        fields = {n: request.fields[n] for n in numbers if n in request.fields}
        moment = now.local()
        return Message(
            reply_mti(request.mti),
            {
                **fields,
                12: f"{moment:%H%M%S}",
                13: f"{moment:%m%d}",
                37: f"TRAIN{self._session.count % 10_000_000:07d}",
            },
        )

    def _body(self, request: Message, reply: Message, mishap: Mishap | None) -> bytes:
        signed = request.mti in _SIGNED or _MAC_FIELD in request.fields
        if not signed or not self._keys.has(_MAK):
            return UNIONPAY.encode(reply)
        unsigned = UNIONPAY.encode_unsigned(reply, _MAC_FIELD)
        if mishap is Mishap.WRONG_MAC:
            return unsigned + _WRONG_MAC
        algorithm = terminal_mac_algorithm(
            self._profile.mac_algorithm, self._keys.key_algorithm(_MAK)
        )
        return unsigned + self._keys.mac(_MAK, algorithm, unsigned)

    def _mac_is_good(self, body: bytes) -> bool:
        try:
            unsigned, value = UNIONPAY.mac_split(body)
            algorithm = terminal_mac_algorithm(
                self._profile.mac_algorithm, self._keys.key_algorithm(_MAK)
            )
            return self._keys.verify_mac(_MAK, algorithm, unsigned, value)
        except (ProtocolError, CryptoError):
            return False

    _UNSIGNED: Final = {"0800": _management, "0500": _totals, "0320": _upload}


def _key_of(request: Message) -> tuple[str, str]:
    return request.text(60)[2:8], request.text(11)
