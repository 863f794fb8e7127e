"""Batches in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from tongbao.platform.payments.batch_rules import Balance, Difference
from tongbao.platform.payments.words import Tone

BALANCE_WORDS = {
    Balance.ASKED: gettext_lazy("Not compared"),
    Balance.BALANCED: gettext_lazy("Balanced"),
    Balance.UNBALANCED: gettext_lazy("Not balanced"),
    Balance.ERROR: gettext_lazy("Could not be compared"),
}
BALANCE_TONES = {
    Balance.ASKED: Tone.CALM,
    Balance.BALANCED: Tone.GOOD,
    Balance.UNBALANCED: Tone.BAD,
    Balance.ERROR: Tone.BAD,
}
BALANCE_ICONS = {
    Balance.ASKED: "remove",
    Balance.BALANCED: "check_circle",
    Balance.UNBALANCED: "difference",
    Balance.ERROR: "error",
}
DIFFERENCE_WORDS = {
    Difference.UNKNOWN_TO_HOST: gettext_lazy("The host has no such payment"),
    Difference.NOT_UPLOADED: gettext_lazy("The terminal did not upload it"),
    Difference.OTHER_AMOUNT: gettext_lazy("Another amount at the host"),
    Difference.OTHER_CARD: gettext_lazy("Another card at the host"),
    Difference.NOT_APPROVED: gettext_lazy("Not approved at the host"),
}
SOURCE_WORDS = {
    "stripe": gettext_lazy("Stripe"),
    "advice": gettext_lazy("Advice"),
    "chip": gettext_lazy("Chip"),
    "risk": gettext_lazy("At risk"),
}
