"""Fields 59 and 62: lists of values, keys, parameters, uploads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.iso8583.strategies import steady
from tests.wire.samples import assert_tells_nothing
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import SecretText
from tongbao.wire.tlv import TlvElement
from tongbao.wire.unionpay.structured import (
    BinList,
    BinListRequest,
    Blacklist,
    ContactlessParameters,
    DataObjects,
    DownloadProgress,
    FlaggedDataObjects,
    HardwareId,
    IcUpload,
    Location,
    MagneticParameters,
    MessageContext,
    OtherBytes,
    PrivateData,
    SequenceNo,
    WorkingKeys,
    parse_field62,
)
from tongbao.wire.unionpay.structured.field62 import _LAYOUTS
from tongbao.wire.unionpay.structured.tagged import TaggedValue, build_tagged

HARDWARE = (
    b"01" b"002" b"02"
    b"02" b"016" b"0000020254004318"
    b"03" b"006" b"000052"
    b"04" b"008" b"EC7CD424"
    b"05" b"008" b"321702  "
)  # fmt: skip


def refused(call):
    with pytest.raises(ProtocolError) as caught:
        call()
    assert_tells_nothing(caught.value)
    return str(caught.value)


def test_field_59_is_a_list_of_tagged_values():
    wire = b"A2" + b"065" + HARDWARE + b"A3" + b"018" + b"628888888888888888"
    data = PrivateData.parse(wire)
    assert [one.tag for one in data.elements] == ["A2", "A3"]
    assert data.length_digits == 3
    assert data.find("A2") == HARDWARE
    assert data.find("A4") is None
    assert data.build() == wire
    assert "6288" not in repr(data)


def test_field_59_of_one_vendor_has_two_digit_lengths():
    data = PrivateData.parse(b"1205ABCDE1302XY")
    assert (data.length_digits, data.find("13")) == (2, b"XY")
    assert data.build() == b"1205ABCDE1302XY"


@pytest.mark.parametrize("wire", [b"A", b"A2x", b"A2005abc", b"\x00\x01\x02\x03\x04\x05"])
def test_field_59_of_no_known_form_is_refused(wire):
    assert refused(lambda: PrivateData.parse(wire)) == (
        "F59 at byte 0: not a list of tag, length and value"
    )


def test_a_hardware_id_names_its_parts():
    hardware = HardwareId.parse(HARDWARE)
    assert hardware.device_type == "02"
    assert hardware.serial_number == "0000020254004318"
    assert hardware.random_factor == "000052"
    assert hardware.ciphertext == "EC7CD424"
    assert hardware.application_version == "321702  "
    assert hardware.build() == HARDWARE
    short = HardwareId.of({"01": "04", "02": "SN123"})
    assert short.build() == b"0100204" + b"02005SN123"
    assert short.random_factor is None


def test_a_location_is_a_list_of_parts():
    wire = b"01010+116.39747" + b"02009+39.90882" + b"05005GCJ02"
    assert Location.parse(wire).build() == wire


def test_a_value_too_long_for_its_length_is_not_built():
    assert "digits" in refused(lambda: build_tagged([TaggedValue("A1", bytes(100))], 2, "F59"))


TLV = bytes.fromhex("9F0605A000000333" + "9F220101")
TLV_LIST = TLV + bytes.fromhex("9F0605A000000333" + "9F220102")
KEYS_40 = bytes(range(40))
CONTEXT_62 = [
    (
        b"Sequence No12" + b"3060" + b"99999906",
        MessageContext("0800", network="003"),
        SequenceNo("3060", "99999906"),
    ),
    (b"1" + b"05", MessageContext("0820", network="372"), DownloadProgress(5)),
    (TLV, MessageContext("0800", network="370"), DataObjects),
    (b"1" + TLV, MessageContext("0810", network="380"), FlaggedDataObjects),
    (b"0", MessageContext("0830", network="382"), FlaggedDataObjects("0", ())),
    (b"2" + TLV_LIST, MessageContext("0830", network="372"), FlaggedDataObjects),
    (TLV, MessageContext("0800", network="350"), DataObjects),
    (
        b"610000000000004980156",
        MessageContext("0320", network="203"),
        IcUpload("61", "00", "00", "000000004980", "156"),
    ),
    (
        b"71010500000000498015622",
        MessageContext("0320", network="206"),
        IcUpload("71", "01", "05", "000000004980", "156", "22"),
    ),
    (
        b"1160126013122" + "通宝便利店".encode("gbk").ljust(40) + b"26\xff\x00\x00\x00",
        MessageContext("0810", network="360"),
        MagneticParameters,
    ),
    (
        b"FF805D" + b"001" + b"1" + b"FF8058" + b"012" + b"000000100000",
        MessageContext("0810", network="394"),
        ContactlessParameters,
    ),
    (b"000", MessageContext("0800", network="396"), BinListRequest(0)),
    (
        b"2" + b"002" + b"06620000" + b"06620001",
        MessageContext("0810", network="398"),
        BinList("2", 2, ("620000", "620001")),
    ),
    (
        b"19" + b"6200001234567890128" + b"16" + b"6200001234567890",
        MessageContext("0810", network="390"),
        Blacklist((SecretText("6200001234567890128"), SecretText("6200001234567890"))),
    ),
    (b"\x00\x01\x02", MessageContext("0820", network="800"), OtherBytes(b"\x00\x01\x02")),
    (b"000000"[:3], MessageContext("0800", network="960"), OtherBytes(b"000")),
    (bytes(104), MessageContext("0810", network="005"), OtherBytes(bytes(104))),
    (b"", MessageContext("0800", network="003"), OtherBytes(b"")),
    (b"Sequence No13306099999906", MessageContext("0800", network="003"), OtherBytes),
    (b"x", MessageContext("0830", network="372"), OtherBytes),
    (b"1\x9f", MessageContext("0830", network="372"), OtherBytes),
    (b"99x", MessageContext("0810", network="360"), OtherBytes),
    (b"121", MessageContext("0810", network="360"), OtherBytes),
    (b"1900", MessageContext("0810", network="390"), OtherBytes),
    (b"1ab", MessageContext("0810", network="396"), OtherBytes),
]


@pytest.mark.parametrize(("value", "context", "parsed"), CONTEXT_62)
def test_field_62_is_laid_out_by_its_message(value, context, parsed):
    found = parse_field62(value, context)
    if isinstance(parsed, type):
        assert type(found) is parsed
    else:
        assert found == parsed
    assert found.build() == value


@pytest.mark.parametrize(
    ("size", "layout"),
    [
        (24, [("PIK", 8), ("MAK", 8)]),
        (40, [("PIK", 16), ("MAK", 16)]),
        (60, [("PIK", 16), ("MAK", 16), ("TDK", 16)]),
    ],
)
def test_working_keys_are_cut_by_the_length_of_the_field(size, layout):
    value = bytes(range(size))
    keys = parse_field62(value, MessageContext("0810", network="003"))
    assert isinstance(keys, WorkingKeys)
    assert [(key.name, len(key.cryptogram)) for key in keys.keys] == layout
    assert all(len(key.check) == 4 for key in keys.keys)
    assert keys.build() == value
    assert value[:8].hex() not in repr(keys)


def test_the_check_value_of_a_short_mak_stands_at_the_end():
    keys = WorkingKeys.parse(KEYS_40)
    assert keys.keys[1].check == KEYS_40[36:]
    assert keys.keys[1].cryptogram == KEYS_40[20:36]


def test_download_lists_are_grouped_by_entry():
    found = FlaggedDataObjects.parse(b"2" + TLV_LIST)
    assert found.flag == "2"
    assert [[one.tag for one in entry] for entry in found.entries()] == [["9F06", "9F22"]] * 2
    assert FlaggedDataObjects("1", (TlvElement("9F22", b"\x01"),)).entries() == [
        (TlvElement("9F22", b"\x01"),)
    ]


def test_parameters_are_found_by_tag():
    magnetic = parse_field62(*CONTEXT_62[9][:2])
    assert magnetic.find("12") == b"60"
    assert magnetic.find("22").decode("gbk").rstrip() == "通宝便利店"
    assert magnetic.find("25") is None
    contactless = parse_field62(*CONTEXT_62[10][:2])
    assert contactless.find("FF8058") == b"000000100000"


def test_a_blacklist_and_other_bytes_do_not_show_their_content():
    assert "6200001234567890" not in repr(parse_field62(*CONTEXT_62[13][:2]))
    assert repr(OtherBytes(b"abc")) == "OtherBytes(3 B)"


@pytest.mark.parametrize(
    "value",
    [
        SequenceNo("306", "99999906"),
        SequenceNo("3060", "é"),
        WorkingKeys(()),
        DownloadProgress(100),
        IcUpload("6", "100", "00", "000000004980", "156"),
        BinListRequest(1000),
        BinList("1", 1000, ()),
        BinList("x", 1, ()),
        Blacklist((SecretText("6" * 100),)),
        MagneticParameters((TaggedValue("12", b"1"),)),
        MagneticParameters((TaggedValue("99", b"1"),)),
    ],
)
def test_field_62_parts_that_do_not_fit_are_not_built(value):
    assert refused(value.build).startswith("F62")


@steady
@given(
    st.one_of(st.binary(max_size=80), st.text("0123456789", max_size=70).map(str.encode)),
    st.sampled_from(sorted(_LAYOUTS)),
)
def test_field_62_always_comes_back(value, codes):
    assert parse_field62(value, MessageContext(codes[0], network=codes[1])).build() == value


@steady
@given(st.binary(max_size=60))
def test_field_59_comes_back_or_is_refused(value):
    for field in (PrivateData, HardwareId, Location):
        try:
            parsed = field.parse(value)
        except ProtocolError as error:
            assert_tells_nothing(error, within=len(value))
        else:
            assert parsed.build() == value
