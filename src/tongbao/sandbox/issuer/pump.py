"""A turn of the issuer: all waiting messages stepped, one transaction, one flush, then replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.sandbox.issuer.core.book import Record
from tongbao.sandbox.issuer.core.events import (
    FrameArrived,
    Persist,
    Recall,
    Refused,
    Reply,
    RequestRecalled,
)
from tongbao.sandbox.issuer.core.standing import NOBODY, Recollection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.domain.dates import Instant
    from tongbao.sandbox.issuer.core.issuer import IssuerCore
    from tongbao.sandbox.issuer.store import IssuerStore


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
        wanted = {recall.rrn for recall in recalls}
        wanted.update(recall.family_of for recall in recalls if recall.family_of is not None)
        recollection = Recollection(self._store.recall(list(wanted)))
        records: list[Record] = []
        for recall in recalls:
            family_of = recall.family_of
            family = NOBODY if family_of is None else recollection.family(family_of)
            recalled = RequestRecalled(recall, recollection.of(recall.rrn), family)
            for effect in self._core.step(recalled, now):
                if isinstance(effect, Persist):
                    records.append(effect.record)
                    # A later message of this group about the same payment must know of it.
                    recollection.add(effect.record)
                elif isinstance(effect, Reply | Refused):
                    sayings.append(effect)
        self._store.commit(records)
        return sayings
