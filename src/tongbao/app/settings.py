"""Reads `tongbao.toml` once, at the root, into the frozen settings of each part.

A package only defines its dataclass; names, types and defaults stand there. An unknown or ill-typed
key is an error that names the key and the nearest one that exists.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
import types
import typing
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tongbao.host.settings import HostSettings
from tongbao.platform.settings import PlatformSettings
from tongbao.sandbox.settings import SandboxSettings
from tongbao.terminal.device.settings import DeviceSettings
from tongbao.terminal.settings import TerminalSettings
from tongbao.wire.unionpay.profile import HostProfile

DATABASE_URL_VARIABLE = "TONGBAO_DATABASE_URL"
PROFILES = Path(__file__).parent / "profiles"

Kind = TypeVar("Kind")


class SettingsError(ValueError):
    """The settings file cannot be used; the text says which key and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything in one `tongbao.toml`, relative paths resolved against its folder."""

    database_url: str
    host: HostSettings | None = None
    sandbox: SandboxSettings | None = None
    platform: PlatformSettings | None = None
    terminals: dict[str, TerminalSettings] = field(default_factory=dict)
    devices: dict[str, DeviceSettings] = field(default_factory=dict)


def read_settings(path: Path) -> Settings:
    """Read the settings file at `path`; raises `SettingsError` with what to change."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path} does not exist; `tongbao up` makes one") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None
    base = path.resolve().parent
    known = {"database", "host", "sandbox", "platform", "terminal", "device"}
    _refuse_unknown(document, known, "")
    database = _table(document, "database")
    _refuse_unknown(database, {"url"}, "database.")
    # A private PostgreSQL has another address at each start, so whoever starts it says it here.
    database_url = os.environ.get(DATABASE_URL_VARIABLE) or database.get("url")
    if database_url is None:
        raise SettingsError("database.url is missing")
    return Settings(
        database_url=_absolute_database_url(str(database_url), base),
        host=_optional(HostSettings, document, "host", base),
        sandbox=_optional(SandboxSettings, document, "sandbox", base),
        platform=_optional(PlatformSettings, document, "platform", base),
        terminals={
            terminal_id: build_settings(TerminalSettings, table, base, f"terminal.{terminal_id}.")
            for terminal_id, table in _table(document, "terminal").items()
        },
        devices={
            name: build_settings(DeviceSettings, table, base, f"device.{name}.")
            for name, table in _table(document, "device").items()
        },
    )


def build_settings(kind: type[Kind], table: object, base: Path, prefix: str) -> Kind:
    """Build the dataclass `kind` from a TOML table; `prefix` names the table in errors."""
    if not isinstance(table, dict):
        raise SettingsError(f"{prefix.rstrip('.')} must be a table")
    fields = {item.name: item for item in dataclasses.fields(typing.cast("Any", kind)) if item.init}
    hints = typing.get_type_hints(kind)
    _refuse_unknown(table, set(fields), prefix)
    values = {
        name: _convert(hints[name], value, base, f"{prefix}{name}") for name, value in table.items()
    }
    for name, item in fields.items():
        required = (
            item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        )
        if name not in values and required:
            raise SettingsError(f"{prefix}{name} is missing")
    try:
        return kind(**values)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{prefix.rstrip('.')}: {error}") from error


def read_profile(name: str, base: Path, key: str = "profile") -> HostProfile:
    """Read a host profile: one of ours by name, or one's own by a path that ends in .toml.

    `base` is the folder that a relative path starts from, `key` the setting for the error's text.
    Raises: SettingsError.
    """
    if name.endswith(".toml"):
        path = base / Path(name).expanduser()
    else:
        path = PROFILES / f"{name}.toml"
        known = sorted(file.stem for file in PROFILES.glob("*.toml"))
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            raise SettingsError(f"{key}: there is no host profile {name!r}; {hint}")
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{key}: {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{key}: {path} is not valid TOML: {error}") from None
    return build_settings(HostProfile, document, path.parent, f"{key} {name}: ")


def _optional(kind: type[Kind], document: dict[str, Any], name: str, base: Path) -> Kind | None:
    return build_settings(kind, document[name], base, f"{name}.") if name in document else None


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise SettingsError(f"{name} must be a table")
    return value


def _refuse_unknown(table: dict[str, Any], known: set[str], prefix: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, sorted(known), n=1)
            hint = (
                f"; did you mean {prefix}{near[0]}?"
                if near
                else f"; known: {', '.join(sorted(known))}"
            )
            raise SettingsError(f"unknown key {prefix}{key}{hint}")


def _convert(hint: Any, value: object, base: Path, key: str) -> object:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        choices = [choice for choice in typing.get_args(hint) if choice is not type(None)]
        return _convert(choices[0], value, base, key)
    if origin in (tuple, list):
        return _convert_sequence(hint, origin, value, base, key)
    if origin is dict:
        return _convert_mapping(hint, value, base, key)
    if hint is HostProfile:
        if not isinstance(value, str):
            raise SettingsError(f"{key} must be the name of a host profile in quotes")
        return read_profile(value, base, key)
    # A domain value such as TerminalId is a dataclass too, but made from one text or number.
    if dataclasses.is_dataclass(hint) and not hint.__module__.startswith("tongbao.domain."):
        return build_settings(typing.cast("type[object]", hint), value, base, f"{key}.")
    return _convert_scalar(hint, value, base, key)


def _convert_sequence(hint: Any, origin: type, value: object, base: Path, key: str) -> object:
    if not isinstance(value, list):
        raise SettingsError(f"{key} must be a list")
    item_hint = typing.get_args(hint)[0]
    return origin(_convert(item_hint, item, base, f"{key}[{n}]") for n, item in enumerate(value))


def _convert_mapping(hint: Any, value: object, base: Path, key: str) -> object:
    if not isinstance(value, dict):
        raise SettingsError(f"{key} must be a table")
    item_hint = typing.get_args(hint)[1]
    return {name: _convert(item_hint, item, base, f"{key}.{name}") for name, item in value.items()}


def _convert_scalar(hint: Any, value: object, base: Path, key: str) -> object:
    if hint is Path:
        if not isinstance(value, str):
            raise SettingsError(f"{key} must be a path in quotes")
        return base / Path(value).expanduser()
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError:
            choices = ", ".join(str(item.value) for item in hint)
            raise SettingsError(f"{key} must be one of: {choices}") from None
    if hint in (str, int, bool):
        if type(value) is not hint:
            raise SettingsError(f"{key} must be {_words(hint)}, not {value!r}")
        return value
    try:
        return hint(value)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{key}: {error}") from error


def _words(hint: type) -> str:
    return {str: "text in quotes", int: "a whole number", bool: "true or false"}[hint]


def _absolute_database_url(url: str, base: Path) -> str:
    """Turn `sqlite:///relative` into an absolute URL; a PostgreSQL URL stays as it is."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
        return f"sqlite:///{base / path}"
    if parts.scheme in {"postgresql", "postgres"}:
        return url
    raise SettingsError("database.url must begin with sqlite:/// or postgresql://")
