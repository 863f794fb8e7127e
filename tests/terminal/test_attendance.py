"""Power, self-check, log-in, sign-in."""

import pytest

from tests.terminal.fake_host import key_store
from tests.terminal.rig import ALL_WELL, OPERATOR_PIN, PIN, Rig
from tongbao.crypto.key_store import KeyName
from tongbao.domain.dates import Instant
from tongbao.domain.ids import BatchNo, OperatorNo, Stan
from tongbao.domain.secrets import KeyBytes
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.records import (
    LogInFailed,
    SignedIn,
    SignInFailed,
    SignInStarted,
    SlipDone,
    StrayAnswer,
)
from tongbao.terminal.core.state import PartCheck, SlipJob
from tongbao.terminal.core.vocabulary import CheckResult, Cue, Part, Phase, TimerKind
from tongbao.wire.unionpay.framing import unpack_frame
from tongbao.wire.unionpay.table import UNIONPAY


def test_switching_on_connects_sounds_and_checks_every_part():
    rig = Rig()
    assert rig.tell(ev.PowerOn()) == [
        fx.KeepStorageKeys(frozenset({1})),
        fx.OpenLink(),
        fx.PlaySound(Cue.POWER_ON),
        fx.RunSelfCheck(),
    ]
    assert rig.state.phase is Phase.SELF_CHECK
    assert [check.result for check in rig.state.self_check] == [CheckResult.PENDING] * 7
    rig.tell(ev.SelfCheckPart(PartCheck(Part.PRINTER, CheckResult.OK, "384")))
    assert [c.part for c in rig.state.self_check if c.result is CheckResult.OK] == [Part.PRINTER]
    rig.tell(ev.SelfCheckDone(ALL_WELL))
    assert rig.state.phase is Phase.LOGGED_OUT


def test_a_failed_part_blocks_only_itself():
    rig = Rig()
    rig.tell(ev.PowerOn())
    found = tuple(
        PartCheck(part, CheckResult.FAIL, "x")
        if part in {Part.PRINTER, Part.NETWORK, Part.CLOCK, Part.SCREEN}
        else PartCheck(part, CheckResult.OK)
        for part in Part
    )
    rig.tell(ev.SelfCheckDone(found))
    assert rig.cues[-1] is Cue.ERROR
    rig.log_in()
    rig.answer()
    rig.sell()
    rig.answer()
    assert rig.host.debits == 12_345


def test_nobody_gets_in_when_the_journal_cannot_be_written():
    rig = Rig()
    rig.tell(ev.PowerOn())
    rig.tell(ev.SelfCheckDone((PartCheck(Part.JOURNAL, CheckResult.FAIL, "full"),)))
    rig.log_in()
    assert (rig.refusal, rig.state.phase) == ("journal_broken", Phase.LOGGED_OUT)
    assert rig.records == []


def test_a_part_without_result_stays_pending():
    rig = Rig()
    rig.tell(ev.PowerOn())
    rig.tell(ev.SelfCheckDone(()))
    assert [check.part for check in rig.state.self_check] == list(Part)


def test_the_log_in_signs_in_by_itself():
    rig = Rig().switch_on().log_in()
    assert rig.state.phase is Phase.SIGNING_IN
    request = UNIONPAY.decode(unpack_frame(rig.outbox[-1].frame[2:]).body)
    assert request.mti == "0800"
    assert request.fields == {
        11: "000001",
        41: "00000001",
        42: "100000000000001",
        60: "00000001003",
        63: "01 ",
    }
    assert rig.effects[-3] == fx.Persist(SignInStarted(trace=1, batch=1, operator="01"))
    rig.answer()
    assert rig.effects == [
        fx.Persist(SignedIn(trace=1, batch=7, operator="01", clock_offset_ms=0)),
        fx.StopTimer(TimerKind.HOST),
        fx.KeepStorageKeys(frozenset({7})),
    ]
    assert (rig.state.phase, rig.state.signed_in, rig.state.batch) == (
        Phase.IDLE,
        True,
        BatchNo(7),
    )


