"""Whether platform and host can be reached, and how quickly; for the function self-test."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from tongbao.terminal.link import make_tls, words_for

if TYPE_CHECKING:
    from tongbao.terminal.settings import TerminalSettings


def reach_host(settings: TerminalSettings) -> tuple[bool, str]:
    """Connect to the host and shake hands; blocks at most the time limit to connect."""
    begun = time.monotonic()
    try:
        tls = make_tls(settings)
        with socket.create_connection(
            (settings.host_address, settings.host_port), settings.connect_timeout_ms / 1000
        ) as plain:
            if tls is not None:
                with tls.wrap_socket(plain, server_hostname=settings.host_name):
                    pass
    except (OSError, ValueError) as error:
        return False, f"host {words_for(error)}"
    return True, f"host {round((time.monotonic() - begun) * 1000)} ms"
