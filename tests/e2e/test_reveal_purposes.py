"""Every use of a secret's value names a purpose, and the purpose of tests stays in tests."""

from __future__ import annotations

import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "tongbao"


def test_source_never_reveals_a_secret_as_a_test_would() -> None:
    uses = [path.name for path in SOURCE.rglob("*.py") if "Purpose.TEST" in path.read_text("utf-8")]
    assert uses == []


def test_every_reveal_in_the_source_names_its_purpose() -> None:
    unnamed = [
        f"{path.name}: {match[0]}"
        for path in SOURCE.rglob("*.py")
        for match in re.finditer(
            r"\.reveal\((?!Purpose\.[A-Z]+\)|purpose)[^)]*\)", path.read_text("utf-8")
        )
    ]
    assert unnamed == []
