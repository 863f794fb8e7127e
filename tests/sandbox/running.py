"""The sandbox as a real process with keys that the tests know, and a plain client of its socket."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request

from tests.sandbox.acquirer import ZONE_KEYS, Acquirer
from tongbao.app.processes import Part
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.master_key import make_master_key_file
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.wire.framing import FrameSplitter, add_length

SETTINGS = """
[database]
url = "sqlite:///unused.sqlite3"

[sandbox]
issuer_port = 0
http_port = 0
database_file = "issuer.sqlite3"
key_file = "issuer.json"
master_key_file = "issuer.master"
late_reply_delay_ms = {late_reply_delay_ms}
connections_max = 3
"""


def sandbox_part(folder, late_reply_delay_ms=150):
    """Write settings and keys into the folder and return the part, not yet started."""
    (folder / "tongbao.toml").write_text(SETTINGS.format(late_reply_delay_ms=late_reply_delay_ms))
    master_key = make_master_key_file(folder / "issuer.master", lambda count: b"\x55" * count)
    keys = SoftwareKeyStore.open(folder / "issuer.json", master_key)
    for name, (key, algorithm) in ZONE_KEYS.items():
        keys.import_key(KeyName(name), key, algorithm)
    return Part(
        "sandbox", ["sandbox", "--config", str(folder / "tongbao.toml")], folder / "sandbox.log"
    )


def fetch(part, path, *, method="GET", body=None, headers=None):
    """Ask the sandbox's web interface; returns status, headers and parsed JSON."""
    request = urllib.request.Request(
        f"http://{part.ready['http']}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers=headers or {},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status, answer_headers, text = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            status, answer_headers, text = error.code, error.headers, error.read()
    is_json = answer_headers.get("content-type", "").startswith("application/json")
    return status, answer_headers, json.loads(text) if is_json else text.decode()


class Wire:
    """One connection to the issuer; reads whole frames, with a time limit."""

    def __init__(self, part):
        host, _, port = part.ready["issuer"].rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.splitter = FrameSplitter()
        self.frames = []
        self.acquirer = Acquirer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *bodies):
        """Send the messages in one piece."""
        self.socket.sendall(b"".join(map(add_length, bodies)))

    def read(self):
        """The fields of the next reply; EOFError when the issuer hangs up."""
        while not self.frames:
            data = self.socket.recv(65_536)
            if not data:
                raise EOFError
            self.frames += self.splitter.feed(data)
        return self.acquirer.read(self.frames.pop(0))[1]

    def hears_nothing(self):
        """Whether no byte has come; an echo sent after it proves that the issuer was there."""
        self.send(self.acquirer.management("301"))
        return self.read().get(70) == "301" and not self.frames


def every_byte_below(folder):
    """The content of all files below a folder, by path."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
