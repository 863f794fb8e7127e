"""Damage on a line: the dialect's MAC must be able to see it, or the fault is not a fair one."""

from __future__ import annotations

import random

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.secrets import KeyBytes
from tongbao.simulation.network import _damaged

MAK = KeyName("mak")


def test_damage_never_leaves_a_right_mac_over_another_message() -> None:
    keys = SoftwareKeyStore.in_memory(KeyBytes(bytes(range(32))))
    keys.import_key(MAK, KeyBytes(bytes(range(16))), KeyAlgorithm.TDES)
    chance = random.Random(1816)
    body = bytes(chance.randrange(256) for _ in range(120))
    mac = keys.mac(MAK, MacAlgorithm.UNIONPAY_ECB, body)
    frame = b"\x00\x00" + bytes(11) + body + mac
    for _ in range(20_000):
        damaged = _damaged(frame, chance)
        seen, claimed = damaged[13:-8], damaged[-8:]
        if seen != body and keys.verify_mac(MAK, MacAlgorithm.UNIONPAY_ECB, seen, claimed):
            raise AssertionError("the MAC is right over a message that was changed")


def test_two_flipped_bits_hide_each_other_from_the_dialects_mac() -> None:
    keys = SoftwareKeyStore.in_memory(KeyBytes(bytes(range(32))))
    keys.import_key(MAK, KeyBytes(bytes(range(16))), KeyAlgorithm.TDES)
    body = bytearray(range(64))
    mac = keys.mac(MAK, MacAlgorithm.UNIONPAY_ECB, bytes(body))
    body[3] ^= 0x40
    body[3 + 8] ^= 0x40
    assert keys.verify_mac(MAK, MacAlgorithm.UNIONPAY_ECB, bytes(body), mac)
