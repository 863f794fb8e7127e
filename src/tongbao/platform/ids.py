"""Keys of new rows: a word that says what it is, and 100 random bits."""

from __future__ import annotations

import secrets
from typing import Final

# Letters and digits that nobody mixes up when reading (no 0, 1, l): 5 bits a character.
ALPHABET: Final = "abcdefghijkmnopqrstuvwxyz23456789"
RANDOM_LENGTH: Final = 20
ID_LENGTH_MAX: Final = 32


def new_id(kind: str) -> str:
    """Return a new key such as `shop_k3m9…`, at most 32 characters.

    Raises ValueError when `kind` is longer than 11 characters or not lower-case letters.
    """
    if not (kind.isascii() and kind.isalpha() and kind.islower()):
        raise ValueError(f"{kind!r} is not a word in lower-case letters")
    if len(kind) + 1 + RANDOM_LENGTH > ID_LENGTH_MAX:
        raise ValueError(f"{kind!r} is too long for a key")
    return f"{kind}_" + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
