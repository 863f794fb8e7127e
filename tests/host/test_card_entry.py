"""How a card and its PIN come in: typed, by chip, enciphered, under SM4, and with other MACs."""

from __future__ import annotations

import pytest

from tests.host.memory_store import MemoryStore
from tests.host.parties import MASTER, PAN, PIN, TERMINAL, TMK, TRACK2, ZPK, ScriptedTerminal
from tests.host.test_kinds import Shop
from tests.host.world import World, register, settings
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.secrets import Pan, Pin, Purpose, SecretBytes, SecretText, Track2
from tongbao.wire.unionpay.profile import HostProfile
from tongbao.wire.unionpay.structured.field59 import PrivateData
from tongbao.wire.unionpay.structured.tagged import TaggedValue

CHIP = bytes.fromhex("9F2608112233445566778895050000000000")


def zone_block() -> bytes:
    """The PIN block of our card under the zone's key."""
    keys = SoftwareKeyStore.in_memory(MASTER)
    keys.import_key(KeyName("zpk"), ZPK, KeyAlgorithm.TDES)
    return keys.encrypt_pin(KeyName("zpk"), Pin(PIN), Pan(PAN)).reveal(Purpose.WIRE)


def test_a_typed_card_goes_on_as_number_and_expiry() -> None:
    shop = Shop()
    asked, heard = shop.do("sale", change={35: None, 2: PAN, 14: "3012", 22: "012"})
    assert asked.secret_text(2).reveal(Purpose.WIRE) == PAN
    assert (asked.text(14), asked.text(22)) == ("3012", "012")
    assert 35 not in asked.fields
    assert heard.text(14) == "3012"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({35: None, 2: PAN, 22: "012"}, "30"),
        ({35: None, 14: "3012", 22: "012"}, "30"),
        ({2: PAN, 14: "3012", 22: "012"}, "30"),
        ({35: None, 2: PAN, 14: "3012", 22: "022"}, "30"),
        ({35: None, 2: PAN, 14: "3012", 22: "052"}, "30"),
        ({22: "032"}, "40"),
        ({22: "922"}, "40"),
    ],
)
def test_a_way_of_entry_without_what_belongs_to_it_is_refused(
    change: dict[int, object], code: str
) -> None:
    shop = Shop()
    assert shop.refused("sale", change=change) == code
    assert shop.store.payments == {}


@pytest.mark.parametrize("entry_mode", ["052", "072"])
def test_chip_data_goes_through_to_the_issuer_and_back(entry_mode: str) -> None:
    shop = Shop()
    change: dict[int, object] = {22: entry_mode, 23: "001", 55: CHIP, 14: "3012"}
    shop.send("sale", change=change)
    asked = shop.world.asked()
    assert asked.secret_bytes(55).reveal(Purpose.WIRE) == CHIP
    assert (asked.text(22), asked.text(23)) == (entry_mode, "001")
    answer = bytes.fromhex("910A00112233445566778800")
    shop.world.answer(asked, change={55: SecretBytes(answer)})
    heard = shop.heard()
    assert heard.secret_bytes(55).reveal(Purpose.WIRE) == answer
    assert heard.text(23) == "001"
    assert "11223344" not in repr(shop.store.payments) + repr(shop.store.events)


def test_an_offline_sale_of_a_chip_is_an_offline_sale_for_the_issuer() -> None:
    shop = Shop()
    change: dict[int, object] = {22: "052", 23: "001", 55: CHIP, 63: "000"}
    asked, heard = shop.do("chip_offline_sale", change=change)
    assert (asked.mti, asked.text(3)) == ("0220", "000000")
    assert asked.secret_bytes(55).reveal(Purpose.WIRE) == CHIP
    assert (heard.mti, heard.text(39)) == ("0210", "00")


def signed_in(profile: HostProfile) -> tuple[World, ScriptedTerminal]:
    """A world and a terminal that both follow a profile."""
    world = World(MemoryStore(register()), host=settings(profile=profile))
    terminal = ScriptedTerminal(profile=profile)
    if profile.uses_sm4:
        world.keys.import_key(KeyName(f"tmk/{TERMINAL}"), TMK, KeyAlgorithm.SM4)
        terminal.keys.import_key(KeyName("tmk"), TMK, KeyAlgorithm.SM4)
    world.send(terminal.sign_in(code=profile.sign_in_code))
    data = world.sent()
    assert data is not None
    terminal.accept_sign_in(data)
    return world, terminal


