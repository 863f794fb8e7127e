"""The port to the host's tables. One call of `commit` is one transaction and one flush."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.host.lookups import Query
    from tongbao.host.records import (
        BatchDetailRecord,
        BatchEventRecord,
        Record,
        SignatureRecord,
        StoredPayment,
        StoredTerminal,
        TraceKey,
    )


class StoreFailedError(Exception):
    """The store could not write or read; what it holds is only known after a new start.

    Nothing may be sent after it: a failed flush can lose pages and report success when tried again.
    """


class DuplicatePaymentError(Exception):
    """A payment of the group is in the store already; nothing of the group was written."""


class NodeTakenError(Exception):
    """Another host process works under this node number on the same store."""


class HostStore(Protocol):
    """What the host needs of a database; belongs to one thread at a time."""

    def claim_node(self, node: int) -> None:
        """Hold this node number until the store is closed or the process ends.

        Raises: NodeTakenError; StoreFailedError.
        """

    def load_terminals(self, terminal_ids: Sequence[str]) -> dict[str, StoredTerminal]:
        """Read terminals, their merchants and newest sessions; unknown numbers are left out.

        Raises: StoreFailedError.
        """

    def load_payments(self, keys: Sequence[TraceKey]) -> dict[TraceKey, StoredPayment]:
        """Read payments with their events; unknown keys are left out.

        Raises: StoreFailedError.
        """

    def find_payments(self, queries: Sequence[Query]) -> dict[Query, tuple[StoredPayment, ...]]:
        """Answer each query: what it names, oldest first, then the families, oldest first.

        Raises: StoreFailedError.
        """

    def load_batch(
        self, terminal_id: str, batch_no: int
    ) -> tuple[tuple[BatchEventRecord, ...], tuple[BatchDetailRecord, ...]]:
        """Read the events and uploaded details of a batch in the order they were written.

        Raises: StoreFailedError.
        """

    def load_signature(self, payment_id: int) -> tuple[SignatureRecord, ...]:
        """Read the parts of a payment's signature in their order.

        Raises: StoreFailedError.
        """

    def last_payment_id(self, node: int) -> int:
        """Return the newest id of a payment or exception of a node, 0 when it has none.

        Raises: StoreFailedError.
        """

    def open_payments(self, node: int, since_payment_id: int) -> tuple[StoredPayment, ...]:
        """Return what a start has to end, oldest first.

        That is each payment of this node from `since_payment_id` on that has no event at all, and
        each payment of any node and age with a requested reversal that has no proof, or that is
        repeated without an outcome.

        Raises: StoreFailedError.
        """

    def open_exceptions(self) -> tuple[tuple[int, int], ...]:
        """Return payment id and exception id of each open exception that the host may close.

        Raises: StoreFailedError.
        """

    def commit(self, records: Sequence[Record]) -> None:
        """Write all records in one transaction and return when they are flushed.

        Raises: DuplicatePaymentError, nothing was written; StoreFailedError, nobody knows.
        """

    def close(self) -> None:
        """Let go of the store and the node number."""


@runtime_checkable
class OverlappingStore(HostStore, Protocol):
    """A store that flushes while its caller does something else; one commit at a time.

    Between `begin_commit` and the end that `commit_finished` tells, nothing else may be asked.
    """

    def begin_commit(self, records: Sequence[Record]) -> None:
        """Send the records on their way.

        Raises: StoreFailedError.
        """

    def commit_finished(self) -> bool:
        """Say whether the commit under way is flushed; ask when `fileno` is readable.

        Raises: as `commit`.
        """

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the store has something to say."""
