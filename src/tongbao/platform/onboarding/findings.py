"""Everything that can be wrong with an application: a code each, with words that say what to do."""

from __future__ import annotations

from typing import Final

from tongbao.platform.bilingual import Words
from tongbao.platform.onboarding.finding_kinds import SOME_PAPER, FindingKind
from tongbao.platform.onboarding.findings_of_forms import ACCOUNT, FORM, REGISTER
from tongbao.platform.onboarding.findings_of_papers import PAPERS, REVIEW
from tongbao.platform.onboarding.tiers import PAPER_WORDS, PaperKind

FINDINGS: Final[dict[str, FindingKind]] = {
    kind.code: kind for kind in (*FORM, *ACCOUNT, *REGISTER, *PAPERS, *REVIEW)
}


def kind_of(code: str) -> FindingKind:
    """Return the kind of a stored finding.

    Raises: KeyError for a code that this version does not know.
    """
    return FINDINGS[code]


def words_of(code: str, field: str) -> Words:
    """Return the words of a stored finding, with the name of the paper where it names one.

    Raises: KeyError for a code that this version does not know.
    """
    kind = kind_of(code)
    if kind.field != SOME_PAPER or field == SOME_PAPER:
        return kind.words
    paper = PAPER_WORDS[PaperKind(field.partition(".")[2])][0]
    return Words(f"{paper.zh}：{kind.words.zh}", f"{paper.en}: {kind.words.en}")
