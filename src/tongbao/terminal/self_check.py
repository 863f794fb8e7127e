"""The self-check at power-on: each part is really used, and says what it found."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao import __version__
from tongbao.domain.dates import Instant
from tongbao.terminal.core.messages import TMK
from tongbao.terminal.core.records import SelfChecked
from tongbao.terminal.core.state import PartCheck
from tongbao.terminal.core.vocabulary import CheckResult, Part
from tongbao.terminal.journal import JournalError
from tongbao.wire.escpos.builder import EscPosBuilder

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.terminal.devices.printer import VirtualPrinter
    from tongbao.terminal.journal import Journal
    from tongbao.terminal.link import HostLine

Found = tuple[bool, str]
# Runs a blocking function on the thread of the journal and the keys, or of the printer.
Runner = Callable[[Callable[[], Found]], Awaitable[Found]]

SELF_CHECK_SLIP: Final = "self-check"
_NETWORK_WAIT_S: Final = 3.0
# A part that hangs must not keep the others from being used.
_PART_LIMIT_S: Final = 10.0
_READER_WAIT_S: Final = 2.0
# 2026-01-01 and 2100-01-01: a clock outside was never set.
_CLOCK_FIRST: Final = Instant(1_767_225_600_000_000)
_CLOCK_LAST: Final = Instant(4_102_444_800_000_000)
_CLOCK_SLACK_MS: Final = 24 * 3_600 * 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """What the check looks at."""

    journal: Journal
    keys: KeyStore
    printer: VirtualPrinter
    link: HostLine
    reader_address: Callable[[], str | None]
    screens: Callable[[], int]
    on_device: Runner
    on_printer: Runner


async def check_parts(
    devices: Devices, now: Instant, last_record: Instant | None
) -> AsyncIterator[PartCheck]:
    """Yield the result of each part in the order in which they are shown.

    `last_record` is the time of the newest record of the journal; a clock far behind it is wrong.
    """
    checks: dict[Part, Callable[[], Awaitable[Found]]] = {
        Part.SCREEN: lambda: _screen(devices),
        Part.PRINTER: lambda: devices.on_printer(lambda: _printer(devices)),
        Part.READER: lambda: _reader(devices),
        Part.PINPAD: lambda: devices.on_device(lambda: _pinpad(devices)),
        Part.JOURNAL: lambda: devices.on_device(lambda: _journal(devices, now)),
        Part.CLOCK: lambda: _clock(now, last_record),
        Part.NETWORK: lambda: devices.link.check(_NETWORK_WAIT_S),
    }
    for part, check in checks.items():
        try:
            async with asyncio.timeout(_PART_LIMIT_S):
                works, detail = await check()
        except TimeoutError:
            works, detail = False, "no answer"
        yield PartCheck(part, CheckResult.OK if works else CheckResult.FAIL, detail)


async def _screen(devices: Devices) -> Found:
    count = devices.screens()
    return count > 0, f"×{count}"


def _printer(devices: Devices) -> Found:
    """Print a line and draw it."""
    job = EscPosBuilder().initialise().line("通宝 Tongbao 0123456789").cut().encode()
    try:
        devices.printer.check()
        devices.printer.print_job(SELF_CHECK_SLIP, job)
        picture = devices.printer.png(SELF_CHECK_SLIP)
    except (RuntimeError, OSError, ValueError) as error:
        return False, str(error)
    return bool(picture), f"{devices.printer.width_dots} dots, GB18030"


async def _reader(devices: Devices) -> Found:
    """Knock at the reader's door."""
    address = devices.reader_address()
    if address is None:
        return False, "not listening"
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(_READER_WAIT_S):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError:
        return False, f"{address} does not answer"
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True, address


def _pinpad(devices: Devices) -> Found:
    if not devices.keys.has(TMK):
        return False, "no TMK"
    return True, f"TMK KCV {devices.keys.kcv(TMK)[:3].hex().upper()}"


def _journal(devices: Devices, now: Instant) -> Found:
    """Write a record and flush it."""
    begin = time.perf_counter_ns()
    try:
        devices.journal.append(SelfChecked(version=__version__), now)
    except JournalError as error:
        return False, str(error)
    return True, f"fsync {(time.perf_counter_ns() - begin) // 1000} µs"


async def _clock(now: Instant, last_record: Instant | None) -> Found:
    shown = now.local().strftime("%Y-%m-%d %H:%M")
    if not _CLOCK_FIRST <= now < _CLOCK_LAST:
        return False, shown
    if last_record is not None and now.plus_ms(_CLOCK_SLACK_MS) < last_record:
        return False, f"{shown} < {last_record.local():%Y-%m-%d %H:%M}"
    return True, shown
