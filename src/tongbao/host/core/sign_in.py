"""Sign-in and sign-off of terminals: the working keys and the sessions they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import CryptoError, UnknownKeyError, WorkingKeyError
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import terminal_mac_algorithm
from tongbao.crypto.working_keys import (
    CHECK_VALUE_BEHIND_KEY,
    WorkingKeyLayout,
    layout_for_code,
)
from tongbao.host.core.events import Persist
from tongbao.host.core.payment_ids import rrn_of
from tongbao.host.core.requests import RefusalError, function_codes_of
from tongbao.host.core.state import Session
from tongbao.host.records import SessionRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.core.events import Effect
    from tongbao.host.core.orders import Orders
    from tongbao.host.core.outbox import Outbox
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.requests import Request
    from tongbao.host.core.state import HostState, Terminal
    from tongbao.host.records import StoredSession
    from tongbao.wire.iso8583.fields import FieldValue
    from tongbao.wire.unionpay.profile import HostProfile

_SIGN_IN: Final = "sign_in"
_LONG_MAK_BYTES: Final = 16
_SHORT_MAK: Final = {
    WorkingKeyLayout.DOUBLE_DES: WorkingKeyLayout.DOUBLE_DES_SHORT_MAK,
    WorkingKeyLayout.TRACK_KEY: WorkingKeyLayout.TRACK_KEY_SHORT_MAK,
}


def key_prefix(terminal_id: str) -> str:
    """Return the name under which a terminal's session keys live."""
    return f"session/{terminal_id}"


def layout_of(code: str, profile: HostProfile) -> WorkingKeyLayout | None:
    """Return the working keys that a sign-in with this 60.3 gets; None for keys we have no MAC for.

    X9.9 works with a MAK of 8 bytes and X9.19 with one of 16; a host that puts the check value
    right behind an 8-byte MAK makes such ones.

    Spec: UnionPay terminal dialect, 3.1 and 5.3.
    """
    layout = layout_for_code(code)
    if layout is WorkingKeyLayout.SM4:
        return layout if profile.mac_algorithm == "unionpay_ecb" else None
    if profile.mac_algorithm == "x9_19":
        return layout if layout.mak_bytes == _LONG_MAK_BYTES else None
    is_short = (
        profile.mac_algorithm == "x9_9" or profile.mak_check_value_offset == CHECK_VALUE_BEHIND_KEY
    )
    return _SHORT_MAK.get(layout, layout) if is_short else layout


class SignIn:
    """Makes, loads and ends sessions.

    Spec: UnionPay terminal dialect, 3.1 and 3.2.
    """

    __slots__ = ("_keys", "_orders", "_outbox", "_profile", "_random_bytes", "_replies", "_state")

    def __init__(
        self,
        state: HostState,
        replies: Replies,
        outbox: Outbox,
        keys: KeyStore,
        random_bytes: Callable[[int], bytes],
        orders: Orders,
    ) -> None:
        self._state = state
        self._replies = replies
        self._outbox = outbox
        self._keys = keys
        self._random_bytes = random_bytes
        self._orders = orders
        self._profile = orders.profile

    def load_session(self, terminal_id: str, stored: StoredSession | None) -> Session | None:
        """Load the keys of a stored session; None when there is none or it was ended.

        With keys that cannot be read the terminal has to sign in again.
        """
        if stored is None or not stored.key_block:
            return None
        prefix = key_prefix(terminal_id)
        try:
            names = self._keys.unwrap(stored.key_block)
            if KeyName(f"{prefix}/mak") in names:
                return self._session(prefix, stored.signed_in_at_us)
        except (CryptoError, ValueError):
            pass
        # Sealed under another master key, damaged, another terminal's row, or a MAK that the
        # profile's MAC cannot use.
        self._state.counters["sessions_unreadable"] += 1
        return None

    def forget(self, terminal_id: str) -> None:
        """Drop the session keys of a terminal that leaves memory."""
        self._keys.forget(key_prefix(terminal_id))

    def sign_in(self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        """Make new working keys; raises RefusalError when the terminal cannot have them."""
        codes = function_codes_of(request)
        layout = layout_of(codes.network, self._profile)
        terminal_id = terminal.record.terminal_id
        prefix = key_prefix(terminal_id)
        if layout is None:
            raise RefusalError("40")
        # What was decided so far is still encoded under the keys that are replaced now.
        self._outbox.fill()
        field62 = self._new_keys(KeyName(f"tmk/{terminal_id}"), layout, prefix)
        # Later than the session it replaces even when the clock stepped back.
        at_us = max(now_us, terminal.session.signed_in_at_us + 1 if terminal.session else 0)
        terminal.session = session = self._session(prefix, at_us)
        names = (session.pik, session.mak, *([session.tdk] if session.tdk else []))
        batch_no = terminal.record.batch_no
        key_block = self._keys.wrap(*names)
        out.append(
            Persist(SessionRecord(terminal_id, at_us, batch_no, _operator_no(request), key_block))
        )
        self._orders.done(_SIGN_IN, request, terminal, now_us, out)
        function = str(request.fields[60])
        extra: dict[int, FieldValue] = {
            60: f"{function[:2]}{batch_no:06d}{function[8:]}",
            62: field62,
        }
        reference = rrn_of(self._state.ids.unwritten(now_us))
        self._replies.plain(out, request, "00", reference, now_us, extra)
        self._state.counters["sign_ins"] += 1

    def sign_off(
        self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]
    ) -> None:
        """End the session for good and say so."""
        self.end_session(terminal, now_us, out)
        reference = rrn_of(self._state.ids.unwritten(now_us))
        self._replies.plain(out, request, "00", reference, now_us)

    def end_session(self, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        """Forget the session keys of a terminal, here and in the store."""
        if terminal.session is None:
            return
        at_us = max(now_us, terminal.session.signed_in_at_us + 1)
        # A row without keys: the session stays ended after a start, too.
        record = SessionRecord(
            terminal.record.terminal_id, at_us, terminal.record.batch_no, "", b""
        )
        out.append(Persist(record))
        terminal.session = None
        self._outbox.fill()
        self.forget(terminal.record.terminal_id)

    def _new_keys(self, tmk: KeyName, layout: WorkingKeyLayout, prefix: str) -> bytes:
        try:
            return self._keys.make_working_keys(
                tmk,
                layout,
                prefix,
                self._random_bytes,
                mak_check_value_offset=self._profile.mak_check_value_offset,
            )
        except UnknownKeyError:
            # Registered, but its master key was never loaded: not ready for work.
            raise RefusalError("97") from None
        except WorkingKeyError:
            raise RefusalError("40") from None

    def _session(self, prefix: str, signed_in_at_us: int) -> Session:
        """Name the keys under a prefix and find their MAC; raises CryptoError, ValueError."""
        mak, tdk = KeyName(f"{prefix}/mak"), KeyName(f"{prefix}/tdk")
        word = self._profile.mac_algorithm
        algorithm = terminal_mac_algorithm(word, self._keys.key_algorithm(mak))
        # A MAK of the wrong length is found here and not at the first payment.
        self._keys.mac(mak, algorithm, b"")
        return Session(
            signed_in_at_us,
            mak,
            KeyName(f"{prefix}/pik"),
            algorithm,
            tdk if self._keys.has(tdk) else None,
        )


def _operator_no(request: Request) -> str:
    """Return 63.1, up to three characters; what is not letters or digits is not recorded.

    Spec: UnionPay terminal dialect, 2.9.
    """
    sent = request.fields.get(63)
    operator = sent[:3].strip() if isinstance(sent, str) else ""
    return operator if operator.isascii() and operator.isalnum() else ""
