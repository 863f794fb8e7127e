"""Reads one picture in a process of its own: `python -m tongbao.platform.providers.ocr_process`.

Takes `{"kind": …, "picture": base64}` on standard input and answers `{"outcome": …, "values": …}`
on standard output. A picture from a stranger goes through much foreign code here; the process holds
no key and no database, and whoever started it ends it after its time.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from typing import Any

from tongbao.platform.providers.ocr_fields import fields_from


def main() -> int:
    """Read, answer and return the exit code; nothing but the answer goes to standard output."""
    answer = sys.stdout
    sys.stdout = sys.stderr  # the engine prints its log
    request = json.load(sys.stdin)
    try:
        from rapidocr import RapidOCR  # noqa: PLC0415 - an optional extra
    except ImportError:
        return _say(answer, {"outcome": "not_installed", "values": {}})
    from PIL import Image  # noqa: PLC0415 - only when there is something to read

    with Image.open(io.BytesIO(base64.b64decode(request["picture"]))) as picture:
        lines = _lines(RapidOCR(), picture.convert("RGB"))
    values = fields_from(str(request["kind"]), lines)
    outcome = "read" if values else "nothing_found"
    return _say(answer, {"outcome": outcome, "values": values})


def _lines(engine: Any, picture: Any) -> list[str]:
    picture.thumbnail((1_600, 1_600))
    content = io.BytesIO()
    picture.save(content, "PNG")
    found = engine(content.getvalue()).txts
    return [str(line) for line in found or ()]


def _say(answer: Any, document: dict[str, Any]) -> int:
    json.dump(document, answer, ensure_ascii=False)
    answer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
