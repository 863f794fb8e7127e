"""The virtual printer keeps whole jobs only, and draws each once."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
from PIL import Image

from tests.terminal.slip.samples import APPROVED, SAMPLES
from tongbao.domain.errors import ProtocolError
from tongbao.terminal.devices import printer as printer_module
from tongbao.terminal.devices.fonts import FontMissingError, find_fonts
from tongbao.terminal.devices.printer import PrinterError, VirtualPrinter
from tongbao.terminal.slip import slip_to_escpos

JOB = slip_to_escpos(APPROVED)


@pytest.fixture
def printer(tmp_path: Path) -> VirtualPrinter:
    return VirtualPrinter(tmp_path / "slips")


def test_job_is_kept_byte_for_byte(printer: VirtualPrinter) -> None:
    path = printer.print_job("000012", JOB)
    assert path == printer.folder / "000012.escpos"
    assert path.read_bytes() == JOB
    assert printer.data("000012") == JOB
    assert printer.names() == ["000012"]
    assert printer.has("000012")
    assert not printer.has("000013")


def test_folder_holds_nothing_else_after_a_job(printer: VirtualPrinter) -> None:
    printer.print_job("000012", JOB)
    assert [path.name for path in printer.folder.iterdir()] == ["000012.escpos"]


def test_kept_job_is_for_its_owner_only(printer: VirtualPrinter) -> None:
    path = printer.print_job("000012", JOB)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_picture_is_drawn_once_and_kept(
    printer: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer.print_job("000012", JOB)
    picture = printer.png("000012")
    with Image.open(io.BytesIO(picture)) as opened:
        assert opened.format == "PNG"

    def fail(*_arguments: object) -> bytes:
        raise AssertionError("drawn twice")

    monkeypatch.setattr(printer_module, "render_png", fail)
    assert printer.png("000012") == picture


def test_new_job_of_the_same_name_replaces_bytes_and_picture(printer: VirtualPrinter) -> None:
    printer.print_job("000012", JOB)
    before = printer.png("000012")
    printer.print_job("000012", slip_to_escpos(SAMPLES["reversed"]))
    assert printer.png("000012") != before


def test_job_cut_short_is_refused_and_not_kept(printer: VirtualPrinter) -> None:
    with pytest.raises(ProtocolError):
        printer.print_job("000012", JOB[:-1])
    assert not printer.has("000012")


def test_failed_write_leaves_the_old_job(
    printer: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer.print_job("000012", JOB)

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(PrinterError, match="slip cannot be kept: No space left on device"):
        printer.print_job("000012", slip_to_escpos(SAMPLES["reversed"]))
    assert printer.data("000012") == JOB
    assert [path.name for path in printer.folder.iterdir()] == ["000012.escpos"]


@pytest.mark.parametrize("name", ["", "../000012", "a/b", ".hidden", "a.b", "中", "x" * 65, "-1"])
def test_name_that_could_leave_the_folder_is_refused(printer: VirtualPrinter, name: str) -> None:
    for call in (printer.png, printer.data, printer.has):
        with pytest.raises(ValueError, match="a slip's name"):
            call(name)
    with pytest.raises(ValueError, match="a slip's name"):
        printer.print_job(name, JOB)


def test_unknown_slip_is_an_error(printer: VirtualPrinter) -> None:
    with pytest.raises(PrinterError, match="no such slip"):
        printer.png("000099")


def test_empty_printer_has_no_names(printer: VirtualPrinter) -> None:
    assert printer.names() == []


def test_check_makes_the_folder(printer: VirtualPrinter) -> None:
    printer.check()
    assert printer.folder.is_dir()
    assert list(printer.folder.iterdir()) == []


def test_check_names_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PrinterError, match="slips cannot be kept"):
        VirtualPrinter(tmp_path / "file" / "slips").check()


def test_check_says_which_font_to_install(
    printer: VirtualPrinter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printer_module, "find_fonts", lambda: find_fonts((tmp_path,)))
    with pytest.raises(FontMissingError, match="fonts-wqy-microhei"):
        printer.check()


def test_job_is_kept_even_without_a_font(
    printer: VirtualPrinter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printer_module, "find_fonts", lambda: find_fonts((tmp_path,)))
    printer.print_job("000012", JOB)
    assert printer.data("000012") == JOB


def test_paper_of_another_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="384 dots"):
        VirtualPrinter(tmp_path, 400)
