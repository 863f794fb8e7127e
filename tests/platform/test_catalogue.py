"""The Chinese catalogue: complete, well-formed, and compiled as gettext would."""

import ast
import gettext
import io
import re
from pathlib import Path

import pytest

import tongbao.platform
from tongbao.platform.console.catalogue import CatalogueError, catalogue_files, compile_po, read_po

PLATFORM = Path(tongbao.platform.__file__).parent
FILES = {file.parts[-4]: file for file in catalogue_files("zh_Hans")}
MARKS = ("_", "gettext", "gettext_lazy")
TAG = re.compile(r"""{%\s*translate\s+(["'])(.*?)\1""")
BLOCK = re.compile(r"{%\s*blocktranslate\b([^%]*)%}(.*?){%\s*endblocktranslate\s*%}", re.DOTALL)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def literals_in_code():
    for file in PLATFORM.rglob("*.py"):
        if "migrations" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            if node.func.id in MARKS and texts:
                yield texts[0]
            elif node.func.id == "pgettext_lazy":
                yield "\x04".join(texts)
            elif node.func.id == "ngettext":
                yield "\0".join(texts[:2])


def literals_in_templates():
    for file in PLATFORM.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        yield from (match[2] for match in TAG.finditer(text))
        for _, body in BLOCK.findall(text):
            forms = re.split(r"{%\s*plural\s*%}", body)
            plain = [re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", form) for form in forms]
            yield "\0".join(" ".join(form.split()) for form in plain)


def catalogues():
    return {room: read_po(file.read_text(encoding="utf-8")) for room, file in FILES.items()}


def test_every_text_of_ours_has_a_translation():
    catalogue = {key: text for messages in catalogues().values() for key, text in messages.items()}
    wanted = {*literals_in_code(), *literals_in_templates()} - {", "}
    assert len(wanted) > 100
    assert sorted(text for text in wanted if not catalogue.get(text)) == []


def test_two_rooms_never_translate_one_text_differently():
    seen = {}
    for room, messages in catalogues().items():
        for key, translation in messages.items():
            if key:
                assert seen.setdefault(key, translation) == translation, f"{room}: {key}"


@pytest.mark.parametrize("room", FILES)
def test_no_translation_is_empty_and_none_loses_a_placeholder(room):
    for key, translation in catalogues()[room].items():
        if not key:
            continue
        assert translation, key
        first_form = key.split("\0")[0].split("\x04")[-1]
        assert set(PLACEHOLDER.findall(translation)) == set(PLACEHOLDER.findall(first_form)), key


def test_the_compiled_bytes_are_read_by_gettext():
    po = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

# a comment
msgid "one"
msgstr "一"

msgctxt "clock"
msgid "one"
msgstr "一点"

msgid "long "
"text"
msgstr "长"
"文\\n"

msgid "%(n)d coin"
msgid_plural "%(n)d coins"
msgstr[0] "%(n)d 枚"
msgstr[1] "%(n)d 枚枚"

msgid "untranslated"
msgstr ""
"""
    catalogue = gettext.GNUTranslations(io.BytesIO(compile_po(po)))
    assert catalogue.gettext("one") == "一"
    assert catalogue.pgettext("clock", "one") == "一点"
    assert catalogue.gettext("long text") == "长文\n"
    assert catalogue.ngettext("%(n)d coin", "%(n)d coins", 1) == "%(n)d 枚"
    assert catalogue.ngettext("%(n)d coin", "%(n)d coins", 2) == "%(n)d 枚枚"
    assert catalogue.gettext("untranslated") == "untranslated"


@pytest.mark.parametrize("line", ['"text before a field"', "msgid no quotes", 'msgid "open'])
def test_a_malformed_line_is_named(line):
    with pytest.raises(CatalogueError, match="line 2"):
        read_po(f"\n{line}\n")
