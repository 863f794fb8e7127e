"""What cannot go well is refused before a card is read: nothing sent, nothing written."""

from dataclasses import replace
from random import Random

import pytest

from tests.terminal.rig import TRACK, Rig
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.domain.ids import OperatorNo, Stan
from tongbao.domain.secrets import Pan, Pin, Track2
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.downloading import TOKEN_KEY
from tongbao.terminal.core.records import LoggedIn, LogInFailed, PaymentIntended, SupervisorApproved
from tongbao.terminal.core.vocabulary import Outcome, Phase, TimerKind
from tongbao.wire.unionpay.profile import HostProfile

WRONG = ev.Approval(OperatorNo("00"), Pin("999999"))
KEYED = {"on_screen_card_entry": True}


def refused(rig, kind, **given):
    """Return the refusal, after checking that it leaves everything as it was."""
    before, sent, records = rig.state, len(rig.outbox), len(rig.records)
    rig.begin(kind, "refused", **given)
    assert rig.refusal is not None
    assert rig.state.phase is Phase.IDLE
    assert (len(rig.outbox), len(rig.records)) == (sent, records)
    assert rig.state is before
    return rig.refusal


@pytest.fixture
def rig():
    rig = Rig().ready()
    rig.settle("sale", amount=10_000)
    return rig


@pytest.mark.parametrize(
    ("kind", "given", "code"),
    [
        ("teleport", {}, "unknown_kind"),
        ("chip_offline_sale", {"amount": 1}, "kind_not_allowed"),
        ("mail_order", {"amount": 1}, "kind_not_allowed"),
        ("completion_advice", {"amount": 1}, "kind_not_allowed"),
        ("sale", {}, "bad_amount"),
        ("sale", {"amount": 100_000_001}, "bad_amount"),
        ("void", {}, "original_needed"),
        ("void", {"trace": 99}, "no_such_payment"),
        ("void", {"trace": 2, "batch": 6}, "no_such_payment"),
        ("completion_void", {"trace": 2}, "wrong_original"),
        ("adjustment", {"trace": 2, "amount": 5}, "wrong_original"),
        ("tip", {"trace": 2}, "bad_amount"),
        ("tip", {"trace": 2, "tip": 2_001}, "tip_too_large"),
        ("refund", {"amount": 1, "date": "1121"}, "bad_rrn"),
        ("refund", {"amount": 1, "rrn": "12", "date": "1121"}, "bad_rrn"),
        ("refund", {"amount": 1, "rrn": "112100000077"}, "bad_date"),
        ("refund", {"amount": 1, "rrn": "112100000077", "date": "1332"}, "bad_date"),
        (
            "refund",
            {"amount": 1, "rrn": "112100000077", "date": "1121", "auth_code": "1234567"},
            "bad_auth_code",
        ),
        ("pre_authorisation_void", {"amount": 1, "date": "1121"}, "bad_auth_code"),
        ("completion", {"amount": 1, "auth_code": "012345"}, "bad_date"),
        ("offline_sale", {"amount": 1}, "bad_auth_code"),
        ("offline_sale", {"amount": 1, "auth_code": "A 1"}, "bad_auth_code"),
    ],
)
def test_wrong_use_is_refused_with_its_reason(rig, kind, given, code):
    assert refused(rig, kind, **given) == code


def test_a_largest_tip_is_taken(rig):
    rig.begin("tip", tip=2_000, trace=2)
    assert rig.state.phase is Phase.AUTHORISING


def test_a_second_tip_is_refused(rig):
    rig.settle("tip", "p-2", tip=1_000, trace=2)
    assert refused(rig, "tip", tip=100, trace=2) == "already_tipped"


def test_a_void_twice_is_refused(rig):
    rig.settle("void", "p-2", trace=2)
    assert refused(rig, "void", trace=2) == "already_void"
    assert refused(rig, "tip", tip=100, trace=2) == "already_void"
    sale = rig.state.items[0]
    assert refused(rig, "refund", amount=1, rrn=sale.closed.rrn, date="1121") == "already_void"


