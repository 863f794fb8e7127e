"""Downloads, keys, signatures, script results and status reports."""

from __future__ import annotations

from typing import Final

from tongbao.app.conform.case import CaseBook, CaseFailedError, check
from tongbao.app.conform.deeds import approved, do, needs, refused, reversal
from tongbao.app.conform.terminal_side import Reply, TerminalSide
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.jbig.bitmap import Bitmap
from tongbao.wire.jbig.encoding import encode
from tongbao.wire.unionpay.transactions import SALE

BOOK: Final[CaseBook[TerminalSide]] = CaseBook("management")
_LISTS_MAX: Final = 20


def _ask(side: TerminalSide, mti: str, code: str, field62: bytes | None = None) -> Reply:
    fields: dict[int, str | bytes] = {
        41: side.terminal.terminal_id,
        42: side.terminal.merchant_id,
        60: f"00{side.batch:06d}{code}",
    }
    if field62 is not None:
        fields[62] = field62
    return side.ask(Message(mti, {**fields}), signed=False)


def _list(side: TerminalSide, code: str) -> bytes:
    """Walk a list of public keys or applications to its end; return all entries."""
    entries = b""
    count = 0
    for _ in range(_LISTS_MAX):
        reply = _ask(side, "0820", code, b"1%02d" % count)
        check(reply.code == "00", "F39 00", str(reply))
        flag, rest = reply.data(62)[:1], reply.data(62)[1:]
        check(flag in {b"0", b"1", b"2"}, "flag 0, 1 or 2", repr(flag))
        entries += rest
        count += rest.count(b"\x9f\x06")
        if flag != b"2":
            return entries
    raise CaseFailedError(f"expected the end of the list within {_LISTS_MAX} messages; none came")


@BOOK.case("parameters", "Parameters come, and their end is confirmed.", "3.12")
def _parameters(side: TerminalSide) -> None:
    needs(side, "parameters")
    reply = _ask(side, "0800", "360")
    check(reply.code == "00" and reply.data(62) != b"", "F39 00 and F62", str(reply))
    check(reply.data(62)[:2].isdigit(), "two-digit tags", "something else")
    check(_ask(side, "0800", "361").code == "00", "F39 00 to the end", "another answer")


@BOOK.case("public_keys", "The list of public keys leads to each key, and to the end.", "3.11")
def _public_keys(side: TerminalSide) -> None:
    needs(side, "public_keys")
    entries = _list(side, "372")
    check(len(entries) % 23 == 0, "entries of 23 bytes", str(len(entries)))
    for start in range(0, len(entries), 23):
        name = entries[start : start + 12]
        reply = _ask(side, "0800", "370", name)
        found = reply.code == "00" and reply.data(62)[:1] == b"1"
        check(found and name[:8] in reply.data(62), "the key that was asked for", str(reply))
    check(_ask(side, "0800", "371").code == "00", "F39 00 to the end", "another answer")


@BOOK.case("unknown_public_key", "A public key that is not there is answered with flag 0.", "2.8")
def _unknown_key(side: TerminalSide) -> None:
    needs(side, "public_keys")
    reply = _ask(side, "0800", "370", bytes.fromhex("9F0605A000000999") + b"\x9f\x22\x01\xee")
    check(reply.data(62)[:1] in {b"0", b""}, "flag 0", repr(reply.data(62)[:1]))


@BOOK.case("chip_parameters", "The list of applications leads to each one's parameters.", "3.11")
def _chip_parameters(side: TerminalSide) -> None:
    needs(side, "chip_parameters")
    entries = _list(side, "382")
    check(entries[:2] == b"\x9f\x06", "applications in F62", "none")
    length = 3 + entries[2]
    reply = _ask(side, "0800", "380", entries[:length])
    found = reply.code == "00" and reply.data(62)[:1] == b"1"
    check(found and entries[:length] in reply.data(62), "its parameters", str(reply))
    check(_ask(side, "0800", "381").code == "00", "F39 00 to the end", "another answer")


@BOOK.case("blacklist", "The blacklist comes, and its end is confirmed.", "3.12")
def _blacklist(side: TerminalSide) -> None:
    needs(side, "blacklist")
    check(_ask(side, "0800", "390").code == "00", "F39 00", "another answer")
    check(_ask(side, "0800", "391").code == "00", "F39 00 to the end", "another answer")


@BOOK.case(
    "master_key_wrong_check", "A transport key whose check value is wrong is refused.", "3.13"
)
def _master_key(side: TerminalSide) -> None:
    needs(side, "master_key")
    reply = _ask(side, "0800", "352")
    if reply.code != "00":
        refused(reply)
        return
    wrong = bytes.fromhex("DF238180") + bytes(range(1, 129)) + bytes.fromhex("DF240400000000")
    refused(_ask(side, "0800", "350", wrong))
    side.sign_in()  # the master key is still the old one
    approved(side, SALE)


