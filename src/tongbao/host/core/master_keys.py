"""A new master key for a terminal over the line, under a transport key that came under RSA.

The new key is kept beside the old one until the terminal confirms it; only then it takes its place
and the sessions under the old one end. None of these messages carries a MAC: who may do it is
decided by staff, with an order or the setting `remote_master_key`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import KeyCheckError, KeyUseError, TransportError
from tongbao.crypto.key_store import KeyName
from tongbao.domain.errors import ProtocolError
from tongbao.host.core.orders import MASTER_KEY as MASTER_KEY_ORDER
from tongbao.host.core.requests import RefusalError
from tongbao.wire.tlv import parse_tlv
from tongbao.wire.unionpay.structured import (
    RsaTransportKey,
    WrappedMasterKey,
    WrappedTransportKey,
)
from tongbao.wire.unionpay.transactions import MASTER_KEY, MASTER_KEY_RSA

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.core.events import Effect
    from tongbao.host.core.network_management import Handler
    from tongbao.host.core.orders import Orders
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.requests import Request
    from tongbao.host.core.sign_in import SignIn
    from tongbao.host.core.state import Terminal

RSA_KEY: Final = KeyName("rsa/transport")
NOT_PERMITTED: Final = "58"
SECURITY_FAILED: Final = "A7"
NO_KEY: Final = "25"
_CHECK_VALUE: Final = "DF24"


def next_key_name(terminal_id: str) -> KeyName:
    """Return the name of a master key that its terminal has not confirmed."""
    return KeyName(f"tmk-next/{terminal_id}")


class MasterKeys:
    """Answers 352, 350 and 351.

    Spec: UnionPay terminal dialect, 3.13.
    """

    __slots__ = (
        "_allowed",
        "_keys",
        "_offers",
        "_orders",
        "_random_bytes",
        "_replies",
        "_sign_in",
        "handlers",
    )

    def __init__(
        self,
        replies: Replies,
        sign_in: SignIn,
        orders: Orders,
        keys: KeyStore,
        random_bytes: Callable[[int], bytes],
        *,
        allowed: bool,
    ) -> None:
        self._replies = replies
        self._sign_in = sign_in
        self._orders = orders
        self._keys = keys
        self._random_bytes = random_bytes
        self._allowed = allowed
        # Request and answer of the newest 350 of a terminal: a copy of it gets the same key.
        self._offers: dict[str, tuple[bytes, bytes]] = {}
        self.handlers: dict[tuple[str, str], Handler] = {
            (MASTER_KEY_RSA.mti, MASTER_KEY_RSA.network_code): self._rsa_key,
            (MASTER_KEY.mti, MASTER_KEY.network_code): self._offer,
            (MASTER_KEY.mti, MASTER_KEY.end_code): self._confirm,
        }

    def _rsa_key(
        self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]
    ) -> None:
        """Tell the public half of our RSA key."""
        self._check_allowed(terminal)
        modulus, exponent = self._keys.rsa_public(RSA_KEY)
        field62 = RsaTransportKey(modulus, exponent).build()
        self._replies.management(out, request, "00", now_us, {62: field62})

    def _offer(self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        """Make a master key and send it under the terminal's transport key."""
        self._check_allowed(terminal)
        terminal_id = terminal.record.terminal_id
        sent = request.fields.get(62)
        asked = sent if isinstance(sent, bytes) else b""
        known, answer = self._offers.get(terminal_id, (b"", b""))
        if not asked or asked != known:
            answer = self._new_key(terminal_id, asked)
            self._offers[terminal_id] = (asked, answer)
        self._replies.management(out, request, "00", now_us, {62: answer})

    def _confirm(
        self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]
    ) -> None:
        """Put the new key in the place of the old one; a repeated confirmation changes nothing."""
        terminal_id = terminal.record.terminal_id
        current, offered = KeyName(f"tmk/{terminal_id}"), next_key_name(terminal_id)
        told = _check_value_of(request)
        if self._keys.has(offered):
            self._check_allowed(terminal)
            if told and told != self._keys.kcv(offered):
                raise RefusalError(SECURITY_FAILED)
            self._keys.rename(offered, current)
            self._offers.pop(terminal_id, None)
        elif not told or not self._keys.has(current) or told != self._keys.kcv(current):
            raise RefusalError(NO_KEY)
        self._sign_in.end_session(terminal, now_us, out)
        self._orders.done(MASTER_KEY_ORDER, request, terminal, now_us, out)
        self._replies.management(out, request, "00", now_us)

    def _new_key(self, terminal_id: str, field62: bytes) -> bytes:
        """Return the answer to a 350 with a key that is flushed beside the old one."""
        transport, offered = KeyName(f"transport/{terminal_id}"), next_key_name(terminal_id)
        try:
            asked = WrappedTransportKey.parse(field62)
        except ProtocolError:
            raise RefusalError("30") from None
        keys = self._keys
        try:
            keys.receive_transport_key(RSA_KEY, asked.ciphertext, asked.check, transport)
        except (TransportError, KeyCheckError):
            raise RefusalError(SECURITY_FAILED) from None
        keys.destroy(offered)
        try:
            keys.make_key(offered, keys.key_algorithm(transport), self._random_bytes)
            wrapped, check = keys.wrap_master_key(transport, offered)
        except KeyUseError:
            raise RefusalError(SECURITY_FAILED) from None
        finally:
            keys.forget(transport)
        return WrappedMasterKey(wrapped, check).build()

    def _check_allowed(self, terminal: Terminal) -> None:
        if not self._keys.has(RSA_KEY):
            raise RefusalError("40")
        if not (self._allowed or self._orders.allows_master_key(terminal)):
            raise RefusalError(NOT_PERMITTED)


def _check_value_of(request: Request) -> bytes:
    """Return the check value in a 351; b"" when the terminal sends none."""
    sent = request.fields.get(62)
    try:
        elements = parse_tlv(sent if isinstance(sent, bytes) else b"", "F62")
    except ProtocolError:
        raise RefusalError("30") from None
    return next((one.value for one in elements if one.tag == _CHECK_VALUE), b"")
