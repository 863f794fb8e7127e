"""Completes the settings file of an earlier version, line by line, so that nothing else changes.

What is there stays, whatever it says: an empty `providers_url = ""` or an empty table `[device]`
keeps what it switches off switched off.
"""

from __future__ import annotations

import json
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tongbao.crypto.operator_pin import hash_pin
from tongbao.domain.secrets import Pin

Table = Mapping[str, object]

# What later versions need of the tables that the first ones wrote already.
_KEYS: Final = {
    "host": ("remote_master_key", "tls_client_ca_file", "tls_client_required"),
    "sandbox": ("telephone_url", "telephone_key_file"),
    "platform": ("providers_url",),
}


def complete_settings(
    settings_file: Path, tables: Mapping[str, Table], operators: Mapping[str, str]
) -> tuple[str, ...]:
    """Add what a folder of an earlier version lacks and return the names of what was added.

    `tables` are those of a new folder; `operators` the sandbox's by number, with their PINs.
    """
    text = settings_file.read_text(encoding="utf-8")
    document = tomllib.loads(text)
    missing = _missing_keys(document, tables)
    for number, terminal in document.get("terminal", {}).items():
        lacking = operators.keys() - terminal.get("operators", operators).keys()
        missing[f"terminal.{number}.operators"] = {
            operator: hash_pin(Pin(operators[operator]), secrets.token_bytes(16))
            for operator in sorted(lacking)
        }
    new = _missing_tables(document, tables)
    added = [f"{table}.{key}" for table, keys in missing.items() for key in keys]
    if not added and not new:
        return ()
    lines = []
    for line in text.splitlines():
        lines.append(f"{line}\n")
        # The rest of a header's line may be a comment.
        header = line.strip().partition("]")[0].removeprefix("[")
        if line.strip().startswith(f"[{header}]"):
            found = missing.pop(header, {})
            lines += [f"{key} = {toml_value(value)}\n" for key, value in found.items()]
    lines += [f"\n{toml_table(name, table)}".rstrip() + "\n" for name, table in new.items()]
    _replace(settings_file, "".join(lines))
    return (*added, *(f"[{name}]" for name in new))


def _missing_keys(document: dict[str, Any], tables: Mapping[str, Table]) -> dict[str, Table]:
    return {
        name: {
            key: tables[name][key]
            for key in keys
            if key in tables[name] and key not in document[name]
        }
        for name, keys in _KEYS.items()
        if name in document
    }


def _missing_tables(document: dict[str, Any], tables: Mapping[str, Table]) -> dict[str, Table]:
    found: dict[str, Table] = {}
    devices = tables["platform"]["devices"]
    if isinstance(devices, Mapping) and "devices" not in document.get("platform", {"devices": 0}):
        found["platform.devices"] = devices
    if "device" not in document:
        found |= {name: table for name, table in tables.items() if name.startswith("device.")}
    return found


def _replace(file: Path, text: str) -> None:
    building = file.with_suffix(".new")
    building.touch(mode=0o600)
    building.write_text(text, encoding="utf-8")
    building.rename(file)


def toml_table(name: str, table: Table) -> str:
    """Write a table and the tables in it."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    nested = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = [f"[{name}]", *(f"{key} = {toml_value(value)}" for key, value in plain.items()), ""]
    text = "\n".join(lines) + "\n"
    return text + "".join(toml_table(f"{name}.{key}", value) for key, value in nested.items())


def toml_value(value: object) -> str:
    """Write text, number, truth value or list; JSON's form of these is TOML's too."""
    if isinstance(value, Path):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, str | bool | int | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"no TOML form for {type(value).__name__}")
