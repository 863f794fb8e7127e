"""The shapes a field can take on the wire, one by one, with exact bytes."""

import pytest

from tests.wire.samples import assert_tells_nothing, plain
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import SecretBytes, SecretText
from tongbao.wire.iso8583.codec import Dialect, Message
from tongbao.wire.iso8583.fields import FieldSpec, Kind
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.unionpay.table import UNIONPAY


def bitmap(*numbers):
    return sum(1 << (64 - number) for number in numbers).to_bytes(8, "big").hex()


def body(content, *numbers):
    return bytes.fromhex("0200" + bitmap(*numbers) + content.replace(" ", ""))


def refused(call):
    with pytest.raises(ProtocolError) as caught:
        call()
    assert_tells_nothing(caught.value)
    return str(caught.value)


SHAPES = [
    # number, wire content, value, pad nibble that is not the standard one
    (2, "19 6200001234567890128 0", "6200001234567890128", None),
    (2, "19 6200001234567890128 f", "6200001234567890128", "F"),
    (2, "18 620000123456789012", "620000123456789012", None),
    (2, "00", "", None),
    (2, "01 6 0", "6", None),
    (3, "310000", "310000", None),
    (22, "0210", "021", None),
    (22, "0217", "021", "7"),
    (22, "021a", "021", "A"),
    (23, "0001", "001", None),
    (23, "0000", "000", None),
    (23, "f001", "001", "F"),
    (32, "08 00085500", "00085500", None),
    (32, "11 48025800123 0", "48025800123", None),
    (32, "00", "", None),
    (
        35,
        "37 6200001234567890128d30122010000000000 0",
        "6200001234567890128D30122010000000000",
        None,
    ),
    (
        35,
        "37 6200001234567890128d30122010000000000 f",
        "6200001234567890128D30122010000000000",
        "F",
    ),
    (35, "16 fedcba9876543210", "FEDCBA9876543210", None),
    (35, "48" + "6b43ec586f9d15471f26e60a" * 2, "6B43EC586F9D15471F26E60A" * 2, None),
    (35, "00", "", None),
    (36, "0000", "", None),
    (36, "0105 99620000123d" + "0" * 93 + "0", "99620000123D" + "0" * 93, None),
    (37, b"ABC 12345678".hex(), "ABC 12345678", None),
    (38, b"      ".hex(), "      ", None),
    (38, "000000000000", "\0" * 6, None),
    (39, b"A8".hex(), "A8", None),
    (39, b"zz".hex(), "zz", None),
    (44, "00", "", None),
    (44, "20" + "发卡行拒绝该笔交易".encode("gbk").hex() + "2020", "发卡行拒绝该笔交易  ", None),
    (44, "04 bdbbd2ff", b"\xbd\xbb\xd2\xff", None),
    (44, "02 8130", b"\x81\x30", None),
    (47, "0003 00ff10", b"\x00\xff\x10", None),
    (48, "0000", "", None),
    (48, "0001 00", "0", None),
    (48, "0001 0f", "0", "F"),
    (48, "0003 1234", "123", "4"),
    (48, "0322" + "12" * 161, "12" * 161, None),
    (48, "0999" + "12" * 499 + "10", "12" * 499 + "1", None),
    (52, "c411e6435383eb85", bytes.fromhex("C411E6435383EB85"), None),
    (54, "0020" + b"1002156C000000012345".hex(), "1002156C000000012345", None),
    (54, "0000", "", None),
    (55, "0000", b"", None),
    (55, "0005 9f36020047", bytes.fromhex("9F36020047"), None),
    (56, "0002 0001", b"\x00\x01", None),
    (57, "0001 ff", b"\xff", None),
    (58, "0999" + "ab" * 999, b"\xab" * 999, None),
    (59, "0000", b"", None),
    (60, "0011 000000010040", "00000001004", None),
    (60, "0011 00000001004e", "00000001004", "E"),
    (60, "0008 22000705", "22000705", None),
    (61, "0016 1000290001260626", "1000290001260626", None),
    (61, "0029" + "1" * 29 + "9", "1" * 29, "9"),
    (62, "0004 0080ff41", b"\x00\x80\xff\x41", None),
    (63, "0003 303120", "01 ", None),
    (63, "0007 435550" + "银联".encode("gbk").hex(), "CUP银联", None),
    (63, "0004 435550ff", b"CUP\xff", None),
    (63, "0004 435550bd", b"CUP\xbd", None),
    (63, "0000", "", None),
    (64, "0001020380ff7f0a", bytes.fromhex("0001020380FF7F0A"), None),
]


