"""A whole world put together from its scenario: machines, lines, people, and what disturbs them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.domain.dates import Instant
from tongbao.domain.ids import MerchantId, TerminalId
from tongbao.host.records import Record as HostRecord
from tongbao.host.records import TerminalRecord
from tongbao.host.settings import HostSettings
from tongbao.sandbox.issuer.core.book import Record as IssuerRecord
from tongbao.simulation.accounts import audit
from tongbao.simulation.agenda import Agenda, NodeClock, dice
from tongbao.simulation.cards import Bank, KeyRing
from tongbao.simulation.disk import Disk
from tongbao.simulation.errands import draw_errands
from tongbao.simulation.faults import Fault, Faults
from tongbao.simulation.host_node import HostNode
from tongbao.simulation.issuer_node import IssuerNode
from tongbao.simulation.network import Network, Route, Way
from tongbao.simulation.node import Machine, World
from tongbao.simulation.people import OPERATOR, SUPERVISOR, Cashier
from tongbao.simulation.profiles import draw_profile
from tongbao.simulation.secrecy import Secrecy
from tongbao.simulation.terminal_node import TerminalNode
from tongbao.simulation.terminal_witness import TerminalsWitness
from tongbao.simulation.trace import Trace
from tongbao.simulation.witness import Witness
from tongbao.terminal.settings import TerminalSettings

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from tongbao.simulation.scenario import Scenario
    from tongbao.simulation.terminal_journal import Row

_SECOND_US: Final = 1_000_000
_ROUND_US: Final = 10 * _SECOND_US
_MERCHANT: Final = "100000000000001"
_DAY_START_US: Final = 1_795_000_000 * _SECOND_US
_NOWHERE: Final = Path("simulated")
# The real form of a kept PIN ("0000"), with the cheapest work factor there is.
_OPERATOR_HASH: Final = (
    "scrypt$2$8$1$00000000000000000000000000000000"
    "$ce915434b9b60ec78bfe62915a6b1559285788b320f77cb1bfc77bacd5d45a25"
)
_JUMPS_S: Final = (1, 60, 3_600, 86_400)


class Town:
    """Everything in one world, wired and ready to begin."""

    def __init__(
        self, scenario: Scenario, *, keep_story: bool, network: type[Network] = Network
    ) -> None:
        seed = scenario.seed
        self.agenda = Agenda()
        self.faults = Faults(seed, dict(scenario.rates), scenario.only)
        self.trace = Trace(self.agenda, keep=keep_story)
        names = tuple(f"{number:08d}" for number in range(1, scenario.terminals + 1))
        self.profile = draw_profile(seed)
        algorithm = KeyAlgorithm.SM4 if self.profile.uses_sm4 else KeyAlgorithm.TDES
        self.keys = KeyRing(seed, names, algorithm)
        secrecy = Secrecy(self.keys)
        terminals = TerminalsWitness(secrecy, self.trace)
        self.witness = Witness(secrecy, self.trace, terminals)
        self.network = network(seed, self.agenda, self.faults, self.trace, self.witness)
        self.world = World(seed, self.agenda, self.faults, self.trace, self.network)
        self._chance = dice(seed, "town")
        self._start_us = _DAY_START_US + self._chance.randrange(86_400) * _SECOND_US
        self.issuer = self._issuer()
        self.host = self._host(names)
        self.issuer_route = Route("issuer", self.issuer)
        self.host.issuer_route = self.issuer_route
        self.terminals = [self._terminal(name) for name in names]
        chance = dice(seed, "errands")
        self.errands = draw_errands(chance, names, scenario.sales, self.profile)
        self.cashiers = [
            Cashier(
                node,
                dice(seed, "cashier", node.name),
                [errand for errand in self.errands if errand.terminal_id == node.name],
                self.errands,
            )
            for node in self.terminals
        ]

    def open(self) -> None:
        """Start all machines and let people come."""
        for machine, start in ((self.issuer, self.issuer.start), (self.host, self.host.start)):
            machine.on_stop = self._restarter(start)
            start()
        for cashier in self.cashiers:
            cashier.begin()
        self.agenda.after(_ROUND_US, self._disturb)

    def is_evening(self) -> bool:
        """Say whether nobody wants anything any more."""
        return all(cashier.is_done for cashier in self.cashiers)

    def heal(self) -> None:
        """End all faults: machines, lines, disks and clocks are well from now on."""
        self.faults.active = False
        self.trace.note("town", "the faults end")
        for route in self.routes():
            route.frozen_until_us = 0
        for machine in self.machines():
            machine.clock.wrong_by_us = 0
        for disk in self._disks():
            disk.full_until_us = 0
        for cashier in self.cashiers:
            cashier.want_closing()
            self.errands += cashier.closing

    def routes(self) -> list[Route]:
        """Return every way between two machines."""
        return [self.issuer_route, *(node.route for node in self.terminals)]

    def machines(self) -> list[Machine]:
        """Return every machine."""
        return [self.issuer, self.host, *self.terminals]

    def journals(self) -> dict[str, Disk[Row]]:
        """Return the disks of all terminals by their name."""
        return {node.name: node.disk for node in self.terminals}

    def _disks(self) -> Sequence[Disk[HostRecord] | Disk[IssuerRecord] | Disk[Row]]:
        return [self.host.disk, self.issuer.disk, *(node.disk for node in self.terminals)]

    def _clock(self) -> NodeClock:
        return NodeClock(self.agenda, self._start_us)

    def _issuer(self) -> IssuerNode:
        bank = Bank(self.keys.issuer, Instant(self._start_us))
        disk: Disk[IssuerRecord] = Disk("issuer", self.agenda, self.faults)
        disk.write(tuple(bank.openings))
        disk.durable = 1
        witness = _IssuerWitness(self.witness, disk)
        return IssuerNode(
            self.world, self._clock(), self.keys.issuer, disk, bank.fresh_state, witness
        )

    def _host(self, names: Sequence[str]) -> HostNode:
        settings = HostSettings(
            tls=False, key_file=_NOWHERE, master_key_file=_NOWHERE, profile=self.profile
        )
        terminals = {
            name: TerminalRecord(
                name,
                _MERCHANT,
                1,
                is_active=True,
                merchant_is_active=True,
                mcc="5411",
                mail_order_allowed=True,
            )
            for name in names
        }
        disk: Disk[HostRecord] = Disk("host", self.agenda, self.faults)
        equipment = (self.keys.host, self.witness, self.keys.draw)
        return HostNode(self.world, self._clock(), settings, terminals, disk, equipment)

    def _terminal(self, name: str) -> TerminalNode:
        settings = TerminalSettings(
            terminal_id=TerminalId(name),
            merchant_id=MerchantId(_MERCHANT),
            merchant_name="通宝便利店",
            merchant_name_en="Tongbao Corner Shop",
            data_folder=_NOWHERE,
            key_file=_NOWHERE,
            master_key_file=_NOWHERE,
            host_tls=False,
            on_screen_card_entry=True,
            mail_order_allowed=True,
            profile=self.profile,
            operators={OPERATOR: _OPERATOR_HASH, SUPERVISOR: _OPERATOR_HASH},
        )
        disk: Disk[Row] = Disk(name, self.agenda, self.faults)
        return TerminalNode(
            self.world,
            self._clock(),
            settings,
            Route(name, self.host),
            disk,
            (
                lambda boundary: self.keys.terminal(name, boundary),
                self.keys.draw,
                self.witness.terminals,
            ),
        )

    def _restarter(self, start: Callable[[], None]) -> Callable[[], None]:
        def stopped() -> None:
            self.agenda.after(self._chance.randrange(1, 30) * _SECOND_US, start)

        return stopped

    def _disturb(self) -> None:
        """Give every fault of time and place its chance, every ten seconds."""
        if not self.faults.active:
            return
        self._disturb_lines()
        self._disturb_machines()
        self.agenda.after(_ROUND_US, self._disturb)

    def _disturb_lines(self) -> None:
        fires = self.faults.fires
        for route in self.routes():
            if fires(Fault.CUT) and route.current is not None:
                self.trace.note(route.name, "the line is cut")
                self.network.reset(route.current)
            if chance := fires(Fault.FREEZE):
                self._freeze(route, chance.randrange(1, 121), "freezes")
        if chance := fires(Fault.PARTITION):
            self._freeze(self.issuer_route, chance.randrange(5, 301), "is parted")
        for node in self.terminals:
            line = node.route.current
            if node.last_sign_in and line is not None and fires(Fault.KEYS_EXPIRED):
                self.network.replay(line, Way.REQUEST, node.last_sign_in)
            if chance := fires(Fault.DEACTIVATED):
                self._deactivate(node.name, chance.randrange(2, 31))

    def _deactivate(self, name: str, seconds: int) -> None:
        """Switch a terminal off in the host's register, and on again after a while."""
        register = self.host.terminals
        self.trace.note(name, f"is not allowed to trade for {seconds} s")
        register[name] = register[name]._replace(is_active=False)

        def allow() -> None:
            register[name] = register[name]._replace(is_active=True)

        self.agenda.after(seconds * _SECOND_US, allow)

    def _disturb_machines(self) -> None:
        fires = self.faults.fires
        for machine, disk in zip(
            (self.host, self.issuer, *self.terminals), self._disks(), strict=True
        ):
            if chance := fires(Fault.DISK_FULL):
                seconds = chance.randrange(5, 91)
                self.trace.note(machine.name, f"the disk is full for {seconds} s")
                disk.full_until_us = self.agenda.now_us + seconds * _SECOND_US
            if chance := fires(Fault.CLOCK_JUMP):
                self._jump(machine, chance)

    def _freeze(self, route: Route, seconds: int, how: str) -> None:
        self.trace.note(route.name, f"the line {how} for {seconds} s")
        self.network.freeze(route, seconds * _SECOND_US)

    def _jump(self, machine: Machine, chance: random.Random) -> None:
        if chance.random() < 0.2:
            machine.clock.set_to(Instant(0))
            self.trace.note(machine.name, "the clock falls back to 1970")
            return
        seconds = chance.choice(_JUMPS_S) * chance.choice((1, -1))
        machine.clock.wrong_by_us += seconds * _SECOND_US
        self.trace.note(machine.name, f"the clock jumps by {seconds} s")


class _IssuerWitness:
    """The witness at the issuer's side, with the book at hand."""

    def __init__(self, witness: Witness, disk: Disk[IssuerRecord]) -> None:
        self._disk = disk
        self._witness = witness
        self.replies = witness.replies

    def books(self, records: Sequence[IssuerRecord]) -> None:
        """Audit what is about to be written."""
        self._witness.books(records)
        audit(self._disk.rows(), records)
