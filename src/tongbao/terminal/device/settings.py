"""What a device knows from the factory: who it is, where the platform is, what parts it has."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tongbao.wire.device.activation import SERIAL_PATTERN

_PORT_MAX: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """One device before and after its activation; port 0 takes any free port.

    `data_folder` gets all that activation brings: key, certificate, settings, journal. The gateway
    is the platform's door for devices; `gateway_ca_file` is the authority that signed its
    certificate, whose name is `gateway_name`. `has_scanner` says whether the model has one.

    The screen and the sandbox's switches mean what they mean for a terminal
    (`tongbao.terminal.settings`). `host_ca_file` is used where the platform names no authority.
    """

    serial_number: str
    model: str = "TB-1"
    data_folder: Path
    gateway_address: str = "127.0.0.1"
    gateway_port: int = 8607
    gateway_ca_file: Path
    gateway_name: str = "localhost"
    connect_timeout_ms: int = 5_000
    answer_timeout_ms: int = 15_000
    retry_ms: int = 5_000

    screen_address: str = "127.0.0.1"
    screen_port: int = 0
    reader_address: str = "127.0.0.1"
    reader_port: int = 0
    drawer_url: str = ""
    on_screen_pin: bool = False
    on_screen_card_entry: bool = False
    has_scanner: bool = True
    capabilities: str = "200"
    terminal: dict[str, int] = field(default_factory=dict)

    @property
    def is_sandbox(self) -> bool:
        """Whether this device belongs to the sandbox, where its parts are virtual."""
        return bool(self.drawer_url) or self.on_screen_pin or self.on_screen_card_entry

    @property
    def key_folder(self) -> Path:
        """Where the key file and its master key are."""
        return self.data_folder / "keys"

    def __post_init__(self) -> None:
        """Refuse what cannot work; ValueError names the setting."""
        if re.fullmatch(SERIAL_PATTERN, self.serial_number, re.ASCII) is None:
            raise ValueError("serial_number must be 4 to 32 letters, digits and hyphens")
        for name in ("gateway_port", "screen_port", "reader_port"):
            if not 0 <= getattr(self, name) <= _PORT_MAX:
                raise ValueError(f"{name} must be 0 to 65535")
        for name in ("connect_timeout_ms", "answer_timeout_ms", "retry_ms"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if not ipaddress.ip_address(self.reader_address).is_loopback:
            raise ValueError("reader_address must be a loopback address: a track is written to it")
