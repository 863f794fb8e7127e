"""Payment ids and the reference numbers (RRN) that are the same number in other clothes.

60 bits: 41 bits of milliseconds since 2025, 6 bits of node, one bit for what is never written, 12
bits of sequence. Twelve characters of base 32 hold them exactly, so the RRN needs no counter of its
own. Crockford's alphabet leaves out I, L, O and U: people read these numbers to each other over the
telephone.
"""

from __future__ import annotations

from typing import Final

from tongbao.domain.errors import InvariantViolationError

_NODE_BITS: Final = 6
_SEQUENCE_BITS: Final = 13
_TIME_SHIFT: Final = _NODE_BITS + _SEQUENCE_BITS
_UNWRITTEN: Final = 1 << (_SEQUENCE_BITS - 1)
_SEQUENCE_MAX: Final = _UNWRITTEN - 1
_EPOCH_MS: Final = 1_735_689_600_000  # 2025-01-01T00:00:00Z
_TIME_END: Final = 1 << 41

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(high + low for high in _ALPHABET for low in _ALPHABET)


class PaymentIds:
    """Makes ids that rise for ever, also when the clock steps back.

    `after` is the newest id of this node that is known to exist; the next one is greater.
    """

    __slots__ = ("_last_ms", "_node", "_sequence")

    def __init__(self, node: int, after: int = 0) -> None:
        self._node = node << _SEQUENCE_BITS
        self._last_ms = after >> _TIME_SHIFT
        self._sequence = _SEQUENCE_MAX if after else 0

    def next(self, now_us: int) -> int:
        """Return the next id, 60 bits, at the time given in microseconds UTC."""
        ms = now_us // 1000 - _EPOCH_MS
        if ms > self._last_ms:
            self._last_ms = ms
            self._sequence = 0
        elif self._sequence < _SEQUENCE_MAX:
            self._sequence += 1
        else:
            self._last_ms += 1
            self._sequence = 0
        if self._last_ms >= _TIME_END:
            raise InvariantViolationError("payment ids have run out of time bits")
        return self._last_ms << _TIME_SHIFT | self._node | self._sequence

    def unwritten(self, now_us: int) -> int:
        """Return an id for what is answered or asked and never written.

        A later run cannot know these, and where the clock has stepped back it would give them out
        again: so no id of anything written is ever one of them.
        """
        return self.next(now_us) | _UNWRITTEN


def lowest_id_at(at_us: int) -> int:
    """Return the smallest id that any node can make at this time; 0 for times before 2025."""
    return max(0, at_us // 1000 - _EPOCH_MS) << _TIME_SHIFT


def time_of(payment_id: int) -> int:
    """Return the time in an id: microseconds UTC, whole milliseconds."""
    return ((payment_id >> _TIME_SHIFT) + _EPOCH_MS) * 1000


def node_of(payment_id: int) -> int:
    """Return the node that made an id, 0 to 63."""
    return payment_id >> _SEQUENCE_BITS & ((1 << _NODE_BITS) - 1)


def rrn_of(payment_id: int) -> str:
    """Return the 12-character reference number of a payment.

    Spec: ISO 8583:1987 DE 37.
    """
    # Halves are small numbers, with which Python is faster.
    high, low = payment_id >> 30, payment_id & 0x3FFF_FFFF
    return (
        f"{_PAIRS[high >> 20]}{_PAIRS[high >> 10 & 1023]}{_PAIRS[high & 1023]}"
        f"{_PAIRS[low >> 20]}{_PAIRS[low >> 10 & 1023]}{_PAIRS[low & 1023]}"
    )
