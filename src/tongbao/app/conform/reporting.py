"""Prints grades as they come, and the certificate at the end, for people or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.app.conform.case import Verdict

if TYPE_CHECKING:
    from tongbao.app.conform.grading import Certificate, Grade

_MARKS = {
    Verdict.PASSED: "pass",
    Verdict.FAILED: "FAIL",
    Verdict.NOT_APPLICABLE: "n/a ",
}


def grade_text(grade: Grade) -> str:
    """Return one line a case, and a second one with what came when it failed."""
    line = f"{_MARKS[grade.verdict]}  {grade.name:<44} {grade.rule}"
    if grade.words:
        line += f"\n      {grade.words} (clause {grade.source})"
    return line


def certificate_text(certificate: Certificate) -> str:
    """Return the sums and the verdict."""
    passed, failed, left_out = (
        certificate.count(verdict)
        for verdict in (Verdict.PASSED, Verdict.FAILED, Verdict.NOT_APPLICABLE)
    )
    verdict = "conforms 符合" if certificate.conforms else "does not conform 不符合"
    lines = [f"{passed} passed, {failed} failed, {left_out} do not apply: {verdict}"]
    lines += [f"  failed: {name}" for name in certificate.failed]
    return "\n".join(lines)


def certificate_document(certificate: Certificate) -> dict[str, Any]:
    """Return the certificate as one JSON object."""
    return {
        "party": certificate.party,
        "conforms": certificate.conforms,
        "passed": certificate.count(Verdict.PASSED),
        "failed": certificate.count(Verdict.FAILED),
        "not_applicable": certificate.count(Verdict.NOT_APPLICABLE),
        "cases": [
            {
                "name": grade.name,
                "rule": grade.rule,
                "source": grade.source,
                "verdict": grade.verdict.value,
                "words": grade.words,
                "took_ms": grade.took_ms,
            }
            for grade in certificate.grades
        ],
    }
