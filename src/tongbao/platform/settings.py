"""What the operator may set for the console; a section `[platform]` of the settings file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tongbao.platform.fleet.gateway_settings import GatewaySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """Settings of the operations console.

    `listen_host`/`listen_port`: where the console listens; port 0 takes any free one.
    `secret_key_file`: file that holds the key signing sessions (made at set-up, mode 0600).
    `trace_key_file`: file that holds the key signing trace files, 64 hex digits (made at set-up,
    mode 0600); by default `platform-trace-key` beside the other key file. Without the file no
    traces are exported.
    `data_key_file`: file that holds the key sealing papers, ids and account numbers, 64 hex digits
    (made at set-up, mode 0600); by default `platform-data-key` beside the other key files. Whoever
    loses it loses the papers; a copy belongs into the backup of the keys.
    `audit_key_file`: file that holds the Ed25519 key sealing the audit log, 64 hex digits (made at
    set-up, mode 0600); by default `platform-audit-key` beside the other key files.
    `providers_url`: where the sandbox answers for text messages, bank and name lists,
    `http://HOST:PORT`; empty means that no provider can be asked.
    `devices`: the table [platform.devices] for the device gateway; without it no terminal can be
    activated.
    `allowed_hosts`: host names that browsers may use besides the loopback ones.
    `behind_https`: true when a TLS proxy stands in front; cookies then travel over HTTPS only.
    `sandbox`: true marks every page as showing a simulated world.
    `threads`: requests served at once, 1 to 64.
    `session_idle_minutes`, `staff_idle_minutes`: how long an unused log-in lasts, of merchants'
    people and of staff.
    `login_failures_before_delay`, `login_delay_max_s`: after so many failures in a row each
    further try for that name or from that address waits 2, 4, 8 … s, at most the maximum.
    """

    listen_host: str = "127.0.0.1"
    listen_port: int = 8602
    secret_key_file: Path = Path("keys/platform-secret-key")
    trace_key_file: Path | None = None
    data_key_file: Path | None = None
    audit_key_file: Path | None = None
    providers_url: str = ""
    devices: GatewaySettings | None = None
    allowed_hosts: tuple[str, ...] = ()
    behind_https: bool = False
    sandbox: bool = False
    threads: int = 4
    session_idle_minutes: int = 60
    staff_idle_minutes: int = 15
    login_failures_before_delay: int = 5
    login_delay_max_s: int = 300

    def __post_init__(self) -> None:
        """Refuse values that make no sense."""
        limits = {
            "listen_port": (0, 65_535),
            "threads": (1, 64),
            "session_idle_minutes": (1, 24 * 60),
            "staff_idle_minutes": (1, 60),
            "login_failures_before_delay": (1, 100),
            "login_delay_max_s": (1, 24 * 3600),
        }
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be {least} to {most}")

    @property
    def trace_key_place(self) -> Path:
        """Where the key for trace files is, named or by default."""
        return self.trace_key_file or self.secret_key_file.with_name("platform-trace-key")

    @property
    def data_key_place(self) -> Path:
        """Where the key that seals papers is, named or by default."""
        return self.data_key_file or self.secret_key_file.with_name("platform-data-key")

    @property
    def audit_key_place(self) -> Path:
        """Where the key that seals the audit log is, named or by default."""
        return self.audit_key_file or self.secret_key_file.with_name("platform-audit-key")
