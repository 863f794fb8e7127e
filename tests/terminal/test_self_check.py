"""The self-check really uses each part and says what it found."""

import asyncio
from dataclasses import replace

import pytest

from tests.terminal.fake_host import key_store
from tests.terminal.live import LiveHost
from tests.terminal.rig import TEN_O_CLOCK, make_settings
from tongbao.domain.dates import Instant
from tongbao.terminal import self_check
from tongbao.terminal.core.vocabulary import CheckResult, Part
from tongbao.terminal.devices.fonts import FontMissingError
from tongbao.terminal.devices.magnetic_reader import VirtualMagneticReader
from tongbao.terminal.devices.printer import VirtualPrinter
from tongbao.terminal.journal import Journal
from tongbao.terminal.link import HostLink
from tongbao.terminal.self_check import Devices, check_parts

CLOSED_PORT = 9


async def _at_once(work):
    return work()


async def take_nothing(_track):
    return "no"


async def examine(folder, now=TEN_O_CLOCK, last=None, **changes):
    """Check the parts, all well but for the changes, and return the results by part."""
    journal = Journal.open(folder, "00000001")
    reader = VirtualMagneticReader(take_nothing)
    host = LiveHost()
    await host.start()
    link = HostLink(make_settings(host_port=host.port), lambda _event: None, None)
    devices = Devices(
        journal=journal,
        keys=key_store(),
        printer=VirtualPrinter(folder / "slips"),
        link=link,
        reader_address=lambda: reader.address,
        screens=lambda: 1,
        on_device=_at_once,
        on_printer=_at_once,
    )
    await reader.start()
    link.open()
    try:
        devices = replace(devices, **changes)
        return {check.part: check async for check in check_parts(devices, now, last)}
    finally:
        link.close()
        if devices.link is not link:
            devices.link.close()
        await reader.stop()
        await host.stop()
        journal.close()


def run(folder, *args, **changes):
    return asyncio.run(examine(folder, *args, **changes))


def failed(results):
    return {part: check.detail for part, check in results.items() if check.result.value == "fail"}


def test_a_sound_terminal_passes_and_leaves_a_record_and_a_picture(tmp_path):
    results = run(tmp_path)
    assert list(results) == list(Part)
    assert failed(results) == {}
    assert results[Part.PINPAD].detail == "TMK KCV 82E136"
    assert results[Part.CLOCK].detail == "2026-11-21 10:00"
    assert (tmp_path / "slips" / "self-check.png").read_bytes().startswith(b"\x89PNG")
    journal = Journal.open(tmp_path, "00000001")
    assert [record.kind for record, _ in journal.records()] == ["self_checked"]
    journal.close()


def test_a_screen_must_be_connected(tmp_path):
    assert failed(run(tmp_path, screens=lambda: 0)) == {Part.SCREEN: "×0"}


def test_a_printer_that_cannot_keep_or_draw_is_found(tmp_path):
    (tmp_path / "file").write_text("")
    broken = VirtualPrinter(tmp_path / "file" / "slips")
    assert list(failed(run(tmp_path / "a", printer=broken))) == [Part.PRINTER]

    class NoFont(VirtualPrinter):
        def check(self):
            raise FontMissingError("install fonts-noto-cjk")

    without = NoFont(tmp_path / "slips")
    assert failed(run(tmp_path / "b", printer=without)) == {Part.PRINTER: "install fonts-noto-cjk"}


def test_a_reader_that_does_not_listen_is_found(tmp_path):
    address = f"127.0.0.1:{CLOSED_PORT}"
    assert failed(run(tmp_path / "a", reader_address=lambda: address)) == {
        Part.READER: f"{address} does not answer"
    }
    assert failed(run(tmp_path / "b", reader_address=lambda: None)) == {
        Part.READER: "not listening"
    }


def test_a_pin_pad_without_master_key_is_found(tmp_path):
    keys = key_store()
    keys.forget("tmk")
    assert failed(run(tmp_path, keys=keys)) == {Part.PINPAD: "no TMK"}


def test_a_journal_that_cannot_be_written_is_found(tmp_path):
    journal = Journal.open(tmp_path / "other", "00000001")
    journal._database.execute("PRAGMA query_only = 1")
    assert failed(run(tmp_path, journal=journal)) == {Part.JOURNAL: "the journal: SQLITE_READONLY"}
    journal.close()


DAY_US = 86_400_000_000


@pytest.mark.parametrize(
    ("now", "last", "works"),
    [
        (Instant(0), None, False),
        (Instant(1_767_225_599_999_999), None, False),
        (Instant(1_767_225_600_000_000), None, True),
        (Instant(4_102_444_800_000_000), None, False),
        (TEN_O_CLOCK, Instant(TEN_O_CLOCK.us + DAY_US), True),
        (TEN_O_CLOCK, Instant(TEN_O_CLOCK.us + DAY_US + 1), False),
    ],
)
def test_a_clock_that_was_never_set_or_runs_behind_the_journal_is_found(tmp_path, now, last, works):
    assert (failed(run(tmp_path, now, last)) == {}) is works


def test_a_host_that_cannot_be_reached_is_found(tmp_path):
    async def story():
        away = HostLink(make_settings(host_port=CLOSED_PORT), lambda _event: None, None)
        away.open()
        return await examine(tmp_path, link=away)

    assert failed(asyncio.run(story())) == {Part.NETWORK: f"127.0.0.1:{CLOSED_PORT} refused"}


def test_a_part_that_hangs_does_not_keep_the_others_from_being_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(self_check, "_PART_LIMIT_S", 0.5)

    async def story():
        never = asyncio.Event()

        async def hang(_work):
            await never.wait()

        return await examine(tmp_path, on_printer=hang)

    results = asyncio.run(story())
    assert failed(results)[Part.PRINTER] == "no answer"
    assert results[Part.NETWORK].result is CheckResult.OK
