"""The issuer as a step function: a message and the time in, records and replies out.

A payment is known by its F37 and answered once: a repeated sale gets the first answer, a repeated
reversal the same "done", and a reversal that arrives before its sale stands in the book so that
the sale is refused when it comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.domain.dates import BusinessDate
from tongbao.domain.errors import ProtocolError
from tongbao.sandbox.cards import Behaviour
from tongbao.sandbox.issuer.core.book import (
    APPROVED,
    CLEARING_ACCOUNT,
    Authorisation,
    BookEvent,
    Entry,
    EventKind,
    Reversal,
)
from tongbao.sandbox.issuer.core.checks import AskedSale, check_sale
from tongbao.sandbox.issuer.core.events import (
    Effect,
    Event,
    FrameArrived,
    Persist,
    Recall,
    Refused,
    Reply,
    RequestRecalled,
)
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.messages import (
    MAC_FIELD,
    MANAGEMENT_REQUEST_MTI,
    REVERSAL_REQUEST_MTI,
    SALE_REQUEST_MTI,
    NetworkManagement,
    ReversalReply,
    ReversalRequest,
    SaleReply,
    SaleRequest,
)

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.dates import Instant
    from tongbao.sandbox.issuer.core.book import Remembered
    from tongbao.sandbox.issuer.core.state import IssuerState
    from tongbao.wire.iso8583.fields import FieldValue

ZAK: Final = KeyName("zak")
TOKEN: Final = KeyName("token")

_INVALID: Final = "12"
_NO_ORIGINAL: Final = "25"
_FORMAT: Final = "30"
_UNSUPPORTED: Final = "40"
_OTHER_AMOUNT: Final = "64"
_DUPLICATE: Final = "94"
_MAC_WRONG: Final = "A0"
_REQUESTS: Final = frozenset({SALE_REQUEST_MTI, REVERSAL_REQUEST_MTI, MANAGEMENT_REQUEST_MTI})
_SALE_PROCESSING_CODE: Final = "000000"
# What a reply repeats of its request, where the request had it.
_ECHOED: Final = (3, 4, 7, 11, 37, 41, 42, 49, 70)


@dataclass(frozen=True, slots=True)
class IssuerRules:
    """How the simulated issuer behaves; `late_reply_delay_ms` is for cards that answer late."""

    late_reply_delay_ms: int


class IssuerCore:
    """Decides and books; changes only its own `IssuerState` and says the rest as effects."""

    def __init__(self, keys: KeyStore, state: IssuerState, rules: IssuerRules) -> None:
        self._keys = keys
        self._state = state
        self._rules = rules

    def step(self, event: Event, now: Instant) -> list[Effect]:
        """Take one event and return what to keep and say, in order.

        Raises InvariantViolationError when the book would not balance; the process must end.
        """
        if isinstance(event, FrameArrived):
            return self._open(event)
        return self._answer(event, now)

    def _open(self, arrived: FrameArrived) -> list[Effect]:
        """Check the MAC and read the message; money is only touched after a look into the book."""
        connection = arrived.connection
        try:
            message = NETWORK.decode(arrived.body)
        except ProtocolError as error:
            return [Refused(connection, str(error), hang_up=True)]
        if message.mti not in _REQUESTS:
            return [Refused(connection, f"message type {message.mti}", hang_up=False)]
        if not self._mac_is_right(message, arrived.body):
            # Whoever sent it, nothing in it is believed, so nothing of it is kept.
            return [
                Refused(connection, "wrong MAC", hang_up=False),
                self._echo(connection, message, _MAC_WRONG),
            ]
        try:
            return self._read(connection, message)
        except ProtocolError as error:
            return [
                Refused(connection, str(error), hang_up=False),
                self._echo(connection, message, _FORMAT),
            ]

    def _mac_is_right(self, message: Message, body: bytes) -> bool:
        if MAC_FIELD[message.mti] not in message.fields:
            return False
        unsigned, mac = NETWORK.mac_split(body)
        return self._keys.verify_mac(ZAK, MacAlgorithm.CMAC_AES, unsigned, mac)

    def _read(self, connection: int, message: Message) -> list[Effect]:
        if message.mti == MANAGEMENT_REQUEST_MTI:
            NetworkManagement.from_message(message)
            return [self._echo(connection, message, APPROVED)]
        if message.text(3) != _SALE_PROCESSING_CODE:
            return [self._echo(connection, message, _UNSUPPORTED)]
        if message.mti == SALE_REQUEST_MTI:
            return [Recall(connection, SaleRequest.from_message(message))]
        return [Recall(connection, ReversalRequest.from_message(message))]

    def _answer(self, event: RequestRecalled, now: Instant) -> list[Effect]:
        request, known = event.asked.request, event.remembered
        if isinstance(request, SaleRequest):
            return self._answer_sale(event.asked.connection, request, known, now)
        return self._answer_reversal(event.asked.connection, request, known, now)

    def _answer_sale(
        self, connection: int, request: SaleRequest, known: Remembered, now: Instant
    ) -> list[Effect]:
        pan = request.track2.pan
        token = self._keys.token(TOKEN, pan)
        effects: list[Effect] = []
        authorisation = known.authorisation
        if authorisation is None:
            sale = AskedSale(request, pan, token)
            authorisation = self._authorise(sale, known, now, effects)
        elif not _same_sale(authorisation, request, token):
            return [self._sale_reply(connection, request, authorisation, code=_DUPLICATE)]
        behaviour = self._behaviour(token)
        if behaviour is Behaviour.SILENT:
            return effects
        delay_ms = self._rules.late_reply_delay_ms if behaviour is Behaviour.LATE else 0
        effects.append(self._sale_reply(connection, request, authorisation, delay_ms=delay_ms))
        return effects

    def _authorise(
        self,
        sale: AskedSale,
        known: Remembered,
        now: Instant,
        effects: list[Effect],
    ) -> Authorisation:
        """Decide a sale that was never decided, and book it when it is approved."""
        request = sale.request
        if known.reversal is not None:
            code = _INVALID
        else:
            code, pin_try = check_sale(sale, self._state, self._keys, now)
            if pin_try is not None:
                self._state.count_pin(pin_try)
                effects.append(Persist(pin_try))
        approved = code == APPROVED
        authorisation = Authorisation(
            rrn=request.rrn,
            terminal_id=request.terminal_id,
            merchant_id=request.merchant_id,
            stan=request.stan,
            card_masked=sale.pan.masked,
            card_token=sale.token,
            amount=request.amount,
            response_code=code,
            auth_code=self._state.next_auth_code() if approved else "",
            at=now,
        )
        effects.append(Persist(authorisation))
        if approved:
            self._book(EventKind.SALE, authorisation, now, effects)
        return authorisation

    def _answer_reversal(
        self, connection: int, request: ReversalRequest, known: Remembered, now: Instant
    ) -> list[Effect]:
        effects: list[Effect] = []
        reversal, original = known.reversal, known.authorisation
        if reversal is None:
            if original is not None and not _same_payment(original, request):
                return [self._reversal_reply(connection, request, _OTHER_AMOUNT)]
            reversal = Reversal(
                rrn=request.rrn,
                amount=request.amount,
                response_code=_NO_ORIGINAL if original is None else APPROVED,
                at=now,
            )
            effects.append(Persist(reversal))
            if original is not None and original.response_code == APPROVED:
                self._book(EventKind.REVERSAL, original, now, effects)
        effects.append(self._reversal_reply(connection, request, reversal.response_code))
        return effects

    def _book(
        self, kind: EventKind, sale: Authorisation, now: Instant, effects: list[Effect]
    ) -> None:
        account_id = self._state.cards[sale.card_token].account_id
        paid = sale.amount if kind is EventKind.SALE else -sale.amount
        entries = (Entry(account_id, -paid), Entry(CLEARING_ACCOUNT, paid))
        event = BookEvent(kind, sale.rrn, now, entries)
        self._state.book(event)
        effects.append(Persist(event))

    def _behaviour(self, token: bytes) -> Behaviour:
        card = self._state.cards.get(token)
        return Behaviour.NORMAL if card is None else card.behaviour

    def _sale_reply(
        self,
        connection: int,
        request: SaleRequest,
        answer: Authorisation,
        *,
        code: str | None = None,
        delay_ms: int = 0,
    ) -> Reply:
        reply = SaleReply(
            amount=request.amount,
            transmitted=request.transmitted,
            stan=request.stan,
            rrn=request.rrn,
            response_code=code or answer.response_code,
            terminal_id=request.terminal_id,
            merchant_id=request.merchant_id,
            auth_code=answer.auth_code if code is None and answer.auth_code else None,
            settlement_date=BusinessDate(answer.at.local().date()).mmdd if code is None else None,
        )
        return self._signed(connection, reply.to_message(), delay_ms)

    def _reversal_reply(self, connection: int, request: ReversalRequest, code: str) -> Reply:
        reply = ReversalReply(
            amount=request.amount,
            transmitted=request.transmitted,
            stan=request.stan,
            rrn=request.rrn,
            response_code=code,
            terminal_id=request.terminal_id,
            merchant_id=request.merchant_id,
        )
        return self._signed(connection, reply.to_message())

    def _echo(self, connection: int, request: Message, code: str) -> Reply:
        # A request with a field that its type does not have (F70 in an 0200) gets its answer
        # without: behind the place of the MAC nothing may stand.
        last = MAC_FIELD[request.mti]
        fields: dict[int, FieldValue] = {
            number: request.fields[number]
            for number in _ECHOED
            if number in request.fields and number < last
        }
        fields[39] = code
        return self._signed(connection, Message(f"{int(request.mti) + 10:04d}", fields))

    def _signed(self, connection: int, message: Message, delay_ms: int = 0) -> Reply:
        unsigned = NETWORK.encode_unsigned(message, MAC_FIELD[message.mti])
        mac = self._keys.mac(ZAK, MacAlgorithm.CMAC_AES, unsigned)
        return Reply(connection, unsigned + mac, delay_ms)


def _same_sale(first: Authorisation, request: SaleRequest, token: bytes) -> bool:
    return (
        first.amount == request.amount
        and first.card_token == token
        and first.terminal_id == request.terminal_id
        and first.stan == request.stan
    )


def _same_payment(original: Authorisation, request: ReversalRequest) -> bool:
    return (
        original.amount == request.amount
        and original.terminal_id == request.terminal_id
        and original.stan == request.stan
    )
