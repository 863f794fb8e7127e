"""Where internet addresses are, in the sandbox: the ranges set apart for documents have towns.

RFC 5737 and RFC 3849 keep these ranges free, so no real person is ever said to be anywhere.
"""

from __future__ import annotations

import ipaddress
from typing import Final

_TOWNS: Final = (
    ("192.0.2.0/25", "北京", "Beijing"),
    ("192.0.2.128/25", "上海", "Shanghai"),
    ("198.51.100.0/24", "成都", "Chengdu"),
    ("203.0.113.0/24", "深圳", "Shenzhen"),
    ("2001:db8::/32", "广州", "Guangzhou"),
)


def place_of(address: str) -> dict[str, str] | None:
    """Return the town of an address in Chinese and English, or None for every other address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    for network, zh, en in _TOWNS:
        if found in ipaddress.ip_network(network):
            return {"zh": zh, "en": en}
    return None
