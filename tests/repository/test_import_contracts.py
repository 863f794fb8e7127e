"""The import contracts of the design hold, and a planted import breaks them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.tidy import ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT_IMPORTS), "--config", str(folder / "pyproject.toml"), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("domain/planted.py", "import tongbao.wire"),
        ("wire/planted.py", "import tongbao.crypto"),
        ("terminal/planted.py", "import tongbao.host"),
        ("host/planted.py", "import tongbao.sandbox"),
        ("sandbox/planted.py", "import tongbao.app"),
        ("domain/planted.py", "import time"),
        ("host/core/planted.py", "import socket"),
        ("terminal/core/planted.py", "import random"),
        ("platform/planted.py", "import tongbao.host"),
    ],
)
def test_a_planted_import_breaks_a_contract(tmp_path, file, line):
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "dist")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    (tmp_path / "src" / "tongbao" / file).write_text(f"{line}\n", encoding="utf-8")
    result = lint(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "BROKEN" in result.stdout


def test_the_tree_keeps_the_contracts():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
