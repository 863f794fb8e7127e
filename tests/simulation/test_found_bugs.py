"""Bugs that the simulator found, each as the smallest case that showed it."""

from dataclasses import replace
from random import Random

from tests.host.memory_store import MemoryStore
from tests.host.world import World, register
from tests.terminal.rig import PIN, Rig, make_settings
from tests.terminal.test_pending_work import work
from tongbao.domain.dates import Instant
from tongbao.host.core.events import TerminalFrame
from tongbao.host.core.issuer_messages import classify
from tongbao.host.core.payment_rules import PaymentInput
from tongbao.simulation.cards import PROBE
from tongbao.simulation.errands import Errand
from tongbao.simulation.life import live
from tongbao.simulation.people import Cashier
from tongbao.simulation.scenario import draw_scenario
from tongbao.simulation.town import Town
from tongbao.terminal.core.pending_work import WorkKind, WorkQueue, awaits_advice
from tongbao.terminal.core.records import SignInStarted
from tongbao.terminal.core.signatures import signature_state
from tongbao.terminal.core.state import RecentPayment, TerminalState
from tongbao.terminal.core.vocabulary import Outcome, Phase


def test_an_issuer_that_speaks_of_a_damaged_message_has_not_declined_the_sale() -> None:
    """Seed 56: a frame to the issuer came twice, once damaged; the whole copy was booked."""
    assert classify("A0") is PaymentInput.UNCLEAR_ANSWER
    world = World()
    world.send(world.signed_in().sale(2))
    world.answer(world.asked(), "A0")
    assert world.kinds(2) == ["reversal_requested"]


def test_two_copies_of_a_reversal_in_one_group_bury_the_sale_once() -> None:
    """Seed 283: the sale never came, its reversal came twice at once; the host ended itself."""
    world = World()
    frame = world.signed_in().reversal(2)
    world.step(TerminalFrame(1, frame[2:]), TerminalFrame(1, frame[2:]))
    assert world.kinds(2) == ["reversal_requested", "reversed"]


def test_a_clock_set_back_after_a_wrong_pin_keeps_nobody_out_for_longer_than_a_minute() -> None:
    """Seed 1153: a day ahead, a wrong PIN, the clock set right; log-in was closed for the day."""
    rig = Rig().switch_on().log_in(pin=PIN)
    rig.wait(-24 * 3_600_000)
    rig.log_in()
    assert rig.refusal == "log_in_wait"
    rig.wait(60_000)
    rig.log_in()
    assert rig.refusal is None


def test_a_host_that_could_not_check_a_sale_has_not_declined_it() -> None:
    """Seed 462: a sale came twice, its keys replaced between; approved, and then answered A0."""
    rig = Rig().ready()
    rig.host.codes = ["A0"]
    rig.sell()
    rig.answer()
    assert rig.state.phase is Phase.REVERSING
    assert rig.state.doubt is not None
    assert not rig.state.signed_in
    assert rig.kept(SignInStarted)[-1].trace == 3


def test_a_sale_refused_to_a_terminal_switched_off_stays_refused_when_a_copy_comes_later() -> None:
    """A sale came twice, refused with 58 first and charged when the terminal was on again."""
    store = MemoryStore(register())
    world = World(store)
    terminal = world.signed_in()
    store.terminals["00000001"] = register(is_active=False)
    world.advance(world.settings.terminal_refresh_ms + 1)
    sale = terminal.sale(2)
    for is_active in (False, True):
        store.terminals["00000001"] = register(is_active=is_active)
        reply = world.ask(terminal, sale)
        assert reply is not None
        assert reply.fields[39] == "58"
        world.advance(world.settings.terminal_refresh_ms + 1)
    assert world.kinds(2) == ["declined", "repeated"]
    assert world.to_issuer_frames == []


def test_no_signature_is_wanted_for_an_advice_that_the_host_has_not_heard_of() -> None:
    """Its upload names the reference number; the terminal ended itself over an empty field."""
    settings = make_settings(signature_free_minor=0)
    advice = work(3, WorkKind.ADVICE)
    state = TerminalState(work=WorkQueue().added(advice))
    assert signature_state(settings, state, advice.item) == "none"
    assert signature_state(settings, TerminalState(), advice.item) == "wanted"


def test_nothing_is_begun_on_a_payment_whose_tip_the_host_has_not_heard_of() -> None:
    """Seed 656: the host would not decide a refund before the tip, which waited for the refund."""
    tip = work(4, WorkKind.ADVICE)
    intent = replace(tip.item.intent, payment_kind="tip", original_batch=7, original_trace=3)
    queue = WorkQueue().added(replace(tip, item=replace(tip.item, intent=intent)))
    assert awaits_advice(queue, (7, 3))
    assert awaits_advice(queue, (7, 4))
    assert not awaits_advice(queue, (7, 2))


def test_a_batch_that_the_host_never_meant_leaves_no_storage_key() -> None:
    """Seed 3142: a bit flipped in a sign-in answer; smallest case in `test_storage_keys.py`."""
    assert live(draw_scenario(3142)).failure is None


def test_a_balance_before_a_crash_lends_its_reference_number_to_no_sale() -> None:
    """Seed 26744: the clock stood in 1970, so the number of what nobody had written came again."""
    world = World(start_us=0)
    world.send(world.signed_in().payment("balance", 2, change={4: None, 60: "0100000100050"}))
    asked = world.asked().fields[37]
    world.restart()
    world.send(world.signed_in().sale(3))
    assert world.asked().fields[37] != asked


def test_a_cashier_does_not_take_an_earlier_void_for_the_one_just_declined() -> None:
    """Seed 6891: both have the amount of the hold, and the list of payments shows the earlier."""
    node = Town(draw_scenario(6891), keep_story=False).terminals[0]
    errand = Errand(12, node.name, "pre_authorisation_void", PROBE, 4_384_001, is_open=True)
    errand.first_trace = 16
    cashier = Cashier(node, Random(1), [errand], [errand])
    for trace, is_paid in ((4, False), (16, True)):
        line = RecentPayment(
            1, trace, 4_384_001, "", Outcome.APPROVED, Instant(0), payment_kind=errand.kind
        )
        node.state = TerminalState(phase=Phase.IDLE, recent=(line,))
        errand.is_open = True
        cashier._look_up(errand)
        assert errand.is_paid is is_paid
