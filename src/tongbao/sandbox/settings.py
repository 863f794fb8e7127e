"""Settings of the sandbox: where its issuer and its drawer listen and where its own files are."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """The simulated issuer and the drawer; port 0 takes any free port.

    `key_file` holds the issuer's keys `zpk`, `zak`, `pvk` and `token` under the master key in
    `master_key_file`. `late_reply_delay_ms` is how long the card "answers late" waits.
    `neighbours_file` keeps text messages and bank accounts; by default beside `database_file`.
    A pre-authorisation is held for `hold_days`; a completion may take up to
    `completion_percent_max` of it. A refund is taken up to `refund_days_max` after its payment.
    `telephone_url` is the platform that the sandbox's telephone calls; calls are signed with the
    key in `telephone_key_file` (hex digits).
    """

    issuer_host: str = "127.0.0.1"
    issuer_port: int = 8605
    http_host: str = "127.0.0.1"
    http_port: int = 8603
    database_file: Path
    key_file: Path
    master_key_file: Path
    telephone_url: str = ""
    telephone_key_file: Path | None = None
    neighbours_file: Path | None = None
    late_reply_delay_ms: int = 8_000
    hold_days: int = 30
    completion_percent_max: int = 115
    refund_days_max: int = 365
    connections_max: int = 64
    group_messages_max: int = 1_000
    reader_timeout_ms: int = 3_000
    book_entries_max: int = 500

    def __post_init__(self) -> None:
        """Refuse an address the sandbox must not listen on and limits that make no sense."""
        for name in ("issuer_host", "http_host"):
            if not ipaddress.ip_address(getattr(self, name)).is_loopback:
                raise ValueError(f"{name} must be a loopback address: the sandbox stays at home")
        counts = ("connections_max", "group_messages_max", "book_entries_max")
        for name in (*counts, "hold_days", "refund_days_max"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("late_reply_delay_ms", "reader_timeout_ms"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        if not 100 <= self.completion_percent_max <= 200:
            raise ValueError("completion_percent_max must be 100 to 200")

    @property
    def neighbours_place(self) -> Path:
        """Where phones and bank keep their books, named or by default."""
        return self.neighbours_file or self.database_file.with_name("neighbours.sqlite3")
