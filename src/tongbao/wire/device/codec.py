"""Messages as frozen dataclasses, turned into canonical JSON and back by their own type hints.

A field is text, a whole number, a truth value, bytes (base64), an enumeration, another message, a
tuple of these, or a mapping from text to text; `| None` makes it optional, and then it may be
missing. `Annotated[str, Length(1, 50)]`, `Annotated[int, Between(0, 100)]` and
`Annotated[str, Matches("[0-9]{8}")]` say what a value must look like; both directions check it.

A key that a reader does not know is passed over: a newer party may say more than an older one
understands, and what is signed is signed as the bytes that were sent.

Spec: our own, docs/device-protocol.md.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
import types
import typing
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from tongbao.domain.errors import ProtocolError
from tongbao.wire.device.document import BODY_BYTES_MAX, Json, canonical, parse

Kind = TypeVar("Kind")

LIST_ITEMS_MAX = 1_000
MAPPING_ITEMS_MAX = 100


@dataclass(frozen=True, slots=True)
class Length:
    """How many characters or bytes a value has, or items a list."""

    least: int
    most: int

    def check(self, value: Any) -> str | None:
        """Return the broken rule in words, or None."""
        if self.least <= len(value) <= self.most:
            return None
        return f"its length is not {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Between:
    """The least and the greatest value of a number."""

    least: int
    most: int

    def check(self, value: Any) -> str | None:
        """Return the broken rule in words, or None."""
        return None if self.least <= value <= self.most else f"not {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Matches:
    """The regular expression that a whole text must match; ASCII only."""

    pattern: str

    def check(self, value: Any) -> str | None:
        """Return the broken rule in words, or None."""
        if re.fullmatch(self.pattern, value, re.ASCII):
            return None
        return f"it is not of the form {self.pattern}"


_RULES = (Length, Between, Matches)


def encode(message: Any) -> bytes:
    """Return a message's canonical JSON; ValueError when a value breaks its field's rule."""
    return canonical(as_json(message))


def as_json(message: Any) -> dict[str, Json]:
    """Return a message as the JSON object that stands for it; raises as `encode` does."""
    try:
        return _write_message(type(message), message, "")
    except ProtocolError as error:
        raise ValueError(str(error)) from None


def decode(kind: type[Kind], body: bytes, *, bytes_max: int = BODY_BYTES_MAX) -> Kind:
    """Read a message; ProtocolError names the field and the broken rule and shows no value."""
    return from_json(kind, parse(body, bytes_max=bytes_max))


def from_json(kind: type[Kind], value: Json) -> Kind:
    """Read a message from the JSON object that stands for it; raises as `decode` does."""
    return typing.cast("Kind", _read_message(kind, value, ""))


@cache
def _hints(kind: type) -> tuple[tuple[str, Any], ...]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return tuple((item.name, hints[item.name]) for item in dataclasses.fields(kind))


def _split(hint: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """Return the bare type of a field, its rules, and whether it may be missing."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        (inner,) = (part for part in typing.get_args(hint) if part is not type(None))
        bare, rules, _ = _split(inner)
        return bare, rules, True
    if typing.get_origin(hint) is typing.Annotated:
        annotated, *marks = typing.get_args(hint)
        bare, rules, optional = _split(annotated)
        return bare, (*rules, *(mark for mark in marks if isinstance(mark, _RULES))), optional
    return hint, (), False


def _write_message(kind: type, message: Any, path: str) -> dict[str, Json]:
    written: dict[str, Json] = {}
    for name, hint in _hints(kind):
        value = getattr(message, name)
        if value is not None:
            written[name] = _write(hint, value, _below(path, name))
        elif not _split(hint)[2]:
            raise ProtocolError(_below(path, name), 0, "it is missing")
    return written


def _write(hint: Any, value: Any, path: str) -> Json:
    bare, rules, _ = _split(hint)
    if typing.get_origin(bare) is tuple:
        _obey(rules, value, path)
        item = typing.get_args(bare)[0]
        return [_write(item, one, f"{path}[{n}]") for n, one in enumerate(value)]
    if dataclasses.is_dataclass(bare):
        _must(isinstance(value, typing.cast("type", bare)), path, "another kind of message")
        return _write_message(typing.cast("type", bare), value, path)
    if typing.get_origin(bare) is dict:
        return typing.cast("Json", _mapping(value, path))
    _check_scalar(bare, value, path)
    _obey(rules, value, path)
    return base64.b64encode(value).decode() if bare is bytes else value


def _read_message(kind: type, value: Json, path: str) -> Any:
    if not isinstance(value, dict):
        raise ProtocolError(path or "body", 0, "it is not an object")
    found: dict[str, Any] = {}
    for name, hint in _hints(kind):
        here = _below(path, name)
        sent = value.get(name)
        if sent is not None:
            found[name] = _read(hint, sent, here)
        elif _split(hint)[2]:
            found[name] = None
        else:
            raise ProtocolError(here, 0, "it is missing")
    return kind(**found)


def _read(hint: Any, value: Json, path: str) -> Any:
    bare, rules, _ = _split(hint)
    if typing.get_origin(bare) is tuple:
        if not isinstance(value, list) or len(value) > LIST_ITEMS_MAX:
            raise ProtocolError(path, 0, f"it is not a list of at most {LIST_ITEMS_MAX}")
        _obey(rules, value, path)
        item = typing.get_args(bare)[0]
        return tuple(_read(item, one, f"{path}[{n}]") for n, one in enumerate(value))
    if dataclasses.is_dataclass(bare):
        return _read_message(typing.cast("type", bare), value, path)
    if typing.get_origin(bare) is dict:
        return _mapping(value, path)
    read = _read_scalar(bare, value, path)
    _obey(rules, read, path)
    return read


def _read_scalar(bare: Any, value: Json, path: str) -> Any:
    if bare is bytes:
        _must(isinstance(value, str), path, "it is not text")
        return _base64(str(value), path)
    if isinstance(bare, type) and issubclass(bare, StrEnum):
        if isinstance(value, str) and value in set(bare):
            return bare(value)
        raise ProtocolError(path, 0, f"it is none of {', '.join(bare)}")
    _check_scalar(bare, value, path)
    return value


def _check_scalar(bare: Any, value: Any, path: str) -> None:
    if isinstance(bare, type) and issubclass(bare, StrEnum):
        _must(isinstance(value, bare), path, f"it is no {bare.__name__}")
        return
    words = {str: "text", int: "a whole number", bool: "true or false", bytes: "bytes"}
    _must(type(value) is bare, path, f"it is not {words[bare]}")


def _mapping(value: Any, path: str) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MAPPING_ITEMS_MAX:
        raise ProtocolError(path, 0, f"it is not an object of at most {MAPPING_ITEMS_MAX} texts")
    _must(all(isinstance(item, str) for item in value.values()), path, "a value is not text")
    return dict(value)


def _base64(text: str, path: str) -> bytes:
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError(path, 0, "it is not base64") from None
    # Loose last bits would give one value two texts.
    _must(base64.b64encode(decoded).decode() == text, path, "it is not base64")
    return decoded


def _obey(rules: tuple[Any, ...], value: Any, path: str) -> None:
    for rule in rules:
        broken = rule.check(value)
        if broken is not None:
            raise ProtocolError(path, 0, broken)


def _must(condition: bool, path: str, rule: str) -> None:
    if not condition:
        raise ProtocolError(path, 0, rule)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
