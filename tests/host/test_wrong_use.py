"""What the host refuses itself: nothing reaches the issuer, and copies are answered alike."""

from __future__ import annotations

import pytest

from tests.host.memory_store import MemoryStore
from tests.host.parties import OTHER_PAN, PAN, TERMINAL
from tests.host.test_kinds import TODAY, Shop
from tests.host.world import World, register, settings
from tongbao.host.records import TraceKey
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.profile import HostProfile

FAMILIES = {
    "void": "sale",
    "refund": "sale",
    "pre_authorisation_void": "pre_authorisation",
    "completion": "pre_authorisation",
    "completion_advice": "pre_authorisation",
}


def changed(more: dict[str, object], **change: object) -> dict[str, object]:
    """The same reference to an original with some fields of the request changed."""
    old = more["change"]
    assert isinstance(old, dict)
    fields = {int(number[1:]): value for number, value in change.items()}
    return {**more, "change": {**old, **fields}}


@pytest.mark.parametrize(("kind", "original"), FAMILIES.items())
def test_an_original_that_nobody_knows_is_told_so(kind: str, original: str) -> None:
    shop = Shop()
    _, reply = shop.do(original)
    more = shop.after(kind, reply)
    wrong = changed(more, f37="0" * 12) if kind != "void" else {**more, "original": (1, 77, "")}
    if kind not in ("void", "refund"):
        wrong = changed(more, f38="999999")
    assert shop.refused(kind, **wrong) == "25"
    assert shop.world.kinds(shop.stan) == ["declined"]
    payment = shop.store.payments[TraceKey(TERMINAL, 1, shop.stan)]
    assert (payment.kind, payment.original_id) == (kind, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"original": (1, 2, "1120")},
        {"original": (9, 0, TODAY)},
        {"original": (0, 9, TODAY)},
    ],
)
def test_what_is_said_of_the_original_must_all_be_true(wrong: dict[str, object]) -> None:
    shop = Shop()
    _, sale = shop.do("sale")
    assert shop.refused("refund", **(shop.after("refund", sale) | wrong)) == "25"


@pytest.mark.parametrize(("kind", "original"), [("void", "sale"), ("refund", "sale")])
def test_another_card_is_refused(kind: str, original: str) -> None:
    shop = Shop()
    _, reply = shop.do(original)
    other = changed(shop.after(kind, reply), f35=f"{OTHER_PAN}D30122010000000000")
    assert shop.refused(kind, **other) == "14"


def test_a_pre_authorisation_of_another_card_is_not_found() -> None:
    shop = Shop()
    _, reply = shop.do("pre_authorisation")
    more = shop.after("completion", reply)
    other = changed(more, f35=f"{OTHER_PAN}D30122010000000000")
    assert shop.refused("completion", **other) == "25"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("void", "void"),
        ("void", "refund"),
        ("refund", "void"),
        ("pre_authorisation_void", "completion"),
        ("pre_authorisation_void", "completion_advice"),
        ("pre_authorisation_void", "pre_authorisation_void"),
        ("completion", "completion"),
        ("completion", "completion_advice"),
        ("completion_advice", "pre_authorisation_void"),
    ],
)
def test_what_was_done_leaves_nothing_for_another(first: str, second: str) -> None:
    shop = Shop()
    _, reply = shop.do(FAMILIES[first])
    shop.do(first, **shop.after(first, reply))
    assert shop.refused(second, **shop.after(second, reply)) == "12"


@pytest.mark.parametrize("kind", ["void", "refund"])
def test_a_declined_sale_can_not_be_given_back(kind: str) -> None:
    shop = Shop()
    _, sale = shop.do("sale", code="51")
    more = changed(shop.after(kind, Message("0210", sale.fields | {38: ""})), f38=None)
    assert shop.refused(kind, **more) == "12"


@pytest.mark.parametrize("kind", ["void", "refund"])
def test_a_reversed_sale_can_not_be_given_back(kind: str) -> None:
    shop = Shop()
    _, sale = shop.do("sale")
    shop.world.send(shop.terminal.reversal(shop.stan))
    shop.world.answer(shop.world.asked())
    shop.heard()
    assert shop.refused(kind, **shop.after(kind, sale)) == "12"


@pytest.mark.parametrize(
    ("kind", "amount_minor"),
    [
        ("void", 9_999),
        ("void", 10_001),
        ("refund", 10_001),
        ("pre_authorisation_void", 9_999),
        ("completion", 11_501),
        ("completion_advice", 11_501),
    ],
)
def test_an_amount_that_the_original_does_not_allow_is_refused(
    kind: str, amount_minor: int
) -> None:
    shop = Shop()
    _, reply = shop.do(FAMILIES[kind], 10_000)
    assert shop.refused(kind, amount_minor, **shop.after(kind, reply)) == "64"


