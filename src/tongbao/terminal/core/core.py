"""The terminal's step function."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tongbao.domain.errors import InvariantViolationError
from tongbao.terminal.core.attendance import come_by_itself
from tongbao.terminal.core.card_seal import CardSeal
from tongbao.terminal.core.effects import Effect, Refuse
from tongbao.terminal.core.functions import why_closed
from tongbao.terminal.core.host_parameters import HostParameters, effective_settings
from tongbao.terminal.core.messages import HostMessages
from tongbao.terminal.core.presence import look_after, note_keys
from tongbao.terminal.core.quiet import look_around
from tongbao.terminal.core.staff import StaffInMemory, with_staff
from tongbao.terminal.core.storage_keys import forget_unneeded_cards
from tongbao.terminal.core.transitions import IGNORED, REFUSED, TRANSITIONS
from tongbao.terminal.core.turn import Equipment, Turn
from tongbao.terminal.core.wording import NOT_NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.dates import Instant
    from tongbao.terminal.core.events import Event
    from tongbao.terminal.core.staff import Staff
    from tongbao.terminal.core.state import TerminalState
    from tongbao.terminal.settings import TerminalSettings
    from tongbao.wire.device.operators import OperatorChange


class TerminalCore:
    """The logic of one terminal; it holds settings and keys, never a state of its own."""

    def __init__(
        self,
        settings: TerminalSettings,
        keys: KeyStore,
        random_bytes: Callable[[int], bytes],
        staff: Staff | None = None,
    ) -> None:
        """`random_bytes` returns so many unpredictable bytes; new keys are made of them.

        `staff` keeps what was done about operators here.
        """
        self._seal = CardSeal(keys, random_bytes)
        self._staff = StaffInMemory() if staff is None else staff
        self._given = settings
        settings = with_staff(settings, self._staff.changes)
        self._plain = Equipment(
            settings, HostMessages(settings, keys), keys, self._seal, random_bytes
        )
        self._downloaded = HostParameters()
        self._equipment = self._plain

    def step(
        self, state: TerminalState, event: Event, now: Instant
    ) -> tuple[TerminalState, list[Effect]]:
        """Return the state after an event and the effects to carry out, in their order.

        Raises: InvariantViolationError when the event cannot happen in this phase, or when a
        handler leaves the terminal in a phase that the table does not allow: a bug of ours.
        """
        pair = (state.phase, event.kind)
        transition = TRANSITIONS.get(pair)
        if transition is None:
            if pair in REFUSED:
                return state, [Refuse(NOT_NOW)]
            if pair in IGNORED:
                return state, []
            raise InvariantViolationError(f"{event.kind.value} in phase {state.phase.value}")
        turn = Turn(state, now)
        equipment = self._equipment_for(state)
        closed = why_closed(equipment, turn, event)
        if closed is not None:
            return state, [Refuse(closed)]
        transition.handler(equipment, turn, event)
        if turn.state.phase not in transition.to:
            raise InvariantViolationError(
                f"{event.kind.value} led from {state.phase.value} to {turn.state.phase.value}"
            )
        note_keys(equipment, turn, state)
        come_by_itself(equipment, turn)
        look_around(equipment, turn, state)
        look_after(equipment, turn, state, event)
        forget_unneeded_cards(turn, state)
        return turn.state, turn.effects

    def _equipment_for(self, state: TerminalState) -> Equipment:
        """Return the equipment with the settings that the acquirer's parameters leave."""
        parameters = state.loaded.parameters
        if parameters != self._downloaded:
            settings = effective_settings(self._plain.settings, parameters)
            self._downloaded = parameters
            self._equipment = replace(self._plain, settings=settings)
        return self._equipment

    def take_settings(self, settings: TerminalSettings) -> None:
        """Go by other settings from the next step on; keys and journal stay as they are."""
        self._given = settings
        settings = with_staff(settings, self._staff.changes)
        keys = self._plain.keys
        messages = HostMessages(settings, keys)
        self._plain = replace(self._plain, settings=settings, messages=messages)
        self._downloaded = HostParameters()
        self._equipment = self._plain

    @property
    def settings(self) -> TerminalSettings:
        """The settings with the operators as they are here."""
        return self._plain.settings

    def keep_staff(self, change: OperatorChange) -> None:
        """Keep what was done about an operator, flushed, and go by it from the next step on.

        Raises: CryptoError when it cannot be kept.
        """
        self._staff.keep(change)
        self.take_settings(self._given)

    def keep_storage_keys(self, batches: Collection[int]) -> None:
        """Destroy every storage key but those of these batches, flushed before this returns.

        Raises: CryptoError when the key file cannot be written.
        """
        self._seal.keep_only(batches)
