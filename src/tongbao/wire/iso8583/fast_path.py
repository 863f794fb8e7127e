"""Straight-line functions for message classes that come again and again.

A plan that has been used a few times is turned into one function whose source is put together here
from the field table: positions of fixed fields become constants, neighbours are cut and checked
together, and no call is made per field. `dataclasses` makes its methods the same way.

The fast functions take plain messages only: standard pads, no empty digit fields, ASCII text. They
refuse everything else by raising, and the field-by-field functions of `fields` then decide. So a
fast function can cost time when it refuses, but it cannot change what a message means.

Digits are checked as bytes, which takes less than half the time of asking a str.

Spec: ISO 8583:1987, 4; UnionPay terminal dialect, 1.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from tongbao.domain.secrets import Purpose, SecretBytes, SecretText
from tongbao.wire.iso8583.fields import (
    BCD,
    HUNDREDS,
    LENGTH_BYTE,
    LENGTH_BYTES,
    Fields,
    FieldSpec,
    Kind,
)

# (body, hex text of the body) -> fields
FastDecoder = Callable[[bytes, str], Fields]
# fields -> wire bytes
FastEncoder = Callable[[Fields], bytes]

# Bytes of length prefix -> the largest number they can say.
_LONGEST: Final = {1: 99, 2: 999}
# What a fast function may raise to hand a message over to the field-by-field functions.
REFUSALS: Final = (ValueError, IndexError, TypeError, AttributeError)


class NotPlainError(ValueError):
    """The message has something that only the field-by-field functions handle."""


_NAMES: Final[dict[str, Any]] = {
    "BCD": BCD,
    "HUNDREDS": HUNDREDS,
    "LENGTH_BYTE": LENGTH_BYTE,
    "LENGTH_BYTES": LENGTH_BYTES,
    "NotPlain": NotPlainError,
    "SecretBytes": SecretBytes,
    "SecretText": SecretText,
    "WIRE": Purpose.WIRE,
    "fromhex": bytes.fromhex,
}


def _function(lines: list[str], name: str) -> Any:
    namespace = dict(_NAMES)
    # The text comes from our own tables and holds field numbers and lengths, never message bytes.
    exec("\n".join(lines), namespace)  # noqa: S102 - see the comment above and the module's text
    return namespace[name]


def group_rows(specs: Sequence[FieldSpec]) -> list[list[FieldSpec]]:
    """Split fields in message order into rows of fixed fields of one kind, and single fields."""
    rows: list[list[FieldSpec]] = []
    for spec in specs:
        before = rows[-1][-1] if rows else None
        joins = (
            before is not None
            and before.kind is spec.kind
            and spec.kind in (Kind.NUMERIC, Kind.TEXT)
            and before.prefix == spec.prefix == 0
        )
        if joins:
            rows[-1].append(spec)
        else:
            rows.append([spec])
    return rows


def generate_decoder(specs: Sequence[FieldSpec], start: int) -> FastDecoder:
    """Make the function that reads the fields `specs`, the first at byte `start`."""
    source = _DecoderSource(start)
    for row in group_rows(specs):
        source.add(row)
    return cast("FastDecoder", _function(source.lines(), "decode"))


class _DecoderSource:
    """Collects the lines of a decoder; the position is `p` plus a constant, or a constant alone."""

    def __init__(self, start: int) -> None:
        self._body: list[str] = []
        self._items: list[str] = []
        self._offset = start
        self._floats = False

    def add(self, row: list[FieldSpec]) -> None:
        spec = row[0]
        if spec.kind in (Kind.NUMERIC, Kind.TEXT) and spec.prefix == 0:
            self._fixed_row(row, packed=spec.kind is Kind.NUMERIC)
        elif spec.prefix == 0:
            # Not in the dictionary display at the end, where `p` has moved on.
            self._body.append(f"v{spec.number} = body[{self._at(0)}:{self._at(spec.length)}]")
            self._item(spec, f"v{spec.number}", "SecretBytes")
            self._offset += spec.length
        elif spec.kind in (Kind.NUMERIC, Kind.TRACK):
            self._counted_digits(spec)
        else:
            self._counted_bytes(spec)

    def lines(self) -> list[str]:
        return [
            "def decode(body, digits):",
            *(f"    {line}" for line in self._body),
            f"    if {self._at(0)} != len(body):",
            "        raise NotPlain",
            f"    return {{{', '.join(self._items)}}}",
        ]

    def _at(self, more: int) -> str:
        offset = self._offset + more
        return f"p + {offset}" if self._floats else str(offset)

    def _nibble_at(self, more: int) -> str:
        offset = 2 * self._offset + more
        return f"p + p + {offset}" if self._floats else str(offset)

    def _item(self, spec: FieldSpec, value: str, secret_type: str) -> None:
        self._items.append(
            f"{spec.number}: {secret_type}({value})" if spec.secret else f"{spec.number}: {value}"
        )

    def _fixed_row(self, row: list[FieldSpec], *, packed: bool) -> None:
        name = f"row{row[0].number}"
        width = 0
        checks = []
        for spec in row:
            odd = spec.length & 1 if packed else 0
            first = width + (odd if spec.pad_left else 0)
            if odd:
                pad = width if spec.pad_left else width + spec.length
                checks.append(f'{name}[{pad}] != "0"')
            cut = f"[{first}:{first + spec.length}]" if len(row) > 1 or odd else ""
            self._item(spec, name + cut, "SecretText")
            width += spec.length + odd
        if packed:
            self._body += [
                f"{name} = digits[{self._nibble_at(0)}:{self._nibble_at(width)}]",
                f"if {' or '.join([f'not {name}.encode().isdigit()', *checks])}:",
                "    raise NotPlain",
            ]
            self._offset += width // 2
        else:
            self._body.append(f'{name} = body[{self._at(0)}:{self._at(width)}].decode("ascii")')
            self._offset += width

    def _count(self, spec: FieldSpec) -> None:
        if spec.prefix == 1:
            self._body.append(f"n = BCD[body[{self._at(0)}]]")
        else:
            self._body.append(f"n = HUNDREDS[body[{self._at(0)}]] + BCD[body[{self._at(1)}]]")
        # A length that is no number is so far below zero that `p` never comes back to the end.
        if spec.length < _LONGEST[spec.prefix]:
            self._body += [f"if n > {spec.length}:", "    raise NotPlain"]

    def _counted_digits(self, spec: FieldSpec) -> None:
        name = f"v{spec.number}"
        self._count(spec)
        self._body += [f"q = {self._nibble_at(2 * spec.prefix)}", "e = q + n"]
        if spec.kind is Kind.TRACK:
            self._body.append(f"{name} = digits[q:e].upper()")
        else:
            self._body += [
                f"{name} = digits[q:e]",
                f"if not {name}.encode().isdigit():",
                "    raise NotPlain",
            ]
        self._body += [
            "if n & 1:",
            '    if digits[e] != "0":',
            "        raise NotPlain",
            "    e += 1",
            "p = e >> 1",
        ]
        self._item(spec, name, "SecretText")
        self._floats, self._offset = True, 0

    def _counted_bytes(self, spec: FieldSpec) -> None:
        name = f"v{spec.number}"
        self._count(spec)
        decoding = '.decode("ascii")' if spec.kind is Kind.GBK_TEXT else ""
        self._body += [
            f"q = {self._at(spec.prefix)}",
            "p = q + n",
            f"{name} = body[q:p]{decoding}",
        ]
        self._item(spec, name, "SecretBytes")
        self._floats, self._offset = True, 0


def generate_encoder(specs: Sequence[FieldSpec], head: bytes) -> FastEncoder:
    """Make the function that writes `head` (MTI and bitmap) and the fields `specs`."""
    lines: list[str] = []
    parts = [repr(head)]
    for row in group_rows(specs):
        if row[0].kind in (Kind.NUMERIC, Kind.TEXT) and row[0].prefix == 0:
            parts.append(_write_row(row, lines))
        else:
            parts.append(_write_single(row[0], lines))
    source = [
        "def encode(fields):",
        *(f"    {line}" for line in lines),
        f'    return b"".join(({", ".join(parts)},))',
    ]
    return cast("FastEncoder", _function(source, "encode"))


def _write_row(row: list[FieldSpec], lines: list[str]) -> str:
    packed = row[0].kind is Kind.NUMERIC
    name = f"row{row[0].number}"
    slots = []
    width = 0
    for spec in row:
        lines.append(f"v{spec.number} = fields[{spec.number}]")
        pad = "0" if packed and spec.length & 1 else ""
        slot = f"{{v{spec.number}}}"
        slots.append(pad + slot if spec.pad_left else slot + pad)
        width += spec.length + len(pad)
    wrong = [f"len(v{spec.number}) != {spec.length}" for spec in row]
    lines += [f"if {' or '.join(wrong)}:", "    raise NotPlain"]
    # Formatting would turn bytes into their repr; a digit check or the length then gives it away.
    lines.append(f'{name} = f"{"".join(slots)}"')
    check = f"not {name}.encode().isdigit()" if packed else f"len({name}) != {width}"
    lines += [f"if {check}:", "    raise NotPlain"]
    return f"fromhex({name})" if packed else f'{name}.encode("ascii")'


def _write_single(spec: FieldSpec, lines: list[str]) -> str:
    name = f"v{spec.number}"
    lines.append(f"{name} = fields[{spec.number}]")
    digits = spec.kind in (Kind.NUMERIC, Kind.TRACK)
    if spec.secret:
        plain_type = "str" if digits else "bytes"
        lines += [f"if type({name}) is not {plain_type}:", f"    {name} = {name}.reveal(WIRE)"]
    if digits:
        return _write_digits(spec, name, lines)
    if spec.kind is Kind.GBK_TEXT:
        lines.append(f'{name} = {name}.encode("ascii")')
    else:
        lines += [f"if type({name}) is not bytes:", "    raise NotPlain"]
    wrong = f"> {spec.length}" if spec.prefix else f"!= {spec.length}"
    lines += [f"if len({name}) {wrong}:", "    raise NotPlain"]
    if spec.prefix == 0:
        return name
    return f"{_length_table(spec)}[len({name})], {name}"


def _write_digits(spec: FieldSpec, name: str, lines: list[str]) -> str:
    count = f"n{spec.number}"
    lines.append(f"{count} = len({name})")
    wrong = [f"{count} > {spec.length}"]
    if spec.kind is Kind.TRACK:
        lines += [f'if "=" in {name}:', f'    {name} = {name}.replace("=", "D")']
    else:
        wrong.append(f"not {name}.encode().isdigit()")
    lines += [f"if {' or '.join(wrong)}:", "    raise NotPlain"]
    lines.append(f'{name} = fromhex({name} + "0" if {count} & 1 else {name})')
    if spec.kind is Kind.TRACK:
        # fromhex skips white space, which would make the field shorter than its length says.
        lines += [f"if len({name}) != {count} + 1 >> 1:", "    raise NotPlain"]
    return f"{_length_table(spec)}[{count}], {name}"


def _length_table(spec: FieldSpec) -> str:
    return "LENGTH_BYTE" if spec.prefix == 1 else "LENGTH_BYTES"
