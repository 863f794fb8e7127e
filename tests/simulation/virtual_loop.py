"""An asyncio loop on virtual time; its connections are made by a script."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import Any


class _Impatient(selectors.DefaultSelector):
    """Looks without waiting; the time it should have waited is added to the loop's clock."""

    waited: Callable[[float], None]

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("nothing is left to happen")
        self.waited(timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only when nothing is left to do at present."""

    def __init__(self, connect: Callable[[Any], Any]) -> None:
        self._virtual_s = 0.0
        selector = _Impatient()
        super().__init__(selector)
        selector.waited = self._pass
        self._connect = connect

    def _pass(self, seconds: float) -> None:
        self._virtual_s += max(0.0, seconds)

    def time(self) -> float:
        return self._virtual_s

    async def create_connection(  # type: ignore[override]  # only what the lines call
        self, factory: Any, *_where: Any, **_how: Any
    ) -> Any:
        return await self._connect(factory)
