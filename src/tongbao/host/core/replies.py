"""Answers to terminals: which fields they carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from tongbao.domain.dates import Instant
from tongbao.host.core.payment_ids import rrn_of
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.framing import TPDU_BYTES, swap_tpdu
from tongbao.wire.unionpay.transactions import FINANCIAL, reply_mti

if TYPE_CHECKING:
    from tongbao.domain.secrets import Pan, SecretBytes
    from tongbao.host.core.events import Effect
    from tongbao.host.core.outbox import Outbox, ReplyAddress
    from tongbao.host.core.requests import Request
    from tongbao.host.core.state import HostState, Pending, Session
    from tongbao.host.records import PaymentRecord
    from tongbao.host.settings import HostSettings
    from tongbao.wire.iso8583.fields import FieldValue

_REPLY_MTI: Final = {transaction.mti: transaction.reply_mti for transaction in FINANCIAL}
# What a reply takes over from its request as it came, in field order.
_ECHOED: Final[tuple[int, ...]] = (2, 3, 4, 11, 14, 25, 41, 42, 49, 60)


@dataclass(slots=True)
class Outcome:
    """What a 0110, 0210 or 0230 tells: response code, authorisation code ("" for none), its time.

    `chip` and `balances` are the issuer's fields 55 and 54, which are kept nowhere.
    """

    code: str
    auth_code: str
    at_us: int
    chip: SecretBytes | None = None
    balances: str = ""


class Moment(NamedTuple):
    """One second as messages write it: China time, and UTC for the network."""

    second: int
    hhmmss: str
    mmdd: str
    date: str
    utc_mmddhhmmss: str


def moment_of(second: int) -> Moment:
    """Return how messages write a second of UTC since 1970.

    Spec: ISO 8583:1987 DE 7, 12, 13.
    """
    instant = Instant(second * 1_000_000)
    local = instant.local()
    # DE 7 is in UTC: eight hours before the time on the terminal's clock.
    utc = instant.plus_ms(-8 * 3_600_000).local()
    return Moment(
        second,
        local.strftime("%H%M%S"),
        local.strftime("%m%d"),
        local.date().isoformat(),
        utc.strftime("%m%d%H%M%S"),
    )


class WallClock:
    """Formats the current second once, not once a message."""

    __slots__ = ("_moment",)

    def __init__(self) -> None:
        self._moment = moment_of(0)

    def at(self, us: int) -> Moment:
        """Return the moment of this time in microseconds UTC."""
        second = us // 1_000_000
        if second != self._moment.second:
            self._moment = moment_of(second)
        return self._moment


class Replies:
    """Composes answers and puts them into the outbox; with a session they get a MAC."""

    __slots__ = (
        "_acquirer_id",
        "_act",
        "_approvals",
        "_institutions",
        "_outbox",
        "_prefix",
        "_reply_prefix",
        "_signs_declines",
        "_state",
        "clock",
    )

    def __init__(self, state: HostState, settings: HostSettings, outbox: Outbox) -> None:
        self._state = state
        self._outbox = outbox
        self._acquirer_id = settings.acquirer_id
        self._institutions = f"{settings.issuer_id:<11}{settings.acquirer_id:<11}"
        self._signs_declines = settings.profile.mac_in_declines
        self._approvals = frozenset(settings.profile.approval_codes)
        # Terminals of one network send the same TPDU and header: the last one is remembered.
        self._prefix = self._reply_prefix = b""
        self._act = "0"
        self.clock = WallClock()

    def address_of(self, request: Request) -> ReplyAddress:
        """Return where the answer to a request goes.

        Spec: UnionPay terminal dialect, 1 (a reply swaps the TPDU's addresses) and 1.1.
        """
        prefix, act = request.prefix, request.act
        if prefix != self._prefix or act != self._act:
            self._prefix, self._act = prefix, act
            header = bytearray(prefix[TPDU_BYTES:])
            # Digit 6 is the host's; the other eleven are the terminal's.
            header[2] = header[2] & 0xF0 | int(act)
            self._reply_prefix = swap_tpdu(prefix) + header
        return request.connection, self._reply_prefix

    def echo(self, request: Request, payment: PaymentRecord, pan: Pan) -> dict[int, FieldValue]:
        """Return the fields of a 0110, 0210 or 0230, those of the outcome still empty.

        Spec: UnionPay terminal dialect, 3.0.2.
        """
        fields = request.fields
        date = payment.business_date
        # In the order of a sale's, so that every one is encoded by the same plan.
        echo: dict[int, FieldValue] = {
            2: pan,
            3: fields[3],
            4: fields.get(4, ""),
            11: fields[11],
            12: "",
            13: "",
            15: date[5:7] + date[8:],
            25: fields[25],
            32: self._acquirer_id,
            37: payment.rrn,
            39: "",
            41: payment.terminal_id,
            42: payment.merchant_id,
            44: self._institutions,
            49: payment.currency,
            60: fields[60],
            63: payment.organisation,
        }
        if not echo[4]:
            del echo[4]
        if 14 in fields:
            echo[14] = fields[14]
        if 23 in fields:
            echo[23] = fields[23]
        return echo

    def outcome(
        self, out: list[Effect], pending: Pending, session: Session | None, outcome: Outcome
    ) -> None:
        """Complete the 0110, 0210 or 0230 that answers a payment.

        Spec: UnionPay terminal dialect, 3.0.2.
        """
        echo, code = pending.echo, outcome.code
        moment = self.clock.at(outcome.at_us)
        echo[12] = moment.hhmmss
        echo[13] = moment.mmdd
        echo[39] = code
        if outcome.auth_code:
            echo[38] = outcome.auth_code
        if outcome.chip is not None:
            echo[55] = outcome.chip
        if outcome.balances:
            echo[54] = outcome.balances
        if not self._signs_declines and code not in self._approvals:
            session = None
        message = Message(_REPLY_MTI[pending.transaction.mti], echo)
        self._outbox.reply(out, pending.address, message, session, pending.payment.payment_id)

    def reversal_outcome(
        self,
        out: list[Effect],
        request: Request,
        code: str,
        payment: PaymentRecord,
        now_us: int,
    ) -> None:
        """Answer a 0400 whose MAC was right; F37 is the reference number of the original.

        Spec: UnionPay terminal dialect, 3.7.
        """
        fields = self._answer_fields(request, code, payment.rrn, now_us)
        date = payment.business_date
        fields[15] = date[5:7] + date[8:]
        fields[44] = self._institutions
        message = Message("0410", fields)
        address = self.address_of(request)
        self._outbox.reply(out, address, message, request.verified, payment.payment_id)

    def plain(
        self,
        out: list[Effect],
        request: Request,
        code: str,
        rrn: str,
        now_us: int,
        extra: dict[int, FieldValue] | None = None,
    ) -> None:
        """Answer any request with a code: refusals, sign-in, sign-off, echo.

        Spec: UnionPay terminal dialect, 3.1 to 3.3 and 4.
        """
        fields = self._answer_fields(request, code, rrn, now_us)
        if extra:
            fields.update(extra)
        message = Message(reply_mti(request.mti), fields)
        session = request.verified if self._is_signed(code) else None
        self._outbox.reply(out, self.address_of(request), message, session)

    def _is_signed(self, code: str) -> bool:
        """Whether an answer with this code carries a MAC.

        Spec: UnionPay terminal dialect, 3.0.2.
        """
        return self._signs_declines or code in self._approvals

    def management(
        self,
        out: list[Effect],
        request: Request,
        code: str,
        now_us: int,
        extra: dict[int, FieldValue] | None = None,
    ) -> None:
        """Answer a message about terminal or batch; its reference number is of no payment.

        Spec: UnionPay terminal dialect, 3.3 and 3.9 to 3.14.
        """
        reference = rrn_of(self._state.ids.unwritten(now_us))
        fields = self._answer_fields(request, code, reference, now_us)
        del fields[32]
        if extra:
            fields.update(extra)
        message = Message(reply_mti(request.mti), fields)
        self._outbox.reply(out, self.address_of(request), message, request.verified)

    def _answer_fields(
        self, request: Request, code: str, rrn: str, now_us: int
    ) -> dict[int, FieldValue]:
        moment = self.clock.at(now_us)
        sent = request.fields
        fields: dict[int, FieldValue] = {
            number: sent[number] for number in _ECHOED if number in sent
        }
        fields[12] = moment.hhmmss
        fields[13] = moment.mmdd
        fields[32] = self._acquirer_id
        fields[37] = rrn
        fields[39] = code
        return fields
