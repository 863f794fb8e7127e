"""The chain's arithmetic: an entry's canonical form and its hash. Pure: imports no Django."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Before the first entry.
ZERO_HASH: Final = "0" * 64
# The columns that the hash covers, all but the two hashes.
COVERED: Final = (
    "entry_id",
    "at_us",
    "actor_kind",
    "actor_id",
    "actor_name",
    "address",
    "device",
    "operation",
    "outcome",
    "target_type",
    "target_id",
    "merchant_id",
    "before",
    "after",
    "detail",
)


def canonical(facts: Mapping[str, Any]) -> bytes:
    """Return JSON with sorted names, no spaces and no escapes beyond JSON's own, as UTF-8."""
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def entry_hash(previous_hash: str, entry: Mapping[str, Any]) -> str:
    """Return SHA-256(previous hash, 32 bytes ‖ canonical entry) as 64 hex digits."""
    covered = {name: entry[name] for name in COVERED}
    return hashlib.sha256(bytes.fromhex(previous_hash) + canonical(covered)).hexdigest()
