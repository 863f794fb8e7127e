"""What was done about operators here, laid over what the platform wants. Pure.

The platform's book is the truth; until it has heard of a change and has said so in new settings,
the change counts on this terminal. A number that the platform does not know any more is not brought
back by a change of its PIN.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from tongbao.wire.device.operators import OperatorAct, OperatorChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.terminal.settings import TerminalSettings


class Staff(Protocol):
    """Keeps what was done about operators here, oldest first."""

    @property
    def changes(self) -> Sequence[OperatorChange]:
        """What counts beside the platform's settings."""

    def keep(self, change: OperatorChange) -> None:
        """Keep a change, flushed before this returns. Raises: CryptoError."""


class StaffInMemory:
    """Changes that end with the program."""

    def __init__(self) -> None:
        self.changes: list[OperatorChange] = []

    def keep(self, change: OperatorChange) -> None:
        """Keep a change."""
        self.changes.append(change)


def with_staff(settings: TerminalSettings, changes: Sequence[OperatorChange]) -> TerminalSettings:
    """Return the settings with the operators as they are after these changes."""
    if not changes:
        return settings
    operators, roles = dict(settings.operators), dict(settings.operator_roles)
    names, first_pins = dict(settings.operator_names), set(settings.first_pins)
    for change in changes:
        number = change.number
        is_known = number in operators
        if change.act is OperatorAct.ENDED:
            operators.pop(number, None)
        elif is_known is not (change.act is OperatorAct.ADDED) and change.pin_hash is not None:
            operators[number] = change.pin_hash
            first_pins.add(number)
            if change.act is OperatorAct.PIN_CHANGED:
                first_pins.discard(number)
            if change.role is not None:
                roles[number], names[number] = change.role.value, change.name
    return replace(
        settings,
        operators=operators,
        operator_roles=roles,
        operator_names=names,
        first_pins=frozenset(first_pins),
    )
