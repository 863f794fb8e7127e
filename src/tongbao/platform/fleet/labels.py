"""A device's state as a coloured label in the console."""

from __future__ import annotations

from typing import Final

from django.utils.html import format_html

from tongbao.platform.fleet.lifecycle import DeviceState
from tongbao.platform.fleet.words import STATE_WORDS

_GOOD: Final = frozenset({DeviceState.ACTIVE})
_BAD: Final = frozenset({DeviceState.LOST, DeviceState.SUSPENDED})
_WAITING: Final = frozenset({DeviceState.ACTIVATING, DeviceState.MOVING, DeviceState.SHIPPED})


def state_label(state: DeviceState) -> str:
    """Return a state as a coloured label."""
    tone = _tone(state)
    return format_html('<span class="tb-label tb-{}">{}</span>', tone, str(STATE_WORDS[state]))


def _tone(state: DeviceState) -> str:
    if state in _GOOD:
        return "good"
    if state in _BAD:
        return "bad"
    return "doubt" if state in _WAITING else "calm"
