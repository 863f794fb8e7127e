"""A sale up to its outcome, in exact terms, with real bytes and real MACs."""

from dataclasses import replace

import pytest

from tests.terminal.rig import MASKED, PIN, TRACK, Rig
from tongbao.domain.errors import InvariantViolationError
from tongbao.domain.ids import BatchNo, MerchantId, Stan
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Purpose, Track2
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.card_seal import CardSeal
from tongbao.terminal.core.records import (
    DoubtOpened,
    PaymentClosed,
    PaymentIntended,
    SignInStarted,
    StrayAnswer,
)
from tongbao.terminal.core.state import DayTotals, PartCheck
from tongbao.terminal.core.vocabulary import CheckResult, Cue, Outcome, Part, Phase, TimerKind
from tongbao.terminal.slip import SlipCopy, SlipOutcome
from tongbao.wire.unionpay.framing import unpack_frame
from tongbao.wire.unionpay.profile import HostProfile
from tongbao.wire.unionpay.table import UNIONPAY

# The worked example of the reference, 5.7: working keys 22.., 33.. and 44.. under a TMK of 11..
FIELD_62 = bytes.fromhex(
    "950973182317F80B950973182317F80B00962B60"
    "F679786E2411E3DE0000000000000000ADC67D84"
    "A0C45C59F1E549BBA0C45C59F1E549BBE2F24340"
)
EXAMPLE = bytes.fromhex(
    "0074 6000030000 603100310001 0200 302004C020C09811"
    "000000 000000012345 000001 0210 00 12"
    "37 6200001234567890128D301220100000000000"
    "3030303030303031 313233343536373839303132333435 313536"
    "0B1099C8B3051753 2600000000000000 0014 22000001000501 3135363944413943"
)


def test_the_worked_example_of_the_reference_is_sent_byte_for_byte():
    profile = HostProfile(sign_in_code="004")
    rig = Rig(merchant_id=MerchantId("123456789012345"), profile=profile, capabilities="501")
    rig.host.field62 = FIELD_62
    rig.host.batch = "000001"
    rig.ready()
    rig.state = replace(rig.state, next_trace=Stan(1))
    rig.sell(12_345)
    assert rig.outbox[-1].frame == EXAMPLE


def test_a_sale_goes_out_only_after_its_intent():
    rig = Rig().ready()
    rig.start()
    assert rig.state.phase is Phase.CARD
    assert rig.effects == [fx.StartTimer(TimerKind.CARD, 60_000)]
    rig.tell(ev.CardSwiped(TRACK))
    assert rig.state.phase is Phase.PIN
    assert rig.effects == [
        fx.StopTimer(TimerKind.CARD),
        fx.PlaySound(Cue.KEY),
        fx.StartTimer(TimerKind.PIN, 60_000),
    ]
    rig.tell(ev.PinEntered(PIN))
    intent = PaymentIntended(
        command_id="c-1",
        trace=2,
        batch=7,
        amount_minor=12_345,
        currency="156",
        card_masked=MASKED,
        entry_mode="021",
        processing_code="000000",
        condition_code="00",
        field60="22000007000200",
        operator="01",
        merchant_id="100000000000001",
        sealed_card=CardSeal(rig.keys, bytes).seal(7, 2, TRACK.pan),
    )
    assert rig.state.phase is Phase.AUTHORISING
    assert rig.effects == [
        fx.StopTimer(TimerKind.PIN),
        fx.Persist(intent),
        fx.Send(rig.outbox[-1].frame, 2),
        fx.StartTimer(TimerKind.HOST, 60_000),
    ]
    message = UNIONPAY.decode(unpack_frame(rig.outbox[-1].frame[2:]).body)
    assert sorted(message.fields) == [3, 4, 11, 22, 25, 26, 35, 41, 42, 49, 52, 53, 60, 64]


def test_pin_and_track_are_gone_from_the_state_when_the_message_is_built():
    rig = Rig().ready().sell()
    assert rig.state.draft is None
    assert "Track2" not in repr(rig.state)
    track = Track2(TRACK.reveal(Purpose.TEST))
    assert track.pan.reveal(Purpose.TEST) not in repr(rig.state)


