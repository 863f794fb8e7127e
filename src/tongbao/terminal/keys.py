"""The terminal's keys: the master key `tmk` in its key file, working keys in memory only.

The store is a model of the secure part of a certified device, not that part (see
`tongbao.crypto.software_key_store`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.crypto.master_key import master_key_from
from tongbao.crypto.software_key_store import SoftwareKeyStore

if TYPE_CHECKING:
    from tongbao.terminal.settings import TerminalSettings

MASTER_KEY_VARIABLE: Final = "TONGBAO_TERMINAL_MASTER_KEY"


def open_keys(settings: TerminalSettings) -> SoftwareKeyStore:
    """Open the key file of a terminal; raises `CryptoError` when it cannot be used.

    The key over it comes from the environment variable `TONGBAO_TERMINAL_MASTER_KEY` or else from
    `master_key_file`; training has a master key of its own and takes none from outside.
    """
    variable = None if settings.is_training else MASTER_KEY_VARIABLE
    return SoftwareKeyStore.open(
        settings.key_file, master_key_from(settings.master_key_file, variable)
    )