@BOOK.case("status", "A status report is taken.", "3.0")
def _status(side: TerminalSide) -> None:
    needs(side, "status")
    reply = _ask(side, "0820", "362", b"printer=ok;paper=ok;pending=0")
    check(reply.code == "00", "F39 00", str(reply))


@BOOK.case("unknown_code", "A network code nobody knows is refused.", "3.0")
def _unknown(side: TerminalSide) -> None:
    refused(_ask(side, "0820", "888"), "12", "30", "40")


def _signature(side: TerminalSide, image: bytes, trace: str, rrn: str) -> Message:
    return Message(
        "0820",
        {
            4: f"{1_01:012d}",
            11: trace,
            37: rrn,
            41: side.terminal.terminal_id,
            42: side.terminal.merchant_id,
            60: f"07{side.batch:06d}800",
            62: image,
        },
    )


def _image() -> bytes:
    return encode(Bitmap(16, 8, bytes(range(16))))


@BOOK.case(
    "signature", "A signature of an approved sale is taken, and again when repeated.", "3.14"
)
def _signed(side: TerminalSide) -> None:
    needs(side, "signature")
    side.sign_in()
    sale = approved(side, SALE)
    message = _signature(side, _image(), sale.trace, sale.reply.text(37))
    for _ in range(2):
        reply = side.ask(message)
        check(reply.code in {"00", "94"}, "F39 00 or 94", str(reply))


@BOOK.case("signature_of_nothing", "A signature for a payment that never was is refused.", "3.14")
def _signed_nothing(side: TerminalSide) -> None:
    needs(side, "signature")
    side.sign_in()
    trace = f"{side.next_trace():06d}"
    refused(side.ask(_signature(side, _image(), trace, "999999999999")))


@BOOK.case("signature_of_declined", "A declined sale takes no signature.", "3.14")
def _signed_declined(side: TerminalSide) -> None:
    needs(side, "signature")
    side.sign_in()
    sale = do(side, SALE, amount_minor=1_01, changes={49: "840"})
    refused(sale.reply)
    rrn = sale.reply.text(37) or "000000000000"
    refused(side.ask(_signature(side, _image(), sale.trace, rrn)))


@BOOK.case("signature_no_picture", "A signature that is no picture is refused.", "3.14")
def _no_picture(side: TerminalSide) -> None:
    needs(side, "signature")
    side.sign_in()
    sale = approved(side, SALE)
    refused(side.ask(_signature(side, b"\xff\x00\x01", sale.trace, sale.reply.text(37))))


@BOOK.case("signature_wrong_mac", "A signature with a wrong MAC is refused.", "3.14")
def _signed_mac(side: TerminalSide) -> None:
    needs(side, "signature")
    side.sign_in()
    sale = approved(side, SALE)
    message = _signature(side, _image(), sale.trace, sale.reply.text(37))
    frame = bytearray(side.frame(message))
    frame[-1] ^= 0x01
    side.send_bytes(bytes(frame))
    reply = side.next_reply()
    check(reply is not None and reply.code == "A0", "F39 A0", str(reply))


def _script(side: TerminalSide, trace: str, batch: str, day: str, rrn: str) -> Message:
    return Message(
        "0620",
        {
            3: "000000",
            4: f"{1_01:012d}",
            11: f"{side.next_trace():06d}",
            22: "051",
            25: "00",
            37: rrn,
            41: side.terminal.terminal_id,
            42: side.terminal.merchant_id,
            49: "156",
            55: bytes.fromhex(
                "9F3303E0F8C89505008004E8009F3704112233449F360200019F1A020156DF31050000000000"
            ),
            60: f"00{side.batch:06d}95150",
            61: f"{batch}{trace}{day}",
        },
    )


@BOOK.case("script_result", "The result of an issuer's script is taken, and once.", "3.8")
def _script_result(side: TerminalSide) -> None:
    needs(side, "script_result")
    side.sign_in()
    sale = approved(side, SALE)
    day, rrn = sale.reply.text(13), sale.reply.text(37)
    reply = side.ask(_script(side, sale.trace, sale.batch, day, rrn))
    check(reply.code == "00", "F39 00", str(reply))
    check(reply.message.mti == "0630", "0630", reply.message.mti)


@BOOK.case("script_result_of_nothing", "A script result without its payment is refused.", "3.8")
def _script_nothing(side: TerminalSide) -> None:
    needs(side, "script_result")
    side.sign_in()
    message = _script(side, f"{side.next_trace():06d}", f"{side.batch:06d}", "0101", "9" * 12)
    refused(side.ask(message))


@BOOK.case("settled_reversal", "A reversal still works while downloads go on.", "7.3")
def _interleaved(side: TerminalSide) -> None:
    side.sign_in()
    sale = approved(side, SALE)
    needs(side, "parameters")
    _ask(side, "0800", "360")
    check(side.ask(reversal(sale)).code == "00", "F39 00", "another answer")
