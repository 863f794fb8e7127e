import json
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.errors import (
    CryptoError,
    KeyCheckError,
    KeyFileDamagedError,
    KeyFilePermissionError,
    KeyLengthError,
    KeyStoreError,
    KeyUseError,
    PinBlockError,
    UnknownKeyError,
    WorkingKeyError,
    WrongMasterKeyError,
)
from tongbao.crypto.key_store import KeyName, KeyStore
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.mac import MacAlgorithm
from tongbao.crypto.master_key import make_master_key_file, master_key_from
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.crypto.working_keys import WorkingKeyLayout
from tongbao.domain.secrets import KeyBytes, Pan, Pin, Purpose

MASTER = KeyBytes(bytes(range(32)))
OTHER_MASTER = KeyBytes(bytes(range(1, 33)))
PAN = Pan("6200001234567890128")
PIN = Pin("123456")
ECB = MacAlgorithm.UNIONPAY_ECB

TMK, ZPK, ZAK, PVK, TOKEN = (
    KeyName(name) for name in ("tmk/00000001", "zpk", "zak", "pvk", "token")
)


def filled(store: SoftwareKeyStore) -> SoftwareKeyStore:
    store.import_keys(
        [
            NamedKey(TMK, KeyBytes(b"\x11" * 16), KeyAlgorithm.TDES),
            NamedKey(ZPK, KeyBytes(b"\x22" * 16), KeyAlgorithm.TDES),
            NamedKey(ZAK, KeyBytes(b"\x33" * 16), KeyAlgorithm.AES),
            NamedKey(PVK, KeyBytes(b"\x55" * 32), KeyAlgorithm.HMAC),
            NamedKey(TOKEN, KeyBytes(b"\x66" * 32), KeyAlgorithm.HMAC),
            NamedKey("sm4", KeyBytes(b"\x77" * 16), KeyAlgorithm.SM4),
        ]
    )
    return store


@pytest.fixture
def store() -> SoftwareKeyStore:
    return filled(SoftwareKeyStore.in_memory(MASTER))


def test_the_software_store_fits_the_port(store):
    port: KeyStore = store
    assert port.has(ZPK)
    assert not port.has(KeyName("nothing"))


def test_a_key_is_known_by_its_check_value(store):
    assert store.kcv(ZPK).hex().upper() == "00962B60"


def test_names_of_missing_keys_are_told(store):
    missing = KeyName("session/00000009/mak")
    calls = [
        lambda: store.kcv(missing),
        lambda: store.mac(missing, ECB, b""),
        lambda: store.verify_mac(missing, ECB, b"", b""),
        lambda: store.translate_pin(missing, ZPK, bytes(8), None),
        lambda: store.translate_pin(ZPK, missing, bytes(8), None),
        lambda: store.token(missing, PAN),
        lambda: store.wrap(missing),
        lambda: store.encrypt_pin(missing, PIN, PAN),
        lambda: store.unwrap_working_keys(missing, bytes(40), "work"),
    ]
    for call in calls:
        with pytest.raises(UnknownKeyError, match="session/00000009/mak"):
            call()


def test_a_mac_verifies_and_a_changed_one_does_not(store):
    mac = store.mac(ZAK, MacAlgorithm.CMAC_AES, b"message")
    assert store.verify_mac(ZAK, MacAlgorithm.CMAC_AES, b"message", mac)
    assert not store.verify_mac(ZAK, MacAlgorithm.CMAC_AES, b"massage", mac)
    assert not store.verify_mac(ZAK, MacAlgorithm.CMAC_AES, b"message", mac[:-1])
    assert not store.verify_mac(ZAK, MacAlgorithm.CMAC_AES, b"message", b"")


def test_one_key_may_work_with_two_algorithms_in_turn(store):
    first = store.mac(ZPK, ECB, b"message")
    second = store.mac(ZPK, MacAlgorithm.X9_19, b"message")
    assert first != second
    assert store.mac(ZPK, ECB, b"message") == first
    assert store.verify_mac(ZPK, MacAlgorithm.X9_19, b"message", second)


def test_a_key_is_not_used_for_what_its_algorithm_cannot_do(store):
    calls = [
        lambda: store.mac(ZAK, ECB, b""),
        lambda: store.mac(TOKEN, ECB, b""),
        lambda: store.token(ZPK, PAN),
        lambda: store.encrypt_pin(ZAK, PIN, PAN),
        lambda: store.translate_pin(ZAK, ZPK, bytes(16), PAN),
        lambda: store.unwrap_working_keys(TOKEN, bytes(40), "work"),
    ]
    for call in calls:
        with pytest.raises(KeyUseError):
            call()


