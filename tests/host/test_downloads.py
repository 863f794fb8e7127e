"""Parameters, public keys, lists and reports: what each download answers, part by part."""

from __future__ import annotations

import hashlib

import pytest

from tests.host.batch_messages import ask, records
from tests.host.memory_store import MemoryStore
from tests.host.parties import ScriptedTerminal
from tests.host.world import World, register, settings
from tongbao.host.download_values import SANDBOX_DOWNLOADS, DownloadValues
from tongbao.host.records import TerminalStatusRecord
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.tlv import TlvElement, build_tlv
from tongbao.wire.unionpay.profile import HostProfile
from tongbao.wire.unionpay.structured import (
    BinList,
    Blacklist,
    CaPublicKey,
    ContactlessParameters,
    FlaggedDataObjects,
    MagneticParameters,
)

KEYS = SANDBOX_DOWNLOADS.public_keys
AIDS = [objects[0].value for objects in SANDBOX_DOWNLOADS.applications]


def management(
    code: str, field62: bytes | None = None, mti: str = "0800", **change: object
) -> bytes:
    terminal = ScriptedTerminal()
    fields = {41: terminal.terminal_id, 42: terminal.merchant_id, 60: f"00000001{code}"}
    return terminal.frame(mti, fields | {62: field62} | change)


def download(world: World, code: str, field62: bytes | None = None, mti: str = "0800") -> Message:
    reply = ask(world, management(code, field62, mti))
    assert reply.fields[39] == "00", reply.fields[39]
    return reply


def key_name(key: CaPublicKey) -> bytes:
    return build_tlv(
        [TlvElement("9F06", bytes.fromhex(key.rid)), TlvElement("9F22", bytes.fromhex(key.index))]
    )


def parameters(world: World) -> dict[str, bytes]:
    values = MagneticParameters.parse(download(world, "360").binary(62)).values
    return {one.tag: one.value for one in values}


def test_a_download_is_answered_with_these_fields_and_its_end_without_62() -> None:
    world = World()
    reply = download(world, "360")
    assert reply.mti == "0810"
    assert sorted(reply.fields) == [12, 13, 37, 39, 41, 42, 60, 62]
    assert reply.fields[60] == "00000001360"
    assert sorted(download(world, "361").fields) == [12, 13, 37, 39, 41, 42, 60]


def test_parameters_come_from_merchant_and_profile() -> None:
    found = parameters(World())
    assert sorted(found) == [str(tag) for tag in range(11, 27)]
    assert found["12"] == b"60"
    assert (found["18"], found["19"]) == (b"1", b"20")
    assert (found["20"], found["21"], found["23"]) == (b"0", b"0", b"3")
    assert found["26"] == b"FFF8"
    profile = HostProfile(tip_percent_max=0, auto_sign_off=True, reversal_repeats=12)
    record = register(mail_order_allowed=True, merchant_name="通宝便利店")
    found = parameters(World(MemoryStore(record), host=settings(profile=profile)))
    assert (found["18"], found["19"]) == (b"0", b"00")
    assert (found["20"], found["21"], found["23"]) == (b"1", b"1", b"9")
    assert found["22"] == "通宝便利店".encode("gbk").ljust(40)


def test_a_long_name_is_cut_between_its_characters() -> None:
    world = World(MemoryStore(register(merchant_name="A" + "店" * 30)))
    assert parameters(world)["22"] == ("A" + "店" * 19).encode("gbk") + b" "


def test_the_public_keys_are_listed_in_parts_and_loaded_one_by_one() -> None:
    world = World()
    first = FlaggedDataObjects.parse(download(world, "372", b"100", "0820").binary(62))
    assert first.flag == "2"
    assert len(first.entries()) == 3
    second = FlaggedDataObjects.parse(download(world, "372", b"103", "0820").binary(62))
    assert second.flag == "1"
    listed = [*first.entries(), *second.entries()]
    assert [(e[0].value.hex().upper(), e[1].value.hex().upper()) for e in listed] == [
        (key.rid, key.index) for key in KEYS
    ]
    assert {entry[2].value for entry in listed} == {b"20301231"}
    assert download(world, "372", b"104", "0820").binary(62) == b"0"
    for key in KEYS:
        loaded = download(world, "370", key_name(key)).binary(62)
        assert loaded[:1] == b"1"
        assert CaPublicKey.parse(loaded[1:]) == key
    assert download(world, "371").fields[60] == "00000001371"
    assert download(world, "373", b"100", "0820").binary(62)[:1] == b"2"


def test_the_checksums_of_the_test_keys_are_right_and_the_keys_differ() -> None:
    for key in KEYS:
        assert key.is_intact
        data = bytes.fromhex(key.rid + key.index) + key.modulus + key.exponent
        assert key.checksum == hashlib.sha1(data).digest()
        assert int.from_bytes(key.modulus, "big").bit_length() >= 1024
    assert len({key.modulus for key in KEYS}) == len(KEYS) == 4


