"""Neighbouring fixed-length fields of one kind, read and written in one go.

A message on the hot path has six to eight of them in a row (3, 4, 11 … 25). Cutting the row once
and checking it once halves the cost. A row that is anything but plain falls back to the single
fields, so rows change speed and never behaviour. Spec: UnionPay terminal dialect, 1.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Final, cast

from tongbao.wire.iso8583.fields import (
    Decoder,
    Encoder,
    Fields,
    FieldSpec,
    Kind,
    Pads,
    compile_decoder,
    compile_encoder,
)

# fields of a message -> wire bytes of one or more neighbouring fields, standard pad nibbles
RunEncoder = Callable[[Fields], bytes]
_SHORTEST: Final = 2


def group_runs(specs: Sequence[FieldSpec]) -> list[list[FieldSpec]]:
    """Split fields in message order into rows that can be cut together, and single fields."""
    groups: list[list[FieldSpec]] = []
    for spec in specs:
        if groups and _joins(groups[-1][-1], spec):
            groups[-1].append(spec)
        else:
            groups.append([spec])
    return groups


def _joins(before: FieldSpec, spec: FieldSpec) -> bool:
    return (
        before.kind is spec.kind
        and spec.kind in (Kind.NUMERIC, Kind.TEXT)
        and not (before.prefix or spec.prefix or before.secret or spec.secret)
    )


def compile_run_decoder(specs: Sequence[FieldSpec]) -> Decoder:
    """Build the function that reads a group made by `group_runs`."""
    if len(specs) < _SHORTEST:
        return compile_decoder(specs[0])
    return _digits_run(specs) if specs[0].kind is Kind.NUMERIC else _text_run(specs)


def _digits_run(specs: Sequence[FieldSpec]) -> Decoder:
    singles = [compile_decoder(spec) for spec in specs]
    cuts: list[tuple[int, slice]] = []
    pad_at: list[int] = []
    width = 0
    for spec in specs:
        is_odd = spec.length & 1
        start = width + (1 if is_odd and spec.pad_left else 0)
        cuts.append((spec.number, slice(start, start + spec.length)))
        width += spec.length + is_odd
        if is_odd:
            pad_at.append(start - 1 if spec.pad_left else width - 1)

    def decode(body: bytes, digits: str, at: int, fields: Fields, pads: Pads) -> int:
        start = 2 * at
        row = digits[start : start + width]
        plain = len(row) == width and row.isdigit()
        for nibble in pad_at:
            plain = plain and row[nibble] == "0"
        if plain:
            for number, cut in cuts:
                fields[number] = row[cut]
            return at + width // 2
        for single in singles:
            at = single(body, digits, at, fields, pads)
        return at

    return decode


def _text_run(specs: Sequence[FieldSpec]) -> Decoder:
    cuts: list[tuple[int, slice]] = []
    width = 0
    for spec in specs:
        cuts.append((spec.number, slice(width, width + spec.length)))
        width += spec.length

    def decode(body: bytes, _digits: str, at: int, fields: Fields, _pads: Pads) -> int:
        end = at + width
        row = body[at:end].decode("ascii")
        for number, cut in cuts:
            fields[number] = row[cut]
        return end

    return decode


def compile_run_encoder(specs: Sequence[FieldSpec]) -> RunEncoder:
    """Build the function that writes a group made by `group_runs`, with standard pads."""
    singles = [(spec.number, compile_encoder(spec)) for spec in specs]
    if len(singles) < _SHORTEST:
        return _single_encoder(*singles[0])
    is_digits = specs[0].kind is Kind.NUMERIC
    lengths = tuple(spec.length for spec in specs)
    template = "".join(_slot(spec) if is_digits else "%s" for spec in specs)
    pick = cast("Callable[[Fields], tuple[str, ...]]", itemgetter(*(n for n, _ in singles)))

    def encode(fields: Fields) -> bytes:
        values = pick(fields)
        try:
            if tuple(map(len, values)) == lengths:
                row = template % values
                if not is_digits:
                    return row.encode("ascii")
                if row.isdigit():
                    return bytes.fromhex(row)
        except TypeError:
            pass  # a secret has no length; the single fields know what to do with it
        return b"".join([encoder(fields[number], None) for number, encoder in singles])

    return encode


def _slot(spec: FieldSpec) -> str:
    if not spec.length & 1:
        return "%s"
    return "0%s" if spec.pad_left else "%s0"


def _single_encoder(number: int, encoder: Encoder) -> RunEncoder:
    def encode(fields: Fields) -> bytes:
        return encoder(fields[number], None)

    return encode