@pytest.mark.parametrize(("number", "content", "value", "pad"), SHAPES)
def test_a_field_decodes_and_encodes_exactly(number, content, value, pad):
    wire = body(content, number)
    message = UNIONPAY.decode(wire)
    found = message.fields[number]
    assert plain(found) == plain(value)
    assert message.pads == ({number: pad} if pad else {})
    assert UNIONPAY.encode(message) == wire
    assert UNIONPAY.encode(Message("0200", {number: value}, message.pads)) == wire


@pytest.mark.parametrize("number", [2, 35, 36])
def test_sensitive_digits_come_out_as_secret_text(number):
    content = {2: "0262", 35: "0262", 36: "000262"}[number]
    assert UNIONPAY.decode(body(content, number)).fields == {number: SecretText("62")}


@pytest.mark.parametrize(("number", "content"), [(52, "00" * 8), (55, "000200" + "00")])
def test_sensitive_bytes_come_out_as_secret_bytes(number, content):
    assert isinstance(UNIONPAY.decode(body(content, number)).fields[number], SecretBytes)


@pytest.mark.parametrize(
    ("number", "content", "text"),
    [
        (
            2,
            "20 62000012345678901280",
            "F2 at byte 10: the length is not a decimal number in range",
        ),
        (2, "1a 6200001234567890", "F2 at byte 10: the length is not a decimal number in range"),
        (2, "04 62a0", "F2 at byte 10: not all nibbles are decimal digits"),
        (2, "19 620000", "F2 at byte 10: the message ends inside the field"),
        (2, "", "F2 at byte 10: the message ends inside the field"),
        (4, "0000ab001050", "F4 at byte 10: not all nibbles are decimal digits"),
        (4, "00000000", "F4 at byte 10: the message ends inside the field"),
        (22, "0b10", "F22 at byte 10: not all nibbles are decimal digits"),
        (22, "02", "F22 at byte 10: the message ends inside the field"),
        (23, "000c", "F23 at byte 10: not all nibbles are decimal digits"),
        (35, "49" + "00" * 25, "F35 at byte 10: the length is not a decimal number in range"),
        (36, "1000" + "00" * 500, "F36 at byte 10: the length is not a decimal number in range"),
        (36, "00", "F36 at byte 10: the message ends inside the field"),
        (37, "c1" + "20" * 11, "F37 at byte 10: not all bytes are ASCII characters"),
        (44, "9f", "F44 at byte 10: the length is not a decimal number in range"),
        (48, "0003 12", "F48 at byte 10: the message ends inside the field"),
        (48, "0003 1a34", "F48 at byte 10: not all nibbles are decimal digits"),
        (62, "00a1 00", "F62 at byte 10: the length is not a decimal number in range"),
        (62, "0003 0000", "F62 at byte 10: the message ends inside the field"),
        (64, "00" * 7, "F64 at byte 10: the message ends inside the field"),
        (39, "303030", "end at byte 12: 1 bytes after the last field"),
    ],
)
def test_a_broken_field_is_named_with_its_offset(number, content, text):
    assert refused(lambda: UNIONPAY.decode(body(content, number))) == text


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        ("", "MTI at byte 0: the message ends inside it"),
        ("02", "MTI at byte 1: the message ends inside it"),
        ("0200", "bitmap at byte 2: the message ends inside it"),
        ("0200" + "00" * 7, "bitmap at byte 2: the message ends inside it"),
        ("02a0" + "00" * 8, "MTI at byte 0: not four decimal digits"),
        ("0200" + "80" + "00" * 7, "bitmap at byte 2: this dialect has no secondary bitmap"),
        ("0200" + "08" + "00" * 7, "bitmap at byte 2: field 5 is not in this dialect"),
        ("0200" + "0040" + "00" * 6, "bitmap at byte 3: field 10 is not in this dialect"),
    ],
)
def test_a_broken_beginning_is_named(wire, text):
    assert refused(lambda: UNIONPAY.decode(bytes.fromhex(wire))) == text