@pytest.mark.parametrize(("operator", "pin"), [("01", PIN), ("77", OPERATOR_PIN)])
def test_a_wrong_log_in_is_counted_and_slows_the_next_one_down(operator, pin):
    rig = Rig().switch_on().log_in(operator, pin)
    assert rig.refusal == "wrong_password"
    assert rig.state.phase is Phase.LOGGED_OUT
    assert rig.kept(LogInFailed) == [LogInFailed(operator=operator)]
    rig.wait(999)
    rig.log_in()
    assert rig.refusal == "log_in_wait"
    assert len(rig.kept(LogInFailed)) == 1
    rig.wait(1)
    rig.log_in()
    assert (rig.refusal, rig.state.log_in_failures) == (None, 0)


def test_delays_double_up_to_a_minute():
    rig = Rig().switch_on()
    waits = []
    for _ in range(8):
        rig.log_in(pin=PIN)
        waits.append(rig.state.log_in_blocked_until.us_since(rig.now) // 1_000_000)
        rig.wait(60_000)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_clock_that_was_set_back_does_not_lock_people_out():
    rig = Rig().switch_on().log_in(pin=PIN)
    rig.now = Instant(rig.now.us - 86_400_000_000)
    rig.log_in()
    assert rig.of(fx.Refuse)[0].notice.en == "Too many wrong tries; wait 60 seconds"


def test_logging_out_keeps_the_keys_for_the_next_operator():
    rig = Rig().ready()
    rig.tell(ev.LogOut())
    assert (rig.state.phase, rig.state.operator) == (Phase.LOGGED_OUT, None)
    sent = len(rig.outbox)
    rig.log_in("02")
    assert (rig.state.phase, rig.state.operator) == (Phase.IDLE, OperatorNo("02"))
    assert len(rig.outbox) == sent


def test_signing_in_by_hand_takes_new_keys_and_a_new_trace():
    rig = Rig().ready()
    rig.tell(ev.SignIn())
    assert (rig.state.phase, rig.state.signed_in) == (Phase.SIGNING_IN, False)
    rig.answer()
    assert rig.state.signed_in
    assert rig.state.next_trace == Stan(3)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda reply: reply.fields.update({39: "97"}), "97"),
        (lambda reply: reply.fields.pop(39), "bad_answer"),
        (lambda reply: reply.fields.update({60: "00000000003"}), "bad_answer"),
        (lambda reply: reply.fields.pop(60), "bad_answer"),
        (lambda reply: reply.fields.pop(62), "keys_refused"),
        (lambda reply: reply.fields.update({62: reply.fields[62][:-1]}), "keys_refused"),
        (
            lambda reply: reply.fields.update({62: reply.fields[62][:-1] + b"\x00"}),
            "keys_refused",
        ),
        (lambda reply: reply.fields.update({62: b"\x00" + reply.fields[62][1:]}), "keys_refused"),
    ],
    ids=["97", "no-code", "batch-0", "no-batch", "no-keys", "short", "kcv", "key"],
)
def test_a_sign_in_that_fails_leaves_the_terminal_signed_out(change, code):
    rig = Rig().switch_on().log_in()
    rig.answer(change)
    assert (rig.state.phase, rig.state.signed_in) == (Phase.IDLE, False)
    assert rig.state.sign_in_error.code == code
    assert len(rig.kept(SignInFailed)) == 1
    assert rig.state.batch == BatchNo(1)
    assert rig.timers == {}
    assert rig.cues[-1] is Cue.ERROR
    rig.tell(ev.SignIn())
    rig.answer()
    assert (rig.state.signed_in, rig.state.sign_in_error) == (True, None)


def test_old_keys_are_gone_after_new_ones_failed_their_check():
    rig = Rig().ready()
    rig.tell(ev.SignIn())
    rig.answer(lambda reply: reply.fields.update({62: bytes(40)}))
    assert not rig.keys.has(KeyName("work/mak"))
    assert not rig.state.signed_in


def test_keys_under_another_master_key_are_refused():
    rig = Rig()
    rig.host.keys = key_store(KeyBytes(bytes.fromhex("23" * 16)))
    rig.switch_on().log_in()
    rig.answer()
    assert rig.state.sign_in_error.code == "keys_refused"


