"""The wanted state: everything a terminal is set to by the platform, in one document.

Spec: our own, docs/device-protocol.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from tongbao.wire.device.activation import (
    HostAddress,
    Milliseconds,
    SerialNumber,
    TerminalNumber,
)
from tongbao.wire.device.codec import Between, Length, Matches

Name = Annotated[str, Length(1, 80)]
SlipLine = Annotated[str, Length(0, 64)]
AmountMinor = Annotated[int, Between(0, 999_999_999_999)]
Version = Annotated[int, Between(0, 2**53 - 1)]
OperatorNumber = Annotated[str, Matches("[0-9]{2}")]
Hash = Annotated[str, Length(1, 255)]


class Tender(StrEnum):
    """What a customer can pay with."""

    CARD = "card"
    CODE = "code"
    CASH = "cash"


class SignInPolicy(StrEnum):
    """How often an operator must give the PIN."""

    PER_TRADE = "per_trade"
    PER_SHIFT = "per_shift"
    PER_DAY = "per_day"
    NONE = "none"


class OperatorRole(StrEnum):
    """What an operator of a terminal may do."""

    CASHIER = "cashier"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class FunctionClass(StrEnum):
    """What opens a function code."""

    BOOT = "boot"  # before anybody has signed in
    FUNCTION = "function"  # an operator of the role
    PASSWORD = "password"  # noqa: S105 - the name of a class of codes, not a password


class Language(StrEnum):
    """The language a terminal starts in."""

    CHINESE = "zh-hans"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantFacts:
    """The merchant as slips and screens name it; `mcc` has four digits."""

    merchant_id: Annotated[str, Matches("[0-9A-Za-z]{15}")]
    name: Name
    name_en: Name
    mcc: Annotated[str, Matches("[0-9]{4}")]
    city: Annotated[str, Length(0, 40)]
    mail_order_allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """The place where the terminal stands."""

    shop_id: Annotated[str, Length(1, 32)]
    name: Name
    address: Annotated[str, Length(0, 200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCode:
    """A code on the keypad and what it opens; `password_hash` for the class password."""

    code: Annotated[str, Matches("[0-9]{1,8}")]
    kind: Annotated[str, Length(1, 40)]
    function_class: FunctionClass
    role: OperatorRole
    password_hash: Hash | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """An operator of this terminal; without `pin_hash` the terminal asks for a first PIN."""

    number: OperatorNumber
    name: Annotated[str, Length(0, 40)]
    role: OperatorRole
    pin_hash: Hash | None
    must_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Upper limits in minor units of CNY; None is no limit of its own."""

    sale_minor: AmountMinor | None
    refund_minor: AmountMinor | None
    offline_minor: AmountMinor | None
    day_minor: AmountMinor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipTexts:
    """Lines above and below each slip."""

    header: Annotated[tuple[SlipLine, ...], Length(0, 6)]
    footer: Annotated[tuple[SlipLine, ...], Length(0, 6)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """Whether the training world may be opened, and whether it asks for a supervisor."""

    is_allowed: bool
    needs_supervisor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A locked terminal takes no new payment; what is open is still finished."""

    is_locked: bool
    words: Annotated[str, Length(0, 200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsDocument:
    """The wanted state of one terminal; `version` grows with each change of any part."""

    version: Version
    issued_at_ms: Milliseconds
    serial_number: SerialNumber
    terminal_id: TerminalNumber
    merchant: MerchantFacts
    shop: ShopFacts | None
    tenders: tuple[Tender, ...]
    kinds: Annotated[tuple[Annotated[str, Length(1, 40)], ...], Length(0, 60)]
    function_codes: Annotated[tuple[FunctionCode, ...], Length(0, 200)]
    operators: Annotated[tuple[Operator, ...], Length(0, 100)]
    sign_in_policy: SignInPolicy
    auto_sign_in: bool
    idle_lock_s: Annotated[int, Between(0, 86_400)] | None
    limits: Limits
    slip: SlipTexts
    language: Language
    host: HostAddress
    training: TrainingSettings
    lock: Lock
    quiet_hour: Annotated[int, Between(0, 23)]
    heartbeat_s: Annotated[int, Between(5, 86_400)]


class ReportOutcome(StrEnum):
    """What a terminal did with a settings document."""

    APPLIED = "applied"
    DEFERRED = "deferred"  # waits for a quiet moment: an open payment, unsent work, the hour
    REFUSED = "refused"  # this terminal cannot do it; `detail` says which part


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One part that is not as wanted, with both values as short texts."""

    path: Annotated[str, Length(1, 80)]
    wanted: Annotated[str, Length(0, 200)]
    actual: Annotated[str, Length(0, 200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsReport:
    """What is in force on the terminal; the SHA-256 is of the document as it was received."""

    serial_number: SerialNumber
    terminal_id: TerminalNumber
    version: Version
    document_sha256: Annotated[str, Matches("[0-9a-f]{64}")]
    outcome: ReportOutcome
    at_ms: Milliseconds
    detail: Annotated[str, Length(0, 200)]
    drift: Annotated[tuple[Drift, ...], Length(0, 50)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReport:
    """POST report: the canonical JSON of a SettingsReport and the device key's signature of it."""

    report: SettingsReport
    signature: Annotated[bytes, Length(64, 64)]
