"""The issuer as a step function: a message and the time in, records and replies out.

A request is known by its F37 and answered once: a repeated one gets the first answer, a repeated
reversal the same "done", and a reversal that arrives before its original stands in the book so
that the original is refused when it comes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import Rrn
from tongbao.domain.money import Money
from tongbao.sandbox.cards import Behaviour
from tongbao.sandbox.issuer.core import replies
from tongbao.sandbox.issuer.core.book import APPROVED, Authorisation, Reversal
from tongbao.sandbox.issuer.core.checks import Asked, Bench, IssuerRules, check
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
from tongbao.sandbox.issuer.core.settling import expiry, settle
from tongbao.sandbox.issuer.core.standing import INVALID, TABLE, Ask, Family, Standing
from tongbao.wire.network import reading
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.inquiry import INQUIRY_REQUEST_MTI, StatusInquiry
from tongbao.wire.network.messages import (
    MAC_FIELD,
    MANAGEMENT_REQUEST_MTI,
    REVERSAL_REQUEST_MTI,
    NetworkManagement,
    ReversalRequest,
    reversed_operation,
)
from tongbao.wire.network.operation_messages import Balances, OperationRequest
from tongbao.wire.network.operations import (
    ADVICE_MTI,
    PRE_AUTHORISATION_MTI,
    SALE_MTI,
    Operation,
    operation_of,
)

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.dates import Instant
    from tongbao.sandbox.issuer.core.book import Remembered
    from tongbao.sandbox.issuer.core.state import IssuerState
    from tongbao.wire.iso8583.codec import Message

__all__ = ["TOKEN", "ZAK", "IssuerCore", "IssuerRules"]

ZAK: Final = KeyName("zak")
TOKEN: Final = KeyName("token")

_FORMAT: Final = "30"
_UNSUPPORTED: Final = "40"
_OTHER_AMOUNT: Final = "64"
_DUPLICATE: Final = "94"
_MAC_WRONG: Final = "A0"
_REQUESTS: Final = frozenset(
    {
        SALE_MTI,
        PRE_AUTHORISATION_MTI,
        ADVICE_MTI,
        REVERSAL_REQUEST_MTI,
        INQUIRY_REQUEST_MTI,
        MANAGEMENT_REQUEST_MTI,
    }
)


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
        if message.mti == INQUIRY_REQUEST_MTI:
            return [Recall(connection, StatusInquiry.from_message(message))]
        processing_code = message.text(3)
        if message.mti == REVERSAL_REQUEST_MTI:
            operation = reversed_operation(message)
            if operation is None or not operation.is_reversible:
                return [self._echo(connection, message, _UNSUPPORTED)]
            return [Recall(connection, ReversalRequest.from_message(message))]
        if operation_of(message.mti, processing_code, reading.optional(message, 25)) is None:
            return [self._echo(connection, message, _UNSUPPORTED)]
        return [Recall(connection, OperationRequest.from_message(message))]

    def _answer(self, event: RequestRecalled, now: Instant) -> list[Effect]:
        effects = self._end_due_holds(now)
        request, connection = event.asked.request, event.asked.connection
        if isinstance(request, StatusInquiry):
            asked_about = event.remembered.authorisation
            if asked_about and self._behaviour(asked_about.card_token) is Behaviour.SILENT:
                return effects
            message = replies.status(request, event.remembered)
            return [*effects, self._signed(connection, message)]
        family = self._with_expiry(event.family)
        if isinstance(request, ReversalRequest):
            code, booked = self._reverse(request, event.remembered, family, now)
            message = replies.reversal_answer(request, code)
            return [*effects, *booked, self._signed(connection, message)]
        pan = request.pan
        asked = Asked(request, pan, self._keys.token(TOKEN, pan), family)
        return effects + self._answer_operation(connection, asked, event.remembered, now)

    def _end_due_holds(self, now: Instant) -> list[Effect]:
        effects: list[Effect] = []
        for rrn, hold in self._state.due_holds(now):
            move = expiry(rrn, hold, now)
            self._state.move_hold(move)
            effects.append(Persist(move))
        return effects

    def _with_expiry(self, family: Family) -> Family:
        """A hold that nothing in its family ended and that is not open any more has expired."""
        expired = family.held_minor() > 0 and family.root not in self._state.holds
        return replace(family, hold_expired=True) if expired else family

    def _answer_operation(
        self, connection: int, asked: Asked, known: Remembered, now: Instant
    ) -> list[Effect]:
        effects: list[Effect] = []
        kept = known.authorisation
        if kept is None:
            kept = self._authorise(asked, known.reversal is not None, now, effects)
        elif not _is_same_request(kept, asked):
            return [self._signed(connection, replies.refusal(asked.request, _DUPLICATE))]
        behaviour = self._behaviour(asked.token)
        if behaviour in (Behaviour.SILENT, Behaviour.UNHEARD):
            return effects
        delay_ms = self._rules.late_reply_delay_ms if behaviour is Behaviour.LATE else 0
        message = replies.answer(asked.request, kept)
        return [*effects, self._signed(connection, message, delay_ms)]

    def _authorise(
        self, asked: Asked, is_dead: bool, now: Instant, effects: list[Effect]
    ) -> Authorisation:
        """Decide a request that was never decided, and book it when it is approved."""
        request, state = asked.request, self._state
        if is_dead:
            code = INVALID
        else:
            code, pin_try = check(asked, Bench(state, self._keys, self._rules, now))
            if pin_try is not None:
                state.count_pin(pin_try)
                effects.append(Persist(pin_try))
        is_balance = request.operation is Operation.BALANCE
        approved = code == APPROVED
        kept = Authorisation(
            rrn=request.rrn,
            terminal_id=request.terminal_id,
            merchant_id=request.merchant_id,
            stan=request.stan,
            card_masked=asked.pan.masked,
            card_token=asked.token,
            amount=request.amount,
            response_code=code,
            auth_code=state.next_auth_code() if approved and not is_balance else "",
            at=now,
            operation=request.operation,
            original=request.original,
            root=_root(asked),
            balances=self._balances(asked) if approved and is_balance else None,
        )
        effects.append(Persist(kept))
        if approved:
            self._settle(asked.family, kept, asked.token, effects)
        return kept

    def _reverse(
        self, request: ReversalRequest, remembered: Remembered, family: Family, now: Instant
    ) -> tuple[str, list[Effect]]:
        """Undo the request, or kill it before it comes; return F39 and what is kept."""
        known, original = remembered.reversal, remembered.authorisation
        if known is not None:
            is_same = known.amount == request.amount and known.operation is request.operation
            return known.response_code if is_same else _DUPLICATE, []
        if original is not None:
            if original.operation is not request.operation:
                return INVALID, []
            if not _is_same_payment(original, request):
                return _OTHER_AMOUNT, []
        cell = TABLE[family.standing(request.rrn.value), Ask.REVERSAL]
        if cell.then is not Standing.REVERSED:
            # Not remembered: what stands on it may be reversed itself, and then this can be too.
            return cell.code, []
        reversal = Reversal(
            rrn=request.rrn,
            amount=request.amount,
            response_code=cell.code,
            at=now,
            operation=request.operation,
        )
        effects: list[Effect] = [Persist(reversal)]
        if original is not None and original.is_approved:
            self._settle(family, reversal, original.card_token, effects)
        return cell.code, effects

    def _settle(
        self,
        family: Family,
        record: Authorisation | Reversal,
        token: bytes,
        effects: list[Effect],
    ) -> None:
        account_id = self._state.cards[token].account_id
        moves = settle(family, record, account_id, self._state, self._rules.hold_ms)
        effects += [Persist(move) for move in moves]

    def _balances(self, asked: Asked) -> Balances:
        account_id = self._state.cards[asked.token].account_id
        currency = asked.request.amount.currency
        ledger, available = self._state.balances[account_id], self._state.available(account_id)
        return Balances(Money(ledger, currency), Money(available, currency))

    def _behaviour(self, token: bytes) -> Behaviour:
        card = self._state.cards.get(token)
        return Behaviour.NORMAL if card is None else card.behaviour

    def _echo(self, connection: int, request: Message, code: str) -> Reply:
        return self._signed(connection, replies.echo(request, code))

    def _signed(self, connection: int, message: Message, delay_ms: int = 0) -> Reply:
        unsigned = NETWORK.encode_unsigned(message, MAC_FIELD[message.mti])
        mac = self._keys.mac(ZAK, MacAlgorithm.CMAC_AES, unsigned)
        return Reply(connection, unsigned + mac, delay_ms)


def _root(asked: Asked) -> Rrn | None:
    original = asked.request.original
    if original is None or original.value not in asked.family.members:
        return None
    return Rrn(asked.family.root)


def _is_same_request(first: Authorisation, asked: Asked) -> bool:
    request = asked.request
    return (
        first.amount == request.amount
        and first.card_token == asked.token
        and first.terminal_id == request.terminal_id
        and first.stan == request.stan
        and first.operation is request.operation
        and first.original == request.original
    )


def _is_same_payment(original: Authorisation, request: ReversalRequest) -> bool:
    return (
        original.amount == request.amount
        and original.terminal_id == request.terminal_id
        and original.stan == request.stan
    )
