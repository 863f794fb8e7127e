"""What a device keeps of its activation and its settings: small files, each whole or not there.

Every write is flushed with its folder before it returns, so that what was told is what is there
after a power cut. All files have mode 0600.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from typing import TYPE_CHECKING, Final, TypeVar

from tongbao.crypto.errors import KeyStoreError
from tongbao.crypto.master_key import write_owner_only
from tongbao.domain.errors import ProtocolError
from tongbao.wire.device.activation import HelloAnswer
from tongbao.wire.device.codec import decode, encode
from tongbao.wire.device.document import Json, canonical, parse
from tongbao.wire.device.health import SelfTestReport
from tongbao.wire.device.settings import SettingsDocument

if TYPE_CHECKING:
    from pathlib import Path

_Kind = TypeVar("_Kind")

FOLDER: Final = "device"
_REPORT: Final = re.compile(r"report-([0-9]{12})\.json")
_REPORTS_MAX: Final = 200
_ACTS_MAX: Final = 200


class DeviceStore:
    """The kept files of one device; used by one thread at a time.

    Every method raises KeyStoreError when a file cannot be written or read.
    """

    def __init__(self, data_folder: Path) -> None:
        self.folder = data_folder / FOLDER
        self.key_file = self.folder / "key.pem"
        self.certificate_file = self.folder / "certificate.pem"
        self.host_ca_file = self.folder / "host-ca.pem"
        self._hello = self.folder / "hello.json"
        self._document = self.folder / "settings.json"
        self._wanted = self.folder / "settings-wanted.json"
        self._reported = self.folder / "settings-reported.json"
        self._self_test = self.folder / "self-test.json"
        self._ready = self.folder / "ready"
        self._lock = self.folder / "locked"
        self._acts = self.folder / "acts-taken"
        self.wipe_mark = data_folder / "wipe"

    def keep_hello(self, answer: HelloAnswer) -> None:
        """Keep who the platform says this terminal is, and where the host listens."""
        write_owner_only(self._hello, encode(answer))
        if answer.host is not None and answer.host.ca_pem is not None:
            write_owner_only(self.host_ca_file, answer.host.ca_pem.encode())

    def hello(self) -> HelloAnswer | None:
        """Return the kept answer; None when there is none or it is damaged."""
        return _read(HelloAnswer, self._hello)

    def keep_certificate(self, certificate_pem: str, chain_pem: str) -> None:
        """Keep the device's certificate with the chain above it."""
        write_owner_only(self.certificate_file, f"{certificate_pem}{chain_pem}".encode())

    def certificate(self) -> str | None:
        """Return the kept certificate and chain as PEM; None when there is none."""
        content = _content(self.certificate_file)
        return None if content is None else content.decode("ascii", "replace")

    def keep_wanted(self, body: bytes) -> None:
        """Keep settings that are wanted but not in force yet."""
        write_owner_only(self._wanted, body)

    def drop_wanted(self) -> None:
        """Forget wanted settings that this terminal cannot do."""
        with contextlib.suppress(OSError):
            self._wanted.unlink(missing_ok=True)

    def wanted(self) -> tuple[SettingsDocument, bytes] | None:
        """Return the wanted settings and their bytes as received."""
        return _document(self._wanted)

    def put_in_force(self, body: bytes) -> None:
        """Make settings those in force; wanted ones that are now in force are dropped."""
        document = decode(SettingsDocument, body)
        write_owner_only(self._document, body)
        if document.host.ca_pem is not None:
            write_owner_only(self.host_ca_file, document.host.ca_pem.encode())
        self.drop_wanted()

    def document(self) -> tuple[SettingsDocument, bytes] | None:
        """Return the settings in force and their bytes as received."""
        return _document(self._document)

    def keep_reported(self, standing: Json) -> None:
        """Keep what the platform was told last of the settings in force."""
        write_owner_only(self._reported, canonical(standing))

    def is_reported(self, standing: Json) -> bool:
        """Whether the platform was told this last of the settings in force."""
        return _content(self._reported) == canonical(standing)

    def keep_self_test(self, report: SelfTestReport) -> None:
        """Keep the newest self-test."""
        write_owner_only(self._self_test, encode(report))

    def self_test(self) -> SelfTestReport | None:
        """Return the newest self-test."""
        return _read(SelfTestReport, self._self_test)

    def keep_ready(self) -> None:
        """Note that the activation has ended."""
        write_owner_only(self._ready, b"ready\n")

    def is_ready(self) -> bool:
        """Whether the activation has ended."""
        return self._ready.exists()

    def keep_lock(self, words: str | None) -> None:
        """Keep an order to lock, with the words for it, or to unlock (None).

        An order to unlock counts for the settings that are in force when it comes: newer ones may
        lock again.
        """
        document = self.document()
        version = 0 if document is None else document[0].version
        write_owner_only(self._lock, canonical({"words": words, "version": version}))

    def lock_words(self) -> str | None:
        """Return why the terminal is locked, by order or by settings; None when it is not."""
        document = self.document()
        wanted = None
        if document is not None and document[0].lock.is_locked:
            wanted = document[0].lock.words
        content = _content(self._lock)
        try:
            order = None if content is None else parse(content)
        except ProtocolError:
            order = None
        if order is None:
            return wanted
        if order["words"] is not None:
            return str(order["words"])
        version = order["version"]
        is_older = document is not None and version == document[0].version
        return None if is_older else wanted

    def keep_act(self, act_id: str) -> None:
        """Note that a remote act was taken, so that a repeated order does nothing twice."""
        taken = [*self.acts_taken(), act_id][-_ACTS_MAX:]
        write_owner_only(self._acts, "\n".join(taken).encode())

    def acts_taken(self) -> list[str]:
        """Return the ids of the last acts that were taken."""
        content = _content(self._acts)
        return [] if not content else content.decode("ascii", "replace").split("\n")

    def begin_wipe(self) -> None:
        """Note that everything is to be removed; a power cut does not stop it."""
        write_owner_only(self.wipe_mark, b"wipe\n")

    def keep_report(self, path: str, body: bytes) -> str:
        """Put a report in line for the platform and return its name; the oldest make room."""
        names = self.reports()
        for name in names[: max(0, len(names) + 1 - _REPORTS_MAX)]:
            self.drop_report(name)
        number = int(names[-1][7:19]) + 1 if names else 1
        name = f"report-{number:012d}.json"
        write_owner_only(self.folder / "outbox" / name, path.encode() + b"\n" + body)
        return name

    def reports(self) -> list[str]:
        """Return the names of reports that the platform has not taken yet, oldest first."""
        folder = self.folder / "outbox"
        if not folder.is_dir():
            return []
        return sorted(path.name for path in folder.iterdir() if _REPORT.fullmatch(path.name))

    def report(self, name: str) -> tuple[str, bytes]:
        """Return the path and the body of a report in line."""
        content = _content(self.folder / "outbox" / name)
        if content is None:
            raise KeyStoreError(f"the report {name} is gone")
        path, _, body = content.partition(b"\n")
        return path.decode("ascii", "replace"), body

    def drop_report(self, name: str) -> None:
        """Forget a report that the platform has taken."""
        with contextlib.suppress(OSError):
            (self.folder / "outbox" / name).unlink(missing_ok=True)


def finish_wipe(data_folder: Path) -> bool:
    """Remove all that a device has kept when a wipe was begun; tell whether one was.

    The mark goes last, so that what a power cut interrupts is done at the next start.
    """
    mark = DeviceStore(data_folder).wipe_mark
    if not mark.exists():
        return False
    for path in data_folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path != mark:
            path.unlink()
    mark.unlink()
    return True


def _document(file: Path) -> tuple[SettingsDocument, bytes] | None:
    content = _content(file)
    if content is None:
        return None
    try:
        return decode(SettingsDocument, content), content
    except ProtocolError:
        return None


def _read(kind: type[_Kind], file: Path) -> _Kind | None:
    content = _content(file)
    if content is None:
        return None
    try:
        return decode(kind, content)
    except ProtocolError:
        return None


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyStoreError(f"{file}: {error.strerror}") from None
