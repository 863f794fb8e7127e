"""What the operator may set for terminals: `[platform.devices]` in the settings file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """Settings of the device gateway and of everything that it gives to terminals.

    `listen_host`/`listen_port`: where the gateway listens; port 0 takes any free one.
    `threads`: requests served at once, 1 to 64.
    `certificate_file`, `key_file`: the gateway's own TLS certificate.
    `authority_file`, `authority_key_file`: the authority that signs terminals' certificates.
    `host_key_file`, `host_master_key_file`: the host's key store, into which keys are loaded;
    without them keys come to terminals by the remote download only.
    `ceremony_key_file`: where components lie until the last one comes.
    `host_address`, `host_port`, `host_tls`, `host_tls_name`, `host_ca_file`, `host_profile`: where
    terminals find the host, and how they know that it is ours.
    `ivr_key_file`: the key that the telephone provider signs its calls with; without it there is
    no activation by telephone.
    """

    listen_host: str = "127.0.0.1"
    listen_port: int = 8606
    threads: int = 8
    certificate_file: Path = Path("tls/host.pem")
    key_file: Path = Path("tls/host-key.pem")
    authority_file: Path = Path("tls/device-ca.pem")
    authority_key_file: Path = Path("tls/device-ca-key.pem")
    host_key_file: Path | None = None
    host_master_key_file: Path | None = None
    ceremony_key_file: Path | None = None
    host_address: str = "127.0.0.1"
    host_port: int = 8583
    host_tls: bool = True
    host_tls_name: str = "localhost"
    host_ca_file: Path | None = None
    host_profile: str = "unionpay"
    ivr_key_file: Path | None = None

    def __post_init__(self) -> None:
        """Refuse values that make no sense."""
        limits = {"listen_port": (0, 65_535), "host_port": (0, 65_535), "threads": (1, 64)}
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be {least} to {most}")
