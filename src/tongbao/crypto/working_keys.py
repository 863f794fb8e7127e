"""Working keys as a sign-in reply carries them (F62): layouts, unwrapping, building, check values.

Every key travels encrypted in ECB under the terminal master key, followed by its 4-byte check
value. A reply of 40 or 60 bytes may hold a MAK of 8 bytes; that MAK is single DES, and so is its
check value. Eight zero bytes then fill the block: between key and check value (the check value
stands at byte 36) or, at some hosts, behind both (the check value stands at byte 28).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.errors import KeyCheckError, WorkingKeyError
from tongbao.crypto.kcv import KCV_BYTES, key_check_value
from tongbao.domain.secrets import KeyBytes, Purpose

if TYPE_CHECKING:
    from tongbao.crypto.ciphers import BlockCipher

_SHORT_MAK_BYTES: Final = 8
CHECK_VALUE_LAST: Final = 36
CHECK_VALUE_BEHIND_KEY: Final = 28


@dataclass(frozen=True, slots=True)
class _Shape:
    """Byte lengths of one layout; `wide` is the room a key has on the wire."""

    code: str
    algorithm: KeyAlgorithm
    wide: int
    mak_bytes: int
    has_track_key: bool

    @property
    def field_bytes(self) -> int:
        return (self.wide + KCV_BYTES) * (3 if self.has_track_key else 2)


class WorkingKeyLayout(Enum):
    """The layouts of F62 that are known; the code is F60.3 of the sign-in.

    Spec: UnionPay terminal dialect, 3.1.
    """

    SINGLE_DES = _Shape("001", KeyAlgorithm.TDES, 8, 8, has_track_key=False)
    DOUBLE_DES = _Shape("003", KeyAlgorithm.TDES, 16, 16, has_track_key=False)
    DOUBLE_DES_SHORT_MAK = _Shape("003", KeyAlgorithm.TDES, 16, 8, has_track_key=False)
    TRACK_KEY = _Shape("004", KeyAlgorithm.TDES, 16, 16, has_track_key=True)
    TRACK_KEY_SHORT_MAK = _Shape("004", KeyAlgorithm.TDES, 16, 8, has_track_key=True)
    SM4 = _Shape("006", KeyAlgorithm.SM4, 16, 16, has_track_key=True)

    @property
    def code(self) -> str:
        """F60.3 that asks for this layout, 3 digits."""
        return self.value.code

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The algorithm of the keys and of the master key over them."""
        return self.value.algorithm

    @property
    def field_bytes(self) -> int:
        """Length of F62: 24, 40 or 60 bytes."""
        return self.value.field_bytes

    @property
    def pik_bytes(self) -> int:
        """Length of the PIN key, and of the track key where there is one."""
        return self.value.wide

    @property
    def mak_bytes(self) -> int:
        """Length of the MAC key."""
        return self.value.mak_bytes

    @property
    def has_track_key(self) -> bool:
        """Whether a TDK follows PIK and MAK."""
        return self.value.has_track_key


# 003 and 004 name two layouts; what we make has a MAK of full length.
_LAYOUT_BY_CODE: Final = {
    layout.code: layout
    for layout in (
        WorkingKeyLayout.SINGLE_DES,
        WorkingKeyLayout.DOUBLE_DES,
        WorkingKeyLayout.TRACK_KEY,
        WorkingKeyLayout.SM4,
    )
}


def layout_for_code(code: str) -> WorkingKeyLayout:
    """Return the layout to answer a sign-in of this F60.3 with.

    Raises: WorkingKeyError for a code that has no known layout.
    Spec: UnionPay terminal dialect, 3.1.
    """
    try:
        return _LAYOUT_BY_CODE[code]
    except KeyError:
        raise WorkingKeyError("no working-key layout is known for this sign-in code") from None


@dataclass(frozen=True, slots=True)
class WorkingKeys:
    """Clear working keys on their way into a key store; each is a secret."""

    algorithm: KeyAlgorithm
    pik: KeyBytes
    mak: KeyBytes
    tdk: KeyBytes | None = None


