"""The in-doubt path: opened in the journal, reversed until the host ends it, never dropped."""

import pytest

from tests.terminal.rig import MASKED, Rig
from tongbao.domain.ids import Stan
from tongbao.domain.secrets import Purpose
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.records import (
    DoubtOpened,
    ReversalClosed,
    ReversalFailed,
    ReversalSent,
    SignInStarted,
    StrayAnswer,
)
from tongbao.terminal.core.vocabulary import (
    Cue,
    DoubtStage,
    Outcome,
    Phase,
    ReversalReason,
    TimerKind,
)
from tongbao.terminal.slip import SlipCopy, SlipOutcome
from tongbao.wire.unionpay.framing import unpack_frame
from tongbao.wire.unionpay.table import UNIONPAY


def in_doubt(**settings) -> Rig:
    """A sale that the host approved and whose answer was lost; its reversal is on the way."""
    rig = Rig(**settings).ready().sell()
    rig.host.answer(rig.outbox[-1].frame)
    rig.fire(TimerKind.HOST)
    assert rig.state.phase is Phase.REVERSING
    return rig


def test_no_answer_in_time_opens_a_doubt_and_reverses_at_once():
    rig = in_doubt()
    assert [type(effect) for effect in rig.effects] == [
        fx.RenewLink,
        fx.Persist,
        fx.StopTimer,
        fx.PlaySound,
        fx.Persist,
        fx.Send,
        fx.StartTimer,
    ]
    assert rig.effects[1] == fx.Persist(DoubtOpened(trace=2, batch=7, reason="98"))
    assert rig.effects[3] == fx.PlaySound(Cue.DOUBT)
    assert rig.effects[4] == fx.Persist(ReversalSent(trace=2, batch=7, attempt=1))
    doubt = rig.state.doubt
    assert (doubt.stage, doubt.reason, doubt.attempts) == (
        DoubtStage.SENDING,
        ReversalReason.NO_ANSWER,
        1,
    )
    assert rig.timers == {TimerKind.REVERSAL: 60_000}


def test_the_reversal_repeats_the_sale_and_holds_nothing_of_the_card():
    rig = in_doubt()
    sale, reversal = (
        UNIONPAY.decode(unpack_frame(sent.frame[2:]).body) for sent in rig.outbox[-2:]
    )
    assert reversal.mti == "0400"
    assert sorted(reversal.fields) == [3, 4, 11, 22, 25, 39, 41, 42, 49, 60, 64]
    assert reversal.fields[39] == "98"
    for number in (3, 4, 11, 22, 25, 41, 42, 49, 60):
        assert reversal.fields[number] == sale.fields[number]
    assert sale.secret_text(35).reveal(Purpose.TEST).startswith("6200001234567890128D")


@pytest.mark.parametrize("code", ["00", "12", "25"])
def test_the_host_ends_the_doubt_and_the_customer_gets_it_on_paper(code):
    rig = in_doubt()
    rig.host.codes = [code]
    rig.answer()
    assert [type(effect) for effect in rig.effects] == [
        fx.Persist,
        fx.StopTimer,
        fx.Print,
        fx.PlaySound,
    ]
    assert rig.kept(ReversalClosed) == [
        ReversalClosed(trace=2, batch=7, code=code, local_date="20261121", local_time="100000")
    ]
    assert rig.state.doubt is None
    result = rig.state.result
    assert (rig.state.phase, result.outcome) == (Phase.RESULT, Outcome.REVERSED)
    assert (result.words.code, result.trace, result.card_masked) == (code, Stan(2), MASKED)
    slip = rig.slips[-1].slip
    assert (slip.outcome, slip.copy) == (SlipOutcome.REVERSED, SlipCopy.CARDHOLDER)
    assert rig.state.today.count == 0
    rig.tell(ev.Dismiss())
    rig.start()
    assert rig.state.phase is Phase.CARD


def test_after_a_reversal_nobody_is_charged():
    rig = in_doubt()
    assert rig.host.debits == 12_345
    rig.answer()
    assert rig.host.debits == 0


def test_a_wrong_mac_is_never_believed_and_is_reversed_with_its_own_reason():
    rig = Rig().ready().sell()
    rig.answer(mac="wrong")
    assert rig.state.result is None
    assert rig.kept(DoubtOpened) == [DoubtOpened(trace=2, batch=7, reason="A0")]
    assert UNIONPAY.decode(unpack_frame(rig.outbox[-1].frame[2:]).body).fields[39] == "A0"
    rig.answer()
    assert rig.host.debits == 0


