"""The rules of the tree that no other tool knows; each returns its findings as text."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "src" / "tongbao"

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
FORBIDDEN_FILE_NAMES = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common)(_|\.|$)")
TEST_BINS = ("620000",)

# call -> (folders of src/tongbao where it may stand, what to use elsewhere)
BANNED_CALLS: dict[str, tuple[tuple[str, ...], str]] = {
    "datetime.now": (("app", "platform"), "take `now: Instant` as an argument"),
    "datetime.utcnow": ((), "take `now: Instant` as an argument"),
    "date.today": (("app", "platform"), "take the business date as an argument"),
    "time.time": (("app",), "take `now: Instant` as an argument"),
    "random.random": ((), "take randomness as an argument"),
    "random.randint": ((), "take randomness as an argument"),
    "uuid.uuid4": (("app",), "take the id as an argument; ids are born at the edge"),
    "uuid4": (("app",), "take the id as an argument; ids are born at the edge"),
    "print": (("app",), "the command line prints; a part logs with structlog"),
}
SPEC_FOLDERS = ("wire", "crypto")

_CODE = {".py", ".ts", ".vue"}
_TEXT = _CODE | {".md", ".toml", ".json", ".css", ".html", ".sh", ".yml", ".po", ".svg", ""}
_DIGITS = re.compile(r"(?<![0-9A-Za-z])\d{14,19}(?![0-9A-Za-z])")
# The words are put together here so that this file does not contain what it forbids.
_MACHINE_PATHS = re.compile(
    "|".join(("/" + "work/", "/" + "root/", r"\.\./" + "shared/(?:design|reference|vectors)"))
)
_REGISTRIES = re.compile(
    "|".join(("pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "deb" + r"\.debian"))
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the tree: its path from the root, with slashes, and its text."""

    path: str
    text: str

    @property
    def suffix(self) -> str:
        """The ending of the name, with the dot."""
        return Path(self.path).suffix

    @property
    def room(self) -> str:
        """The folder below src/tongbao, or an empty text outside it."""
        parts = self.path.split("/")
        return parts[2] if parts[:2] == ["src", "tongbao"] and len(parts) > 3 else ""


def tracked_files() -> list[SourceFile]:
    """Read every text file that git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    files = []
    for line in sorted(set(listing.splitlines())):
        path = ROOT / line
        if path.suffix in _TEXT and path.is_file():
            files.append(SourceFile(line, path.read_text(encoding="utf-8", errors="replace")))
    return files


def oversized(file: SourceFile) -> Iterator[str]:
    """A file has one subject and at most 500 lines, a function at most 60."""
    made = (".lock", "package-lock.json", "/generated.ts")
    generated = "/migrations/" in file.path or file.path.endswith(made)
    if file.suffix not in _CODE or generated:
        return
    lines = file.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield f"{file.path}: {lines} lines, at most {FILE_LINES_MAX}"
    if file.suffix != ".py":
        return
    for node in ast.walk(ast.parse(file.text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield f"{file.path}:{node.lineno}: {node.name} has {length} lines"


def shapeless_name(file: SourceFile) -> Iterator[str]:
    """No utils, helpers, managers: a name says the subject."""
    if file.suffix in _CODE and FORBIDDEN_FILE_NAMES.search(Path(file.path).name):
        yield f"{file.path}: name the subject instead"


def banned_calls(file: SourceFile) -> Iterator[str]:
    """Time, randomness and printing are arguments or belong to the composition."""
    if file.suffix != ".py" or not file.path.startswith("src/tongbao/"):
        return
    for node in ast.walk(ast.parse(file.text)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        rule = BANNED_CALLS.get(name)
        if rule is not None and file.room not in rule[0]:
            yield f"{file.path}:{node.lineno}: {name}: {rule[1]}"


def missing_specification(file: SourceFile) -> Iterator[str]:
    """A public function of wire and crypto names its source, itself or in its module."""
    if file.suffix != ".py" or file.room not in SPEC_FOLDERS:
        return
    tree = ast.parse(file.text)
    if "Spec:" in (ast.get_docstring(tree) or ""):
        return
    for node in tree.body:
        public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if public and "Spec:" not in (ast.get_docstring(node) or ""):
            yield f"{file.path}:{node.lineno}: {node.name} names no source (Spec:)"


def card_numbers(file: SourceFile) -> Iterator[str]:
    """No Luhn-valid card number outside the reserved test BIN."""
    if file.path.endswith((".lock", "package-lock.json")) or file.path.startswith("tests/vectors/"):
        return
    for match in _DIGITS.finditer(file.text):
        digits = match.group()
        if digits.startswith(TEST_BINS) or len(set(digits)) <= 2:
            continue
        if _luhn_valid(digits) and digits[0] in "3456":
            line = file.text.count("\n", 0, match.start()) + 1
            yield f"{file.path}:{line}: a card number outside the test BIN"


def machine_traces(file: SourceFile) -> Iterator[str]:
    """No path of a machine and no registry's host name."""
    for pattern, what in ((_MACHINE_PATHS, "a machine's path"), (_REGISTRIES, "a registry's host")):
        match = pattern.search(file.text)
        if match:
            line = file.text.count("\n", 0, match.start()) + 1
            yield f"{file.path}:{line}: {what}"


def headings(file: SourceFile) -> Iterator[str]:
    """A page has exactly one title."""
    if file.suffix != ".md":
        return
    without_code = re.sub(r"^```.*?^```", "", file.text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^# ", without_code, flags=re.MULTILINE)
    html_titles = re.findall(r"<h1", without_code)
    if len(titles) + len(html_titles) != 1:
        yield f"{file.path}: {len(titles) + len(html_titles)} titles, exactly one wanted"


def bare_suppressions(file: SourceFile) -> Iterator[str]:
    """A suppression carries its reason on the line."""
    if file.suffix != ".py":
        return
    for number, line in enumerate(file.text.splitlines(), 1):
        match = re.search(r"# (?:noqa|type: ignore)(?:: ?[A-Z0-9, ]+|\[[a-z-, ]+\])?(.*)$", line)
        if match and '"' not in match.group(0) and len(match.group(1).strip(" -#")) < 8:
            yield f"{file.path}:{number}: a suppression without its reason"


def dead_modules(files: list[SourceFile]) -> Iterator[str]:
    """Every module of the package is imported by something or is a command."""
    python = [file for file in files if file.suffix == ".py"]
    everything = "\n".join(file.text for file in python)
    for file in python:
        if not file.path.startswith("src/tongbao/") or "/migrations/" in file.path:
            continue
        dotted = file.path.removeprefix("src/").removesuffix(".py").replace("/", ".")
        name = dotted.rsplit(".", 1)[1]
        if name.startswith("__") or name in {"apps", "admin", "models", "urls", "settings", "wsgi"}:
            continue
        parent = dotted.rsplit(".", 1)[0]
        used = (
            dotted in everything
            or re.search(rf"from {re.escape(parent)} import [^\n]*\b{name}\b", everything)
            or re.search(rf"from {re.escape(parent)} import \([^)]*\b{name}\b", everything)
        )
        if not used and "/management/" not in file.path and "/templatetags/" not in file.path:
            yield f"{file.path}: nothing imports it"


def _luhn_valid(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


FILE_RULES = (
    oversized,
    shapeless_name,
    banned_calls,
    missing_specification,
    card_numbers,
    machine_traces,
    headings,
    bare_suppressions,
)
