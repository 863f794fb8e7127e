"""A real terminal before the real gateway: own store, identity and line; only a host is missing."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.platform.fleet import stage
from tests.platform.fleet.conftest import shipped
from tests.platform.fleet.stage import MERCHANT_ID, OWNER
from tests.terminal.live import clock
from tongbao.crypto.master_key import make_master_key_file
from tongbao.platform.clock import now_us
from tongbao.terminal.device.gateway import Gateway
from tongbao.terminal.device.identity import open_identity
from tongbao.terminal.device.process import run_device
from tongbao.terminal.device.settings import DeviceSettings
from tongbao.terminal.device.store import DeviceStore
from tongbao.wire.device import paths
from tongbao.wire.device.activation import ActivationPoll, Hello
from tongbao.wire.device.codec import encode
from tongbao.wire.unionpay.profile import HostProfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tongbao.platform.fleet.models import RemoteAct

_LIMIT_S = 60


def activated_device(serial: str, port: int, authority: Path, folder: Path) -> DeviceSettings:
    """Activate a device over the line, up to its settings in force."""
    from tongbao.platform.fleet import activation
    from tongbao.platform.fleet.activation_rules import Method

    shipped(serial, f"SF-{serial}")
    settings = DeviceSettings(
        serial_number=serial,
        data_folder=folder,
        gateway_port=port,
        gateway_ca_file=authority,
        on_screen_pin=True,
        retry_ms=50,
    )
    store = DeviceStore(settings.data_folder)
    make_master_key_file(settings.key_folder / "terminal.master")
    identity = open_identity(store.key_file, serial)
    line = Gateway(settings, identity, store.certificate_file, lambda: clock().us // 1000)
    hello = Hello(
        serial_number=serial,
        model="TB-1",
        software_version="0.1.0",
        public_key=identity.public_key,
        nonce=bytes(16),
    )
    answer = line.hello(hello)
    assert answer.invitation is not None
    claim = activation.Claim(
        merchant_id=MERCHANT_ID,
        serial_number=serial,
        terminal_id=str(answer.terminal_id),
        code=answer.invitation.code,
        method=Method.APP,
    )
    activation.confirm(OWNER, claim, now_us=now_us())
    poll = ActivationPoll(serial_number=serial, csr_pem=identity.certificate_request())
    certified = line.activation(poll)
    assert certified.certificate_pem is not None
    store.keep_certificate(certified.certificate_pem, certified.chain_pem or "")
    body = line.wanted(0)
    assert body is not None
    store.put_in_force(body)
    store.keep_report(paths.SELF_TEST, encode(stage.self_test(now_us())))
    line.deliver(store)
    store.keep_ready()
    return settings


@contextmanager
def running(settings: DeviceSettings) -> Iterator[None]:
    """Run the device on a thread of its own, where no database of the platform is known."""
    begun: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def run() -> None:
        stop = asyncio.Event()
        begun.append((asyncio.get_running_loop(), stop))
        ready.set()
        await run_device(settings, stop, lambda _where: None, clock, lambda _name: HostProfile())

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(_LIMIT_S)
    try:
        yield
    finally:
        loop, stop = begun[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(_LIMIT_S)
    assert not thread.is_alive()


def ended(*acts: RemoteAct) -> dict[str, str]:
    """Wait until the platform knows how acts ended, and return their states."""
    until = time.monotonic() + _LIMIT_S
    while time.monotonic() < until:
        for act in acts:
            act.refresh_from_db()
        if all(act.ended_at_us for act in acts):
            break
        time.sleep(0.1)
    return {act.kind: act.state for act in acts}
