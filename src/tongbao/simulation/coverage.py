"""Counts which cells of the host's payment tables a run takes, without the host knowing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Any, Final, Self

from tongbao.host.core import deliveries, outcomes, payments, reversals, withdrawals
from tongbao.host.core.payment_rules import REPEAT_RULES, RULES, TABLES
from tongbao.wire.unionpay.transactions import Resolution

_READERS: Final[tuple[ModuleType, ...]] = (deliveries, outcomes, payments, reversals, withdrawals)
_NAMES: Final = ("RULES", "REPEAT_RULES", "TABLES")


class _CountingTable(dict[Any, Any]):
    """The same table, with a tally of look-ups."""

    def __init__(self, resolution: Resolution, counts: Counter[str]) -> None:
        super().__init__(TABLES[resolution])
        self._counts = counts
        self._resolution = resolution

    def __getitem__(self, cell: Any) -> Any:
        self._counts[_name(self._resolution, cell)] += 1
        return super().__getitem__(cell)


class RuleCounter:
    """While it is entered, look-ups of the host's tables are counted."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._kept: list[tuple[ModuleType, str, Any]] = []

    def __enter__(self) -> Self:
        """Put the counting tables in front of the modules that read them."""
        tables = {one: _CountingTable(one, self.counts) for one in TABLES}
        counting: dict[str, Any] = {
            "RULES": tables[Resolution.REVERSE],
            "REPEAT_RULES": tables[Resolution.REPEAT],
            "TABLES": tables,
        }
        self._kept = [
            (module, name, vars(module)[name])
            for module in _READERS
            for name in _NAMES
            if name in vars(module)
        ]
        for module, name, _ in self._kept:
            vars(module)[name] = counting[name]
        return self

    def __exit__(self, *_error: object) -> None:
        """Put the tables back."""
        for module, name, table in self._kept:
            vars(module)[name] = table


def _name(resolution: Resolution, cell: Any) -> str:
    prefix = "" if resolution is Resolution.REVERSE else f"{resolution.value}: "
    return f"{prefix}{cell[0].value} + {cell[1].value}"


HOST_CELLS: Final[Mapping[str, Any]] = MappingProxyType(
    {_name(Resolution.REVERSE, cell): rule for cell, rule in RULES.items()}
    | {_name(Resolution.REPEAT, cell): rule for cell, rule in REPEAT_RULES.items()}
)
