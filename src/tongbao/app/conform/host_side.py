"""A host without manners: listens for one terminal, looks closely, and answers as a case wants."""

from __future__ import annotations

import secrets
import selectors
import socket
import ssl
import time
from collections import deque
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from tongbao.app.conform.case import check, fail
from tongbao.app.conform.heard import Heard
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.errors import CryptoError
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.crypto.tls_socket import TlsSocket
from tongbao.crypto.working_keys import WorkingKeyLayout
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import KeyBytes, Purpose
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.framing import (
    MAX_FRAME_BYTES,
    FrameSplitter,
    pack_frame,
    swap_tpdu,
    unpack_frame,
)
from tongbao.wire.unionpay.table import UNIONPAY
from tongbao.wire.unionpay.transactions import reply_mti

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.app.conform.plan import Plan, TestCard
    from tongbao.wire.iso8583.fields import FieldValue

TMK: Final = KeyName("tmk")
_WORK: Final = "work"
_PIK: Final = KeyName("work/pik")
_MAK: Final = KeyName("work/mak")
_MAC_FIELD: Final = 64
_READ_BYTES: Final = 65_536
_LAYOUTS: Final = {
    "001": WorkingKeyLayout.SINGLE_DES,
    "003": WorkingKeyLayout.DOUBLE_DES,
    "004": WorkingKeyLayout.TRACK_KEY,
}
_CHINA: Final = timezone(timedelta(hours=8))
_ECHOED: Final = (3, 4, 11, 25, 41, 42, 49, 60)
_WITHOUT_MAC: Final = frozenset({"0800", "0820", "0500", "0320"})
_BALANCE_CODE: Final = "310000"


class Asked(Heard):
    """What a terminal said."""

    __slots__ = ()

    @property
    def function(self) -> str:
        """60.1, two digits."""
        return self.text(60)[:2]

    @property
    def batch(self) -> str:
        """60.2, six digits."""
        return self.text(60)[2:8]

    @property
    def network_code(self) -> str:
        """60.3, three digits."""
        return self.text(60)[8:11]

    def __str__(self) -> str:
        codes = f"60.1 {self.function}, 60.3 {self.network_code}"
        return f"{self.mti} with {codes}, fields {self.field_numbers}"


