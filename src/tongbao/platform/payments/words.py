"""The words and colours of payments, in the reader's language."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from tongbao.platform.payments.status import Status
from tongbao.platform.payments.traces.types import Meaning, Party

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Tone(StrEnum):
    """The meaning that a colour carries; each has its own icon as well."""

    GOOD = "good"
    BAD = "bad"
    DOUBT = "doubt"
    CALM = "calm"


STATUS_WORDS: dict[Status, _StrPromise] = {
    Status.APPROVED: pgettext_lazy("payment status", "Approved"),
    Status.DECLINED: pgettext_lazy("payment status", "Declined"),
    Status.REVERSED: pgettext_lazy("payment status", "Reversed"),
    Status.IN_DOUBT: pgettext_lazy("payment status", "In doubt"),
}
STATUS_TONES: dict[Status, Tone] = {
    Status.APPROVED: Tone.GOOD,
    Status.DECLINED: Tone.BAD,
    Status.REVERSED: Tone.CALM,
    Status.IN_DOUBT: Tone.DOUBT,
}
STATUS_ICONS: dict[Status, str] = {
    Status.APPROVED: "check_circle",
    Status.DECLINED: "cancel",
    Status.REVERSED: "undo",
    Status.IN_DOUBT: "hourglass_top",
}

KIND_WORDS = {
    "sale": gettext_lazy("Sale"),
    "mail_order": gettext_lazy("Mail order"),
    "balance": gettext_lazy("Balance"),
    "void": gettext_lazy("Void"),
    "refund": gettext_lazy("Refund"),
    "pre_authorisation": gettext_lazy("Pre-authorisation"),
    "pre_authorisation_void": gettext_lazy("Pre-authorisation void"),
    "completion": gettext_lazy("Completion"),
    "completion_advice": gettext_lazy("Completion advice"),
    "completion_void": gettext_lazy("Completion void"),
    "offline_sale": gettext_lazy("Offline sale"),
    "adjustment": gettext_lazy("Adjustment"),
    "tip": gettext_lazy("Tip"),
    "chip_offline_sale": gettext_lazy("Offline sale by chip"),
}
ORGANISATION_WORDS = {
    "CUP": gettext_lazy("UnionPay (CUP)"),
    "VIS": gettext_lazy("Visa (VIS)"),
    "MCC": gettext_lazy("Mastercard (MCC)"),
    "JCB": gettext_lazy("JCB"),
    "AMX": gettext_lazy("American Express (AMX)"),
    "DCC": gettext_lazy("Diners Club (DCC)"),
}
MEANING_WORDS = {
    Meaning.REQUEST: gettext_lazy("Request"),
    Meaning.REQUEST_AGAIN: gettext_lazy("The same request again"),
    Meaning.ANSWER: gettext_lazy("Answer"),
    Meaning.LATE_ANSWER: gettext_lazy("Late answer"),
    Meaning.REVERSAL: gettext_lazy("Reversal"),
    Meaning.REVERSAL_ANSWER: gettext_lazy("Answer to the reversal"),
    Meaning.INQUIRY: gettext_lazy("Status inquiry"),
    Meaning.INQUIRY_ANSWER: gettext_lazy("Answer to the inquiry"),
    Meaning.SIGNATURE: gettext_lazy("Signature upload"),
    Meaning.SIGNATURE_ANSWER: gettext_lazy("Answer to the signature upload"),
    Meaning.SCRIPT_RESULT: gettext_lazy("Script result"),
    Meaning.SCRIPT_RESULT_ANSWER: gettext_lazy("Answer to the script result"),
}
PARTY_WORDS = {
    Party.TERMINAL: gettext_lazy("Terminal"),
    Party.HOST: gettext_lazy("Host"),
    Party.ISSUER: gettext_lazy("Card issuer"),
}
# The first two digits say how the card was read, the third whether a PIN could be entered.
_ENTRY_METHODS = {
    "01": gettext_lazy("Typed by hand"),
    "02": gettext_lazy("Magnetic stripe"),
    "05": gettext_lazy("Chip"),
    "07": gettext_lazy("Contactless"),
    "90": gettext_lazy("Magnetic stripe"),
}
_PIN = {"1": gettext_lazy("with PIN"), "2": gettext_lazy("without PIN")}
_ROUTES = {"issuer": gettext_lazy("Card issuer")}


def kind_text(kind: str) -> str:
    """Return the word for a kind of payment."""
    return str(KIND_WORDS.get(kind, kind))


def entry_mode_text(code: str) -> str:
    """Return field 22 in words, for instance "Magnetic stripe, with PIN (021)".

    Spec: ISO 8583:1987 DE 22
    """
    method = _ENTRY_METHODS.get(code[:2])
    if method is None:
        return code
    words = [str(method)]
    if code[2:] in _PIN:
        words.append(str(_PIN[code[2:]]))
    return f"{gettext(', ').join(words)} ({code})"


def route_text(route: str) -> str:
    """Return where a payment was sent, in words."""
    return str(_ROUTES.get(route, route))


def organisation_text(code: str) -> str:
    """Return the name of a card organisation by its code in field 63.1."""
    return str(ORGANISATION_WORDS.get(code, code))