def test_an_approval_is_kept_before_it_is_shown_and_printed():
    rig = Rig().ready().sell()
    rig.answer()
    closed = PaymentClosed(
        trace=2,
        batch=7,
        outcome="approved",
        code="00",
        auth_code="012345",
        rrn="112100000002",
        local_date="20261121",
        local_time="100000",
        issuer="01020000",
        acquirer="48031000",
        organisation="CUP",
    )
    assert [type(effect) for effect in rig.effects] == [
        fx.Persist,
        fx.StopTimer,
        fx.Print,
        fx.Print,
        fx.PlaySound,
    ]
    assert rig.effects[0] == fx.Persist(closed)
    assert rig.effects[-1] == fx.PlaySound(Cue.APPROVED)
    result = rig.state.result
    assert rig.state.phase is Phase.RESULT
    assert (result.outcome, result.words.code, result.words.zh) == (
        Outcome.APPROVED,
        "00",
        "交易成功",
    )
    assert (result.amount.minor, result.card_masked, result.trace) == (12_345, MASKED, Stan(2))
    assert (result.auth_code, result.rrn, result.slip) == ("012345", "112100000002", None)
    assert rig.state.today == DayTotals("20261121", 1, 12_345)
    assert rig.state.intent is None
    assert rig.timers == {}
    assert rig.host.pins == ["123456"]
    assert rig.host.debits == 12_345


def test_an_approved_sale_leaves_two_slips_and_shows_the_first_when_it_is_on_paper():
    rig = Rig(on_screen_pin=True).ready().sell()
    rig.answer()
    assert [job.name for job in rig.slips] == ["000002", "000002-cardholder"]
    first, second = (job.slip for job in rig.slips)
    assert (first.copy, second.copy) == (SlipCopy.MERCHANT, SlipCopy.CARDHOLDER)
    assert first == replace(second, copy=SlipCopy.MERCHANT)
    assert first.outcome is SlipOutcome.APPROVED
    assert (first.card_masked, first.auth_code, first.is_reprint) == (MASKED, "012345", False)
    assert first.at.local().strftime("%Y-%m-%d %H:%M:%S") == "2026-11-21 10:00:00"
    assert first.mark is not None
    rig.print_all()
    assert rig.state.result.slip == "000002"
    assert rig.state.recent[0].slip == "000002"


def test_a_decline_is_kept_shown_in_both_languages_and_prints_nothing():
    rig = Rig().ready()
    rig.host.codes = ["51"]
    rig.sell()
    rig.answer()
    closed = rig.kept(PaymentClosed)[-1]
    assert (closed.outcome, closed.code, closed.auth_code) == ("declined", "51", "")
    result = rig.state.result
    assert result.outcome is Outcome.DECLINED
    assert (result.words.zh, result.words.en) == ("可用余额不足", "Insufficient funds")
    assert result.action.zh
    assert rig.slips == []
    assert rig.cues[-1] is Cue.DECLINED
    assert rig.state.today == DayTotals()
    assert rig.state.signed_in


def test_a_decline_without_mac_is_a_doubt_where_the_host_signs_declines():
    rig = Rig().ready()
    rig.host.codes = ["55"]
    rig.sell()
    rig.answer(mac="missing")
    assert rig.state.phase is Phase.REVERSING
    assert rig.kept(DoubtOpened)[0].code == "55"


def test_a_decline_without_mac_is_believed_where_the_host_signs_none():
    rig = Rig(profile=HostProfile(mac_in_declines=False)).ready()
    rig.host.codes = ["55"]
    rig.sell()
    rig.answer(mac="missing")
    assert rig.state.result.words.code == "55"


@pytest.mark.parametrize("code", ["55", "58", "03", "97"])
def test_a_decline_without_mac_is_no_decline_where_the_host_signs_them(code):
    """Somebody in the line made it, or the host speaks of a second copy that it did not read."""
    rig = Rig().ready()
    rig.host.codes = ["00"]
    rig.sell()
    rig.answer(lambda reply: reply.fields.update({39: code}), mac="missing")
    assert rig.state.phase is Phase.REVERSING
    assert rig.kept(PaymentClosed) == []
    rig.answer()
    assert rig.state.result.outcome is Outcome.REVERSED
    assert rig.host.debits == 0


def test_a_signed_code_that_no_table_has_is_a_decline_that_names_itself():
    rig = Rig().ready()
    rig.host.codes = ["Z9"]
    rig.sell()
    rig.answer()
    assert rig.state.result.outcome is Outcome.DECLINED
    assert "Z9" in rig.state.result.words.zh


def test_the_hosts_own_text_replaces_the_tables():
    rig = Rig().ready()
    rig.host.codes = ["51"]
    rig.sell()
    rig.answer(lambda reply: reply.fields.update({63: "CUP余额不足，请充值      "}))
    assert rig.state.result.words.zh == "余额不足，请充值"
    assert rig.kept(PaymentClosed)[-1].remark == "余额不足，请充值"


