"""Targets about whole messages of the dialect: fields with parts, dumps, JSON, print-out."""

from __future__ import annotations

import json
from typing import Protocol

from tests.fuzz import our_messages, seeds
from tests.fuzz.target import Outcome, Target, refused, require
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose, Secret
from tongbao.wire.framing import add_length
from tongbao.wire.unionpay import structured as st
from tongbao.wire.unionpay.describe import describe
from tongbao.wire.unionpay.dump import Dump, parse_dump
from tongbao.wire.unionpay.plain import from_plain, to_plain
from tongbao.wire.unionpay.table import UNIONPAY


class _Reading(Protocol):
    """A type that reads a field value and builds one."""

    def parse(self, value: bytes, /) -> _Built: ...


class _Built(Protocol):
    """What was read."""

    def build(self) -> bytes: ...


CONTEXTS = (
    st.MessageContext("0200", "000000", "22", "000"),
    *(st.MessageContext("0800", "", "00", code) for code in ("001", "003", "004", "006")),
    *(st.MessageContext("0810", "", "00", code) for code in ("001", "003", "004", "360")),
    *(st.MessageContext("0810", "", "00", code) for code in ("370", "380", "350", "352")),
    *(st.MessageContext("0810", "", "00", code) for code in ("390", "394", "396")),
    *(st.MessageContext("0800", "", "00", code) for code in ("370", "350", "396", "398")),
    *(st.MessageContext("0820", "", "00", code) for code in ("372", "382", "002")),
    *(st.MessageContext("0830", "", "00", code) for code in ("372", "382")),
    *(st.MessageContext("0320", "", "00", code) for code in ("201", "202", "203", "205", "207")),
    st.MessageContext("0330", "", "00", "207"),
    st.MessageContext("0500", "", "00", "201"),
    st.MessageContext("0510", "", "00", "201"),
    st.MessageContext("0220", "000000", "34", "000"),
    st.MessageContext("0220", "200000", "25", "000"),
    st.MessageContext("0200", "600000", "45", "000"),
    st.MessageContext("0210", "000000", "22", "000"),
    st.MessageContext("0410", "000000", "22", "000"),
    *(st.MessageContext("0320", "", "00", code) for code in ("204", "206")),
    st.MessageContext("0220", "000000", "30", "000"),
    st.MessageContext("0820", "", "07", "800"),
    st.MessageContext("0830", "", "00", "373"),
    st.MessageContext("0810", "", "00", "398"),
)
# From 1000 on: typed readings of fields 55 and 62, which may leave out or reorder what they read.
READINGS: dict[int, _Reading] = {
    1055: st.SignatureData,
    1352: st.RsaTransportKey,
    1350: st.WrappedTransportKey,
    1351: st.WrappedMasterKey,
    1370: st.CaPublicKey,
}
FIELDS = (44, 48, 53, 54, 55, 59, 60, 61, 62, 63, 592, 595, *READINGS)
_DIGITS = (48, 53, 60, 61)


def _text_or_bytes(raw: bytes) -> str | bytes:
    """The field as the codec gives it, or as JSON may: GBK text, any other text, bytes."""
    for encoding in ("gbk", "utf-8"):
        try:
            text = raw.decode(encoding)
        except UnicodeError:
            continue
        if encoding == "utf-8" or text.encode("gbk") == raw:
            return text
    return raw


def _digits_field(number: int, digits: str, context: st.MessageContext) -> object:
    if number == 48:
        return st.parse_field48(digits, context).build()
    kinds = {53: st.SecurityControl, 60: st.FunctionCodes, 61: st.OriginalTransaction}
    return kinds[number].parse(digits).build()


def _bytes_field(number: int, raw: bytes, context: st.MessageContext) -> object:
    if number == 62:
        return st.parse_field62(raw, context).build()
    kinds = {55: st.ChipData, 59: st.PrivateData, 592: st.HardwareId, 595: st.Location}
    return kinds[number].parse(raw).build()


def _parse_and_build(number: int, raw: bytes, context: st.MessageContext) -> tuple[object, object]:
    """Return what a field must build and what it does build."""
    latin = raw.decode("latin-1")
    if number in _DIGITS:
        return latin, _digits_field(number, latin, context)
    if number == 54:
        return latin, st.AdditionalAmounts.parse(latin).build()
    if number not in (44, 63):
        return raw, _bytes_field(number, raw, context)
    value = _text_or_bytes(raw)
    if number == 44:
        return value, st.parse_field44(value).build()
    built = st.parse_field63(value, context).build()
    if isinstance(built, bytes) and isinstance(value, str):
        return value.encode("gbk"), built
    return value, built


def _structured(data: bytes) -> Outcome:
    """Layout: 1 byte message context, 1 byte field, then the field's value."""
    if len(data) < 2:
        return Outcome("too short for a field")
    context, number = CONTEXTS[data[0] % len(CONTEXTS)], FIELDS[data[1] % len(FIELDS)]
    try:
        if number in READINGS:
            return _reading(READINGS[number], data[2:])
        wanted, built = _parse_and_build(number, data[2:], context)
    except ProtocolError as error:
        return refused(error)
    require(built == wanted, f"field {number} builds what it was parsed from")
    return Outcome(f"accepted field {number}", f"in {context.mti} {context.network}")


def _reading(kind: _Reading, value: bytes) -> Outcome:
    read = kind.parse(value)
    require(kind.parse(read.build()) == read, "what was read survives being built and read")
    return Outcome(f"read as {type(read).__name__}")


