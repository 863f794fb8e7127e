"""What an exception is, and what to do about it, in the reader's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext, gettext_lazy

from tongbao.platform.payments.exception_rules import (
    MACHINES,
    SYSTEM,
    TERMINAL,
    Done,
    ExceptionKind,
    Refusal,
)
from tongbao.platform.payments.words import kind_text

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Advice(NamedTuple):
    """A kind of exception: its name, what happened, and the steps to take, in their order."""

    name: _StrPromise
    happened: _StrPromise
    steps: tuple[_StrPromise, ...]


ADVICE: dict[str, Advice] = {
    ExceptionKind.REVERSAL_UNDELIVERED: Advice(
        gettext_lazy("Reversal not confirmed"),
        gettext_lazy(
            "The issuer has not confirmed a reversal after many attempts. The cardholder may have "
            "been charged for a payment that failed at the till. The host goes on trying slowly."
        ),
        (
            gettext_lazy("See on the host's page or in its log whether the issuer's link is up."),
            gettext_lazy(
                "Ask the issuer, with the reference number, whether it booked the payment and "
                "whether it took the reversal."
            ),
            gettext_lazy(
                "Do not refund by hand while this is open: the reversal may still arrive, and the "
                "money would go back twice."
            ),
            gettext_lazy("Note who said what. The host closes this itself when it has the proof."),
        ),
    ),
    ExceptionKind.ADVICE_UNDELIVERED: Advice(
        gettext_lazy("Advice not taken by the issuer"),
        gettext_lazy(
            "A refund, completion or offline sale has reached the host, but the issuer has not "
            "answered it after many attempts. The host goes on sending it slowly."
        ),
        (
            gettext_lazy("See on the host's page or in its log whether the issuer's link is up."),
            gettext_lazy(
                "Ask the issuer, with the reference number, whether it has booked the advice."
            ),
            gettext_lazy(
                "Tell the merchant not to key it in again: the issuer books one reference number "
                "once only, a second entry would be a second booking."
            ),
            gettext_lazy("Note who said what. The host closes this itself when it has the proof."),
        ),
    ),
    ExceptionKind.BATCH_DIFFERENCE: Advice(
        gettext_lazy("Batch does not balance"),
        gettext_lazy(
            "The totals of the terminal and of the host differ, or an uploaded payment is unknown "
            "to the host."
        ),
        (
            gettext_lazy("Open the batch: the differences are listed one by one."),
            gettext_lazy(
                "For each, open the payment's timeline and compare it with the merchant's slip."
            ),
            gettext_lazy(
                "What the terminal has and the host lacks must be asked of the issuer; what the "
                "host has and the terminal lacks was most often reversed too late."
            ),
            gettext_lazy("Note what each difference was, then close."),
        ),
    ),
    ExceptionKind.LATE_APPROVAL: Advice(
        gettext_lazy("Approved after its reversal"),
        gettext_lazy(
            "The issuer approved a payment that was already reversed. The host reverses it once "
            "more."
        ),
        (
            gettext_lazy("Open the payment: the second reversal must be confirmed there."),
            gettext_lazy(
                "If the cardholder complains of a charge, give the issuer the reference number and "
                "the trace file."
            ),
            gettext_lazy("Close when the timeline ends with a confirmed reversal."),
        ),
    ),
    ExceptionKind.TERMINAL_GAVE_UP: Advice(
        gettext_lazy("Terminal needs help"),
        gettext_lazy(
            "A terminal could not deliver a reversal, an advice or a signature and asks a person."
        ),
        (
            gettext_lazy("Call the shop: is the terminal online, and what does its page say?"),
            gettext_lazy(
                "Ask the cashier to open the pending work and to press \u201csend now\u201d."
            ),
            gettext_lazy("Open the payment here and see whether it has arrived."),
            gettext_lazy("Note the outcome, then close."),
        ),
    ),
}
_UNKNOWN = Advice(
    gettext_lazy("Exception"),
    gettext_lazy("The host recorded something that this version of the console does not know."),
    (gettext_lazy("Read the detail, open the payment, and ask an engineer."),),
)
DONE_WORDS = {
    Done.TAKEN: gettext_lazy("Taken"),
    Done.NOTED: gettext_lazy("Noted"),
    Done.CLOSED: gettext_lazy("Closed"),
    Done.REOPENED: gettext_lazy("Opened again"),
}
DONE_ICONS = {
    Done.TAKEN: "person_check",
    Done.NOTED: "edit_note",
    Done.CLOSED: "task_alt",
    Done.REOPENED: "undo",
}
REFUSAL_WORDS = {
    Refusal.UNKNOWN_ACT: gettext_lazy("There is no such act."),
    Refusal.CLOSED_ALREADY: gettext_lazy("This exception is closed; nothing was written."),
    Refusal.OWNED_ALREADY: gettext_lazy("You have taken this exception already."),
    Refusal.OVERTAKEN: gettext_lazy(
        "Somebody has acted since you opened the page. Read on and decide again."
    ),
    Refusal.NOTE_MISSING: gettext_lazy("Write a note first: what was found, and who said so."),
    Refusal.NOTE_TOO_LONG: gettext_lazy("A note has at most 500 characters."),
    Refusal.NOTE_HOLDS_CARD: gettext_lazy(
        "The note holds a card number. Leave it out: the payment shows the card."
    ),
}


def advice_of(kind: str) -> Advice:
    """Return what this kind of exception means."""
    return ADVICE.get(kind, _UNKNOWN)


_NO_ANSWER = re.compile(r"([a-z_]+): (?:no answer to|not confirmed in) ([0-9]+) attempts")
_STUCK = re.compile(r"([a-z_]+) ([0-9]{6}) ([0-9]{6}): ([0-9]+) attempts")
_PENDING = {
    "reversal": gettext_lazy("Reversal"),
    "repeat": gettext_lazy("Repeated message"),
    "advice": gettext_lazy("Advice"),
    "signature": gettext_lazy("Signature"),
    "script_result": gettext_lazy("Script result"),
}
_LATE = re.compile(r"([a-z_]+): approved after its reversal was confirmed")


def batch_of(detail: str) -> int:
    """Return the number of the batch that a difference is about, 0 when it is about none."""
    found = re.match(r"batch ([0-9]{6}) ", detail)
    return int(found[1]) if found else 0


def detail_text(detail: str) -> str:
    """Return what the host noted when it opened an exception, in words where they are known."""
    found = _NO_ANSWER.fullmatch(detail)
    if found:
        return gettext("%(kind)s: no answer to %(number)s attempts") % {
            "kind": kind_text(found[1]),
            "number": found[2],
        }
    found = _STUCK.fullmatch(detail)
    if found:
        return gettext("%(what)s of batch %(batch)s, trace %(trace)s: %(number)s attempts") % {
            "what": _PENDING.get(found[1], found[1]),
            "batch": found[2],
            "trace": found[3],
            "number": found[4],
        }
    found = _LATE.fullmatch(detail)
    if found:
        return gettext("%(kind)s: approved after its reversal was confirmed") % {
            "kind": kind_text(found[1])
        }
    return detail


# What host and terminals write when they close an exception themselves.
_NOTES = {
    "the issuer confirmed": gettext_lazy("The issuer has confirmed it."),
    "the issuer answered": gettext_lazy("The issuer has answered."),
    "the terminal has delivered it": gettext_lazy("The terminal has delivered it."),
}


def note_text(staff: str, note: str) -> str:
    """Return a note as it was written; those of machines in the reader's language."""
    return str(_NOTES.get(note, note)) if staff in MACHINES else note


def staff_text(staff: str) -> str:
    """Return who did it; machines are named in words."""
    machines = {SYSTEM: gettext("Host"), TERMINAL: gettext("Terminal")}
    return machines.get(staff, staff)


def opened_by(kind: str) -> str:
    """Return who asked for a person."""
    return staff_text(TERMINAL if kind == ExceptionKind.TERMINAL_GAVE_UP else SYSTEM)


def age_text(us: int) -> str:
    """Return an age for people: "5 min", "3 h", "2 d"."""
    minutes = max(us, 0) // 60_000_000
    if minutes < 60:
        return gettext("%(n)d min") % {"n": minutes}
    if minutes < 48 * 60:
        return gettext("%(n)d h") % {"n": minutes // 60}
    return gettext("%(n)d d") % {"n": minutes // (24 * 60)}
