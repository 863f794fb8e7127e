"""Keys that are made, renamed and destroyed here, and what they seal meanwhile."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongbao.crypto.ciphers import NEW_KEY_BYTES, KeyAlgorithm
from tongbao.crypto.errors import (
    KeyStoreError,
    KeyUseError,
    SealedPanError,
    TrackError,
    UnknownKeyError,
)
from tongbao.crypto.key_store import KeyName, KeyStore
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.secrets import KeyBytes, Pan, Purpose, SecretText, Track2

MASTER = KeyBytes(bytes(range(32)))
PAN = Pan("6200001234567890128")
TRACK = Track2("6200001234567890128=30122010000000000")
STORAGE, TDK, TMK = KeyName("storage/000001"), KeyName("work/tdk"), KeyName("tmk")
SIV, SM4, TDES = KeyAlgorithm.AES_SIV, KeyAlgorithm.SM4, KeyAlgorithm.TDES


def counting(length: int) -> bytes:
    return bytes(range(length))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "keys.json"


@pytest.fixture
def store(file):
    return SoftwareKeyStore.open(file, MASTER)


@pytest.mark.parametrize("algorithm", [*NEW_KEY_BYTES, KeyAlgorithm.RSA])
def test_a_key_is_in_the_file_before_it_is_said_to_be_made(store, file, algorithm):
    port: KeyStore = store
    port.make_key(STORAGE, algorithm, counting)
    again = SoftwareKeyStore.open(file, MASTER)
    assert again.key_algorithm(STORAGE) is algorithm
    assert again.kcv(STORAGE) == store.kcv(STORAGE)
    assert len(again.kcv(STORAGE)) == 4


def test_a_made_key_is_of_the_random_bytes_given(store):
    store.make_key(TMK, TDES, counting)
    assert store._entries[TMK].key == KeyBytes(bytes(range(16)))


def test_a_key_is_not_made_over_another_one(store):
    store.make_key(STORAGE, SIV, counting)
    sealed = store.seal_pan(STORAGE, PAN, b"1")
    with pytest.raises(KeyUseError, match="there is a key storage/000001 already"):
        store.make_key(STORAGE, SIV, bytes)
    assert store.open_pan(STORAGE, sealed, b"1") == PAN


def test_a_destroyed_key_is_in_no_file_and_opens_nothing(store, file):
    store.make_key(STORAGE, SIV, counting)
    store.make_key(TMK, TDES, counting)
    sealed = store.seal_pan(STORAGE, PAN, b"1")
    assert "storage/000001" in file.read_text()
    store.destroy(STORAGE)
    assert "storage/000001" not in file.read_text()
    assert list(file.parent.iterdir()) == [file]
    for gone in (store, SoftwareKeyStore.open(file, MASTER)):
        assert gone.names() == (TMK,)
        with pytest.raises(UnknownKeyError):
            gone.open_pan(STORAGE, sealed, b"1")


def test_destroying_what_is_not_there_changes_nothing(store, file):
    store.make_key(TMK, TDES, counting)
    before = file.read_bytes()
    store.destroy(STORAGE)
    assert file.read_bytes() == before


def test_a_key_in_memory_only_is_destroyed_too():
    store = SoftwareKeyStore.in_memory(MASTER)
    store.make_key(STORAGE, SIV, counting)
    store.destroy(STORAGE)
    assert not store.has(STORAGE)


@pytest.mark.parametrize("act", ["make", "rename", "destroy"])
def test_what_cannot_be_written_did_not_happen(store, file, act):
    store.make_key(STORAGE, SIV, counting)
    before = file.read_bytes()
    file.with_name("keys.json.new").mkdir()
    with pytest.raises(KeyStoreError, match="could not be written"):
        {
            "make": lambda: store.make_key(TMK, TDES, counting),
            "rename": lambda: store.rename(STORAGE, TMK),
            "destroy": lambda: store.destroy(STORAGE),
        }[act]()
    assert store.names() == (STORAGE,)
    assert file.read_bytes() == before


def test_a_confirmed_key_takes_the_place_of_the_old_one_with_one_write(store, file):
    store.make_key(TMK, TDES, counting)
    store.make_key(KeyName("tmk.new"), TDES, lambda size: b"\x0f" * size)
    kcv = store.kcv(KeyName("tmk.new"))
    store.rename(KeyName("tmk.new"), TMK)
    for one in (store, SoftwareKeyStore.open(file, MASTER)):
        assert one.names() == (TMK,)
        assert one.kcv(TMK) == kcv
    assert list(json.loads(file.read_text())["keys"]) == ["tmk"]


def test_only_a_kept_key_gets_another_name(store):
    with pytest.raises(UnknownKeyError):
        store.rename(STORAGE, TMK)
    store.make_key(STORAGE, SIV, counting)
    with pytest.raises(ValueError, match="printable"):
        store.rename(STORAGE, KeyName(""))
    assert store.has(STORAGE)


@given(st.from_regex("[0-9]{1,19}", fullmatch=True), st.binary(max_size=40))
def test_a_sealed_card_number_opens_where_it_belongs(digits, context):
    store = SoftwareKeyStore.in_memory(MASTER)
    store.make_key(STORAGE, SIV, counting)
    sealed = store.seal_pan(STORAGE, Pan(digits), context)
    assert len(sealed) == 26
    assert store.seal_pan(STORAGE, Pan(digits), context) == sealed
    assert store.open_pan(STORAGE, sealed, context) == Pan(digits)
    with pytest.raises(SealedPanError):
        store.open_pan(STORAGE, sealed, context + b"x")


def test_a_sealed_card_number_shows_nothing_and_stands_no_change():
    store = SoftwareKeyStore.in_memory(MASTER)
    store.make_key(STORAGE, SIV, counting)
    sealed = store.seal_pan(STORAGE, PAN, b"000001/000001")
    assert sealed != store.seal_pan(STORAGE, PAN, b"000001/000002")
    assert PAN.reveal(Purpose.TEST) not in sealed.hex()
    for bit in range(len(sealed) * 8):
        changed = (int.from_bytes(sealed, "big") ^ 1 << bit).to_bytes(26, "big")
        with pytest.raises(SealedPanError):
            store.open_pan(STORAGE, changed, b"000001/000001")
    for length in (0, 25, 27):
        with pytest.raises(SealedPanError):
            store.open_pan(STORAGE, sealed.ljust(length, b"\0")[:length], b"000001/000001")
    store.make_key(KeyName("other"), SIV, lambda size: b"\x01" * size)
    with pytest.raises(SealedPanError):
        store.open_pan(KeyName("other"), sealed, b"000001/000001")


def test_a_sealed_value_that_holds_no_card_number_is_refused():
    store = SoftwareKeyStore.in_memory(MASTER)
    store.make_key(STORAGE, SIV, counting)
    cipher = store._entries[STORAGE].sealing_cipher()
    for text in ("F" * 20, "12A" + "F" * 17, "1" * 20):
        with pytest.raises(SealedPanError) as caught:
            store.open_pan(STORAGE, cipher.encrypt(bytes.fromhex(text), [b""]), b"")
        assert "12" not in str(caught.value)


def test_only_a_sealing_key_seals_and_it_does_nothing_else(store):
    store.make_key(TMK, TDES, counting)
    store.make_key(STORAGE, SIV, counting)
    calls = [
        lambda: store.seal_pan(TMK, PAN, b""),
        lambda: store.open_pan(TMK, bytes(26), b""),
        lambda: store.token(STORAGE, PAN),
        lambda: store.encrypt_track(STORAGE, TRACK),
        lambda: store.rsa_public(STORAGE),
    ]
    for call in calls:
        with pytest.raises(KeyUseError):
            call()


@pytest.mark.parametrize(
    ("track", "sent"),
    [
        (
            "1234567890123456789D05082017819991683",
            "1234567890123456789DF7263E84270BA7583",
        ),
        (
            "1234567890123456789=05082017819991683",
            "1234567890123456789DF7263E84270BA7583",
        ),
    ],
)
def test_a_track_travels_encrypted_as_the_reference_computes_it(track, sent):
    store = SoftwareKeyStore.in_memory(MASTER)
    store.import_key(TDK, KeyBytes(b"\x44" * 16), TDES)
    field35 = store.encrypt_track(TDK, Track2(track))
    assert field35 == SecretText(sent)
    assert store.decrypt_track(TDK, field35) == Track2(track.replace("=", "D"))


@pytest.mark.parametrize("length", range(34, 38))
def test_a_track_under_an_sm4_key_keeps_its_length_and_its_ends(length):
    store = SoftwareKeyStore.in_memory(MASTER)
    store.make_key(TDK, SM4, counting)
    clear = "6200001234567890D301220100000000000000"[:length]
    sent = store.encrypt_track(TDK, Track2(clear)).reveal(Purpose.TEST)
    packed = clear + "0" * (length % 2)
    start = len(packed) - 2 - 32
    assert len(sent) == length
    assert (sent[:start], sent[start + 32 :]) == (clear[:start], clear[start + 32 :])
    assert sent != clear
    assert store.decrypt_track(TDK, SecretText(sent)) == Track2(clear)


def test_what_is_no_track_is_refused_without_its_digits(store):
    store.make_key(TDK, SM4, counting)
    calls = [
        lambda: store.encrypt_track(TDK, Track2("6200001234567890=3012201")),
        lambda: store.decrypt_track(TDK, SecretText("6200001234567890D301220100000000000")),
        lambda: store.decrypt_track(TDK, SecretText("zz" * 18)),
        lambda: store.decrypt_track(TDK, SecretText("")),
    ]
    for call in calls:
        with pytest.raises(TrackError) as caught:
            call()
        assert "6200" not in str(caught.value)
        assert caught.value.__cause__ is None
