"""Every kind of transaction: its exact fields, its journal and what becomes of it."""

from pathlib import Path

import pytest

from tests.terminal.rig import MASKED, PIN, TRACK, Rig
from tongbao.domain.ids import BatchNo, Stan
from tongbao.domain.secrets import Purpose
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.kinds import RULE_OF, RULES, is_allowed
from tongbao.terminal.core.records import PaymentClosed, PaymentIntended
from tongbao.terminal.core.transaction_page import transaction_page
from tongbao.terminal.core.vocabulary import Outcome, Phase
from tongbao.wire.unionpay.profile import HostProfile
from tongbao.wire.unionpay.transactions import KINDS, Resolution

ADVICE = HostProfile(completion_message="advice")
PAN = TRACK.pan.reveal(Purpose.TEST)
# In each request.
ALWAYS = {3, 11, 22, 25, 41, 42, 49, 60, 64}
SWIPED = {35, 53}
WITH_PIN = {26, 52}


def clear(message, number):
    return message.secret_text(number).reveal(Purpose.TEST)


def a_sale(rig, amount=12_345):
    return rig.settle("sale", f"sale-{amount}", amount=amount)


def a_hold(rig, amount=10_000):
    return rig.settle("pre_authorisation", f"hold-{amount}", amount=amount)


def test_the_kinds_are_those_of_the_dialect_each_with_its_own_code():
    assert {rule.kind for rule in RULES} == set(KINDS)
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert all(rule.originals <= set(KINDS) for rule in RULES)


def test_a_sale_with_pin_says_exactly_this():
    rig = Rig().ready().pay("sale", amount=12_345)
    sent = rig.sent()
    assert sent.mti == "0200"
    assert set(sent.fields) == ALWAYS | SWIPED | WITH_PIN | {4}
    assert sent.fields[4] == "000000012345"
    assert (sent.fields[22], sent.fields[25], sent.fields[60]) == ("021", "00", "22000007000200")
    assert sent.fields[53] == "2600000000000000"


def test_a_sale_without_pin_leaves_the_pin_fields_out():
    rig = Rig().ready()
    rig.begin("sale", amount=500)
    rig.tell(ev.CardSwiped(TRACK))
    rig.tell(ev.PinSkipped())
    sent = rig.sent()
    assert set(sent.fields) == ALWAYS | SWIPED | {4}
    assert (sent.fields[22], sent.fields[53]) == ("022", "0600000000000000")
    rig.answer()
    assert rig.host.pins == []
    assert rig.host.debits == 500


def test_a_balance_has_no_amount_and_leaves_nothing_in_the_batch():
    rig = Rig().ready().pay("balance")
    sent = rig.sent()
    assert (sent.mti, sent.fields[3], sent.fields[60]) == ("0200", "310000", "0100000700020")
    assert set(sent.fields) == ALWAYS | SWIPED | WITH_PIN
    rig.answer()
    result = rig.state.result
    assert (result.outcome, result.available_minor, result.balance_minor) == (
        Outcome.APPROVED,
        123_456,
        None,
    )
    assert rig.slips == []
    assert rig.state.today.amount_minor == 0
    assert rig.kept(PaymentIntended)[0].sealed_card == ""
    assert "123456" not in repr(rig.kept(PaymentClosed))


def test_a_balance_needs_the_pin():
    rig = Rig().ready()
    rig.begin("balance")
    rig.tell(ev.CardSwiped(TRACK))
    rig.tell(ev.PinSkipped())
    assert (rig.refusal, rig.state.phase) == ("pin_needed", Phase.PIN)


def test_a_void_names_its_original_in_fields_37_38_and_61():
    rig = Rig().ready()
    sale = a_sale(rig)
    rig.pay("void", trace=sale.intent.trace)
    sent = rig.sent()
    assert (sent.mti, sent.fields[3], sent.fields[60]) == ("0200", "200000", "23000007000200")
    assert set(sent.fields) == ALWAYS | SWIPED | {4, 37, 38, 61}
    assert sent.fields[4] == "000000012345"
    assert sent.fields[37] == sale.closed.rrn
    assert sent.fields[38] == "012345"
    assert sent.fields[61] == "000007000002"
    assert sent.fields[22] == "022"
    rig.answer()
    assert rig.host.debits == 0
    assert rig.state.today.amount_minor == 0
    assert rig.state.result.original_trace == sale.intent.trace
    intent = rig.kept(PaymentIntended)[-1]
    assert (intent.approver, intent.operator) == ("00", "01")
    assert (intent.original_batch, intent.original_trace) == (7, 2)


def test_a_void_can_ask_for_the_pin_where_the_host_wants_it():
    rig = Rig(profile=HostProfile(pin_on_void=True)).ready()
    sale = a_sale(rig)
    rig.pay("void", trace=sale.intent.trace)
    assert set(rig.sent().fields) == ALWAYS | SWIPED | WITH_PIN | {4, 37, 38, 61}
    assert rig.sent().fields[22] == "021"


