"""What downloads have brought: in force, pending, and the one under way.

Spec: UnionPay terminal dialect, 3.11 and 3.12.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.terminal.core.download_steps import Download, DownloadState
from tongbao.terminal.core.host_parameters import HostParameters
from tongbao.wire.unionpay.structured import MagneticParameters

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.terminal.core.state import Notice

_TOKEN_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """The download that runs or has just stopped."""

    download: DownloadState
    error: Notice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What earlier downloads have left.

    Attributes:
        pending: downloads that have no end yet, with the parts they have.
        done_at: when each was done last, host's time.
        parameters: the host's parameters in force.
        blacklist: tokens of cards to refuse.
        tables: public keys and chip parameters by entry.
    """

    pending: dict[Download, dict[bytes, bytes]] = field(default_factory=dict)
    done_at: dict[Download, Instant] = field(default_factory=dict)
    parameters: HostParameters = field(default_factory=HostParameters)
    blacklist: frozenset[bytes] = frozenset()
    tables: dict[Download, dict[bytes, bytes]] = field(default_factory=dict)

    def started(self, what: Download) -> Loaded:
        """Note that a download has no end yet."""
        return replace(self, pending={what: {}, **self.pending})

    def with_part(self, what: Download, entry: bytes, part: bytes) -> Loaded:
        """Note a part of a pending download."""
        parts = {**self.pending.get(what, {}), entry: part}
        return replace(self, pending={**self.pending, what: parts})

    def done(self, what: Download, at: Instant) -> Loaded:
        """Put what was loaded in force."""
        parts = self.pending.get(what, {})
        pending = {other: found for other, found in self.pending.items() if other is not what}
        loaded = replace(self, pending=pending, done_at={**self.done_at, what: at})
        match what:
            case Download.PARAMETERS:
                return replace(loaded, parameters=_parameters(parts.get(b"", b"")))
            case Download.BLACKLIST:
                return replace(loaded, blacklist=_tokens(parts.get(b"", b"")))
            case Download.PUBLIC_KEYS | Download.CHIP_PARAMETERS:
                return replace(loaded, tables={**self.tables, what: parts})
            case _:
                return loaded


def _tokens(part: bytes) -> frozenset[bytes]:
    starts = range(0, len(part), _TOKEN_BYTES)
    return frozenset(part[at : at + _TOKEN_BYTES] for at in starts)


def _parameters(value: bytes) -> HostParameters:
    try:
        return HostParameters.read(MagneticParameters.parse(value))
    except ProtocolError:
        return HostParameters()
