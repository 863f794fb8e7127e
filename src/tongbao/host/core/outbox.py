"""Messages that were decided and are not encoded yet: all of a group are, stage by stage.

See `reading` for why. A place in the list of effects is held for each message, so that the order of
effects is the order of decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.host.core.events import SendToTerminal, SendUpstream
from tongbao.wire.framing import add_length
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.unionpay.table import UNIONPAY

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.secrets import Pan
    from tongbao.host.core.events import Effect
    from tongbao.host.core.state import Session
    from tongbao.wire.iso8583.codec import Message

# Plain tuples: every sale makes one of each, and a named one costs ten times as much.
ReplyAddress: TypeAlias = tuple[int, bytes]
"""Where an answer goes: the connection, and TPDU (addresses swapped) with header."""
PinTranslation: TypeAlias = "tuple[KeyName, bytes, Pan]"
"""A PIN block on its way from a terminal's key to the zone's: that key, block, card number."""

ZPK: Final = KeyName("zpk")
ZAK: Final = KeyName("zak")
NETWORK_MAC: Final = MacAlgorithm.CMAC_AES
_TERMINAL_MAC_FIELD: Final = 64


class Outbox:
    """Collects the messages of a group and encodes them at its end."""

    __slots__ = ("_issuer", "_keys", "_replies")

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._replies: list[
            tuple[list[Effect], int, ReplyAddress, Message, Session | None, int]
        ] = []
        self._issuer: list[tuple[list[Effect], int, Message, int, PinTranslation | None, int]] = []

    def reply(
        self,
        out: list[Effect],
        address: ReplyAddress,
        message: Message,
        session: Session | None,
        payment_id: int = 0,
    ) -> None:
        """Answer a terminal with a MAC when a session is given."""
        self._replies.append((out, len(out), address, message, session, payment_id))
        out.append(_HELD)

    def to_issuer(
        self,
        out: list[Effect],
        message: Message,
        mac_field: int,
        payment_id: int,
        pin: PinTranslation | None = None,
    ) -> None:
        """Send to the issuer with its MAC in `mac_field`, the PIN block (F52) translated."""
        self._issuer.append((out, len(out), message, mac_field, pin, payment_id))
        out.append(_HELD)

    def fill(self) -> None:
        """Encode everything collected into the places held for it."""
        if self._issuer:
            self._fill_issuer()
        if self._replies:
            self._fill_replies()

    def _fill_issuer(self) -> None:
        items, self._issuer = self._issuer, []
        translate, mac = self._keys.translate_pin, self._keys.mac
        for _, _, message, _, pin, _ in items:
            if pin is not None:
                pik, block, pan = pin
                message.fields[52] = translate(pik, ZPK, block, pan)
        encode = NETWORK.encode_unsigned
        bodies = [encode(message, mac_field) for _, _, message, mac_field, _, _ in items]
        for (out, place, _, _, _, payment_id), body in zip(items, bodies, strict=True):
            frame = add_length(body + mac(ZAK, NETWORK_MAC, body))
            out[place] = SendUpstream(frame, payment_id)

    def _fill_replies(self) -> None:
        items, self._replies = self._replies, []
        bodies = [
            UNIONPAY.encode(message)
            if session is None
            else UNIONPAY.encode_unsigned(message, _TERMINAL_MAC_FIELD)
            for _, _, _, message, session, _ in items
        ]
        mac = self._keys.mac
        for (out, place, address, _, session, payment_id), body in zip(items, bodies, strict=True):
            connection, prefix = address
            whole = prefix + body
            if session is not None:
                whole += mac(session.mak, session.mac_algorithm, body)
            out[place] = SendToTerminal(connection, add_length(whole), payment_id)


_HELD: Final = SendToTerminal(0, b"", 0)