def test_a_void_without_card_sends_the_number_that_the_batch_has_sealed():
    rig = Rig(profile=HostProfile(card_on_void=False)).ready()
    sale = a_sale(rig)
    rig.begin("void", trace=sale.intent.trace)
    assert rig.state.phase is Phase.AUTHORISING
    sent = rig.sent()
    assert set(sent.fields) == ALWAYS | {2, 4, 37, 38, 61}
    assert clear(sent, 2) == PAN
    assert (sent.fields[22], rig.state.intent.card_masked) == ("012", MASKED)


def test_a_refund_of_an_earlier_day_is_named_by_its_reference_number():
    rig = Rig().ready()
    rig.pay("refund", amount=5_000, rrn="112000000077", date="1120", batch=6, trace=15)
    sent = rig.sent()
    assert (sent.mti, sent.fields[3], sent.fields[60]) == ("0220", "200000", "25000007000200")
    assert set(sent.fields) == ALWAYS | SWIPED | {4, 37, 61, 63}
    assert (sent.fields[37], sent.fields[61], sent.fields[63]) == (
        "112000000077",
        "0000060000151120",
        "000",
    )
    rig.answer()
    assert rig.host.debits == -5_000
    assert rig.state.today.amount_minor == -5_000


def test_a_refund_says_zeros_for_what_nobody_knows_and_the_code_when_it_is_known():
    rig = Rig().ready()
    rig.pay("refund", amount=5_000, rrn="112000000077", date="1120", auth_code="A1B2C3")
    sent = rig.sent()
    assert (sent.fields[38], sent.fields[61]) == ("A1B2C3", "0000000000001120")


def test_a_pre_authorisation_holds_and_counts_for_nothing():
    rig = Rig().ready().pay("pre_authorisation", amount=10_000)
    sent = rig.sent()
    assert (sent.mti, sent.fields[3], sent.fields[25]) == ("0100", "030000", "06")
    assert sent.fields[60] == "10000007000200"
    assert set(sent.fields) == ALWAYS | SWIPED | WITH_PIN | {4}
    rig.answer()
    assert (rig.state.result.auth_code, rig.state.today.count) == ("012345", 0)
    assert rig.host.debits == 0


def test_a_pre_authorisation_of_this_batch_is_found_by_its_code():
    rig = Rig().ready()
    a_hold(rig)
    rig.pay("pre_authorisation_void", amount=10_000, auth_code="012345", date="1121")
    sent = rig.sent()
    assert (sent.mti, sent.fields[3], sent.fields[60]) == ("0100", "200000", "11000007000200")
    assert set(sent.fields) == ALWAYS | SWIPED | {4, 38, 61}
    assert (sent.fields[38], sent.fields[61]) == ("012345", "0000070000021121")


def test_a_pre_authorisation_of_another_terminal_is_named_by_code_and_date():
    rig = Rig().ready()
    rig.pay("pre_authorisation_void", amount=10_000, auth_code="X9", date="1119")
    sent = rig.sent()
    assert (sent.fields[38], sent.fields[61]) == ("X9    ", "0000000000001119")


def test_a_completion_takes_the_money():
    rig = Rig().ready()
    a_hold(rig)
    rig.pay("completion", amount=9_000, auth_code="012345", date="1121")
    sent = rig.sent()
    assert (sent.mti, sent.fields[3], sent.fields[25]) == ("0200", "000000", "06")
    assert sent.fields[60] == "20000007000200"
    assert set(sent.fields) == ALWAYS | SWIPED | {4, 38, 61}
    rig.answer()
    assert rig.host.debits == 9_000
    assert (rig.state.today.count, rig.state.today.amount_minor) == (1, 9_000)


def test_a_completion_asks_for_the_pin_where_the_host_wants_it():
    rig = Rig(profile=HostProfile(pin_on_completion=True)).ready()
    rig.pay("completion", amount=9_000, auth_code="012345", date="1121")
    assert set(rig.sent().fields) == ALWAYS | SWIPED | WITH_PIN | {4, 38, 61}


def test_a_completion_by_advice_never_has_a_pin():
    rig = Rig(profile=ADVICE).ready()
    rig.pay("completion_advice", amount=9_000, auth_code="012345", date="1121")
    sent = rig.sent()
    assert (sent.mti, sent.fields[60]) == ("0220", "24000007000200")
    assert set(sent.fields) == ALWAYS | SWIPED | {4, 38, 61}


