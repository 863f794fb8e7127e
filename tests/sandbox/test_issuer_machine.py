"""Any messages in any order, repeated, grouped, across restarts: the book keeps its promises."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.sandbox.acquirer import RIGHT_PIN, WRONG_PIN, Issuer
from tests.sandbox.asking import DAY_MS
from tongbao.sandbox.issuer.book_view import read_book
from tongbao.wire.network.operations import Operation as Op

AMOUNTS = st.sampled_from([1, 100, 115, 116, 3_000_000])
CARDS = st.sampled_from(["good", "good", "good", "second"])
# Which of the last requests a step is about: near ones, so that stories have a thread.
BACK = st.integers(0, 5)


class IssuerMachine(RuleBasedStateMachine):
    """A host that does everything, also what no host should, and remembers what it was told."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "issuer.sqlite3"
        self.issuer = Issuer(self.path)
        self.number = 0
        # What was said first, by the bytes that were asked.
        self.answers = {}
        self.latest = self.issuer.now
        # Number, operation, amount, card and bytes of every request that was made.
        self.requests = []

    def teardown(self):
        self.issuer.close()
        self.folder.cleanup()

    def say(self, *bodies):
        """Ask in one group; each answer must be the first one again."""
        replies = self.issuer.run(*bodies)
        assert len(replies) == len(bodies)
        for body, reply in zip(bodies, replies, strict=True):
            code = self.issuer.acquirer.read(reply.body)[1][39]
            first = self.answers.setdefault(body, (reply.body, code))
            # A reversal that cannot be now is asked again, and may be possible then.
            if first[1] == "22" and reply.body[:2] == b"\x04\x30":
                self.answers[body] = (reply.body, code)
            elif first[1] not in ("94", "64"):
                assert reply.body == first[0]

    def new(self, operation, original, fen, card, pin=None):
        """Make a new request and return its bytes, not said yet."""
        self.number += 1
        body = self.issuer.acquirer.operation(
            self.number, operation, original, fen, card=card, pin=pin
        )
        self.requests.append((self.number, operation, fen, card, body))
        return body

    def pick(self, back):
        return self.requests[-1 - back % len(self.requests)]

    @rule(
        operation=st.sampled_from([Op.SALE, Op.OFFLINE_SALE, Op.PRE_AUTHORISATION, Op.BALANCE]),
        fen=AMOUNTS,
        card=CARDS,
        pin=st.sampled_from([RIGHT_PIN] * 9 + [WRONG_PIN]),
    )
    def head(self, operation, fen, card, pin):
        self.say(self.new(operation, None, fen, card, pin))

    @rule(fen=AMOUNTS, is_sale=st.booleans())
    def head_on_its_way(self, fen, is_sale):
        """A request whose reversal may overtake it."""
        self.new(Op.SALE if is_sale else Op.PRE_AUTHORISATION, None, fen, "good", RIGHT_PIN)

    @precondition(lambda self: self.requests)
    @rule(
        operation=st.sampled_from([op for op in Op if op.names_original]),
        back=BACK,
        fen=st.none() | AMOUNTS,
    )
    def follow_up(self, operation, back, fen):
        number, _, amount, card, _ = self.pick(back)
        self.say(self.new(operation, number, fen or amount, card))

    @precondition(lambda self: self.requests)
    @rule(back=BACK, share=st.sampled_from([1, 1, 2]), times=st.integers(1, 3), other=st.booleans())
    def fitting(self, back, share, times, other):
        """What is usually asked next, and more of it than there should be."""
        number, operation, fen, card, _ = self.pick(back)
        nexts = {
            Op.SALE: (Op.VOID, Op.REFUND),
            Op.OFFLINE_SALE: (Op.ADJUSTMENT, Op.VOID),
            Op.PRE_AUTHORISATION: (Op.COMPLETION, Op.COMPLETION_ADVICE),
            Op.COMPLETION: (Op.COMPLETION_VOID, Op.REFUND),
        }.get(operation)
        for _ in range(times if nexts else 0):
            self.say(self.new(nexts[other], number, max(fen // share, 1), card))

    @precondition(lambda self: self.requests)
    @rule(back=BACK, times=st.integers(1, 3))
    def repeat(self, back, times):
        self.say(*[self.pick(back)[-1]] * times)

    @precondition(lambda self: self.requests)
    @rule(back=BACK, then_said=st.booleans())
    def undo(self, back, then_said):
        number, operation, fen, _, body = self.pick(back)
        undone = self.issuer.acquirer.undo(number, operation, fen)
        self.say(*[undone] * operation.is_reversible, *[body] * then_said)

    @precondition(lambda self: self.requests)
    @rule(back=BACK)
    def other_content(self, back):
        number, operation, fen, card, body = self.pick(back)
        if body in self.answers and operation is not Op.BALANCE:
            changed = self.issuer.acquirer.operation(number, Op.SALE, None, fen + 7, card=card)
            assert self.issuer.ask(changed) == "94"

    @rule(days=st.sampled_from([1, 16, 31, -1]))
    def wait(self, days):
        self.issuer.now = self.issuer.now.plus_ms(days * DAY_MS)
        self.latest = max(self.latest, self.issuer.now)

    @rule()
    def restart(self):
        now = self.issuer.now
        self.issuer.close()
        self.issuer = Issuer(self.path)
        self.issuer.now = now

    @invariant()
    def the_book_balances(self):
        state, store = self.issuer.state, self.issuer.store
        view = read_book(store.connection, state, 1)
        assert view["checks"]["ok"], view["checks"]
        assert sum(state.balances.values()) == 0
        assert state.balances == store.balances()
        assert state.holds == store.open_holds()
        assert state.balances["clearing"] >= 0
        assert all(hold.amount_minor > 0 for hold in state.holds.values())
        assert all(minor >= 0 for minor in state.held.values())
        for account in view["accounts"]:
            assert account["balance_minor"] == account["opening_minor"] + account["moved_minor"]

    @invariant()
    def what_was_approved_and_not_reversed_is_what_counts(self):
        """Worked out from the payments alone, without the issuer's own rules."""
        view = read_book(self.issuer.store.connection, self.issuer.state, 10_000)
        standing = [one for one in view["payments"] if one["status"] == "approved"]
        charged = 0
        for payment in standing:
            named_by = [one for one in standing if one["original_rrn"] == payment["rrn"]]
            kinds = {one["operation"] for one in named_by}
            given_back = sum(
                one["amount_minor"] for one in named_by if one["operation"] == "refund"
            )
            voids = [one for one in named_by if one["operation"].endswith("void")]
            adjusted = [one for one in named_by if one["operation"] == "adjustment"]
            # The newest in the order of their numbers, not of their arrival.
            newest = max([payment, *adjusted], key=lambda one: (one is not payment, one["rrn"]))
            total = newest["amount_minor"]
            assert given_back <= total
            assert len(voids) <= 1
            assert not (voids and given_back)
            sales = ("sale", "offline_sale", "completion", "completion_advice")
            assert payment["operation"] in sales[:2] or not adjusted
            if payment["operation"] in sales:
                charged += 0 if voids else total - given_back
            if payment["operation"] == "pre_authorisation":
                completions = [one for one in named_by if one["operation"].startswith("compl")]
                assert len(completions) + len(voids) <= 1
                hold = self.issuer.state.holds.get(payment["rrn"])
                if completions or voids:
                    assert hold is None, kinds
                elif hold is None:
                    assert self.latest.us >= payment["at_us"] + 30 * DAY_MS * 1000
                else:
                    assert hold.amount_minor == payment["amount_minor"]
        assert self.issuer.state.balances["clearing"] == charged


def test_any_story_keeps_the_book():
    run_state_machine_as_test(
        IssuerMachine,
        settings=settings(
            max_examples=30,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_long_day_keeps_the_book(seed):
    """The same steps, evenly mixed and many: Hypothesis likes its stories short."""
    draw = random.Random(seed)
    machine = IssuerMachine()
    heads = [Op.SALE, Op.OFFLINE_SALE, Op.PRE_AUTHORISATION]
    linked = [op for op in Op if op.names_original]
    for _ in range(150):
        fen, back = draw.choice([1, 100, 115, 116]), draw.randrange(4)
        step = draw.randrange(10) if machine.requests else 0
        if step <= 1:
            machine.head(draw.choice(heads), fen, "good", RIGHT_PIN)
        elif step == 2:
            machine.head_on_its_way(fen, draw.random() < 0.5)
        elif step <= 5:
            machine.fitting(back, draw.choice([1, 2]), draw.randint(1, 2), draw.random() < 0.5)
        elif step == 6:
            machine.follow_up(draw.choice(linked), back, draw.choice([None, fen]))
        elif step <= 8:
            machine.undo(back, draw.random() < 0.5)
        elif draw.random() < 0.3:
            machine.wait(draw.choice([16, 31]))
        elif draw.random() < 0.3:
            machine.restart()
        else:
            machine.repeat(back, 2)
        machine.the_book_balances()
        machine.what_was_approved_and_not_reversed_is_what_counts()
    machine.teardown()
