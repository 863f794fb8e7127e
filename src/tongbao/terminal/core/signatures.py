"""The cardholder's signature: drawn on the screen, packed as JBIG, bound to its payment.

Spec: UnionPay terminal dialect, 3.14; ITU-T T.82.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.terminal.core import wording
from tongbao.terminal.core.items import find_item
from tongbao.terminal.core.kinds import CountsAs
from tongbao.terminal.core.pending_work import Work, WorkKind, is_stored
from tongbao.terminal.core.service_records import SignatureTaken
from tongbao.wire.jbig import Bitmap, encode

if TYPE_CHECKING:
    from tongbao.terminal.core.events import Sign
    from tongbao.terminal.core.items import BatchItem
    from tongbao.terminal.core.state import TerminalState
    from tongbao.terminal.core.turn import Equipment, Turn
    from tongbao.terminal.settings import TerminalSettings

_WANTED: Final = "wanted"
_DONE: Final = "done"
_NONE: Final = "none"


def sign(equipment: Equipment, turn: Turn, event: Sign) -> None:
    """Keep a signature on record and put it into the queue."""
    state = turn.state
    item = find_item(state.items, event.batch.value, event.trace.value)
    if item is None:
        turn.refuse(wording.NO_SUCH_PAYMENT)
        return
    stands = signature_state(equipment.settings, state, item)
    if stands != _WANTED:
        turn.refuse(wording.ALREADY_SIGNED if stands == _DONE else wording.NO_SIGNATURE)
        return
    image = encode(Bitmap(event.width, event.height, event.rows)).hex().upper()
    turn.persist(SignatureTaken(trace=event.trace.value, batch=event.batch.value, image=image))
    work = Work(kind=WorkKind.SIGNATURE, item=item, since=turn.host_now, data=image)
    turn.change(signed={**state.signed, item.key: image}, work=state.work.added(work))


def signature_state(settings: TerminalSettings, state: TerminalState, item: BatchItem) -> str:
    """Return whether a signature is "wanted" for a payment, "done", or "none" belongs to it."""
    if item.key in state.signed:
        return _DONE
    if not item.is_approved or item.rule.counts is not CountsAs.DEBIT:
        return _NONE
    if is_stored(state.work, item.key):
        # The host has not given it a reference number yet, which the upload must name.
        return _NONE
    return _WANTED if item.intent.amount_minor > settings.signature_free_minor else _NONE
