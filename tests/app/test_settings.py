from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import pytest

from tongbao.app.settings import SettingsError, build_settings, read_settings
from tongbao.domain.ids import TerminalId


class Paper(Enum):
    NARROW = "58 mm"
    WIDE = "80 mm"


@dataclass(frozen=True)
class Inner:
    port: int


@dataclass(frozen=True)
class Example:
    terminal_id: TerminalId
    key_file: Path
    upstream: Inner
    paper: Paper = Paper.NARROW
    tls: bool = True
    operators: dict[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    label: str | None = None


GOOD = {"terminal_id": "00000001", "key_file": "keys/a.json", "upstream": {"port": 1}}


def build(**changes):
    return build_settings(Example, {**GOOD, **changes}, Path("/data"), "terminal.")


def test_values_become_the_types_of_the_dataclass():
    settings = build(
        paper="80 mm", operators={"01": "x"}, addresses=["a", "b"], label="counter", tls=False
    )
    assert settings == Example(
        terminal_id=TerminalId("00000001"),
        key_file=Path("/data/keys/a.json"),
        upstream=Inner(port=1),
        paper=Paper.WIDE,
        tls=False,
        operators={"01": "x"},
        addresses=("a", "b"),
        label="counter",
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"keyfile": "x"}, "unknown key terminal.keyfile; did you mean terminal.key_file?"),
        ({"upstream": {"prot": 1}}, "unknown key terminal.upstream.prot; did you mean"),
        ({"upstream": {}}, "terminal.upstream.port is missing"),
        ({"upstream": 5}, "terminal.upstream must be a table"),
        ({"tls": 1}, "terminal.tls must be true or false, not 1"),
        ({"upstream": {"port": "1"}}, "terminal.upstream.port must be a whole number, not '1'"),
        ({"upstream": {"port": True}}, "terminal.upstream.port must be a whole number, not True"),
        ({"key_file": 3}, "terminal.key_file must be a path in quotes"),
        ({"paper": "A4"}, "terminal.paper must be one of: 58 mm, 80 mm"),
        ({"addresses": "a"}, "terminal.addresses must be a list"),
        ({"operators": []}, "terminal.operators must be a table"),
        ({"terminal_id": "toolongid"}, "terminal.terminal_id: "),
    ],
)
def test_a_wrong_key_or_value_is_named(changes, text):
    with pytest.raises(SettingsError) as caught:
        build(**changes)
    assert text in str(caught.value)


def test_a_missing_required_key_is_named():
    with pytest.raises(SettingsError, match=r"terminal\.terminal_id is missing"):
        build_settings(Example, {}, Path("/data"), "terminal.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "database.url is missing"),
        ("[datbase]\nurl='x'", "unknown key datbase; did you mean database?"),
        ("[database]\nurl='mysql://x'", "database.url must begin with sqlite"),
        ("[database", "is not valid TOML"),
        ("database = 3", "database must be a table"),
    ],
)
def test_a_broken_file_says_what_to_change(tmp_path, text, message):
    path = tmp_path / "tongbao.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        read_settings(path)


def test_a_missing_file_says_what_makes_it(tmp_path):
    with pytest.raises(SettingsError, match="`tongbao up` makes one"):
        read_settings(tmp_path / "tongbao.toml")


def test_a_relative_database_is_beside_the_file(tmp_path):
    path = tmp_path / "tongbao.toml"
    path.write_text('[database]\nurl = "sqlite:///platform.sqlite3"\n', encoding="utf-8")
    assert read_settings(path).database_url == f"sqlite:///{tmp_path}/platform.sqlite3"
