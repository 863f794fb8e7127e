"""Fees in whole fen: what the rules allow, what a merchant agreed, and how one fee is made up.

Rates are parts per million and caps are fen, so nothing is ever a float. Each part is rounded half
up to whole fen, after its cap; the acquirer's part is what remains, so that the parts always sum to
the whole. Spec: 发改价格〔2016〕557号.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from tongbao.platform.bilingual import Words

_PPM: Final = 1_000_000
_TYPED_MAX: Final = 12


class Method(StrEnum):
    """A way of paying with a fee of its own."""

    DEBIT_CARD = "debit_card"
    CREDIT_CARD = "credit_card"
    CODE_DEBIT = "code_debit"
    CODE_CREDIT = "code_credit"


METHOD_WORDS: Final[dict[Method, Words]] = {
    Method.DEBIT_CARD: Words("借记卡", "Debit card"),
    Method.CREDIT_CARD: Words("信用卡", "Credit card"),
    Method.CODE_DEBIT: Words("扫码（借记、零钱）", "Code, debit or balance"),
    Method.CODE_CREDIT: Words("扫码（信用卡、信用支付）", "Code, credit"),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate in parts per million with a cap in fen, or none."""

    rate_ppm: int
    cap_minor: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.rate_ppm <= 100_000:
            raise ValueError("a rate is 0 to 100,000 parts per million (10 %)")
        if self.cap_minor is not None and self.cap_minor < 0:
            raise ValueError("a cap is zero or more fen")

    def fee_minor(self, amount_minor: int) -> int:
        """Return the fee on an amount in fen, rounded half up, at most the cap."""
        if amount_minor < 0:
            raise ValueError("an amount is zero or more fen")
        fee = (2 * amount_minor * self.rate_ppm + _PPM) // (2 * _PPM)
        return fee if self.cap_minor is None else min(fee, self.cap_minor)

    def cap_binds(self, amount_minor: int) -> bool:
        """Return whether the exact fee is above the cap."""
        return self.cap_minor is not None and amount_minor * self.rate_ppm > self.cap_minor * _PPM


