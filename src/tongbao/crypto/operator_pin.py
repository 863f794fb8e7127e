"""PINs of the people at the till: kept as salted scrypt hashes, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import re
from itertools import pairwise
from typing import Final

from tongbao.domain.secrets import Pin, Purpose

_COST: Final = 2**14
_BLOCK: Final = 8
_LANES: Final = 1
_COST_MAX: Final = 2**18
_MEMORY_BYTES_MAX: Final = 512 * 1024 * 1024
_SALT_BYTES_MIN: Final = 16
_PIN: Final = re.compile("[0-9]{4,12}", re.ASCII)


def fault_of_pin(pin: str) -> str | None:
    """Return why an operator's PIN is no good: `bad_pin` or `weak_pin`; None when it is.

    It has 4 to 12 digits. Digits that are all the same or count up or down are guessed first.

    Spec: our own, docs/operators.md.
    """
    if _PIN.fullmatch(pin) is None:
        return "bad_pin"
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return "weak_pin" if len(steps) == 1 and steps <= {0, 1, 9} else None


def hash_pin(pin: Pin, salt: bytes) -> str:
    """Return the text to keep in place of an operator's PIN: "scrypt$n$r$p$salt$hash", in hex.

    `salt` is at least 16 random bytes, new for each operator; ValueError when it is shorter.

    Spec: RFC 7914.
    """
    if len(salt) < _SALT_BYTES_MIN:
        raise ValueError("a salt has at least 16 bytes")
    digest = _derive(pin, salt, (_COST, _BLOCK, _LANES))
    return f"scrypt${_COST}${_BLOCK}${_LANES}${salt.hex()}${digest.hex()}"


def pin_fits(pin: Pin, kept: str) -> bool:
    """Tell whether the PIN is the one behind a text made by `hash_pin`; never for a damaged text.

    Spec: RFC 7914.
    """
    try:
        name, cost, block, lanes, salt, digest = kept.split("$")
        parameters = (int(cost), int(block), int(lanes))
        expected = bytes.fromhex(digest)
        if name != "scrypt" or parameters[0] > _COST_MAX:
            return False
        actual = _derive(pin, bytes.fromhex(salt), parameters)
    except ValueError:
        return False
    return hmac.compare_digest(actual, expected)


def _derive(pin: Pin, salt: bytes, parameters: tuple[int, int, int]) -> bytes:
    cost, block, lanes = parameters
    return hashlib.scrypt(
        pin.reveal(Purpose.CRYPTO).encode(),
        salt=salt,
        n=cost,
        r=block,
        p=lanes,
        maxmem=_MEMORY_BYTES_MAX,
        dklen=32,
    )
