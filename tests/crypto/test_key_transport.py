"""A terminal master key comes to a terminal over the line, and nobody on the line gets it."""

import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from hypothesis import given
from hypothesis import strategies as st

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.errors import (
    KeyCheckError,
    KeyFileDamagedError,
    KeyLengthError,
    KeyUseError,
    TransportError,
    UnknownKeyError,
)
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.rsa_transport import encrypt, load_private_key, new_private_key
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.secrets import KeyBytes, PrivateKeyBytes, Purpose

MASTER = KeyBytes(bytes(range(32)))
RSA, TRANSPORT, TMK = KeyName("transport"), KeyName("tk"), KeyName("tmk/00000001")
KEY_PAIR = new_private_key()
TDES, SM4 = KeyAlgorithm.TDES, KeyAlgorithm.SM4


def der_of(key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def random_bytes(length: int) -> bytes:
    return bytes((index * 37 + 11) % 256 for index in range(length))


@pytest.fixture
def host():
    store = SoftwareKeyStore.in_memory(MASTER)
    store.import_key(RSA, KEY_PAIR, KeyAlgorithm.RSA)
    store.make_key(TMK, TDES, lambda size: b"\x5a" * size)
    store.make_key(KeyName("tmk/sm4"), SM4, lambda size: b"\xa5" * size)
    return store


@pytest.fixture
def terminal(tmp_path):
    return SoftwareKeyStore.open(tmp_path / "keys.json", KeyBytes(bytes(32)))


@pytest.mark.parametrize(("algorithm", "name"), [(TDES, TMK), (SM4, "tmk/sm4")])
def test_both_sides_hold_the_same_master_key_afterwards(host, terminal, algorithm, name, tmp_path):
    modulus, exponent = host.rsa_public(RSA)
    assert (len(modulus), exponent) == (256, b"\x01\x00\x01")
    sent, kcv = terminal.make_transport_key(modulus, exponent, TRANSPORT, random_bytes, algorithm)
    assert len(sent) == 256
    host.receive_transport_key(RSA, sent, kcv, KeyName("session/tk"))
    assert host.key_algorithm(KeyName("session/tk")) is algorithm
    wrapped, tmk_kcv = host.wrap_master_key(KeyName("session/tk"), KeyName(name))
    assert len(wrapped) == 16
    terminal.load_master_key(TRANSPORT, wrapped, tmk_kcv, KeyName("tmk"))
    # The transport key was never written and is gone; the master key is for good.
    assert terminal.names() == ("tmk",)
    again = SoftwareKeyStore.open(tmp_path / "keys.json", KeyBytes(bytes(32)))
    assert again.kcv(KeyName("tmk")) == tmk_kcv == host.kcv(KeyName(name))
    assert again.key_algorithm(KeyName("tmk")) is algorithm


def test_a_transport_key_waits_in_memory_only(host, terminal, tmp_path):
    terminal.make_transport_key(*host.rsa_public(RSA), TRANSPORT, random_bytes)
    assert terminal.has(TRANSPORT)
    assert not (tmp_path / "keys.json").exists()


@given(st.binary(max_size=190), st.binary(min_size=32, max_size=32))
def test_what_is_encrypted_here_opens_in_a_library(message, seed):
    key = load_private_key(KEY_PAIR.reveal(Purpose.TEST))
    numbers = key.public_key().public_numbers()
    sent = encrypt(
        numbers.n.to_bytes(256, "big"), numbers.e.to_bytes(3, "big"), message, lambda _: seed
    )
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    assert key.decrypt(sent, oaep) == message


@pytest.mark.parametrize(
    ("modulus", "exponent"),
    [
        (b"", b"\x03"),
        (b"\xff" * 127, b"\x03"),
        (b"\xff" * 513, b"\x03"),
        (b"\x7f" + b"\xff" * 127, b"\x03"),
        (b"\xff" * 127 + b"\xfe", b"\x03"),
        (b"\xff" * 128, b""),
        (b"\xff" * 128, b"\x01"),
        (b"\xff" * 128, b"\x04"),
        (b"\xff" * 128, b"\x01\x00\x00\x00\x01"),
    ],
    ids=lambda value: f"{value[:1].hex()}x{len(value)}",
)
def test_numbers_of_no_rsa_key_get_no_transport_key(terminal, modulus, exponent):
    with pytest.raises(TransportError):
        terminal.make_transport_key(modulus, exponent, TRANSPORT, random_bytes)
    assert terminal.names() == ()


def test_a_message_that_does_not_fit_is_refused():
    with pytest.raises(TransportError, match="takes 190"):
        encrypt(b"\xff" * 256, b"\x03", bytes(191), random_bytes)


def test_a_1024_bit_key_gives_the_length_of_the_published_request():
    assert len(encrypt(b"\xff" * 128, b"\x03", bytes(16), random_bytes)) == 128


def test_a_changed_or_foreign_transport_key_is_not_taken(host, terminal):
    modulus, exponent = host.rsa_public(RSA)
    sent, kcv = terminal.make_transport_key(modulus, exponent, TRANSPORT, random_bytes)
    short = encrypt(modulus, exponent, bytes(8), random_bytes)
    session = KeyName("session/tk")
    for ciphertext, check, error in (
        (sent, b"\0\0\0\0", KeyCheckError),
        (sent, kcv[:3], KeyCheckError),
        (sent[:-1] + bytes([sent[-1] ^ 1]), kcv, TransportError),
        (sent[:-1], kcv, TransportError),
        (b"", kcv, TransportError),
        (short, kcv, TransportError),
    ):
        with pytest.raises(error):
            host.receive_transport_key(RSA, ciphertext, check, session)
        assert not host.has(session)


def test_a_wrong_master_key_is_not_kept_and_the_old_one_stands(host, terminal):
    tmk = KeyName("tmk")
    terminal.make_key(tmk, TDES, lambda size: b"\x01" * size)
    before = terminal.kcv(tmk)
    sent, kcv = terminal.make_transport_key(*host.rsa_public(RSA), TRANSPORT, random_bytes)
    host.receive_transport_key(RSA, sent, kcv, TRANSPORT)
    wrapped, tmk_kcv = host.wrap_master_key(TRANSPORT, TMK)
    for content, check, error in (
        (wrapped, b"\0\0\0\0", KeyCheckError),
        (bytes(16), tmk_kcv, KeyCheckError),
        (wrapped[:8], tmk_kcv, TransportError),
        (b"", tmk_kcv, TransportError),
    ):
        with pytest.raises(error):
            terminal.load_master_key(TRANSPORT, content, check, tmk)
        assert terminal.kcv(tmk) == before
        assert terminal.has(TRANSPORT)
    with pytest.raises(UnknownKeyError):
        terminal.load_master_key(KeyName("none"), wrapped, tmk_kcv, tmk)


def test_a_transport_key_carries_keys_of_its_own_cipher_only(host, terminal):
    sent, kcv = terminal.make_transport_key(*host.rsa_public(RSA), TRANSPORT, random_bytes)
    host.receive_transport_key(RSA, sent, kcv, TRANSPORT)
    with pytest.raises(KeyUseError, match="does not carry a sm4 key"):
        host.wrap_master_key(TRANSPORT, KeyName("tmk/sm4"))
    with pytest.raises(KeyLengthError, match="no transport key is of aes"):
        terminal.make_transport_key(
            *host.rsa_public(RSA), TRANSPORT, random_bytes, KeyAlgorithm.AES
        )


def test_an_rsa_key_does_nothing_but_open_transport_keys(host):
    for call in (
        lambda: host.wrap_master_key(RSA, TMK),
        lambda: host.rsa_public(TMK),
        lambda: host.receive_transport_key(TMK, bytes(256), bytes(4), TRANSPORT),
    ):
        with pytest.raises(KeyUseError):
            call()


@pytest.mark.parametrize(
    "content",
    [b"\x30", bytes(600), der_of(ec.generate_private_key(ec.SECP256R1()))],
    ids=["cut", "zeros", "elliptic curve"],
)
def test_what_is_no_rsa_key_is_not_imported(host, content):
    with pytest.raises(KeyLengthError, match="not an RSA key"):
        host.import_key(KeyName("new"), PrivateKeyBytes(content), KeyAlgorithm.RSA)
    assert not host.has(KeyName("new"))


def test_an_rsa_key_survives_file_and_blob(tmp_path):
    path = tmp_path / "keys.json"
    store = SoftwareKeyStore.open(path, MASTER)
    store.import_key(RSA, KEY_PAIR, KeyAlgorithm.RSA)
    blob = store.wrap(RSA)
    again = SoftwareKeyStore.open(path, MASTER)
    later = SoftwareKeyStore.in_memory(MASTER)
    later.unwrap(blob)
    assert again.rsa_public(RSA) == later.rsa_public(RSA) == store.rsa_public(RSA)
    assert json.loads(path.read_text())["keys"]["transport"]["algorithm"] == "rsa"


def test_a_file_whose_rsa_record_claims_another_cipher_is_refused(tmp_path):
    path = tmp_path / "keys.json"
    store = SoftwareKeyStore.open(path, MASTER)
    store.import_key(RSA, KEY_PAIR, KeyAlgorithm.RSA)
    path.write_text(path.read_text().replace('"rsa"', '"aes"'))
    with pytest.raises(KeyFileDamagedError):
        SoftwareKeyStore.open(path, MASTER)
