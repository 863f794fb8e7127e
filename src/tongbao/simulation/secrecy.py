"""Looks for marked card numbers, PINs and keys in everything that is written or sent.

The dialect sends tracks and card numbers inside its messages (it has no track key here), so frames
may hold those, but never a PIN, a PIN block in clear or a key. Everything else may hold none.
"""

from __future__ import annotations

from typing import Final

from tongbao.simulation.cards import KeyRing, canaries, clear_pin_blocks
from tongbao.simulation.node import WrongWorldError

_CARDS: Final = canaries()
_BLOCKS: Final = tuple(("PIN block, in clear", block) for block in clear_pin_blocks())
_PINS: Final = tuple((name, needle) for name, needle in _CARDS if "PIN" in name)
# So much is searched at a time; nothing that is sought holds the bytes in between.
_HEAP_BYTES: Final = 65_536
_BETWEEN: Final = b"\xff\x00 | \x00\xff"


class Secrecy:
    """The scanner of one world; it knows the keys of that world as well.

    Frames and texts are gathered and searched together, at the latest by `finish`.
    """

    __slots__ = ("_frame_bytes", "_frames", "_keys", "_text_bytes", "_texts")

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys.made
        self._frames: list[tuple[str, bytes]] = []
        self._frame_bytes = 0
        self._texts: list[tuple[str, bytes]] = []
        self._text_bytes = 0

    def look_at_frame(self, where: str, data: bytes) -> None:
        """Take a frame, to be searched for PINs and keys."""
        self._frames.append((where, data))
        self._frame_bytes += len(data)
        if self._frame_bytes > _HEAP_BYTES:
            self._search_frames()

    def look_at_text(self, where: str, text: str) -> None:
        """Take text, to be searched for card numbers, tracks, PINs and keys, also keys in hex."""
        self.look_at_bytes(where, text.encode())

    def look_at_bytes(self, where: str, data: bytes) -> None:
        """Take bytes, to be searched for card numbers, tracks, PINs and keys."""
        self._texts.append((where, data))
        self._text_bytes += len(data)
        if self._text_bytes > _HEAP_BYTES:
            self._search_texts()

    def finish(self) -> None:
        """Search what was not searched yet."""
        self._search_frames()
        self._search_texts()

    def _search_frames(self) -> None:
        frames, self._frames, self._frame_bytes = self._frames, [], 0
        _search(frames, (*_PINS, *_BLOCKS, *self._named_keys()))

    def _search_texts(self) -> None:
        texts, self._texts, self._text_bytes = self._texts, [], 0
        _search(texts, (*_CARDS, *self._named_keys()))
        lower = [(where, data.lower()) for where, data in texts]
        _search(lower, tuple(("key, in hex", key.hex().encode()) for key in self._keys))

    def _named_keys(self) -> tuple[tuple[str, bytes], ...]:
        return tuple(("key, in clear", key) for key in self._keys)


def _search(found: list[tuple[str, bytes]], needles: tuple[tuple[str, bytes], ...]) -> None:
    heap = _BETWEEN.join(data for _, data in found)
    for name, needle in needles:
        if needle in heap:
            where = next((place for place, data in found if needle in data), "something")
            raise WrongWorldError("secrecy", f"{where} holds the {name}")
