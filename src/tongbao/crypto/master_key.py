"""The master key over a software key store: read from a file or the environment, made at set-up.

A real HSM holds it where nobody can read it. Here it is a file that only its owner may read (0600)
or an environment variable; whoever has it and the key file has every key.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import KeyFilePermissionError, KeyStoreError
from tongbao.domain.secrets import KeyBytes, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MASTER_KEY_BYTES: Final = 32
_MAX_FILE_BYTES: Final = 1024


def master_key_from(file: Path | None = None, env: str | None = None) -> KeyBytes:
    """Read the 32-byte master key, 64 hex digits, from an environment variable or else a file.

    `env` is the variable's name; it is looked at first and counts when it is set and not empty.

    Raises: KeyStoreError when there is none or it is malformed; KeyFilePermissionError.
    Spec: our own.
    """
    if env is not None and os.environ.get(env):
        return _parse(os.environ[env], f"the environment variable {env}")
    if file is None:
        raise KeyStoreError("no master key is configured (a file or an environment variable)")
    try:
        with file.open(encoding="ascii") as stream:
            check_owner_only(stream.fileno(), file)
            text = stream.read(_MAX_FILE_BYTES)
    except FileNotFoundError:
        raise KeyStoreError(f"the master key file {file} does not exist") from None
    except UnicodeDecodeError:
        raise KeyStoreError(f"the master key file {file} is not 64 hex digits") from None
    except OSError as error:
        raise KeyStoreError(f"the master key file {file}: {error.strerror}") from None
    return _parse(text, f"the master key file {file}")


def make_master_key_file(file: Path, random_bytes: Callable[[int], bytes] = os.urandom) -> KeyBytes:
    """Make a master key file (0600) where there is none yet, and return the key of the file.

    Raises: KeyStoreError; KeyFilePermissionError.
    Spec: our own.
    """
    if not file.exists():
        write_owner_only(file, random_bytes(MASTER_KEY_BYTES).hex().encode() + b"\n")
    return master_key_from(file)


def check_master_key(master_key: KeyBytes) -> bytes:
    """Return the bytes of a master key of the right length; raises KeyStoreError.

    Spec: our own.
    """
    key = master_key.reveal(Purpose.CRYPTO)
    if len(key) != MASTER_KEY_BYTES:
        raise KeyStoreError(f"a master key has {MASTER_KEY_BYTES} bytes, not {len(key)}")
    return key


def check_owner_only(descriptor: int, file: Path) -> None:
    """Refuse an open file that its group or others can read or write.

    Raises: KeyFilePermissionError.
    Spec: our own.
    """
    mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    if mode & 0o077:
        raise KeyFilePermissionError(
            f"{file} has mode {mode:04o}; others could read keys from it: chmod 600 {file}"
        )


def write_owner_only(file: Path, content: bytes) -> None:
    """Replace a file by one with this content, mode 0600, flushed with its folder.

    A reader sees the old file or the new one, whole, also after a power cut.

    Raises: KeyStoreError.
    Spec: our own.
    """
    new = file.with_name(file.name + ".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - the descriptor carries the mode
            os.fchmod(descriptor, 0o600)
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        new.replace(file)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise KeyStoreError(f"{file} could not be written: {error.strerror}") from None


def _parse(text: str, source: str) -> KeyBytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        # Without `from None` a traceback could show the text.
        raise KeyStoreError(f"{source} is not 64 hex digits") from None
    return KeyBytes(key)