def test_a_translated_pin_block_holds_the_same_pin(store):
    store.import_key(KeyName("pik"), KeyBytes(bytes(range(16))), KeyAlgorithm.TDES)
    block = store.encrypt_pin(KeyName("pik"), PIN, PAN).reveal(Purpose.TEST)
    translated = store.translate_pin(KeyName("pik"), ZPK, block, PAN)
    assert translated == store.encrypt_pin(ZPK, PIN, PAN).reveal(Purpose.TEST)
    assert store.translate_pin(KeyName("pik"), ZPK, block, None) == translated


def test_a_pin_block_changes_its_length_between_sm4_and_3des(store):
    sm4 = KeyName("sm4")
    block = store.encrypt_pin(sm4, PIN, PAN).reveal(Purpose.TEST)
    assert len(block) == 16
    translated = store.translate_pin(sm4, ZPK, block, PAN)
    assert translated == store.encrypt_pin(ZPK, PIN, PAN).reveal(Purpose.TEST)
    assert store.translate_pin(ZPK, sm4, translated, PAN) == block
    with pytest.raises(PinBlockError, match="card number is needed"):
        store.translate_pin(sm4, ZPK, block, None)


@pytest.mark.parametrize("length", [0, 7, 9, 16])
def test_a_pin_block_of_another_length_is_refused(store, length):
    with pytest.raises(PinBlockError, match=f"has {length} bytes"):
        store.translate_pin(ZPK, TMK, bytes(length), PAN)
    # The contexts are still clean after a refusal.
    block = store.encrypt_pin(ZPK, PIN, PAN).reveal(Purpose.TEST)
    reference = store.pin_reference(PVK, PAN, PIN)
    assert store.verify_pin(ZPK, PVK, block, PAN, reference)


def test_an_issuer_tells_the_right_pin_from_a_wrong_one(store):
    reference = store.pin_reference(PVK, PAN, PIN)
    assert len(reference) == 16
    right = store.encrypt_pin(ZPK, PIN, PAN).reveal(Purpose.TEST)
    wrong = store.encrypt_pin(ZPK, Pin("123457"), PAN).reveal(Purpose.TEST)
    assert store.verify_pin(ZPK, PVK, right, PAN, reference)
    assert not store.verify_pin(ZPK, PVK, wrong, PAN, reference)
    for block in (bytes(8), bytes(7), bytes(16)):
        with pytest.raises(PinBlockError):
            store.verify_pin(ZPK, PVK, block, PAN, reference)


def test_a_token_is_the_same_for_the_same_card_only(store):
    assert store.token(TOKEN, PAN) == store.token(TOKEN, Pan("6200001234567890128"))
    assert store.token(TOKEN, PAN) != store.token(TOKEN, Pan("6200001234567890129"))
    assert store.token(TOKEN, PAN) != store.token(PVK, PAN)
    assert len(store.token(TOKEN, PAN)) == 16


def test_a_token_is_hmac_sha_256(store):
    import hashlib
    import hmac

    expected = hmac.digest(b"\x66" * 32, b"6200001234567890128", hashlib.sha256)[:16]
    assert store.token(TOKEN, PAN) == expected


def test_both_sides_of_a_sign_in_hold_the_same_keys(store):
    terminal = SoftwareKeyStore.in_memory(OTHER_MASTER)
    terminal.import_key(KeyName("tmk"), KeyBytes(b"\x11" * 16), KeyAlgorithm.TDES)
    field62 = store.make_working_keys(
        TMK, WorkingKeyLayout.TRACK_KEY, "session/00000001", lambda size: bytes(range(1, size + 1))
    )
    keys = terminal.unwrap_working_keys(KeyName("tmk"), field62, "work")
    assert (keys.pik, keys.mak, keys.tdk) == ("work/pik", "work/mak", "work/tdk")
    assert keys.mak_kcv == store.kcv(KeyName("session/00000001/mak"))
    assert terminal.kcv(keys.tdk) == keys.tdk_kcv == store.kcv(KeyName("session/00000001/tdk"))
    mac = terminal.mac(keys.mak, keys.mac_algorithm, b"sale")
    assert store.verify_mac(KeyName("session/00000001/mak"), ECB, b"sale", mac)


def test_a_new_sign_in_without_a_track_key_takes_the_old_one_away(store):
    store.make_working_keys(TMK, WorkingKeyLayout.TRACK_KEY, "work", lambda size: b"\x01" * size)
    assert store.has(KeyName("work/tdk"))
    store.make_working_keys(TMK, WorkingKeyLayout.DOUBLE_DES, "work", lambda size: b"\x02" * size)
    assert not store.has(KeyName("work/tdk"))