@pytest.mark.parametrize("kind", ["completion", "completion_advice"])
def test_a_completion_may_reach_the_share_of_the_profile(kind: str) -> None:
    shop = Shop()
    _, hold = shop.do("pre_authorisation", 10_000)
    assert shop.do(kind, 11_500, **shop.after(kind, hold))[1].text(39) == "00"


@pytest.mark.parametrize(("tip_minor", "code"), [(2_000, "00"), (2_001, "64"), (1_999, "64")])
def test_a_tip_stays_within_its_share_and_adds_up(tip_minor: int, code: str) -> None:
    shop = Shop()
    _, sale = shop.do("sale", 10_000)
    more = changed(shop.after("tip", sale), f48=f"{tip_minor:012d}")
    total_minor = 10_000 + tip_minor + (1 if tip_minor == 1_999 else 0)
    if code == "00":
        assert shop.do("tip", total_minor, **more)[1].text(39) == code
    else:
        assert shop.refused("tip", total_minor, **more) == code


def test_a_void_belongs_to_the_open_batch_and_its_terminal() -> None:
    store = MemoryStore(register())
    shop = Shop(World(store))
    _, sale = shop.do("sale")
    store.terminals[TERMINAL] = register(batch_no=2)
    shop.world.advance(shop.world.settings.terminal_refresh_ms + 1)
    shop.terminal.batch_no = 2
    assert shop.refused("void", **shop.after("void", sale)) == "22"


@pytest.mark.parametrize(("days", "code"), [(30, None), (31, "22")])
def test_a_refund_comes_in_time(days: int, code: str | None) -> None:
    shop = Shop()
    _, sale = shop.do("sale")
    shop.world.advance(days * 86_400_000)
    more = shop.after("refund", sale)
    if code is None:
        assert shop.do("refund", **more)[1].text(39) == "00"
    else:
        assert shop.refused("refund", **more) == code


@pytest.mark.parametrize(
    ("kind", "original"),
    [
        ("void", "refund"),
        ("void", "void"),
        ("refund", "pre_authorisation"),
        ("tip", "offline_sale"),
    ],
)
def test_a_kind_that_does_not_fit_its_original_is_refused(kind: str, original: str) -> None:
    shop = Shop()
    if original in FAMILIES:
        _, sale = shop.do("sale")
        _, reply = shop.do(original, **shop.after(original, sale))
    else:
        _, reply = shop.do(original)
    more = changed(shop.after(kind, reply), f48=f"{100:012d}" if kind == "tip" else None)
    assert shop.refused(kind, **more) == "22"


@pytest.mark.parametrize("allowed", [False, True])
def test_a_mail_order_is_for_merchants_who_may(allowed: bool) -> None:
    shop = Shop(World(MemoryStore(register(mail_order_allowed=allowed))))
    change = {2: PAN, 14: "3012", 22: "012", 35: None}
    if not allowed:
        assert shop.refused("mail_order", change=change) == "58"
        assert shop.world.kinds(shop.stan) == ["declined"]
        return
    asked, heard = shop.do("mail_order", change=change)
    assert (asked.mti, asked.text(25), asked.text(14)) == ("0200", "08", "3012")
    assert (heard.text(39), heard.text(25)) == ("00", "08")


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        ("void", {37: None}, "30"),
        ("void", {61: None}, "30"),
        ("void", {61: "00000100000"}, "30"),
        ("void", {37: "'; DROP --  "}, "30"),
        ("refund", {61: "000001000002"}, "30"),
        ("refund", {37: None}, "30"),
        ("refund", {63: None}, "30"),
        ("refund", {35: None}, "30"),
        ("refund", {25: "06"}, "12"),
        ("refund", {4: None}, "13"),
        ("completion", {38: None}, "30"),
        ("completion", {25: "00"}, "12"),
        ("completion_advice", {22: "021", 52: b"12345678", 53: "26".ljust(16, "0")}, "30"),
        ("pre_authorisation_void", {38: None}, "30"),
        ("pre_authorisation", {60: "10000001360501"}, "12"),
        ("completion_void", {37: None}, "30"),
        ("chip_offline_sale", {}, "30"),
        ("tip", {48: None}, "30"),
        ("tip", {48: "1"}, "30"),
        ("tip", {48: "0" * 12}, "13"),
        ("balance", {}, "30"),
    ],
)
def test_a_field_that_is_missing_or_wrong_is_named_by_its_code(
    kind: str, change: dict[int, object], code: str
) -> None:
    shop = Shop()
    base: dict[int, object] = {37: "0VMN7N68G000", 38: "123456", 63: "000", 48: f"{100:012d}"}
    if kind == "balance":
        base = {}
    original = (1, 2, TODAY)
    assert shop.refused(kind, original=original, change=base | change) == code
    # A form that is wrong is wrong for ever: nothing is written about it.
    assert shop.store.payments == {}