def _structured_seeds() -> dict[str, bytes]:
    contexts = {(one.mti, one.network): at for at, one in reversed(list(enumerate(CONTEXTS)))}
    found = {}
    for name, dump in (seeds.parsed() | _our_replies()).items():
        own = st.MessageContext.of(dump.message)
        at = contexts.get((own.mti, own.network), 0)
        for number, value in dump.message.fields.items():
            if number in FIELDS:
                head = bytes((at, FIELDS.index(number)))
                found[f"{name}_f{number}"] = head + seeds.field_value(value)
            for reading in _readings_of(own, number):
                head = bytes((at, FIELDS.index(reading)))
                found[f"{name}_r{reading}"] = head + seeds.field_value(value)
    key = next(one for name, one in found.items() if name.endswith("public_key_reply_f62"))
    found["public_key_entry"] = bytes((0, FIELDS.index(1370))) + key[3:]
    return found


def _readings_of(context: st.MessageContext, number: int) -> tuple[int, ...]:
    by_message = {
        ("0820", "800", 55): (1055,),
        ("0810", "352", 62): (1352,),
        ("0800", "350", 62): (1350,),
        ("0810", "350", 62): (1351,),
    }
    return by_message.get((context.mti, context.network, number), ())


def _our_replies() -> dict[str, Dump]:
    return {
        f"{name}_reply": parse_dump(add_length(seeds.ENVELOPE + UNIONPAY.encode(message)))
        for name, message in our_messages.replies().items()
    }


def _dump(data: bytes) -> Outcome:
    try:
        dump = parse_dump(data)
    except ProtocolError as error:
        return refused(error)
    require(dump.build() == data, "a dump builds the bytes it was parsed from")
    plain = to_plain(dump, show_card_data=True)
    text = json.dumps(plain, ensure_ascii=False)
    again = from_plain(json.loads(text))
    require(again.build() == data, "the plain form builds the bytes it came from")
    hidden = json.dumps(to_plain(dump), ensure_ascii=False)
    _check_hidden(dump, hidden)
    return Outcome(f"accepted: {dump.framing}", f"{dump.message.mti}")


def _secret_texts(dump: Dump) -> list[str]:
    """Values of fields 2, 35 and 52 that are long enough to be told from chance, as shown texts."""
    found = []
    for number in (2, 35, 52):
        value = dump.message.fields.get(number)
        if not isinstance(value, Secret):
            continue
        shown = value.reveal(Purpose.TEST)
        text = shown.hex().upper() if isinstance(shown, bytes) else shown
        if number == 35:
            found.append(text.partition("D")[0])
        found.append(text)
    return [text for text in found if len(text) >= 12 and len(set(text)) > 3]


def _check_hidden(dump: Dump, shown: str) -> None:
    """No secret shows, unless the message says the same digits in a field that is not secret."""
    plain = to_plain(dump, show_card_data=True)
    around = f"{plain['tpdu']} {plain['header']} {plain.get('prefix')}"
    others = [text for number, text in plain["fields"].items() if number not in ("2", "35", "52")]
    for text in _secret_texts(dump):
        as_hex = text.encode("ascii").hex().upper()
        if not any(text in other or as_hex in other for other in (around, *others)):
            require(text not in shown, "card number, track and PIN block are masked")


def _describe(data: bytes) -> Outcome:
    try:
        dump = parse_dump(data)
    except ProtocolError as error:
        return refused(error)
    text = describe(dump)
    require(all(line.isprintable() for line in text.split("\n")), "a print-out is printable")
    _check_hidden(dump, text)
    failed = text.count("cannot be parsed")
    return Outcome(f"described, {min(failed, 3)} parts unreadable", dump.message.mti)


def _plain_json(data: bytes) -> Outcome:
    """Layout: JSON text, as a person may have edited it."""
    try:
        plain = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return Outcome("not JSON")
    try:
        dump = from_plain(plain)
        built = dump.build()
    except ProtocolError as error:
        return refused(error)
    describe(dump)
    require(len(built) > 0, "a message has bytes")
    return Outcome("accepted", dump.message.mti)


def _json_seeds() -> dict[str, bytes]:
    return {
        name: json.dumps(to_plain(dump, show_card_data=True), ensure_ascii=False).encode()
        for name, dump in seeds.parsed().items()
    } | {"by_hand": b'{"mti":"0800","fields":{"11":"000001","63":"01 "},"raw":{"63":"303120"}}'}


_FIELD_TOKENS = (
    b"CUP",
    b"Sequence No",
    b"A2057",
    b"A3019",
    b"\x9f\x06",
    b"FF8058003",
    b"0210156C",
    b"22",
    b"\xb9\xd2",
)

TARGETS = (
    Target(
        "structured_fields",
        "parses and builds fields 44 to 63 in every message that lays them out",
        lambda: _structured,
        _structured_seeds,
        _FIELD_TOKENS,
    ),
    Target(
        "message_dump",
        "finds the framing of a dump, and its JSON form leads back to the bytes",
        lambda: _dump,
        seeds.dumps,
    ),
    Target(
        "describe",
        "prints any message for people with card data masked",
        lambda: _describe,
        seeds.dumps,
        _FIELD_TOKENS,
    ),
    Target(
        "plain_json",
        "makes a message from JSON that people edit",
        lambda: _plain_json,
        _json_seeds,
        (b'"fields"', b'"mti"', b'"raw"', b'"pads"', b'"framing"', b"\\u00b2", b"null", b"*"),
    ),
)