class HostSide:
    """A host for one terminal at a time; the newest connection is the one that counts."""

    def __init__(
        self, plan: Plan, address: tuple[str, int], tls: ssl.SSLContext | None = None
    ) -> None:
        self.plan = plan
        self.batch = 1
        self.keys = SoftwareKeyStore.in_memory(KeyBytes(bytes(range(32))))
        self.keys.import_key(TMK, plan.terminal.master_key, KeyAlgorithm.TDES)
        self.mutes = False
        self._tls = tls
        if tls is not None:
            tls.sslsocket_class = TlsSocket
        self._listener = socket.create_server(address)
        self._line: socket.socket | None = None
        self._splitter = FrameSplitter(MAX_FRAME_BYTES)
        self._waiting: deque[Asked] = deque()
        self._references = int(time.time()) % 1_000_000_000

    @property
    def address(self) -> tuple[str, int]:
        """Where the terminal has to connect to."""
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    def close(self) -> None:
        """Stop listening."""
        self.hang_up()
        self._listener.close()

    def hang_up(self) -> None:
        """Cut the terminal's line."""
        if self._line is not None:
            self._line.close()
            self._line = None

    # Hearing.

    def next_message(self, wait_ms: int) -> Asked | None:
        """Return the terminal's next message; None when none comes in time."""
        deadline = time.monotonic() + wait_ms / 1000
        while not self._waiting:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return None
            self._listen(left_s)
        return self._waiting.popleft()

    def expect(self, mti: str, what: str, wait_ms: int | None = None) -> Asked:
        """Return the next message, which must have this type."""
        asked = self.next_message(self.plan.answer_ms if wait_ms is None else wait_ms)
        if asked is None:
            fail(f"{what} ({mti})", "nothing in time")
        check(asked.mti == mti, f"{what} ({mti})", str(asked))
        if mti not in _WITHOUT_MAC:
            check(self.is_signed(asked), "a right MAC", f"a wrong one or none in {asked}")
        return asked

    def expect_nothing(self, wait_ms: int, why: str) -> None:
        """Fail when the terminal says anything within the time."""
        asked = self.next_message(wait_ms)
        check(asked is None, f"nothing: {why}", str(asked))

    def hear(self, wait_ms: int) -> None:
        """Take in what the terminal says, for later; its new lines are accepted meanwhile."""
        self._listen(wait_ms / 1000)

    def forget_waiting(self) -> None:
        """Drop what was heard and not asked for yet."""
        self._waiting.clear()

    def is_signed(self, asked: Asked) -> bool:
        """Whether the message carries a right MAC under the keys of the last sign-in."""
        if not asked.has(_MAC_FIELD):
            return False
        unsigned, mac = UNIONPAY.mac_split(asked.envelope.body)
        try:
            return self.keys.verify_mac(_MAK, MacAlgorithm.UNIONPAY_ECB, unsigned, mac)
        except CryptoError:
            return False

    def pin_block(self, card: TestCard) -> bytes:
        """Return the block that this card's PIN must make under the last PIN key."""
        return self.keys.encrypt_pin(_PIK, card.pin, card.pan).reveal(Purpose.WIRE)

    # Saying.

    def answer(
        self,
        asked: Asked,
        code: str = "00",
        *,
        changes: Mapping[int, FieldValue | None] | None = None,
        signed: bool | None = None,
    ) -> bytes:
        """Return the frame of a proper answer, with `changes` made before it is signed."""
        fields: dict[int, FieldValue] = {
            number: value for number, value in asked.message.fields.items() if number in _ECHOED
        }
        now = datetime.now(UTC).astimezone(_CHINA)
        fields |= {12: f"{now:%H%M%S}", 13: f"{now:%m%d}", 37: self.next_reference(), 39: code}
        if asked.mti in {"0100", "0200", "0220"}:
            fields |= {32: "99900001", 44: "62000000   99900001   ", 63: "CUP"}
            if code == "00":
                fields[38] = f"{self._references % 1_000_000:06d}"
            if asked.text(3) == _BALANCE_CODE:
                fields[54] = "0001156C000000010000"
        fields |= self._own_fields(asked, code)
        for number, value in (changes or {}).items():
            if value is None:
                fields.pop(number, None)
            else:
                fields[number] = value
        message = Message(reply_mti(asked.mti), fields)
        with_mac = asked.has(_MAC_FIELD) if signed is None else signed
        return self.frame(message, asked, signed=with_mac)

    def frame(self, message: Message, asked: Asked, *, signed: bool) -> bytes:
        """Return a message as the answer to another, with a right MAC when `signed`."""
        tpdu, header = swap_tpdu(asked.envelope.tpdu), asked.envelope.header
        if not signed:
            return pack_frame(tpdu, header, UNIONPAY.encode(message))
        unsigned = UNIONPAY.encode_unsigned(message, _MAC_FIELD)
        mac = self.keys.mac(_MAK, MacAlgorithm.UNIONPAY_ECB, unsigned)
        return pack_frame(tpdu, header, unsigned + mac)

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are; a line that is gone by now takes them to nowhere."""
        if self._line is None:
            return
        try:
            self._line.setblocking(True)
            self._line.sendall(data)
        except (ConnectionError, ssl.SSLError):
            self.hang_up()

    def say(
        self,
        asked: Asked,
        code: str = "00",
        *,
        changes: Mapping[int, FieldValue | None] | None = None,
        signed: bool | None = None,
    ) -> None:
        """Answer properly, with changes."""
        self.send_bytes(self.answer(asked, code, changes=changes, signed=signed))

    def serve(self, wait_ms: int) -> Asked | None:
        """Answer the next message as a kind host would; return it, None when none comes."""
        asked = self.next_message(wait_ms)
        if asked is not None and not self.mutes:
            self.say(asked)
        return asked

    def next_reference(self) -> str:
        """Return a reference number that was not used yet, 12 digits."""
        self._references += 1
        return f"{self._references:012d}"

    def today(self) -> str:
        """Return the day that answers carry in F13, MMDD in China."""
        return f"{datetime.now(UTC).astimezone(_CHINA):%m%d}"

    def _own_fields(self, asked: Asked, code: str) -> dict[int, FieldValue]:
        """Return what belongs to one kind of management message only."""
        function = asked.text(60)
        if asked.mti == "0800" and asked.network_code in _LAYOUTS and code == "00":
            layout = _LAYOUTS[asked.network_code]
            keys = self.keys.make_working_keys(TMK, layout, _WORK, secrets.token_bytes)
            return {62: keys, 60: f"{function[:2]}{self.batch:06d}{function[8:]}"}
        if asked.mti == "0500":
            totals = asked.text(48)
            return {48: f"{totals[:30]}1{totals[31:61]}1"}
        if asked.mti == "0320" and asked.has(48) and len(asked.text(48)) == 4:
            return {48: asked.text(48)}
        return {}

    # The line.

    def _listen(self, wait_s: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            if self._line is not None:
                selector.register(self._line, selectors.EVENT_READ)
                if isinstance(self._line, ssl.SSLSocket) and self._line.pending():
                    wait_s = 0
            ready = {key.fileobj for key, _ in selector.select(wait_s)}
        if self._listener in ready:
            self._accept()
        elif self._line is not None and (self._line in ready or wait_s == 0):
            self._read(self._line)

    def _accept(self) -> None:
        self.hang_up()
        line, _ = self._listener.accept()
        if self._tls is not None:
            try:
                line = self._tls.wrap_socket(line, server_side=True)
            except (OSError, ssl.SSLError):
                return
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line = line
        self._splitter = FrameSplitter(MAX_FRAME_BYTES)

    def _read(self, line: socket.socket) -> None:
        line.setblocking(False)
        try:
            data = line.recv(_READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except (ConnectionError, ssl.SSLError):
            data = b""
        if not data:
            self.hang_up()
            return
        try:
            for frame in self._splitter.feed(data):
                envelope = unpack_frame(frame)
                self._waiting.append(Asked(envelope, UNIONPAY.decode(envelope.body)))
        except ProtocolError as error:
            fail("whole messages of the dialect", str(error))
