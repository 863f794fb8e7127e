"""Writes and reads trace files: JSON with a hash and a signature over its content.

A file has one form only, down to the last byte, so that any changed byte is found even when it
would not change what the file means.

Spec: docs/traces.md; FIPS 180-4 SHA-256; RFC 2104 HMAC
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tongbao.platform.payments.traces.types import (
    FORMAT,
    VERSION,
    Meaning,
    Party,
    Trace,
    TracedEvent,
    TracedException,
    TracedMessage,
    TracedPayment,
)

BYTES_MAX: Final = 4_000_000
KEY_LENGTH: Final = 32
ALGORITHM: Final = "HMAC-SHA256"
_SIGNATURE: Final = ("algorithm", "key", "value")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class TraceError(ValueError):
    """A file is no trace, was changed, or was not signed with the key at hand."""


@dataclass(frozen=True, slots=True, repr=False)
class TraceKey:
    """The platform's key for trace files, 32 bytes; it never shows itself."""

    secret: bytes

    def __post_init__(self) -> None:
        """Refuse a key of another length."""
        if len(self.secret) != KEY_LENGTH:
            raise ValueError(f"the key for trace files has {KEY_LENGTH} bytes")

    def __repr__(self) -> str:
        return f"TraceKey({self.name})"

    @property
    def name(self) -> str:
        """Eight hex digits that tell keys apart and say nothing about the key."""
        return hmac.digest(self.secret, b"tongbao-trace name", "sha256")[:4].hex()

    def sign(self, content: bytes) -> str:
        """Return the signature over the canonical content, 64 hex digits."""
        return hmac.digest(self.secret, b"tongbao-trace\0" + content, "sha256").hex()


def trace_key_of(text: str) -> TraceKey:
    """Read a key from its file's text, 64 hex digits; ValueError, which never repeats the text."""
    try:
        return TraceKey(bytes.fromhex(text.strip()))
    except ValueError:
        raise ValueError("the key for trace files must be 64 hex digits") from None


def write_trace(trace: Trace, key: TraceKey) -> bytes:
    """Return the file of a trace, signed."""
    content = _content(trace)
    canonical = _canonical(content)
    signature = {"algorithm": ALGORITHM, "key": key.name, "value": key.sign(canonical)}
    return _file(content, hashlib.sha256(canonical).hexdigest(), signature)


def read_trace(data: bytes, key: TraceKey | None = None) -> Trace:
    """Return the trace of a file; with a key its signature is checked, too.

    Raises TraceError when anything is not as `write_trace` left it.
    """
    document = _loaded(data)
    try:
        trace = _trace(document["content"])
        content = _content(trace)
        sha256, signature = document["sha256"], document["signature"]
        named = tuple(_text(signature, name) for name in _SIGNATURE)
        canonical = _canonical(content)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise TraceError("the content of the file is not that of a trace") from None
    if sha256 != hashlib.sha256(canonical).hexdigest():
        raise TraceError("the file was changed: its hash does not fit")
    if key is not None:
        _check_signature(key, canonical, named)
    if _file(content, sha256, dict(zip(_SIGNATURE, named, strict=True))) != data:
        raise TraceError("the file was changed: it is not in the form that it was written in")
    return trace


def _check_signature(key: TraceKey, canonical: bytes, named: tuple[str, ...]) -> None:
    algorithm, name, value = named
    if algorithm != ALGORITHM or name != key.name:
        raise TraceError("the file was signed with another key")
    if not hmac.compare_digest(key.sign(canonical).encode(), value.encode()):
        raise TraceError("the file was changed: its signature does not fit")


