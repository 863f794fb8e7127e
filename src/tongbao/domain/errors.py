"""The three kinds of failure: the peer's, the environment's and our own."""

from __future__ import annotations

from enum import Enum


class ProtocolError(Exception):
    """The peer sent (or we were asked to send) something its protocol does not allow.

    The text names the place and the broken rule and never holds message bytes: a message may
    carry card data, and error texts end up in logs.

    Attributes:
        path: the part concerned, e.g. "F35", "bitmap", "MTI", "length".
        offset: zero-based byte offset of that part in the bytes the caller handed over.
        rule: the rule that was broken, in words.
    """

    def __init__(self, path: str, offset: int, rule: str) -> None:
        super().__init__(path, offset, rule)
        self.path = path
        self.offset = offset
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.path} at byte {self.offset}: {self.rule}"

    def shifted(self, by: int) -> ProtocolError:
        """Return the same error for a caller whose bytes start `by` bytes earlier."""
        return ProtocolError(self.path, self.offset + by, self.rule)


class Retry(Enum):
    """What may be done about an operational error."""

    NEVER = "never"
    NOW = "now"
    AFTER = "after"


class OperationalError(Exception):
    """Something around us failed (network, disk, a peer that is away); `retry` says what helps."""

    def __init__(self, retry: Retry, message: str = "") -> None:
        super().__init__(retry, message)
        self.retry = retry
        self.message = message

    def __str__(self) -> str:
        return self.message or f"operation failed, retry: {self.retry.value}"


class InvariantViolationError(Exception):
    """A rule of our own was broken: a bug. The process stops with the exit code for bugs."""