def test_a_wrong_mac_on_a_decline_is_not_believed_either():
    rig = Rig().ready()
    rig.host.codes = ["51"]
    rig.sell()
    rig.answer(mac="wrong")
    assert rig.kept(DoubtOpened)[0].reason == "A0"


def test_an_approval_without_mac_is_not_believed():
    rig = Rig().ready().sell()
    rig.answer(mac="missing")
    assert rig.kept(DoubtOpened) == [DoubtOpened(trace=2, batch=7, reason="A0", code="00")]


@pytest.mark.parametrize(
    ("code", "mac", "reason"),
    [
        ("98", "right", "98"),
        ("68", "right", "98"),
        ("98", "missing", "98"),
        ("10", "right", "06"),
        ("11", "right", "06"),
        ("A2", "right", "06"),
        ("Z9", "missing", "A0"),
    ],
)
def test_an_answer_that_leaves_the_sale_open_is_reversed(code, mac, reason):
    rig = Rig().ready()
    rig.host.codes = [code]
    rig.sell()
    rig.answer(mac=mac)
    assert rig.kept(DoubtOpened) == [DoubtOpened(trace=2, batch=7, reason=reason, code=code)]


def test_an_answer_without_a_code_leaves_the_sale_open():
    rig = Rig().ready().sell()
    rig.answer(lambda reply: reply.fields.pop(39))
    assert rig.kept(DoubtOpened) == [DoubtOpened(trace=2, batch=7, reason="06")]


@pytest.mark.parametrize("broken", ["down", "failed"])
def test_a_line_that_breaks_after_sending_opens_the_doubt_at_once(broken):
    rig = Rig().ready().sell()
    ticket = rig.outbox[-1].ticket
    if broken == "down":
        rig.tell(ev.LinkDown(frozenset({ticket})))
    else:
        rig.tell(ev.SendFailed(ticket, sent=True))
    assert rig.kept(DoubtOpened) == [DoubtOpened(trace=2, batch=7, reason="98")]
    assert rig.state.phase is Phase.REVERSING


def test_a_late_approval_is_put_on_record_and_not_believed():
    rig = Rig().ready().sell()
    late = rig.host.answer(rig.outbox[-1].frame)
    rig.fire(TimerKind.HOST)
    rig.hear(late)
    assert rig.kept(StrayAnswer) == [StrayAnswer(mti="0210", trace="000002", code="00")]
    assert rig.state.phase is Phase.REVERSING
    rig.answer()
    rig.hear(late)
    assert rig.state.result.outcome is Outcome.REVERSED
    assert rig.host.debits == 0


def test_tries_follow_with_growing_pauses_and_then_a_person_is_asked():
    rig = in_doubt()
    pauses = []
    for _ in range(3):
        rig.fire(TimerKind.REVERSAL)
        assert (rig.state.doubt.stage, rig.state.phase) == (DoubtStage.WAITING, Phase.REVERSING)
        pauses.append(rig.timers[TimerKind.RETRY])
        rig.fire(TimerKind.RETRY)
        assert rig.state.doubt.stage is DoubtStage.SENDING
    assert pauses == [1_000, 2_000, 4_000]
    rig.fire(TimerKind.REVERSAL)
    assert rig.state.doubt.stage is DoubtStage.NEEDS_PERSON
    assert rig.timers == {TimerKind.RETRY: 600_000}
    assert [record.attempt for record in rig.kept(ReversalSent)] == [1, 2, 3, 4]
    assert [record.code for record in rig.kept(ReversalFailed)] == ["timeout"] * 4
    assert rig.slips[-1].name == "000002-in-doubt"
    assert rig.slips[-1].slip.outcome is SlipOutcome.IN_DOUBT


def test_pauses_do_not_grow_beyond_their_limit():
    rig = in_doubt(reversal_repeats=9, retry_max_ms=10_000)
    pauses = []
    for _ in range(9):
        rig.fire(TimerKind.REVERSAL)
        pauses.append(rig.timers[TimerKind.RETRY])
        rig.fire(TimerKind.RETRY)
    assert pauses == [1_000, 2_000, 4_000, 8_000, *[10_000] * 5]


def given_up(**settings) -> Rig:
    rig = in_doubt(reversal_repeats=0, **settings)
    rig.fire(TimerKind.REVERSAL)
    assert rig.state.doubt.stage is DoubtStage.NEEDS_PERSON
    return rig


