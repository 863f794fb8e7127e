"""The host's habits in a world: half of the worlds have the usual ones, the others a mixture."""

from __future__ import annotations

from typing import Final

from tongbao.simulation.agenda import dice
from tongbao.wire.unionpay.profile import HostProfile

_MIXED_SHARE: Final = 0.5
# The sign-in and the MAC that go together.
_KEYS: Final = (
    ("003", "unionpay_ecb"),
    ("003", "x9_9"),
    ("003", "x9_19"),
    ("001", "unionpay_ecb"),
    ("004", "unionpay_ecb"),
    ("006", "unionpay_ecb"),
)


def draw_profile(seed: int) -> HostProfile:
    """Return the profile of a seed; terminals and host share it."""
    chance = dice(seed, "profile")
    if chance.random() >= _MIXED_SHARE:
        return HostProfile()
    sign_in_code, mac_algorithm = chance.choice(_KEYS)

    def now_and_then() -> bool:
        return chance.random() < 0.3

    return HostProfile(
        name="mixture",
        sign_in_code=sign_in_code,
        mac_algorithm=mac_algorithm,
        track_encryption=sign_in_code in ("004", "006") and chance.random() < 0.5,
        mak_check_value_offset=28 if now_and_then() else 36,
        pan_in_swiped=now_and_then(),
        expiry_in_swiped=now_and_then(),
        pan_in_reversals=now_and_then(),
        date_in_no_answer_reversal=now_and_then(),
        completion_message="advice" if chance.random() < 0.5 else "request",
        card_on_void=not now_and_then(),
        pin_on_void=now_and_then(),
        pin_on_completion=now_and_then(),
        void_totals="credit" if chance.random() < 0.5 else "subtract",
        batch_records_max=chance.choice((3, 6, 500)),
        upload_repeats=chance.choice((0, 1, 3)),
        reversal_repeats=chance.choice((1, 3)),
    )
