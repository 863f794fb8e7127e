"""The console's words in other languages, compiled from the `.po` files in memory.

Every room of the platform keeps its own catalogue in its `locale` folder; the strings of
django-unfold, which ships no translations, are in the console's. No compiled file is kept and no
gettext tool is needed.
"""

from __future__ import annotations

import ast
import gettext
import io
import struct
from pathlib import Path

from django.utils.translation import to_language, trans_real

PLATFORM_FOLDER = Path(__file__).parent.parent
_MAGIC = 0x950412DE
_CONTEXT_SEPARATOR = "\x04"


class CatalogueError(ValueError):
    """A `.po` file is malformed; the text names the line."""


def catalogue_files(language: str = "*") -> list[Path]:
    """Return the catalogues of all rooms, of one language (a folder name such as `zh_Hans`)."""
    return sorted(PLATFORM_FOLDER.glob(f"*/locale/{language}/django.po"))


def load_catalogues() -> None:
    """Put every room's catalogue in force; ours win over Django's and Unfold's."""
    for file in catalogue_files():
        compiled = gettext.GNUTranslations(io.BytesIO(compile_po(file.read_text(encoding="utf-8"))))
        trans_real.translation(to_language(file.parent.name)).merge(compiled)


def read_po(text: str) -> dict[str, str]:
    """Return the messages of a `.po` file: key to translation, plural forms joined by NUL.

    Keys are as gettext wants them: `context EOT id`, and `id NUL plural id`.
    """
    messages: dict[str, str] = {}
    entry: dict[str, str] = {}
    field = ""
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if line.startswith("#"):
            continue
        if not line.strip():
            if entry:
                key, value = _message(entry)
                messages[key] = value
            entry, field = {}, ""
            continue
        try:
            if line.startswith('"'):
                entry[field] += ast.literal_eval(line)
            else:
                field, _, quoted = line.partition(" ")
                entry[field] = ast.literal_eval(quoted.strip())
        except (KeyError, SyntaxError, ValueError):
            raise CatalogueError(f"line {number} is malformed") from None
    return messages


def _message(entry: dict[str, str]) -> tuple[str, str]:
    context = f"{entry['msgctxt']}{_CONTEXT_SEPARATOR}" if "msgctxt" in entry else ""
    if "msgid_plural" not in entry:
        return context + entry["msgid"], entry.get("msgstr", "")
    forms = [value for field, value in sorted(entry.items()) if field.startswith("msgstr[")]
    return f"{context}{entry['msgid']}\0{entry['msgid_plural']}", "\0".join(forms)


def compile_po(text: str) -> bytes:
    """Return the `.mo` bytes of a `.po` text; messages without a translation are left out.

    Spec: GNU gettext manual, "The Format of GNU MO Files"
    """
    messages = sorted(
        (key.encode(), value.encode()) for key, value in read_po(text).items() if value
    )
    keys_at = 7 * 4
    values_at = keys_at + 8 * len(messages)
    offset = values_at + 8 * len(messages)
    tables, strings = [b"", b""], b""
    for column in (0, 1):
        for message in messages:
            string = message[column]
            tables[column] += struct.pack("<II", len(string), offset + len(strings))
            strings += string + b"\0"
    header = struct.pack("<7I", _MAGIC, 0, len(messages), keys_at, values_at, 0, 0)
    return header + tables[0] + tables[1] + strings
