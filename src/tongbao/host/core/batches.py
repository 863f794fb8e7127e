"""Settlement of a terminal's batch and its upload: taken over, compared, and closed once.

The totals are an event of the batch before they are answered. From then on no new payment enters
the batch; its end opens the next one. None of these messages carries a MAC, so they change nothing
but the batch's own records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.host.core.batch_comparison import compare_batch
from tongbao.host.core.batch_totals import (
    compare,
    counted_of,
    read_totals,
    totals_of,
    write_totals,
)
from tongbao.host.core.batch_upload import ENDS, LOADS, UploadReader, count_of, same_facts
from tongbao.host.core.events import LoadBatch, Persist
from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.host.core.requests import RefusalError, function_codes_of, trace_key_of
from tongbao.host.records import (
    BatchEventKind,
    BatchEventRecord,
    ExceptionKind,
    ExceptionRecord,
    batch_after,
)
from tongbao.wire.unionpay.transactions import KINDS, SETTLEMENT

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.core.batch_comparison import Difference
    from tongbao.host.core.batch_totals import Totals
    from tongbao.host.core.events import Effect
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.requests import Request
    from tongbao.host.core.state import HostState, Terminal
    from tongbao.host.records import StoredBatch, StoredPayment
    from tongbao.host.settings import HostSettings
    from tongbao.wire.iso8583.fields import FieldValue

OTHER_BATCH: Final = "77"
NOT_TOTALLED: Final = "95"
REPEATED: Final = "94"
TRY_LATER: Final = "90"
# A payment that is older and still has no outcome was left by a host that is gone: it is counted as
# what it is, not approved.
_UNDECIDED_US: Final = 180_000_000
_COUNT_MAX: Final = 9_999


class Batches:
    """Answers 0500 and 0320.

    Spec: UnionPay terminal dialect, 3.9 and 3.10.
    """

    __slots__ = ("_reader", "_replies", "_state", "_void_totals")

    def __init__(
        self, state: HostState, replies: Replies, keys: KeyStore, settings: HostSettings
    ) -> None:
        self._state = state
        self._replies = replies
        self._reader = UploadReader(keys)
        self._void_totals = settings.profile.void_totals

    def handle(self, request: Request, _terminal: Terminal, out: list[Effect]) -> None:
        """Take a 0500 or 0320 and ask for its batch; raises RefusalError for its form."""
        codes = function_codes_of(request)
        is_settlement = request.mti == SETTLEMENT.mti
        if is_settlement and codes.network != SETTLEMENT.network_code:
            raise RefusalError("12")
        if not is_settlement and not self._reader.knows(codes.network):
            raise RefusalError("40")
        self._load(request, out, with_payments=is_settlement or codes.network in ENDS)

    def loaded(
        self,
        request: Request,
        terminal: Terminal,
        batch: StoredBatch,
        now_us: int,
        out: list[Effect],
    ) -> None:
        """Answer with what the store knows of the batch; raises RefusalError."""
        if request.mti == SETTLEMENT.mti:
            self._settle(request, terminal, batch, now_us, out)
            return
        totals = _newest(batch, BatchEventKind.TOTALS)
        if totals is None:
            is_open = batch.batch_no == terminal.record.batch_no
            raise RefusalError(NOT_TOTALLED if is_open else OTHER_BATCH)
        code = function_codes_of(request).network
        if code in ENDS:
            self._end(request, terminal, batch, totals, now_us, out)
        elif code in LOADS:
            # There are no account loads at this host: their confirmations confirm nothing.
            self._replies.management(out, request, "00", now_us)
        else:
            self._take_details(request, batch, code, now_us, out)

    def _settle(
        self,
        request: Request,
        terminal: Terminal,
        batch: StoredBatch,
        now_us: int,
        out: list[Effect],
    ) -> None:
        sent = _totals_sent(request)
        # With the flags of a request, whatever the terminal has put there.
        sent_digits = write_totals(sent, "00")
        known = _newest(batch, BatchEventKind.TOTALS)
        is_closed = _newest(batch, BatchEventKind.CLOSED) is not None
        if known is not None and (is_closed or known.sent_totals == sent_digits):
            self._answer_totals(request, known.own_totals, now_us, out)
            return
        open_batch_no = terminal.record.batch_no
        if batch.batch_no != open_batch_no and not (
            # Left open when the register was set to a later batch: its money is settled, too.
            batch.batch_no < open_batch_no and batch.payments
        ):
            raise RefusalError(OTHER_BATCH)
        if any(_is_undecided(stored, now_us) for stored in batch.payments):
            # What it will be decides whether it counts.
            raise RefusalError(TRY_LATER)
        counted = counted_of(batch.payments, self._void_totals)
        own = totals_of(counted)
        result = compare(sent, own)
        own_digits = write_totals(own, result)
        self._record(
            terminal,
            batch.batch_no,
            BatchEventKind.TOTALS,
            (sent_digits, own_digits, result, len(counted)),
            now_us,
            out,
        )
        terminal.totals_batch_no = batch.batch_no
        self._state.counters[f"batch_totals_{result}"] += 1
        self._answer_totals(request, own_digits, now_us, out)

    def _take_details(
        self, request: Request, batch: StoredBatch, code: str, now_us: int, out: list[Effect]
    ) -> None:
        """Store what is new of an upload; a repeated one is told so, which counts as accepted."""
        known = {(detail.stan, detail.source): detail for detail in batch.details}
        details = self._reader.details(request, code, now_us)
        fresh = [one for one in details if (one.stan, one.source) not in known]
        if any(not same_facts(one, known.get((one.stan, one.source), one)) for one in details):
            # The first one stays; that the terminal says something else now is not taken over.
            raise RefusalError("95")
        if fresh and _newest(batch, BatchEventKind.CLOSED) is not None:
            raise RefusalError(OTHER_BATCH)
        out.extend(Persist(one) for one in fresh)
        self._state.counters["batch_details"] += len(fresh)
        self._replies.management(out, request, "00" if fresh else REPEATED, now_us)

    def _end(
        self,
        request: Request,
        terminal: Terminal,
        batch: StoredBatch,
        totals: BatchEventRecord,
        now_us: int,
        out: list[Effect],
    ) -> None:
        """Compare, open the exceptions, close the batch; a repeated end gets the same answer."""
        records_told = count_of(request)
        closed = _newest(batch, BatchEventKind.CLOSED)
        if closed is not None:
            self._answer_end(request, closed.record_count, now_us, out)
            return
        if terminal.closed_batch_no == batch.batch_no:
            # Two copies in one group: the first has closed it and is not flushed yet.
            self._load(request, out, with_payments=True)
            return
        sent = read_totals(totals.sent_totals)
        found = compare_batch(batch, sent, totals.result, self._void_totals, records_told)
        for difference in found.differences:
            self._open_exception(terminal, difference, now_us, out)
        count = min(len(batch.details), _COUNT_MAX)
        own_digits = write_totals(found.own_totals, found.result)
        self._record(
            terminal,
            batch.batch_no,
            BatchEventKind.CLOSED,
            (totals.sent_totals, own_digits, found.result, count),
            now_us,
            out,
        )
        terminal.close_batch(batch.batch_no, batch_after(batch.batch_no))
        self._state.counters["batches_closed"] += 1
        self._answer_end(request, count, now_us, out)

    def _load(self, request: Request, out: list[Effect], *, with_payments: bool) -> None:
        terminal_id, batch_no, _ = trace_key_of(request)
        out.append(LoadBatch(terminal_id, batch_no, with_payments, request))

    def _record(
        self,
        terminal: Terminal,
        batch_no: int,
        kind: BatchEventKind,
        facts: tuple[str, str, str, int],
        now_us: int,
        out: list[Effect],
    ) -> None:
        """Write an event; `facts` are the sent and own totals, the flags and a count."""
        record = terminal.record
        date = self._replies.clock.at(now_us).date
        event = BatchEventRecord(
            record.terminal_id, record.merchant_id, batch_no, kind.value, now_us, *facts, date
        )
        out.append(Persist(event))

    def _open_exception(
        self, terminal: Terminal, difference: Difference, now_us: int, out: list[Effect]
    ) -> None:
        record = terminal.record
        exception = ExceptionRecord(
            self._state.ids.next(now_us),
            difference.payment_id,
            record.terminal_id,
            record.merchant_id,
            ExceptionKind.BATCH_DIFFERENCE.value,
            now_us,
            difference.detail,
        )
        out.append(Persist(exception))
        self._state.counters["batch_differences"] += 1

    def _answer_totals(self, request: Request, digits: str, now_us: int, out: list[Effect]) -> None:
        extra: dict[int, FieldValue] = {15: self._replies.clock.at(now_us).mmdd, 48: digits}
        self._replies.management(out, request, "00", now_us, extra)

    def _answer_end(self, request: Request, count: int, now_us: int, out: list[Effect]) -> None:
        self._replies.management(out, request, "00", now_us, {48: f"{count:04d}"})


def _newest(batch: StoredBatch, kind: BatchEventKind) -> BatchEventRecord | None:
    return next((event for event in reversed(batch.events) if event.kind == kind), None)


def _totals_sent(request: Request) -> Totals:
    digits = request.fields.get(48)
    try:
        return read_totals(digits if isinstance(digits, str) else "")
    except ProtocolError:
        raise RefusalError("30") from None


def _is_undecided(stored: StoredPayment, now_us: int) -> bool:
    """Say whether a payment that could still count has no outcome yet.

    One that is repeated until it has an outcome may take days; it is an advice and comes later.
    """
    payment = stored.payment
    kind = KINDS.get(payment.kind)
    return (
        kind is not None
        and kind.is_reversible
        and now_us - payment.received_at_us < _UNDECIDED_US
        and stand_of(stored.events).state is PaymentState.PENDING
    )
