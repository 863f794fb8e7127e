"""Our own host and terminal pass every case that applies to them."""

from __future__ import annotations

from pathlib import Path

from tests.app.conform.stage import certify_host, certify_terminal
from tongbao.app.conform.case import Verdict
from tongbao.app.conform.grading import Certificate


def left_out(certificate: Certificate) -> set[str]:
    return {grade.name for grade in certificate.grades if grade.verdict is Verdict.NOT_APPLICABLE}


def failures(certificate: Certificate) -> list[str]:
    return [
        f"{grade.name}: {grade.words}"
        for grade in certificate.grades
        if grade.verdict is Verdict.FAILED
    ]


def test_our_host_passes_every_case(tmp_path: Path) -> None:
    certificate = certify_host(tmp_path)
    assert failures(certificate) == []
    assert left_out(certificate) == set()


def test_our_terminal_passes_every_case(tmp_path: Path) -> None:
    certificate = certify_terminal(tmp_path)
    assert failures(certificate) == []
    assert left_out(certificate) == set()
