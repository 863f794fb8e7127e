"""Counts which cells of the host's payment table a run takes, without the host knowing."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType, ModuleType
from typing import Any, Final, Self

from tongbao.host.core import payments, reversals
from tongbao.host.core.payment_rules import RULES

_READERS: Final[tuple[ModuleType, ...]] = (payments, reversals)


class _CountingTable(dict[Any, Any]):
    """The same table, with a tally of look-ups."""

    def __init__(self, counts: Counter[str]) -> None:
        super().__init__(RULES)
        self._counts = counts

    def __getitem__(self, cell: Any) -> Any:
        self._counts[f"{cell[0].value} + {cell[1].value}"] += 1
        return super().__getitem__(cell)


class RuleCounter:
    """While it is entered, look-ups of the host's table are counted."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._kept: list[Any] = []

    def __enter__(self) -> Self:
        """Put the counting table in front of the modules that read it."""
        self._kept = [module.RULES for module in _READERS]
        for module in _READERS:
            vars(module)["RULES"] = _CountingTable(self.counts)
        return self

    def __exit__(self, *_error: object) -> None:
        """Put the table back."""
        for module, table in zip(_READERS, self._kept, strict=True):
            vars(module)["RULES"] = table


HOST_CELLS: Final = MappingProxyType(
    {f"{state.value} + {item.value}": rule for (state, item), rule in RULES.items()}
)
