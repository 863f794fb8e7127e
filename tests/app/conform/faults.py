"""Bugs put into a host or a terminal on purpose, and the case of the kit that must find each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """A bug and the case that is named for it."""

    party: str
    case: str
    plant: Callable[[], None]


def _believe_every_mac() -> None:
    from tongbao.crypto.software_key_store import SoftwareKeyStore

    _replace(SoftwareKeyStore, "verify_mac", lambda *_: True)


def _keep_the_tpdu() -> None:
    from tongbao.host.core import replies

    _replace(replies, "swap_tpdu", lambda tpdu: tpdu)


def _sign_no_answer() -> None:
    from tongbao.host.core.outbox import Outbox

    reply = Outbox.reply

    def bare(self: Any, out: Any, address: Any, message: Any, _session: Any, *more: Any) -> None:
        reply(self, out, address, message, None, *more)

    _replace(Outbox, "reply", bare)


def _give_everybody_the_same_keys() -> None:
    from tongbao.host import service

    core = service.HostCore
    _replace(service, "HostCore", lambda settings, keys, _random: core(settings, keys, _same_bytes))


def _same_bytes(count: int) -> bytes:
    return bytes(range(1, count + 1))


def _take_a_changed_copy_for_the_first() -> None:
    from tongbao.host.core import payments

    _replace(payments, "_check_same", lambda *_: None)


def _take_anybodys_answer() -> None:
    from tongbao.terminal.core.messages import HostMessages

    _replace(HostMessages, "is_for_payment", lambda *_: True)


def _believe_what_nobody_signed() -> None:
    from tongbao.terminal.core.messages import HostMessages, MacCheck

    _replace(HostMessages, "check_mac", lambda *_: MacCheck.GOOD)


def _give_another_reason() -> None:
    from tongbao.terminal.core.messages import HostMessages
    from tongbao.terminal.core.vocabulary import ReversalReason

    reversal = HostMessages.reversal

    def other(self: Any, intent: Any, _reason: Any) -> bytes:
        return reversal(self, intent, ReversalReason.TERMINAL_FAULT)

    _replace(HostMessages, "reversal", other)


def _keep_stale_keys() -> None:
    from tongbao.terminal.core import paying

    _replace(paying, "SIGN_IN_CODES", frozenset())


def _take_any_answer_for_the_end() -> None:
    from tongbao.terminal.core import reversing

    _replace(reversing, "_ENDING_CODES", frozenset({"00", "12", "25", "96"}))


def _replace(owner: Any, name: str, value: object) -> None:
    """Put something in the place of a name that must be there."""
    getattr(owner, name)
    setattr(owner, name, value)


FAULTS = {
    "host_believes_every_mac": Fault("host", "sale.wrong_mac", _believe_every_mac),
    "host_keeps_the_tpdu": Fault("host", "framing.tpdu_swapped", _keep_the_tpdu),
    "host_signs_no_answer": Fault("host", "sale.approved", _sign_no_answer),
    "host_gives_everybody_the_same_keys": Fault(
        "host", "sign_in.new_keys_each_time", _give_everybody_the_same_keys
    ),
    "host_takes_a_changed_copy_for_the_first": Fault(
        "host", "sale.trace_reused_amount", _take_a_changed_copy_for_the_first
    ),
    "terminal_believes_every_mac": Fault("terminal", "sale.approval_wrong_mac", _believe_every_mac),
    "terminal_takes_anybodys_answer": Fault("terminal", "sale.other_trace", _take_anybodys_answer),
    "terminal_believes_what_nobody_signed": Fault(
        "terminal", "sale.approval_without_mac", _believe_what_nobody_signed
    ),
    "terminal_gives_another_reason": Fault(
        "terminal", "reversal.after_silence", _give_another_reason
    ),
    "terminal_keeps_stale_keys": Fault("terminal", "sign_in.after_77", _keep_stale_keys),
    "terminal_takes_any_answer_for_the_end": Fault(
        "terminal", "reversal.not_ended_by_96", _take_any_answer_for_the_end
    ),
}
