"""Everything that can be wrong with an application: a code each, with words that say what to do."""

from __future__ import annotations

from typing import Final

from tongbao.platform.onboarding.finding_kinds import FindingKind
from tongbao.platform.onboarding.findings_of_forms import ACCOUNT, FORM, REGISTER
from tongbao.platform.onboarding.findings_of_papers import PAPERS, REVIEW

FINDINGS: Final[dict[str, FindingKind]] = {
    kind.code: kind for kind in (*FORM, *ACCOUNT, *REGISTER, *PAPERS, *REVIEW)
}


def kind_of(code: str) -> FindingKind:
    """Return the kind of a stored finding.

    Raises: KeyError for a code that this version does not know.
    """
    return FINDINGS[code]
