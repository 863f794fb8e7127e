"""One simulated terminal on its own connection: signs in, then sells in a closed loop.

What it sends is what a terminal sends: working keys of its own sign-in, a PIN block under its PIK,
a MAC under its MAK over the whole message. The bytes before F4 and after F11 are built once by the
codec, since they do not change from sale to sale; every answer is decoded and its MAC checked.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Final, cast

from tongbao.crypto.errors import CryptoError
from tongbao.crypto.key_store import KeyName
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.framing import (
    DEFAULT_HEADER,
    DEFAULT_TPDU,
    ENVELOPE_BYTES,
    FrameSplitter,
    pack_frame,
)
from tongbao.wire.unionpay.table import UNIONPAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.app.bench.plan import SimulatedCard
    from tongbao.crypto.key_store import KeyStore, WorkingKeySet

# F4 and F11 are neighbours: MTI 2, bitmap 8, F3 3 bytes stand before them.
_AMOUNT_AT: Final = 13
_AMOUNT_AND_TRACE_BYTES: Final = 9
_MAC_BYTES: Final = 8
_LINK_DOWN: Final = "91"


class SignInFailedError(Exception):
    """A simulated terminal could not sign in; the text says what the host answered."""


@dataclass(slots=True)
class Tally:
    """What all terminals of a run count together."""

    measuring: bool = False
    stopping: bool = False
    latencies_s: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)


class SimulatedTerminal(asyncio.Protocol):
    """A terminal of the benchmark; `ready` is done when it has signed in."""

    def __init__(
        self,
        terminal_id: str,
        merchant_id: str,
        card: SimulatedCard,
        keys: KeyStore,
        tally: Tally,
    ) -> None:
        self.terminal_id = terminal_id
        self.merchant_id = merchant_id
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.batch_no = 1
        self.acknowledged: dict[int, int] = {}
        self.waiting = False
        self.first_amount = 1
        self._card = card
        self._keys = keys
        self._tally = tally
        self._splitter = FrameSplitter()
        self._on_frame: Callable[[bytes], None] = self._signed_in
        self._probe: asyncio.Future[bool] | None = None
        self._trace = 0
        self._amount = 0
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sign in as soon as the connection stands."""
        # uvloop's transports write, but do not derive from the class that says so.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._write = self._transport.write
        self._trace += 1
        request = Message(
            "0800",
            {
                11: f"{self._trace:06d}",
                41: self.terminal_id,
                42: self.merchant_id,
                60: f"00{self.batch_no:06d}003",
                63: b"01 ",
            },
        )
        self._write(pack_frame(DEFAULT_TPDU, DEFAULT_HEADER, UNIONPAY.encode(request)))

    def connection_lost(self, _error: Exception | None) -> None:
        """A connection that ends while the load runs is a fault of the run."""
        if not self.ready.done():
            self.ready.set_exception(SignInFailedError("the host closed the connection"))
        elif not self._tally.stopping:
            self._tally.wrong["connection lost"] += 1

    def data_received(self, data: bytes) -> None:
        """Take whole answers out of the stream."""
        for frame in self._splitter.feed(data):
            self._on_frame(frame)

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    async def probe(self) -> bool:
        """Make one sale outside the measurement; False when the issuer is not reached yet."""
        self._probe = asyncio.get_running_loop().create_future()
        self.sell()
        return await self._probe

    def sell(self) -> None:
        """Send the next sale."""
        self._trace = trace = self._trace + 1
        # Amounts differ, so that an answer to another sale would be noticed.
        self._amount = amount = self.first_amount + trace % 9 if self.first_amount > 1 else 1
        unsigned = self._before + bytes.fromhex(f"{amount:012d}{trace:06d}") + self._after
        frame = self._envelope + unsigned + self._keys.mac(self._mak, self._algorithm, unsigned)
        self.waiting = True
        self._sent_at = perf_counter()
        self._write(frame)

    def _signed_in(self, frame: bytes) -> None:
        try:
            reply = UNIONPAY.decode(frame[ENVELOPE_BYTES:])
            if (answer := (reply.mti, reply.text(39))) != ("0810", "00"):
                self._fail(f"sign-in answered with {answer}")
                return
            working_keys = self._keys.unwrap_working_keys(
                KeyName(f"tmk/{self.terminal_id}"), reply.binary(62), f"work/{self.terminal_id}"
            )
            self.batch_no = int(reply.text(60)[2:8])
        except (ProtocolError, CryptoError) as error:
            self._fail(str(error))
            return
        self._prepare(working_keys)
        self._on_frame = self._answered
        self.ready.set_result(None)

    def _fail(self, reason: str) -> None:
        self.ready.set_exception(SignInFailedError(f"terminal {self.terminal_id}: {reason}"))

    def _prepare(self, working_keys: WorkingKeySet) -> None:
        """Build what every sale has in common, with the codec."""
        self._mak = working_keys.mak
        self._algorithm = working_keys.mac_algorithm
        block = self._keys.encrypt_pin(working_keys.pik, self._card.pin, self._card.pan)
        sale = Message(
            "0200",
            {
                3: "000000",
                4: "0" * 12,
                11: "0" * 6,
                22: "021",
                25: "00",
                26: "12",
                35: self._card.track2.reveal(Purpose.WIRE).replace("=", "D"),
                41: self.terminal_id,
                42: self.merchant_id,
                49: "156",
                52: block.reveal(Purpose.WIRE),
                53: "2600000000000000",
                60: f"22{self.batch_no:06d}000501",
            },
        )
        unsigned = UNIONPAY.encode_unsigned(sale, 64)
        self._before = unsigned[:_AMOUNT_AT]
        self._after = unsigned[_AMOUNT_AT + _AMOUNT_AND_TRACE_BYTES :]
        whole = pack_frame(DEFAULT_TPDU, DEFAULT_HEADER, unsigned + bytes(_MAC_BYTES))
        self._envelope = whole[: -len(unsigned) - _MAC_BYTES]

    def _answered(self, frame: bytes) -> None:
        took_s = perf_counter() - self._sent_at
        self.waiting = False
        fault = self._fault_of(frame[ENVELOPE_BYTES:])
        tally = self._tally
        if not fault:
            self.acknowledged[self._trace] = self._amount
            if tally.measuring:
                tally.latencies_s.append(took_s)
        if self._probe is not None:
            self._probe_answered(fault)
            return
        if fault:
            tally.wrong[fault] += 1
        if not tally.stopping:
            self.sell()

    def _fault_of(self, body: bytes) -> str:
        """Return what is wrong with an answer, or an empty text for a good approval."""
        try:
            reply = UNIONPAY.decode(body)
        except ProtocolError as error:
            return f"answer that cannot be read: {error}"
        if not self._keys.verify_mac(
            self._mak, self._algorithm, body[:-_MAC_BYTES], body[-_MAC_BYTES:]
        ):
            return f"wrong MAC on {reply.mti}"
        fields = reply.fields
        if (
            reply.mti == "0210"
            and fields[39] == "00"
            and fields[11] == f"{self._trace:06d}"
            and fields[4] == f"{self._amount:012d}"
            and fields[41] == self.terminal_id
            and fields[42] == self.merchant_id
        ):
            return ""
        code = fields.get(39)
        return "an answer to something else" if code == "00" else f"code {code!s}"

    def _probe_answered(self, fault: str) -> None:
        probe, self._probe = self._probe, None
        assert probe is not None  # noqa: S101 - the caller looked
        if fault in ("", f"code {_LINK_DOWN}"):
            probe.set_result(not fault)
        else:
            probe.set_exception(SignInFailedError(f"the first sale failed: {fault}"))
