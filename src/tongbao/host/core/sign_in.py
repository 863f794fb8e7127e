"""Network management for terminals: sign-in, sign-off, echo. None of these carries a MAC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import CryptoError, UnknownKeyError, WorkingKeyError
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.working_keys import WorkingKeyLayout
from tongbao.host.core.events import Persist
from tongbao.host.core.payment_ids import rrn_of
from tongbao.host.core.requests import RefusalError
from tongbao.host.core.state import Session
from tongbao.host.records import SessionRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.core.events import Effect
    from tongbao.host.core.outbox import Outbox
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.requests import Request
    from tongbao.host.core.state import HostState, Terminal
    from tongbao.host.records import StoredSession
    from tongbao.wire.iso8583.fields import FieldValue

_LAYOUTS: Final = {
    "001": WorkingKeyLayout.SINGLE_DES,
    "003": WorkingKeyLayout.DOUBLE_DES,
    "004": WorkingKeyLayout.TRACK_KEY,
}
_SIGN_OFF: Final = "002"
_ECHO: Final = "301"


def key_prefix(terminal_id: str) -> str:
    """Return the name under which a terminal's session keys live."""
    return f"session/{terminal_id}"


class NetworkManagement:
    """Answers 0800 and 0820 of terminals.

    Spec: UnionPay terminal dialect, 3.1 to 3.3.
    """

    __slots__ = ("_keys", "_outbox", "_random_bytes", "_replies", "_state")

    def __init__(
        self,
        state: HostState,
        replies: Replies,
        outbox: Outbox,
        keys: KeyStore,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._state = state
        self._replies = replies
        self._outbox = outbox
        self._keys = keys
        self._random_bytes = random_bytes

    def handle(self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        """Answer a network message; raises RefusalError("40") for one the host does not serve."""
        function = request.fields.get(60)
        if not isinstance(function, str) or len(function) < 11:
            raise RefusalError("30")
        code = function[8:11]
        layout = _LAYOUTS.get(code)
        if request.mti == "0800" and layout is not None:
            self._sign_in(request, terminal, layout, now_us, out)
        elif request.mti == "0820" and code == _SIGN_OFF:
            self._sign_off(request, terminal, now_us, out)
        elif request.mti == "0820" and code == _ECHO:
            self._replies.plain(out, request, "00", self._reference(now_us), now_us)
        else:
            raise RefusalError("40")

    def load_session(self, terminal_id: str, stored: StoredSession | None) -> Session | None:
        """Load the keys of a stored session; None when there is none or it was ended.

        With keys that cannot be read the terminal has to sign in again.
        """
        if stored is None or not stored.key_block:
            return None
        prefix = key_prefix(terminal_id)
        try:
            names = self._keys.unwrap(stored.key_block)
        except CryptoError:
            names = ()
        if KeyName(f"{prefix}/mak") not in names:
            # Sealed under another master key, damaged, or another terminal's row.
            self._state.counters["sessions_unreadable"] += 1
            return None
        return _session(prefix, stored.signed_in_at_us)

    def forget(self, terminal_id: str) -> None:
        """Drop the session keys of a terminal that leaves memory."""
        self._keys.forget(key_prefix(terminal_id))

    def _sign_in(
        self,
        request: Request,
        terminal: Terminal,
        layout: WorkingKeyLayout,
        now_us: int,
        out: list[Effect],
    ) -> None:
        terminal_id = terminal.record.terminal_id
        prefix = key_prefix(terminal_id)
        # What was decided so far is still encoded under the keys that are replaced now.
        self._outbox.fill()
        tmk = KeyName(f"tmk/{terminal_id}")
        try:
            field62 = self._keys.make_working_keys(tmk, layout, prefix, self._random_bytes)
        except UnknownKeyError:
            # Registered, but its master key was never loaded: not ready for work.
            raise RefusalError("97") from None
        except WorkingKeyError:
            raise RefusalError("40") from None
        # Later than the session it replaces even when the clock stepped back.
        at_us = max(now_us, terminal.session.signed_in_at_us + 1 if terminal.session else 0)
        terminal.session = _session(prefix, at_us)
        names = [KeyName(f"{prefix}/{name}") for name in ("pik", "mak", "tdk")]
        key_block = self._keys.wrap(*(name for name in names if self._keys.has(name)))
        out.append(
            Persist(
                SessionRecord(
                    terminal_id,
                    at_us,
                    terminal.record.batch_no,
                    _operator_no(request),
                    key_block,
                )
            )
        )
        function = str(request.fields[60])
        extra: dict[int, FieldValue] = {
            60: f"{function[:2]}{terminal.record.batch_no:06d}{function[8:]}",
            62: field62,
        }
        reference = self._reference(now_us)
        self._replies.plain(out, request, "00", reference, now_us, extra)
        self._state.counters["sign_ins"] += 1

    def _sign_off(
        self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]
    ) -> None:
        if terminal.session is not None:
            at_us = max(now_us, terminal.session.signed_in_at_us + 1)
            # A row without keys: the session stays ended after a start, too.
            record = SessionRecord(
                terminal.record.terminal_id, at_us, terminal.record.batch_no, "", b""
            )
            out.append(Persist(record))
            terminal.session = None
            self._outbox.fill()
            self.forget(terminal.record.terminal_id)
        self._replies.plain(out, request, "00", self._reference(now_us), now_us)

    def _reference(self, now_us: int) -> str:
        return rrn_of(self._state.ids.next(now_us))


def _session(prefix: str, signed_in_at_us: int) -> Session:
    return Session(signed_in_at_us, KeyName(f"{prefix}/mak"), KeyName(f"{prefix}/pik"))


def _operator_no(request: Request) -> str:
    """Return 63.1, up to three characters; what is not letters or digits is not recorded.

    Spec: UnionPay terminal dialect, 2.9.
    """
    sent = request.fields.get(63)
    operator = sent[:3].strip() if isinstance(sent, str) else ""
    return operator if operator.isascii() and operator.isalnum() else ""
