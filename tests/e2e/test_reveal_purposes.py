"""The purpose `TEST` of revealing a secret stays in tests."""

from __future__ import annotations

from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "tongbao"


def test_source_never_reveals_a_secret_as_a_test_would() -> None:
    uses = [path.name for path in SOURCE.rglob("*.py") if "Purpose.TEST" in path.read_text("utf-8")]
    assert uses == []
