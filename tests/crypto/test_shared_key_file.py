"""A key file that two processes share: the host, and the room where keys are loaded."""

import threading

import pytest

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.errors import KeyFileDamagedError, UnknownKeyError
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.crypto.working_keys import WorkingKeyLayout
from tongbao.domain.secrets import KeyBytes

MASTER = KeyBytes(bytes(range(32)))
ONE, OTHER = KeyName("tmk/00000001"), KeyName("tmk/00000002")
TDES = KeyAlgorithm.TDES


def key(number: int) -> KeyBytes:
    return KeyBytes(bytes(range(number, number + 16)))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "host.json"


@pytest.fixture
def host(file):
    store = SoftwareKeyStore.open(file, MASTER)
    store.import_key(ONE, key(1), TDES)
    return store


@pytest.fixture
def room(file, host):
    return SoftwareKeyStore.open(file, MASTER)


def sign_in(store, name):
    return store.make_working_keys(name, WorkingKeyLayout.DOUBLE_DES, "session/x", bytes)


def test_a_key_added_elsewhere_is_found_without_a_restart(host, room):
    assert not host.has(OTHER)
    room.import_key(OTHER, key(2), TDES)
    assert host.has(OTHER)
    assert host.kcv(OTHER) == room.kcv(OTHER)


def test_the_first_sign_in_under_a_key_added_elsewhere_works(host, room):
    with pytest.raises(UnknownKeyError):
        sign_in(host, OTHER)
    room.import_key(OTHER, key(2), TDES)
    assert sign_in(host, OTHER) == sign_in(room, OTHER)


def test_a_key_replaced_elsewhere_is_the_one_that_counts(host, room):
    before = host.kcv(ONE)
    room.import_key(ONE, key(3), TDES)
    assert host.kcv(ONE) == room.kcv(ONE) != before


def test_a_key_destroyed_elsewhere_opens_nothing_any_more(host, room):
    room.destroy(ONE)
    with pytest.raises(UnknownKeyError):
        sign_in(host, ONE)
    assert host.names() == ()


def test_keys_of_a_session_stay_when_the_file_changes(host, room):
    sign_in(host, ONE)
    room.import_key(OTHER, key(2), TDES)
    assert host.has(OTHER)
    assert host.has(KeyName("session/x/mak"))


def test_neither_of_two_writers_undoes_what_the_other_wrote(file, host, room):
    room.import_key(OTHER, key(2), TDES)
    host.import_key(KeyName("zpk"), key(4), TDES)
    room.rename(OTHER, KeyName("tmk/00000003"))
    host.destroy(ONE)
    again = SoftwareKeyStore.open(file, MASTER)
    assert sorted(again.names()) == ["tmk/00000003", "zpk"]
    assert sorted(map(str, host.names())) == sorted(map(str, again.names()))


def test_writers_at_the_same_time_lose_nothing(file, host):
    def write(first: int) -> None:
        store = SoftwareKeyStore.open(file, MASTER)
        for number in range(first, first + 10):
            store.import_key(KeyName(f"k/{number}"), key(number), TDES)

    writers = [threading.Thread(target=write, args=(first,)) for first in (10, 20, 30)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(SoftwareKeyStore.open(file, MASTER).names()) == 31
    assert host.has(KeyName("k/39"))


def test_a_file_put_in_its_place_that_is_damaged_is_noticed(file, host):
    file.write_bytes(b"{}")
    with pytest.raises(KeyFileDamagedError):
        host.has(ONE)


def test_a_file_that_is_taken_away_takes_no_key_with_it(file, host):
    file.unlink()
    assert host.has(ONE)
