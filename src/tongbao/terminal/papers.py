"""Every form of paper that the terminal prints, and its bytes."""

from __future__ import annotations

from tongbao.terminal.settlement_slip import SettlementSlip, settlement_to_escpos
from tongbao.terminal.slip import PAPER_58_MM_DOTS, Slip, slip_to_escpos
from tongbao.terminal.totals_slip import TotalsSlip, totals_to_escpos

__all__ = ["Paper", "paper_to_escpos"]

Paper = Slip | TotalsSlip | SettlementSlip


def paper_to_escpos(paper: Paper, width_dots: int = PAPER_58_MM_DOTS) -> bytes:
    """Return the print job of a paper of 384 dots (58 mm) or 576 dots (80 mm).

    Raises `ValueError` for another width.
    Spec: ESC/POS
    """
    if isinstance(paper, Slip):
        return slip_to_escpos(paper, width_dots)
    if isinstance(paper, SettlementSlip):
        return settlement_to_escpos(paper, width_dots)
    return totals_to_escpos(paper, width_dots)
