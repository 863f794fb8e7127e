"""The drawer of cards: shows them by their masked numbers and swipes one through a reader.

The stripe goes straight from here to the reader's socket, never through a page, and only to a
loopback address: a card of the sandbox has no business elsewhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass
from typing import Any, Self

from tongbao.domain.secrets import Purpose
from tongbao.sandbox.cards import DRAWER, SandboxCard

_ANSWER_MAX_BYTES = 512


class ReaderAddressError(ValueError):
    """The address is not "NUMERIC-LOOPBACK-ADDRESS:PORT"."""


class ReaderUnreachableError(Exception):
    """Nobody listens at the reader's address, or it does not answer in time."""


class ReaderRefusedError(Exception):
    """The reader did not take the card now; the text is the reader's reason."""


@dataclass(frozen=True, slots=True)
class ReaderAddress:
    """Where a virtual magnetic reader listens; loopback only, no names to look up."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "127.0.0.1:5000" or "[::1]:5000"; ReaderAddressError for anything else."""
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise ReaderAddressError("a reader's address is numeric, as 127.0.0.1:5000") from None
        if not address.is_loopback:
            raise ReaderAddressError("a card of the sandbox is swiped on this computer only")
        if not (colon and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ReaderAddressError("a port is a number from 1 to 65535")
        return cls(str(address), int(port))


def drawer_view() -> list[dict[str, Any]]:
    """The cards as the pages show them: no number, no stripe, only what a holder would know."""
    return [_card_view(card) for card in DRAWER]


def front_of(card: SandboxCard) -> dict[str, str]:
    """What is embossed on a card, for the person who keys it in: number and expiry YYMM.

    Only for a card of the sandbox, to a page on this computer, and never with the stripe or PIN.
    """
    return {"pan": card.pan.reveal(Purpose.SCREEN), "expiry": card.expiry}


def _card_view(card: SandboxCard) -> dict[str, Any]:
    return {
        "id": card.card_id,
        "name_zh": card.name.zh,
        "name_en": card.name.en,
        "story_zh": card.story.zh,
        "story_en": card.story.en,
        "masked": card.pan.masked,
        "pin_hint": card.pin_hint,
        "expected_code": card.expected_code,
        "colour": card.colour,
        "needs_pin": card.needs_pin,
    }


async def swipe(card: SandboxCard, reader: ReaderAddress, timeout_ms: int) -> None:
    """Pull the card through the reader and return when the reader has taken it.

    Raises: ReaderUnreachableError; ReaderRefusedError.
    Spec: ISO/IEC 7813 track 2 with its start sentinel ";" and end sentinel "?".
    """
    try:
        async with asyncio.timeout(timeout_ms / 1000):
            answer = await _write_stripe(card, reader)
    except TimeoutError:
        raise ReaderUnreachableError("the reader does not answer") from None
    except OSError:
        raise ReaderUnreachableError("no reader listens at this address") from None
    if answer != "ok":
        raise ReaderRefusedError(answer.removeprefix("refused:").strip() or "no reason given")


async def _write_stripe(card: SandboxCard, reader: ReaderAddress) -> str:
    incoming, outgoing = await asyncio.open_connection(
        reader.host, reader.port, limit=_ANSWER_MAX_BYTES
    )
    try:
        outgoing.write(f";{card.track2.reveal(Purpose.WIRE)}?\n".encode("ascii"))
        await outgoing.drain()
        line = await incoming.readuntil(b"\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return "refused: the reader hung up"
    finally:
        outgoing.close()
    return line.decode("utf-8", "replace").strip()
