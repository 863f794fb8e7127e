"""A trace as plain lines for a terminal window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.platform.payments.traces.document import moment_text
from tongbao.platform.payments.traces.messages import message_groups

if TYPE_CHECKING:
    from tongbao.platform.payments.traces.types import Trace, TracedMessage, TracedPayment

_ARROWS: Final = {
    ("terminal", "host"): "terminal → host",
    ("host", "terminal"): "terminal ← host",
    ("host", "issuer"): "           host → issuer",
    ("issuer", "host"): "           host ← issuer",
}


def story_of(trace: Trace) -> str:
    """Return the payments of a trace with their messages and events in the order of time."""
    lines = []
    for payment in trace.payments:
        lines += [*_payment(payment, is_subject=payment.rrn == trace.subject), ""]
    for one in trace.exceptions:
        closed = f"closed {moment_text(one.closed_at_us)}" if one.closed_at_us else "open"
        lines.append(
            f"exception {one.kind} of {one.rrn}: {moment_text(one.opened_at_us)}, {closed}"
        )
    return "\n".join(lines).rstrip()


def _payment(payment: TracedPayment, *, is_subject: bool) -> list[str]:
    whole, part = divmod(payment.amount_minor, 100)
    head = f"{payment.kind} {payment.rrn}: {payment.status.value}"
    lines = [
        f"{'* ' if is_subject else '  '}{head}",
        f"  terminal {payment.terminal}, batch {payment.batch:06}, trace {payment.trace:06}, "
        f"amount {whole}.{part:02} ({payment.currency}), card {payment.card or 'unknown'}"
        + (f", original {payment.original}" if payment.original else ""),
    ]
    first, *groups = message_groups(payment)
    lines += [_message(payment, message) for message in first]
    for event, group in zip(payment.events, groups, strict=True):
        words = " ".join(word for word in (event.kind, event.code, event.detail) if word)
        lines += [_message(payment, message) for message in group]
        lines.append(f"  {_since(payment, event.at_us)}  = {words}")
    return lines


def _message(payment: TracedPayment, message: TracedMessage) -> str:
    arrow = _ARROWS[message.sender.value, message.receiver.value]
    shown = {3, 4, 37, 38, 39, 60}
    fields = " ".join(f"F{number}={value}" for number, value in message.fields if number in shown)
    moment = _since(payment, message.at_us) if message.is_recorded else " " * 12
    return f"  {moment}  {arrow:<24}  {message.mti}  {fields}".rstrip()


def _since(payment: TracedPayment, at_us: int) -> str:
    ms = (at_us - payment.received_at_us) // 1000
    return f"{ms / 1000:+10.3f} s"
