"""Webhooks without any I/O: signature, secrets, event types, the plan of attempts, addresses.

Pure: imports no Django.

Spec: Standard Webhooks 1.0.0
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - the mark of a secret, not one
SECRET_BYTES: Final = 32
FAMILIES: Final = ("payment", "application", "terminal")
PAYMENT_TYPES: Final = (
    *("payment.approved", "payment.declined", "payment.reversed", "payment.in_doubt"),
)
TEST_TYPE: Final = "webhook.test"
URL_LENGTH_MAX: Final = 500

# Seconds from one attempt to the next: nine attempts in a day (23 h 36 min).
PLAN_S: Final = (5, 60, 300, 1_800, 7_200, 18_000, 28_800, 28_800)
# The receiver says that it is gone for ever.
GONE: Final = 410

_PATTERN: Final = re.compile(rf"\*|(?:{'|'.join(FAMILIES)})\.(?:\*|[a-z_]{{1,40}})")
_SECRET: Final = re.compile(rf"{SECRET_PREFIX}[A-Za-z0-9+/]{{43}}=")


class AddressError(ValueError):
    """The address may not be called; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def new_secret() -> str:
    """Return a new signing secret, `whsec_` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return `v1,…`, the HMAC-SHA256 over id, timestamp and body.

    Spec: Standard Webhooks 1.0.0, "Signature scheme"
    """
    if not _SECRET.fullmatch(secret):
        raise ValueError("this is not a webhook secret")
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def signatures(valid: Iterable[str], message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return the header for one or two valid secrets, newest first."""
    return " ".join(signature(secret, message_id, timestamp_s, body) for secret in valid)


def is_pattern(text: str) -> bool:
    """Return whether this names events: `*`, `payment.*` or `payment.approved`."""
    return _PATTERN.fullmatch(text) is not None


def wants(patterns: Iterable[str], event_type: str) -> bool:
    """Return whether one of the patterns covers this type of event."""
    family = event_type.partition(".")[0]
    return any(pattern in ("*", f"{family}.*", event_type) for pattern in patterns)


def next_attempt_us(failed: int, now_us: int) -> int | None:
    """Return when to try again after so many failures, or None when the plan is over."""
    return now_us + PLAN_S[failed - 1] * 1_000_000 if failed <= len(PLAN_S) else None


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: where to connect, and what to ask for."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The host as the request names it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        standard = self.port == (443 if self.scheme == "https" else 80)
        return name if standard else f"{name}:{self.port}"


def target_of(url: str, *, sandbox: bool) -> Target:
    """Read an address: https only, no user name; in the sandbox http to this machine as well.

    Raises AddressError.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressError("malformed") from None
    host = parts.hostname or ""
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if not host or not plain or len(url) > URL_LENGTH_MAX or parts.fragment:
        raise AddressError("malformed")
    if parts.username is not None or parts.password is not None:
        raise AddressError("user")
    if parts.scheme != "https" and not (sandbox and parts.scheme == "http"):
        raise AddressError("https")
    literal = _literal(host)
    if literal is not None:
        check_address(literal, sandbox=sandbox)
    elif parts.scheme == "http" and host != "localhost":
        raise AddressError("https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


def check_address(address: str, *, sandbox: bool) -> None:
    """Refuse an address inside: loopback, private, link-local, shared, multicast, unspecified.

    The sandbox may call this machine, and nothing else inside. Raises AddressError.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    for one in (ip, inner):
        if one is None:
            continue
        if sandbox and one.is_loopback:
            continue
        if not one.is_global or one.is_multicast or one.is_reserved:
            raise AddressError("inside")


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
