"""Whatever happens, in any order: the laws of the terminal hold and no fen is lost."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.terminal.rig import OPERATOR_PIN, PIN, SUPERVISOR, TRACK, Rig
from tongbao.domain.ids import BatchNo, OperatorNo, Stan
from tongbao.domain.money import Currency, Money
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.kinds import RULES
from tongbao.terminal.core.records import PaymentClosed, PaymentIntended, ReversalClosed
from tongbao.terminal.core.state import ExchangeKind
from tongbao.terminal.core.storage_keys import needed_batches
from tongbao.terminal.core.totals import batch_totals
from tongbao.terminal.core.vocabulary import Outcome, Phase, TimerKind
from tongbao.wire.unionpay.framing import unpack_frame
from tongbao.wire.unionpay.table import UNIONPAY

CODES = st.sampled_from(["00", "00", "00", "51", "55", "98", "68", "A0", "77", "96", "10", "Z9"])
KINDS = st.sampled_from([rule.kind for rule in RULES])
COMMANDS = st.sampled_from(
    [
        ev.PowerOn(),
        ev.PowerOff(),
        ev.LogIn(OperatorNo("01"), OPERATOR_PIN),
        ev.LogIn(OperatorNo("01"), PIN),
        ev.LogOut(),
        ev.SignIn(),
        ev.CardSwiped(TRACK),
        ev.PinEntered(PIN),
        ev.PinSkipped(),
        ev.Find(Stan(2)),
        ev.Reprint(BatchNo(7), Stan(2)),
        ev.PrintTotals(),
        ev.Cancel(),
        ev.Dismiss(),
        ev.ResolveNow(),
        ev.LinkUp(),
        ev.LinkDown(),
    ]
)


class TerminalWalk(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.rig = Rig(host_timeout_ms=1_000)
        self.number = 0
        self.seen_frames = []
        self.late = []
        self.traces = []

    def tell(self, event):
        doubt_before = self.rig.state.doubt
        sent_before = len(self.rig.outbox)
        effects = self.rig.tell(event)
        self._check_order(effects)
        for sent in self.rig.outbox[sent_before:]:
            message = UNIONPAY.decode(unpack_frame(sent.frame[2:]).body)
            if self.rig.state.exchange.kind is ExchangeKind.PAYMENT:
                assert doubt_before is None
            if self.rig.state.exchange.kind in {ExchangeKind.PAYMENT, ExchangeKind.SIGN_IN}:
                self.traces.append(message.fields[11])
        assert len(self.rig.outbox) - sent_before <= 1
        if self.rig.state.phase is Phase.SELF_CHECK:
            self.rig.tell(ev.SelfCheckDone(()))

    def _check_order(self, effects):
        kinds = [type(effect) for effect in effects]
        if fx.Send in kinds:
            assert fx.Persist in kinds[: kinds.index(fx.Send)]
        for index, effect in enumerate(effects):
            if isinstance(effect, fx.Print) and not getattr(effect.slip, "is_reprint", True):
                assert any(isinstance(e, fx.Persist) for e in effects[:index])

    @rule(event=COMMANDS)
    def command(self, event):
        self.tell(event)

    @precondition(lambda self: self.rig.state.phase is Phase.OFF)
    @rule()
    def start_up(self):
        self.tell(ev.PowerOn())
        self.rig.wait(120_000)
        self.tell(ev.LogIn(OperatorNo("01"), OPERATOR_PIN))
        self.host_answers("00", "right")

    @rule(amount=st.integers(0, 5_000))
    def sale(self, amount):
        self.number += 1
        self.tell(ev.Start(f"c-{self.number}", "sale", Money(amount, Currency.CNY)))

    @rule(amount=st.integers(1, 5_000))
    def whole_sale(self, amount):
        self.sale(amount)
        self.tell(ev.CardSwiped(TRACK))
        self.tell(ev.PinEntered(PIN))

    def come_to_work(self):
        """Do what a patient operator does until the till is ready for a payment."""
        for _ in range(8):
            phase = self.rig.state.phase
            if phase is Phase.OFF:
                self.tell(ev.PowerOn())
            elif phase is Phase.LOGGED_OUT:
                self.rig.wait(120_000)
                self.tell(ev.LogIn(OperatorNo("01"), OPERATOR_PIN))
            elif phase is Phase.IDLE and not self.rig.state.signed_in:
                self.tell(ev.SignIn())
            elif phase in {Phase.CARD, Phase.PIN}:
                self.tell(ev.Cancel())
            elif phase is Phase.RESULT:
                self.tell(ev.Dismiss())
            elif self.rig.state.exchange is not None:
                self.host_answers("00", "right")
            else:
                self.tell(ev.ResolveNow())

    @rule(
        kind=KINDS,
        amount=st.sampled_from([100, 110, 2_500, 5_000]),
        ends_well=st.booleans(),
        data=st.data(),
    )
    def any_kind(self, kind, amount, ends_well, data):
        self.come_to_work()
        self.number += 1
        items = self.rig.state.items
        original = {}
        if items:
            item = data.draw(st.sampled_from(items))
            original = {"trace": Stan(item.intent.trace), "rrn": item.closed_rrn}
        money = Money(amount, Currency.CNY)
        given = ev.OriginalGiven(**original, date="1121", auth_code="012345")
        self.tell(ev.Start(f"c-{self.number}", kind, money, money, given, SUPERVISOR))
        self.tell(ev.CardSwiped(TRACK))
        if data.draw(st.booleans()):
            self.tell(ev.PinSkipped())
        self.tell(ev.PinEntered(PIN))
        if ends_well and self.pending():
            self.host_answers("00", "right")

    def pending(self):
        return self.rig.state.exchange is not None

    def request(self):
        ticket = self.rig.state.exchange.ticket
        return next(sent for sent in reversed(self.rig.outbox) if sent.ticket == ticket)

    @precondition(pending)
    @rule(code=CODES, mac=st.sampled_from(["right"] * 6 + ["wrong", "missing"]))
    def the_host_answers(self, code, mac):
        self.host_answers(code, mac)

    def host_answers(self, code, mac):
        frame = self._ask_host(code, mac)
        if frame is not None:
            self.tell(ev.FrameReceived(frame))

    @precondition(pending)
    @rule(code=CODES)
    def the_answer_comes_too_late(self, code):
        frame = self._ask_host(code, "right")
        if frame is not None:
            self.late.append(frame)

    @precondition(lambda self: bool(self.late))
    @rule()
    def a_late_answer_comes(self):
        self.tell(ev.FrameReceived(self.late.pop()))

    def _ask_host(self, code, mac):
        request = self.request()
        if request.frame in self.seen_frames:
            return None
        self.seen_frames.append(request.frame)
        self.rig.host.codes = [code]
        return self.rig.host.answer(request.frame, mac=mac)

    @precondition(pending)
    @rule(sent=st.booleans())
    def the_line_breaks(self, sent):
        ticket = self.rig.state.exchange.ticket
        if sent:
            self.tell(ev.LinkDown(frozenset({ticket})))
        elif self.request().frame not in self.seen_frames:
            self.tell(ev.SendFailed(ticket, sent=False))

    @precondition(lambda self: bool(self.rig.timers))
    @rule(data=st.data())
    def a_timer_runs_out(self, data):
        timer = data.draw(st.sampled_from(sorted(self.rig.timers, key=str)))
        self.rig.wait(self.rig.timers.pop(timer))
        self.tell(ev.Timeout(timer))

    @rule()
    def slips_come_out(self):
        for job in self.rig.slips:
            self.tell(ev.SlipPrinted(job.name, job.batch, job.trace, printed=True))
        self.rig.slips.clear()

    @rule()
    def the_plug_is_pulled(self):
        before = self.rig.state
        self.rig.power_cut()
        after = self.rig.state
        assert (after.next_trace, after.batch, after.today) == (
            before.next_trace,
            before.batch,
            before.today,
        )
        assert after.items == before.items
        in_doubt = before.doubt.intent if before.doubt else before.intent
        if in_doubt is not None and in_doubt.payment_kind == "balance":
            in_doubt = None
        assert (after.doubt.intent if after.doubt else None) == in_doubt

    @invariant()
    def no_storage_key_is_kept_that_nobody_needs(self):
        if self.rig.state.phase is not Phase.OFF:
            needed = {f"batch/{batch:06d}" for batch in needed_batches(self.rig.state)}
            assert {name for name in self.rig.keys.names() if name.startswith("batch/")} <= needed

    @invariant()
    def trace_numbers_never_repeat(self):
        assert len(set(self.traces)) == len(self.traces)

    @invariant()
    def every_sale_is_closed_at_most_once(self):
        rig = self.rig
        ends = rig.kept(PaymentClosed) + rig.kept(ReversalClosed)
        # An advice that was stored has its end when the host has heard of it.
        stored = {(r.batch, r.trace) for r in rig.kept(PaymentClosed) if r.outcome == "stored"}
        closed = [(r.batch, r.trace) for r in ends if getattr(r, "outcome", "") != "stored"]
        assert len(set(closed)) == len(closed)
        closed += stored
        intended = {
            (r.batch, r.trace) for r in rig.kept(PaymentIntended) if r.payment_kind != "balance"
        }
        assert len(intended - set(closed)) <= 1

    @invariant()
    def a_card_is_in_memory_only_between_swipe_and_pin(self):
        sale = self.rig.state.draft
        if sale is not None and sale.card is not None:
            assert self.rig.state.phase is Phase.PIN

    def teardown(self):
        if not hasattr(self, "rig"):
            return
        rig = self.rig
        rig.power_cut()
        rig.wait(120_000)
        rig.host.codes = []
        rig.switch_on().tell(ev.LinkUp())
        for _ in range(60):
            if rig.state.exchange is not None:
                rig.answer()
            elif rig.state.phase is Phase.RESULT:
                rig.tell(ev.Dismiss())
            elif rig.state.phase is Phase.LOGGED_OUT:
                rig.log_in()
            elif TimerKind.WORK in rig.timers:
                rig.fire(TimerKind.WORK)
        assert (rig.state.doubt, rig.state.work.works) == (None, ())
        side = batch_totals(rig.state.items, rig.settings.profile).domestic
        assert rig.host.debits == side.debit_minor - side.credit_minor
        assert rig.host.debits == rig.state.today.amount_minor
        shown = [line for line in rig.state.recent if line.outcome is Outcome.IN_DOUBT]
        assert shown == []


TerminalWalk.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
test_terminal_walk = TerminalWalk.TestCase
