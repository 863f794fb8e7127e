"""A payment as a person reads it: what happened, when, by whom and what it means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongbao.platform.console.words import reader_is_chinese
from tongbao.platform.payments.status import EventKind, Status, fold
from tongbao.platform.payments.traces.messages import (
    ATTEMPT,
    TERMINAL_REPEATS,
    inquiry_code,
    message_groups,
    went_upstream,
)
from tongbao.platform.payments.traces.types import Party
from tongbao.platform.payments.tracing import traced
from tongbao.platform.payments.words import MEANING_WORDS, PARTY_WORDS, Tone, route_text
from tongbao.wire.unionpay.table import UNIONPAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tongbao.platform.payments.models import Payment, PaymentEvent
    from tongbao.platform.payments.traces.types import TracedMessage

# The host answers this itself when its link to the issuer is down; nothing was sent then.
LINK_DOWN = "91"

# What the host writes into `detail`, by its beginning.
_REASONS = {
    "issuer timeout": gettext_lazy("The issuer did not answer in time."),
    "host restart": gettext_lazy("The host started again and found no answer to this payment."),
    "issuer link lost": gettext_lazy("The link to the issuer broke before the answer."),
    "issuer answer": gettext_lazy("The issuer's answer was neither a clear yes nor a clear no."),
    "issuer asked": gettext_lazy("The issuer was asked and could not say that it approved."),
    "no link to the issuer": gettext_lazy("There was no link to the issuer."),
    "the terminal repeats": gettext_lazy(
        "The terminal sent it again, because it was told to wait."
    ),
    "late approval": gettext_lazy(
        "The issuer approved after the reversal, so it is reversed again."
    ),
    "reversal before original": gettext_lazy(
        "The reversal arrived before the payment itself, which is now refused."
    ),
}
_TERMINAL_REASONS = {
    "98": gettext_lazy("It had no answer in time (reason 98)."),
    "96": gettext_lazy("Its printer or system failed (reason 96)."),
    "A0": gettext_lazy("The MAC of the answer was wrong (reason A0)."),
}


class FieldLine(NamedTuple):
    """One known field of a message: "F39", its name in the reader's language, its value."""

    number: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message that belongs to a step."""

    mti: str
    meaning: str
    route: str
    fields: tuple[FieldLine, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a timeline; `at_us` is None for a step that has no moment of its own."""

    title: str
    who: str
    tone: Tone
    icon: str
    at_us: int | None = None
    since_us: int | None = None
    words: tuple[str, ...] = ()
    messages: tuple[MessageLine, ...] = ()


def steps_of(
    payment: Payment, events: Sequence[PaymentEvent], describe_response: Callable[[str], str]
) -> list[Step]:
    """Return the steps of a payment, oldest first; `describe_response` puts field 39 into words."""
    story = traced(payment, events)
    first, *groups = message_groups(story)
    from_terminal = [one for one in first if one.sender is Party.TERMINAL]
    steps = [_with(_received(payment), from_terminal)]
    if went_upstream(story):
        upstream = [one for one in first if one.sender is Party.HOST]
        steps.append(_with(_sent(payment, events), upstream))
    steps += [
        _with(_happened(payment, event, describe_response), group)
        for event, group in zip(events, groups, strict=True)
    ]
    if fold([event.kind for event in events]) is Status.IN_DOUBT:
        steps.append(_waiting(events))
    return steps


def _with(step: Step, messages: Iterable[TracedMessage]) -> Step:
    return replace(step, messages=tuple(_line(message) for message in messages))


def _line(message: TracedMessage) -> MessageLine:
    chinese = reader_is_chinese()
    fields = []
    for number, value in message.fields:
        spec = UNIONPAY.specs.get(number)
        name = "" if spec is None else spec.zh if chinese else spec.en
        fields.append(FieldLine(f"F{number}", name, value))
    return MessageLine(
        message.mti,
        str(MEANING_WORDS[message.meaning]),
        f"{PARTY_WORDS[message.sender]} → {PARTY_WORDS[message.receiver]}",
        tuple(fields),
    )


def _received(payment: Payment) -> Step:
    return Step(
        title=_("Received"),
        who=_terminal(payment),
        tone=Tone.CALM,
        icon="south_west",
        at_us=payment.received_at_us,
        since_us=0,
        words=(_("The host wrote the payment down before doing anything else."),),
    )


def _sent(payment: Payment, events: Sequence[PaymentEvent]) -> Step:
    """The host records no moment of its own for sending; after a restart it cannot know it did."""
    certain = not (events and events[0].detail.startswith("host restart"))
    return Step(
        title=_("Sent on") if certain else _("Perhaps sent on"),
        who=f"{_('Host')} → {route_text(payment.route)}",
        tone=Tone.CALM,
        icon="north_east",
        words=(
            _("Only once the record was safe on disk.")
            if certain
            else _("The host stopped before it noted an answer."),
        ),
    )


