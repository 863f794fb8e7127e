"""Messages as they are found in traces: which framing, and what is said when none fits."""

import pytest

from tests.wire.samples import BY_NAME, VECTORS, body_of, each_vector
from tongbao.domain.errors import ProtocolError
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.dump import BARE, WITH_LENGTH, WITH_TPDU, Dump, parse_dump

TPDU = bytes.fromhex("6000030000")
HEADER = bytes.fromhex("603100310001")
BODY = body_of(BY_NAME["sale_req_magstripe_storicard"])


@each_vector
@pytest.mark.parametrize(
    ("framing", "around"),
    [
        (BARE, b""),
        ("6-byte header", HEADER),
        (WITH_TPDU, TPDU + HEADER),
        (WITH_TPDU, TPDU + bytes.fromhex("61320032FFF1")),
        (WITH_LENGTH, None),
        ("vendor prefix + TPDU + 6-byte header", b"\x00\x64VENDOR 1.0" + TPDU + HEADER),
    ],
)
def test_every_message_is_recognised_in_every_framing(vector, framing, around):
    body = body_of(vector)
    if around is None:
        around = (len(body) + 11).to_bytes(2, "big") + TPDU + HEADER
    dump = parse_dump(around + body)
    assert dump.framing == framing
    assert dump.prefix + dump.tpdu + dump.header == (
        around[2:] if framing == WITH_LENGTH else around
    )
    assert dump.build() == around + body


def test_any_tpdu_is_taken_when_the_length_fits():
    frame = (len(BODY) + 11).to_bytes(2, "big") + bytes.fromhex("6800030000") + HEADER + BODY
    assert parse_dump(frame).tpdu.hex() == "6800030000"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "length at byte 0: there is no whole message"),
        (b"\x02", "length at byte 0: there is no whole message"),
        (b"\x00\x01", "MTI at byte 0: no message type where a length"),
        (bytes(20), "MTI at byte 0: no message type where a length"),
        (b"\xff" * 30, "MTI at byte 0: no message type where a length"),
        (TPDU + HEADER, "MTI at byte 0: no message type where a length"),
        (
            (len(BODY) + 12).to_bytes(2, "big") + TPDU + HEADER + BODY,
            "length at byte 0: it does not say 116, the bytes that follow",
        ),
        (TPDU + HEADER + BODY[:-1], "F64 at byte 108: the message ends inside the field"),
        (TPDU + HEADER + BODY + b"\0", "end at byte 116: 1 bytes after the last field"),
        (BODY[:40], "F35 at byte 26: the message ends inside the field"),
    ],
)
def test_what_is_no_message_is_refused_with_the_offset_in_the_data(data, text):
    with pytest.raises(ProtocolError) as caught:
        parse_dump(data)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("dump", "text"),
    [
        (Dump("no such framing", Message("0800", {})), "framing at byte 0"),
        (Dump(WITH_TPDU, Message("0800", {}), b"", HEADER), "TPDU at byte 0"),
        (Dump(WITH_TPDU, Message("0800", {}), TPDU, b""), "header at byte 0"),
        (Dump(BARE, Message("0800", {}), TPDU, HEADER), "TPDU at byte 0"),
        (Dump(WITH_LENGTH, Message("0800", {3: "x"}), TPDU, HEADER), "F3 at byte 23"),
        (Dump(BARE, Message("0800", {3: "x"})), "F3 at byte 10"),
    ],
)
def test_what_does_not_fit_together_is_not_built(dump, text):
    with pytest.raises(ProtocolError) as caught:
        dump.build()
    assert str(caught.value).startswith(text)


def test_a_dump_does_not_show_values():
    shown = [repr(parse_dump(bytes.fromhex(vector["hex"]))) for vector in VECTORS]
    assert not any("622424" in text for text in shown)
