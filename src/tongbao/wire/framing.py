"""Cutting a byte stream into frames: a two-byte big-endian length, then that many bytes."""

from __future__ import annotations

from typing import Final

from tongbao.domain.errors import ProtocolError

LENGTH_BYTES: Final = 2
MAX_FRAME_BYTES: Final = 0xFFFF


def add_length(content: bytes) -> bytes:
    """Put the two-byte length in front; ProtocolError above 65535 bytes or for nothing.

    Spec: UnionPay terminal dialect, 1 (length, big-endian binary, counts everything after itself).
    """
    if not 0 < len(content) <= MAX_FRAME_BYTES:
        raise ProtocolError("length", 0, "a frame holds 1 to 65535 bytes")
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


class FrameSplitter:
    """Collects the bytes of one connection and hands out whole frames, however they arrive.

    A declared length below `min_length` or above `max_length` (bytes after the prefix) raises
    ProtocolError at once, before its bytes are waited for; the stream has lost its step then, so
    the connection must be closed, and every further call raises again.
    Spec: UnionPay terminal dialect, 1.
    """

    __slots__ = ("_buffer", "_error", "_max_length", "_min_length", "_taken")

    def __init__(self, max_length: int = 4096, min_length: int = 1) -> None:
        if not 0 < min_length <= max_length <= MAX_FRAME_BYTES:
            raise ValueError("frame lengths are 1 to 65535 bytes")
        self._buffer = b""
        self._max_length = max_length
        self._min_length = min_length
        self._taken = 0
        self._error: ProtocolError | None = None

    @property
    def pending(self) -> int:
        """Count of bytes received that do not make a whole frame yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Add received bytes; return the frames that became complete, without their prefix.

        Frames in front of an absurd length are returned; the next call raises.
        """
        if self._error is not None:
            raise self._error
        end = len(data)
        if not self._buffer and end > LENGTH_BYTES:
            length = data[0] << 8 | data[1]
            if length + LENGTH_BYTES == end and self._min_length <= length <= self._max_length:
                # One whole frame and nothing else, which is what nearly always comes.
                self._taken += end
                return [bytes(data[LENGTH_BYTES:])]
        buffer = self._buffer + data if self._buffer else data
        end = len(buffer)
        at = 0
        frames: list[bytes] = []
        while end - at >= LENGTH_BYTES:
            length = buffer[at] << 8 | buffer[at + 1]
            if not self._min_length <= length <= self._max_length:
                self._error = ProtocolError(
                    "length",
                    self._taken + at,
                    f"a frame here has {self._min_length} to {self._max_length} bytes",
                )
                self._buffer = b""
                if not frames:
                    raise self._error
                return frames
            frame_end = at + LENGTH_BYTES + length
            if frame_end > end:
                break
            frames.append(bytes(buffer[at + LENGTH_BYTES : frame_end]))
            at = frame_end
        self._buffer = bytes(buffer[at:])
        self._taken += at
        return frames
