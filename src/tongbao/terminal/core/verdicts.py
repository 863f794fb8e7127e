"""Whether an answer to a payment settles it, or leaves its result unknown.

Spec: UnionPay terminal dialect, 3.0.2 and 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.terminal.core.messages import Answer, MacCheck
from tongbao.terminal.core.responses import ResponseKind, response_kind
from tongbao.terminal.core.vocabulary import ReversalReason

if TYPE_CHECKING:
    from tongbao.terminal.core.turn import Equipment

_MAC_REFUSED: Final = "A0"
# Answers after which the keys are stale.
SIGN_IN_CODES: Final = frozenset({"77", "99", "A0"})


def why_unsettled(equipment: Equipment, answer: Answer) -> tuple[ReversalReason, str] | None:
    """Return why an answer settles nothing, with its code; None when it settles the payment.

    Only an authentic approval is one. Other codes of the approved class, 98 and 68, an unknown code
    that nobody signed, and a wrong MAC on either side (A0) settle nothing. Neither does a decline
    without MAC where the host profile says that declines carry one: somebody in the line made it,
    or the host speaks of a copy that it never looked into.
    """
    profile = equipment.settings.profile
    code = answer.text(39)
    mac = equipment.messages.check_mac(answer)
    kind = response_kind(code, profile)
    may_lack_mac = kind is ResponseKind.DECLINED and not profile.mac_in_declines
    if mac is MacCheck.WRONG:
        return ReversalReason.WRONG_MAC, ""
    if code == _MAC_REFUSED:
        # The host speaks of one copy of the message. Another may have come before the keys were
        # replaced and be approved: settled under new keys, and not taken for a decline.
        return ReversalReason.OTHER, code
    if kind is ResponseKind.NO_ANSWER:
        return ReversalReason.NO_ANSWER, code
    if mac is MacCheck.MISSING and not may_lack_mac:
        return ReversalReason.WRONG_MAC, code
    if kind is ResponseKind.UNCERTAIN:
        return ReversalReason.OTHER, code
    return None