def test_a_message_without_fields_is_a_message():
    wire = bytes.fromhex("0820" + "00" * 8)
    assert UNIONPAY.decode(wire) == Message("0820", {})
    assert UNIONPAY.encode(Message("0820", {})) == wire


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({3: "00000"}, "F3 at byte 10: the value must have 6 digits"),
        ({3: "00000a"}, "F3 at byte 10: the value must be decimal digits"),
        ({3: "０００００1"}, "F3 at byte 10: the value must be decimal digits"),
        ({3: "²²²²²²"}, "F3 at byte 10: the value must be decimal digits"),
        ({3: 0}, "F3 at byte 10: the value must be text"),
        ({3: b"000000"}, "F3 at byte 10: the value must be text"),
        ({3: None}, "F3 at byte 10: the value must be text"),
        ({2: "6" * 20}, "F2 at byte 10: the value has more than 19 digits"),
        ({2: "62 0"}, "F2 at byte 10: the value must be decimal digits"),
        ({3: "000000", 4: "1"}, "F4 at byte 13: the value must have 12 digits"),
        ({4: "0" * 12, 11: "x" * 6}, "F11 at byte 16: the value must be decimal digits"),
        ({35: "62 D1"}, "F35 at byte 10: a track is hex digits with the separator D or ="),
        ({35: "62 D "}, "F35 at byte 10: a track is hex digits with the separator D or ="),
        ({35: "62G"}, "F35 at byte 10: a track is hex digits with the separator D or ="),
        ({35: "6" * 49}, "F35 at byte 10: the value has more than 48 digits"),
        ({38: "12345"}, "F38 at byte 10: the value must have 6 characters"),
        ({38: "12345é"}, "F38 at byte 10: characters that the field cannot carry"),
        ({41: "12345678", 42: "1" * 14}, "F42 at byte 18: the value must have 15 characters"),
        ({44: "x" * 100}, "F44 at byte 10: the value has more than 99 bytes"),
        ({44: 5}, "F44 at byte 10: the value must be text or bytes"),
        ({44: "\ud800"}, "F44 at byte 10: characters that the field cannot carry"),
        ({44: "🙂"}, "F44 at byte 10: characters that the field cannot carry"),
        ({52: bytes(7)}, "F52 at byte 10: the value must have 8 bytes"),
        ({52: "0" * 16}, "F52 at byte 10: the value must be bytes"),
        ({59: bytes(1000)}, "F59 at byte 10: the value has more than 999 bytes"),
        ({60: "1" * 1000}, "F60 at byte 10: the value has more than 999 digits"),
        ({5: "0"}, "bitmap at byte 2: field 5 is not in this dialect"),
        ({1: "0"}, "bitmap at byte 2: field 1 is not in this dialect"),
        ({65: "0"}, "bitmap at byte 2: field 65 is not in this dialect"),
    ],
)
def test_an_unfit_value_is_refused_when_encoding(fields, text):
    assert refused(lambda: UNIONPAY.encode(Message("0200", fields))) == text


@pytest.mark.parametrize(
    ("fields", "pads", "text"),
    [
        ({22: "021"}, {22: "x"}, "F22 at byte 10: a pad is one hex digit"),
        ({22: "021"}, {22: ""}, "F22 at byte 10: a pad is one hex digit"),
        ({22: "021"}, {22: "00"}, "F22 at byte 10: a pad is one hex digit"),
        ({3: "000000"}, {3: "F"}, "F3 at byte 10: a pad nibble is given but the count"),
        ({60: "12"}, {60: "F"}, "F60 at byte 10: a pad nibble is given but the count"),
        ({35: "12"}, {35: "F"}, "F35 at byte 10: a pad nibble is given but the count"),
        ({39: "00"}, {39: "F"}, "F39 at byte 10: this field has no pad nibble"),
        ({62: b""}, {62: "F"}, "F62 at byte 10: this field has no pad nibble"),
        ({3: "000000"}, {22: "F"}, "pads at byte 2: a pad nibble is given for an absent field"),
    ],
)
def test_a_pad_that_does_not_fit_is_refused(fields, pads, text):
    assert refused(lambda: UNIONPAY.encode(Message("0200", fields, pads))).startswith(text)


