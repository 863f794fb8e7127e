"""Published vectors: FIPS 113, FIPS 197, ISO 9797-1, GB/T 32907, RFC 4493, NIST SP 800-38B."""

import pytest

from tongbao.crypto.ciphers import Aes, Sm4, TripleDes
from tongbao.crypto.errors import KeyLengthError
from tongbao.crypto.mac import MacAlgorithm, compile_cmac_aes, compute_mac

KEY_16 = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
RFC_4493_KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
RFC_4493_TEXT = bytes.fromhex(
    "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51"
    "30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710"
)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, "BB1D6929E95937287FA37D129B756746"),
        (16, "070A16B46B4D4144F79BDD9DD04A287C"),
        (40, "DFA66747DE9AE63030CA32611497C827"),
        (64, "51F0BEBF7E3B9D92FC49741779363CFE"),
    ],
)
def test_aes_cmac_of_rfc_4493(length, expected):
    data = RFC_4493_TEXT[:length]
    assert compile_cmac_aes(RFC_4493_KEY)(data).hex().upper() == expected
    assert compute_mac(MacAlgorithm.CMAC_AES, RFC_4493_KEY, data).hex().upper() == expected[:16]


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, "7DB0D37DF936C550"),
        (16, "30239CF1F52E6609"),
        (20, "6C9F3EE4923F6BE2"),
        (32, "99429BD0BF7904E5"),
    ],
)
def test_three_key_tdes_cmac_of_nist(length, expected):
    """NIST's CMAC examples for three-key TDEA."""
    key = bytes.fromhex("0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123")
    mac = compute_mac(MacAlgorithm.CMAC_TDES, key, RFC_4493_TEXT[:length])
    assert mac.hex().upper() == expected


def test_sm4_on_its_own_key():
    assert Sm4(KEY_16).encrypt(KEY_16).hex().upper() == "681EDF34D206965E86B3E94F536E4246"
    encrypted = bytes.fromhex("681EDF34D206965E86B3E94F536E4246")
    assert Sm4(KEY_16).decrypt(encrypted) == KEY_16


def test_sm4_a_million_times():
    encrypt, block = Sm4(KEY_16).encrypt_blocks, KEY_16
    for _ in range(1_000_000):
        block = encrypt(block)
    assert block.hex().upper() == "595298C7C6FD271F0402F804C33D3F66"


def test_aes_of_fips_197():
    key = bytes(range(16))
    plain = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    assert Aes(key).encrypt(plain).hex().upper() == "69C4E0D86A7B0430D8CDB78070B4C55A"


def test_single_des_is_des():
    """A vector of NBS SP 500-20."""
    cipher = TripleDes(bytes.fromhex("0101010101010101"))
    encrypted = cipher.encrypt(bytes.fromhex("8000000000000000"))
    assert encrypted.hex().upper() == "95F8A5E5DD31D900"


def test_x9_9_of_fips_113():
    data = b"7654321 Now is the time for "
    mac = compute_mac(MacAlgorithm.X9_9, bytes.fromhex("0123456789ABCDEF"), data)
    assert mac.hex().upper() == "F1D30F6849312CA4"


@pytest.mark.parametrize(
    ("algorithm", "key", "data", "expected"),
    [
        (MacAlgorithm.X9_9, KEY_16[:8], b"Now is the time for all ", "70A30640CC76DD8B"),
        (MacAlgorithm.X9_9, KEY_16[:8], b"Now is the time for it", "E45B3AD2B7CC0856"),
        (MacAlgorithm.X9_19, KEY_16, b"Now is the time for all ", "A1C72E74EA3FA9B6"),
        (MacAlgorithm.X9_19, KEY_16, b"Now is the time for it", "2E2B1428CC78254F"),
    ],
)
def test_algorithms_1_and_3_of_iso_9797_1(algorithm, key, data, expected):
    assert compute_mac(algorithm, key, data).hex().upper() == expected


def test_x9_19_wants_a_key_of_two_halves():
    with pytest.raises(KeyLengthError, match=r"X9\.19"):
        compute_mac(MacAlgorithm.X9_19, bytes(8), b"")


def test_part_of_a_block_is_refused_and_spoils_nothing():
    cipher = Aes(bytes(range(16)))
    with pytest.raises(ValueError, match="15 bytes are not whole 16-byte blocks"):
        cipher.encrypt(bytes(15))
    with pytest.raises(ValueError, match="17 bytes are not whole 16-byte blocks"):
        cipher.decrypt(bytes(17))
    plain = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    assert cipher.encrypt(plain).hex().upper() == "69C4E0D86A7B0430D8CDB78070B4C55A"
