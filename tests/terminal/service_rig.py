"""The bench with a host that knows everything beside the payments, and a line that stands."""

from __future__ import annotations

from tests.terminal.rig import Rig
from tests.terminal.service_host import ServiceHost
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.vocabulary import Phase
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.framing import unpack_frame
from tongbao.wire.unionpay.table import UNIONPAY


class ServiceRig(Rig):
    """`ready` with the line up; every message that is in flight can be answered at once."""

    host: ServiceHost

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.host = ServiceHost()
        self.sales = 0

    def ready(self) -> ServiceRig:
        super().ready()
        self.tell(ev.LinkUp())
        return self

    def restart(self) -> ServiceRig:
        """Come back after a power cut, up to the sign-in."""
        self.power_cut()
        self.switch_on()
        self.tell(ev.LinkUp())
        self.run_on()
        self.log_in()
        return self

    def cut_in_answer(self, effects: int) -> None:
        """Lose the power after so many effects of the step that the next answer causes."""
        frame = self.host.answer(self.outbox[-1].frame)
        _, found = self.core.step(self.state, ev.FrameReceived(frame), self.now)
        self.carry_out(found[:effects])

    def message(self, index: int = -1) -> Message:
        return UNIONPAY.decode(unpack_frame(self.outbox[index].frame[2:]).body)

    def trail(self) -> list[str]:
        """Return the messages sent so far, as MTI and 60.3."""
        found = []
        for index in range(len(self.outbox)):
            message = self.message(index)
            found.append(f"{message.mti} {message.text(60)[8:11]}")
        return found

    def approved_sale(self, amount_minor: int = 100, code: str = "00") -> int:
        """Make a sale and leave its result; return its trace."""
        self.sales += 1
        self.host.codes = [code]
        self.sell(amount_minor, f"sale-{self.sales:04d}")
        trace = int(self.message().text(11))
        self.answer()
        self.print_all()
        self.tell(ev.Dismiss())
        assert self.state.phase is Phase.IDLE
        return trace

    def run_on(self, limit: int = 300) -> ServiceRig:
        """Answer whatever is in flight until nothing is."""
        for _ in range(limit):
            if self.state.exchange is None:
                return self
            self.answer()
        raise AssertionError("the terminal does not come to rest")
