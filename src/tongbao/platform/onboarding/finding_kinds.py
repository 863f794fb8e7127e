"""What a finding is. Pure.

A finding of `HINT` is for the reviewer's eyes and stops nothing; one of `CORRECT` goes back to the
applicant; one of `REFUSE` is a reason that cannot be corrected.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tongbao.platform.bilingual import Words


class Severity(StrEnum):
    """What a finding leads to."""

    CORRECT = "correct"
    HINT = "hint"
    REFUSE = "refuse"


class Origin(StrEnum):
    """Who found it."""

    AUTOMATIC = "automatic"
    REVIEWER = "reviewer"


SOME_PAPER: Final = "papers"
"""The field of what is about some paper; a finding names which as `paper.<kind>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingKind:
    """One kind of finding; `field` is the place in the form that it is about."""

    code: str
    field: str
    words: Words
    severity: Severity = Severity.CORRECT
    origin: Origin = Origin.AUTOMATIC


def correct(code: str, field: str, zh: str, en: str) -> FindingKind:
    """Return a finding of the checks that the applicant corrects."""
    return FindingKind(code=code, field=field, words=Words(zh, en))


def hint(code: str, field: str, zh: str, en: str) -> FindingKind:
    """Return a finding of the checks for the reviewer's eyes."""
    return FindingKind(code=code, field=field, words=Words(zh, en), severity=Severity.HINT)


def seen(code: str, field: str, zh: str, en: str) -> FindingKind:
    """Return a finding of a reviewer that the applicant corrects."""
    return FindingKind(code=code, field=field, words=Words(zh, en), origin=Origin.REVIEWER)


def final(code: str, field: str, zh: str, en: str) -> FindingKind:
    """Return a reviewer's reason to refuse."""
    return FindingKind(
        code=code,
        field=field,
        words=Words(zh, en),
        severity=Severity.REFUSE,
        origin=Origin.REVIEWER,
    )