@pytest.mark.parametrize("mti", ["", "020", "02000", "02a0", "０２００", "0x10"])
def test_an_unfit_message_type_is_refused(mti):
    assert refused(lambda: UNIONPAY.encode(Message(mti, {}))).startswith("MTI at byte 0")


def test_secrets_and_plain_values_encode_alike():
    plainly = {2: "62", 35: "62=3012", 52: bytes(8), 55: b"\x95\x00", 44: "中"}
    secretly = {
        2: SecretText("62"),
        35: SecretText("62D3012"),
        52: SecretBytes(bytes(8)),
        55: SecretBytes(b"\x95\x00"),
        44: "中".encode("gbk"),
    }
    wire = UNIONPAY.encode(Message("0200", plainly))
    assert UNIONPAY.encode(Message("0200", secretly)) == wire
    assert UNIONPAY.decode(wire).fields[35] == SecretText("62D3012")


def test_a_secret_in_a_row_of_fixed_fields_encodes():
    fields = {3: "000000", 4: SecretText("000000000001"), 41: SecretText("00000001"), 42: "1" * 15}
    plainly = {**fields, 4: "000000000001", 41: "00000001"}
    assert UNIONPAY.encode(Message("0200", fields)) == UNIONPAY.encode(Message("0200", plainly))


def test_fields_may_be_given_in_any_order():
    fields = {60: "22000001", 3: "000000", 41: "00000001", 11: "000007"}
    ordered = dict(sorted(fields.items()))
    assert UNIONPAY.encode(Message("0200", fields)) == UNIONPAY.encode(Message("0200", ordered))


def test_lower_case_tracks_are_written_as_digits():
    assert UNIONPAY.encode(Message("0200", {35: "62d3"})) == body("04 62d3", 35)


def test_a_message_shows_numbers_of_fields_only():
    message = Message("0200", {2: "6200001234567890128", 62: b"\x01\x02"}, {2: "F"})
    assert repr(message) == "Message(mti='0200', fields=[2, 62])"


def test_typed_access_names_what_is_missing():
    message = Message("0200", {2: SecretText("62"), 39: "00", 52: SecretBytes(bytes(8)), 62: b"x"})
    assert message.text(39) == "00"
    assert message.binary(62) == b"x"
    assert message.secret_text(2) == SecretText("62")
    assert message.secret_bytes(52) == SecretBytes(bytes(8))
    assert Message("0200", {2: "62"}).secret_text(2) == SecretText("62")
    assert Message("0200", {55: b"x"}).secret_bytes(55) == SecretBytes(b"x")
    assert refused(lambda: message.text(41)) == "F41 at byte 0: absent"
    assert refused(lambda: message.text(2)) == "F2 at byte 0: not plain text"
    assert refused(lambda: message.binary(52)) == "F52 at byte 0: not plain bytes"
    assert refused(lambda: message.secret_text(35)) == "F35 at byte 0: absent"
    assert refused(lambda: message.secret_text(62)) == "F62 at byte 0: not text"
    assert refused(lambda: message.secret_bytes(55)) == "F55 at byte 0: absent"
    assert refused(lambda: message.secret_bytes(39)) == "F39 at byte 0: not bytes"


def test_the_mac_input_has_its_bit_set_already():
    message = Message("0200", {3: "000000", 41: "00000001"})
    unsigned = UNIONPAY.encode_unsigned(message, 64)
    assert unsigned == body("000000" + b"00000001".hex(), 3, 41, 64)
    with_mac = Message("0200", {**message.fields, 64: b"8A9E91B8"})
    assert UNIONPAY.encode(with_mac) == unsigned + b"8A9E91B8"
    assert UNIONPAY.encode_unsigned(with_mac, 64) == unsigned


