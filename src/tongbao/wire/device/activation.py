"""Hello and activation: what is said before a terminal has a certificate.

Times are whole milliseconds since 1970 in UTC.

Spec: our own, docs/device-protocol.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Self

from tongbao.domain.errors import ProtocolError
from tongbao.wire.device.codec import Between, Length, Matches
from tongbao.wire.device.signing import NONCE_BYTES, PUBLIC_KEY_BYTES

SERIAL_PATTERN: Final = "[0-9A-Za-z-]{4,32}"
TERMINAL_PATTERN: Final = "[0-9A-Za-z]{8}"
CODE_DIGITS: Final = 8
INVITATION_SCHEME: Final = "tongbao-activate"

SerialNumber = Annotated[str, Matches(SERIAL_PATTERN)]
TerminalNumber = Annotated[str, Matches(TERMINAL_PATTERN)]
Code = Annotated[str, Matches(f"[0-9]{{{CODE_DIGITS}}}")]
Milliseconds = Annotated[int, Between(0, 2**53 - 1)]
Pem = Annotated[str, Length(1, 20_000)]
Words = Annotated[str, Length(0, 500)]
Seconds = Annotated[int, Between(1, 86_400)]


class DeviceStanding(StrEnum):
    """What the platform says to a terminal that says hello."""

    UNKNOWN = "unknown"  # this serial number was never received into stock, or is scrapped or lost
    WAITING = "waiting"  # known, but not assigned to a terminal number yet
    ASSIGNED = "assigned"  # ready to be activated: the answer holds a code
    ACTIVATED = "activated"  # this key has a certificate


class ActivationState(StrEnum):
    """How far an activation is, seen from the terminal."""

    WAITING = "waiting"  # nobody has entered the code yet
    CONFIRMED = "confirmed"  # send the certificate request with the next poll
    CERTIFIED = "certified"  # the answer holds the certificate
    FAILED = "failed"  # say hello again; `cause` and words say why


class ActivationFailure(StrEnum):
    """Why an activation did not succeed; closed, each with words that say what to do."""

    WRONG_CODE = "wrong_code"
    CODE_EXPIRED = "code_expired"
    TOO_MANY_TRIES = "too_many_tries"
    UNKNOWN_SERIAL = "unknown_serial"
    UNKNOWN_TERMINAL = "unknown_terminal"
    SERIAL_MISMATCH = "serial_mismatch"
    NOT_YOUR_TERMINAL = "not_your_terminal"
    NOT_SWITCHED_ON = "not_switched_on"
    NOT_RECEIVED = "not_received"
    ALREADY_ACTIVE = "already_active"
    DEVICE_SUSPENDED = "device_suspended"
    DEVICE_LOST = "device_lost"
    DEVICE_RETIRED = "device_retired"
    MERCHANT_SUSPENDED = "merchant_suspended"
    MERCHANT_CLOSED = "merchant_closed"
    NO_SETTLEMENT_ACCOUNT = "no_settlement_account"
    TOO_FAR = "too_far"
    NO_KEYS = "no_keys"
    PAPERS_NOT_SEEN = "papers_not_seen"
    CERTIFICATE_REFUSED = "certificate_refused"
    SELF_TEST_FAILED = "self_test_failed"
    CALLED_OFF = "called_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """POST hello: a terminal says who it is and shows its public key (Ed25519, 32 bytes)."""

    serial_number: SerialNumber
    model: Annotated[str, Length(1, 40)]
    software_version: Annotated[str, Length(1, 40)]
    public_key: Annotated[bytes, Length(PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES)]
    nonce: Annotated[bytes, Length(NONCE_BYTES, NONCE_BYTES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """The code to show on the screen; typed elsewhere, it proves who holds the terminal."""

    code: Code
    qr_text: Annotated[str, Length(1, 100)]
    expires_at_ms: Milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAddress:
    """Where the host listens; `ca_pem` is the authority that signed the host's certificate."""

    address: Annotated[str, Length(1, 253)]
    port: Annotated[int, Between(1, 65_535)]
    tls: bool
    tls_name: Annotated[str, Length(1, 253)] | None
    ca_pem: Pem | None
    profile: Annotated[str, Length(1, 40)]


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloAnswer:
    """What the platform knows of the terminal; say hello again after `next_in_s`."""

    standing: DeviceStanding
    terminal_id: TerminalNumber | None
    merchant_name: Annotated[str, Length(1, 80)] | None
    invitation: Invitation | None
    host: HostAddress | None
    server_time_ms: Milliseconds
    next_in_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationPoll:
    """POST activation: how far is it? `csr_pem` (PKCS#10) goes along once it is confirmed."""

    serial_number: SerialNumber
    csr_pem: Pem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationAnswer:
    """How far the activation is; certificate and chain once, cause and words when it failed."""

    state: ActivationState
    terminal_id: TerminalNumber | None
    cause: ActivationFailure | None
    words_zh: Words | None
    words_en: Words | None
    certificate_pem: Pem | None
    chain_pem: Pem | None
    next_in_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRequest:
    """POST certificate, with the old certificate: a request for the next one, same key or new."""

    csr_pem: Pem


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalAnswer:
    """The next certificate; the old one stays good until it ends or is revoked."""

    certificate_pem: Pem
    chain_pem: Pem


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationText:
    """The text of the QR code on a terminal that waits to be activated."""

    serial_number: str
    terminal_id: str
    code: str

    def __str__(self) -> str:
        return f"{INVITATION_SCHEME}:{self.serial_number}:{self.terminal_id}:{self.code}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a scanned text; ProtocolError when it is no invitation."""
        pattern = (
            f"{INVITATION_SCHEME}:({SERIAL_PATTERN}):({TERMINAL_PATTERN}):([0-9]{{{CODE_DIGITS}}})"
        )
        found = re.fullmatch(pattern, text.strip(), re.ASCII)
        if found is None:
            raise ProtocolError("QR", 0, "it is not the code of a terminal to activate")
        return cls(serial_number=found[1], terminal_id=found[2], code=found[3])
