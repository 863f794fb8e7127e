"""Sign-in variants from the keys' side: check value offsets, MAC words, SM4 up to the issuer."""

import pytest

from tongbao.crypto.ciphers import KeyAlgorithm, TripleDes
from tongbao.crypto.errors import KeyCheckError
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm, terminal_mac_algorithm
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.crypto.working_keys import (
    WorkingKeyLayout,
    WorkingKeys,
    build_working_keys,
    parse_working_keys,
)
from tongbao.domain.secrets import KeyBytes, Pan, Pin, Purpose, Track2

TDES, SM4 = KeyAlgorithm.TDES, KeyAlgorithm.SM4
TMK = TripleDes(b"\x11" * 16)
# Set E of the reference: PIK 22.., MAK 33.. of 8 bytes, TDK 44.. under TMK 11..
PIK_PART = "950973182317F80B950973182317F80B00962B60"
MAK_LAST = "F679786E2411E3DE0000000000000000ADC67D84"
MAK_BEHIND = "F679786E2411E3DEADC67D840000000000000000"
TDK_PART = "A0C45C59F1E549BBA0C45C59F1E549BBE2F24340"
SHORT = (WorkingKeyLayout.DOUBLE_DES_SHORT_MAK, WorkingKeyLayout.TRACK_KEY_SHORT_MAK)


@pytest.mark.parametrize("tdk", ["", TDK_PART], ids=["40 bytes", "60 bytes"])
@pytest.mark.parametrize(("offset", "mak"), [(36, MAK_LAST), (28, MAK_BEHIND)])
def test_a_check_value_is_found_where_the_host_puts_it(offset, mak, tdk):
    field62 = bytes.fromhex(PIK_PART + mak + tdk)
    keys = parse_working_keys(TMK, TDES, field62, mak_check_value_offset=offset)
    assert keys.mak == KeyBytes(b"\x33" * 8)
    assert keys.pik == KeyBytes(b"\x22" * 16)
    assert keys.tdk == (KeyBytes(b"\x44" * 16) if tdk else None)
    layout = SHORT[bool(tdk)]
    assert build_working_keys(TMK, layout, keys, mak_check_value_offset=offset) == field62


def test_a_check_value_behind_the_key_is_looked_for_only_where_the_host_is_known_for_it():
    with pytest.raises(KeyCheckError, match="MAK"):
        parse_working_keys(TMK, TDES, bytes.fromhex(PIK_PART + MAK_BEHIND))
    # Such a host may also send the usual order: the check value still decides.
    usual = bytes.fromhex(PIK_PART + MAK_LAST)
    keys = parse_working_keys(TMK, TDES, usual, mak_check_value_offset=28)
    assert keys.mak == KeyBytes(b"\x33" * 8)


@pytest.mark.parametrize("position", range(20, 40))
def test_a_changed_byte_of_such_a_block_is_noticed(position):
    block = bytearray.fromhex(PIK_PART + MAK_BEHIND)
    block[position] ^= 1
    with pytest.raises(KeyCheckError, match="MAK"):
        parse_working_keys(TMK, TDES, bytes(block), mak_check_value_offset=28)


@pytest.mark.parametrize("layout", [item for item in WorkingKeyLayout if item not in SHORT])
def test_the_offset_means_nothing_to_a_mak_of_full_length(layout):
    tmk = KeyName("tmk")
    host = SoftwareKeyStore.in_memory(KeyBytes(bytes(32)))
    host.import_key(tmk, KeyBytes(b"\x11" * 16), layout.algorithm)
    field62 = host.make_working_keys(
        tmk, layout, "s", lambda size: bytes(range(1, size + 1)), mak_check_value_offset=28
    )
    for offset in (28, 36):
        keys = host.unwrap_working_keys(tmk, field62, "w", mak_check_value_offset=offset)
        assert keys.mak_kcv == host.kcv(KeyName("s/mak"))


def test_there_are_two_places_only():
    with pytest.raises(ValueError, match="byte 28 or 36"):
        parse_working_keys(TMK, TDES, bytes(40), mak_check_value_offset=32)
    keys = WorkingKeys(TDES, KeyBytes(bytes(16)), KeyBytes(bytes(8)))
    with pytest.raises(ValueError, match="byte 28 or 36"):
        build_working_keys(TMK, SHORT[0], keys, mak_check_value_offset=0)


@pytest.mark.parametrize(
    ("word", "kind", "algorithm"),
    [
        ("unionpay_ecb", TDES, MacAlgorithm.UNIONPAY_ECB),
        ("unionpay_ecb", SM4, MacAlgorithm.UNIONPAY_ECB_SM4),
        ("x9_9", TDES, MacAlgorithm.X9_9),
        ("x9_19", TDES, MacAlgorithm.X9_19),
    ],
)
def test_a_profiles_word_names_the_mac_for_the_key_there_is(word, kind, algorithm):
    assert terminal_mac_algorithm(word, kind) is algorithm


@pytest.mark.parametrize(("word", "kind"), [("x9_9", SM4), ("crc", TDES)])
def test_there_is_no_other_mac(word, kind):
    with pytest.raises(ValueError, match=f"no {word} MAC under a {kind.value} key"):
        terminal_mac_algorithm(word, kind)


def test_an_sm4_terminal_signs_in_and_its_pin_reaches_an_issuer_that_knows_3des_only():
    pan, pin = Pan("6200001234567890128"), Pin("123456")
    tmk, zpk, pvk = KeyName("tmk"), KeyName("zpk"), KeyName("pvk")
    host = SoftwareKeyStore.in_memory(KeyBytes(bytes(32)))
    terminal = SoftwareKeyStore.in_memory(KeyBytes(b"\x01" * 32))
    for store in (host, terminal):
        store.import_key(tmk, KeyBytes(bytes(range(16))), SM4)
    host.import_key(zpk, KeyBytes(b"\x22" * 16), TDES)
    host.import_key(pvk, KeyBytes(b"\x55" * 32), KeyAlgorithm.HMAC)
    field62 = host.make_working_keys(
        tmk, WorkingKeyLayout.SM4, "s", lambda size: bytes(range(size, 2 * size))
    )
    keys = terminal.unwrap_working_keys(tmk, field62, "work")
    algorithm = terminal_mac_algorithm("unionpay_ecb", terminal.key_algorithm(keys.mak))
    assert algorithm is keys.mac_algorithm is MacAlgorithm.UNIONPAY_ECB_SM4
    mac = terminal.mac(keys.mak, algorithm, b"message")
    assert host.verify_mac(KeyName("s/mak"), algorithm, b"message", mac)

    block = terminal.encrypt_pin(keys.pik, pin, pan).reveal(Purpose.TEST)
    assert len(block) == 16
    zone_block = host.translate_pin(KeyName("s/pik"), zpk, block, pan)
    assert host.verify_pin(zpk, pvk, zone_block, pan, host.pin_reference(pvk, pan, pin))

    track = Track2("6200001234567890128D30122010000000000")
    sent = terminal.encrypt_track(KeyName("work/tdk"), track)
    assert "3012201" not in sent.reveal(Purpose.TEST)
    assert host.decrypt_track(KeyName("s/tdk"), sent) == track
