"""The room where keys are loaded: key components come in, a master key goes to the host.

It opens two key files: the host's, which the host finds changed by itself, and its own, which
holds the components of open ceremonies. It stands for the key-loading function of an HSM and is a
model of one, as `SoftwareKeyStore` is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.components import check_component
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.master_key import master_key_from
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.secrets import KeyBytes

if TYPE_CHECKING:
    from pathlib import Path


class KeyRoomClosedError(RuntimeError):
    """This process may not load keys; the text says which setting is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRoom:
    """Where the key files are: the host's, the master key over both, and the room's own."""

    host_key_file: Path
    master_key_file: Path
    ceremony_key_file: Path

    def host_keys(self) -> SoftwareKeyStore:
        """Open the host's key file; raises KeyStoreError."""
        return SoftwareKeyStore.open(self.host_key_file, master_key_from(self.master_key_file))

    def components(self) -> SoftwareKeyStore:
        """Open the file of components; raises KeyStoreError."""
        master = master_key_from(self.master_key_file)
        return SoftwareKeyStore.open(self.ceremony_key_file, master)


def key_room() -> KeyRoom:
    """Return the key room of this process; raises KeyRoomClosedError."""
    from django.conf import settings  # noqa: PLC0415 - the rules here need no Django

    room = getattr(settings, "TONGBAO_KEY_ROOM", None)
    if not isinstance(room, KeyRoom):
        raise KeyRoomClosedError(
            "keys cannot be loaded here: [platform] host_key_file and host_master_key_file are "
            "not set"
        )
    return room


def master_key_name(terminal_id: str) -> KeyName:
    """Return the name of a terminal's master key in the host's store."""
    return KeyName(f"tmk/{terminal_id}")


def keep_component(
    ceremony_id: str, number: int, algorithm: KeyAlgorithm, component: KeyBytes, kcv: bytes
) -> None:
    """Check a component and keep it sealed until the ceremony ends.

    Raises: KeyCheckError; KeyLengthError; KeyUseError; KeyRoomClosedError; KeyStoreError.
    """
    check_component(algorithm, component, kcv)
    store = key_room().components()
    store.import_key(_component_name(ceremony_id, number), component, algorithm)


def make_master_key(
    ceremony_id: str, parts: int, terminal_id: str, algorithm: KeyAlgorithm, kcv: bytes
) -> bytes:
    """Combine the components of a ceremony into a terminal's key in the host's store.

    Returns the key's check value; the components are destroyed, also when it fails.
    Raises: KeyCheckError; KeyLengthError; KeyUseError; KeyRoomClosedError; KeyStoreError.
    """
    room = key_room()
    store = room.components()
    name = master_key_name(terminal_id)
    held = [_component_name(ceremony_id, number) for number in range(1, parts + 1)]
    try:
        key = store.combined(held, name, algorithm, kcv)
    finally:
        store.forget(f"component/{ceremony_id}")
    host = room.host_keys()
    host.import_keys([key])
    return host.kcv(name)


def forget_components(ceremony_id: str) -> None:
    """Destroy what a ceremony kept so far; raises KeyRoomClosedError, KeyStoreError."""
    key_room().components().forget(f"component/{ceremony_id}")


def destroy_master_key(terminal_id: str) -> None:
    """Destroy a terminal's key in the host's store, if there is one and there is a key room.

    Raises KeyStoreError.
    """
    try:
        room = key_room()
    except KeyRoomClosedError:
        return
    host = room.host_keys()
    for name in (master_key_name(terminal_id), KeyName(f"tmk-next/{terminal_id}")):
        host.destroy(name)


def has_master_key(terminal_id: str) -> bool:
    """Return whether the host holds a key for this terminal; raises KeyRoomClosedError."""
    return key_room().host_keys().has(master_key_name(terminal_id))


def new_component() -> KeyBytes:
    """Return a fresh component, for tests and the sandbox's set-up."""
    return KeyBytes(os.urandom(16))


def _component_name(ceremony_id: str, number: int) -> KeyName:
    return KeyName(f"component/{ceremony_id}/{number}")
