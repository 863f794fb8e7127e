"""Enrols the kit's own terminals in a sandbox, so that its host can be graded.

They belong to a merchant of their own, and their master keys are drawn here and told to the host's
key file and the plan, to nobody else. A host that runs reads its key file at its next start.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from tongbao.app.conform.plan import Plan, TestCard, TestTerminal
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.master_key import master_key_from
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.secrets import KeyBytes
from tongbao.platform.registry import (
    NewMerchant,
    NewTerminal,
    register_merchant,
    register_terminals,
)
from tongbao.sandbox.cards import DRAWER
from tongbao.terminal.keys import MASTER_KEY_VARIABLE

if TYPE_CHECKING:
    from tongbao.app.settings import Settings

_MERCHANT: Final = NewMerchant(
    merchant_id="100000000000091",
    name="规范检测商户",
    name_en="Conformance Test Merchant",
    mcc="5411",
    city="上海 Shanghai",
)
_TERMINALS: Final = {
    "terminal": ("00000091", KeyAlgorithm.TDES),
    "second_terminal": ("00000092", KeyAlgorithm.TDES),
    "settling_terminal": ("00000093", KeyAlgorithm.TDES),
    "sm4_terminal": ("00000094", KeyAlgorithm.SM4),
}
_HOST_KEY_VARIABLE: Final = "TONGBAO_HOST_MASTER_KEY"
_TERMINAL_KEY: Final = "tmk"
_KEY_BYTES: Final = 16


class EnrolmentError(RuntimeError):
    """The settings file describes no host whose keys can be added to."""


def enrol_terminal(settings: Settings, terminal_id: str, patience_ms: int) -> Plan:
    """Give a sandbox terminal a new master key that the plan knows, too, and return the plan.

    Its own host does not know the key: the terminal works with the kit only from now on. Raises
    EnrolmentError for a terminal that the settings do not have.
    """
    terminal_settings = settings.terminals.get(terminal_id)
    if terminal_settings is None:
        raise EnrolmentError(f"the settings have no [terminal.{terminal_id}]")
    key = KeyBytes(secrets.token_bytes(_KEY_BYTES))
    store = SoftwareKeyStore.open(
        terminal_settings.key_file,
        master_key_from(terminal_settings.master_key_file, MASTER_KEY_VARIABLE),
    )
    store.import_keys([NamedKey(_TERMINAL_KEY, key, KeyAlgorithm.TDES)])
    terminal = TestTerminal(terminal_id, terminal_settings.merchant_id.value, key)
    return Plan(terminal=terminal, cards=_drawer(), patience_ms=patience_ms)


def enrol(settings: Settings, patience_ms: int) -> Plan:
    """Register merchant and terminals, draw their keys, and return the plan.

    Enrolling again draws new keys. Raises EnrolmentError without a host in the settings.
    """
    host = settings.host
    if host is None:
        raise EnrolmentError("the settings have no [host]: nothing to grade")
    register_merchant(settings.database_url, _MERCHANT)
    register_terminals(
        settings.database_url,
        [
            NewTerminal(
                terminal_id=terminal_id,
                merchant_id=_MERCHANT.merchant_id,
                label="规范检测 Conformance test",
            )
            for terminal_id, _ in _TERMINALS.values()
        ],
    )
    store = SoftwareKeyStore.open(
        host.key_file, master_key_from(host.master_key_file, _HOST_KEY_VARIABLE)
    )
    terminals: dict[str, TestTerminal] = {}
    keys = []
    for name, (terminal_id, algorithm) in _TERMINALS.items():
        key = KeyBytes(secrets.token_bytes(_KEY_BYTES))
        terminals[name] = TestTerminal(terminal_id, _MERCHANT.merchant_id, key)
        keys.append(NamedKey(f"tmk/{terminal_id}", key, algorithm))
    store.import_keys(keys)
    return Plan(
        terminal=terminals["terminal"],
        second_terminal=terminals["second_terminal"],
        settling_terminal=terminals["settling_terminal"],
        sm4_terminal=terminals["sm4_terminal"],
        cards=_drawer(),
        patience_ms=patience_ms,
    )


def _drawer() -> dict[str, TestCard]:
    return {card.card_id: TestCard(card.track2, card.pin) for card in DRAWER}
