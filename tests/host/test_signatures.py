"""Signatures: bound to an approved payment, in one part or more, kept once."""

from __future__ import annotations

import pytest

from tests.host.batch_messages import Books, ask, records
from tests.host.memory_store import MemoryStore
from tests.host.parties import PAN, ScriptedTerminal
from tests.host.world import World, settings
from tongbao.host.records import EventRecord, PaymentRecord, SignatureRecord
from tongbao.wire.jbig import Bitmap, decode, encode
from tongbao.wire.unionpay.profile import HostProfile

PICTURE = Bitmap(64, 16, bytes(range(128)))
IMAGE = encode(PICTURE)


def upload(
    terminal: ScriptedTerminal,
    payment: PaymentRecord,
    image: bytes = IMAGE,
    more: str = "",
    change: dict[int, object] | None = None,
    *,
    mac: bool = True,
) -> bytes:
    """An 0820 with 60.1 = 07; `more` is 60.4."""
    fields: dict[int, object] = {
        2: PAN,
        4: f"{payment.amount_minor:012d}",
        11: f"{payment.stan:06d}",
        37: payment.rrn,
        41: payment.terminal_id,
        42: payment.merchant_id,
        60: f"07{payment.batch_no:06d}800{more}",
        62: image,
    }
    return terminal.frame("0820", fields | (change or {}), mac=mac)


def signed_in(books: Books, **more: object) -> tuple[World, ScriptedTerminal]:
    world = books.world(**more)
    return world, world.signed_in()


def one_sale(*events: str) -> tuple[World, ScriptedTerminal, PaymentRecord]:
    books = Books()
    sale = books.add("sale", 12_345, *events)
    return *signed_in(books), sale


def kinds(world: World, payment: PaymentRecord) -> list[str]:
    return world.kinds(payment.stan)


def test_a_signature_is_kept_with_its_payment() -> None:
    world, terminal, sale = one_sale()
    reply = ask(world, upload(terminal, sale), terminal)
    assert (reply.mti, reply.fields[39]) == ("0830", "00")
    assert sorted(reply.fields) == [2, 4, 11, 12, 13, 37, 39, 41, 42, 60, 64]
    assert reply.fields[60] == "07000001800"
    (part,) = records(world, SignatureRecord)
    assert part == SignatureRecord(sale.payment_id, 0, True, world.now_us, IMAGE)
    assert decode(part.image) == PICTURE
    assert world.events(sale.stan)[-1] == EventRecord(
        sale.payment_id, "signed", world.now_us, "", "", f"{len(IMAGE)} bytes"
    )


def test_a_repeated_signature_is_answered_alike_and_kept_once() -> None:
    world, terminal, sale = one_sale()
    frame = upload(terminal, sale)
    for _ in range(3):
        assert ask(world, frame, terminal).fields[39] == "00"
        world.restart()
    assert len(records(world, SignatureRecord)) == 1
    assert kinds(world, sale) == ["approved", "signed"]


def test_two_copies_in_one_group_are_kept_once() -> None:
    from tongbao.host.core.events import TerminalFrame

    world, terminal, sale = one_sale()
    frame = upload(terminal, sale)[2:]
    world.step(TerminalFrame(1, frame), TerminalFrame(2, frame))
    assert [terminal.read(data).fields[39] for _, data in world.to_terminals] == ["00", "00"]
    assert len(records(world, SignatureRecord)) == 1
    assert kinds(world, sale) == ["approved", "signed"]


def test_a_signature_in_parts_is_put_together_in_its_order() -> None:
    world, terminal, sale = one_sale()
    parts = [IMAGE[:20], IMAGE[20:50], IMAGE[50:]]
    for image, more in zip(parts, "001", strict=True):
        frame = upload(terminal, sale, image, more)
        # Each part may come twice, also over a restart.
        assert ask(world, frame, terminal).fields[39] == "00"
        world.restart()
        assert ask(world, frame, terminal).fields[39] == "00"
    found = records(world, SignatureRecord)
    assert [(part.part_no, part.is_last) for part in found] == [(0, False), (1, False), (2, True)]
    assert decode(b"".join(part.image for part in found)) == PICTURE
    assert kinds(world, sale) == ["approved", "signed"]
    # From the beginning again, as a terminal does that lost its count.
    assert ask(world, upload(terminal, sale, parts[0], "0"), terminal).fields[39] == "00"
    assert len(records(world, SignatureRecord)) == 3


def test_another_signature_of_a_signed_payment_is_refused() -> None:
    world, terminal, sale = one_sale()
    ask(world, upload(terminal, sale), terminal)
    other = encode(Bitmap(8, 1, b"\x55"))
    assert ask(world, upload(terminal, sale, other), terminal).fields[39] == "94"
    assert len(records(world, SignatureRecord)) == 1


