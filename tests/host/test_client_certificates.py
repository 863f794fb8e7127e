"""Mutual TLS: the line of a terminal is that of its own device, and a revoked one gets nowhere."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from contextlib import asynccontextmanager

import pytest

from tests.host.live import LiveTerminal
from tests.host.memory_store import MemoryStore
from tests.host.parties import MERCHANT, TERMINAL, ScriptedTerminal
from tests.host.test_server import live_host
from tests.terminal.fake_gateway import DeviceAuthority
from tongbao.app.certificates import ensure_certificates

# Fields of 0800 352: where is the key to wrap keys for?
_RSA_KEY = {41: TERMINAL, 42: MERCHANT, 60: "00000001352"}
DEVICE = "TB26110001"
OTHER = "TB26110002"


def fingerprint(file):
    der = ssl.PEM_cert_to_DER_cert(file.read_text())
    return hashlib.sha256(der).hexdigest()


class Line:
    """The host's and the devices' certificates in a folder."""

    def __init__(self, folder):
        self.host = ensure_certificates(folder)
        self.authority = DeviceAuthority(folder)
        self.own = self.authority.issue(folder, DEVICE)
        self.other = self.authority.issue(folder, OTHER)

    def settings(self, **changes):
        return {
            "tls": True,
            "tls_certificate_file": self.host.host_certificate,
            "tls_key_file": self.host.host_key,
            "tls_client_ca_file": self.authority.file,
            **changes,
        }

    def context(self, files=None):
        context = ssl.create_default_context(cafile=self.host.authority_certificate)
        if files is not None:
            context.load_cert_chain(*files)
        return context


def run(story):
    async def limited():
        async with asyncio.timeout(60):
            await story()

    asyncio.run(limited())


@pytest.mark.parametrize(
    ("device", "known", "shown", "code"),
    [
        pytest.param(DEVICE, "own", "own", "00", id="its own device"),
        pytest.param(DEVICE, "own", "other", "58", id="another device"),
        pytest.param(DEVICE, None, "own", "58", id="a revoked certificate"),
        pytest.param("", None, "other", "00", id="a terminal without a device"),
    ],
)
def test_a_terminal_signs_in_over_the_line_of_its_own_device_only(
    tmp_path, monkeypatch, device, known, shown, code
):
    line = Line(tmp_path)
    certificates = () if known is None else (fingerprint(getattr(line, known)[0]),)

    async def story():
        async with live_host(**line.settings()) as live:
            _register(live, device, certificates)
            context = line.context(getattr(line, shown))
            async with _line_to(live, context) as terminal:
                answer = await terminal.ask(terminal.scripted.sign_in(1))
                assert answer is not None
                assert answer.text(39) == code

    run(story)


def test_a_line_without_a_certificate_is_refused_with_a_code_that_the_terminal_can_show(tmp_path):
    line = Line(tmp_path)

    async def story():
        async with (
            live_host(**line.settings()) as live,
            _line_to(live, line.context()) as terminal,
        ):
            answer = await terminal.ask(terminal.scripted.sign_in(1))
            assert answer is not None
            assert answer.text(39) == "58"
            assert 62 not in answer.fields

    run(story)


def test_a_certificate_of_another_authority_breaks_the_line(tmp_path):
    line = Line(tmp_path)
    foreign = DeviceAuthority(tmp_path / "foreign").issue(tmp_path / "foreign", DEVICE)

    async def story():
        async with (
            live_host(**line.settings()) as live,
            _line_to(live, line.context(foreign)) as terminal,
        ):
            assert await terminal.ask(terminal.scripted.sign_in(1)) is None

    run(story)


def test_where_certificates_are_optional_only_a_terminal_without_a_device_needs_none(tmp_path):
    line = Line(tmp_path)

    async def story():
        async with live_host(**line.settings(tls_client_required=False)) as live:
            async with _line_to(live, line.context()) as terminal:
                answer = await terminal.ask(terminal.scripted.sign_in(1))
                assert answer is not None
                assert answer.text(39) == "00"
            _register(live, DEVICE, (fingerprint(line.own[0]),))
            async with _line_to(live, line.context()) as terminal:
                answer = await terminal.ask(terminal.scripted.sign_in(2))
                assert answer is not None
                assert answer.text(39) == "58"

    run(story)


@asynccontextmanager
async def _line_to(live, context):
    """A connection on which nothing was said yet."""
    terminal = LiveTerminal(ScriptedTerminal(TERMINAL))
    await terminal.connect(live.address, context)
    try:
        yield terminal
    finally:
        await terminal.close()


def _register(live, device, certificates):
    store: MemoryStore = live.service._store
    record = store.terminals[TERMINAL]
    store.terminals[TERMINAL] = record._replace(device=device, certificates=certificates)


@pytest.mark.parametrize(
    ("shown", "code"),
    [pytest.param("own", "00", id="own"), pytest.param("other", "58", id="other")],
)
def test_a_device_fetches_its_first_key_before_its_terminal_is_switched_on(tmp_path, shown, code):
    line = Line(tmp_path)

    async def story():
        async with live_host(**line.settings(remote_master_key=True)) as live:
            _register(live, DEVICE, (fingerprint(line.own[0]),))
            store = live.service._store
            store.terminals[TERMINAL] = store.terminals[TERMINAL]._replace(is_active=False)
            async with _line_to(live, line.context(getattr(line, shown))) as terminal:
                answer = await terminal.ask(terminal.scripted.frame("0800", _RSA_KEY))
                assert answer is not None
                # The test's host has no RSA key: it says so to whom it would give one.
                assert answer.text(39) == {"00": "40", "58": "58"}[code]
                signed_in = await terminal.ask(terminal.scripted.sign_in(1))
                assert signed_in is not None
                assert signed_in.text(39) == "58"

    run(story)
