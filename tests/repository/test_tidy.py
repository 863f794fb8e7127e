"""The tree keeps its rules, and each rule fires on a planted violation."""

import re
from pathlib import Path

import pytest

from tests.repository import tidy
from tests.repository.tidy import ROOT, SourceFile

# A Luhn-valid number that is no card of anybody's, put together so that this file is clean itself.
FOREIGN_CARD = "6" + "011" + "000990139424"


@pytest.mark.parametrize("rule", tidy.FILE_RULES, ids=lambda rule: str(rule.__name__))
def test_the_tree_keeps_the_rule(rule):
    findings = [text for file in tidy.tracked_files() for text in rule(file)]
    assert findings == []


def test_every_module_is_used():
    assert list(tidy.dead_modules(tidy.tracked_files())) == []


PLANTED = [
    (tidy.oversized, SourceFile("src/tongbao/wire/a.py", "x = 1\n" * 501)),
    (tidy.oversized, SourceFile("src/tongbao/wire/a.py", "def f():\n" + "    x = 1\n" * 60)),
    (tidy.oversized, SourceFile("web/till/src/A.vue", "x\n" * 501)),
    (tidy.shapeless_name, SourceFile("src/tongbao/wire/utils.py", "")),
    (tidy.shapeless_name, SourceFile("src/tongbao/host/session_manager.py", "")),
    (tidy.banned_calls, SourceFile("src/tongbao/host/core.py", "import time\ntime.time()\n")),
    (tidy.banned_calls, SourceFile("src/tongbao/host/core.py", "print('x')\n")),
    (tidy.missing_specification, SourceFile("src/tongbao/wire/a.py", "def f():\n    '''Go.'''\n")),
    (tidy.card_numbers, SourceFile("docs/a.md", f"pay with {FOREIGN_CARD} now")),
    (tidy.machine_traces, SourceFile("docs/a.md", "see /" + "work/main")),
    (tidy.machine_traces, SourceFile("a.lock", "https://files.pythonho" + "sted.example")),
    (tidy.headings, SourceFile("docs/a.md", "# One\n\n# Two\n")),
    (tidy.headings, SourceFile("docs/a.md", "no title\n")),
    (tidy.bare_suppressions, SourceFile("src/tongbao/a.py", "x = 1  # no" + "qa: E501\n")),
    (tidy.bare_suppressions, SourceFile("src/tongbao/a.py", "x = 1  # type: ig" + "nore[misc]\n")),
]


@pytest.mark.parametrize(
    ("rule", "file"), PLANTED, ids=[f"{n}-{rule.__name__}" for n, (rule, _) in enumerate(PLANTED)]
)
def test_a_planted_violation_is_found(rule, file):
    assert len(list(rule(file))) == 1


def test_a_module_that_nothing_imports_is_found():
    lonely = SourceFile("src/tongbao/wire/lonely.py", "x = 1\n")
    used = SourceFile("src/tongbao/wire/used.py", "x = 1\n")
    user = SourceFile("src/tongbao/host/a.py", "from tongbao.wire.used import x\n")
    main = SourceFile("src/tongbao/app/b.py", "import tongbao.host.a\nimport tongbao.app.b\n")
    assert list(tidy.dead_modules([lonely, used, user, main])) == [
        "src/tongbao/wire/lonely.py: nothing imports it"
    ]


@pytest.mark.parametrize(
    "file",
    [
        SourceFile("docs/a.md", "# One\n\n```\n# not a title\n```\n"),
        SourceFile("docs/a.md", "# One\n\n6200001234567890128\n"),
        SourceFile("src/tongbao/app/a.py", "print('the command line prints')\n"),
        SourceFile(
            "src/tongbao/a.py", "x = 1  # noqa: S101 - a bug of ours must stop the process\n"
        ),
    ],
    ids=["fenced-hash", "test-bin", "app-prints", "reasoned-suppression"],
)
def test_what_is_allowed_is_not_found(file):
    assert [text for rule in tidy.FILE_RULES for text in rule(file)] == []


def test_the_glossary_forbids_words_and_the_tree_does_not_use_them():
    """The last column of the glossary lists synonyms that documents must not use."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    forbidden = _forbidden_words(glossary)
    assert forbidden, "the glossary lists no forbidden words"
    findings = []
    for file in tidy.tracked_files():
        if file.suffix != ".md" or file.path.startswith("docs/glossary"):
            continue
        findings += [
            f"{file.path}: {word}"
            for word in forbidden
            if re.search(rf"\b{re.escape(word)}\b", file.text, flags=re.IGNORECASE)
        ]
    assert findings == []


def _forbidden_words(glossary: str) -> set[str]:
    words: set[str] = set()
    for line in glossary.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) >= 4 and cells[3] not in {"Not", ""}:
            if set(cells[3]) <= {"-", ":", " "}:
                continue
            words |= {word.strip(" *`") for word in cells[3].split(",") if word.strip(" *`–-")}
    return words


def test_the_command_line_names_only_modules_that_exist():
    from tongbao.app.cli import NOUNS

    for module, _ in NOUNS.values():
        assert (ROOT / "src" / Path(*module.split("."))).with_suffix(".py").exists(), module