def test_a_void_of_what_was_declined_or_reversed_is_refused(rig):
    rig.host.codes = ["51"]
    rig.pay("sale", "p-2", amount=100)
    rig.answer()
    rig.tell(ev.Dismiss())
    assert refused(rig, "void", trace=3) == "original_not_approved"
    rig.pay("sale", "p-3", amount=100)
    rig.fire(TimerKind.HOST)
    rig.answer()
    rig.tell(ev.Dismiss())
    assert refused(rig, "void", trace=4) == "original_not_approved"


def test_a_declined_void_leaves_the_sale_open_to_another(rig):
    rig.host.codes = ["05"]
    rig.pay("void", "p-2", trace=2)
    rig.answer()
    rig.tell(ev.Dismiss())
    rig.pay("void", "p-3", trace=2)
    assert rig.sent().fields[61] == "000007000002"


def test_refunds_are_refused_above_what_is_left(rig):
    rrn = rig.state.items[0].closed.rrn
    assert refused(rig, "refund", amount=10_001, rrn=rrn, date="1121") == "refund_too_large"
    rig.settle("refund", "p-2", amount=6_000, rrn=rrn, date="1121")
    assert refused(rig, "refund", amount=4_001, rrn=rrn, date="1121") == "refund_too_large"
    assert refused(rig, "void", trace=2) == "already_used"
    rig.settle("refund", "p-3", amount=4_000, rrn=rrn, date="1121")
    assert rig.host.debits == 0


def test_a_completion_above_the_share_and_a_second_one_are_refused(rig):
    rig.settle("pre_authorisation", "p-2", amount=10_000)
    hold = {"auth_code": "012345", "date": "1121"}
    assert refused(rig, "completion", amount=11_501, **hold) == "completion_too_large"
    assert refused(rig, "pre_authorisation_void", amount=9_999, **hold) == "not_the_held_amount"
    rig.settle("completion", "p-3", amount=11_500, **hold)
    assert refused(rig, "completion", amount=1, **hold) == "already_used"
    assert refused(rig, "pre_authorisation_void", amount=10_000, **hold) == "already_used"


def test_nothing_starts_without_a_sign_in(rig):
    rig.state = replace(rig.state, signed_in=False)
    assert refused(rig, "void", trace=2) == "not_signed_in"


def test_a_supervisor_approves_while_the_cashier_stays(rig):
    rig.begin("void", trace=2)
    assert rig.state.phase is Phase.CARD
    assert rig.state.operator == OperatorNo("01")
    assert rig.kept(SupervisorApproved) == [SupervisorApproved(operator="00", what="void")]
    assert len(rig.kept(LoggedIn)) == 1
    rig.tell(ev.CardSwiped(TRACK))
    assert (rig.state.intent.operator, rig.state.intent.approver) == ("01", "00")


def test_a_sale_needs_no_supervisor_and_names_none(rig):
    rig.pay("sale", "p-2", amount=100)
    assert rig.state.intent.approver == ""
    assert rig.kept(SupervisorApproved) == []


@pytest.mark.parametrize(
    ("approval", "code"),
    [(None, "supervisor_needed"), (ev.Approval(OperatorNo("01"), Pin("0000")), "not_a_supervisor")],
)
def test_only_a_supervisor_approves(rig, approval, code):
    assert refused(rig, "void", trace=2, approval=approval) == code


def test_wrong_passwords_of_a_supervisor_are_counted_and_slowed_like_those_of_a_log_in(rig):
    rig.begin("void", trace=2, approval=WRONG)
    assert (rig.refusal, rig.state.phase) == ("wrong_password", Phase.IDLE)
    assert rig.kept(LogInFailed) == [LogInFailed(operator="00")]
    assert refused(rig, "void", trace=2) == "log_in_wait"
    rig.wait(1_000)
    rig.begin("void", "p-2", trace=2, approval=WRONG)
    assert rig.state.log_in_failures == 2
    rig.wait(1_000)
    assert refused(rig, "void", trace=2) == "log_in_wait"
    rig.wait(1_000)
    rig.begin("void", "p-3", trace=2)
    assert (rig.state.phase, rig.state.log_in_failures) == (Phase.CARD, 0)
    assert "999999" not in repr(rig.records)


