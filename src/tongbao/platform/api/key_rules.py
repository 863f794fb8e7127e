"""What an API key looks like and how it is kept: a keyed digest and a few letters to know it by.

Pure: imports no Django.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

PREFIX = "tb_"
# Letters and digits that do not look alike; 40 of 32 are 200 bits.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
SECRET_LENGTH = 40
SHOWN_LENGTH = 8
_FORM = re.compile(rf"{PREFIX}[{_ALPHABET}]{{{SECRET_LENGTH}}}")


def new_key() -> str:
    """Return a new key in clear, such as `tb_…` with 200 random bits; show it once."""
    return PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(SECRET_LENGTH))


def shown(key: str) -> str:
    """Return the beginning by which people know a key."""
    return key[: len(PREFIX) + SHOWN_LENGTH]


def is_well_formed(key: str) -> bool:
    """Return whether this can be a key of ours at all."""
    return _FORM.fullmatch(key) is not None


def digest_of(key: str, pepper: str) -> str:
    """Return what is kept of a key, 64 hex digits; `pepper` is the platform's own secret."""
    return hmac.new(f"tongbao.api-key:{pepper}".encode(), key.encode(), hashlib.sha256).hexdigest()
