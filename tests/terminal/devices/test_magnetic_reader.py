"""A swipe over the socket: good tracks arrive, bad ones are refused without being repeated."""

from __future__ import annotations

import asyncio

import pytest

from tongbao.domain.secrets import Purpose, Track2
from tongbao.terminal.devices.magnetic_reader import (
    CONNECTIONS_MAX,
    LINE_MAX_BYTES,
    BadSwipeError,
    VirtualMagneticReader,
    read_track,
)

GOOD = b";6200001234567890128=30122010000000000?\n"
REFUSED = [
    (b"\n", "no start sentinel"),
    (b"6200001234567890128=30122010000000000?\n", "no start sentinel"),
    (b"%6200001234567890128=30122010000000000?\n", "no start sentinel"),
    (b";6200001234567890128=30122010000000000\n", "no end sentinel"),
    (b";\n", "no end sentinel"),
    (b";?\n", "no separator after the card number"),
    (b";6200001234567890128?\n", "no separator after the card number"),
    (b";6200001234567890128D30122010000000000?\n", "a character that track 2 cannot hold"),
    (b";62000012345678901\xe4\xb8\xad=3012201?\n", "a character that track 2 cannot hold"),
    (b";6200001234567890128=3012201??\n", "a character that track 2 cannot hold"),
    (b";6200001=30122010000000000?\n", "the card number is not 8 to 19 digits"),
    (b";62000012345678901280=3012201000?\n", "the card number is not 8 to 19 digits"),
    (b";6200001234567890128=301220?\n", "expiry or service code is missing"),
    (b";6200001234567890128=30132010000000000?\n", "the expiry has no such month"),
    (b";6200001234567890128=30002010000000000?\n", "the expiry has no such month"),
    (b";6200001234567890128=3012201=0?\n", "a second separator"),
    (b";6200001234567890128=301220100000000000?\n", "more than 37 characters"),
]


class Counter:
    """The terminal's side: keeps what it took, or says why it takes nothing."""

    def __init__(self, reason: str | None = None) -> None:
        self.taken: list[Track2] = []
        self.reason = reason

    async def take(self, track: Track2) -> str | None:
        if self.reason is None:
            self.taken.append(track)
        return self.reason


async def swipe(address: str, line: bytes, *, end: bool = False) -> bytes:
    """Write one line as the drawer does and return the answer."""
    host, port = address.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(line)
    if end:
        writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def with_reader(counter: Counter, lines: list[bytes], *, end: bool = False) -> list[bytes]:
    device = VirtualMagneticReader(counter.take)
    address = await device.start()
    answers = [await swipe(address, line, end=end) for line in lines]
    await device.stop()
    return answers


def test_good_track_arrives_whole_and_is_answered_ok() -> None:
    counter = Counter()
    assert asyncio.run(with_reader(counter, [GOOD])) == [b"ok\n"]
    assert [track.reveal(Purpose.TEST) for track in counter.taken] == [
        "6200001234567890128=30122010000000000"
    ]


def test_carriage_return_before_the_line_feed_is_allowed() -> None:
    assert read_track(GOOD[:-1] + b"\r\n") == read_track(GOOD)


def test_shortest_and_longest_tracks_are_taken() -> None:
    for data in (b"62000012=3012201", b"6200001234567890128=3012201" + b"0" * 10):
        assert read_track(b";" + data + b"?\n").reveal(Purpose.TEST) == data.decode()


@pytest.mark.parametrize(("line", "reason"), REFUSED)
def test_bad_track_is_refused_with_its_reason_and_none_of_its_digits(
    line: bytes, reason: str
) -> None:
    with pytest.raises(BadSwipeError, match=reason) as caught:
        read_track(line)
    assert "620000" not in repr(caught.value)
    counter = Counter()
    (answer,) = asyncio.run(with_reader(counter, [line]))
    assert answer.startswith(f"refused: {reason}".encode())
    assert b"620000" not in answer
    assert counter.taken == []


def test_terminal_that_does_not_wait_for_a_card_says_why() -> None:
    counter = Counter("the terminal is not waiting for a card")
    answers = asyncio.run(with_reader(counter, [GOOD]))
    assert answers == [b"refused: the terminal is not waiting for a card\n"]


def test_reader_goes_on_after_a_bad_swipe() -> None:
    counter = Counter()
    answers = asyncio.run(with_reader(counter, [b"x\n", GOOD, GOOD]))
    assert answers == [b"refused: no start sentinel\n", b"ok\n", b"ok\n"]
    assert len(counter.taken) == 2


def test_line_longer_than_the_limit_is_refused() -> None:
    answers = asyncio.run(with_reader(Counter(), [b";" + b"6" * LINE_MAX_BYTES * 2 + b"?\n"]))
    assert answers == [b"refused: the line is too long\n"]


def test_line_without_an_end_is_refused() -> None:
    answers = asyncio.run(with_reader(Counter(), [GOOD[:-1], b""], end=True))
    assert answers == [b"refused: the line has no end\n"] * 2


def test_silent_connection_is_refused_after_the_time_out() -> None:
    async def run() -> bytes:
        device = VirtualMagneticReader(Counter().take, timeout_s=0.05)
        address = await device.start()
        answer = await swipe(address, b";620000")
        await device.stop()
        return answer

    assert asyncio.run(run()) == b"refused: no line in time\n"


def test_fifth_connection_at_once_is_refused() -> None:
    async def run() -> bytes:
        device = VirtualMagneticReader(Counter().take)
        address = await device.start()
        host, port = address.rsplit(":", 1)
        waiting = [await asyncio.open_connection(host, int(port)) for _ in range(CONNECTIONS_MAX)]
        answer = await swipe(address, GOOD)
        await device.stop()
        for _, writer in waiting:
            writer.close()
        return answer

    assert asyncio.run(run()) == b"refused: too many cards at once\n"


def test_stop_ends_waiting_connections_and_can_be_repeated() -> None:
    async def run() -> bytes:
        device = VirtualMagneticReader(Counter().take)
        host, port = (await device.start()).rsplit(":", 1)
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b";62")
        await device.stop()
        await device.stop()
        answer = await reader.read()
        writer.close()
        return answer

    assert asyncio.run(run()) == b""


def test_address_outside_this_machine_is_refused() -> None:
    for host in ("0.0.0.0", "192.0.2.1", "::"):
        with pytest.raises(ValueError, match="loopback"):
            VirtualMagneticReader(Counter().take, host)


def test_address_is_unknown_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        _ = VirtualMagneticReader(Counter().take).address