def _loaded(data: bytes) -> dict[str, Any]:
    if len(data) > BYTES_MAX:
        raise TraceError(f"a trace file has at most {BYTES_MAX} bytes")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise TraceError("the file is not JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise TraceError("the file is not a trace")
    if document.get("version") != VERSION:
        raise TraceError("the file is a trace of another version")
    return document


def _canonical(content: dict[str, Any]) -> bytes:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def _file(content: dict[str, Any], sha256: Any, signature: dict[str, Any]) -> bytes:
    document = {
        "format": FORMAT,
        "version": VERSION,
        "content": content,
        "sha256": sha256,
        "signature": signature,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


# Moments are written as text: a row of 16 digits could be taken for a card number.


def moment_text(at_us: int) -> str:
    """Return microseconds since 1970 as `2026-11-21T08:31:00.123456Z`."""
    moment = _EPOCH + timedelta(microseconds=at_us)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _microseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _content(trace: Trace) -> dict[str, Any]:
    return {
        "subject": trace.subject,
        "made_at": moment_text(trace.made_at_us),
        "world": "sandbox" if trace.is_sandbox else "live",
        "software": trace.software,
        "payments": [_payment_out(payment) for payment in trace.payments],
        "exceptions": [
            {
                "kind": one.kind,
                "rrn": one.rrn,
                "opened_at": moment_text(one.opened_at_us),
                "closed_at": None if one.closed_at_us is None else moment_text(one.closed_at_us),
                "detail": one.detail,
            }
            for one in trace.exceptions
        ],
    }


_PAYMENT_TEXTS: Final = (
    "rrn",
    "kind",
    "terminal",
    "merchant",
    "currency",
    "card",
    "organisation",
    "entry_mode",
    "business_date",
    "route",
    "original",
)
_PAYMENT_NUMBERS: Final = ("batch", "trace", "amount_minor")
_EVENT_TEXTS: Final = ("kind", "code", "auth_code", "detail")


def _payment_out(payment: TracedPayment) -> dict[str, Any]:
    return {
        **{name: getattr(payment, name) for name in (*_PAYMENT_TEXTS, *_PAYMENT_NUMBERS)},
        "received_at": moment_text(payment.received_at_us),
        "status": payment.status.value,
        "events": [
            {"at": moment_text(event.at_us)} | {name: getattr(event, name) for name in _EVENT_TEXTS}
            for event in payment.events
        ],
        "messages": [
            {
                "at": moment_text(message.at_us),
                "recorded": message.is_recorded,
                "from": message.sender.value,
                "to": message.receiver.value,
                "mti": message.mti,
                "meaning": message.meaning.value,
                "fields": {str(number): value for number, value in message.fields},
            }
            for message in payment.messages
        ],
    }


def _text(table: Any, name: str) -> str:
    value = table[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    value.encode()  # half a surrogate pair is no text either
    return value


def _number(table: Any, name: str) -> int:
    value = table[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is no number")
    return value


def _trace(content: Any) -> Trace:
    return Trace(
        subject=_text(content, "subject"),
        made_at_us=_microseconds(_text(content, "made_at")),
        is_sandbox=_text(content, "world") == "sandbox",
        software=_text(content, "software"),
        payments=tuple(_payment_in(table) for table in content["payments"]),
        exceptions=tuple(
            TracedException(
                kind=_text(table, "kind"),
                rrn=_text(table, "rrn"),
                opened_at_us=_microseconds(_text(table, "opened_at")),
                closed_at_us=None
                if table["closed_at"] is None
                else _microseconds(_text(table, "closed_at")),
                detail=_text(table, "detail"),
            )
            for table in content["exceptions"]
        ),
    )


def _payment_in(table: Any) -> TracedPayment:
    texts: dict[str, Any] = {name: _text(table, name) for name in _PAYMENT_TEXTS}
    numbers: dict[str, Any] = {name: _number(table, name) for name in _PAYMENT_NUMBERS}
    return TracedPayment(
        **texts,
        **numbers,
        received_at_us=_microseconds(_text(table, "received_at")),
        events=tuple(
            TracedEvent(
                at_us=_microseconds(_text(event, "at")),
                **{name: _text(event, name) for name in _EVENT_TEXTS},
            )
            for event in table["events"]
        ),
        messages=tuple(_message_in(message) for message in table["messages"]),
    )


def _message_in(table: Any) -> TracedMessage:
    if not isinstance(table["recorded"], bool):
        raise TypeError("recorded is neither true nor false")
    return TracedMessage(
        at_us=_microseconds(_text(table, "at")),
        is_recorded=table["recorded"],
        sender=Party(_text(table, "from")),
        receiver=Party(_text(table, "to")),
        mti=_text(table, "mti"),
        meaning=Meaning(_text(table, "meaning")),
        fields=tuple((int(number), _text(table["fields"], number)) for number in table["fields"]),
    )
