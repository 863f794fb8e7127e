"""Lives one world through: faults on, then faults off, then everything must have come together."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import InvariantViolationError
from tongbao.simulation.accounts import fold
from tongbao.simulation.batches import (
    check_batches,
    check_dates,
    check_matters,
    check_told_counts,
)
from tongbao.simulation.blackout import black_out
from tongbao.simulation.books import (
    check_approvals,
    check_errands,
    compare_books,
    journal_lines,
    take_last_word,
)
from tongbao.simulation.coverage import RuleCounter
from tongbao.simulation.faults import Fault
from tongbao.simulation.node import WrongWorldError
from tongbao.simulation.terminal_node import coverage_of
from tongbao.simulation.town import Town

if TYPE_CHECKING:
    from tongbao.simulation.faults import Firing
    from tongbao.simulation.scenario import Scenario

_SECOND_US: Final = 1_000_000
_DAY_US: Final = 2_400 * _SECOND_US
DOUBT_LIMIT_US: Final = 180 * _SECOND_US
CALM_LIMIT_US: Final = 900 * _SECOND_US
_LATE_LIMIT_US: Final = 180 * _SECOND_US


@dataclass(slots=True)
class Outcome:
    """What came of a world; `failure` is None when every invariant held.

    `seconds` are virtual. `fired` counts faults, `terminal_cells` and `host_cells` the cells of
    the two state tables that were taken.
    """

    scenario: Scenario
    invariant: str | None = None
    failure: str | None = None
    digest: str = ""
    seconds: float = 0.0
    frames: int = 0
    approved: int = 0
    batches: int = 0
    done: Counter[str] = field(default_factory=Counter)
    """Approved payments by kind, and batches closed, as the cashiers believe."""
    fired: Counter[str] = field(default_factory=Counter)
    firings: tuple[Firing, ...] = ()
    terminal_cells: Counter[str] = field(default_factory=Counter)
    host_cells: Counter[str] = field(default_factory=Counter)
    story: tuple[str, ...] = ()
    healed_after_s: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether every invariant held."""
        return self.failure is None


def live(scenario: Scenario, *, keep_story: bool = False) -> Outcome:
    """Live a scenario through and return what came of it; nothing real is touched."""
    town = Town(scenario, keep_story=keep_story)
    outcome = Outcome(scenario)
    with RuleCounter() as rules:
        try:
            _live(town, outcome)
            town.witness.secrecy.finish()
        except WrongWorldError as error:
            outcome.invariant = error.invariant
            outcome.failure = str(error)
            town.trace.note("town", f"WRONG: {error}")
        except Exception as error:  # noqa: BLE001 - whatever escapes the code under test is a finding
            outcome.invariant = "no bug"
            outcome.failure = f"no bug: {_place_of(error)}"
            town.trace.note("town", f"WRONG: {outcome.failure}")
    outcome.host_cells = rules.counts
    outcome.terminal_cells = Counter(coverage_of(town.witness.terminals.taken))
    outcome.done = Counter(errand.kind for errand in town.errands if errand.is_paid)
    outcome.digest = town.trace.digest()
    outcome.seconds = town.agenda.now_us / _SECOND_US
    outcome.frames = town.network.frames
    outcome.fired = town.faults.fired
    outcome.firings = tuple(town.faults.firings)
    outcome.story = tuple(town.trace.lines())
    return outcome