def test_a_doubt_is_never_dropped_and_the_operator_can_send_it_now():
    rig = given_up()
    for _ in range(5):
        rig.tell(ev.ResolveNow())
        assert rig.state.doubt.stage is DoubtStage.SENDING
        rig.fire(TimerKind.REVERSAL)
        assert rig.state.doubt.stage is DoubtStage.NEEDS_PERSON
    rig.tell(ev.ResolveNow())
    rig.answer()
    assert rig.state.doubt is None
    assert rig.kept(ReversalSent)[-1].attempt == 7
    assert sum("in-doubt" in job.name for job in rig.slips) == 1


def test_sending_now_while_it_is_being_sent_is_refused():
    rig = in_doubt()
    rig.tell(ev.ResolveNow())
    assert rig.refusal == "already_sending"
    assert len(rig.kept(ReversalSent)) == 1


def test_sending_now_cuts_a_pause_short():
    rig = in_doubt()
    rig.fire(TimerKind.REVERSAL)
    rig.tell(ev.ResolveNow())
    assert rig.timers == {TimerKind.REVERSAL: 60_000}
    assert rig.kept(ReversalSent)[-1].attempt == 2


def test_there_is_nothing_to_send_without_a_doubt():
    rig = Rig().ready()
    rig.tell(ev.ResolveNow())
    assert rig.refusal == "wrong_phase"


def test_the_in_doubt_screen_is_left_only_when_a_person_is_needed():
    rig = in_doubt()
    rig.tell(ev.Dismiss())
    assert (rig.refusal, rig.state.phase) == ("keep_waiting", Phase.REVERSING)
    rig = given_up()
    rig.tell(ev.Dismiss())
    assert (rig.refusal, rig.state.phase) == (None, Phase.IDLE)
    assert rig.state.doubt is not None


def test_a_new_sale_is_refused_in_clear_words_and_sends_the_reversal_first():
    rig = given_up()
    rig.tell(ev.Dismiss())
    rig.start(command_id="c-2")
    refusal = rig.of(fx.Refuse)[0].notice
    assert refusal.code == "doubt_open"
    assert "正在查询" in refusal.zh
    assert "being checked" in refusal.en
    assert (rig.state.phase, rig.state.draft) == (Phase.REVERSING, None)
    rig.answer()
    rig.tell(ev.Dismiss())
    rig.sell(command_id="c-3")
    rig.answer()
    assert rig.host.debits == 12_345


def test_a_try_that_never_left_goes_on_when_the_line_stands_again():
    rig = in_doubt(reversal_repeats=0)
    rig.tell(ev.SendFailed(rig.outbox[-1].ticket, sent=False))
    assert rig.state.doubt.stage is DoubtStage.NEEDS_PERSON
    rig.tell(ev.LinkUp())
    assert rig.state.doubt.stage is DoubtStage.SENDING
    rig.answer()
    assert rig.state.doubt is None


def test_a_host_that_only_accepts_connections_is_not_asked_for_ever():
    rig = given_up()
    sent = len(rig.outbox)
    for _ in range(10):
        rig.tell(ev.LinkUp())
    assert len(rig.outbox) == sent


def test_the_line_that_comes_back_cuts_a_pause_short():
    rig = in_doubt()
    rig.tell(ev.LinkDown(frozenset({rig.outbox[-1].ticket})))
    assert TimerKind.RETRY in rig.timers
    rig.tell(ev.LinkUp())
    assert rig.timers == {TimerKind.REVERSAL: 60_000}


def test_a_new_line_after_silence_does_not_cut_the_pause_short():
    """The line is made anew after a silence; that alone is no reason to hurry."""
    rig = in_doubt()
    rig.fire(TimerKind.REVERSAL)
    assert rig.of(fx.RenewLink) == [fx.RenewLink()]
    rig.tell(ev.LinkDown(frozenset({rig.outbox[-1].ticket})))
    rig.tell(ev.LinkUp())
    assert rig.timers == {TimerKind.RETRY: 1_000}


def test_a_line_that_breaks_at_every_try_is_not_used_for_ever():
    rig = in_doubt(reversal_repeats=2)
    tries = 0
    for _ in range(10):
        if rig.state.exchange is not None:
            tries += 1
            rig.tell(ev.LinkDown(frozenset({rig.state.exchange.ticket})))
        rig.tell(ev.LinkUp())
    assert tries == 3
    assert rig.state.doubt.stage is DoubtStage.NEEDS_PERSON


def test_the_line_that_comes_back_reverses_a_doubt_that_was_left_aside():
    rig = given_up()
    rig.tell(ev.Dismiss())
    rig.tell(ev.LinkDown())
    rig.tell(ev.LinkUp())
    assert (rig.state.phase, rig.state.doubt.stage) == (Phase.REVERSING, DoubtStage.SENDING)


