"""The kinds of change under dual control, and what approving each needs. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tongbao.platform.access.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPIRES_AFTER_US: Final = 7 * 24 * 3600 * 1_000_000
TEXT_LENGTH_MAX: Final = 500


class ChangeKind(StrEnum):
    """What is to change."""

    KEYS = "keys"
    FEES = "fees"
    SETTLEMENT_ACCOUNT = "settlement_account"
    ROLES = "roles"
    MERCHANT_CATEGORY = "merchant_category"
    TERMINAL_MOVE = "terminal_move"
    TERMINAL_SETTINGS = "terminal_settings"


class ChangeOutcome(StrEnum):
    """How a request ended."""

    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Refusal(StrEnum):
    """Why a decision was not taken."""

    UNKNOWN = "unknown"
    DECIDED_ALREADY = "decided_already"
    EXPIRED = "expired"
    OWN_REQUEST = "own_request"
    NOT_OWN_REQUEST = "not_own_request"
    NOTE_MISSING = "note_missing"
    NOT_POSSIBLE = "not_possible"


APPROVING: Final[Mapping[ChangeKind, Operation]] = {
    ChangeKind.KEYS: Operation.APPROVE_KEYS,
    ChangeKind.FEES: Operation.APPROVE_FEES,
    ChangeKind.SETTLEMENT_ACCOUNT: Operation.APPROVE_SETTLEMENT_ACCOUNT,
    ChangeKind.ROLES: Operation.APPROVE_ROLES,
    ChangeKind.MERCHANT_CATEGORY: Operation.APPROVE_MERCHANT_CATEGORY,
    ChangeKind.TERMINAL_MOVE: Operation.APPROVE_TERMINAL_MOVE,
    ChangeKind.TERMINAL_SETTINGS: Operation.APPROVE_TERMINAL_SETTINGS,
}
