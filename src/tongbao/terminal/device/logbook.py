"""What a terminal hands out when its log is pulled: what happened and when, and no secret.

It is made from the journal's records by a list of safe fields, so that a field that is added later
stays out until somebody has thought about it. No card digits are among them, not even masked ones.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Final

from tongbao import __version__
from tongbao.terminal.core.records import record_body

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tongbao.domain.dates import Instant
    from tongbao.terminal.core.records import Record

LOG_BYTES_MAX: Final = 128 * 1024
_LINES_MAX: Final = 2_000
_SAFE: Final = frozenset(
    {
        *("batch", "trace", "operator", "code", "outcome", "reason", "payment_kind", "what"),
        *("version", "name", "number", "attempt", "stage", "done", "clock_offset_ms"),
    }
)


def pulled_log(records: Iterable[tuple[Record, Instant]], standing: dict[str, str]) -> bytes:
    """Return the newest lines, compressed (zlib) to at most 128 KiB; `standing` goes on top."""
    lines = [json.dumps({"version": __version__, **standing}, ensure_ascii=False)]
    newest = [_line(record, at) for record, at in records][-_LINES_MAX:]
    while True:
        packed = zlib.compress("\n".join([*lines, *newest]).encode(), 9)
        if len(packed) <= LOG_BYTES_MAX or not newest:
            return packed
        newest = newest[len(newest) // 4 + 1 :]


def _line(record: Record, at: Instant) -> str:
    body = {name: value for name, value in record_body(record).items() if name in _SAFE}
    moment = at.local().isoformat(timespec="milliseconds")
    return json.dumps({"at": moment, "kind": record.kind, **body}, ensure_ascii=False)
