"""Which storage keys are still needed: the card numbers of all other batches are forgotten.

A batch number comes in a sign-in answer, which carries no MAC: payments may have been made in a
batch that nobody will ever close. So no key waits for its own batch to be closed; as soon as a
batch is needed no more, all keys but those of needed batches are destroyed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.terminal.core.effects import KeepStorageKeys

if TYPE_CHECKING:
    from tongbao.terminal.core.state import TerminalState
    from tongbao.terminal.core.turn import Turn


def needed_batches(state: TerminalState) -> frozenset[int]:
    """Return the batches whose card numbers may have to be said again.

    They are the open batch, one whose totals may have reached the host, that of the payment in
    doubt and those of pending work.
    """
    batches = {state.batch.value, *(work.batch for work in state.work.works)}
    if state.doubt is not None:
        batches.add(state.doubt.intent.batch)
    if state.settlement is not None and state.settlement.is_binding:
        batches.add(state.settlement.batch.value)
    return frozenset(batches)


def forget_unneeded_cards(turn: Turn, before: TerminalState) -> None:
    """Destroy the storage keys whose need has ended in this step, behind the record of its end.

    A power cut may come between the two, so a start does it in any case.
    """
    needed = needed_batches(turn.state)
    if needed_batches(before) - needed:
        turn.do(KeepStorageKeys(needed))
