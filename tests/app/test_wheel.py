"""A wheel built from the tree carries the built pages and serves them where no Node is."""

import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.repository.tidy import ROOT
from tongbao.app.processes import Part
from tongbao.app.setup import SetUpOptions, prepare


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True, cwd=folder)
    return next(folder.glob("tongbao-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    target = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def test_the_wheel_holds_the_built_pages_and_no_source_of_them(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "tongbao/terminal/screen/dist/index.html" in names
    assert any(name.startswith("tongbao/terminal/screen/dist/assets/") for name in names)
    assert "tongbao/platform/portal/dist/index.html" in names
    assert any(name.startswith("tongbao/platform/portal/dist/assets/") for name in names)
    assert any(name.endswith((".po", ".mo")) for name in names)
    assert {"tongbao/app/profiles/unionpay.toml", "tongbao/app/profiles/strict.toml"} <= set(names)
    assert [
        name for name in names if name.startswith(("web/", "tests/")) or "node_modules" in name
    ] == []


def environment(installed: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(installed), "PATH": "/nonexistent"}


def test_the_command_of_the_wheel_runs(installed, tmp_path):
    code = "import tongbao, tongbao.app.cli as c; print(tongbao.__file__); c.main(['--version'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(installed),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    file, version = done.stdout.splitlines()
    assert Path(file).is_relative_to(installed)
    assert version.startswith("tongbao ")


def test_the_till_of_the_wheel_is_served_without_node(installed, tmp_path):
    world = prepare(tmp_path / "var", SetUpOptions(port_base=None))
    part = Part(
        "terminal",
        ["terminal", "--terminal", "00000001", "--config", str(world.settings_file)],
        tmp_path / "terminal.log",
        environment={"PYTHONPATH": str(installed), "PATH": "/nonexistent"},
    )
    with part:
        answer = urllib.request.urlopen(f"http://{part.ready['address']}/", timeout=10)
        page = answer.read().decode()
    assert "assets/" in page
    assert "<title>" in page
