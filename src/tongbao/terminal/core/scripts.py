"""Issuer scripts in an approved answer: what became of them is told to the host.

This terminal has no chip reader, so a script is never performed; that is what it tells.

Spec: UnionPay terminal dialect, 3.8 and 2.4; EMV 4.3 Book 3, 10.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose, Secret
from tongbao.terminal.core.pending_work import Work, WorkKind
from tongbao.terminal.core.service_records import ScriptReceived
from tongbao.wire.tlv import TlvElement, build_tlv, parse_tlv

if TYPE_CHECKING:
    from tongbao.terminal.core.items import BatchItem
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.turn import Turn

_SCRIPTS: Final = frozenset({"71", "72"})
_SCRIPT_ID: Final = "9F18"
_COUNTER: Final = "9F36"
_RESULT: Final = "DF31"
_NOT_PERFORMED: Final = b"\x00"
_NO_ID: Final = bytes(4)


def note_script(turn: Turn, item: BatchItem, answer: Answer) -> None:
    """Put the scripts of an approved answer on record and their result into the queue."""
    elements = _elements(answer)
    if not item.is_approved or not any(element.tag in _SCRIPTS for element in elements):
        return
    data = build_tlv(script_results(elements)).hex().upper()
    trace, batch = item.intent.trace, item.intent.batch
    turn.persist(ScriptReceived(trace=trace, batch=batch, data=data))
    work = Work(kind=WorkKind.SCRIPT_RESULT, item=item, since=turn.host_now, data=data)
    turn.change(work=turn.state.work.added(work))


def script_results(elements: tuple[TlvElement, ...]) -> list[TlvElement]:
    """Return what a 0620 says: the card's counter, and five bytes for each script not performed.

    Spec: UnionPay terminal dialect, 2.4 (DF31).
    """
    results = b""
    for element in elements:
        if element.tag in _SCRIPTS:
            results += _NOT_PERFORMED + _script_id(element.value)
    kept = [element for element in elements if element.tag == _COUNTER]
    return [*kept, TlvElement(_RESULT, results)]


def _elements(answer: Answer) -> tuple[TlvElement, ...]:
    value = answer.message.fields.get(55)
    content = value.reveal(Purpose.WIRE) if isinstance(value, Secret) else value
    try:
        return parse_tlv(content if isinstance(content, bytes) else b"", "F55")
    except ProtocolError:
        return ()


def _script_id(script: bytes) -> bytes:
    try:
        found = [element.value for element in parse_tlv(script) if element.tag == _SCRIPT_ID]
    except ProtocolError:
        found = []
    return found[0] if found and len(found[0]) == len(_NO_ID) else _NO_ID
