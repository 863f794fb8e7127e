"""A blackout: all shops lose their power at a bad moment, and the host ends alone what it began.

Terminals repeat and reverse what they are in doubt about, so a host that forgets, or that sends a
thing once only, hides behind them as long as they are there. Here they are not: the faults end, the
terminals are dark, and within bounded time the host and the issuer must hold the same approved
payments with nothing open at the host. Then the shops open again, and the rest is as ever.

One thing stays open by design: a host that was started anew does not know the card of a repeatable
payment any more. It may only ask, and what the issuer has never heard of waits for its terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.simulation.agenda import dice
from tongbao.simulation.books import compare_host_and_issuer
from tongbao.simulation.node import WrongWorldError

if TYPE_CHECKING:
    from tongbao.host.core.backlog import Backlog
    from tongbao.simulation.town import Town

INVARIANT: Final = "the host ends it alone"
_SECOND_US: Final = 1_000_000
# The host waits 30 s for an answer, 5 s for that to an inquiry, and at most 60 s between two tries.
_LEAST_US: Final = 120 * _SECOND_US
_LIMIT_US: Final = 180 * _SECOND_US
_KINDS: Final = ("pending", "reversing", "delivering")


def black_out(town: Town, day_us: int) -> None:
    """Live until a drawn moment with something open at the host, end the faults, and check it."""
    agenda = town.agenda
    chance = dice(town.world.seed, "blackout")
    from_us, kind = chance.randrange(10, 241) * _SECOND_US, chance.choice(_KINDS)
    agenda.run(
        day_us,
        lambda: town.is_evening() or (agenda.now_us >= from_us and _has_open(town, kind)),
    )
    town.heal()
    town.trace.note("town", "the shops are dark")
    for cashier in town.cashiers:
        cashier.is_out = True
        cashier.node.cut_power()
    agenda.run(agenda.now_us + _LEAST_US, lambda: False)
    agenda.run(agenda.now_us + _LIMIT_US, lambda: not town.network.in_flight)
    if not agenda.run(agenda.now_us + _LIMIT_US, lambda: _is_at_rest(town)):
        raise WrongWorldError(INVARIANT, f"still open: {_open(town)}")
    core, store = town.host.core, town.host.store
    assert core is not None and store is not None  # noqa: S101, PT018 - the host is up at rest
    try:
        compare_host_and_issuer(store, town.issuer.disk.rows(), set(core.state.delivering))
    except WrongWorldError as error:
        raise WrongWorldError(INVARIANT, str(error)) from error
    town.trace.note("town", "the shops have light again")
    for cashier in town.cashiers:
        cashier.is_out = False


def _has_open(town: Town, kind: str) -> bool:
    core = town.host.core
    return town.host.is_up and core is not None and bool(getattr(core.state, kind))


def _is_at_rest(town: Town) -> bool:
    host, core = town.host, town.host.core
    if not (host.is_up and town.issuer.is_up) or core is None or not core.state.link_up:
        return False
    state = core.state
    return not (state.pending or state.reversing or _with_message(state.delivering))


def _with_message(delivering: Backlog) -> list[str]:
    found = ((rrn, delivering.get(rrn)) for rrn in delivering)
    return [rrn for rrn, item in found if item is not None and item.message is not None]


def _open(town: Town) -> str:
    core = town.host.core
    if core is None:
        return "the host is down"
    state = core.state
    return (
        f"{list(state.pending)} pending, {list(state.reversing)} reversing,"
        f" {_with_message(state.delivering)} delivering"
    )
