"""Messages and dialects: a dialect is a field table compiled into decoders and encoders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import SecretBytes, SecretText
from tongbao.wire.iso8583.fast_path import (
    REFUSALS,
    FastDecoder,
    FastEncoder,
    generate_decoder,
    generate_encoder,
)
from tongbao.wire.iso8583.fields import (
    NEEDS_DIGITS,
    NOT_ASCII,
    TRUNCATED,
    Decoder,
    Encoder,
    FieldRuleError,
    FieldSpec,
    FieldValue,
    Kind,
    compile_decoder,
    compile_encoder,
)

_MTI_BYTES: Final = 2
_BITMAP_BYTES: Final = 8
_START: Final = _MTI_BYTES + _BITMAP_BYTES
_MAC_BYTES: Final = 8
# The peer picks the bitmap, so plans must not grow without end. A full cache is emptied: those in
# use come back at once, and a peer that sends every bitmap there is gains nothing lasting.
_MAX_PLANS: Final = 512
# Generating takes about a millisecond: worth it only for messages that come again.
_USES_BEFORE_FAST: Final = 8


@dataclass(slots=True)
class _DecodePlan:
    """How to read the messages of one type and bitmap."""

    mti: str
    start: int
    singles: tuple[tuple[int, Decoder], ...]
    uses: int = 0
    fast: FastDecoder | None = None


@dataclass(slots=True)
class _EncodePlan:
    """How to write the messages of one type with one set of fields."""

    head: bytes
    singles: tuple[tuple[int, Encoder], ...]
    uses: int = 0
    fast: FastEncoder | None = None


@dataclass(slots=True, repr=False)
class Message:
    """A message as values. Its repr shows field numbers only, because values may be card data.

    Attributes:
        mti: four digits.
        fields: number to value; digits and characters are str, opaque fields bytes, sensitive
            ones secrets.
        pads: number to pad nibble (hex digit), only where a peer did not use the standard 0.
    """

    mti: str
    fields: dict[int, FieldValue]
    pads: dict[int, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Message(mti={self.mti!r}, fields={sorted(self.fields)})"

    def text(self, number: int) -> str:
        """Return a text field that is not sensitive; ProtocolError when absent or not text."""
        value = self.fields.get(number)
        if isinstance(value, str):
            return value
        raise ProtocolError(f"F{number}", 0, "absent" if value is None else "not plain text")

    def binary(self, number: int) -> bytes:
        """Return a bytes field that is not sensitive; ProtocolError when absent or not bytes."""
        value = self.fields.get(number)
        if isinstance(value, bytes):
            return value
        raise ProtocolError(f"F{number}", 0, "absent" if value is None else "not plain bytes")

    def secret_text(self, number: int) -> SecretText:
        """Return a sensitive text field (2, 35, 36); ProtocolError when absent."""
        value = self.fields.get(number)
        if isinstance(value, SecretText):
            return value
        if isinstance(value, str):
            return SecretText(value)
        raise ProtocolError(f"F{number}", 0, "absent" if value is None else "not text")

    def secret_bytes(self, number: int) -> SecretBytes:
        """Return a sensitive bytes field (52, 55); ProtocolError when absent."""
        value = self.fields.get(number)
        if isinstance(value, SecretBytes):
            return value
        if isinstance(value, bytes):
            return SecretBytes(value)
        raise ProtocolError(f"F{number}", 0, "absent" if value is None else "not bytes")


class Dialect:
    """A field table compiled into functions; one object serves a whole process.

    Spec: ISO 8583:1987 with BCD message type, binary bitmap and BCD lengths, as UnionPay
    terminals write it.
    """

    def __init__(
        self, name: str, specs: Iterable[FieldSpec], *, secondary_bitmap: bool = False
    ) -> None:
        self.name = name
        self.specs: Mapping[int, FieldSpec] = {spec.number: spec for spec in specs}
        self._secondary_bitmap = secondary_bitmap
        if not secondary_bitmap and any(number > 64 for number in self.specs):
            raise ValueError("fields above 64 need the secondary bitmap")
        self._decoders = {number: compile_decoder(spec) for number, spec in self.specs.items()}
        self._encoders = {number: compile_encoder(spec) for number, spec in self.specs.items()}
        self._decode_plans: dict[bytes, _DecodePlan] = {}
        # By message type, the fields in their order, and the MAC's number (0 for none).
        self._encode_plans: dict[tuple[str, tuple[int, ...], int], _EncodePlan] = {}

    def decode(self, body: bytes) -> Message:
        """Read a message from its MTI to its last byte.

        Raises ProtocolError naming the field ("F35", "MTI", "bitmap", "end") and the byte offset
        from the MTI. Spec: UnionPay terminal dialect, 1 and 2.
        """
        plan = self._decode_plans.get(body[:_START])
        if plan is None:
            plan = self._decode_plan(body)
        digits = body.hex()
        if plan.fast is not None:
            try:
                return Message(plan.mti, plan.fast(body, digits), {})
            except REFUSALS:
                pass
        else:
            plan.uses += 1
            if plan.uses == _USES_BEFORE_FAST:
                specs = [self.specs[number] for number, _ in plan.singles]
                plan.fast = generate_decoder(specs, plan.start)
        return _read(body, digits, plan)

    def encode(self, message: Message) -> bytes:
        """Write a message from its MTI to its last byte; the exact inverse of `decode`.

        Raises ProtocolError naming the field; the offset is the byte where it would begin.
        """
        key = (message.mti, tuple(message.fields), 0)
        plan = self._encode_plans.get(key)
        if plan is None:
            plan = self._encode_plan(message.mti, message.fields, without=0)
            self._keep(key, plan)
        return self._write(message, plan)

    def encode_unsigned(self, message: Message, mac_field: int) -> bytes:
        """Write everything up to the byte before the MAC, whose bitmap bit is already set.

        This is the input of the MAC; appending the 8 MAC bytes gives the whole message. A value
        of `mac_field` in the message is ignored. `mac_field` must be the last field present.
        Spec: UnionPay terminal dialect, 5.2.
        """
        key = (message.mti, tuple(message.fields), mac_field)
        plan = self._encode_plans.get(key)
        if plan is None:
            numbers = {*message.fields, mac_field}
            if mac_field != max(numbers) or self._kind(mac_field) is not Kind.BINARY:
                raise ProtocolError(f"F{mac_field}", 0, "the MAC must be the last field")
            plan = self._encode_plan(message.mti, numbers, without=mac_field)
            self._keep(key, plan)
        return self._write(message, plan)

    def mac_split(self, body: bytes) -> tuple[bytes, bytes]:
        """Cut a message into MAC input and its last field, the 8 MAC bytes (F64 or F128).

        Raises ProtocolError when the bitmap announces no MAC or the message is too short.
        """
        bitmap_bytes = _BITMAP_BYTES
        if len(body) > _MTI_BYTES and body[_MTI_BYTES] & 0x80:
            bitmap_bytes = 2 * _BITMAP_BYTES
        if len(body) < _MTI_BYTES + bitmap_bytes + _MAC_BYTES:
            raise ProtocolError("MAC", len(body), TRUNCATED)
        if not body[_MTI_BYTES + bitmap_bytes - 1] & 1:
            raise ProtocolError("MAC", _MTI_BYTES, "the bitmap announces no MAC")
        return body[:-_MAC_BYTES], body[-_MAC_BYTES:]

    def _kind(self, number: int) -> Kind | None:
        spec = self.specs.get(number)
        return None if spec is None else spec.kind

    def _keep(self, key: tuple[str, tuple[int, ...], int], plan: _EncodePlan) -> None:
        if len(self._encode_plans) >= _MAX_PLANS:
            self._encode_plans.clear()
        self._encode_plans[key] = plan

    def _decode_plan(self, body: bytes) -> _DecodePlan:
        if len(body) < _START:
            path = "MTI" if len(body) < _MTI_BYTES else "bitmap"
            raise ProtocolError(path, min(len(body), _MTI_BYTES), "the message ends inside it")
        mti = body[:_MTI_BYTES].hex()
        if not mti.isdigit():
            raise ProtocolError("MTI", 0, "not four decimal digits")
        end = self._bitmap_end(body)
        key = body[:end]
        known = self._decode_plans.get(key)
        if known is not None:
            return known
        top = 8 * (end - _MTI_BYTES)
        bits = int.from_bytes(key[_MTI_BYTES:], "big")
        numbers = [n for n in range(2, top + 1) if bits >> (top - n) & 1]
        if end > _START and (not numbers or numbers[-1] <= 64):
            # Nothing in the message would tell an encoder to write it again.
            raise ProtocolError("bitmap", _START, "the second bitmap is empty")
        for number in numbers:
            if number not in self._decoders:
                offset = _MTI_BYTES + (number - 1) // 8
                raise ProtocolError("bitmap", offset, f"field {number} is not in this dialect")
        plan = _DecodePlan(mti, end, tuple((number, self._decoders[number]) for number in numbers))
        if len(self._decode_plans) >= _MAX_PLANS:
            self._decode_plans.clear()
        self._decode_plans[key] = plan
        return plan

    def _bitmap_end(self, body: bytes) -> int:
        if not body[2] & 0x80:
            return _START
        if not self._secondary_bitmap:
            raise ProtocolError("bitmap", _MTI_BYTES, "this dialect has no secondary bitmap")
        if len(body) < _START + _BITMAP_BYTES:
            raise ProtocolError("bitmap", _START, "the message ends inside it")
        return _START + _BITMAP_BYTES

    def _encode_plan(self, mti: str, numbers: Iterable[int], without: int) -> _EncodePlan:
        if type(mti) is not str or len(mti) != 4 or not (mti.isascii() and mti.isdigit()):
            raise ProtocolError("MTI", 0, "not four decimal digits")
        ordered = sorted(numbers)
        for number in ordered:
            if number not in self._encoders:
                raise ProtocolError("bitmap", _MTI_BYTES, f"field {number} is not in this dialect")
        bits = sum(1 << (128 - number) for number in ordered)
        size = _BITMAP_BYTES
        if ordered and ordered[-1] > 64:
            bits |= 1 << 127
            size *= 2
        return _EncodePlan(
            bytes.fromhex(mti) + bits.to_bytes(2 * _BITMAP_BYTES, "big")[:size],
            tuple((number, self._encoders[number]) for number in ordered if number != without),
        )

    def _write(self, message: Message, plan: _EncodePlan) -> bytes:
        fields, pads = message.fields, message.pads
        if plan.fast is not None:
            if not pads:
                try:
                    return plan.fast(fields)
                except REFUSALS:
                    pass
        else:
            plan.uses += 1
            if plan.uses == _USES_BEFORE_FAST:
                specs = [self.specs[number] for number, _ in plan.singles]
                plan.fast = generate_encoder(specs, plan.head)
        parts = [plan.head]
        try:
            for number, encoder in plan.singles:
                parts.append(encoder(fields[number], pads.get(number)))
        except ValueError:
            parts = []
        if not parts or (pads and not pads.keys() <= fields.keys()):
            # Outside the handler, so that no chained cause keeps a value alive.
            raise _encode_error(message, plan)
        return b"".join(parts)


def _read(body: bytes, digits: str, plan: _DecodePlan) -> Message:
    """Read a message field by field; this is what a message means, also where it is not plain."""
    fields: dict[int, FieldValue] = {}
    pads: dict[int, str] = {}
    position = plan.start
    try:
        for _, decoder in plan.singles:
            position = decoder(body, digits, position, fields, pads)
    except (IndexError, ValueError):
        position = -1
    if position != len(body):
        # Outside the handler, so that no chained cause keeps message bytes alive.
        raise _decode_error(body, digits, plan)
    return Message(plan.mti, fields, pads)


def _encode_error(message: Message, plan: _EncodePlan) -> ProtocolError:
    """Write the fields of a message that failed one by one, to say where and why."""
    offset = len(plan.head)
    for number, encoder in plan.singles:
        try:
            offset += len(encoder(message.fields[number], message.pads.get(number)))
            continue
        except UnicodeError:
            rule = "characters that the field cannot carry"
        except FieldRuleError as error:
            rule = str(error)
        except ValueError:
            rule = NEEDS_DIGITS
        return ProtocolError(f"F{number}", offset, rule)
    return ProtocolError("pads", _MTI_BYTES, "a pad nibble is given for an absent field")


def _decode_error(body: bytes, digits: str, plan: _DecodePlan) -> ProtocolError:
    """Walk a message that failed once more, field by field, to say where and why."""
    position = plan.start
    for number, decoder in plan.singles:
        start = position
        rule = TRUNCATED
        try:
            position = decoder(body, digits, start, {}, {})
            rule = ""
        except IndexError:
            pass
        except UnicodeError:
            rule = NOT_ASCII
        except FieldRuleError as error:
            rule = str(error)
        if start >= len(body) or position > len(body):
            rule = TRUNCATED
        if rule:
            return ProtocolError(f"F{number}", min(start, len(body)), rule)
    surplus = len(body) - position
    return ProtocolError("end", position, f"{surplus} bytes after the last field")