@pytest.mark.parametrize("code", ["77", "99"])
def test_the_host_that_wants_a_sign_in_gets_one_while_the_result_stands(code):
    rig = Rig().ready()
    rig.host.codes = [code]
    rig.sell()
    rig.answer()
    assert rig.state.phase is Phase.RESULT
    assert rig.state.result.words.code == code
    assert not rig.state.signed_in
    assert rig.kept(SignInStarted)[-1].trace == 3
    rig.answer()
    assert (rig.state.phase, rig.state.signed_in) == (Phase.RESULT, True)
    rig.tell(ev.Dismiss())
    assert rig.state.phase is Phase.IDLE


def test_leaving_the_result_early_shows_the_sign_in_that_still_runs():
    rig = Rig().ready()
    rig.host.codes = ["77"]
    rig.sell()
    rig.answer()
    rig.tell(ev.Dismiss())
    assert rig.state.phase is Phase.SIGNING_IN
    rig.answer()
    assert (rig.state.phase, rig.state.signed_in) == (Phase.IDLE, True)


def test_the_header_can_ask_for_a_sign_in_after_an_approval():
    rig = Rig().ready()
    rig.host.header = "603103310001"
    rig.sell()
    rig.answer()
    assert rig.state.result.outcome is Outcome.APPROVED
    assert rig.kept(SignInStarted)[-1].trace == 3


def test_a_message_that_never_left_is_cancelled_and_nothing_is_in_doubt():
    rig = Rig().ready().sell()
    rig.tell(ev.SendFailed(rig.outbox[-1].ticket, sent=False))
    assert rig.kept(PaymentClosed)[-1].outcome == "not_sent"
    assert rig.state.result.outcome is Outcome.CANCELLED
    assert rig.state.result.words.code == "not_sent"
    assert (rig.state.doubt, rig.state.next_trace) == (None, Stan(3))


def test_the_failure_of_an_earlier_message_does_not_touch_the_sale():
    rig = Rig().ready().sell()
    rig.tell(ev.SendFailed(rig.outbox[0].ticket, sent=False))
    rig.tell(ev.LinkDown(frozenset({rig.outbox[0].ticket})))
    assert rig.state.phase is Phase.AUTHORISING
    assert not rig.state.link_up


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda reply: reply.fields.update({3: "310000"}), id="other-processing-code"),
        pytest.param(lambda reply: reply.fields.update({4: "000000012346"}), id="other-amount"),
        pytest.param(lambda reply: reply.fields.update({11: "000003"}), id="other-trace"),
        pytest.param(lambda reply: reply.fields.update({41: "00000002"}), id="other-terminal"),
        pytest.param(
            lambda reply: reply.fields.update({42: "100000000000002"}), id="other-merchant"
        ),
        pytest.param(lambda reply: setattr(reply, "mti", "0410"), id="other-type"),
        pytest.param(lambda reply: reply.fields.pop(4), id="no-amount"),
    ],
)
def test_an_answer_that_is_not_for_this_sale_is_put_on_record_and_ignored(change):
    rig = Rig().ready().sell()
    rig.answer(change)
    assert rig.state.phase is Phase.AUTHORISING
    assert [type(effect) for effect in rig.effects] == [fx.Persist]
    assert rig.kept(StrayAnswer)[-1].code == "00"
    assert TimerKind.HOST in rig.timers


@pytest.mark.parametrize(
    "frame", [b"", b"\x60", bytes(40), bytes(11) + b"\x02\x10"], ids=["none", "1", "zeros", "cut"]
)
def test_bytes_that_are_no_message_are_ignored(frame):
    rig = Rig().ready().sell()
    assert rig.hear(frame) == []
    assert rig.state.phase is Phase.AUTHORISING


def test_every_truncation_of_the_answer_is_ignored():
    rig = Rig().ready().sell()
    frame = rig.host.answer(rig.outbox[-1].frame)
    for length in range(len(frame)):
        rig.hear(frame[:length])
        assert rig.state.phase is Phase.AUTHORISING
    rig.hear(frame)
    assert rig.state.result.outcome is Outcome.APPROVED


def test_stray_answers_cannot_fill_the_journal():
    rig = Rig().ready().sell()
    frame = rig.host.answer(rig.outbox[-1].frame, lambda reply: reply.fields.update({11: "999999"}))
    for _ in range(50):
        rig.hear(frame)
    assert len(rig.kept(StrayAnswer)) == 20


def test_a_sale_is_not_started_without_sign_in():
    rig = Rig().switch_on().log_in()
    rig.fire(TimerKind.HOST)
    assert rig.state.phase is Phase.IDLE
    rig.start()
    assert (rig.refusal, rig.state.phase) == ("not_signed_in", Phase.IDLE)


