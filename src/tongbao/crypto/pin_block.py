"""Clear PIN blocks: ISO 9564 format 0 (8 bytes), its 16-byte SM4 form, and the form without PAN.

The blocks here are clear ones on their way into or out of a cipher; nothing keeps them.
"""

from __future__ import annotations

from typing import Final

from tongbao.crypto.ciphers import DES_BLOCK_BYTES, WIDE_BLOCK_BYTES
from tongbao.crypto.errors import PinBlockError

MIN_PIN_DIGITS: Final = 4
MAX_PIN_DIGITS: Final = 12
PAN_PART_DIGITS: Final = 12


def encode_pin_block(pin: str, pan: str | None, *, block_bytes: int = DES_BLOCK_BYTES) -> bytes:
    """Build the clear block of a PIN of 4 to 12 digits, 8 bytes (3DES) or 16 bytes (SM4) long.

    With a card number of at least 13 digits its 12 rightmost digits before the check digit are
    mixed in (format 0); with None they are not (F53 digit 1 = 1).

    Raises: PinBlockError.
    Spec: ISO 9564-1 format 0; UnionPay terminal dialect, 5.5.
    """
    _check_size(block_bytes)
    if not (MIN_PIN_DIGITS <= len(pin) <= MAX_PIN_DIGITS and pin.isascii() and pin.isdigit()):
        raise PinBlockError("a PIN has 4 to 12 digits")
    text = f"0{len(pin):X}{pin}".ljust(block_bytes * 2, "F")
    return (int(text, 16) ^ _pan_part(pan)).to_bytes(block_bytes, "big")


def decode_pin_block(block: bytes, pan: str | None) -> str:
    """Return the PIN of a clear block, checked in every digit; the inverse of `encode_pin_block`.

    Raises: PinBlockError; its text says which rule failed and never a digit.
    Spec: ISO 9564-1 format 0; UnionPay terminal dialect, 5.5.
    """
    _check_size(len(block))
    digits = len(block) * 2
    text = f"{int.from_bytes(block, 'big') ^ _pan_part(pan):0{digits}X}"
    if text[0] != "0":
        raise PinBlockError("the control digit is not 0")
    length = int(text[1], 16)
    if not MIN_PIN_DIGITS <= length <= MAX_PIN_DIGITS:
        raise PinBlockError("the PIN length is not 4 to 12")
    pin, fill = text[2 : 2 + length], text[2 + length :]
    if not pin.isdigit():
        raise PinBlockError("the PIN is not all digits")
    if fill.strip("F"):
        raise PinBlockError("the fill is not all F")
    return pin


def _check_size(block_bytes: int) -> None:
    if block_bytes not in (DES_BLOCK_BYTES, WIDE_BLOCK_BYTES):
        raise PinBlockError(f"a PIN block has 8 or 16 bytes, not {block_bytes}")


def _pan_part(pan: str | None) -> int:
    if pan is None:
        return 0
    if not (len(pan) > PAN_PART_DIGITS and pan.isascii() and pan.isdigit()):
        raise PinBlockError("the card number has fewer than 13 digits")
    return int(pan[-PAN_PART_DIGITS - 1 : -1], 16)
