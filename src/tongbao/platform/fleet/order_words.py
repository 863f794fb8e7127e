"""What a terminal can be told to do, in the reader's language.

Spec: UnionPay terminal dialect, header, digit 6
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy

from tongbao.wire.unionpay.profile import HostProfile

# The digit of the header to each act that the dialect names.
ACTS: Final = dict(HostProfile().header_acts)
ACT_WORDS = {
    "parameters": gettext_lazy("Download parameters"),
    "status": gettext_lazy("Report its status"),
    "sign_in": gettext_lazy("Sign in again"),
    "public_keys": gettext_lazy("Download public keys"),
    "chip_parameters": gettext_lazy("Download chip parameters"),
    "tms": gettext_lazy("Ask the terminal management system"),
    "blacklist": gettext_lazy("Download the blacklist"),
    "currency_rates": gettext_lazy("Download currency rates"),
}


def act_text(digit: str) -> str:
    """Return an act in words by its digit."""
    act = ACTS.get(digit, "")
    return str(ACT_WORDS.get(act, digit))
