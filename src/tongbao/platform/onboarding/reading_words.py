"""How reading a paper by machine ended, for people."""

from __future__ import annotations

from typing import Final

from tongbao.platform.bilingual import Words
from tongbao.platform.providers.ports import ReadingOutcome

READING_WORDS: Final[dict[ReadingOutcome, Words]] = {
    ReadingOutcome.READ: Words(
        "已识别，请核对后保存。", "Read by machine; check each field before you save."
    ),
    ReadingOutcome.NOTHING_FOUND: Words(
        "没有识别到内容，请手工填写。", "Nothing was recognised; please type it."
    ),
    ReadingOutcome.NOT_INSTALLED: Words(
        "本机未安装识别功能，请手工填写。", "Reading is not installed; please type it."
    ),
    ReadingOutcome.TIMED_OUT: Words(
        "识别超时，请手工填写。", "Reading took too long; please type it."
    ),
    ReadingOutcome.FAILED: Words("识别失败，请手工填写。", "Reading failed; please type it."),
}