def parse_working_keys(
    tmk: BlockCipher,
    algorithm: KeyAlgorithm,
    field62: bytes,
    *,
    mak_check_value_offset: int = CHECK_VALUE_LAST,
) -> WorkingKeys:
    """Decrypt the working keys of a sign-in reply (24, 40 or 60 bytes) and check every one.

    `algorithm` is that of the master key, 3DES or SM4, and of the keys under it; the offset, 36 or
    28, is where the host puts the check value of an 8-byte MAK.

    Raises: WorkingKeyError on another length; KeyCheckError when a check value differs; ValueError
    on another offset.
    Spec: UnionPay terminal dialect, 3.1 and 5.1.
    """
    if mak_check_value_offset == CHECK_VALUE_BEHIND_KEY and algorithm is KeyAlgorithm.TDES:
        field62 = _move_check_value_last(field62)
    elif mak_check_value_offset not in (CHECK_VALUE_LAST, CHECK_VALUE_BEHIND_KEY):
        raise ValueError("the check value of a MAK stands at byte 28 or 36")
    layout = _layout_of(algorithm, field62)
    room = layout.pik_bytes + KCV_BYTES
    parts = [field62[start : start + room] for start in range(0, len(field62), room)]
    pik = _unwrap(tmk, layout, "PIK", parts[0], layout.pik_bytes)
    mak = _unwrap(tmk, layout, "MAK", parts[1], layout.mak_bytes)
    tdk = _unwrap(tmk, layout, "TDK", parts[2], layout.pik_bytes) if layout.has_track_key else None
    return WorkingKeys(algorithm, pik, mak, tdk)


def build_working_keys(
    tmk: BlockCipher,
    layout: WorkingKeyLayout,
    keys: WorkingKeys,
    *,
    mak_check_value_offset: int = CHECK_VALUE_LAST,
) -> bytes:
    """Encrypt working keys under the master key, with check values: F62 of a sign-in reply.

    The offset, 36 or 28, matters only to a layout with an 8-byte MAK in a 16-byte room.

    Raises: WorkingKeyError when a key is missing or has not the length of the layout; ValueError on
    another offset.
    Spec: UnionPay terminal dialect, 3.1.
    """
    if mak_check_value_offset not in (CHECK_VALUE_LAST, CHECK_VALUE_BEHIND_KEY):
        raise ValueError("the check value of a MAK stands at byte 28 or 36")
    field62 = _wrap(tmk, layout, keys.pik, layout.pik_bytes)
    field62 += _wrap(tmk, layout, keys.mak, layout.mak_bytes)
    if layout.has_track_key:
        if keys.tdk is None:
            raise WorkingKeyError("this layout needs a track key")
        field62 += _wrap(tmk, layout, keys.tdk, layout.pik_bytes)
    short = layout.mak_bytes < layout.pik_bytes
    if short and mak_check_value_offset == CHECK_VALUE_BEHIND_KEY:
        field62 = field62[:28] + field62[36:40] + field62[28:36] + field62[40:]
    return field62


def _move_check_value_last(field62: bytes) -> bytes:
    """Bring a block with an 8-byte MAK and its check value at byte 28 into the usual order."""
    if len(field62) < 40 or any(field62[32:40]):
        return field62
    return field62[:28] + field62[32:40] + field62[28:32] + field62[40:]


def _layout_of(algorithm: KeyAlgorithm, field62: bytes) -> WorkingKeyLayout:
    short_mak = not any(field62[28:36])
    found = {
        (KeyAlgorithm.TDES, 24): WorkingKeyLayout.SINGLE_DES,
        (KeyAlgorithm.TDES, 40): WorkingKeyLayout.DOUBLE_DES_SHORT_MAK
        if short_mak
        else WorkingKeyLayout.DOUBLE_DES,
        (KeyAlgorithm.TDES, 60): WorkingKeyLayout.TRACK_KEY_SHORT_MAK
        if short_mak
        else WorkingKeyLayout.TRACK_KEY,
        (KeyAlgorithm.SM4, 60): WorkingKeyLayout.SM4,
    }.get((algorithm, len(field62)))
    if found is None:
        raise WorkingKeyError(
            f"working keys of {len(field62)} bytes under a {algorithm.value} key are not known"
        )
    return found


def _unwrap(
    tmk: BlockCipher, layout: WorkingKeyLayout, name: str, part: bytes, key_bytes: int
) -> KeyBytes:
    key = tmk.decrypt(part[:key_bytes])
    if key_check_value(layout.algorithm, key) != part[-KCV_BYTES:]:
        raise KeyCheckError(f"the check value of the {name} does not fit the key")
    return KeyBytes(key)


def _wrap(tmk: BlockCipher, layout: WorkingKeyLayout, secret: KeyBytes, key_bytes: int) -> bytes:
    key = secret.reveal(Purpose.CRYPTO)
    if len(key) != key_bytes:
        raise WorkingKeyError(f"a working key has {len(key)} bytes where {key_bytes} belong")
    room = max(layout.pik_bytes, _SHORT_MAK_BYTES)
    return tmk.encrypt(key).ljust(room, b"\0") + key_check_value(layout.algorithm, key)
