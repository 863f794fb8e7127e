"""What a periodic task is. Pure: imports no Django, so every room can name its tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Work that is done again and again.

    `name`: `room.what`. `every_s`: from one start to the next. `run` takes the time in microseconds
    and returns how much it did; it is short, may be broken off anywhere, and does nothing twice.
    `longest_s`: after so long without an end another worker takes the task over.
    """

    name: str
    every_s: int
    run: Callable[[int], int]
    longest_s: int = 300