@pytest.mark.parametrize("mac", ["wrong", "missing"])
def test_a_reversal_answer_without_a_right_mac_closes_nothing(mac):
    rig = in_doubt()
    rig.answer(mac=mac)
    assert rig.state.doubt.stage is DoubtStage.WAITING
    assert rig.kept(ReversalFailed) == [ReversalFailed(trace=2, batch=7, code="mac")]
    assert rig.kept(ReversalClosed) == []


def test_any_other_code_keeps_the_doubt_open():
    rig = in_doubt()
    rig.host.codes = ["96"]
    rig.answer()
    assert rig.state.doubt.stage is DoubtStage.WAITING
    assert rig.kept(ReversalFailed)[-1].code == "96"


@pytest.mark.parametrize("code", ["77", "99", "A0"])
def test_stale_keys_are_renewed_before_the_next_try(code):
    rig = in_doubt()
    rig.host.codes = [code]
    rig.answer()
    assert not rig.state.signed_in
    rig.fire(TimerKind.RETRY)
    assert rig.kept(SignInStarted)[-1].trace == 3
    assert rig.state.phase is Phase.REVERSING
    rig.answer()
    assert rig.kept(ReversalSent)[-1].attempt == 2
    rig.answer()
    assert (rig.state.doubt, rig.host.debits) == (None, 0)


def test_a_host_that_always_wants_a_sign_in_is_not_asked_for_ever():
    rig = in_doubt()
    rig.host.codes = ["A0", "00", "A0", "00", "A0", "00", "A0", "00"]
    for _ in range(3):
        rig.answer()
        rig.fire(TimerKind.RETRY)
        rig.answer()
    rig.answer()
    assert rig.state.doubt.stage is DoubtStage.NEEDS_PERSON
    assert rig.timers == {TimerKind.RETRY: 600_000}


def test_a_sign_in_that_fails_while_reversing_is_a_failed_try():
    rig = in_doubt()
    rig.host.codes = ["A0"]
    rig.answer()
    rig.fire(TimerKind.RETRY)
    rig.fire(TimerKind.HOST)
    assert rig.kept(ReversalFailed)[-1].code == "sign_in"
    assert rig.state.doubt.stage is DoubtStage.WAITING
    assert TimerKind.RETRY in rig.timers


def test_an_answer_to_another_reversal_is_ignored():
    rig = in_doubt()
    rig.answer(lambda reply: reply.fields.update({11: "000009"}))
    assert rig.state.doubt.stage is DoubtStage.SENDING
    assert rig.kept(StrayAnswer)[-1].mti == "0410"


def test_a_reversal_answer_may_leave_the_amount_out_but_not_change_it():
    rig = in_doubt()
    rig.answer(lambda reply: reply.fields.update({4: "000000000001"}))
    assert rig.state.doubt is not None
    rig.answer(lambda reply: reply.fields.pop(4))
    assert rig.state.doubt is None


def test_switching_off_keeps_the_doubt_and_the_next_log_in_reverses_it():
    rig = in_doubt()
    rig.tell(ev.PowerOff())
    assert (rig.state.phase, rig.state.doubt.stage) == (Phase.OFF, DoubtStage.NEEDS_PERSON)
    assert rig.timers == {}
    assert not rig.state.signed_in
    rig.switch_on().log_in()
    rig.answer()
    assert rig.state.phase is Phase.REVERSING
    assert UNIONPAY.decode(unpack_frame(rig.outbox[-1].frame[2:]).body).mti == "0400"
    rig.answer()
    assert rig.host.debits == 0


def test_the_reversal_keeps_the_batch_of_the_sale_after_a_sign_in_into_a_new_one():
    rig = in_doubt()
    rig.tell(ev.PowerOff())
    rig.host.batch = "000008"
    rig.switch_on().log_in()
    rig.answer()
    reversal = UNIONPAY.decode(unpack_frame(rig.outbox[-1].frame[2:]).body)
    assert (reversal.fields[60], reversal.fields[11]) == ("22000007000200", "000002")
    assert rig.state.batch.value == 8


def test_the_next_operator_finds_the_doubt_and_reverses_it():
    rig = given_up()
    rig.tell(ev.Dismiss())
    rig.tell(ev.LogOut())
    assert rig.state.doubt is not None
    rig.log_in("02")
    assert (rig.state.phase, rig.state.doubt.stage) == (Phase.REVERSING, DoubtStage.SENDING)


def test_no_power_button_is_too_early_for_a_reversal():
    rig = in_doubt()
    rig.tell(ev.PowerOff())
    assert rig.refusal is None
