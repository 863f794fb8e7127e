"""The drawer: what its cards are, and that a stripe reaches a reader on this computer only."""

from __future__ import annotations

import asyncio

import pytest

from tongbao.domain.secrets import Purpose
from tongbao.sandbox.cards import CARD_BY_ID, DRAWER
from tongbao.sandbox.drawer import (
    ReaderAddress,
    ReaderAddressError,
    ReaderRefusedError,
    ReaderUnreachableError,
    drawer_view,
    front_of,
    swipe,
)
from tongbao.terminal.devices.magnetic_reader import VirtualMagneticReader
from tongbao.wire.unionpay.profile import HostProfile


def test_every_card_number_lies_in_the_sandbox_range_and_passes_luhn():
    for card in DRAWER:
        digits = card.pan.reveal(Purpose.TEST)
        assert len(digits) == 19
        assert digits.startswith("620000")
        assert card.pan.luhn_valid


def test_no_two_cards_share_a_number():
    assert len({card.pan.reveal(Purpose.TEST) for card in DRAWER}) == len(DRAWER) == 10


def test_the_stripe_holds_number_expiry_and_service_code_in_37_characters():
    track = CARD_BY_ID["good"].track2
    assert len(track.reveal(Purpose.TEST)) == 35
    assert track.pan == CARD_BY_ID["good"].pan
    assert track.expiry == "4912"
    assert track.service_code == "220"


def test_the_foreign_card_is_one_to_the_profiles_and_needs_no_pin():
    foreign = [card for card in DRAWER if HostProfile().organisation_of(card.pan) != "CUP"]
    assert [card.card_id for card in foreign] == ["foreign"]
    (card,) = foreign
    assert HostProfile().organisation_of(card.pan) == "VIS"
    assert card.pan.reveal(Purpose.TEST).startswith("62000099")
    assert ("外卡" in card.name.zh, "foreign" in card.name.en) == (True, True)
    assert [card.card_id for card in DRAWER if not card.needs_pin] == ["foreign"]
    assert len(card.track2.reveal(Purpose.TEST)) == 35


def test_the_front_of_a_card_shows_what_is_embossed_and_no_more():
    card = CARD_BY_ID["good"]
    assert front_of(card) == {"pan": card.pan.reveal(Purpose.TEST), "expiry": "4912"}


def test_the_view_of_the_drawer_shows_names_stories_and_masked_numbers_only():
    view = drawer_view()
    assert [card["id"] for card in view] == [
        "good",
        "second",
        "no_funds",
        "limit",
        "expired",
        "lost",
        "pin_locked",
        "late",
        "silent",
        "foreign",
    ]
    assert set(view[0]) == {
        "id",
        "name_zh",
        "name_en",
        "story_zh",
        "story_en",
        "masked",
        "pin_hint",
        "expected_code",
        "colour",
        "needs_pin",
    }
    text = repr(view)
    for card in DRAWER:
        assert card.pan.masked in text
        assert card.pan.reveal(Purpose.TEST) not in text


@pytest.mark.parametrize("text", ["127.0.0.1:5000", "127.9.8.7:1", "[::1]:65535"])
def test_a_numeric_loopback_address_is_a_reader_address(text):
    address = ReaderAddress.parse(text)
    assert text == (f"[{address.host}]" if ":" in address.host else address.host) + (
        f":{address.port}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1:5000",
        "192.168.1.7:80",
        "0.0.0.0:5000",
        "example.com:5000",
        "localhost:5000",
        "169.254.169.254:80",
        "[::ffff:10.0.0.1]:5000",
        "[fe80::1]:5000",
        "127.0.0.1",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:1x",
        ":5000",
        "",
    ],
)
def test_any_other_reader_address_is_refused(text):
    with pytest.raises(ReaderAddressError):
        ReaderAddress.parse(text)


def test_a_swipe_brings_the_stripe_to_the_reader():
    async def scenario():
        taken = []

        async def take(track):
            taken.append(track)

        reader = VirtualMagneticReader(take)
        address = ReaderAddress.parse(await reader.start())
        await swipe(CARD_BY_ID["good"], address, timeout_ms=2_000)
        await reader.stop()
        return taken

    assert asyncio.run(scenario()) == [CARD_BY_ID["good"].track2]


def test_a_reader_that_refuses_says_why():
    async def scenario():
        async def take(track):
            return "no sale is waiting for a card"

        reader = VirtualMagneticReader(take)
        address = ReaderAddress.parse(await reader.start())
        try:
            await swipe(CARD_BY_ID["good"], address, timeout_ms=2_000)
        finally:
            await reader.stop()

    with pytest.raises(ReaderRefusedError, match=r"^no sale is waiting for a card$"):
        asyncio.run(scenario())


def test_a_swipe_where_nobody_listens_is_unreachable():
    async def scenario():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        await swipe(CARD_BY_ID["good"], ReaderAddress("127.0.0.1", port), timeout_ms=2_000)

    with pytest.raises(ReaderUnreachableError, match="no reader listens"):
        asyncio.run(scenario())


def swipe_at(answer, timeout_ms):
    """Swipe the good card at a reader that behaves like the coroutine function `answer`."""

    async def scenario():
        ended = asyncio.Event()

        async def serve(incoming, outgoing):
            await answer(incoming)
            outgoing.close()
            await outgoing.wait_closed()
            ended.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        address = ReaderAddress("127.0.0.1", server.sockets[0].getsockname()[1])
        try:
            await swipe(CARD_BY_ID["good"], address, timeout_ms)
        finally:
            await ended.wait()
            server.close()
            await server.wait_closed()

    asyncio.run(scenario())


def test_a_reader_that_never_answers_is_given_up_after_the_time_limit():
    async def keep_silent(incoming):
        await incoming.read()

    with pytest.raises(ReaderUnreachableError, match="does not answer"):
        swipe_at(keep_silent, timeout_ms=50)


def test_a_reader_that_hangs_up_counts_as_refused():
    async def hang_up(incoming):
        await incoming.readline()

    with pytest.raises(ReaderRefusedError, match="hung up"):
        swipe_at(hang_up, timeout_ms=2_000)
