"""A terminal without manners: says anything to a host and looks closely at the answers.

It has its own line, keys and numbers, and shares only the codec and the crypto with the parties
under test; nothing here knows how a host is built.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from tongbao.app.conform.case import check, fail
from tongbao.app.conform.heard import Heard
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.errors import CryptoError
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.crypto.tls_socket import TlsSocket
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import KeyBytes, Pan, Pin, Purpose
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.framing import (
    DEFAULT_HEADER,
    DEFAULT_TPDU,
    MAX_FRAME_BYTES,
    FrameSplitter,
    pack_frame,
    unpack_frame,
)
from tongbao.wire.unionpay.table import UNIONPAY

if TYPE_CHECKING:
    from tongbao.app.conform.plan import Plan, TestTerminal

TMK: Final = KeyName("tmk")
WORK: Final = "work"
PIK: Final = KeyName("work/pik")
MAK: Final = KeyName("work/mak")
_MAC_FIELD: Final = 64
_READ_BYTES: Final = 65_536
_CONNECT_S: Final = 10.0
# What a host does when it hangs up; a reset comes when it had not read everything.
_HUNG_UP: Final = (ConnectionError, ssl.SSLError)


class Reply(Heard):
    """What a host answered."""

    __slots__ = ()

    @property
    def code(self) -> str:
        """Field 39."""
        return self.text(39)

    def __str__(self) -> str:
        return f"{self.mti} with F39 {self.code or 'absent'} and fields {self.field_numbers}"


class TerminalSide:
    """One terminal at one host; every case begins with `begin`."""

    def __init__(
        self,
        plan: Plan,
        terminal: TestTerminal,
        address: tuple[str, int],
        tls: ssl.SSLContext | None,
        server_name: str,
    ) -> None:
        self.plan = plan
        self.terminal = terminal
        self.batch = 1
        self.keys = SoftwareKeyStore.in_memory(KeyBytes(bytes(range(32))))
        self.mac_algorithm = MacAlgorithm.UNIONPAY_ECB
        self._address = address
        self._tls = tls
        if tls is not None:
            tls.sslsocket_class = TlsSocket
        self._server_name = server_name
        # Begins high and by the clock: the numbers of an earlier run are not used again.
        self._trace = int(time.time() * 10) % 900_000 + 1
        self._line: socket.socket | None = None
        self._splitter = FrameSplitter(MAX_FRAME_BYTES)
        self._frames: deque[bytes] = deque()
        self.take_place(terminal)

    def take_place(
        self, terminal: TestTerminal, algorithm: KeyAlgorithm = KeyAlgorithm.TDES
    ) -> None:
        """Be this terminal from now on, with its master key and nothing of the last one's."""
        self.terminal = terminal
        self.keys.forget(WORK)
        self.keys.import_key(TMK, terminal.master_key, algorithm)
        self.mac_algorithm = MacAlgorithm.UNIONPAY_ECB

    # The line.

    def begin(self) -> None:
        """Stand before the host with a new line and no keys."""
        self.close()
        self.keys.forget(WORK)
        self.connect()

    def connect(self) -> None:
        """Open a new line; the old one, if any, is closed."""
        self.close()
        line = socket.create_connection(self._address, timeout=_CONNECT_S)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            line = self._tls.wrap_socket(line, server_hostname=self._server_name)
        self._line = line
        self._splitter = FrameSplitter(MAX_FRAME_BYTES)
        self._frames.clear()

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        try:
            self._open().sendall(data)
        except _HUNG_UP:
            fail("a line that takes bytes", "the host had hung up")

    def next_reply(self, wait_ms: int | None = None) -> Reply | None:
        """Return the next answer; None when the time is over or the host has hung up."""
        frame = self._next_frame(self.plan.answer_ms if wait_ms is None else wait_ms)
        if frame is None:
            return None
        try:
            envelope = unpack_frame(frame)
            return Reply(envelope, UNIONPAY.decode(envelope.body))
        except ProtocolError as error:
            fail("a readable answer", str(error))

    def hung_up(self, wait_ms: int) -> bool:
        """Whether the host closes the line within the time, saying nothing first."""
        line = self._open()
        line.settimeout(wait_ms / 1000)
        try:
            return line.recv(_READ_BYTES) == b""
        except TimeoutError:
            return False
        except _HUNG_UP:
            return True

    # Messages.

    def next_trace(self) -> int:
        """Take the next trace number."""
        self._trace = self._trace % 999_999 + 1
        return self._trace

    def frame(
        self,
        message: Message,
        *,
        signed: bool = True,
        header: bytes = DEFAULT_HEADER,
        tpdu: bytes = DEFAULT_TPDU,
    ) -> bytes:
        """Return a message as it is sent, with a right MAC when `signed`."""
        if not signed:
            return pack_frame(tpdu, header, UNIONPAY.encode(message))
        unsigned = UNIONPAY.encode_unsigned(message, _MAC_FIELD)
        mac = self.keys.mac(MAK, self.mac_algorithm, unsigned)
        return pack_frame(tpdu, header, unsigned + mac)

    def ask(self, message: Message, *, signed: bool = True, wait_ms: int | None = None) -> Reply:
        """Send a message and return the answer to it; an answer that does not come fails."""
        self.send_bytes(self.frame(message, signed=signed))
        reply = self.next_reply(wait_ms)
        if reply is None:
            fail(f"an answer to {message.mti}", "none in time")
        return reply

    def is_signed(self, reply: Reply) -> bool:
        """Whether the answer carries a MAC, and it is right."""
        if not reply.has(_MAC_FIELD):
            return False
        unsigned, mac = UNIONPAY.mac_split(reply.envelope.body)
        try:
            return self.keys.verify_mac(MAK, self.mac_algorithm, unsigned, mac)
        except CryptoError:
            return False

    def pin_block(self, pin: Pin, pan: Pan) -> bytes:
        """Return the enciphered PIN block."""
        return self.keys.encrypt_pin(PIK, pin, pan).reveal(Purpose.WIRE)

    # Sign-in, which every other case stands on.

    def sign_in_message(self, code: str = "003") -> Message:
        """Return the 0800 that asks for working keys."""
        return Message(
            "0800",
            {
                11: f"{self.next_trace():06d}",
                41: self.terminal.terminal_id,
                42: self.terminal.merchant_id,
                60: f"00{self.batch:06d}{code}",
                63: "01 ",
            },
        )

    def sign_in(self, code: str = "003") -> Reply:
        """Sign in and take keys and batch number; fails when the host does not give them."""
        reply = self.ask(self.sign_in_message(code), signed=False)
        check(reply.code == "00", "a sign-in with F39 00", str(reply))
        self.take_keys(reply)
        return reply

    def take_keys(self, reply: Reply) -> None:
        """Load the working keys of a sign-in answer and its batch number."""
        try:
            keys = self.keys.unwrap_working_keys(TMK, reply.data(62), WORK)
        except CryptoError as error:
            fail("working keys with right check values", type(error).__name__)
        self.mac_algorithm = keys.mac_algorithm
        batch = reply.text(60)[2:8]
        check(batch.isdigit() and int(batch) > 0, "a batch number in 60.2", repr(batch))
        self.batch = int(batch)

    def _open(self) -> socket.socket:
        if self._line is None:
            self.connect()
        assert self._line is not None  # noqa: S101 - connect() opens it or raises
        return self._line

    def _next_frame(self, wait_ms: int) -> bytes | None:
        deadline = time.monotonic() + wait_ms / 1000
        line = self._open()
        while not self._frames:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return None
            line.settimeout(left_s)
            try:
                data = line.recv(_READ_BYTES)
            except (TimeoutError, *_HUNG_UP):
                return None
            if not data:
                return None
            try:
                self._frames.extend(self._splitter.feed(data))
            except ProtocolError as error:
                fail("whole frames", str(error))
        return self._frames.popleft()