def test_a_key_or_application_that_is_not_there_is_flag_0() -> None:
    world = World()
    unknown = b"\x9f\x06\x05\xa0\x00\x00\x03\x33\x9f\x22\x01\x99"
    assert download(world, "370", unknown).binary(62) == b"0"
    assert download(world, "370", unknown[:8]).binary(62) == b"0"
    assert download(world, "380", b"\x9f\x06\x05\xa0\x00\x00\x00\x03").binary(62) == b"0"


def test_the_applications_are_listed_in_parts_and_loaded_one_by_one() -> None:
    world = World()
    parts = [download(world, "382", progress, "0820").binary(62) for progress in (b"100", b"103")]
    assert [part[:1] for part in parts] == [b"2", b"1"]
    listed = [
        entry[0].value for part in parts for entry in FlaggedDataObjects.parse(part).entries()
    ]
    assert listed == AIDS
    for objects in SANDBOX_DOWNLOADS.applications:
        loaded = download(world, "380", build_tlv(objects[:1])).binary(62)
        assert FlaggedDataObjects.parse(loaded).elements == objects
    tags = [element.tag for element in SANDBOX_DOWNLOADS.applications[0]]
    assert tags == [
        *("9F06", "DF01", "9F08", "DF11", "DF12", "DF13", "9F1B", "DF15", "DF16", "DF17"),
        *("DF14", "DF18", "9F7B", "DF19", "DF20", "DF21"),
    ]


def test_the_other_lists_hold_the_hosts_values() -> None:
    world = World()
    cards = Blacklist.parse(download(world, "390").binary(62)).cards
    assert len(cards) == 2
    contactless = ContactlessParameters.parse(download(world, "394").binary(62))
    assert contactless.find("FF8058") == b"000000100000"
    assert BinList.parse(download(world, "396", b"000").binary(62)) == BinList(
        "1", 3, ("620000", "62000012", "62000099")
    )
    assert BinList.parse(download(world, "398", b"000").binary(62)) == BinList("1", 1, ("620000",))
    assert BinList.parse(download(world, "398", b"007").binary(62)) == BinList("1", 7, ())
    assert download(world, "384").binary(62) == b"1344000091008400007100097800082000"
    assert download(world, "364").binary(62) == b"0"


def test_a_long_bin_list_goes_on_from_its_index() -> None:
    world = World()
    bins = tuple(f"6200{n:02d}" for n in range(7))
    from tongbao.host.core.core import HostCore

    values = DownloadValues(bins_b=bins)
    world.core = HostCore(world.settings, world.keys, world.random_bytes, values)
    world.pump._core = world.core
    found: list[str] = []
    flags = []
    while not flags or flags[-1] == "2":
        part = BinList.parse(download(world, "396", b"%03d" % len(found)).binary(62))
        found += part.bins
        flags.append(part.flag)
        assert part.last_index == len(found)
    assert (tuple(found), flags) == (bins, ["2", "2", "1"])
    assert download(world, "384").binary(62) == b"0"
    assert download(world, "390").binary(62) == b""
    assert download(world, "372", b"100", "0820").binary(62) == b"0"


@pytest.mark.parametrize("code", ["361", "365", "371", "381", "385", "391", "395", "397", "399"])
def test_every_download_has_an_end(code: str) -> None:
    assert 62 not in download(World(), code).fields


@pytest.mark.parametrize(
    ("mti", "code", "field62"),
    [
        ("0820", "372", None),
        ("0820", "372", b"1"),
        ("0820", "382", b"x00"),
        ("0800", "370", None),
        ("0800", "370", b"\x9f\x06\x05\xa0"),
        ("0800", "380", b""),
        ("0800", "396", b"00"),
        ("0800", "398", None),
        ("0820", "362", None),
        ("0820", "362", b"\xff\x00"),
        ("0820", "362", b"x" * 501),
    ],
)
def test_a_request_that_cannot_be_read_is_a_format_error(
    mti: str, code: str, field62: bytes | None
) -> None:
    world = World()
    reply = ask(world, management(code, field62, mti))
    assert reply.fields[39] == "30"
    assert 62 not in reply.fields
    assert records(world, TerminalStatusRecord) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [({41: "00000009"}, "97"), ({42: "100000000000002"}, "03"), ({60: "01000001360"}, "40")],
)
def test_only_registered_terminals_download(change: dict[int, object], code: str) -> None:
    terminal = ScriptedTerminal()
    fields: dict[int, object] = {
        41: terminal.terminal_id,
        42: terminal.merchant_id,
        60: "00000001360",
    }
    reply = ask(World(), terminal.frame("0800", fields | change))
    assert reply.fields[39] == code
    assert 62 not in reply.fields


def test_a_terminal_that_is_switched_off_downloads_nothing() -> None:
    world = World(MemoryStore(register(is_active=False)))
    for code in ("360", "372", "390"):
        reply = ask(world, management(code, b"100", "0820" if code == "372" else "0800"))
        assert reply.fields[39] == "58"
        assert 62 not in reply.fields


def test_a_status_report_is_kept() -> None:
    world = World()
    reply = ask(world, management("362", b"paper=low;battery=80", "0820"))
    assert (reply.mti, reply.fields[39]) == ("0830", "00")
    assert records(world, TerminalStatusRecord) == [
        TerminalStatusRecord("00000001", world.now_us, "paper=low;battery=80")
    ]
