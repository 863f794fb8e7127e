"""Where an internet address is, roughly, as a provider says; honest when nobody knows."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

import structlog
from django.utils.translation import get_language, gettext

from tongbao.platform.accounts.models import KnownPlace
from tongbao.platform.providers.ports import ProviderUnavailableError
from tongbao.platform.providers.registry import providers

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger()
_DAY_US: Final = 24 * 3600 * 1_000_000
# An address changes its town now and then; then nobody needs it any more.
GOOD_FOR_US: Final = 30 * _DAY_US
KEPT_FOR_US: Final = 90 * _DAY_US


def place_of(address: str, *, now_us: int) -> dict[str, str] | None:
    """Return the town in Chinese (`zh`) and English (`en`), or None when nobody knows it.

    An answer is kept for 30 days, also "nobody knows"; a provider that is silent is asked again.
    """
    if not _is_public(address):
        return None
    known = KnownPlace.objects.filter(pk=address, asked_at_us__gt=now_us - GOOD_FOR_US).first()
    if known is None:
        try:
            place = providers().places.place_of(address)
        except ProviderUnavailableError as error:
            log.warning("place_not_known", provider=error.provider)
            return None
        names = {"zh": place.zh, "en": place.en} if place else {"zh": "", "en": ""}
        known, _is_new = KnownPlace.objects.update_or_create(
            address=address, defaults={**names, "asked_at_us": now_us}
        )
    return {"zh": known.zh, "en": known.en} if known.en else None


def place_words(address: str, place: Mapping[str, Any] | None) -> str:
    """Return where an address is, in the reader's language; says so when nobody knows."""
    if place:
        return str(place["zh" if (get_language() or "").startswith("zh") else "en"])
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return gettext("place unknown")
    if found.is_loopback:
        return gettext("this computer")
    return gettext("the local network") if _is_local(found) else gettext("place unknown")


def forget_old(now_us: int) -> int:
    """Forget addresses that nobody asked about for 90 days, and return how many."""
    return KnownPlace.objects.filter(asked_at_us__lt=now_us - KEPT_FOR_US).delete()[0]


# Python counts the ranges for documents as private; in the sandbox they have towns.
_LOCAL: Final = tuple(
    ipaddress.ip_network(one)
    for one in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
)


def _is_local(found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(found in network for network in _LOCAL)


def _is_public(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified or _is_local(found))
