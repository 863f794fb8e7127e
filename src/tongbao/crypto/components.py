"""A key in components: each is worth nothing alone, all of them together are the key.

Two or three people each hold one component and its check value; nobody ever sees the key.

Spec: ISO 11568, key components under split knowledge and dual control; combined by exclusive or.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Final

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.errors import KeyCheckError, KeyLengthError, KeyUseError
from tongbao.crypto.kcv import key_check_value
from tongbao.domain.secrets import KeyBytes, Purpose, SecretText

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMPONENT_BYTES: Final = 16
COMPONENT_ALGORITHMS: Final = (KeyAlgorithm.TDES, KeyAlgorithm.SM4)
PARTS_MIN: Final = 2


def read_component(typed: SecretText) -> KeyBytes:
    """Return a component typed as 32 hex digits, in groups or not; raises KeyLengthError."""
    digits = re.sub(r"[\s-]", "", typed.reveal(Purpose.CRYPTO))
    if re.fullmatch(r"[0-9A-Fa-f]{32}", digits) is None:
        raise KeyLengthError("a component is 32 hex digits") from None
    return KeyBytes(bytes.fromhex(digits))


def check_component(algorithm: KeyAlgorithm, component: KeyBytes, kcv: bytes) -> None:
    """Return when the component has this check value (its first 3 or 4 bytes).

    Raises: KeyCheckError; KeyLengthError.
    """
    _check(algorithm, component.reveal(Purpose.CRYPTO), kcv, "component")


def combine(algorithm: KeyAlgorithm, components: Sequence[KeyBytes], kcv: bytes) -> KeyBytes:
    """Return the key of all components when it has this check value.

    Raises: KeyCheckError; KeyLengthError; KeyUseError for too few components, a component given
    twice, or a key of no strength (all zero, or two equal halves of a TDES key).
    """
    if len(components) < PARTS_MIN:
        raise KeyUseError(f"a key has at least {PARTS_MIN} components")
    parts = [component.reveal(Purpose.CRYPTO) for component in components]
    if any(len(part) != COMPONENT_BYTES for part in parts):
        raise KeyLengthError(f"a component has {COMPONENT_BYTES} bytes")
    if len(set(parts)) != len(parts) or bytes(COMPONENT_BYTES) in parts:
        raise KeyUseError("a component is empty or was given twice")
    key = bytes(COMPONENT_BYTES)
    for part in parts:
        key = bytes(one ^ other for one, other in zip(key, part, strict=True))
    half = COMPONENT_BYTES // 2
    is_single = algorithm is KeyAlgorithm.TDES and _even(key[:half]) == _even(key[half:])
    if is_single or key == bytes(COMPONENT_BYTES):
        raise KeyUseError("the components make a key of no strength")
    _check(algorithm, key, kcv, "key")
    return KeyBytes(key)


def split(
    algorithm: KeyAlgorithm, key: KeyBytes, random_bytes: Callable[[int], bytes]
) -> tuple[tuple[KeyBytes, bytes], tuple[KeyBytes, bytes]]:
    """Return two components of a key, each with its check value; for tests and the sandbox."""
    first = random_bytes(COMPONENT_BYTES)
    whole = key.reveal(Purpose.CRYPTO)
    second = bytes(one ^ other for one, other in zip(whole, first, strict=True))
    values = tuple((KeyBytes(part), key_check_value(algorithm, part)) for part in (first, second))
    return values[0], values[1]


def _check(algorithm: KeyAlgorithm, key: bytes, kcv: bytes, what: str) -> None:
    if algorithm not in COMPONENT_ALGORITHMS:
        raise KeyUseError(f"no master key is of {algorithm.value}")
    if not 3 <= len(kcv) <= 4:
        raise KeyCheckError("a check value has 3 or 4 bytes")
    if not hmac.compare_digest(key_check_value(algorithm, key)[: len(kcv)], kcv):
        raise KeyCheckError(f"the check value does not fit the {what}")


def _even(half: bytes) -> bytes:
    # The last bit of each byte is parity and changes nothing.
    return bytes(byte & 0xFE for byte in half)
