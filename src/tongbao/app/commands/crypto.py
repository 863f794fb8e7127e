"""`tongbao crypto mac|kcv|pinblock`: what a terminal, a host or an HSM should have computed.

For test keys only: what stands on a command line is seen by everybody on the machine. A value left
out is read from standard input, one line each, in the order of the options in the help.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.crypto.mac import MacAlgorithm

_EXIT_BAD_INPUT: Final = 4
_MAC_WORDS: Final = (
    "unionpay-ecb",
    "unionpay-ecb-sm4",
    "x9.9",
    "x9.19",
    "cmac-aes",
    "cmac-tdes",
)
_KEY_WORDS: Final = ("3des", "aes", "sm4", "hmac-sha256")


class _BadInputError(Exception):
    """A value from the command line or standard input cannot be used."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs mac, kcv and pinblock."""
    parser.epilog = "Values left out are read from standard input, one line each. Test keys only."
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    mac = verbs.add_parser("mac", help="compute a message authentication code")
    mac.add_argument("--algorithm", choices=_MAC_WORDS, default=_MAC_WORDS[0])
    mac.add_argument("--key", metavar="HEX", help="the MAC key: 8, 16, 24 or 32 bytes")
    mac.add_argument("--data", metavar="HEX", help="MTI up to the byte before F64, bit 64 set")
    _add_run(mac, _mac)

    kcv = verbs.add_parser("kcv", help="compute a key check value")
    kcv.add_argument("--algorithm", choices=_KEY_WORDS, default=_KEY_WORDS[0])
    kcv.add_argument("--key", metavar="HEX", help="an 8-byte 3des key is single DES")
    _add_run(kcv, _kcv)

    pin = verbs.add_parser("pinblock", help="build or open an ISO 9564 format 0 PIN block")
    pin.add_argument("--algorithm", choices=("3des", "sm4"), default="3des")
    pin.add_argument("--key", metavar="HEX", help="the PIN key; without one the block stays clear")
    pin.add_argument("--pin", metavar="DIGITS", help="4 to 12 digits")
    pin.add_argument("--pan", metavar="DIGITS", help="the card number, check digit included")
    pin.add_argument("--without-pan", action="store_true", help="do not mix in the card number")
    pin.add_argument("--decode", metavar="HEX", help="open this block instead of building one")
    _add_run(pin, _pinblock)


def _add_run(
    parser: argparse.ArgumentParser, verb: Callable[[argparse.Namespace], dict[str, str]]
) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")

    def run(arguments: argparse.Namespace) -> int:
        from tongbao.crypto.errors import CryptoError

        try:
            result = verb(arguments)
        except (_BadInputError, CryptoError) as error:
            print(f"tongbao crypto {arguments.verb}: {error}", file=sys.stderr)
            return _EXIT_BAD_INPUT
        if arguments.json:
            print(json.dumps(result))
        else:
            width = max(len(name) for name in result)
            for name, value in result.items():
                print(f"{name:<{width}}  {value}")
        return 0

    parser.set_defaults(run=run)


def _mac(arguments: argparse.Namespace) -> dict[str, str]:
    from tongbao.crypto.mac import MacAlgorithm, compute_mac

    algorithm = MacAlgorithm(arguments.algorithm)
    key = _hex(arguments.key, "key")
    data = _hex(arguments.data, "data")
    mac = compute_mac(algorithm, key, data)
    result = {"algorithm": algorithm.value, "mac": mac.hex().upper()}
    if algorithm in (MacAlgorithm.UNIONPAY_ECB, MacAlgorithm.UNIONPAY_ECB_SM4):
        result["text"] = mac.decode()
        result.update(_steps(algorithm, key, data))
    return result


def _steps(algorithm: MacAlgorithm, key: bytes, data: bytes) -> dict[str, str]:
    from tongbao.crypto.mac import explain_unionpay_ecb

    steps = explain_unionpay_ecb(algorithm, key, data)
    return {name: value.hex().upper() for name, value in steps._asdict().items()}


def _kcv(arguments: argparse.Namespace) -> dict[str, str]:
    from tongbao.crypto.ciphers import KeyAlgorithm
    from tongbao.crypto.kcv import key_check_value

    algorithm = KeyAlgorithm(arguments.algorithm)
    value = key_check_value(algorithm, _hex(arguments.key, "key"))
    return {"algorithm": algorithm.value, "kcv": value.hex().upper()}


def _pinblock(arguments: argparse.Namespace) -> dict[str, str]:
    from tongbao.crypto.ciphers import KeyAlgorithm, block_cipher
    from tongbao.crypto.pin_block import decode_pin_block, encode_pin_block

    algorithm = KeyAlgorithm(arguments.algorithm)
    key = None if arguments.key is None else _hex(arguments.key, "key")
    cipher = None if key is None else block_cipher(algorithm, key)
    size = 16 if algorithm is KeyAlgorithm.SM4 else 8
    pin = "" if arguments.decode else _text(arguments.pin, "pin")
    pan = None if arguments.without_pan else _text(arguments.pan, "pan")
    result = {"algorithm": algorithm.value}
    if arguments.decode:
        block = _hex(arguments.decode, "block")
        if len(block) != size:
            raise _BadInputError(f"a {algorithm.value} PIN block has {size} bytes")
        result["pin"] = decode_pin_block(cipher.decrypt(block) if cipher else block, pan)
        return result
    clear = encode_pin_block(pin, pan, block_bytes=size)
    result["clear"] = clear.hex().upper()
    if cipher:
        result["encrypted"] = cipher.encrypt(clear).hex().upper()
    return result


def _text(value: str | None, name: str) -> str:
    if value is not None:
        return value.strip()
    line = sys.stdin.readline()
    if not line:
        raise _BadInputError(f"no {name}: give --{name} or a line on standard input")
    return line.strip()


def _hex(value: str | None, name: str) -> bytes:
    try:
        return bytes.fromhex(_text(value, name))
    except ValueError:
        raise _BadInputError(f"the {name} is not hexadecimal (two digits a byte)") from None
