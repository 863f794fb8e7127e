"""Limits, kinds, tenders, slip lines, language and training as the platform sets them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.terminal.fake_gateway import SERIAL, make_document
from tests.terminal.rig import HASHED_0000, HASHED_123456, SUPERVISOR, Rig, make_settings
from tests.terminal.training_rig import TrainingRig
from tongbao.domain.dates import Instant
from tongbao.domain.ids import Stan
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.host_parameters import HostParameters
from tongbao.terminal.core.roles import Grant
from tongbao.terminal.core.vocabulary import Phase
from tongbao.terminal.device.applying import terminal_settings
from tongbao.terminal.device.drift import still_to_come, unable
from tongbao.terminal.device.settings import DeviceSettings
from tongbao.terminal.device.store import DeviceStore
from tongbao.terminal.paper import PaperTexts
from tongbao.terminal.papers import paper_to_escpos
from tongbao.terminal.settings import AmountLimits
from tongbao.terminal.training.test_sale import make_test_sale
from tongbao.wire.device.settings import (
    Language,
    Limits,
    ShopFacts,
    SlipTexts,
    Tender,
    TrainingSettings,
)
from tongbao.wire.unionpay.profile import HostProfile

NO_LIMITS = Limits(sale_minor=None, refund_minor=None, offline_minor=None, day_minor=None)


def limited(**limits):
    return Rig(limits=AmountLimits(**limits)).ready()


def printed(slip, width_dots=384):
    return paper_to_escpos(slip, width_dots).decode("gb18030", "replace")


@pytest.mark.parametrize(
    ("kind", "limits", "given", "words"),
    [
        ("sale", {"sale_minor": 50_000}, {}, ("sale_limit", "单笔金额不能超过 ¥500.00")),
        ("sale", {"sale_minor": 0}, {}, ("sale_limit", "单笔金额不能超过 ¥0.00")),
        ("pre_authorisation", {"sale_minor": 50_000}, {}, ("sale_limit", None)),
        (
            "offline_sale",
            {"offline_minor": 50_000},
            {"auth_code": "TEL123"},
            ("offline_limit", "单笔离线结算不能超过 ¥500.00"),
        ),
        (
            "refund",
            {"refund_minor": 50_000, "sale_minor": 1},
            {"rrn": "123456789012", "date": "1120"},
            ("refund_limit", "单笔退货不能超过 ¥500.00"),
        ),
        (
            "sale",
            {"day_minor": 50_000},
            {},
            ("day_limit", "本终端当日累计不能超过 ¥500.00，还可收 ¥500.00"),
        ),
    ],
)
def test_what_is_above_a_limit_is_refused_in_words_before_a_card_is_read(
    kind, limits, given, words
):
    rig = limited(**limits)
    rig.begin(kind, amount=50_001, **given)
    code, zh = words
    assert (rig.refusal, rig.state.phase) == (code, Phase.IDLE)
    notice = [effect for effect in rig.effects if isinstance(effect, fx.Refuse)][-1].notice
    assert zh is None or notice.zh == zh
    if any(limits.values()):
        rig.begin(kind, "p-2", amount=50_000, **given)
        assert rig.refusal is None


def test_a_day_counts_what_is_taken_less_what_is_given_back_and_begins_anew_at_midnight():
    rig = limited(day_minor=20_000)
    first = rig.settle("sale", "c-1", amount=15_000)
    rig.begin("sale", "c-2", amount=5_001)
    assert rig.refusal == "day_limit"
    rig.settle("void", "v-1", trace=first.intent.trace)
    rig.settle("sale", "c-3", amount=20_000)
    rig.begin("sale", "c-4", amount=1)
    assert rig.refusal == "day_limit"
    rig.power_cut()
    rig.switch_on().log_in()
    rig.answer()
    rig.begin("sale", "c-5", amount=1)
    assert rig.refusal == "day_limit"
    rig.now = Instant(rig.now.us + timedelta(days=1) // timedelta(microseconds=1))
    rig.begin("sale", "c-6", amount=20_000)
    assert rig.refusal is None


def test_a_tip_adds_to_the_day_only_what_it_adds():
    rig = limited(day_minor=11_000)
    sale = rig.settle("sale", "c-1", amount=10_000)
    rig.begin("tip", "t-1", tip=1_001, trace=sale.intent.trace)
    assert rig.refusal == "day_limit"
    rig.begin("tip", "t-2", tip=1_000, trace=sale.intent.trace)
    assert rig.refusal is None


@pytest.mark.parametrize(
    ("operator", "changes", "refusal"),
    [
        ("01", {}, "supervisor_needed"),
        ("00", {}, None),
        ("01", {"training_needs_supervisor": False}, None),
        ("00", {"training_allowed": False}, "training_off"),
    ],
)
def test_training_opens_as_the_acquirer_wants_it(operator, changes, refusal):
    operators = {"00": HASHED_0000, "01": HASHED_0000}
    rig = Rig(operators=operators, **changes).switch_on().log_in(operator)
    rig.answer()
    rig.tell(ev.Authorise(Grant.TRAINING))
    allowed = [effect for effect in rig.effects if isinstance(effect, fx.Allow)]
    assert (rig.refusal, len(allowed)) == (refusal, int(refusal is None))


def test_without_a_supervisor_for_training_the_self_test_still_needs_one():
    rig = Rig(training_needs_supervisor=False).ready()
    rig.tell(ev.Authorise(Grant.SELF_TEST))
    assert rig.refusal == "supervisor_needed"


def test_training_that_was_switched_off_meanwhile_can_be_left(tmp_path):
    rig = TrainingRig(tmp_path, training_allowed=False).ready()
    rig.tell(ev.Authorise(Grant.TRAINING, SUPERVISOR))
    assert (rig.refusal, rig.allowed) == (None, [Grant.TRAINING])


def test_every_paper_has_the_shop_the_lines_above_and_the_lines_below():
    texts = PaperTexts(
        shop_name="通宝徐汇店", header=("开业八折",), footer=("七日内凭小票退换", "021-5550199")
    )
    rig = Rig(paper=texts).ready().pay("sale", amount=10_000)
    rig.answer()
    papers = [job.slip for job in rig.of(fx.Print)]
    rig.tell(ev.Dismiss())
    for event in (
        ev.Reprint(rig.state.batch, Stan(rig.state.items[0].intent.trace)),
        ev.PrintTotals(),
    ):
        rig.tell(event)
        papers += [job.slip for job in rig.of(fx.Print)]
    assert len(papers) == 4
    for paper in papers:
        for width_dots in (384, 576):
            text = printed(paper, width_dots)
            name, shop = text.index("通宝便利店"), text.index("通宝徐汇店")
            above, below = text.index("开业八折"), text.index("七日内凭小票退换")
            assert name < shop < above < below < text.index("021-5550199")
            assert below > text.index("00000001")


def test_a_line_with_a_card_number_is_masked_and_a_long_one_is_broken_and_not_cut():
    texts = PaperTexts(header=("6200001234567890128",), footer=("好" * 20,))
    rig = Rig(paper=texts).ready().pay("sale", amount=10_000)
    rig.answer()
    text = printed(rig.of(fx.Print)[0].slip)
    assert "6200001234567890128" not in text
    assert text.count("好") == 20


def made(tmp_path, parameters=None, **changes):
    device = DeviceSettings(
        serial_number=SERIAL,
        data_folder=tmp_path,
        gateway_ca_file=Path("unused"),
        on_screen_pin=True,
    )
    document = make_document(**changes)
    settings = terminal_settings(
        device, DeviceStore(tmp_path), document, lambda _name: HostProfile()
    )
    drift = unable(document, settings, parameters or HostParameters())
    return settings, {one.path: (one.wanted, one.actual) for one in drift}


def test_a_document_sets_limits_paper_language_and_training(tmp_path):
    settings, drift = made(
        tmp_path,
        limits=replace(NO_LIMITS, sale_minor=0, refund_minor=5, day_minor=7),
        slip=SlipTexts(header=("欢迎",), footer=("再见",)),
        shop=ShopFacts(shop_id="shop_1", name="徐汇店", address=""),
        language=Language.ENGLISH,
        training=TrainingSettings(is_allowed=False, needs_supervisor=False),
    )
    assert settings.limits == AmountLimits(sale_minor=0, refund_minor=5, day_minor=7)
    assert settings.paper == PaperTexts(shop_name="徐汇店", header=("欢迎",), footer=("再见",))
    assert settings.language == "en"
    assert (settings.training_allowed, settings.training_needs_supervisor) == (False, False)
    assert drift == {}


def test_without_cards_nothing_new_is_taken_and_what_was_taken_can_be_given_back(tmp_path):
    settings, drift = made(
        tmp_path, tenders=(Tender.CODE,), kinds=("sale", "void", "refund", "mail_order")
    )
    assert {"sale", "mail_order", "pre_authorisation"} <= settings.refused_kinds
    assert not settings.refused_kinds & {"void", "refund"}
    assert drift["tenders"] == ("code", "")


def test_what_the_terminal_or_its_host_does_not_do_is_told_as_drift(tmp_path):
    _, drift = made(
        tmp_path,
        HostParameters(merchant_name="主机的店名", refused_kinds=frozenset({"refund"})),
        kinds=("sale", "refund", "mail_order", "holography"),
        limits=replace(NO_LIMITS, sale_minor=200_000_000),
        tenders=(Tender.CARD, Tender.CASH),
    )
    assert drift == {
        "tenders": ("card,cash", "card"),
        "kinds": ("sale,refund,mail_order,holography", "sale"),
        "limits.sale_minor": ("200000000", "100000000"),
        "merchant.name": ("通宝便利店", "主机的店名"),
    }


def test_what_waits_is_told_leaf_by_leaf_and_no_hash_of_a_pin_with_it():
    actual = make_document()
    people = tuple(replace(one, pin_hash="scrypt$secret") for one in actual.operators)
    wanted = make_document(
        2, operators=people, limits=replace(NO_LIMITS, day_minor=5), quiet_hour=4
    )
    wanted = replace(wanted, issued_at_ms=actual.issued_at_ms + 1)
    assert [(one.path, one.wanted, one.actual) for one in still_to_come(actual, wanted)] == [
        ("limits.day_minor", "5", ""),
        ("operators", "00,01,*", "00,01"),
        ("quiet_hour", "4", "3"),
    ]


def test_the_self_tests_sale_works_whatever_the_merchant_may_do(tmp_path):
    live = make_settings(
        data_folder=tmp_path,
        limits=AmountLimits(sale_minor=0, day_minor=0),
        refused_kinds=frozenset({"sale"}),
        operators={"00": HASHED_123456},
    )
    assert make_test_sale(live, Rig().now).passed


def test_a_limit_that_is_no_amount_is_refused():
    with pytest.raises(ValueError, match=r"limits\.day_minor must be 0 to 999999999999"):
        AmountLimits(day_minor=-1)