# The most that may be asked; half of the network's fee comes from each side.
ISSUER_CAPS: Final[dict[Method, Rate]] = {
    Method.DEBIT_CARD: Rate(3_500, 1_300),
    Method.CREDIT_CARD: Rate(4_500),
    Method.CODE_DEBIT: Rate(3_500, 1_300),
    Method.CODE_CREDIT: Rate(4_500),
}
NETWORK_HALF_CAP: Final = Rate(325, 325)
# What the standard schedule asks of a merchant in all.
STANDARD_RATES: Final[dict[Method, Rate]] = {
    Method.DEBIT_CARD: Rate(5_000, 2_000),
    Method.CREDIT_CARD: Rate(6_000),
    Method.CODE_DEBIT: Rate(3_800),
    Method.CODE_CREDIT: Rate(6_000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeParts:
    """Who gets what of a merchant's fee, in fen; the network's half of the issuer is told apart.

    `total_minor` = issuer + network (our half) + acquirer. The issuer pays
    `network_issuer_half_minor` out of its own part.
    """

    amount_minor: int
    total_minor: int
    issuer_minor: int
    network_acquirer_half_minor: int
    network_issuer_half_minor: int
    acquirer_minor: int
    cap_binds: bool

    @property
    def network_minor(self) -> int:
        """The whole fee of the network, both halves."""
        return self.network_acquirer_half_minor + self.network_issuer_half_minor

    @property
    def payout_minor(self) -> int:
        """What is left for the merchant."""
        return self.amount_minor - self.total_minor


def issuer_fee_minor(method: Method, amount_minor: int, *, is_exempt: bool = False) -> int:
    """Return the most that the issuer may ask, in fen."""
    return 0 if is_exempt else ISSUER_CAPS[method].fee_minor(amount_minor)


def network_halves_minor(amount_minor: int, *, is_exempt: bool = False) -> tuple[int, int]:
    """Return what the acquirer's and the issuer's side pay the network at most, in fen."""
    half = 0 if is_exempt else NETWORK_HALF_CAP.fee_minor(amount_minor)
    return half, half


def fee_parts(
    rates: Mapping[Method, Rate], method: Method, amount_minor: int, *, is_exempt: bool = False
) -> FeeParts:
    """Return the fee on one payment and who gets what.

    When the agreed fee is less than what issuer and network may ask, their parts shrink to it in
    that order (the acquirer's part is never negative); an exempt institution pays what was agreed
    with the acquirer and nothing to the others.
    """
    rate = rates[method]
    total = rate.fee_minor(amount_minor)
    issuer = min(issuer_fee_minor(method, amount_minor, is_exempt=is_exempt), total)
    ours, theirs = network_halves_minor(amount_minor, is_exempt=is_exempt)
    ours = min(ours, total - issuer)
    return FeeParts(
        amount_minor=amount_minor,
        total_minor=total,
        issuer_minor=issuer,
        network_acquirer_half_minor=ours,
        network_issuer_half_minor=min(theirs, issuer),
        acquirer_minor=total - issuer - ours,
        cap_binds=rate.cap_binds(amount_minor),
    )


def formula_words(rate: Rate, amount_minor: int) -> Words:
    """Return how a fee was reckoned, for people: "¥100.00 × 0.60 % = ¥0.60"."""
    percent = percent_text(rate.rate_ppm)
    fee = yuan_text(rate.fee_minor(amount_minor))
    amount = yuan_text(amount_minor)
    if rate.cap_binds(amount_minor):
        return Words(
            f"¥{amount} × {percent}%，封顶 ¥{fee}", f"¥{amount} × {percent} %, capped at ¥{fee}"
        )
    return Words(f"¥{amount} × {percent}% = ¥{fee}", f"¥{amount} × {percent} % = ¥{fee}")


def percent_text(rate_ppm: int) -> str:
    """Return a rate as per cent without a float, 3800 → "0.38"."""
    text = f"{rate_ppm // 10_000}.{rate_ppm % 10_000:04}"
    head, _, tail = text.partition(".")
    return f"{head}.{tail.rstrip('0').ljust(2, '0')}"


def yuan_text(minor: int) -> str:
    """Return fen as yuan with two decimals, "1,234.50"."""
    return f"{minor // 100:,}.{minor % 100:02}"


def rate_text(rate: Rate) -> str:
    """Return a rate with its cap for people, "0.50 % ≤ ¥20.00"."""
    cap = "" if rate.cap_minor is None else f" ≤ ¥{yuan_text(rate.cap_minor)}"
    return f"{percent_text(rate.rate_ppm)} %{cap}"


def read_rate(percent: str, cap_yuan: str) -> Rate:
    """Return the rate that somebody typed: "0.55" per cent, and yuan or nothing for the cap.

    Raises: ValueError for anything else, for more than four decimals of a per cent or two of a
    yuan, and for a rate above 10 %.
    """
    cap = cap_yuan.strip().replace(",", "")
    return Rate(_scaled(percent.strip(), 4), _scaled(cap, 2) if cap else None)


def _scaled(text: str, decimals: int) -> int:
    """Return a number with so many decimals as a whole one; no float touches it."""
    if not (len(text) <= _TYPED_MAX and text.isascii()):
        raise ValueError("a number has digits and a point")
    whole, _, part = text.partition(".")
    if not (whole.isdecimal() and (part.isdecimal() or not part) and len(part) <= decimals):
        raise ValueError("a number has digits and a point")
    return int(whole + part.ljust(decimals, "0"))


def rates_document(rates: Mapping[Method, Rate]) -> dict[str, Any]:
    """Return rates as they are stored and hashed."""
    return {
        method.value: {"rate_ppm": rate.rate_ppm, "cap_minor": rate.cap_minor}
        for method, rate in sorted(rates.items())
    }


def rates_of(document: Mapping[str, Any]) -> dict[Method, Rate]:
    """Undo `rates_document`.

    Raises: ValueError when a method is unknown or missing.
    """
    rates = {
        Method(name): Rate(int(entry["rate_ppm"]), entry["cap_minor"])
        for name, entry in document.items()
    }
    missing = set(Method) - rates.keys()
    if missing:
        raise ValueError(f"no rate for {', '.join(sorted(missing))}")
    return rates


def document_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document in canonical JSON, 64 hex digits."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
