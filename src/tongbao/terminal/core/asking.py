"""What an operator asks the terminal about its own payments: find, print again, add up.

Nothing here changes a record: a paper printed again is marked so, and put on record as one more
paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.terminal.core.items import find_item
from tongbao.terminal.core.slips import print_jobs, reprint_jobs, totals_slip
from tongbao.terminal.core.state import Found
from tongbao.terminal.core.vocabulary import Part
from tongbao.terminal.core.wording import NO_SLIP, NO_SUCH_PAYMENT, PRINTER_BROKEN

if TYPE_CHECKING:
    from tongbao.terminal.core.events import Find, PrintTotals, Reprint
    from tongbao.terminal.core.turn import Equipment, Turn


def find(_equipment: Equipment, turn: Turn, event: Find) -> None:
    """Show the payment with this trace in the open batch, or that there is none."""
    batch = event.batch or turn.state.batch
    item = find_item(turn.state.items, batch.value, event.trace.value)
    turn.change(found=Found(batch.value, event.trace.value, item))


def reprint(equipment: Equipment, turn: Turn, event: Reprint) -> None:
    """Print the slip of a payment of the open batch once more, marked as a reprint."""
    item = find_item(turn.state.items, event.batch.value, event.trace.value)
    if item is None:
        turn.refuse(NO_SUCH_PAYMENT)
    elif not turn.state.works(Part.PRINTER):
        turn.refuse(PRINTER_BROKEN)
    else:
        jobs = reprint_jobs(equipment.settings, item, turn.state.signed.get(item.key, ""))
        print_jobs(turn, jobs)
        if not jobs:
            turn.refuse(NO_SLIP)


def print_totals(equipment: Equipment, turn: Turn, _event: PrintTotals) -> None:
    """Print the totals of the open batch."""
    if not turn.state.works(Part.PRINTER):
        turn.refuse(PRINTER_BROKEN)
        return
    print_jobs(turn, totals_slip(equipment.settings, turn))
