"""Downloads, the host's wishes in the header, and the small services."""

import pytest

from tests.terminal.rig import TRACK
from tests.terminal.service_host import NEW_TMK, RID, public_key, tlv
from tests.terminal.service_rig import ServiceRig
from tongbao.domain.money import Currency, Money
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.download_steps import Download, Step
from tongbao.terminal.core.host_parameters import HostParameters
from tongbao.terminal.core.service_records import DownloadDone, DownloadPart, SignedOff
from tongbao.terminal.core.vocabulary import Phase, TimerKind

D = Download


def load(rig: ServiceRig, what: Download) -> ServiceRig:
    rig.tell(ev.StartDownload(what))
    assert rig.state.phase is Phase.LOADING
    return rig


def test_parameters_count_once_the_end_was_answered():
    rig = ServiceRig().ready()
    rig.host.parameters = b"1230" + b"22" + "新店名".encode("gbk").ljust(40) + b"26FBF8"
    load(rig, D.PARAMETERS).answer()
    assert rig.state.loaded.parameters == HostParameters()
    assert (rig.state.loading.download.step, list(rig.state.loaded.pending)) == (
        Step.END,
        [D.PARAMETERS],
    )
    rig.answer()
    assert rig.trail()[-2:] == ["0800 360", "0800 361"]
    assert (rig.state.phase, rig.state.loading) == (Phase.IDLE, None)
    assert rig.state.loaded.done_at == {D.PARAMETERS: rig.now}
    assert rig.state.loaded.pending == {}
    rig.start()
    assert rig.refusal == "kind_not_allowed"
    rig.tell(ev.Start("b-1", "balance"))
    rig.tell(ev.CardSwiped(TRACK))
    before = rig.state
    rig.power_cut()
    assert rig.state.loaded == before.loaded


def test_the_time_out_and_the_name_are_those_of_the_acquirer():
    rig = ServiceRig().ready()
    rig.host.parameters = b"1230" + b"22" + "新店名".encode("gbk").ljust(40)
    load(rig, D.PARAMETERS).run_on()
    rig.sell(100)
    assert rig.timers[TimerKind.HOST] == 30_000
    rig.answer()
    assert {job.slip.merchant_name for job in rig.slips} == {"新店名"}


def test_public_keys_go_on_with_what_is_missing_after_a_power_cut():
    rig = ServiceRig().ready()
    load(rig, D.PUBLIC_KEYS)
    rig.answer()
    rig.answer()
    assert (rig.state.loading.download.done, rig.state.loading.download.total) == (1, 2)
    rig.power_cut()
    rig.switch_on()
    rig.tell(ev.LinkUp())
    before = len(rig.outbox)
    rig.run_on()
    assert rig.trail()[before - 1 :] == ["0820 372", "0800 370", "0800 371"]
    assert rig.state.loaded.tables[D.PUBLIC_KEYS] == {
        tlv(t9F06=RID, t9F22=bytes([n])): public_key(n) for n in (1, 2)
    }
    assert [record.what for record in rig.kept(DownloadDone)] == ["public_keys"]


def test_a_download_that_fails_says_why_and_stays_pending():
    rig = ServiceRig().ready()
    load(rig, D.CHIP_PARAMETERS)
    rig.host.service_codes = ["96"]
    rig.answer()
    assert (rig.state.phase, rig.state.loading.error.code) == (Phase.LOADING, "96")
    rig.tell(ev.Dismiss())
    # At the next quiet moment it goes on by itself.
    assert rig.trail()[-1] == "0820 382"
    rig.host.service_codes = ["96"]
    rig.answer()
    assert rig.state.phase is Phase.IDLE
    assert rig.timers[TimerKind.WORK] == 600_000
    rig.fire(TimerKind.WORK)
    rig.run_on()
    assert rig.state.loaded.pending == {}


def test_nobody_waits_for_a_silent_download():
    rig = ServiceRig().ready()
    load(rig, D.PARAMETERS)
    rig.tell(ev.Dismiss())
    assert rig.refusal == "keep_waiting"
    rig.fire(TimerKind.HOST)
    assert rig.state.loading.error.code == "no_answer"
    rig.tell(ev.Cancel())
    assert rig.state.phase is Phase.IDLE


def test_a_blacklist_is_kept_as_tokens_and_its_cards_are_refused():
    rig = ServiceRig().ready()
    rig.host.blacklist = b"196200001234567890128"
    load(rig, D.BLACKLIST).run_on()
    assert len(rig.state.loaded.blacklist) == 1
    text = repr(rig.records) + repr(rig.state)
    assert "6200001234567890128" not in text
    rig.start()
    rig.tell(ev.CardSwiped(TRACK))
    assert rig.state.result.words.code == "blacklisted"
    assert rig.state.draft is None
    rig.power_cut()
    assert len(rig.state.loaded.blacklist) == 1


def test_another_card_is_not_refused():
    rig = ServiceRig().ready()
    rig.host.blacklist = b"196200001234567890136"
    load(rig, D.BLACKLIST).run_on()
    rig.start()
    rig.tell(ev.CardSwiped(TRACK))
    assert rig.state.phase is Phase.PIN