@pytest.mark.parametrize(
    "image",
    [b"\0", b"no picture", IMAGE[:-3], encode(Bitmap(8, 1, b"\x55"))[:19]],
)
def test_what_is_no_picture_is_not_kept(image: bytes) -> None:
    world, terminal, sale = one_sale()
    assert ask(world, upload(terminal, sale, image), terminal).fields[39] == "30"
    assert records(world, SignatureRecord) == []
    assert kinds(world, sale) == ["approved"]


def test_parts_that_make_no_picture_are_not_ended() -> None:
    world, terminal, sale = one_sale()
    ask(world, upload(terminal, sale, IMAGE[:20], "0"), terminal)
    assert ask(world, upload(terminal, sale, b"nonsense", "1"), terminal).fields[39] == "30"
    assert ask(world, upload(terminal, sale, IMAGE[20:], "1"), terminal).fields[39] == "00"
    assert kinds(world, sale) == ["approved", "signed"]


def test_a_picture_that_is_too_large_or_in_too_many_parts_is_refused() -> None:
    world, terminal, sale = one_sale()
    header = IMAGE[:4] + (5_000).to_bytes(4, "big") + (5_000).to_bytes(4, "big") + IMAGE[12:]
    assert ask(world, upload(terminal, sale, header), terminal).fields[39] == "30"
    for n in range(16):
        assert ask(world, upload(terminal, sale, bytes([n]), "0"), terminal).fields[39] == "00"
    assert ask(world, upload(terminal, sale, b"\x99", "0"), terminal).fields[39] == "30"
    assert len(records(world, SignatureRecord)) == 16


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({62: None}, "30"),
        ({11: None}, "30"),
        ({4: None}, "13"),
        ({60: "07000001801"}, "40"),
        ({60: "07000001"}, "30"),
        ({60: "07000002800"}, "25"),
        ({11: "000009"}, "25"),
        ({37: "000000000000"}, "25"),
        ({37: None}, "25"),
        ({4: "000000012346"}, "64"),
    ],
)
def test_a_signature_that_fits_no_payment_is_refused(change: dict[int, object], code: str) -> None:
    world, terminal, sale = one_sale()
    reply = ask(world, upload(terminal, sale, change=change), terminal)
    assert (reply.mti, reply.fields[39]) == ("0830", code)
    assert records(world, SignatureRecord) == []


@pytest.mark.parametrize(
    "events",
    [("declined",), ("approved", "reversal_requested"), ("reversal_requested", "reversed")],
)
def test_only_an_approved_payment_can_be_signed_for(events: tuple[str, ...]) -> None:
    world, terminal, sale = one_sale(*events)
    assert ask(world, upload(terminal, sale), terminal).fields[39] == "12"
    assert records(world, SignatureRecord) == []


def test_the_amount_may_be_that_with_the_tip() -> None:
    books = Books()
    sale = books.add("sale", 1_000)
    books.add("tip", 1_150, original=sale)
    books.add("refund", 300, original=sale)
    world, terminal = signed_in(books)
    for amount, code in ((300, "64"), (1_150, "00")):
        frame = upload(terminal, sale, change={4: f"{amount:012d}"})
        assert ask(world, frame, terminal).fields[39] == code


def test_another_terminals_payment_cannot_be_signed_for() -> None:
    books = Books(terminal_id="00000002")
    sale = books.add("sale", 100)
    world, terminal = signed_in(books)
    frame = upload(terminal, sale, change={41: terminal.terminal_id})
    assert ask(world, frame, terminal).fields[39] == "25"


@pytest.mark.parametrize("session", [True, False])
def test_without_a_right_mac_nothing_is_kept(session: bool) -> None:
    books = Books()
    sale = books.add("sale", 100)
    world = books.world()
    terminal = world.signed_in() if session else ScriptedTerminal()
    reply = ask(world, upload(terminal, sale, mac=False), terminal)
    assert reply.fields[39] == "A0"
    assert records(world, SignatureRecord) == []


def test_the_code_is_the_profiles() -> None:
    books = Books()
    sale = books.add("sale", 100)
    world, terminal = signed_in(books, host=settings(profile=HostProfile(signature_code="301")))
    assert ask(world, upload(terminal, sale), terminal).fields[39] == "40"
    frame = upload(terminal, sale, change={60: "07000001301"})
    assert ask(world, frame, terminal).fields[39] == "00"


def test_no_card_number_is_kept_with_a_signature() -> None:
    world, terminal, sale = one_sale()
    ask(world, upload(terminal, sale), terminal)
    store = world.store
    assert isinstance(store, MemoryStore)
    assert PAN not in repr(store.others) + repr(store.events)