def _happened(
    payment: Payment, event: PaymentEvent, describe_response: Callable[[str], str]
) -> Step:
    issuer = _("Card issuer")
    looks: dict[str, tuple[str, str, Tone, str]] = {
        EventKind.APPROVED: (_("Approved"), issuer, Tone.GOOD, "check"),
        EventKind.DECLINED: (_("Declined"), issuer, Tone.BAD, "close"),
        EventKind.REVERSAL_REQUESTED: (
            _("Reversal requested"),
            _terminal(payment) if event.detail.startswith("terminal") else _("Host"),
            Tone.DOUBT,
            "undo",
        ),
        EventKind.REVERSED: (_("Reversed"), issuer, Tone.CALM, "done_all"),
        EventKind.LATE_ANSWER: (_("Late answer"), issuer, Tone.DOUBT, "history"),
        EventKind.REPEATED: (_("Asked again"), _terminal(payment), Tone.CALM, "repeat"),
        EventKind.INQUIRED: (_("Issuer asked"), _("Host"), Tone.CALM, "help"),
        EventKind.REVERSAL_REPEATED: (_("Reversal repeated"), _("Host"), Tone.DOUBT, "sync"),
        EventKind.DELIVERY_REPEATED: (
            _("Sent on again")
            if event.detail.startswith((ATTEMPT, TERMINAL_REPEATS))
            else _("Waits to be sent on again"),
            _("Host"),
            Tone.DOUBT,
            "sync",
        ),
        EventKind.SIGNED: (_("Signature received"), _terminal(payment), Tone.CALM, "draw"),
        EventKind.SCRIPT_RESULT: (_("Script result"), _terminal(payment), Tone.CALM, "memory"),
    }
    unknown = (event.kind, _("Host"), Tone.CALM, "info")
    title, who, tone, icon = looks.get(event.kind, unknown)
    if event.response_code == LINK_DOWN or event.at_us == payment.received_at_us:
        who = _("Host")
    return Step(
        title=title,
        who=who,
        tone=tone,
        icon=icon,
        at_us=event.at_us,
        since_us=max(0, event.at_us - payment.received_at_us),
        words=tuple(_words(event, describe_response)),
    )


def _words(event: PaymentEvent, describe_response: Callable[[str], str]) -> list[str]:
    words = []
    if event.kind == EventKind.REVERSED and not event.detail:
        words.append(_("Confirmed: the card is not charged."))
    if event.kind == EventKind.REPEATED:
        words.append(_("It sent the same message again and was answered as before."))
    if event.response_code and event.kind != EventKind.INQUIRED:
        words.append(describe_response(event.response_code))
    if event.auth_code:
        words.append(_("Authorisation code %(code)s") % {"code": event.auth_code})
    if event.kind == EventKind.INQUIRED:
        words.append(_inquiry(event.response_code or event.detail))
    elif event.detail:
        words.append(_reason(event.detail))
    return words


def _inquiry(detail: str) -> str:
    """Put into words what the issuer said when it was asked about a payment."""
    answer = inquiry_code(detail)
    known = {
        "00": _("It had approved the payment."),
        "25": _("It has never seen the payment."),
        "R0": _("It has reversed the payment."),
    }
    if answer in known:
        return known[answer]
    if answer:
        return _("It had declined the payment (code %(code)s).") % {"code": answer}
    return _("It did not answer.")


def _reason(detail: str) -> str:
    if detail.startswith("terminal"):
        code = detail.removeprefix("terminal").strip()
        return str(_TERMINAL_REASONS.get(code, _("Reason %(code)s") % {"code": code}))
    size = detail.removesuffix(" bytes")
    if size != detail and size.isdigit():
        return _("A picture of %(number)s bytes") % {"number": size}
    if detail.startswith("attempt "):
        return _("Attempt %(number)s") % {"number": detail.removeprefix("attempt ")}
    for beginning, words in _REASONS.items():
        if detail.startswith(beginning):
            return str(words)
    return detail


def _waiting(events: Sequence[PaymentEvent]) -> Step:
    reversing = any(event.kind == EventKind.REVERSAL_REQUESTED for event in events)
    delivering = any(event.kind == EventKind.DELIVERY_REPEATED for event in events)
    return Step(
        title=_("In doubt"),
        who=_("Host"),
        tone=Tone.DOUBT,
        icon="hourglass_top",
        words=(
            _("The host repeats the reversal until the issuer confirms it.")
            if reversing
            else _("The host sends it again until the issuer answers.")
            if delivering
            else _("The issuer has not answered yet."),
        ),
    )


def _terminal(payment: Payment) -> str:
    return _("Terminal %(number)s") % {"number": payment.terminal_id}