def test_sm4_working_keys_come_under_an_sm4_master_key_only(store):
    field62 = store.make_working_keys(
        KeyName("sm4"), WorkingKeyLayout.SM4, "session/9", lambda size: b"\x03" * size
    )
    keys = store.unwrap_working_keys(KeyName("sm4"), field62, "work")
    assert keys.mac_algorithm is MacAlgorithm.UNIONPAY_ECB_SM4
    with pytest.raises(WorkingKeyError, match="not a sm4 key"):
        store.make_working_keys(TMK, WorkingKeyLayout.SM4, "work", bytes)


def test_after_a_wrong_check_value_the_old_keys_stand_and_nothing_new(store):
    good = store.make_working_keys(
        TMK, WorkingKeyLayout.DOUBLE_DES, "work", lambda size: bytes(range(size))
    )
    before = (store.kcv(KeyName("work/pik")), store.kcv(KeyName("work/mak")))
    other = SoftwareKeyStore.in_memory(MASTER)
    other.import_key(TMK, KeyBytes(b"\x11" * 16), KeyAlgorithm.TDES)
    newer = other.make_working_keys(
        TMK, WorkingKeyLayout.DOUBLE_DES, "work", lambda size: bytes(range(100, 100 + size))
    )
    # A good PIK and a MAK whose check value is another one's.
    with pytest.raises(KeyCheckError, match="MAK"):
        store.unwrap_working_keys(TMK, newer[:36] + good[36:], "work")
    assert (store.kcv(KeyName("work/pik")), store.kcv(KeyName("work/mak"))) == before


def test_forgetting_a_prefix_takes_whole_names_only(store):
    for prefix in ("session/1", "session/10"):
        store.make_working_keys(TMK, WorkingKeyLayout.DOUBLE_DES, prefix, lambda size: b"1" * size)
    store.forget("session/1")
    assert not store.has(KeyName("session/1/mak"))
    assert store.has(KeyName("session/10/mak"))
    store.forget("zpk")
    assert not store.has(ZPK)


def test_session_keys_travel_in_a_sealed_blob(store):
    store.make_working_keys(TMK, WorkingKeyLayout.DOUBLE_DES, "s/1", lambda size: b"\x0f" * size)
    blob = store.wrap(KeyName("s/1/pik"), KeyName("s/1/mak"))
    assert b"\x0f" * 8 not in blob
    later = SoftwareKeyStore.in_memory(MASTER)
    assert later.unwrap(blob) == ("s/1/pik", "s/1/mak")
    assert later.mac(KeyName("s/1/mak"), ECB, b"x") == store.mac(KeyName("s/1/mak"), ECB, b"x")


def test_a_blob_opens_under_its_master_key_only_and_unchanged_only(store):
    blob = store.wrap(ZPK, ZAK)
    stranger = SoftwareKeyStore.in_memory(OTHER_MASTER)
    with pytest.raises(WrongMasterKeyError):
        stranger.unwrap(blob)
    later = SoftwareKeyStore.in_memory(MASTER)
    for position in range(len(blob)):
        changed = blob[:position] + bytes([blob[position] ^ 1]) + blob[position + 1 :]
        with pytest.raises(KeyStoreError):
            later.unwrap(changed)
    for length in range(len(blob)):
        with pytest.raises(KeyStoreError):
            later.unwrap(blob[:length])
    assert later.names() == ()


def test_a_key_of_the_wrong_length_is_not_imported(tmp_path):
    path = tmp_path / "keys.json"
    store = SoftwareKeyStore.open(path, MASTER)
    with pytest.raises(KeyLengthError):
        store.import_key(ZAK, KeyBytes(bytes(8)), KeyAlgorithm.AES)
    with pytest.raises(ValueError, match="key name"):
        store.import_key(KeyName("a\nb"), KeyBytes(bytes(16)), KeyAlgorithm.AES)
    assert store.names() == ()
    assert not path.exists()


def test_the_key_file_gives_the_keys_back_and_hides_them(tmp_path):
    path = tmp_path / "keys" / "host.json"
    store = filled(SoftwareKeyStore.open(path, MASTER))
    store.make_working_keys(TMK, WorkingKeyLayout.DOUBLE_DES, "work", lambda size: b"\x0f" * size)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert json.loads(text)["keys"]["zpk"]["kcv"] == "00962B60"
    for key in ("11", "22", "33", "55", "66", "77"):
        assert key * 8 not in text
    again = SoftwareKeyStore.open(path, MASTER)
    # Working keys are not for good: a new sign-in or an unwrapped blob brings them.
    assert set(again.names()) == {"tmk/00000001", "zpk", "zak", "pvk", "token", "sm4"}
    assert again.kcv(ZPK) == store.kcv(ZPK)
    again.forget("tmk")
    assert not SoftwareKeyStore.open(path, MASTER).has(TMK)