def test_a_master_key_switches_only_when_the_end_was_answered():
    rig = ServiceRig().ready()
    from tests.terminal.fake_host import MASTER
    from tongbao.crypto.ciphers import KeyAlgorithm
    from tongbao.crypto.key_store import KeyName
    from tongbao.crypto.software_key_store import SoftwareKeyStore

    wanted = SoftwareKeyStore.in_memory(MASTER)
    wanted.import_key(KeyName("tmk"), NEW_TMK, KeyAlgorithm.TDES)
    old = rig.keys.kcv(KeyName("tmk"))
    load(rig, D.MASTER_KEY)
    rig.answer()
    rig.answer()
    assert rig.keys.kcv(KeyName("tmk")) == old
    assert rig.state.signed_in
    rig.answer()
    assert rig.trail()[-3:] == ["0800 352", "0800 350", "0800 351"]
    assert rig.keys.kcv(KeyName("tmk")) == wanted.kcv(KeyName("tmk"))
    assert (rig.state.signed_in, rig.state.phase) == (False, Phase.IDLE)
    rig.tell(ev.SignIn())
    rig.answer()
    assert rig.state.signed_in
    assert rig.kept(DownloadPart) == []


def test_a_master_key_of_which_the_end_was_lost_is_fetched_again():
    """The host has switched already; the old key cannot sign in, the download mends it."""
    rig = ServiceRig().ready()
    load(rig, D.MASTER_KEY)
    rig.answer()
    rig.answer()
    rig.host.answer(rig.outbox[-1].frame)
    rig.power_cut()
    rig.switch_on().log_in()
    rig.answer()
    assert rig.state.sign_in_error.code == "keys_refused"
    rig.tell(ev.LinkUp())
    rig.run_on()
    rig.tell(ev.SignIn())
    rig.answer()
    assert rig.state.signed_in


@pytest.mark.parametrize(
    ("digit", "sent"),
    [
        ("1", "0800 360"),
        ("2", "0820 362"),
        ("3", "0800 003"),
        ("4", "0820 372"),
        ("5", "0820 382"),
        ("7", "0800 390"),
    ],
)
def test_what_the_header_asks_for_is_done_when_the_till_is_idle(digit, sent):
    rig = ServiceRig().ready()
    rig.sell(100)
    rig.host.header = f"60310{digit}310001"
    rig.answer()
    rig.host.header = None
    if digit == "3":
        assert rig.trail()[-1] == sent
        return
    assert rig.trail()[-1] == "0200 000"
    rig.tell(ev.Dismiss())
    assert rig.trail()[-1] == sent
    rig.run_on()
    assert rig.state.acts == ()


def test_what_this_terminal_cannot_do_is_not_done():
    rig = ServiceRig().ready()
    rig.sell(100)
    rig.host.header = "603106310001"
    rig.answer()
    rig.tell(ev.Dismiss())
    rig.host.header = None
    assert rig.trail()[-1] == "0200 000"
    rig.tell(ev.LinkUp())
    assert rig.state.acts == ()


def test_a_host_that_always_asks_for_status_does_not_get_it_for_ever():
    rig = ServiceRig().ready()
    rig.host.header = "603102310001"
    rig.approved_sale()
    assert rig.trail()[-1] == "0820 362"
    rig.answer()
    assert rig.state.exchange is None
    assert len(rig.host.status) == 1


def test_nothing_is_begun_during_a_payment():
    rig = ServiceRig().ready()
    rig.start()
    rig.tell(ev.LinkDown())
    rig.tell(ev.LinkUp())
    assert rig.of(fx.Send) == []


def test_the_echo_tells_the_time_it_took():
    rig = ServiceRig().ready()
    rig.tell(ev.Echo())
    rig.wait(42)
    rig.answer()
    service = rig.state.service
    assert (service.what, service.round_trip_ms, service.error) == ("echo", 42, None)
    rig.tell(ev.Echo())
    rig.fire(TimerKind.HOST)
    assert rig.state.service.error.code == "no_answer"


def test_the_status_says_how_the_terminal_is():
    rig = ServiceRig().ready()
    rig.tell(ev.ReportStatus())
    rig.answer()
    text = rig.host.status[0].decode("ascii")
    assert "batch=000007;trace=000002;items=0;pending=0;doubt=0;owes=;screen=ok" in text


def test_a_sign_off_takes_the_keys_away_whatever_is_answered():
    rig = ServiceRig().ready()
    rig.tell(ev.SignOff())
    assert isinstance(rig.of(fx.Persist)[0].record, SignedOff)
    assert not rig.state.signed_in
    rig.answer()
    rig.start()
    assert rig.refusal == "not_signed_in"
    rig.tell(ev.SignOff())
    assert rig.refusal == "not_signed_in"
    rig.power_cut()
    assert rig.state.next_trace.value == 3


def test_a_payment_goes_before_a_download_that_runs_by_itself():
    rig = ServiceRig().ready()
    rig.host.header = "603104310001"
    rig.sell(100)
    rig.answer()
    rig.host.header = None
    rig.tell(ev.Dismiss())
    rig.answer()
    assert rig.state.loading.download.step is Step.LOAD
    rig.tell(ev.Start("c-2", "sale", Money(5, Currency.CNY)))
    assert (rig.state.phase, rig.state.exchange, rig.state.loading) == (Phase.CARD, None, None)
    rig.tell(ev.Cancel())
    rig.run_on()
    assert rig.state.loaded.pending == {}
