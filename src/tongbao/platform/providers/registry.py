"""Which providers this process asks: those of the settings, or those a test puts in their place."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings

from tongbao.platform.providers.documents_process import ProcessReading
from tongbao.platform.providers.in_memory import Unconfigured
from tongbao.platform.providers.ports import DocumentsPort, Providers
from tongbao.platform.providers.sandbox_http import SandboxProviders

if TYPE_CHECKING:
    from collections.abc import Iterator

_in_place: list[Providers] = []


def providers() -> Providers:
    """Return the providers in force; without an address each port says that it is unavailable."""
    if _in_place:
        return _in_place[-1]
    documents = ProcessReading()
    if not settings.TONGBAO_PROVIDERS_URL:
        nobody = Unconfigured()
        return _all_of(nobody, documents)
    return _all_of(SandboxProviders(url=settings.TONGBAO_PROVIDERS_URL), documents)


def _all_of(one: Unconfigured | SandboxProviders, documents: DocumentsPort) -> Providers:
    return Providers(sms=one, mail=one, places=one, bank=one, screening=one, documents=documents)


@contextmanager
def using_providers(others: Providers) -> Iterator[Providers]:
    """Put other providers in place for a while, as tests do."""
    _in_place.append(others)
    try:
        yield others
    finally:
        _in_place.remove(others)