def test_a_sale_is_not_started_with_a_broken_reader():
    rig = Rig()
    rig.tell(ev.PowerOn())
    rig.tell(ev.SelfCheckDone((PartCheck(Part.READER, CheckResult.FAIL, "port taken"),)))
    rig.log_in()
    rig.answer()
    rig.start()
    assert (rig.refusal, rig.state.phase) == ("reader_broken", Phase.IDLE)


@pytest.mark.parametrize(
    "amount",
    [
        Money(0, Currency.CNY),
        Money(-1, Currency.CNY),
        Money(100_000_001, Currency.CNY),
        Money(100, Currency.USD),
    ],
    ids=str,
)
def test_an_amount_out_of_bounds_is_refused(amount):
    rig = Rig().ready()
    rig.tell(ev.Start("c-1", "sale", amount))
    assert (rig.refusal, rig.state.phase) == ("bad_amount", Phase.IDLE)


@pytest.mark.parametrize("amount_minor", [1, 100_000_000])
def test_the_smallest_and_the_largest_amount_are_taken(amount_minor):
    rig = Rig().ready().sell(amount_minor)
    rig.answer()
    assert rig.host.debits == amount_minor


def test_cancelling_before_anything_was_sent_uses_no_trace_and_forgets_the_card():
    rig = Rig().ready()
    for swipe in (False, True):
        rig.start()
        if swipe:
            rig.tell(ev.CardSwiped(TRACK))
        rig.tell(ev.Cancel())
        assert (rig.state.phase, rig.state.draft) == (Phase.IDLE, None)
    assert rig.timers == {}
    assert rig.state.next_trace == Stan(2)
    assert rig.kept(PaymentIntended) == []


def test_no_card_or_no_pin_in_time_ends_in_words():
    rig = Rig().ready()
    rig.start()
    rig.fire(TimerKind.CARD)
    assert rig.state.result.words.code == "card_timeout"
    rig.tell(ev.Dismiss())
    rig.start()
    rig.tell(ev.CardSwiped(TRACK))
    rig.fire(TimerKind.PIN)
    assert rig.state.result.words.code == "pin_timeout"
    assert rig.state.result.outcome is Outcome.CANCELLED
    assert rig.state.result.trace is None
    assert rig.state.draft is None


def test_a_second_swipe_does_not_replace_the_first_card():
    rig = Rig().ready()
    rig.start()
    rig.tell(ev.CardSwiped(TRACK))
    assert rig.tell(ev.CardSwiped(Track2("6200009999999999999=30122010000000000"))) == []
    assert rig.state.draft.card.track == TRACK


def test_a_card_whose_number_cannot_make_a_pin_block_is_turned_away():
    rig = Rig().ready()
    rig.start()
    rig.tell(ev.CardSwiped(Track2("620000123456=30122010000000000")))
    rig.tell(ev.PinEntered(PIN))
    assert rig.state.result.words.code == "card_unusable"
    assert rig.kept(PaymentIntended) == []
    assert rig.state.next_trace == Stan(2)


def test_the_batch_of_the_sale_is_the_one_of_the_sign_in():
    rig = Rig()
    rig.host.batch = "000123"
    rig.ready().sell()
    assert rig.state.batch == BatchNo(123)
    assert rig.state.intent.field60 == "22000123000200"


def test_trace_numbers_wrap_to_one():
    rig = Rig().ready()
    rig.state = replace(rig.state, next_trace=Stan(999_999))
    rig.sell()
    rig.answer()
    assert rig.state.next_trace == Stan(1)


def test_a_new_day_begins_the_totals_anew():
    rig = Rig().ready()
    for number, date in enumerate(("1121", "1121", "1122")):
        rig.host.clock = (date, "235959")
        rig.sell(100, f"c-{number}")
        rig.answer()
        rig.tell(ev.Dismiss())
    assert rig.state.today == DayTotals("20261122", 1, 100)


def test_the_list_of_last_payments_is_newest_first_and_bounded():
    rig = Rig().ready()
    for number in range(25):
        rig.sell(number + 1, f"c-{number}")
        rig.answer()
        rig.tell(ev.Dismiss())
    assert [line.amount_minor for line in rig.state.recent] == list(range(25, 5, -1))


def test_a_power_button_does_not_end_a_payment_under_way():
    rig = Rig().ready().sell()
    rig.tell(ev.PowerOff())
    assert (rig.refusal, rig.state.phase) == ("payment_running", Phase.AUTHORISING)


def test_a_timer_that_cannot_run_stops_the_program():
    rig = Rig().ready()
    with pytest.raises(InvariantViolationError):
        rig.tell(ev.Timeout(TimerKind.PIN))
