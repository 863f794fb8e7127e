"""Messages and dialects: a dialect is a field table compiled into decoders and encoders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import SecretBytes, SecretText
from tongbao.wire.iso8583.fields import (
    NOT_ASCII,
    TRUNCATED,
    Decoder,
    Encoder,
    FieldRuleError,
    FieldSpec,
    FieldValue,
    compile_decoder,
    compile_encoder,
)

_MTI_BYTES: Final = 2
_BITMAP_BYTES: Final = 8
_START: Final = _MTI_BYTES + _BITMAP_BYTES
_MAC_BYTES: Final = 8
# The peer picks the bitmap, so the caches of compiled plans must not grow without end.
_MAX_PLANS: Final = 1024

_DecodePlan = tuple[int, tuple[tuple[int, Decoder], ...]]
_EncodePlan = tuple[bytes, tuple[tuple[int, Encoder], ...]]


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
        self._encode_plans: dict[tuple[int, ...], _EncodePlan] = {}

    def decode(self, body: bytes) -> Message:
        """Read a message from its MTI to its last byte.

        Raises ProtocolError naming the field ("F35", "MTI", "bitmap", "end") and the byte offset
        from the MTI. Spec: UnionPay terminal dialect, 1 and 2.
        """
        plan = self._decode_plans.get(body[2:10])
        if plan is None:
            plan = self._decode_plan(body)
        position, decoders = plan
        digits = body.hex()
        mti = digits[:4]
        if not mti.isdigit():
            raise ProtocolError("MTI", 0, "not four decimal digits")
        fields: dict[int, FieldValue] = {}
        pads: dict[int, str] = {}
        try:
            for number, decoder in decoders:
                fields[number], position = decoder(body, digits, position, pads)
        except (IndexError, ValueError):
            position = -1
        if position != len(digits):
            # Outside the handler, so that no chained cause keeps message bytes alive.
            raise self._decode_error(body, digits, plan)
        return Message(mti, fields, pads)

    def encode(self, message: Message) -> bytes:
        """Write a message from its MTI to its last byte; the exact inverse of `decode`.

        Raises ProtocolError naming the field; the offset is the byte where it would begin.
        """
        plan = self._encode_plans.get(tuple(message.fields))
        if plan is None:
            plan = self._encode_plan(tuple(message.fields))
        return self._write(message, plan)

    def encode_unsigned(self, message: Message, mac_field: int) -> bytes:
        """Write everything up to the byte before the MAC, whose bitmap bit is already set.

        This is the input of the MAC; appending the 8 MAC bytes gives the whole message. A value
        of `mac_field` in the message is ignored. `mac_field` must be the last field present.
        Spec: UnionPay terminal dialect, 5.2.
        """
        numbers = (*(number for number in message.fields if number != mac_field), mac_field)
        plan = self._encode_plans.get(numbers)
        if plan is None:
            plan = self._encode_plan(numbers)
        head, encoders = plan
        if encoders[-1][0] != mac_field:
            raise ProtocolError(f"F{mac_field}", 0, "the MAC must be the last field")
        return self._write(message, (head, encoders[:-1]))

    def mac_split(self, body: bytes) -> tuple[bytes, bytes]:
        """Cut a message into MAC input and its last field, the 8 MAC bytes (F64 or F128).

        Raises ProtocolError when the bitmap announces no MAC or the message is too short.
        """
        if len(body) < _START + _MAC_BYTES:
            raise ProtocolError("MAC", len(body), TRUNCATED)
        has_secondary = body[2] & 0x80
        if has_secondary and len(body) < _START + _BITMAP_BYTES + _MAC_BYTES:
            raise ProtocolError("MAC", len(body), TRUNCATED)
        last_byte = body[_START + _BITMAP_BYTES - 1] if has_secondary else body[_START - 1]
        if not last_byte & 1:
            raise ProtocolError("MAC", 0, "the bitmap announces no MAC")
        return body[:-_MAC_BYTES], body[-_MAC_BYTES:]

    def _write(self, message: Message, plan: _EncodePlan) -> bytes:
        head, encoders = plan
        fields, pads, mti = message.fields, message.pads, message.mti
        if len(mti) != 4 or not (mti.isascii() and mti.isdigit()):
            raise ProtocolError("MTI", 0, "not four decimal digits")
        parts = [bytes.fromhex(mti), head]
        rule: str | None = None
        try:
            if pads:
                for number, encoder in encoders:
                    parts.append(encoder(fields[number], pads.get(number)))
            else:
                for number, encoder in encoders:
                    parts.append(encoder(fields[number], None))
        except UnicodeError:
            rule = "characters that the field cannot carry"
        except FieldRuleError as error:
            rule = str(error)
        except ValueError:
            rule = "the value must be decimal digits"
        if rule is not None:
            failed = encoders[len(parts) - 2][0]
            raise ProtocolError(f"F{failed}", sum(map(len, parts)), rule)
        if pads and not pads.keys() <= fields.keys():
            raise ProtocolError("pads", 0, "a pad nibble is given for an absent field")
        return b"".join(parts)

    def _decode_plan(self, body: bytes) -> _DecodePlan:
        if len(body) < _START:
            path = "MTI" if len(body) < _MTI_BYTES else "bitmap"
            raise ProtocolError(path, min(len(body), _MTI_BYTES), "the message ends inside it")
        size = _BITMAP_BYTES
        if body[2] & 0x80:
            if not self._secondary_bitmap:
                raise ProtocolError("bitmap", _MTI_BYTES, "this dialect has no secondary bitmap")
            size = 2 * _BITMAP_BYTES
            if len(body) < _MTI_BYTES + size:
                raise ProtocolError("bitmap", _START, "the message ends inside it")
        bits = int.from_bytes(body[2 : 2 + size], "big")
        top = size * 8
        numbers = [n for n in range(2, top + 1) if bits >> (top - n) & 1]
        for number in numbers:
            if number not in self._decoders:
                offset = _MTI_BYTES + (number - 1) // 8
                raise ProtocolError("bitmap", offset, f"field {number} is not in this dialect")
        plan = (2 * (_MTI_BYTES + size), tuple((n, self._decoders[n]) for n in numbers))
        # Only a primary bitmap alone identifies its plan, and it is the one on the hot path.
        if size == _BITMAP_BYTES and len(self._decode_plans) < _MAX_PLANS:
            self._decode_plans[body[2:10]] = plan
        return plan

    def _encode_plan(self, numbers: tuple[int, ...]) -> _EncodePlan:
        ordered = sorted(numbers)
        for number in ordered:
            if number not in self._encoders:
                raise ProtocolError("bitmap", _MTI_BYTES, f"field {number} is not in this dialect")
        size = 2 if ordered and ordered[-1] > 64 else 1
        bits = sum(1 << (64 * size - number) for number in ordered)
        if size == 2:
            bits |= 1 << 127
        head = bits.to_bytes(_BITMAP_BYTES * size, "big")
        plan = (head, tuple((number, self._encoders[number]) for number in ordered))
        if len(self._encode_plans) < _MAX_PLANS:
            self._encode_plans[numbers] = plan
        return plan

    def _decode_error(self, body: bytes, digits: str, plan: _DecodePlan) -> ProtocolError:
        """Walk a message that failed once more, slowly, to say where and why."""
        position, decoders = plan
        for number, decoder in decoders:
            start = position
            rule = TRUNCATED
            try:
                _, position = decoder(body, digits, start, {})
                rule = ""
            except IndexError:
                pass
            except UnicodeError:
                rule = NOT_ASCII
            except FieldRuleError as error:
                rule = str(error)
            if start >= len(digits) or position > len(digits):
                rule = TRUNCATED
            if rule:
                return ProtocolError(f"F{number}", min(start, len(digits)) >> 1, rule)
        surplus = (len(digits) - position) >> 1
        return ProtocolError("end", position >> 1, f"{surplus} bytes after the last field")