def test_a_completion_void_names_rrn_code_and_date():
    rig = Rig().ready()
    a_hold(rig)
    done = rig.settle("completion", "p-2", amount=9_000, auth_code="012345", date="1121")
    rig.pay("completion_void", "p-3", trace=done.intent.trace)
    sent = rig.sent()
    assert (sent.mti, sent.fields[3], sent.fields[60]) == ("0200", "200000", "21000007000200")
    assert set(sent.fields) == ALWAYS | SWIPED | {4, 37, 38, 61}
    assert (sent.fields[37], sent.fields[61]) == (done.closed.rrn, "0000070000031121")
    rig.answer()
    assert rig.host.debits == 0


def test_an_offline_sale_carries_the_code_that_the_phone_gave():
    rig = Rig().ready()
    rig.pay("offline_sale", amount=7_000, auth_code="TEL123")
    sent = rig.sent()
    assert (sent.mti, sent.fields[3], sent.fields[60]) == ("0220", "000000", "30000007000200")
    assert set(sent.fields) == ALWAYS | SWIPED | {4, 38, 63}
    assert (sent.fields[38], sent.fields[63]) == ("TEL123", "000")
    rig.answer()
    assert rig.host.debits == 7_000


def test_an_adjustment_puts_a_new_amount_in_the_place_of_the_old():
    rig = Rig().ready()
    offline = rig.settle("offline_sale", amount=7_000, auth_code="TEL123")
    rig.begin("adjustment", "p-2", amount=6_500, trace=offline.intent.trace)
    sent = rig.sent()
    assert (sent.mti, sent.fields[60]) == ("0220", "32000007000200")
    assert set(sent.fields) == ALWAYS | {2, 4, 37, 38, 61, 63}
    assert (clear(sent, 2), sent.fields[4], sent.fields[22]) == (PAN, "000000006500", "012")
    assert sent.fields[61] == "0000070000021121" + "01" + "0" * 11
    rig.answer()
    assert rig.host.debits == 6_500
    assert (rig.state.today.count, rig.state.today.amount_minor) == (1, 6_500)


def test_a_tip_sends_the_new_total_and_the_tip():
    rig = Rig().ready()
    sale = a_sale(rig, 10_000)
    rig.begin("tip", tip=1_500, trace=sale.intent.trace)
    sent = rig.sent()
    assert (sent.mti, sent.fields[60]) == ("0220", "34000007000200")
    assert set(sent.fields) == ALWAYS | {2, 4, 37, 38, 48, 61, 63}
    assert (sent.fields[4], sent.fields[48]) == ("000000011500", "000000001500")
    assert (sent.fields[61], sent.fields[63]) == ("0000070000021121", "CUP")
    rig.answer()
    assert (rig.state.result.tip_minor, rig.state.result.amount.minor) == (1_500, 11_500)
    assert rig.host.debits == 11_500
    assert (rig.state.today.count, rig.state.today.amount_minor) == (1, 11_500)


def test_a_void_of_a_sale_with_tip_takes_all_of_it_back():
    rig = Rig().ready()
    sale = a_sale(rig, 10_000)
    rig.begin("tip", tip=1_500, trace=sale.intent.trace)
    rig.answer()
    rig.tell(ev.Dismiss())
    rig.pay("void", "p-2", trace=sale.intent.trace)
    assert rig.sent().fields[4] == "000000011500"
    rig.answer()
    assert rig.host.debits == 0


def test_a_mail_order_is_keyed_and_has_no_pin():
    rig = Rig(on_screen_card_entry=True, mail_order_allowed=True).ready()
    rig.begin("mail_order", amount=3_000)
    rig.tell(ev.CardSwiped(TRACK))
    assert (rig.refusal, rig.state.phase) == ("swipe_not_here", Phase.CARD)
    rig.tell(ev.CardEntered(TRACK.pan, "3012"))
    sent = rig.sent()
    assert (sent.mti, sent.fields[25], sent.fields[22]) == ("0200", "08", "012")
    assert set(sent.fields) == ALWAYS | {2, 4, 14}
    assert (clear(sent, 2), sent.fields[14]) == (PAN, "3012")
    rig.answer()
    assert rig.host.debits == 3_000


def test_a_keyed_sale_has_number_and_expiry_and_no_track():
    rig = Rig(on_screen_card_entry=True).ready()
    rig.begin("sale", amount=3_000)
    rig.tell(ev.CardEntered(TRACK.pan, "3012"))
    rig.tell(ev.PinEntered(PIN))
    sent = rig.sent()
    assert set(sent.fields) == ALWAYS | WITH_PIN | {2, 4, 14, 53}
    assert (sent.fields[22], sent.fields[53]) == ("011", "2600000000000000")
    rig.answer()
    assert rig.host.pins == ["123456"]


def test_the_profile_can_have_number_and_expiry_beside_the_track():
    rig = Rig(profile=HostProfile(pan_in_swiped=True, expiry_in_swiped=True)).ready()
    rig.pay("sale", amount=100)
    sent = rig.sent()
    assert set(sent.fields) == ALWAYS | SWIPED | WITH_PIN | {2, 4, 14}
    assert (clear(sent, 2), sent.fields[14]) == (PAN, "3012")


