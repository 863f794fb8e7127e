"""Looks for marked card numbers, PINs and keys in everything that is written or sent.

The dialect sends tracks and card numbers inside its messages (it has no track key here), so frames
may hold those, but never a PIN, a PIN block in clear or a key. Everything else may hold none.
"""

from __future__ import annotations

from typing import Final

from tongbao.simulation.cards import KeyRing, canaries, clear_pin_blocks
from tongbao.simulation.node import WrongWorldError

_CARDS: Final = canaries()
_BLOCKS: Final = clear_pin_blocks()
_PINS: Final = tuple((name, needle) for name, needle in _CARDS if "PIN" in name)


class Secrecy:
    """The scanner of one world; it knows the keys of that world as well."""

    __slots__ = ("_keys",)

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys.made

    def look_at_frame(self, where: str, data: bytes) -> None:
        """Search a frame for PINs and keys."""
        self._look_for(where, data, _PINS)
        for block in _BLOCKS:
            if block in data:
                raise WrongWorldError("secrecy", f"{where} holds a PIN block in clear")
        for key in self._keys:
            if key in data:
                raise WrongWorldError("secrecy", f"{where} holds a key in clear")

    def look_at_text(self, where: str, text: str) -> None:
        """Search text for card numbers, tracks, PINs and keys."""
        self.look_at_bytes(where, text.encode())
        folded = text.lower()
        for key in self._keys:
            if key.hex() in folded:
                raise WrongWorldError("secrecy", f"{where} holds a key in hex")

    def look_at_bytes(self, where: str, data: bytes) -> None:
        """Search bytes for card numbers, tracks, PINs and keys."""
        if not data:
            return
        self._look_for(where, data, _CARDS)
        for key in self._keys:
            if key in data:
                raise WrongWorldError("secrecy", f"{where} holds a key in clear")

    def _look_for(self, where: str, data: bytes, needles: tuple[tuple[str, bytes], ...]) -> None:
        for name, needle in needles:
            if needle in data:
                raise WrongWorldError("secrecy", f"{where} holds the {name}")
