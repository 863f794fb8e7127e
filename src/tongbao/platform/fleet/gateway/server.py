"""Serves the gateway with gunicorn: TLS, and a client certificate where there is one."""

from __future__ import annotations

import json
import os
import socket
import ssl
from typing import TYPE_CHECKING, Any

from tongbao.platform.console.catalogue import load_catalogues
from tongbao.platform.project import bind, configured, serving
from tongbao.platform.server import GRACE_S, STUCK_S, prepare_database

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.platform.fleet.gateway_settings import GatewaySettings
    from tongbao.platform.settings import PlatformSettings

_HEADER_BYTES_MAX = 4_096
_HEADERS_MAX = 30
_KEEP_ALIVE_S = 15


def serve_devices(database_url: str, settings: PlatformSettings, say: Callable[[str], None]) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code; `say` gets the ready line.

    Raises OSError when the address is taken or a file cannot be read, and ValueError when a
    setting is missing or the schema is not this version's.
    """
    gateway = settings.devices
    if gateway is None:
        raise ValueError("the section [platform.devices] is missing")
    configured(**serving(settings))
    bind(database_url)
    prepare_database()
    load_catalogues()
    listener = socket.create_server((gateway.listen_host, gateway.listen_port), backlog=256)
    host, port = listener.getsockname()[:2]

    def ready(_arbiter: object) -> None:
        say(json.dumps({"ready": "devices", "address": f"{host}:{port}"}))

    return _run(listener.detach(), gateway, ready)


def _run(listener: int, settings: GatewaySettings, ready: Callable[[object], None]) -> int:
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 - needs the settings first

    from tongbao.platform.fleet.gateway.app import Gateway  # noqa: PLC0415 - as above: only when needed

    def context(_config: object, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        made = default()
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        return made

    options = {
        "bind": [f"fd://{listener}"],
        "workers": 1,
        "worker_class": "gthread",
        "threads": settings.threads,
        "keepalive": _KEEP_ALIVE_S,
        "graceful_timeout": GRACE_S,
        "timeout": STUCK_S,
        "loglevel": "warning",
        "when_ready": ready,
        "limit_request_field_size": _HEADER_BYTES_MAX,
        "limit_request_fields": _HEADERS_MAX,
        "certfile": str(settings.certificate_file),
        "keyfile": str(settings.key_file),
        "ca_certs": str(settings.authority_file),
        "cert_reqs": ssl.CERT_OPTIONAL,
        "ssl_context": context,
        "control_socket_disable": True,
    }

    class Devices(BaseApplication):  # type: ignore[misc]  # gunicorn is published without types
        def load_config(self) -> None:
            for name, value in options.items():
                if name in self.cfg.settings:  # the control socket came with gunicorn 25
                    self.cfg.set(name, value)

        def load(self) -> Any:
            return Gateway()

    process = os.getpid()
    try:
        Devices().run()
    except SystemExit as stop:
        if os.getpid() != process:
            raise  # a worker must not go on with what comes after serving
        return stop.code if isinstance(stop.code, int) else 0
    return 0