@pytest.mark.parametrize("way", ["timeout", "not_sent", "broken", "cancel"])
def test_a_sign_in_without_answer_ends_in_words(way):
    rig = Rig().switch_on().log_in()
    ticket = rig.outbox[-1].ticket
    if way == "timeout":
        rig.fire(TimerKind.HOST)
    elif way == "not_sent":
        rig.tell(ev.SendFailed(ticket, sent=False))
    elif way == "broken":
        rig.tell(ev.LinkDown(frozenset({ticket})))
    else:
        rig.tell(ev.Cancel())
    expected = {
        "timeout": "no_answer",
        "not_sent": "no_connection",
        "broken": "connection_lost",
        "cancel": "stopped",
    }
    assert rig.state.sign_in_error.code == expected[way]
    assert rig.state.phase is Phase.IDLE
    assert rig.timers == {}


def test_the_answer_to_an_abandoned_sign_in_is_not_taken():
    rig = Rig().switch_on().log_in()
    late = rig.host.answer(rig.outbox[-1].frame)
    rig.tell(ev.Cancel())
    rig.hear(late)
    assert not rig.state.signed_in
    rig.tell(ev.SignIn())
    rig.hear(late)
    assert not rig.state.signed_in
    assert [stray.trace for stray in rig.kept(StrayAnswer)] == ["000001"] * 2


def test_without_a_master_key_nothing_is_sent():
    rig = Rig()
    rig.keys.forget("tmk")
    rig.switch_on().log_in()
    assert rig.state.phase is Phase.IDLE
    assert rig.state.sign_in_error.code == "no_master_key"
    assert rig.outbox == []


@pytest.mark.parametrize(
    ("date", "clock", "offset_ms"),
    [
        ("1121", "100000", 0),
        ("1121", "100001", 0),
        ("1121", "100130", 90_000),
        ("1121", "095000", -600_000),
        ("1122", "000000", 50_400_000),
        ("0101", "000000", 41 * 86_400_000 - 36_000_000),
        ("1340", "100000", 0),
        ("1121", "250000", 0),
    ],
)
def test_the_clock_is_set_from_the_sign_in(date, clock, offset_ms):
    """The year is not in the message: the nearest one counts, here also across New Year."""
    rig = Rig()
    rig.host.clock = (date, clock)
    rig.ready()
    assert rig.state.clock_offset_ms == offset_ms


def test_switching_off_forgets_the_card_the_person_and_the_sign_in():
    rig = Rig().ready()
    rig.start()
    rig.tell(ev.PowerOff())
    assert fx.CloseLink() in rig.effects
    assert (rig.state.phase, rig.state.draft, rig.state.operator) == (Phase.OFF, None, None)
    assert not rig.state.signed_in
    assert rig.timers == {}


def test_slips_that_a_power_cut_kept_off_the_paper_are_printed_at_the_next_start():
    rig = Rig().ready().sell()
    rig.answer()
    job = rig.slips[0]
    rig.tell(ev.SlipPrinted(job.name, job.batch, job.trace, printed=True))
    rig.power_cut()
    assert [unprinted.name for unprinted in rig.state.unprinted] == ["000002-cardholder"]
    rig.switch_on()
    assert [slip.name for slip in rig.slips] == ["000002-cardholder"]
    assert rig.slips[0].slip.is_reprint
    rig.print_all()
    rig.power_cut()
    assert rig.state.unprinted == ()


def test_a_broken_printer_keeps_its_slips_for_later():
    rig = Rig().ready().sell()
    rig.answer()
    job = rig.slips[0]
    rig.tell(ev.SlipPrinted(job.name, job.batch, job.trace, printed=False))
    assert rig.kept(SlipDone) == []
    assert not rig.state.works(Part.PRINTER)
    assert rig.state.result.slip is None
    rig.power_cut()
    assert len(rig.state.unprinted) == 2
    rig.tell(ev.PowerOn())
    rig.tell(ev.SelfCheckDone((PartCheck(Part.PRINTER, CheckResult.FAIL, "x"),)))
    assert rig.slips == []
    assert all(isinstance(unprinted, SlipJob) for unprinted in rig.state.unprinted)
