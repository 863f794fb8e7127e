"""Settings of the host: addresses, keys, limits and time-outs; every name ends in its unit."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tongbao.wire.unionpay.profile import HostProfile

# The ids of the last node, 63, are the platform's: it opens exceptions, too.
NODES_MAX = 63
# How long a terminal waits for an answer. Spec: UnionPay terminal dialect, 7.3.
TERMINAL_WAITS_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """The acquirer's host; port 0 takes any free port.

    `key_file` holds `tmk/<terminal id>`, `zpk`, `zak` and `token` under the master key in
    `master_key_file`. `node` (0 to 62) is part of every payment id: host processes that share one
    database each need their own. `acquirer_id` and `issuer_id` are institution codes of up to
    11 digits (fields 32 and 44). With `tls` off the terminal link is plain TCP. `profile` says how
    this host answers where the terminal dialect leaves it open. `tls_client_ca_file` is the
    authority of the devices' certificates: with it a terminal that has a device must speak over a
    line whose certificate is one of that device's and is not revoked. `tls_client_required` refuses
    every line without a certificate; without it a terminal that no device of the fleet serves may
    come without one. `remote_master_key` lets every terminal fetch a new master key under
    `rsa/transport`; without it only those with such an order.
    """

    listen_host: str = "127.0.0.1"
    listen_port: int = 8604
    tls: bool = True
    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    tls_client_ca_file: Path | None = None
    tls_client_required: bool = True
    key_file: Path
    master_key_file: Path
    node: int = 0
    acquirer_id: str = "99900001"
    issuer_id: str = "62000000"
    profile: HostProfile = field(default_factory=HostProfile)
    issuer_host: str = "127.0.0.1"
    issuer_port: int = 8605
    # Together below the 60 s a terminal waits, so that it hears "98" and not silence.
    issuer_timeout_ms: int = 30_000
    inquiry_timeout_ms: int = 5_000
    reversal_retry_ms: int = 2_000
    reversal_retry_max_ms: int = 60_000
    # So many attempts without an answer are a matter for a person.
    reversal_exception_after: int = 6
    late_answer_window_ms: int = 600_000
    reconnect_ms: int = 200
    reconnect_max_ms: int = 5_000
    sign_on_timeout_ms: int = 5_000
    echo_interval_ms: int = 60_000
    frame_bytes_max: int = 8_192
    connections_max: int = 4_096
    idle_limit_ms: int = 3_600_000
    frame_limit_ms: int = 10_000
    unread_bytes_max: int = 65_536
    pending_max: int = 20_000
    group_events_max: int = 512
    terminals_max: int = 100_000
    terminal_idle_ms: int = 900_000
    terminal_refresh_ms: int = 60_000
    drain_ms: int = 2_000
    remote_master_key: bool = False
    log_debug: bool = False

    def __post_init__(self) -> None:
        """Refuse limits that make no sense and TLS without its files."""
        if not 0 <= self.node < NODES_MAX:
            raise ValueError(f"node must be 0 to {NODES_MAX - 1}")
        for name in ("acquirer_id", "issuer_id"):
            code = getattr(self, name)
            if not (code.isascii() and code.isdigit() and len(code) <= 11):
                raise ValueError(f"{name} must be 1 to 11 digits")
        if self.tls and (self.tls_certificate_file is None or self.tls_key_file is None):
            raise ValueError("tls needs tls_certificate_file and tls_key_file")
        if self.tls_client_ca_file is not None and not self.tls:
            raise ValueError("tls_client_ca_file needs tls")
        for name in self.__slots__:
            value = getattr(self, name)
            if name.endswith(("_ms", "_max")) and value < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.reversal_exception_after < 1:
            raise ValueError("reversal_exception_after must be at least 1")
        if self.issuer_timeout_ms + self.inquiry_timeout_ms >= TERMINAL_WAITS_MS:
            raise ValueError(
                "issuer_timeout_ms and inquiry_timeout_ms must be less than 60 s together"
            )
