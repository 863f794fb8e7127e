"""Chooses what a corpus keeps: `python -m tests.fuzz.minimise TARGET --found FOLDER`.

Smallest inputs first; one stays when it reaches a pair of lines after each other that neither the
seeds nor a smaller one reach, or ends in a way that none of them ends in. The name of a kept input
says what becomes of it. Card numbers outside the reserved test range are never kept.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.catalogue import TARGETS
from tests.fuzz.replay import corpus_of
from tests.fuzz.target import CORPUS, Finding, Outcome, Run, judge
from tongbao.domain.secrets import Pan

KEPT_BYTES_MAX = 2_048
KEPT_FILES_MAX = 48
KEPT_BYTES_IN_ALL_MAX = 15_000
_TEST_BIN = "620000"
_TEXT_DIGITS = re.compile(r"(?<![0-9])[0-9]{13,19}(?![0-9])")
_PACKED_TRACK = re.compile(r"([0-9]{13,})d")

Pair = tuple[str, int, int]


def card_numbers(data: bytes) -> Iterator[str]:
    """Find what a reader could take for a real card number, in text and in packed digits.

    Packed: before the separator of a track, and behind a length of 13 to 19.
    """
    candidates = _TEXT_DIGITS.findall(data.decode("latin-1"))
    digits = data.hex()
    for track in _PACKED_TRACK.findall(digits):
        candidates += [track[-length:] for length in range(13, 20)]
    for at in range(len(data)):
        count = data[at]
        if 0x13 <= count <= 0x19:
            length = int(f"{count:x}")
            candidates.append(digits[2 * at + 2 : 2 * at + 2 + length])
    for found in candidates:
        is_long = found.isdigit() and 13 <= len(found) <= 19 and len(set(found)) > 2
        is_card = is_long and found[0] in "3456" and not found.startswith(_TEST_BIN)
        if is_card and Pan(found).luhn_valid:
            yield found


def pairs_of(run: Run, data: bytes) -> tuple[Outcome | Finding, set[Pair]]:
    """Run an input and return the pairs of lines of our own code that it went through."""
    pairs: set[Pair] = set()
    before: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        if "/src/tongbao/" not in frame.f_code.co_filename:
            return None
        if event in ("call", "line"):
            pairs.add((frame.f_code.co_filename, before.get(frame, 0), frame.f_lineno))
            before[frame] = frame.f_lineno
        return trace

    sys.settrace(trace)
    try:
        verdict = judge(run, data)
    finally:
        sys.settrace(None)
    return verdict, pairs


def name_of(outcome: Outcome, data: bytes) -> str:
    """Say in a file name what an input is."""
    kind, _, rule = outcome.kind.partition(": ")
    slug = re.sub("[^a-z0-9]+", "-", f"{kind} {outcome.detail} {rule}".lower())
    return f"{slug.strip('-')[:70].rstrip('-')}-{hashlib.sha256(data).hexdigest()[:6]}.bin"


def choose(run: Run, seeds: dict[str, bytes], found: list[bytes]) -> dict[str, bytes]:
    """Pick from what was found what the seeds do not show already."""
    reached: set[Pair] = set()
    kinds: set[str] = set()
    for data in seeds.values():
        verdict, pairs = pairs_of(run, data)
        reached |= pairs
        kinds.add(verdict.kind)
    kept: dict[str, bytes] = {}
    room = KEPT_BYTES_IN_ALL_MAX
    for data in sorted(set(found), key=lambda one: (len(one), one)):
        if len(data) > min(KEPT_BYTES_MAX, room) or len(kept) == KEPT_FILES_MAX:
            break
        verdict, pairs = pairs_of(run, data)
        if isinstance(verdict, Finding) or any(card_numbers(data)):
            continue
        if pairs <= reached and verdict.kind in kinds:
            continue
        reached |= pairs
        kinds.add(verdict.kind)
        kept[name_of(verdict, data)] = data
        room -= len(data)
    return kept


def main() -> int:
    """Write the corpus of one target anew from what it had and what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--found", type=Path, required=True)
    options = parser.parse_args()
    target = TARGETS[options.target]
    seeds = target.seeds()
    found = [path.read_bytes() for path in options.found.glob("*") if path.is_file()]
    found += [data for name, data in corpus_of(target).items() if name not in seeds]
    kept = choose(target.prepare(), seeds, found)
    folder = CORPUS / target.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in kept.items():
        (folder / name).write_bytes(data)
    sys.stdout.write(f"{len(kept)} {sum(map(len, kept.values()))}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