def test_a_mac_must_be_the_last_field():
    late = "F64 at byte 0: the MAC must be the last field"
    wire = {11: "000001", 70: "301", 128: bytes(8)}
    assert refused(lambda: NETWORK.encode_unsigned(Message("0800", wire), 64)) == late
    not_a_mac = "F11 at byte 0: the MAC must be the last field"
    assert (
        refused(lambda: NETWORK.encode_unsigned(Message("0800", {11: "000001"}), 11)) == not_a_mac
    )


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        (bytes(3), "MAC at byte 3: the message ends inside the field"),
        (body("30" * 8, 64)[:-1], "MAC at byte 17: the message ends inside the field"),
        (body("3030", 39) + bytes(8), "MAC at byte 2: the bitmap announces no MAC"),
        (bytes.fromhex("0200") + b"\x80" + bytes(15), "MAC at byte 18: the message ends inside"),
    ],
)
def test_a_mac_that_is_not_there_is_not_cut_off(wire, text):
    assert refused(lambda: UNIONPAY.mac_split(wire)).startswith(text)


def test_the_secondary_bitmap_carries_fields_up_to_128():
    fields = {7: "1121100000", 11: "000001", 70: "301"}
    unsigned = NETWORK.encode_unsigned(Message("0800", fields), 128)
    assert unsigned.hex() == "0800" + "8220000000000000" + "0400000000000001" + (
        "1121100000" + "000001" + "0301"
    )
    assert NETWORK.mac_split(unsigned + bytes(8)) == (unsigned, bytes(8))
    for _ in range(2):  # the second time the plan is known
        message = NETWORK.decode(unsigned + bytes(8))
        assert message.fields == {**fields, 128: bytes(8)}


def test_a_secondary_bitmap_that_is_cut_or_asks_for_a_third_is_refused():
    cut = bytes.fromhex("0800" + "80" + "00" * 14)
    assert refused(lambda: NETWORK.decode(cut)) == "bitmap at byte 10: the message ends inside it"
    third = bytes.fromhex("0800" + "80" + "00" * 7 + "80" + "00" * 7)
    text = "bitmap at byte 10: field 65 is not in this dialect"
    assert refused(lambda: NETWORK.decode(third)) == text


def test_an_empty_secondary_bitmap_is_not_written_back_shorter():
    """The bitmap bit says that a second one follows; with nothing in it we could not rebuild it."""
    wire = bytes.fromhex("0800" + "80" + "00" * 15)
    assert refused(lambda: NETWORK.decode(wire)) == "bitmap at byte 10: the second bitmap is empty"


def test_plans_do_not_grow_without_end():
    """The peer picks the bitmap, so what is kept for each must have a limit."""
    dialect = Dialect("test", (FieldSpec(number=n, kind=Kind.TEXT, length=1) for n in range(2, 14)))
    for bits in range(1, 2**12):
        wire = bytes.fromhex("0200") + (bits << 51).to_bytes(8, "big") + b"x" * bits.bit_count()
        assert dialect.encode(dialect.decode(wire)) == wire
        assert len(dialect._decode_plans) <= 512
        assert len(dialect._encode_plans) <= 512


@pytest.mark.parametrize(
    "bad",
    [
        {"number": 1},
        {"number": 129},
        {"prefix": 3},
        {"length": 0},
        {"length": 1000},
        {"prefix": 1, "length": 100},
    ],
)
def test_a_nonsensical_table_is_refused(bad):
    with pytest.raises(ValueError, match=r"field|digits"):
        FieldSpec(**{"number": 3, "kind": Kind.NUMERIC, "length": 6, **bad})


def test_a_table_with_high_fields_needs_the_secondary_bitmap():
    with pytest.raises(ValueError, match="above 64"):
        Dialect("test", [FieldSpec(number=70, kind=Kind.NUMERIC, length=3)])
