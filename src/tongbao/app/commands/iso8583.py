"""`tongbao iso8583 describe|decode|encode`: look into messages of the terminal dialect.

Standard input has one message a line: hex for `describe` and `decode` (spaces and either case are
fine), JSON for `encode`. Blank lines are skipped. A line that cannot be used is reported on
standard error with its number, field and byte offset, never with its content; the other lines are
still processed and the exit code is 4.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.wire.unionpay.describe import describe
from tongbao.wire.unionpay.dump import Dump, parse_dump
from tongbao.wire.unionpay.plain import from_plain, to_plain

_EXIT_OK: Final = 0
_EXIT_BAD_INPUT: Final = 4


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    help_text = "print messages for people, in Chinese and English, card data masked"
    verbs.add_parser("describe", help=help_text, description=help_text).set_defaults(
        run=lambda _namespace: _run(_describe_line)
    )
    help_text = "hex on standard input, one message a line, to one JSON object a line"
    decode = verbs.add_parser("decode", help=help_text, description=help_text)
    decode.add_argument(
        "--show-card-data",
        action="store_true",
        help="show card numbers, tracks, PIN blocks and codes; needed to encode the result again",
    )
    decode.set_defaults(
        run=lambda namespace: _run(
            partial(_decode_line, show_card_data=bool(namespace.show_card_data))
        )
    )
    help_text = "JSON on standard input, one object a line, to one line of hex each"
    verbs.add_parser("encode", help=help_text, description=help_text).set_defaults(
        run=lambda _namespace: _run(_encode_line)
    )


def _run(convert: Callable[[str], str]) -> int:
    """Convert standard input line by line; return the exit code."""
    exit_code = _EXIT_OK
    output = sys.stdout.buffer
    for number, line in enumerate(sys.stdin.buffer, start=1):
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").strip()
        if not text:
            continue
        try:
            converted = convert(text)
        except ProtocolError as error:
            print(f"line {number}: {error}", file=sys.stderr)
            exit_code = _EXIT_BAD_INPUT
            continue
        # Bytes, so that Chinese text does not depend on the locale of the caller.
        output.write(converted.encode("utf-8") + b"\n")
    output.flush()
    return exit_code


def _parse_hex(text: str) -> Dump:
    digits = "".join(text.split())
    bad = next((at for at, char in enumerate(digits) if char not in "0123456789abcdefABCDEF"), None)
    if bad is not None:
        raise ProtocolError("hex", bad // 2, "not a hex digit")
    if len(digits) % 2:
        raise ProtocolError("hex", len(digits) // 2, "an odd count of hex digits")
    return parse_dump(bytes.fromhex(digits))


def _describe_line(text: str) -> str:
    return describe(_parse_hex(text)) + "\n"


def _decode_line(text: str, *, show_card_data: bool) -> str:
    return json.dumps(to_plain(_parse_hex(text), show_card_data=show_card_data), ensure_ascii=False)


def _encode_line(text: str) -> str:
    position = None
    try:
        plain: object = json.loads(text)
    except json.JSONDecodeError as error:
        position = error.pos
        plain = None
    except RecursionError:
        position = 0
        plain = None
    if position is not None:
        # Outside the handler: the decoder's own error carries the whole line.
        raise ProtocolError("JSON", position, "not valid JSON")
    return from_plain(plain).build().hex().upper()
