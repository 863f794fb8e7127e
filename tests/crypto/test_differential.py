"""Our MACs, check values and PIN blocks against psec on random input."""

import warnings
from contextlib import contextmanager

import pytest
from cryptography.utils import CryptographyDeprecationWarning
from hypothesis import given
from hypothesis import strategies as st

from tongbao.crypto.ciphers import KeyAlgorithm, TripleDes, block_cipher
from tongbao.crypto.errors import PinBlockError
from tongbao.crypto.kcv import key_check_value
from tongbao.crypto.mac import MacAlgorithm, compile_mac, compute_mac, mac_key_algorithm
from tongbao.crypto.pin_block import decode_pin_block, encode_pin_block
from tongbao.crypto.track import decrypt_track, encrypt_track


@contextmanager
def oracle():
    """Psec still uses 3DES in a way the library below it complains about; our code may not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


with oracle():
    import psec

KEYS_8 = st.binary(min_size=8, max_size=8)
KEYS_16 = st.binary(min_size=16, max_size=16)
DES_KEYS = st.one_of(KEYS_8, KEYS_16, st.binary(min_size=24, max_size=24))
MESSAGES = st.binary(min_size=1, max_size=300)
PINS = st.text("0123456789", min_size=4, max_size=12)
PANS = st.text("0123456789", min_size=13, max_size=19)


@given(DES_KEYS, MESSAGES)
def test_x9_9_is_a_cbc_mac(key, data):
    with oracle():
        expected = psec.mac.generate_cbc_mac(key, data, padding=1)
    assert compute_mac(MacAlgorithm.X9_9, key, data) == expected


@given(KEYS_16, MESSAGES)
def test_x9_19_is_the_retail_mac(key, data):
    with oracle():
        expected = psec.mac.generate_retail_mac(key[:8], key[8:], data, padding=1)
    assert compute_mac(MacAlgorithm.X9_19, key, data) == expected


@given(DES_KEYS, st.integers(0, 20))
def test_triple_des_both_ways(key, blocks):
    data = bytes(index % 251 for index in range(blocks * 8))
    encrypted = TripleDes(key).encrypt(data)
    if data:
        with oracle():
            assert encrypted == psec.des.encrypt_tdes_ecb(key, data)
    assert TripleDes(key).decrypt(encrypted) == data


@given(DES_KEYS)
def test_check_value(key):
    with oracle():
        expected = psec.des.generate_kcv(key, 4)
    assert key_check_value(KeyAlgorithm.TDES, key) == expected


@given(PINS, PANS)
def test_format_0_pin_block(pin, pan):
    with oracle():
        expected = psec.pinblock.encode_pinblock_iso_0(pin, pan)
    assert encode_pin_block(pin, pan) == expected


@given(st.binary(min_size=8, max_size=8), PANS)
def test_decoding_any_block_gives_the_oracles_pin_or_one_typed_error(block, pan):
    with oracle():
        try:
            expected = psec.pinblock.decode_pinblock_iso_0(block, pan)
        except ValueError:
            expected = None
    try:
        pin = decode_pin_block(block, pan)
    except PinBlockError:
        pin = None
    assert pin == expected


@given(KEYS_16, MESSAGES)
def test_the_ecb_mac_against_a_loop_over_bytes(key, data):
    """No oracle knows this MAC: a plain one, written from the clause, stands in."""
    folded = bytes(8)
    padded = data + bytes(-len(data) % 8)
    for start in range(0, len(padded), 8):
        folded = bytes(a ^ b for a, b in zip(folded, padded[start : start + 8], strict=True))
    text = folded.hex().upper().encode()
    with oracle():
        first = psec.des.encrypt_tdes_ecb(key, text[:8])
        last = psec.des.encrypt_tdes_ecb(key, psec.tools.xor(first, text[8:]))
    expected = last.hex().upper()[:8].encode()
    assert compute_mac(MacAlgorithm.UNIONPAY_ECB, key, data) == expected


@pytest.mark.parametrize("size", [8, 16])
@given(PINS, st.one_of(st.none(), PANS))
def test_a_pin_block_gives_its_pin_back(size, pin, pan):
    assert decode_pin_block(encode_pin_block(pin, pan, block_bytes=size), pan) == pin


@pytest.mark.parametrize("algorithm", MacAlgorithm)
@given(st.data())
def test_a_mac_catches_every_flipped_bit_and_nothing_else(algorithm, data):
    key = data.draw(KEYS_16)
    message = data.draw(st.binary(min_size=1, max_size=60))
    mac = compile_mac(algorithm, key)
    original = mac(message)
    assert len(original) == 8
    assert mac(message) == original
    for bit in range(len(message) * 8):
        number = int.from_bytes(message, "big") ^ (1 << bit)
        assert mac(number.to_bytes(len(message), "big")) != original


@pytest.mark.parametrize("algorithm", MacAlgorithm)
def test_a_mac_key_of_the_named_kind_works(algorithm):
    key = bytes(range(16))
    assert block_cipher(mac_key_algorithm(algorithm), key)
    assert compute_mac(algorithm, key, b"message") != compute_mac(algorithm, key, b"massage")


@given(KEYS_16, st.text("0123456789", min_size=19, max_size=37))
def test_track_encryption_is_undone_by_decryption(key, track):
    cipher = TripleDes(key)
    encrypted = encrypt_track(cipher, track)
    assert len(encrypted) == len(track)
    assert decrypt_track(cipher, encrypted) == track
