"""Keys by name in memory, and those that are kept for good in a key file.

A key file is replaced as a whole at every change and flushed before the call returns. What is
destroyed is not in the new file; the old one's blocks on the disk are out of our hands, but what
they hold is wrapped under the master key.

Two processes may share a file, such as the host and the room where keys are loaded: a change is
made to what the file holds by then, under a lock, and whoever asks for a key by its check value,
asks whether it exists or makes working keys under it looks first whether the file was replaced.
The hot path does not look.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING, Final, NoReturn, Self

from tongbao.crypto.ciphers import NEW_KEY_BYTES, KeyAlgorithm
from tongbao.crypto.errors import KeyStoreError, KeyUseError, UnknownKeyError
from tongbao.crypto.key_entry import KeyEntry
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.key_wrapping import KeyWrapper, NamedKey
from tongbao.crypto.master_key import check_owner_only, write_owner_only
from tongbao.crypto.rsa_transport import new_private_key
from tongbao.domain.secrets import KeyBytes, PrivateKeyBytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_MAX_NAME_LENGTH: Final = 80


class KeyTable:
    """The keeping half of a software key store: names, the file, making and destroying."""

    __slots__ = ("_entries", "_kept", "_path", "_stamp", "_wrapper")

    def __init__(
        self, master_key: KeyBytes, path: Path | None, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._wrapper = KeyWrapper(master_key, random_bytes)
        self._path = path
        self._entries: dict[str, KeyEntry] = {}
        self._kept: dict[str, NamedKey] = {}
        # Which file was read: it is replaced as a whole, so a change shows in these.
        self._stamp: tuple[int, int, int] | None = None

    @classmethod
    def open(
        cls, path: Path, master_key: KeyBytes, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> Self:
        """Open the store of a key file; a file that is not there yet is made at the first import.

        Raises: WrongMasterKeyError; KeyFileDamagedError; KeyFilePermissionError; KeyStoreError.
        Spec: our own.
        """
        store = cls(master_key, path, random_bytes)
        store.refresh()
        return store

    @classmethod
    def in_memory(
        cls, master_key: KeyBytes, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> Self:
        """Make an empty store that writes no file.

        Spec: our own.
        """
        return cls(master_key, None, random_bytes)

    def has(self, name: KeyName) -> bool:
        """Tell whether the store holds a key of this name; raises as `refresh` does.

        Spec: our own.
        """
        self.refresh()
        return name in self._entries

    def refresh(self) -> None:
        """Take in what another process changed in the key file; costs one look when nothing did.

        Raises: WrongMasterKeyError; KeyFileDamagedError; KeyFilePermissionError; KeyStoreError.
        Spec: our own.
        """
        if self._path is None:
            return
        try:
            stamp = _stamp(os.stat(self._path))  # noqa: PTH116 - a third of the cost of Path.stat
            if stamp == self._stamp:
                return
            with self._path.open("rb") as stream:
                check_owner_only(stream.fileno(), self._path)
                stamp = _stamp(os.fstat(stream.fileno()))
                content = stream.read()
        except FileNotFoundError:
            return
        except OSError as error:
            raise KeyStoreError(f"the key file {self._path}: {error.strerror}") from None
        read = {item.name: item for item in self._wrapper.read_file(content)}
        self._load(item for name, item in read.items() if self._kept.get(name) != item)
        for name in self._kept.keys() - read.keys():
            self._entries.pop(name, None)
        self._kept = read
        self._stamp = stamp

    def names(self) -> tuple[KeyName, ...]:
        """Return the names of all keys.

        Spec: our own.
        """
        return tuple(KeyName(name) for name in self._entries)

    def wrap(self, *names: KeyName) -> bytes:
        """Return the keys sealed under the master key; raises UnknownKeyError.

        Spec: our own, AES-256-GCM (NIST SP 800-38D).
        """
        return self._wrapper.blob([self._entry(name).named() for name in names])

    def unwrap(self, blob: bytes) -> tuple[KeyName, ...]:
        """Load what `wrap` returned, in memory only.

        Raises: WrongMasterKeyError; KeyFileDamagedError.
        Spec: our own, AES-256-GCM (NIST SP 800-38D).
        """
        items = self._wrapper.read_blob(blob)
        self._load(items)
        return tuple(KeyName(item.name) for item in items)

    def import_key(
        self, name: KeyName, key: KeyBytes | PrivateKeyBytes, algorithm: KeyAlgorithm
    ) -> None:
        """Keep a key for good; raises KeyLengthError, and KeyStoreError when it cannot be written.

        Spec: UnionPay terminal dialect, 3.13.
        """
        self.import_keys([NamedKey(name, key, algorithm)])

    def import_keys(self, items: Iterable[NamedKey]) -> None:
        """Keep many keys for good with one write of the file; all of them or none.

        Raises: KeyLengthError; ValueError on a bad name; KeyStoreError.
        Spec: UnionPay terminal dialect, 3.13.
        """
        added = {item.name: item for item in items}
        entries = [KeyEntry(item) for item in added.values()]
        self._check_names(added)
        with self._changing():
            self._keep({**self._kept, **added})
        self._entries.update((entry.name, entry) for entry in entries)

    def make_key(
        self, name: KeyName, algorithm: KeyAlgorithm, random_bytes: Callable[[int], bytes]
    ) -> None:
        """Make a key and keep it for good; a key of that name is not replaced.

        An RSA key has 2048 bits and comes from the library's own randomness.

        Raises: KeyUseError when the name is taken; ValueError on a bad name; KeyStoreError.
        Spec: our own.
        """
        if self.has(name):
            raise KeyUseError(f"there is a key {name} already")
        if algorithm is KeyAlgorithm.RSA:
            self.import_keys([NamedKey(name, new_private_key(), algorithm)])
        else:
            key = KeyBytes(random_bytes(NEW_KEY_BYTES[algorithm]))
            self.import_keys([NamedKey(name, key, algorithm)])

    def rename(self, name: KeyName, new_name: KeyName) -> None:
        """Give a kept key another name for good; a key of the new name is replaced.

        Raises: UnknownKeyError; ValueError on a bad name; KeyStoreError.
        Spec: our own.
        """
        self._check_names([new_name])
        with self._changing():
            if name not in self._kept:
                raise unknown_key(name)
            item = self._kept[name]._replace(name=new_name)
            others = {key: value for key, value in self._kept.items() if key != name}
            self._keep({**others, new_name: item})
        del self._entries[name]
        self._entries[new_name] = KeyEntry(item)

    def destroy(self, name: KeyName) -> None:
        """Drop one key for good: it is in no file when this returns; a missing one is no error.

        Raises: KeyStoreError; then the key is still there.
        Spec: our own.
        """
        self.refresh()
        if name in self._kept:
            with self._changing():
                self._keep({key: item for key, item in self._kept.items() if key != name})
        self._entries.pop(name, None)

    def forget(self, prefix: str) -> None:
        """Drop the key of this name and every key below it; raises KeyStoreError.

        Spec: our own.
        """

        def stays(name: str) -> bool:
            return name != prefix and not name.startswith(prefix + "/")

        if not all(map(stays, self._kept)):
            with self._changing():
                self._keep({name: item for name, item in self._kept.items() if stays(name)})
        for name in [name for name in self._entries if not stays(name)]:
            del self._entries[name]

    def _fresh_entry(self, name: str) -> KeyEntry:
        """Return a key as the file has it now."""
        self.refresh()
        return self._entry(name)

    def _entry(self, name: str) -> KeyEntry:
        try:
            return self._entries[name]
        except KeyError:
            raise unknown_key(name) from None

    def _check_names(self, names: Iterable[str]) -> None:
        if not all(name.isprintable() and 0 < len(name) <= _MAX_NAME_LENGTH for name in names):
            raise ValueError(f"a key name has 1 to {_MAX_NAME_LENGTH} printable characters")

    def _load(self, items: Iterable[NamedKey]) -> None:
        # Built in full first, so that an error loads nothing.
        entries = [KeyEntry(item) for item in items]
        self._entries.update((entry.name, entry) for entry in entries)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold off every other writer of the file and start from what it holds now."""
        if self._path is None:
            yield
            return
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise KeyStoreError(f"{self._path} could not be written: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self.refresh()
            yield
        finally:
            os.close(descriptor)

    def _keep(self, kept: dict[str, NamedKey]) -> None:
        """Write the file; only inside `_changing`."""
        if self._path is not None:
            write_owner_only(self._path, self._wrapper.file_content(kept.values()))
            self._stamp = _stamp(os.stat(self._path))  # noqa: PTH116 - as in `refresh`
        self._kept = kept

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._entries)} keys, ***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key store is not written anywhere but into its key file")


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size


def unknown_key(name: str) -> UnknownKeyError:
    """Return the error for a name that the store has no key of.

    Spec: our own.
    """
    return UnknownKeyError(f"the store holds no key {name}")
