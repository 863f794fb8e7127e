"""Passwords that are made for people and shown once. Pure: imports no Django."""

from __future__ import annotations

import secrets
from typing import Final

# 20 characters of 32 are 100 bits; letters and digits that look alike are left out.
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS: Final = 4
_GROUP_LENGTH: Final = 5


def generated_password() -> str:
    """Return a new password such as `k3m9x-…`: four groups, 100 random bits, mixed."""
    while True:
        groups = ["".join(map(secrets.choice, [_ALPHABET] * _GROUP_LENGTH)) for _ in range(_GROUPS)]
        password = "-".join(groups)
        if any(map(str.isdigit, password)) and any(map(str.isalpha, password)):
            return password
