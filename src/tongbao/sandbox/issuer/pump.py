"""A turn of the issuer: all waiting messages stepped, one transaction, one flush, then replies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tongbao.sandbox.issuer.core.book import Authorisation, Record, Remembered, Reversal
from tongbao.sandbox.issuer.core.events import (
    FrameArrived,
    Persist,
    Recall,
    Refused,
    Reply,
    RequestRecalled,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.domain.dates import Instant
    from tongbao.sandbox.issuer.core.issuer import IssuerCore
    from tongbao.sandbox.issuer.store import IssuerStore

_NOTHING = Remembered()


class IssuerPump:
    """Runs the core over groups of messages; the same code in the server and in simulations."""

    def __init__(self, core: IssuerCore, store: IssuerStore) -> None:
        self._core = core
        self._store = store

    def run(self, frames: Sequence[FrameArrived], now: Instant) -> list[Reply | Refused]:
        """Step all frames and return what may be said now that their records are flushed.

        Raises: StoreFailedError; the process must end, and nothing of the group is said.
        """
        sayings: list[Reply | Refused] = []
        recalls: list[Recall] = []
        for frame in frames:
            for effect in self._core.step(frame, now):
                if isinstance(effect, Recall):
                    recalls.append(effect)
                elif isinstance(effect, Reply | Refused):
                    sayings.append(effect)
        remembered = self._store.recall(list({recall.request.rrn.value for recall in recalls}))
        records: list[Record] = []
        for recall in recalls:
            rrn = recall.request.rrn.value
            known = remembered.get(rrn, _NOTHING)
            for effect in self._core.step(RequestRecalled(recall, known), now):
                if isinstance(effect, Persist):
                    records.append(effect.record)
                    # A second message of this group about the same payment must know of it.
                    remembered[rrn] = _with(remembered.get(rrn, _NOTHING), effect.record)
                elif isinstance(effect, Reply | Refused):
                    sayings.append(effect)
        self._store.commit(records)
        return sayings


def _with(known: Remembered, record: Record) -> Remembered:
    if isinstance(record, Authorisation):
        return replace(known, authorisation=record)
    if isinstance(record, Reversal):
        return replace(known, reversal=record)
    return known
