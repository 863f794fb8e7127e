"""Host profiles come by name from the package or by path from a shop's own file."""

import dataclasses
import tomllib
from pathlib import Path

import pytest

from tests.repository.tidy import ROOT
from tongbao.app.settings import PROFILES, SettingsError, build_settings, read_profile
from tongbao.host.settings import HostSettings
from tongbao.terminal.settings import TerminalSettings
from tongbao.wire.unionpay.profile import HostProfile

HOST = {"key_file": "keys.json", "master_key_file": "master.key", "tls": False}
TERMINAL = {
    "terminal_id": "00000001",
    "merchant_id": "123456789012345",
    "merchant_name": "店",
    "merchant_name_en": "Shop",
    "data_folder": "t",
    "key_file": "keys.json",
    "master_key_file": "master.key",
    "host_tls": False,
}


def test_our_own_profile_is_what_the_code_does_without_one():
    assert read_profile("unionpay", Path("/nowhere")) == HostProfile()


def test_our_own_profile_names_every_field_and_says_what_it_is_about():
    text = (PROFILES / "unionpay.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)) == {field.name for field in dataclasses.fields(HostProfile)}
    lines = text.splitlines()
    for number, line in enumerate(lines):
        starts_a_field = "=" in line and not line.startswith(("#", " ")) and line[0].isalpha()
        if starts_a_field and not line.startswith(("name", "expiry_in_swiped", "pin_on_void")):
            assert lines[number - 1].startswith("#"), line


def test_the_strict_profile_differs_in_every_field():
    strict, ours = read_profile("strict", Path("/nowhere")), HostProfile()
    same = [
        field.name
        for field in dataclasses.fields(HostProfile)
        if getattr(strict, field.name) == getattr(ours, field.name)
    ]
    assert same == ["card_on_void"]


@pytest.mark.parametrize(
    ("kind", "table"), [(HostSettings, HOST), (TerminalSettings, TERMINAL)], ids=["host", "till"]
)
def test_a_part_has_the_profile_that_its_table_names(kind, table):
    assert build_settings(kind, table, Path("/data"), "").profile == HostProfile()
    named = build_settings(kind, {**table, "profile": "strict"}, Path("/data"), "")
    assert named.profile.name == "strict"
    assert named.profile.header_acts["1"] == "sign_in"


def test_a_file_of_ones_own_is_found_beside_the_settings(tmp_path):
    (tmp_path / "mine.toml").write_text('name = "mine"\ncard_on_void = false\n', encoding="utf-8")
    table = {**HOST, "profile": "mine.toml"}
    profile = build_settings(HostSettings, table, tmp_path, "host.").profile
    assert (profile.name, profile.card_on_void) == ("mine", False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            "union_pay",
            "host.profile: there is no host profile 'union_pay'; did you mean 'unionpay'",
        ),
        ("zzz", "there is no host profile 'zzz'; known: strict, unionpay"),
        ("../settings", "there is no host profile"),
        ("none.toml", "none.toml: No such file or directory"),
        (5, "host.profile must be the name of a host profile in quotes"),
        ("bad.toml", "is not valid TOML"),
        ("typo.toml", "did you mean host.profile typo.toml: void_totals?"),
        ("wrong.toml", "void_totals must be one of: subtract, credit"),
    ],
)
def test_a_profile_that_cannot_be_used_is_named(tmp_path, value, text):
    (tmp_path / "bad.toml").write_text("name =", encoding="utf-8")
    (tmp_path / "typo.toml").write_text('void_total = "credit"', encoding="utf-8")
    (tmp_path / "wrong.toml").write_text('void_totals = "both"', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        build_settings(HostSettings, {**HOST, "profile": value}, tmp_path, "host.")
    assert text in str(caught.value)


def test_a_terminals_own_number_of_repeats_wins_over_the_profiles():
    profile = HostProfile(reversal_repeats=7)
    table = {**TERMINAL, "reversal_repeats": 2}
    base = Path("/data")
    plain = build_settings(TerminalSettings, TERMINAL, base, "")
    assert dataclasses.replace(plain, profile=profile).repeats_max == 7
    own = build_settings(TerminalSettings, table, base, "")
    assert dataclasses.replace(own, profile=profile).repeats_max == 2


def test_no_code_asks_for_a_profile_by_its_name():
    asking = [
        str(file.relative_to(ROOT))
        for file in (ROOT / "src").rglob("*.py")
        if "profile.name" in file.read_text(encoding="utf-8")
    ]
    assert asking == []