def test_sm4_keys_move_the_pin_block_into_field_59():
    rig = Rig(profile=HostProfile(sign_in_code="006")).ready()
    rig.pay("sale", amount=100)
    sent = rig.sent()
    assert set(sent.fields) == ALWAYS | SWIPED | WITH_PIN | {4, 59}
    assert sent.fields[53] == "2300000000000000"
    assert sent.secret_bytes(52).reveal(Purpose.TEST) == bytes(8)
    rig.answer()
    assert rig.state.result.outcome is Outcome.APPROVED
    assert rig.host.pins == ["123456"]


@pytest.mark.parametrize("code", ["004", "006"])
def test_a_track_can_be_encrypted(code):
    rig = Rig(profile=HostProfile(sign_in_code=code, track_encryption=True)).ready()
    rig.pay("sale", amount=100)
    sent = rig.sent()
    assert sent.fields[53][2] == "1"
    on_the_wire = clear(sent, 35)
    track = TRACK.reveal(Purpose.TEST).replace("=", "D")
    assert on_the_wire != track
    assert len(on_the_wire) == len(track)
    rig.answer()
    assert rig.host.tracks[0].replace("=", "D") == track
    assert rig.host.pins == ["123456"]


@pytest.mark.parametrize("word", ["x9_9", "x9_19"])
def test_the_mac_is_the_one_of_the_profile(word):
    code = "001" if word == "x9_9" else "003"
    profile = HostProfile(mac_algorithm=word, sign_in_code=code)
    rig = Rig(profile=profile).ready().pay("sale", amount=100)
    rig.answer()
    assert rig.state.result.outcome is Outcome.APPROVED
    assert rig.host.bad_macs == 0


def test_which_message_completes_is_a_setting_of_the_host():
    for profile, allowed, refused in (
        (HostProfile(), "completion", "completion_advice"),
        (ADVICE, "completion_advice", "completion"),
    ):
        rig = Rig(profile=profile).ready()
        assert is_allowed(RULE_OF[allowed], rig.settings)
        rig.begin(refused, amount=1, auth_code="1", date="1121")
        assert rig.refusal == "kind_not_allowed"
        assert rig.sent().mti == "0800"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_what_a_kind_needs_is_said_in_the_words_of_the_screen(rule):
    rig = Rig()
    needs = rule.needs(rig.settings)
    assert len(set(needs)) == len(needs)
    assert set(needs) <= {
        *("supervisor", "original_trace", "original_rrn", "original_date"),
        *("auth_code", "amount", "tip", "card", "pin"),
    }
    if rule.resolution is Resolution.REPEAT:
        assert "pin" not in needs


def papers(rig):
    found = [job.slip for job in rig.slips]
    rig.slips.clear()
    return found


def test_the_slips_of_a_void_have_a_minus_and_name_the_original():
    rig = Rig().ready()
    sale = a_sale(rig)
    papers(rig)
    rig.settle("void", trace=sale.intent.trace)
    merchant, cardholder = papers(rig)
    assert (merchant.amount.minor, cardholder.amount.minor) == (-12_345, -12_345)
    assert (merchant.transaction.zh, merchant.transaction.en) == ("消费撤销", "VOID")
    assert merchant.remarks == (
        "原凭证号 ORIG. VOUCHER 000002",
        f"原参考号 ORIG. REF. {sale.closed.rrn}",
        "原授权码 ORIG. AUTH 012345",
        "原交易日期 ORIG. DATE 1121",
    )


def test_the_slips_of_a_tip_show_tip_and_total():
    rig = Rig().ready()
    sale = a_sale(rig, 10_000)
    papers(rig)
    rig.settle("tip", tip=1_500, trace=sale.intent.trace)
    merchant, _ = papers(rig)
    assert (merchant.amount.minor, merchant.tip.minor) == (11_500, 1_500)
    assert (merchant.card_masked, merchant.card_entry.value) == (MASKED, "M")


def test_a_decline_leaves_no_paper_by_itself():
    rig = Rig().ready()
    rig.host.codes = ["51"]
    rig.pay("refund", amount=1, rrn="112000000077", date="1120")
    rig.answer()
    assert rig.slips == []


def test_a_balance_has_no_slip_to_print_again():
    rig = Rig().ready()
    rig.settle("balance")
    rig.tell(ev.Reprint(BatchNo(7), Stan(2)))
    assert (rig.refusal, rig.slips) == ("no_slip", [])


def test_the_page_of_transactions_is_current():
    page = Path(__file__).parents[2] / "docs" / "terminal-transactions.md"
    assert page.read_text(encoding="utf-8") == transaction_page(Rig().settings)
