"""Every kind of payment done well: what goes to the issuer, what is written, what is answered."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.host.memory_store import MemoryStore
from tests.host.parties import MERCHANT, PAN, TERMINAL, TRACK2, host_keys
from tests.host.world import World, register, settings
from tongbao.domain.secrets import Purpose
from tongbao.host.records import TraceKey
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.profile import HostProfile
from tongbao.wire.unionpay.transactions import KINDS

TODAY = "1121"


@dataclass
class Shop:
    """A world with one terminal that does payments until they are answered."""

    world: World = field(default_factory=lambda: World(MemoryStore(register())))
    stan: int = 1

    def __post_init__(self) -> None:
        self.terminal = self.world.signed_in()

    @property
    def store(self) -> MemoryStore:
        assert isinstance(self.world.store, MemoryStore)
        return self.world.store

    def send(self, kind: str, amount_minor: int = 12345, **more: object) -> int:
        """Send a payment under the next trace, which is returned."""
        self.stan += 1
        self.world.send(self.terminal.payment(kind, self.stan, amount_minor, **more))
        return self.stan

    def do(
        self, kind: str, amount_minor: int = 12345, code: str = "00", **more: object
    ) -> tuple[Message, Message]:
        """Do a payment whole; return what the issuer was asked and what the terminal heard."""
        self.send(kind, amount_minor, **more)
        asked = self.world.asked()
        self.world.answer(asked, code)
        return asked, self.heard()

    def refused(self, kind: str, amount_minor: int = 12345, **more: object) -> str:
        """Send a payment that the host refuses itself; return the code."""
        self.send(kind, amount_minor, **more)
        assert self.world.to_issuer_frames == []
        return self.heard().text(39)

    def heard(self) -> Message:
        data = self.world.sent()
        assert data is not None
        return self.terminal.read(data)

    def after(self, kind: str, reply: Message) -> dict[str, object]:
        """What a payment says of the original that this reply was about."""
        by_trace = kind in ("void", "completion_void", "tip", "adjustment")
        numbers = (1, int(reply.text(11))) if by_trace else (0, 0)
        change: dict[int, object] = {37: reply.text(37), 38: reply.text(38)}
        if kind in ("pre_authorisation_void", "completion", "completion_advice"):
            del change[37]
        if kind == "refund":
            change[63] = "000"
        return {"original": (*numbers, "" if kind == "void" else TODAY), "change": change}


# Kind, kind of its original, message and F3 towards the issuer.
CHAINS = [
    ("sale", None, "0200", "000000"),
    ("pre_authorisation", None, "0100", "030000"),
    ("offline_sale", None, "0220", "000000"),
    ("void", "sale", "0200", "200000"),
    ("void", "offline_sale", "0200", "200000"),
    ("refund", "sale", "0220", "200000"),
    ("refund", "completion", "0220", "200000"),
    ("refund", "completion_advice", "0220", "200000"),
    ("refund", "offline_sale", "0220", "200000"),
    ("pre_authorisation_void", "pre_authorisation", "0100", "200000"),
    ("completion", "pre_authorisation", "0200", "000000"),
    ("completion_advice", "pre_authorisation", "0220", "000000"),
    ("completion_void", "completion", "0200", "200000"),
    ("completion_void", "completion_advice", "0200", "200000"),
    ("adjustment", "offline_sale", "0220", "020000"),
]


def _original(shop: Shop, kind: str) -> Message:
    """Do what a payment of this kind follows on; return its reply."""
    if not kind.startswith("completion"):
        return shop.do(kind)[1]
    hold = shop.do("pre_authorisation")[1]
    return shop.do(kind, **shop.after(kind, hold))[1]


def check_asked(shop: Shop, kind: str, asked: Message, form: tuple[str, str, str | None]) -> None:
    """Compare a message to the issuer with what it must be, field for field."""
    mti, processing_code, original_rrn = form
    expected: dict[int, object] = {
        3: processing_code,
        4: "000000012345",
        7: "1121020000",
        11: f"{shop.stan:06d}",
        18: "5411",
        22: "022",
        25: KINDS[kind].condition,
        32: "99900001",
        37: asked.text(37),
        41: TERMINAL,
        42: MERCHANT,
        49: "156",
    }
    if original_rrn is not None:
        expected[62] = original_rrn
    assert (asked.mti, {n: v for n, v in asked.fields.items() if n not in (35, 64)}) == (
        mti,
        expected,
    )
    assert asked.secret_text(35).reveal(Purpose.WIRE) == TRACK2


def check_heard(shop: Shop, kind: str, asked: Message, heard: Message) -> None:
    """Compare an approval with what it must be, field for field."""
    assert {n: v for n, v in heard.fields.items() if n not in (2, 64)} == {
        3: KINDS[kind].processing_code,
        4: "000000012345",
        11: f"{shop.stan:06d}",
        12: "100000",
        13: TODAY,
        15: TODAY,
        25: KINDS[kind].condition,
        32: "99900001",
        37: asked.text(37),
        38: "123456",
        39: "00",
        41: TERMINAL,
        42: MERCHANT,
        44: "62000000   99900001   ",
        49: "156",
        60: f"{KINDS[kind].function}000001000501",
        63: "CUP",
    }
    assert heard.mti == KINDS[kind].reply_mti
    assert heard.secret_text(2).reveal(Purpose.WIRE) == PAN
    assert 64 in heard.fields


@pytest.mark.parametrize(("kind", "original", "mti", "processing_code"), CHAINS)
def test_a_payment_is_asked_written_and_answered(
    kind: str, original: str | None, mti: str, processing_code: str
) -> None:
    shop = Shop()
    more: dict[str, object] = {}
    reply = None
    if original is not None:
        reply = _original(shop, original)
        more = shop.after(kind, reply)
    asked, heard = shop.do(kind, **more)
    original_rrn = None if reply is None else reply.text(37)
    check_asked(shop, kind, asked, (mti, processing_code, original_rrn))
    check_heard(shop, kind, asked, heard)
    payment = shop.store.payments[TraceKey(TERMINAL, 1, shop.stan)]
    assert (payment.kind, payment.organisation) == (kind, "CUP")
    by_rrn = {row.rrn: row.payment_id for row in shop.store.payments.values()}
    assert payment.original_id == (0 if reply is None else by_rrn[reply.text(37)])
    assert shop.world.kinds(shop.stan) == ["approved"]
    assert shop.world.core.state.claims == {}


@pytest.mark.parametrize("kind", [chain[0] for chain in CHAINS])
def test_a_decline_of_the_issuers_is_told_as_it_is(kind: str) -> None:
    shop = Shop()
    original = next(chain[1] for chain in CHAINS if chain[0] == kind)
    more = {} if original is None else shop.after(kind, _original(shop, original))
    _, heard = shop.do(kind, code="61", **more)
    assert (heard.mti, heard.text(39)) == (KINDS[kind].reply_mti, "61")
    assert 38 not in heard.fields
    assert shop.world.kinds(shop.stan) == ["declined"]
    assert shop.world.core.state.claims == {}


def test_a_tip_is_a_new_total_for_the_issuer() -> None:
    shop = Shop()
    _, sale = shop.do("sale", 10_000)
    more = shop.after("tip", sale)
    assert isinstance(more["change"], dict)
    more["change"][48] = f"{1_500:012d}"
    asked, heard = shop.do("tip", 11_500, **more)
    assert (asked.mti, asked.text(3), asked.text(4)) == ("0220", "020000", "000000011500")
    assert asked.text(62) == sale.text(37)
    assert (heard.mti, heard.text(3), heard.text(39)) == ("0230", "000000", "00")
    payment = shop.store.payments[TraceKey(TERMINAL, 1, shop.stan)]
    assert (payment.kind, payment.amount_minor) == ("tip", 11_500)


def test_a_void_takes_back_the_total_with_the_newest_tip() -> None:
    shop = Shop()
    _, sale = shop.do("sale", 10_000)
    for tip_minor in (1_500, 500):
        more = shop.after("tip", sale)
        assert isinstance(more["change"], dict)
        more["change"][48] = f"{tip_minor:012d}"
        shop.do("tip", 10_000 + tip_minor, **more)
    assert shop.refused("void", 10_000, **shop.after("void", sale)) == "64"
    assert shop.refused("void", 11_500, **shop.after("void", sale)) == "64"
    _, heard = shop.do("void", 10_500, **shop.after("void", sale))
    assert heard.text(39) == "00"


def test_a_foreign_card_is_told_and_written_by_its_prefix() -> None:
    shop = Shop()
    foreign = "6200009912345678901"
    _, heard = shop.do("sale", change={35: f"{foreign}D30122010000000000"})
    assert heard.text(63) == "VIS"
    assert shop.store.payments[TraceKey(TERMINAL, 1, shop.stan)].organisation == "VIS"


def test_refunds_go_on_until_everything_is_given_back() -> None:
    shop = Shop()
    _, sale = shop.do("sale", 10_000)
    for amount_minor in (4_000, 5_999):
        _, heard = shop.do("refund", amount_minor, **shop.after("refund", sale))
        assert heard.text(39) == "00"
    assert shop.refused("refund", 2, **shop.after("refund", sale)) == "64"
    _, heard = shop.do("refund", 1, **shop.after("refund", sale))
    assert heard.text(39) == "00"
    assert shop.refused("void", 10_000, **shop.after("void", sale)) == "12"


def test_a_declined_refund_takes_nothing_of_what_can_be_given_back() -> None:
    shop = Shop()
    _, sale = shop.do("sale", 10_000)
    shop.do("refund", 10_000, code="61", **shop.after("refund", sale))
    _, heard = shop.do("refund", 10_000, **shop.after("refund", sale))
    assert heard.text(39) == "00"


def test_a_refund_comes_from_another_terminal_on_another_day_and_after_the_batch() -> None:
    store = MemoryStore(register(), register("00000002"))
    world = World(store, keys=host_keys(TERMINAL, "00000002"))
    first = world.signed_in()
    world.send(first.payment("sale", 5))
    sale = world.asked()
    world.answer(sale)
    world.sent()
    store.terminals[TERMINAL] = register(batch_no=2)
    world.advance(3 * 86_400_000)
    other = world.signed_in("00000002")
    change = {37: sale.text(37), 63: "CUP"}
    world.send(other.payment("refund", 2, original=(1, 5, TODAY), change=change))
    refund = world.asked()
    assert refund.text(62) == sale.text(37)
    world.answer(refund)
    data = world.sent()
    assert data is not None
    assert other.read(data).text(39) == "00"
    assert store.payments[TraceKey("00000002", 1, 2)].business_date == "2026-11-24"


def test_the_organisations_of_the_profile_decide() -> None:
    profile = HostProfile(organisations={"620000": "JCB"})
    shop = Shop(World(MemoryStore(register()), host=settings(profile=profile)))
    assert shop.do("sale")[1].text(63) == "JCB"
