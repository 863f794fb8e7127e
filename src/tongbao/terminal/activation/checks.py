"""Tries the parts of a device for the function self-test; each leaves the digest of its proof.

The printer prints a code and the picture of the slip is read back; a virtual scanner reads a code
that was drawn; what only a person can tell is not tried here.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import zxingcpp
from PIL import Image

from tongbao.crypto.errors import CryptoError
from tongbao.crypto.master_key import write_owner_only
from tongbao.terminal.core.messages import TMK
from tongbao.terminal.training.test_sale import make_test_sale
from tongbao.wire.device.health import Part, PartResult, TestOutcome
from tongbao.wire.escpos.builder import EscPosBuilder
from tongbao.wire.escpos.operations import Alignment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.dates import Instant
    from tongbao.terminal.devices.printer import VirtualPrinter
    from tongbao.terminal.settings import TerminalSettings

SLIP: Final = "self-test"
_CODE_TEXT: Final = "TONGBAO-TEST:"
_CLOCK_MAX_MS: Final = 120_000
_STORAGE_BYTES: Final = 64 * 1024
_FREE_BYTES_MIN: Final = 20 * 1024 * 1024
_DETAIL_MAX: Final = 200
_QR_MODULE_DOTS: Final = 6

Found = tuple[bool, str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the checks look at; every callable blocks and may take seconds.

    `line` asks platform and host and says whether both answered; `clock_ahead_ms` is how far the
    platform's clock is ahead. `scanner_is_virtual` is the sandbox, None is a device without one.
    """

    folder: Path
    printer: VirtualPrinter
    keys: Callable[[], KeyStore]
    settings: Callable[[], TerminalSettings | None]
    line: Callable[[], tuple[bool, str]]
    clock_ahead_ms: Callable[[], int]
    now: Callable[[], Instant]
    scanner_is_virtual: bool | None


def asked_parts(bench: Bench) -> frozenset[Part]:
    """Return the parts that need a person on this device."""
    scanner = {Part.SCANNER} if bench.scanner_is_virtual is False else set()
    return frozenset({Part.SCREEN, Part.KEYPAD} | scanner)


def try_part(bench: Bench, part: Part, code: str) -> PartResult:
    """Try one part and return what was found; blocks, and never raises for a broken part."""
    if part is Part.SCANNER and bench.scanner_is_virtual is None:
        return _result(part, TestOutcome.ABSENT, "", b"")
    try:
        passed, detail, evidence = _CHECKS[part](bench, code)
    except (OSError, RuntimeError, ValueError, CryptoError) as error:
        passed, detail, evidence = False, str(error) or type(error).__name__, b""
    return _result(part, TestOutcome.PASSED if passed else TestOutcome.FAILED, detail, evidence)


def code_picture(text: str) -> bytes:
    """Return a QR code as an SVG picture."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    return str(code.to_svg(add_quiet_zones=True)).encode()


def _printer(bench: Bench, code: str) -> Found:
    """Print a code, draw the slip and read the code back from the picture."""
    wanted = f"{_CODE_TEXT}{code}"
    builder = EscPosBuilder().initialise().align(Alignment.CENTRE)
    builder.line("功能自检 SELF-TEST").line("0123456789 通宝 Tongbao").feed(30)
    job = builder.qr(wanted.encode("ascii"), _QR_MODULE_DOTS).feed(30).line(code).cut().encode()
    bench.printer.check()
    bench.printer.print_job(SLIP, job)
    picture = bench.printer.png(SLIP)
    with Image.open(io.BytesIO(picture)) as image:
        texts = [found.text for found in zxingcpp.read_barcodes(image.convert("RGB"))]
    return texts == [wanted], f"{bench.printer.width_dots} dots, {len(texts)} code", picture


def _scanner(_bench: Bench, code: str) -> Found:
    """Have the virtual scanner read a code."""
    drawn = zxingcpp.create_barcode(f"{_CODE_TEXT}{code}", zxingcpp.BarcodeFormat.QRCode)
    image = Image.fromarray(drawn.to_image(scale=4)).convert("RGB")
    texts = [found.text for found in zxingcpp.read_barcodes(image)]
    return texts == [f"{_CODE_TEXT}{code}"], "virtual scanner", image.tobytes()


def _network(bench: Bench, _code: str) -> Found:
    works, detail = bench.line()
    return works, detail, detail.encode()


def _clock(bench: Bench, _code: str) -> Found:
    ahead_ms = bench.clock_ahead_ms()
    detail = f"{-ahead_ms / 1000:+.1f} s"
    return abs(ahead_ms) <= _CLOCK_MAX_MS, detail, str(ahead_ms).encode()


def _keys(bench: Bench, _code: str) -> Found:
    keys = bench.keys()
    if not keys.has(TMK):
        return False, "no TMK", b""
    check_value = keys.kcv(TMK)
    return True, f"TMK KCV {check_value[:3].hex().upper()}", check_value


def _storage(bench: Bench, _code: str) -> Found:
    """Write, flush and read back."""
    written = os.urandom(_STORAGE_BYTES)
    file = bench.folder / "self-test.bin"
    write_owner_only(file, written)
    same = file.read_bytes() == written
    file.unlink()
    free = shutil.disk_usage(bench.folder).free
    return same and free >= _FREE_BYTES_MIN, f"{free // 2**20} MiB free", written


def _test_sale(bench: Bench, _code: str) -> Found:
    settings = bench.settings()
    if settings is None:
        return False, "no settings", b""
    sale = make_test_sale(settings, bench.now())
    return sale.passed, sale.detail, bytes.fromhex(sale.evidence_sha256)


_CHECKS: Final[dict[Part, Callable[[Bench, str], Found]]] = {
    Part.PRINTER: _printer,
    Part.SCANNER: _scanner,
    Part.NETWORK: _network,
    Part.CLOCK: _clock,
    Part.KEYS: _keys,
    Part.STORAGE: _storage,
    Part.TEST_SALE: _test_sale,
}


def _result(part: Part, outcome: TestOutcome, detail: str, evidence: bytes) -> PartResult:
    return PartResult(
        part=part,
        outcome=outcome,
        detail=detail[:_DETAIL_MAX],
        evidence_sha256=hashlib.sha256(evidence).hexdigest() if evidence else None,
    )
