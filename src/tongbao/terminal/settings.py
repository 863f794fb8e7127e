"""Settings of one terminal: who it is, where its host, files and devices are, and its limits."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tongbao.domain.ids import MerchantId, OperatorNo, TerminalId
from tongbao.terminal.paper import PaperTexts
from tongbao.terminal.slip import SlipMark
from tongbao.wire.device.settings import FunctionClass, SignInPolicy
from tongbao.wire.unionpay.profile import HostProfile

_TPDU: Final = re.compile("[0-9]{10}")
_HEADER: Final = re.compile("[0-9]{5}0[0-9]{6}")
_ROLES: Final = frozenset({"cashier", "supervisor", "administrator"})
_LANGUAGES: Final = frozenset({"", "zh", "en"})
_PORT_MAX: Final = 65_535
_AMOUNT_MAX_MINOR: Final = 999_999_999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountLimits:
    """Upper limits in minor units; None is no limit of its own.

    `sale_minor` is for one payment or hold, `day_minor` for what a day may bring at this terminal.
    """

    sale_minor: int | None = None
    refund_minor: int | None = None
    offline_minor: int | None = None
    day_minor: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no amount; ValueError names the limit."""
        for name in ("sale_minor", "refund_minor", "offline_minor", "day_minor"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= _AMOUNT_MAX_MINOR:
                raise ValueError(f"limits.{name} must be 0 to 999999999999")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRule:
    """What opens one function: words of `FunctionClass` and of a role, and the hashed password."""

    function_class: str
    role: str
    password_hash: str = field(default="", repr=False)

    @property
    def needs_password(self) -> bool:
        """Whether the function has a password of its own."""
        return self.function_class == FunctionClass.PASSWORD and bool(self.password_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSettings:
    """One terminal; port 0 takes any free port, times are milliseconds.

    `data_folder` gets the journal and the slips. `key_file` holds the terminal master key `tmk`
    under the master key in `master_key_file`. `host_ca_file` is the certificate authority that the
    host's certificate must come from; it is needed when `host_tls` is on.

    `operators` maps an operator number to its hashed PIN (`tongbao.crypto.operator_pin.hash_pin`);
    who stands in `first_pins` has a PIN that somebody else knows and must change it first.

    `functions` says what opens a function of the menu, by its kind; what is not there is open.

    `sign_in_policy` is a word of `tongbao.wire.device.settings.SignInPolicy`, or "" where a person
    stays until they leave. `auto_sign_in` fetches working keys without being asked. After
    `idle_lock_s` without a touch the till locks; 0 is never.

    The screen server knows no users: whoever reaches `screen_address` stands before the till, and
    an operator's PIN is all that is asked. Leave it on loopback unless the network is the shop's.

    `client_certificate_file` and `client_key_file` prove to the host which device speaks; they come
    together or not at all. `is_training` marks the parallel world of training on screen and paper;
    the training room sets it, never a settings file.

    `on_screen_pin` and `on_screen_card_entry` belong to the sandbox: a PIN or a card number is
    keyed into the page. `mail_order_allowed` is what the merchant's contract says.

    `capabilities` are field 60.4 to 60.6: what the reader can do (2 magnetic stripe, 5 chip), the
    chip condition code and whether a partial approval is supported. `profile` holds the habits of
    the host. `reversal_repeats` overrides the profile's number for this terminal.

    `slow_retry_ms` is the pause between tries after a row of them. Above `signature_free_minor` a
    payment wants a signature. `refused_kinds` are switched off by the acquirer.

    `sale_limit_minor` is the largest amount that can be keyed at all, `limits` what the acquirer
    allows. `paper` stands on every slip. `language` is `zh` or `en`, what a page starts in whose
    person has chosen none; empty leaves it to the browser. `training_allowed` opens the parallel
    world, `training_needs_supervisor` keeps it to supervisors and administrators.
    """

    terminal_id: TerminalId
    merchant_id: MerchantId
    merchant_name: str
    merchant_name_en: str
    data_folder: Path
    key_file: Path
    master_key_file: Path

    host_address: str = "127.0.0.1"
    host_port: int = 8604
    host_tls: bool = True
    host_ca_file: Path | None = None
    host_name: str = "localhost"
    client_certificate_file: Path | None = None
    client_key_file: Path | None = None

    screen_address: str = "127.0.0.1"
    screen_port: int = 8601
    screen_clients_max: int = 8
    reader_address: str = "127.0.0.1"
    reader_port: int = 0
    drawer_url: str = ""
    on_screen_pin: bool = False
    on_screen_card_entry: bool = False
    mail_order_allowed: bool = False
    operators: dict[str, str] = field(default_factory=dict, repr=False)
    operator_roles: dict[str, str] = field(default_factory=dict)
    operator_names: dict[str, str] = field(default_factory=dict)
    first_pins: frozenset[str] = frozenset()
    functions: dict[str, FunctionRule] = field(default_factory=dict, repr=False)
    sign_in_policy: str = ""
    auto_sign_in: bool = False
    idle_lock_s: int = 0

    tpdu: str = "6000030000"
    header: str = "603100310001"
    profile: HostProfile = field(default_factory=HostProfile)
    capabilities: str = "200"
    sale_limit_minor: int = 100_000_000
    limits: AmountLimits = field(default_factory=AmountLimits)
    paper: PaperTexts = field(default_factory=PaperTexts)
    language: str = ""
    training_allowed: bool = True
    training_needs_supervisor: bool = True

    connect_timeout_ms: int = 10_000
    host_timeout_ms: int = 60_000
    card_timeout_ms: int = 60_000
    pin_timeout_ms: int = 60_000
    reversal_repeats: int | None = None
    retry_first_ms: int = 1_000
    retry_max_ms: int = 60_000
    slow_retry_ms: int = 600_000
    signature_free_minor: int = 0
    refused_kinds: frozenset[str] = frozenset()
    log_in_delay_first_ms: int = 1_000
    log_in_delay_max_ms: int = 60_000
    is_training: bool = False

    @property
    def is_sandbox(self) -> bool:
        """Whether this terminal belongs to the sandbox, where no real money moves."""
        return bool(self.drawer_url) or self.on_screen_pin or self.on_screen_card_entry

    @property
    def mark(self) -> SlipMark | None:
        """The band that says on every paper that no real money moved; None on a live terminal."""
        if self.is_training:
            return SlipMark.TRAINING
        return SlipMark.SANDBOX if self.is_sandbox else None

    @property
    def repeats_max(self) -> int:
        """Repeats of an unanswered reversal or advice before a person is asked."""
        own = self.reversal_repeats
        return self.profile.reversal_repeats if own is None else own

    @property
    def has_presence_rules(self) -> bool:
        """Whether anything ends a person's time at the till but the person."""
        return bool(self.sign_in_policy) or self.auto_sign_in

    def __post_init__(self) -> None:
        """Refuse what cannot work; ValueError names the setting."""
        if self.host_tls and self.host_ca_file is None:
            raise ValueError("host_ca_file is needed when host_tls is on")
        if (self.client_certificate_file is None) != (self.client_key_file is None):
            raise ValueError("client_certificate_file and client_key_file come together")
        if _TPDU.fullmatch(self.tpdu) is None:
            raise ValueError("tpdu must be 10 digits")
        if _HEADER.fullmatch(self.header) is None:
            raise ValueError("header must be 12 digits, the sixth one 0")
        if re.fullmatch("[0-9]{3}", self.capabilities) is None:
            raise ValueError("capabilities must be three digits (60.4 to 60.6)")
        if not 1 <= self.sale_limit_minor <= _AMOUNT_MAX_MINOR:
            raise ValueError("sale_limit_minor must be 1 to 999999999999")
        self._check_people()
        self._check_numbers()
        self._check_addresses()

    def _check_people(self) -> None:
        for number in (*self.operators, *self.operator_roles, *self.first_pins):
            OperatorNo(number)
        if self.language not in _LANGUAGES:
            raise ValueError("language must be zh or en")
        if not set(self.operator_roles.values()) <= _ROLES:
            raise ValueError("operator_roles must be cashier, supervisor or administrator")
        if self.sign_in_policy not in {"", *SignInPolicy}:
            raise ValueError("sign_in_policy must be per_trade, per_shift, per_day or none")
        if self.idle_lock_s < 0:
            raise ValueError("idle_lock_s must not be negative")

    def _check_numbers(self) -> None:
        for name in ("host_port", "screen_port", "reader_port"):
            if not 0 <= getattr(self, name) <= _PORT_MAX:
                raise ValueError(f"{name} must be 0 to 65535")
        for name in (
            "screen_clients_max",
            "connect_timeout_ms",
            "host_timeout_ms",
            "card_timeout_ms",
            "pin_timeout_ms",
            "retry_first_ms",
            "slow_retry_ms",
            "log_in_delay_first_ms",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.repeats_max < 0:
            raise ValueError("reversal_repeats must not be negative")
        if self.retry_max_ms < self.retry_first_ms:
            raise ValueError("retry_max_ms must not be below retry_first_ms")
        if self.log_in_delay_max_ms < self.log_in_delay_first_ms:
            raise ValueError("log_in_delay_max_ms must not be below log_in_delay_first_ms")

    def _check_addresses(self) -> None:
        if not ipaddress.ip_address(self.reader_address).is_loopback:
            raise ValueError("reader_address must be a loopback address: a track is written to it")
        shows_secrets = self.on_screen_pin or self.on_screen_card_entry
        if shows_secrets and not ipaddress.ip_address(self.screen_address).is_loopback:
            raise ValueError(
                "screen_address must be a loopback address while on_screen_pin or "
                "on_screen_card_entry is on"
            )