@pytest.mark.parametrize("code", ["003", "004"])
@pytest.mark.parametrize("algorithm", ["x9_9", "x9_19", "unionpay_ecb"])
def test_every_mac_algorithm_of_a_profile_is_understood(code: str, algorithm: str) -> None:
    profile = HostProfile(sign_in_code=code, mac_algorithm=algorithm)
    world, terminal = signed_in(profile)
    world.send(terminal.payment("sale", 2))
    world.answer(world.asked())
    data = world.sent()
    assert data is not None
    assert terminal.read(data).text(39) == "00"


def test_an_enciphered_track_reaches_the_issuer_in_clear() -> None:
    world, terminal = signed_in(HostProfile(sign_in_code="004", track_encryption=True))
    track = terminal.keys.encrypt_track(KeyName("work/tdk"), Track2(TRACK2))
    assert track.reveal(Purpose.WIRE) != TRACK2
    change = {35: SecretText(track.reveal(Purpose.WIRE)), 53: "0610000000000000"}
    world.send(terminal.payment("sale", 2, change=change))
    assert world.asked().secret_text(35).reveal(Purpose.WIRE) == TRACK2


@pytest.mark.parametrize("code", ["003", "004"])
def test_a_track_that_cannot_be_deciphered_is_refused(code: str) -> None:
    world, terminal = signed_in(HostProfile(sign_in_code=code))
    # Without a track key, or with one and a track that was never enciphered.
    reply = world.ask(terminal, terminal.payment("sale", 2, change={53: "0610000000000000"}))
    assert reply is not None
    assert reply.text(39) in ("14", "99")
    assert world.to_issuer_frames == []


def sm4_fields(terminal: ScriptedTerminal) -> dict[int, object]:
    block = terminal.keys.encrypt_pin(KeyName("work/pik"), Pin(PIN), Pan(PAN))
    private = PrivateData((TaggedValue("A1", block.reveal(Purpose.WIRE)),)).build()
    return {22: "021", 26: "12", 52: bytes(8), 53: "2300000000000000", 59: private}


def test_an_sm4_pin_in_field_59_is_brought_under_the_zones_key() -> None:
    world, terminal = signed_in(HostProfile(sign_in_code="006"))
    world.send(terminal.payment("sale", 2, change=sm4_fields(terminal)))
    asked = world.asked()
    assert asked.secret_bytes(52).reveal(Purpose.WIRE) == zone_block()
    assert asked.text(53) == "2600000000000000"
    world.answer(asked)
    data = world.sent()
    assert data is not None
    assert terminal.read(data).text(39) == "00"


@pytest.mark.parametrize(
    "change",
    [
        {59: None},
        {59: b"A1008" + bytes(8)},
        {59: b"A1016" + bytes(16)},
        {59: b"nothing like it"},
        {52: b"12345678"},
        {53: "2600000000000000"},
        {53: "1300000000000000"},
        {22: "022"},
    ],
)
def test_an_sm4_pin_that_is_none_is_refused_and_the_host_goes_on(
    change: dict[int, object],
) -> None:
    world, terminal = signed_in(HostProfile(sign_in_code="006"))
    reply = world.ask(terminal, terminal.payment("sale", 2, change=sm4_fields(terminal) | change))
    assert reply is not None
    assert reply.text(39) == "99"
    assert world.to_issuer_frames == []
    world.send(terminal.payment("sale", 3))
    assert world.asked().text(11) == "000003"


def test_a_plain_pin_block_under_other_keys_is_refused() -> None:
    world, terminal = signed_in(HostProfile(sign_in_code="003"))
    change = {22: "021", 52: bytes(8), 53: "2300000000000000", 59: b"A1016" + bytes(16)}
    reply = world.ask(terminal, terminal.payment("sale", 2, change=change))
    assert reply is not None
    assert reply.text(39) == "99"


def test_a_pin_goes_along_where_a_kind_has_one() -> None:
    shop = Shop()
    block = shop.terminal.keys.encrypt_pin(KeyName("work/pik"), Pin(PIN), Pan(PAN))
    change = {22: "021", 26: "12", 52: block.reveal(Purpose.WIRE), 53: "2600000000000000"}
    asked, _ = shop.do("pre_authorisation", change=change)
    assert asked.secret_bytes(52).reveal(Purpose.WIRE) == zone_block()
    assert asked.text(41) == TERMINAL
