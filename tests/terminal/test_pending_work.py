"""The queue of what must still reach the host: nothing leaves it but by an answer."""

from hypothesis import given
from hypothesis import strategies as st

from tests.terminal.rig import MASKED, TEN_O_CLOCK
from tongbao.terminal.core.items import BatchItem
from tongbao.terminal.core.pending_work import Work, WorkKind, WorkQueue, is_stored, pause_ms
from tongbao.terminal.core.records import PaymentClosed, PaymentIntended
from tongbao.terminal.core.vocabulary import Outcome

K = WorkKind


def item(trace):
    intent = PaymentIntended(
        command_id=f"c-{trace}",
        trace=trace,
        batch=7,
        payment_kind="offline_sale",
        amount_minor=700,
        currency="156",
        card_masked=MASKED,
        entry_mode="012",
        processing_code="000000",
        condition_code="00",
        field60="30000007000200",
        operator="01",
        merchant_id="100000000000001",
    )
    closed = PaymentClosed(
        trace=trace, batch=7, outcome="stored", code="", local_date="20261121", local_time="100000"
    )
    return BatchItem(intent, Outcome.APPROVED, closed, TEN_O_CLOCK)


def work(trace, kind=K.SIGNATURE):
    return Work(kind=kind, item=item(trace), since=TEN_O_CLOCK, data="C0FFEE")


def queue(*works):
    found = WorkQueue()
    for item in works:
        found = found.added(item)
    return found


def test_work_goes_by_kind_and_then_by_age():
    pending = queue(work(2), work(3, K.ADVICE), work(4, K.ADVICE), work(1, K.SCRIPT_RESULT))
    order = []
    while (turn := pending.next_work()) is not None:
        order.append((turn.kind, turn.trace))
        pending = pending.removed(turn.identity)
    assert order == [(K.SCRIPT_RESULT, 1), (K.ADVICE, 3), (K.ADVICE, 4), (K.SIGNATURE, 2)]


def test_the_same_work_comes_in_once_and_never_shows_its_data():
    pending = queue(work(2), work(2))
    assert len(pending.works) == 1
    assert pending.works[0].identity == "signature-000007-000002"
    assert "C0FFEE" not in repr(pending)


def test_a_failure_lets_the_others_go_first_and_then_makes_a_pause():
    pending = queue(work(2), work(3)).sent("signature-000007-000002")
    pending = pending.failed("signature-000007-000002", "96")
    assert pending.next_work().trace == 3
    pending = pending.failed("signature-000007-000003", "96")
    assert pending.next_work() is None
    assert (pending.needs_pause, pending.failures) == (True, 1)
    pending = pending.pause_over()
    assert pending.next_work().trace == 2
    found = pending.find("signature-000007-000002")
    assert (found.attempts, found.failures, found.code) == (1, 1, "96")


def test_new_work_does_not_wait_for_the_pause_of_old_work():
    pending = queue(work(2)).failed("signature-000007-000002", "96").added(work(5))
    assert pending.next_work().trace == 5


def test_a_fresh_row_begins_at_once_for_one_or_for_all():
    pending = queue(work(2), work(3))
    for trace in (2, 3):
        pending = pending.failed(f"signature-000007-00000{trace}", "96")
    assert pending.fresh_row("signature-000007-000003").next_work().trace == 3
    assert pending.fresh_row().next_work().trace == 2


def test_only_the_kinds_asked_for_are_given():
    pending = queue(work(2))
    assert pending.next_work((K.SCRIPT_RESULT,)) is None
    assert pending.next_work((K.SIGNATURE,)).trace == 2


def test_no_advice_overtakes_an_earlier_one():
    """A tip must not arrive before its sale."""
    pending = queue(work(2, K.ADVICE), work(3, K.ADVICE), work(4))
    pending = pending.failed("advice-000007-000002", "96")
    assert pending.next_work().trace == 4
    pending = pending.removed("signature-000007-000004")
    assert (pending.next_work(), pending.needs_pause) == (None, True)
    assert pending.pause_over().next_work().trace == 2
    assert is_stored(pending, (7, 3))
    assert not is_stored(pending, (7, 4))


def test_a_closed_batch_takes_its_advices_along_and_leaves_the_rest():
    pending = queue(work(2, K.ADVICE), work(3)).without_advices(7)
    assert [left.trace for left in pending.works] == [3]
    assert len(queue(work(2, K.ADVICE)).without_advices(6).works) == 1


def test_pauses_double_up_to_the_longest_and_go_on_slowly_after_the_row():
    assert [pause_ms(n, 1_000, 5_000, 4, 600_000) for n in range(1, 7)] == [
        1_000,
        2_000,
        4_000,
        5_000,
        600_000,
        600_000,
    ]
    assert pause_ms(10_000, 1, 60_000, 20_000, 600_000) == 60_000


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=80))
def test_whatever_fails_everything_is_tried_and_nothing_is_lost(story):
    """Each round every piece is tried once; what was answered is gone, the rest is there."""
    pending = queue(*(work(trace) for trace in range(1, 7)))
    answered = set()
    for _ in story:
        turn = pending.next_work()
        if turn is None:
            pending = pending.pause_over()
            continue
        bad = {trace for trace, fails in story if fails}
        if turn.trace in bad:
            pending = pending.failed(turn.identity, "96")
        else:
            pending = pending.removed(turn.identity)
            answered.add(turn.trace)
    assert {left.trace for left in pending.works} | answered == set(range(1, 7))
    counts = [left.failures for left in pending.works if left.failures]
    assert not counts or max(counts) - min(counts) <= 1
