"""Any messages in any order, repeated, grouped, across restarts: the book keeps its promises."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.sandbox.acquirer import RIGHT_PIN, WRONG_PIN, Issuer
from tests.sandbox.asking import DAY_MS
from tongbao.sandbox.issuer.book_view import read_book
from tongbao.wire.network.operations import Operation as Op

AMOUNTS = st.sampled_from([1, 100, 115, 116, 3_000_000])
CARDS = st.sampled_from(["good", "good", "good", "second"])


class IssuerMachine(RuleBasedStateMachine):
    """A host that does everything, also what no host should, and remembers what it was told."""

    requests = Bundle("requests")

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "issuer.sqlite3"
        self.issuer = Issuer(self.path)
        self.number = 0
        # What was said first, by the bytes that were asked.
        self.answers = {}
        self.latest = self.issuer.now

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

    def new(self, operation, original, fen, card, pin):
        """The body of a new request, not said yet, and what names it."""
        self.number += 1
        body = self.issuer.acquirer.operation(
            self.number, operation, original, fen, card=card, pin=pin
        )
        return body, (self.number, operation, fen, card)

    @rule(
        target=requests,
        operation=st.sampled_from([Op.SALE, Op.SALE, Op.PRE_AUTHORISATION, Op.BALANCE]),
        fen=AMOUNTS,
        card=CARDS,
        pin=st.sampled_from([RIGHT_PIN] * 9 + [WRONG_PIN]),
        is_said=st.booleans(),
    )
    def head(self, operation, fen, card, pin, is_said):
        body, request = self.new(operation, None, fen, card, pin)
        if is_said:
            self.say(body)
        return (*request, body)

    @rule(
        target=requests,
        operation=st.sampled_from([op for op in Op if op.names_original]),
        original=requests,
        fen=st.none() | AMOUNTS,
        is_said=st.sampled_from([True, True, False]),
    )
    def follow_up(self, operation, original, fen, is_said):
        number, _, amount, card, _ = original
        body, request = self.new(operation, number, fen or amount, card, None)
        if is_said:
            self.say(body)
        return (*request, body)

    @rule(
        target=requests,
        original=requests,
        share=st.sampled_from([1, 1, 2]),
        times=st.sampled_from([1, 1, 2, 3]),
    )
    def fitting(self, original, share, times):
        """What is usually asked next, and more of it than there should be."""
        number, operation, fen, card, _ = original
        fen = max(fen // share, 1)
        nexts = {
            Op.SALE: [Op.VOID, Op.REFUND],
            Op.PRE_AUTHORISATION: [Op.COMPLETION, Op.COMPLETION_ADVICE],
            Op.COMPLETION: [Op.COMPLETION_VOID],
        }.get(operation)
        if nexts is None:
            return multiple()
        operation, told = nexts[self.number % len(nexts)], []
        for _ in range(times):
            body, request = self.new(operation, number, fen, card, None)
            self.say(body)
            told.append((*request, body))
        return multiple(*told)

    @rule(request=requests, times=st.integers(1, 3))
    def repeat(self, request, times):
        self.say(*[request[-1]] * times)

    @rule(request=requests)
    def undo(self, request):
        number, operation, fen, _, _ = request
        if operation.is_reversible:
            self.say(self.issuer.acquirer.undo(number, operation, fen))

    @rule(request=requests, other=requests)
    def together(self, request, other):
        number, operation, fen, _, body = request
        undone = self.issuer.acquirer.undo(number, operation, fen)
        self.say(*[undone] * operation.is_reversible, other[-1], body)

    @rule(request=requests)
    def other_content(self, request):
        number, operation, fen, card, body = request
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
            assert given_back <= payment["amount_minor"]
            assert len(voids) <= 1
            assert not (voids and given_back)
            if payment["operation"] in ("sale", "completion", "completion_advice"):
                charged += 0 if voids else payment["amount_minor"] - given_back
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
            max_examples=50,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