def test_another_master_key_opens_nothing(tmp_path):
    path = tmp_path / "keys.json"
    filled(SoftwareKeyStore.open(path, MASTER))
    before = path.read_bytes()
    with pytest.raises(WrongMasterKeyError, match="another master key"):
        SoftwareKeyStore.open(path, OTHER_MASTER)
    assert path.read_bytes() == before


def change(document, name):
    keys = document["keys"]
    match name:
        case "record removed":
            del keys["zak"]
        case "records swapped":
            keys["zpk"], keys["tmk/00000001"] = keys["tmk/00000001"], keys["zpk"]
        case "algorithm changed":
            keys["zpk"]["algorithm"] = "sm4"
        case "check value changed":
            keys["zpk"]["kcv"] = "00000000"
        case "ciphertext changed":
            first = keys["zpk"]["wrapped"][0]
            keys["zpk"]["wrapped"] = ("1" if first == "0" else "0") + keys["zpk"]["wrapped"][1:]
        case "seal changed":
            document["seal"] = "00" * 32
        case "unknown format":
            document["format"] = "tongbao key file 9"
        case "record added":
            keys["new"] = keys["zpk"]


@pytest.mark.parametrize(
    "name",
    [
        "record removed",
        "records swapped",
        "algorithm changed",
        "check value changed",
        "ciphertext changed",
        "seal changed",
        "unknown format",
        "record added",
    ],
)
def test_an_edited_key_file_is_refused(tmp_path, name):
    path = tmp_path / "keys.json"
    filled(SoftwareKeyStore.open(path, MASTER))
    document = json.loads(path.read_bytes())
    change(document, name)
    path.write_text(json.dumps(document))
    with pytest.raises(KeyFileDamagedError):
        SoftwareKeyStore.open(path, MASTER)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_file_content_raises_anything_but_a_crypto_error(tmp_path, content):
    path = tmp_path / "keys.json"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(CryptoError):
        SoftwareKeyStore.open(path, MASTER)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "keys.json"
    filled(SoftwareKeyStore.open(path, MASTER))
    path.chmod(mode)
    with pytest.raises(KeyFilePermissionError, match="chmod 600"):
        SoftwareKeyStore.open(path, MASTER)


def test_an_import_that_cannot_be_written_does_not_happen(tmp_path):
    blocker = tmp_path / "folder"
    blocker.write_text("a file where a folder is needed")
    with pytest.raises(KeyStoreError):
        SoftwareKeyStore.open(blocker / "keys.json", MASTER)
    store = SoftwareKeyStore.open(tmp_path / "keys.json", MASTER)
    (tmp_path / "keys.json.new").mkdir()
    with pytest.raises(KeyStoreError, match="could not be written"):
        store.import_key(ZPK, KeyBytes(bytes(16)), KeyAlgorithm.TDES)
    assert not store.has(ZPK)


def test_a_master_key_file_is_made_once_and_private(tmp_path):
    path = tmp_path / "keys" / "master.key"
    made = make_master_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert make_master_key_file(path) == made
    assert master_key_from(path) == made


def test_the_environment_comes_before_the_file(tmp_path, monkeypatch):
    path = tmp_path / "master.key"
    in_file = make_master_key_file(path)
    monkeypatch.setenv("TONGBAO_TEST_MASTER_KEY", "ab" * 32)
    assert master_key_from(path, "TONGBAO_TEST_MASTER_KEY") == KeyBytes(b"\xab" * 32)
    monkeypatch.setenv("TONGBAO_TEST_MASTER_KEY", "")
    assert master_key_from(path, "TONGBAO_TEST_MASTER_KEY") == in_file


def test_a_bad_master_key_is_refused_without_showing_it(tmp_path, monkeypatch):
    path = tmp_path / "master.key"
    with pytest.raises(KeyStoreError, match="does not exist"):
        master_key_from(path)
    with pytest.raises(KeyStoreError, match="no master key is configured"):
        master_key_from()
    path.touch(mode=0o600)
    for content in (b"c0ffee" * 5, b"c0ffee tea", b"\xff\xfe", b""):
        path.write_bytes(content)
        with pytest.raises(KeyStoreError, match="not 64 hex digits") as caught:
            master_key_from(path)
        assert "c0ffee" not in str(caught.value)
    path.chmod(0o644)
    with pytest.raises(KeyFilePermissionError):
        master_key_from(path)
    monkeypatch.setenv("TONGBAO_TEST_MASTER_KEY", "c0ffee")
    with pytest.raises(KeyStoreError, match="TONGBAO_TEST_MASTER_KEY"):
        master_key_from(env="TONGBAO_TEST_MASTER_KEY")
    with pytest.raises(KeyStoreError, match="32 bytes, not 16"):
        SoftwareKeyStore.in_memory(KeyBytes(bytes(16)))