def test_a_refusal_by_state_is_repeated_to_a_copy_even_when_the_state_has_changed() -> None:
    shop = Shop()
    _, sale = shop.do("sale", 10_000)
    shop.send("refund", 10_000, **shop.after("refund", sale))
    first = shop.world.asked()
    assert shop.refused("void", 10_000, **shop.after("void", sale)) == "12"
    stan = shop.stan
    shop.world.answer(first, "61")
    shop.heard()
    shop.stan -= 1
    assert shop.refused("void", 10_000, **shop.after("void", sale)) == "12"
    assert shop.world.kinds(stan) == ["declined", "repeated"]


def test_two_voids_at_once_do_not_both_pass() -> None:
    shop = Shop()
    _, sale = shop.do("sale")
    shop.send("void", **shop.after("void", sale))
    asked = shop.world.asked()
    assert shop.refused("void", **shop.after("void", sale)) == "12"
    shop.world.answer(asked)
    assert shop.heard().text(39) == "00"


def test_two_refunds_at_once_stay_within_what_was_paid() -> None:
    shop = Shop()
    _, sale = shop.do("sale", 10_000)
    shop.send("refund", 6_000, **shop.after("refund", sale))
    first = shop.world.asked()
    # Not refused for ever: it depends on the first one.
    assert shop.refused("refund", 6_000, **shop.after("refund", sale)) == "98"
    waiting = shop.stan
    assert TraceKey(TERMINAL, 1, waiting) not in shop.store.payments
    shop.send("refund", 4_000, **shop.after("refund", sale))
    second = shop.world.asked()
    shop.world.answer(first, "61")
    shop.world.answer(second)
    shop.heard(), shop.heard()
    shop.stan = waiting - 1
    _, heard = shop.do("refund", 6_000, **shop.after("refund", sale))
    assert heard.text(39) == "00"


def test_a_void_in_doubt_keeps_others_away_until_it_is_reversed() -> None:
    shop = Shop()
    _, sale = shop.do("sale")
    shop.send("void", **shop.after("void", sale))
    shop.world.asked()
    shop.world.give_up()
    assert shop.heard().text(39) == "98"
    reversal = shop.world.asked()
    assert reversal.mti == "0420"
    shop.world.advance(1_000)
    assert shop.refused("void", **shop.after("void", sale)) == "12"
    shop.world.answer(reversal)
    assert shop.do("void", **shop.after("void", sale))[1].text(39) == "00"


def test_a_terminal_switched_off_is_refused_on_record() -> None:
    store = MemoryStore(register())
    shop = Shop(World(store))
    _, sale = shop.do("sale")
    store.terminals[TERMINAL] = register(is_active=False)
    shop.world.advance(shop.world.settings.terminal_refresh_ms + 1)
    for kind in ("void", "refund"):
        assert shop.refused(kind, **shop.after(kind, sale)) == "58"
        assert shop.world.kinds(shop.stan) == ["declined"]
    assert shop.refused("balance", change={4: None}) == "58"


@pytest.mark.parametrize("kind", ["refund", "offline_sale", "balance", "tip"])
def test_a_kind_that_is_never_reversed_is_refused_its_reversal(kind: str) -> None:
    shop = Shop()
    reply = shop.world.ask(shop.terminal, shop.terminal.reversal_of(kind, 9))
    assert reply is not None
    assert (reply.mti, reply.text(39)) == ("0410", "40")
    assert shop.store.payments == {}


def test_a_reversal_of_another_kind_than_the_payment_does_not_end_it() -> None:
    shop = Shop()
    shop.do("sale")
    reply = shop.world.ask(shop.terminal, shop.terminal.reversal_of("pre_authorisation", 2))
    assert reply is not None
    assert reply.text(39) == "22"
    assert shop.world.kinds(2) == ["approved"]


def test_a_host_that_signs_no_declines_signs_approvals() -> None:
    profile = HostProfile(mac_in_declines=False)
    shop = Shop(World(MemoryStore(register()), host=settings(profile=profile)))
    assert 64 in shop.do("sale")[1].fields
    assert 64 not in shop.do("sale", code="51")[1].fields
    shop.send("sale", change={22: "031"})
    refusal = shop.heard()
    assert (refusal.text(39), 64 in refusal.fields) == ("40", False)