def _live(town: Town, outcome: Outcome) -> None:
    town.open()
    if outcome.scenario.blackout:
        black_out(town, _DAY_US)
    else:
        town.agenda.run(_DAY_US, town.is_evening)
        town.heal()
    healed_us = town.agenda.now_us
    limit_us = healed_us + CALM_LIMIT_US
    if not town.agenda.run(healed_us + DOUBT_LIMIT_US, lambda: _without_doubt(town)):
        names = [node.name for node in town.terminals if node.state.doubt or not node.is_up]
        raise WrongWorldError("doubt closes", f"still in doubt 180 s after the last fault: {names}")
    if not town.agenda.run(limit_us, lambda: _at_rest(town)):
        raise WrongWorldError("liveness", _why_not_at_rest(town))
    outcome.healed_after_s = (town.agenda.now_us - healed_us) / _SECOND_US
    # What was on its way for long still arrives; then all must stay at rest.
    town.agenda.run(town.agenda.now_us + _LATE_LIMIT_US, lambda: not town.network.in_flight)
    if not town.agenda.run(town.agenda.now_us + CALM_LIMIT_US, lambda: _at_rest(town)):
        raise WrongWorldError("liveness", f"after late messages: {_why_not_at_rest(town)}")
    store = town.host.store
    assert store is not None  # noqa: S101 - the host is up when all is at rest
    rows = town.issuer.disk.rows()
    journals = {name: journal_lines(disk) for name, disk in town.journals().items()}
    outcome.approved = compare_books(journals, store, rows)
    check_approvals(town.witness.terminals.approvals, journals)
    take_last_word(town.errands, journals)
    check_errands(town.errands, fold(rows))
    records = town.host.disk.rows()
    is_sound = not outcome_of_chance(town)
    outcome.batches = check_batches(
        journals, store.payments(), records, town.profile, is_sound=is_sound
    )
    if is_sound:
        check_told_counts(town.journals())
    check_dates(store.payments())
    check_matters(records, town.host.settings.reversal_exception_after)
    check_storage_keys(town)
    _search_disks(town)


def outcome_of_chance(town: Town) -> bool:
    """Say whether bits were flipped: settlement messages carry no MAC in this dialect."""
    return town.faults.fired[Fault.CORRUPT.value] > 0


def check_storage_keys(town: Town) -> None:
    """Check that the key which sealed the card numbers of a closed batch is gone."""
    for node in town.terminals:
        for name in town.keys.file_of(node.name).kept:
            if name.startswith("batch/") and int(name[6:]) != node.state.batch.value:
                raise WrongWorldError("secrecy", f"{node.name} keeps the storage key {name}")


def _without_doubt(town: Town) -> bool:
    return all(node.is_up and node.state.doubt is None for node in town.terminals)


def _at_rest(town: Town) -> bool:
    return (
        all(cashier.is_done for cashier in town.cashiers)
        and all(errand.is_paid for cashier in town.cashiers for errand in cashier.closing)
        and _without_doubt(town)
        and not any(node.state.unprinted or node.state.work.works for node in town.terminals)
        and town.host.is_idle()
        and town.issuer.is_up
    )


def _why_not_at_rest(town: Town) -> str:
    unpaid = [
        f"{errand.kind} {errand.terminal_id}"
        for cashier in town.cashiers
        for errand in cashier.closing
        if not errand.is_paid
    ]
    doubtful = [node.name for node in town.terminals if node.state.doubt is not None]
    core = town.host.core
    reversing = 0 if core is None else len(core.state.reversing)
    pending = 0 if core is None else len(core.state.pending)
    return (
        f"not done: {unpaid}, in doubt {doubtful},"
        f" the host has {pending} pending and {reversing} reversals"
    )


def _search_disks(town: Town) -> None:
    secrecy = town.witness.secrecy
    for name, disk in town.journals().items():
        text = "\n".join(f"{kind} {body}" for _, kind, body in disk.rows())
        secrecy.look_at_text(f"journal of {name}", text)
    rows = town.host.disk.rows()
    secrecy.look_at_text("tables of the host", "\n".join(map(repr, rows)))
    values = [value for row in rows for value in row if isinstance(value, bytes)]
    secrecy.look_at_bytes("tables of the host", b"\n".join(values))
    secrecy.look_at_text("the story", "\n".join(town.trace.lines()))


def _place_of(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = (
        f"{frames[-1].filename.rpartition('tongbao/')[2]}:{frames[-1].lineno}" if frames else "?"
    )
    text = str(error) if isinstance(error, InvariantViolationError | AssertionError) else ""
    return f"{type(error).__name__} at {where} {text}".rstrip()
