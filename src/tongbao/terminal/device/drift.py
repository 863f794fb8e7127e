"""What of the wanted settings is not so on this terminal, for the platform to show. Pure.

Two kinds: what a document in force asks for and this terminal cannot do, and what a document that
still waits would change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tongbao.terminal.core.host_parameters import effective_settings
from tongbao.terminal.core.kinds import RULE_OF
from tongbao.wire.device.codec import as_json
from tongbao.wire.device.document import Json, canonical
from tongbao.wire.device.settings import Drift, SettingsDocument, Tender

if TYPE_CHECKING:
    from tongbao.terminal.core.host_parameters import HostParameters
    from tongbao.terminal.settings import TerminalSettings

_DRIFT_MAX: Final = 50
_TEXT_MAX: Final = 200
_PASSED_OVER: Final = frozenset({"version", "issued_at_ms", "host.ca_pem"})
# Lists of things with secrets in them: only the names of the things are told.
_NAMES_OF: Final = {"operators": "number", "function_codes": "code"}


def unable(
    document: SettingsDocument, settings: TerminalSettings, parameters: HostParameters
) -> tuple[Drift, ...]:
    """Return what a document in force asks for and this terminal does not do.

    `settings` are what the document made of the terminal, `parameters` what its host has set.
    """
    effective = effective_settings(settings, parameters)
    found = []
    cannot = [tender.value for tender in document.tenders if tender is not Tender.CARD]
    if cannot:
        does = [Tender.CARD.value] if Tender.CARD in document.tenders else []
        found.append(_drift("tenders", [one.value for one in document.tenders], does))
    kinds = list(document.kinds)
    done = [kind for kind in kinds if _is_done(kind, effective)]
    if done != kinds:
        found.append(_drift("kinds", kinds, done))
    limit_minor = document.limits.sale_minor
    if limit_minor is not None and limit_minor > effective.sale_limit_minor:
        found.append(_drift("limits.sale_minor", limit_minor, effective.sale_limit_minor))
    if effective.merchant_name != document.merchant.name:
        found.append(_drift("merchant.name", document.merchant.name, effective.merchant_name))
    return tuple(found)


def _is_done(kind: str, settings: TerminalSettings) -> bool:
    """Whether a kind can be had; which of two forms of a message a host wants is no difference."""
    if kind not in RULE_OF or kind in settings.refused_kinds:
        return False
    return kind != "mail_order" or (settings.mail_order_allowed and settings.on_screen_card_entry)


def still_to_come(actual: SettingsDocument, wanted: SettingsDocument) -> tuple[Drift, ...]:
    """Return what a document that waits would change of the one in force."""
    before, after = _leaves(as_json(actual)), _leaves(as_json(wanted))
    found = []
    for path in sorted({*before, *after} - _PASSED_OVER):
        is_value, is_wanted = before.get(path), after.get(path)
        if is_value == is_wanted:
            continue
        if path in _NAMES_OF:
            old, new = _names(path, is_value), _names(path, is_wanted)
            # The same names: something about one of them is new.
            found.append(_drift(path, new if new != old else [*new, "*"], old))
        else:
            found.append(_drift(path, is_wanted, is_value))
    return tuple(found[:_DRIFT_MAX])


def _leaves(document: Any, prefix: str = "") -> dict[str, Json]:
    leaves: dict[str, Json] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            leaves.update(_leaves(value, f"{prefix}{name}."))
        else:
            leaves[prefix + name] = value
    return leaves


def _names(path: str, things: Any) -> list[str]:
    return [str(thing[_NAMES_OF[path]]) for thing in things or []]


def _drift(path: str, wanted: Any, actual: Any) -> Drift:
    return Drift(path=path, wanted=_text(wanted), actual=_text(actual))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value[:_TEXT_MAX]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(value)[:_TEXT_MAX]
    return "" if value is None else canonical(value).decode()[:_TEXT_MAX]
