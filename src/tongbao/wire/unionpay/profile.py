"""What the dialect leaves open, or where hosts differ, as one set of named answers: a host profile.

Terminal and host each get the profile of the host they speak for or with. Code asks the profile for
the answer and never for its name. Spec: UnionPay terminal dialect, 3 and 8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from tongbao.domain.secrets import Pan, Purpose
from tongbao.wire.unionpay.transactions import KINDS, SIGN_IN_CODES, SIGN_IN_SM4

DOMESTIC: Final = "CUP"
HEADER_ACTS: Final = (
    *("parameters", "status", "sign_in", "public_keys", "chip_parameters", "tms"),
    *("blacklist", "currency_rates"),
)
_NAME: Final = re.compile("[a-z][a-z0-9_-]{0,31}")
_CHOICES: Final[dict[str, tuple[object, ...]]] = {
    "sign_in_code": SIGN_IN_CODES,
    "mak_check_value_offset": (28, 36),
    "mac_algorithm": ("unionpay_ecb", "x9_9", "x9_19"),
    "void_totals": ("subtract", "credit"),
    "completion_message": ("request", "advice"),
}
_RANGES: Final = {
    "completion_percent_max": (100, 1_000),
    "tip_percent_max": (0, 100),
    "refund_days_max": (0, 3_650),
    # Settlement totals have three digits for a count.
    "batch_records_max": (1, 999),
    "upload_repeats": (0, 100),
    "reversal_repeats": (0, 1_000),
}


def _default_organisations() -> dict[str, str]:
    return {"62": DOMESTIC, "62000099": "VIS"}


def _default_acts() -> dict[str, str]:
    return {str(digit): act for digit, act in enumerate(HEADER_ACTS, start=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostProfile:
    """The habits of one acquirer's host; each default is the commonest one.

    Attributes:
        name: lower-case name, for people.
        sign_in_code: 60.3 of the sign-in: 001 single DES, 003 3DES, 004 with track key, 006 SM4.
        mak_check_value_offset: byte of the 40-byte key block where the check value of an 8-byte
            MAK stands, 36 or 28.
        mac_algorithm: unionpay_ecb (with SM4 keys its SM4 form), x9_9 or x9_19.
        mac_in_declines: whether declined replies carry F64.
        approval_codes: F39 values that mean approved.
        pan_in_swiped: whether F2 goes along with a track.
        expiry_in_swiped: whether F14 goes along with a track.
        pan_in_reversals: whether F2 stands in the reversal of a swiped transaction.
        void_totals: whether a void is subtracted from the debit side of settlement totals or
            counted on the credit side.
        completion_percent_max: completion at most this share of the pre-authorisation.
        completion_message: whether a completion goes as request (0200) or advice (0220).
        tip_percent_max: tip at most this share of the sale.
        refund_days_max: a refund comes at most this many days after the sale.
        card_on_void: whether a void of a sale or completion asks for the card again.
        pin_on_void: whether a void asks for the PIN.
        pin_on_completion: whether a completion and its void ask for the PIN.
        signature_code: 60.3 of a signature upload, 800 or 301.
        date_in_no_answer_reversal: whether 61.3 of a reversal for reason 98 holds the original's
            date; otherwise it is 0000.
        supervisor_for: kinds that need a supervisor's approval.
        organisations: card organisation code (F63.1) by the first digits of a card number; the
            longest one wins, and what is not listed is CUP.
        batch_records_max: payments in one batch before settlement must come.
        upload_repeats: further rounds of a batch upload for what had no answer.
        reversal_repeats: repeats of an unanswered reversal before a person is asked.
        auto_sign_off: whether the terminal signs off after settlement.
        track_encryption: whether tracks are encrypted under the TDK (F53 digit 3 = 1).
        header_acts: what digit 6 of a reply's header asks the terminal to do.
    """

    name: str = "unionpay"
    sign_in_code: str = "003"
    mak_check_value_offset: int = 36
    mac_algorithm: str = "unionpay_ecb"
    mac_in_declines: bool = True
    approval_codes: tuple[str, ...] = ("00",)
    pan_in_swiped: bool = False
    expiry_in_swiped: bool = False
    pan_in_reversals: bool = False
    void_totals: str = "subtract"
    completion_percent_max: int = 115
    completion_message: str = "request"
    tip_percent_max: int = 20
    refund_days_max: int = 30
    card_on_void: bool = True
    pin_on_void: bool = False
    pin_on_completion: bool = False
    signature_code: str = "800"
    date_in_no_answer_reversal: bool = False
    supervisor_for: tuple[str, ...] = (
        *("void", "refund", "pre_authorisation_void", "completion_void"),
        *("adjustment", "offline_sale"),
    )
    organisations: dict[str, str] = field(default_factory=_default_organisations, hash=False)
    batch_records_max: int = 500
    upload_repeats: int = 3
    reversal_repeats: int = 3
    auto_sign_off: bool = False
    track_encryption: bool = False
    header_acts: dict[str, str] = field(default_factory=_default_acts, hash=False)

    def __post_init__(self) -> None:
        """Refuse what cannot work; ValueError names the field."""
        if _NAME.fullmatch(self.name) is None:
            raise ValueError("name must be lower-case letters, digits, - and _")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                words = ", ".join(str(choice) for choice in choices)
                raise ValueError(f"{name} must be one of: {words}")
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be {low} to {high}")
        if re.fullmatch("[0-9]{3}", self.signature_code) is None:
            raise ValueError("signature_code must be three digits")
        if not self.approval_codes:
            raise ValueError("approval_codes must not be empty")
        if any(re.fullmatch("[0-9A-Z]{2}", code) is None for code in self.approval_codes):
            raise ValueError("approval_codes must be response codes of two characters")
        self._check_sets()

    def _check_sets(self) -> None:
        unknown = [kind for kind in self.supervisor_for if kind not in KINDS]
        if unknown:
            raise ValueError(f"supervisor_for: there is no transaction {unknown[0]!r}")
        for prefix, code in self.organisations.items():
            if re.fullmatch("[0-9]{1,19}", prefix) is None:
                raise ValueError("organisations: a key is the first digits of card numbers")
            if re.fullmatch("[A-Z]{3}", code) is None:
                raise ValueError("organisations: a code is three capital letters")
        for digit, act in self.header_acts.items():
            if re.fullmatch("[1-9]", digit) is None:
                raise ValueError("header_acts: a key is a digit 1 to 9")
            if act not in HEADER_ACTS:
                raise ValueError(f"header_acts: there is no act {act!r}")
        self._check_keys()

    def _check_keys(self) -> None:
        if self.uses_sm4 and self.mac_algorithm != "unionpay_ecb":
            raise ValueError("mac_algorithm must be unionpay_ecb with SM4 keys (sign_in_code 006)")
        if self.mac_algorithm == "x9_19" and self.sign_in_code == "001":
            raise ValueError("mac_algorithm x9_19 needs a double-length MAK, not sign_in_code 001")
        if self.track_encryption and self.sign_in_code not in ("004", "006"):
            raise ValueError("track_encryption needs a track key: sign_in_code 004 or 006")

    @property
    def uses_sm4(self) -> bool:
        """Whether the working keys are SM4 keys: F53 digit 2 is 3, the PIN block is in F59."""
        return self.sign_in_code == SIGN_IN_SM4

    def is_approval(self, response_code: str) -> bool:
        """Tell whether this F39 means approved."""
        return response_code in self.approval_codes

    def organisation_of(self, pan: Pan) -> str:
        """Return the three-letter card organisation of a card number.

        Spec: UnionPay terminal dialect, 2.9.
        """
        digits = pan.reveal(Purpose.WIRE)
        fitting = [prefix for prefix in self.organisations if digits.startswith(prefix)]
        return self.organisations[max(fitting, key=len)] if fitting else DOMESTIC

    def act_of(self, header: bytes) -> str | None:
        """Return what digit 6 of a reply's 6-byte header asks for; None for nothing known.

        Spec: UnionPay terminal dialect, 1.1.
        """
        return self.header_acts.get(header.hex()[5:6])

    def digit_of(self, act: str) -> str:
        """Return the header digit that asks for an act, "0" when this host has none for it.

        Spec: UnionPay terminal dialect, 1.1.
        """
        return next((digit for digit, word in self.header_acts.items() if word == act), "0")
