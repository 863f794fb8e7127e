"""Track encryption under the TDK: eight (SM4: sixteen) bytes before the last byte of the track."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.crypto.errors import TrackError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.crypto.ciphers import BlockCipher


def encrypt_track(cipher: BlockCipher, track: str) -> str:
    """Encrypt the sensitive part of a track of hex digits (`D` separates); the length stays.

    The track is taken as BCD, an odd one padded with 0; its last byte stays clear and the block
    before it is encrypted. Bytes count, not digits.

    Raises: TrackError when the track is shorter than one block and a byte, or not hex.
    Spec: UnionPay terminal dialect, 5.6.
    """
    return _replace_block(cipher.block_bytes, cipher.encrypt, track)


def decrypt_track(cipher: BlockCipher, track: str) -> str:
    """Undo `encrypt_track`.

    Raises: TrackError when the track is shorter than one block and a byte, or not hex.
    Spec: UnionPay terminal dialect, 5.6.
    """
    return _replace_block(cipher.block_bytes, cipher.decrypt, track)


def _replace_block(block_bytes: int, transform: Callable[[bytes], bytes], track: str) -> str:
    try:
        packed = bytes.fromhex(track + "0" * (len(track) % 2))
    except ValueError:
        raise TrackError("a track is written in hex digits") from None
    start = len(packed) - 1 - block_bytes
    if start < 0:
        raise TrackError("the track is too short to be encrypted")
    middle = transform(packed[start:-1])
    return (packed[:start] + middle + packed[-1:]).hex().upper()[: len(track)]