def test_wrong_passwords_of_a_supervisor_still_count_after_a_power_cut(rig):
    rig.begin("void", trace=2, approval=WRONG)
    rig.power_cut().switch_on()
    rig.log_in()
    assert rig.refusal == "log_in_wait"


def test_a_supervisor_is_asked_for_what_the_profile_says():
    rig = Rig(profile=HostProfile(supervisor_for=("sale",))).ready()
    assert refused(rig, "sale", amount=1, approval=None) == "supervisor_needed"
    rig.settle("sale", amount=100)
    rig.begin("void", "p-2", trace=2, approval=None)
    assert rig.state.phase is Phase.CARD


def test_another_card_than_that_of_the_original_is_not_taken(rig):
    rig.begin("void", trace=2)
    rig.tell(ev.CardSwiped(Track2("6200001234567890136=30122010000000000")))
    assert (rig.refusal, rig.state.phase) == ("not_the_same_card", Phase.CARD)
    rig.tell(ev.CardSwiped(TRACK))
    assert rig.state.phase is Phase.AUTHORISING


@pytest.mark.parametrize(
    ("digits", "expiry", "code"),
    [
        ("6200001234567890127", "3012", "bad_card_number"),
        ("6200001234567890128", "2610", "card_expired"),
    ],
)
def test_a_keyed_card_is_checked(digits, expiry, code):
    rig = Rig(**KEYED).ready()
    rig.begin("sale", amount=1)
    rig.tell(ev.CardEntered(Pan(digits), expiry))
    assert (rig.refusal, rig.state.phase) == (code, Phase.CARD)
    assert digits not in repr(rig.state)


def test_a_card_of_this_month_is_still_good():
    rig = Rig(**KEYED).ready()
    rig.begin("sale", amount=1)
    rig.tell(ev.CardEntered(TRACK.pan, "2611"))
    assert rig.state.phase is Phase.PIN


def test_a_card_is_not_keyed_where_the_setting_does_not_allow_it(rig):
    rig.begin("sale", amount=1)
    rig.tell(ev.CardEntered(TRACK.pan, "3012"))
    assert (rig.refusal, rig.state.phase) == ("not_keyed", Phase.CARD)


def test_a_tip_whose_card_number_is_gone_is_not_sent(rig):
    rig.keys.destroy("batch/000007")
    rig.begin("tip", tip=100, trace=2)
    assert rig.state.result.words.code == "card_unusable"
    assert len(rig.kept(PaymentIntended)) == 1


def test_a_payment_that_was_never_started_has_nothing_to_undo(rig):
    assert refused(rig, "void", trace=Stan(77)) == "no_such_payment"
    assert rig.state.result is None
    assert all(item.outcome is Outcome.APPROVED for item in rig.state.items)


def blacklist(rig, pan):
    rig.keys.make_key(TOKEN_KEY, KeyAlgorithm.HMAC, Random(2).randbytes)
    token = rig.keys.token(TOKEN_KEY, pan)
    loaded = replace(rig.state.loaded, blacklist=frozenset({token}))
    rig.state = replace(rig.state, loaded=loaded)


@pytest.mark.parametrize("kind", ["sale", "pre_authorisation", "balance"])
def test_a_blacklisted_card_is_refused_and_forgotten(kind):
    rig = Rig().ready()
    blacklist(rig, TRACK.pan)
    rig.begin(kind, **({} if kind == "balance" else {"amount": 100}))
    rig.tell(ev.CardSwiped(TRACK))
    assert (rig.state.phase, rig.state.draft) == (Phase.RESULT, None)
    assert rig.state.result.words.code == "blacklisted"
    assert rig.kept(PaymentIntended) == []
    assert rig.timers == {}


def test_money_goes_back_to_a_blacklisted_card_and_others_may_pay(rig):
    blacklist(rig, TRACK.pan)
    rig.begin("void", trace=2)
    rig.tell(ev.CardSwiped(TRACK))
    assert rig.state.phase is Phase.AUTHORISING
    rig.answer()
    rig.tell(ev.Dismiss())
    rig.begin("sale", "p-2", amount=100)
    rig.tell(ev.CardSwiped(Track2("6200001234567890136=30122010000000000")))
    assert rig.state.phase is Phase.PIN
