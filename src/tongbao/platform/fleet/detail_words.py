"""What a self-test's part says of itself, in the reader's language.

A terminal writes its details once, in a short English form that its evidence covers; whoever reads
them reads these words. A detail of another form is shown as it was written.
"""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import get_language

from tongbao.platform.bilingual import Words

_FORMS: Final[tuple[tuple[re.Pattern[str], Words], ...]] = (
    (re.compile(r"person"), Words("本人确认", "confirmed by a person")),
    (re.compile(r"(\d+) dots, (\d+) code"), Words("{0} 点，读回 {1} 个码", "{0} dots, {1} code")),
    (re.compile(r"virtual scanner"), Words("模拟扫码", "virtual scanner")),
    (
        re.compile(r"platform (\d+) ms, host (\d+) ms"),
        Words("平台 {0} 毫秒，主机 {1} 毫秒", "platform {0} ms, host {1} ms"),
    ),
    (re.compile(r"(\d+) MiB free"), Words("剩余 {0} MiB", "{0} MiB free")),
    (re.compile(r"approved, (\d+) slips"), Words("成功，{0} 张小票", "approved, {0} slips")),
)


def detail_words(detail: str) -> str:
    """Return a detail in the language of this request."""
    for form, words in _FORMS:
        found = form.fullmatch(detail)
        if found is not None:
            return words.into(get_language() or "en").format(*found.groups())
    return detail
