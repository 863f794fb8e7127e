"""No object that holds a key shows it, in no way an accident would take."""

import copy
import io
import json
import logging
import pickle
import pprint
import traceback

import pytest

from tongbao.crypto.ciphers import Aes, KeyAlgorithm, Sm4, TripleDes
from tongbao.crypto.errors import CryptoError
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.key_wrapping import KeyWrapper, NamedKey
from tongbao.crypto.mac import MacAlgorithm, compile_mac
from tongbao.crypto.rsa_transport import load_private_key, new_private_key
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.crypto.working_keys import WorkingKeyLayout, WorkingKeys, parse_working_keys
from tongbao.domain.secrets import KeyBytes, Pan, Pin, Purpose, SecretText, Track2

CANARY = bytes.fromhex("C0FFEE0DDBA11AB1E5EEDED5CA1AB1E5")
MASTER = KeyBytes(CANARY * 2)
RSA_KEY = new_private_key()


def used_store():
    store = SoftwareKeyStore.in_memory(MASTER)
    store.import_key(KeyName("tmk"), KeyBytes(CANARY), KeyAlgorithm.TDES)
    store.import_key(KeyName("token"), KeyBytes(CANARY), KeyAlgorithm.HMAC)
    store.import_key(KeyName("storage"), MASTER, KeyAlgorithm.AES_SIV)
    store.import_key(KeyName("rsa"), RSA_KEY, KeyAlgorithm.RSA)
    store.make_working_keys(
        KeyName("tmk"), WorkingKeyLayout.TRACK_KEY, "work", lambda size: CANARY[:size]
    )
    store.mac(KeyName("work/mak"), MacAlgorithm.UNIONPAY_ECB, b"x")
    store.token(KeyName("token"), Pan("6200001234567890128"))
    store.encrypt_pin(KeyName("work/pik"), Pin("123456"), Pan("6200001234567890128"))
    store.seal_pan(KeyName("storage"), Pan("6200001234567890128"), b"")
    store.make_transport_key(
        *store.rsa_public(KeyName("rsa")), KeyName("tk"), lambda size: (CANARY * 2)[:size]
    )
    return store


def holders():
    store = used_store()
    tmk = TripleDes(CANARY)
    key = KeyBytes(CANARY)
    return {
        "3des": TripleDes(CANARY),
        "aes": Aes(CANARY),
        "sm4": Sm4(CANARY),
        "wrapper": KeyWrapper(MASTER, bytes),
        "store": store,
        "entry": store._entries["work/mak"],
        "sealing entry": store._entries["storage"],
        "transport entry": store._entries["tk"],
        "rsa entry": store._entries["rsa"],
        "rsa key": RSA_KEY,
        "named key": NamedKey("tmk", key, KeyAlgorithm.TDES),
        "working keys": WorkingKeys(KeyAlgorithm.TDES, key, key, key),
        "parsed keys": parse_working_keys(
            tmk,
            KeyAlgorithm.TDES,
            store.make_working_keys(
                KeyName("tmk"), WorkingKeyLayout.TRACK_KEY, "s", lambda size: CANARY[:size]
            ),
        ),
        **{f"mac {item.value}": compile_mac(item, CANARY) for item in MacAlgorithm},
    }


HOLDERS = holders()


def assert_clean(text):
    compact = "".join(text.lower().split())
    numbers = load_private_key(RSA_KEY.reveal(Purpose.TEST)).private_numbers()
    secret = RSA_KEY.reveal(Purpose.TEST)[-64:]
    forms = [CANARY.hex(), CANARY[:8].hex(), repr(CANARY)[2:-1].lower(), str(list(CANARY))]
    for form in (*forms, secret.hex(), str(numbers.d), str(numbers.p), f"{numbers.p:x}"):
        assert "".join(form.split()) not in compact


@pytest.mark.parametrize("name", HOLDERS)
def test_it_does_not_print(name):
    holder = HOLDERS[name]
    handler_text = io.StringIO()
    logger = logging.getLogger("tongbao.canary")
    logger.propagate = False
    logger.handlers.clear()
    logger.addHandler(logging.StreamHandler(handler_text))
    logger.error("%s %r %s", holder, holder, {"holder": [holder]})
    assert_clean(handler_text.getvalue())
    assert_clean(f"{holder} {holder!r} {holder!s}" + pprint.pformat(vars_of(holder)))


def vars_of(holder):
    return {
        slot: getattr(holder, slot, None)
        for kind in type(holder).__mro__
        for slot in getattr(kind, "__slots__", ())
    }


@pytest.mark.parametrize("name", HOLDERS)
def test_it_does_not_pickle_copy_or_serialise(name):
    holder = HOLDERS[name]
    for action in (pickle.dumps, json.dumps):
        try:
            result = action(holder)
        except (TypeError, ValueError, AttributeError, pickle.PicklingError) as error:
            assert_clean(str(error))
        else:
            raise AssertionError(f"{action.__name__} gave {len(result)} bytes")


@pytest.mark.parametrize("name", ["3des", "store", "entry", "rsa entry", "wrapper"])
def test_it_does_not_copy(name):
    with pytest.raises(TypeError, match="not written anywhere"):
        copy.copy(HOLDERS[name])


def test_a_traceback_out_of_the_store_is_clean():
    store = used_store()
    calls = [
        lambda: store.unwrap_working_keys(KeyName("tmk"), bytes(40), "work"),
        lambda: store.unwrap(b"\x01" + bytes(40)),
        lambda: store.translate_pin(KeyName("work/pik"), KeyName("tmk"), bytes(3), None),
        lambda: store.mac(KeyName("token"), MacAlgorithm.CMAC_AES, b""),
        lambda: store.kcv(KeyName("none")),
        lambda: store.open_pan(KeyName("storage"), bytes(26), b""),
        lambda: store.encrypt_track(KeyName("work/tdk"), Track2("1=0000000")),
        lambda: store.decrypt_track(KeyName("work/tdk"), SecretText("0" * 37)),
        lambda: store.receive_transport_key(KeyName("rsa"), bytes(256), bytes(4), KeyName("t")),
        lambda: store.load_master_key(KeyName("tk"), CANARY, bytes(4), KeyName("tmk")),
        lambda: store.wrap_master_key(KeyName("rsa"), KeyName("tmk")),
    ]
    for call in calls:
        with pytest.raises(CryptoError) as caught:
            call()
        assert_clean("".join(traceback.format_exception(caught.value)))
