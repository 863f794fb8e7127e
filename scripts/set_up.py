"""Sets up what is missing for `./run` or `./test`; steps that are up to date are skipped at once.

Runs under the system's Python with the standard library only. Each finished step leaves a stamp in
`.venv/stamps/` with the digest of what it depended on, so the second call takes a moment.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
EXIT_ENVIRONMENT = 3


@dataclass(frozen=True, slots=True)
class SystemPackage:
    """Something only the distribution can provide."""

    name: str
    why: str
    present: bool
    required: bool


def main() -> int:
    """Set up for the purpose named on the command line: `run` or `test`."""
    if len(sys.argv) != 2 or sys.argv[1] not in {"run", "test"}:
        print("usage: set_up.py run|test", file=sys.stderr)
        return 2
    purpose = sys.argv[1]
    provide_system_packages(wanted_packages(purpose))
    make_environment()
    install("build" if purpose == "run" else "test")
    install_project()
    subprocess.run([str(PYTHON), str(ROOT / "scripts" / "build_web.py")], check=True, cwd=ROOT)
    return 0


def wanted_packages(purpose: str) -> list[SystemPackage]:
    """Tell which system packages the purpose wants and which of them are there."""
    packages = [
        SystemPackage("python3-venv", "makes the virtual environment", _has_venv(), required=True),
        SystemPackage(
            "fonts-noto-cjk", "draws Chinese on slips and pages", _has_cjk_font(), required=False
        ),
        SystemPackage(
            "fonts-wqy-microhei", "writes Chinese into PDFs", _has_pdf_font(), required=False
        ),
    ]
    if purpose == "test":
        packages += [
            SystemPackage(
                "chromium", "the screens are tested in it", _on_path("chromium"), required=True
            ),
            SystemPackage(
                "postgresql", "the storage is tested on it", _has_postgresql(), required=True
            ),
        ]
    return packages


def provide_system_packages(packages: list[SystemPackage]) -> None:
    """Install what is missing when root; otherwise say the exact command."""
    missing = [package for package in packages if not package.present]
    if not missing:
        return
    names = [package.name for package in missing]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing system packages: {' '.join(names)}")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install_command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names]
        subprocess.run(
            ["apt-get", "update", "-qq"], check=False, env=environment, stdout=sys.stderr
        )
        done = subprocess.run(install_command, check=False, env=environment, stdout=sys.stderr)
        if done.returncode == 0:
            return
    for package in missing:
        say(f"missing: {package.name} ({package.why})")
    prefix = "" if os.geteuid() == 0 else "sudo "
    say(f"install with: {prefix}apt-get install --no-install-recommends {' '.join(names)}")
    if any(package.required for package in missing):
        raise SystemExit(EXIT_ENVIRONMENT)


def make_environment() -> None:
    """Make `.venv`, again when its Python is gone or was moved."""
    stamp = f"{sys.version}|{VENV}"
    if PYTHON.exists() and _stamped("venv", stamp):
        return
    say("making the virtual environment .venv")
    if VENV.exists():
        shutil.rmtree(VENV)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    _stamp("venv", stamp)


def install(lock_name: str) -> None:
    """Install one hash-checked lock file; the test lock contains the others."""
    lock = ROOT / "requirements" / f"{lock_name}.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    test_lock = ROOT / "requirements" / "test.lock"
    if lock_name == "build" and _stamped(
        "test", hashlib.sha256(test_lock.read_bytes()).hexdigest()
    ):
        return
    if _stamped(lock_name, digest):
        return
    say(f"installing the locked packages of requirements/{lock_name}.lock (about a minute)")
    _pip("install", "--require-hashes", "-r", str(lock))
    _stamp(lock_name, digest)


def install_project() -> None:
    """Install Tongbao itself in place."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if _stamped("project", digest) and (VENV / "bin" / "tongbao").exists():
        return
    say("installing tongbao in place")
    _pip("install", "--no-build-isolation", "--no-deps", "--editable", str(ROOT))
    _stamp("project", digest)


def say(text: str) -> None:
    """Tell the person at the terminal what happens."""
    print(f"[set-up] {text}", file=sys.stderr, flush=True)


def _pip(*arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    if subprocess.run(command, check=False, cwd=ROOT).returncode != 0:
        say("the packages could not be installed; is the package index reachable?")
        raise SystemExit(EXIT_ENVIRONMENT)


def _stamped(step: str, digest: str) -> bool:
    file = STAMPS / step
    return file.exists() and file.read_text(encoding="utf-8") == digest


def _stamp(step: str, digest: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / step).write_text(digest, encoding="utf-8")


def _has_venv() -> bool:
    try:
        import ensurepip  # noqa: F401 - Debian ships it apart, so its presence is the question
        import venv  # noqa: F401 - as above
    except ImportError:
        return False
    return True


def _has_cjk_font() -> bool:
    folders = [Path("/usr/share/fonts"), Path.home() / ".fonts", Path.home() / ".local/share/fonts"]
    patterns = ("NotoSansCJK*", "NotoSansSC*", "wqy-*", "SourceHanSans*", "DroidSansFallback*")
    return any(
        next(folder.rglob(pattern), None)
        for folder in folders
        if folder.is_dir()
        for pattern in patterns
    )


def _has_pdf_font() -> bool:
    return Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc").exists()


def _has_postgresql() -> bool:
    return _on_path("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _on_path(name: str) -> bool:
    return shutil.which(name) is not None


if __name__ == "__main__":
    raise SystemExit(main())
