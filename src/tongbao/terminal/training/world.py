"""Where the training world lies: its own folder, numbers and keys, made when first entered."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.master_key import make_master_key_file
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.ids import MerchantId, TerminalId
from tongbao.domain.secrets import KeyBytes
from tongbao.terminal.training.issuer import TMK, TrainingIssuer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tongbao.terminal.settings import TerminalSettings

# No host knows these numbers; they are on every paper and in every message of training.
TRAINING_TERMINAL: Final = TerminalId("TRAINING")
TRAINING_MERCHANT: Final = MerchantId("TRAINING0000000")
FOLDER: Final = "training"
_KEY_BYTES: Final = 16
# A line in training is quick or silent, and nobody wants to wait a minute for the second.
_TIMEOUT_MS: Final = 8_000
_NOWHERE: Final = "0.0.0.0"  # noqa: S104 - nothing listens or connects there: training has no host


def training_settings(live: TerminalSettings) -> TerminalSettings:
    """Return the settings of the training world beside a live terminal.

    Operators and limits are the live ones; numbers, folder, keys and line are its own.
    """
    folder = live.data_folder / FOLDER
    return replace(
        live,
        terminal_id=TRAINING_TERMINAL,
        merchant_id=TRAINING_MERCHANT,
        data_folder=folder,
        key_file=folder / "keys" / "terminal.json",
        master_key_file=folder / "keys" / "terminal.master",
        host_address=_NOWHERE,
        host_port=0,
        host_tls=False,
        host_ca_file=None,
        client_certificate_file=None,
        client_key_file=None,
        host_timeout_ms=min(live.host_timeout_ms, _TIMEOUT_MS),
        first_pins=frozenset(),
        is_training=True,
    )


def open_training_issuer(
    training: TerminalSettings, random_bytes: Callable[[int], bytes] = os.urandom
) -> TrainingIssuer:
    """Return the issuer of a training world; keys are made when there are none yet.

    Raises: CryptoError when the keys of training cannot be made or read.
    """
    folder = training.key_file.parent
    terminal = _open_store(training.key_file, training.master_key_file)
    issuer = _open_store(folder / "issuer.json", folder / "issuer.master")
    algorithm = KeyAlgorithm.SM4 if training.profile.uses_sm4 else KeyAlgorithm.TDES
    fits = (
        terminal.has(TMK)
        and issuer.has(TMK)
        and terminal.kcv(TMK) == issuer.kcv(TMK)
        and terminal.key_algorithm(TMK) is algorithm
    )
    if not fits:
        key = random_bytes(_KEY_BYTES)
        for store in (terminal, issuer):
            store.import_keys([NamedKey(KeyName(TMK), KeyBytes(key), algorithm)])
    return TrainingIssuer(issuer, training.profile, random_bytes)


def _open_store(key_file: Path, master_key_file: Path) -> SoftwareKeyStore:
    return SoftwareKeyStore.open(key_file, make_master_key_file(master_key_file))
