"""Key downloads, signature data and what builds totals and details: exact values, exact bytes."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.samples import VECTORS, assert_tells_nothing
from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import Stan
from tongbao.domain.secrets import Pan, SecretText
from tongbao.wire.tlv import TlvElement
from tongbao.wire.unionpay.structured import (
    BatchDetail,
    BatchDetails,
    CaPublicKey,
    DataObjects,
    PrivateData,
    RsaTransportKey,
    SecurityControl,
    SettlementSide,
    SignatureData,
    WrappedMasterKey,
    WrappedTransportKey,
    public_key_checksum,
)

REQUEST_350 = bytes.fromhex(
    next(one["fields"]["62"] for one in VECTORS if one["name"] == "tmk_download_req_0800_350")
)


def test_the_published_request_for_a_master_key_is_read_and_built():
    request = WrappedTransportKey.parse(REQUEST_350)
    assert (request.check.hex().upper(), request.rid, request.index) == (
        "6772D76F",
        "A000000333",
        "01",
    )
    assert len(request.ciphertext) == 128
    assert request.build() == REQUEST_350
    assert DataObjects.parse(REQUEST_350).find("DF24") == request.check
    assert DataObjects.parse(REQUEST_350).find("DF25") is None


FIELDS = [
    (
        RsaTransportKey(b"\xab" * 128, b"\x01\x00\x01"),
        "9F0605A0000003339F220101DF028180" + "AB" * 128 + "DF0403010001",
    ),
    (WrappedMasterKey(b"\x11" * 16, b"\x01\x02\x03\x04"), "DF2310" + "11" * 16 + "DF240401020304"),
    (
        WrappedTransportKey(b"\x22" * 4, b"\x01\x02\x03\x04", "A000000003", "0A"),
        "DF2404010203049F0605A000000003DF2304222222229F22010A",
    ),
    (
        CaPublicKey("A000000333", "0B", "20301231", b"\xcd" * 3, b"\x03", checksum=b"\x05" * 20),
        "9F0605A000000333"
        "9F22010B"
        "DF05083230333031323331"
        "DF060101"
        "DF070101"
        "DF0203CDCDCD"
        "DF040103"
        "DF0314" + "05" * 20,
    ),
]


@pytest.mark.parametrize(("value", "wire"), FIELDS, ids=lambda one: type(one).__name__)
def test_a_key_field_has_these_bytes(value, wire):
    assert value.build().hex().upper() == wire
    assert type(value).parse(bytes.fromhex(wire)) == value


@pytest.mark.parametrize(("value", "wire"), FIELDS, ids=lambda one: type(one).__name__)
def test_a_key_field_that_does_not_fit_is_refused_by_tag(value, wire):
    kind = type(value)
    elements = DataObjects.parse(bytes.fromhex(wire)).elements
    for left_out in elements:
        rest = [element for element in elements if element is not left_out]
        if left_out.tag == "DF03":
            continue
        with pytest.raises(ProtocolError, match=f"tag {left_out.tag} is missing") as caught:
            kind.parse(DataObjects(tuple(rest)).build())
        assert_tells_nothing(caught.value)
    twice = DataObjects((*elements, elements[0])).build()
    with pytest.raises(ProtocolError, match="comes twice"):
        kind.parse(twice)


@pytest.mark.parametrize(
    ("kind", "wire", "text"),
    [
        (WrappedMasterKey, "DF2308" + "11" * 8 + "DF240401020304", "tag DF23 has 16 bytes"),
        (WrappedMasterKey, "DF2310" + "11" * 16 + "DF2403010203", "tag DF24 has 4 bytes"),
        (RsaTransportKey, "DF0201ABDF0401039F0604A00000039F220101", "tag 9F06 has 5 bytes"),
        (RsaTransportKey, "DF0201ABDF0401039F0605A0000003339F22020101", "9F22 has 1"),
    ],
)
def test_a_key_field_of_a_wrong_length_is_refused(kind, wire, text):
    with pytest.raises(ProtocolError, match=text):
        kind.parse(bytes.fromhex(wire))


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_protocol_error(data):
    for kind in (
        RsaTransportKey,
        WrappedTransportKey,
        WrappedMasterKey,
        CaPublicKey,
        SignatureData,
    ):
        try:
            kind.parse(data).build()
        except ProtocolError as error:
            assert_tells_nothing(error)


def test_a_public_key_says_whether_it_is_whole():
    key = CaPublicKey("A000000333", "0B", "20301231", b"\xcd" * 3, b"\x03")
    assert not key.is_intact
    own = hashlib.sha1(bytes.fromhex("A0000003330BCDCDCD03")).digest()
    assert public_key_checksum(key.rid, key.index, key.modulus, key.exponent) == own
    whole = CaPublicKey(key.rid, key.index, key.expiry, key.modulus, key.exponent, checksum=own)
    assert CaPublicKey.parse(whole.build()).is_intact
    assert not CaPublicKey(
        key.rid, "0C", key.expiry, key.modulus, key.exponent, checksum=own
    ).is_intact


@pytest.mark.parametrize("date", [b"2030-231", b"2\xa9\0\0\0231", b"20301\xb231"])
def test_a_public_key_with_an_expiry_of_no_digits_is_refused(date):
    good = CaPublicKey("A000000333", "0B", "20301231", b"\xcd", b"\x03").build()
    with pytest.raises(ProtocolError, match="DF05 is a date of 8 digits") as caught:
        CaPublicKey.parse(good.replace(b"20301231", date))
    assert_tells_nothing(caught.value)


def test_a_rid_that_is_no_hexadecimal_is_refused():
    with pytest.raises(ProtocolError, match="hexadecimal"):
        RsaTransportKey(b"", b"", rid="UNIONPAY00").build()


def test_signature_data_has_these_bytes():
    data = SignatureData(
        merchant_name="小店",
        transaction_type="消费",
        operator="01",
        date_time="20261121100000",
        tip="000000000150",
        others=(TlvElement("FF20", b"\x01"),),
    )
    wire = (
        "FF0004D0A1B5EA"
        "FF0104CFFBB7D1"
        "FF02023031"
        "FF060E3230323631313231313030303030"
        "FF080C303030303030303030313530"
        "FF200101"
    )
    assert data.build().hex().upper() == wire
    assert SignatureData.parse(bytes.fromhex(wire)) == data
    assert SignatureData.parse(b"") == SignatureData()


@pytest.mark.parametrize(
    ("wire", "text"),
    [("FF0001FF", "tag FF00 is not text"), ("FF000131FF000132", "tag FF00 comes twice")],
)
def test_signature_data_that_does_not_fit_is_refused(wire, text):
    with pytest.raises(ProtocolError, match=text) as caught:
        SignatureData.parse(bytes.fromhex(wire))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    with pytest.raises(ProtocolError, match="cannot carry"):
        SignatureData(merchant_name="店\N{GRINNING FACE}").build()


def test_a_side_of_the_totals_is_made_of_numbers():
    side = SettlementSide.of((12, 1_234), (1, 500), "1")
    assert side.build() == "0000000012340120000000005000011"
    assert (side.debit, side.credit, side.flag) == ((12, 1_234), (1, 500), "1")
    for debit in ((1_000, 1), (1, 10**12), (-1, 1)):
        with pytest.raises(ProtocolError, match="F48"):
            SettlementSide.of(debit, (0, 0)).build()


def test_a_detail_is_made_of_the_values_of_a_payment():
    detail = BatchDetail.of(Stan(7), Pan("6200001234567890128"), 100, is_foreign=False)
    assert detail == BatchDetail("00", "000007", SecretText("06200001234567890128"), "000000000100")
    assert detail.card_number == Pan("6200001234567890128")
    foreign = BatchDetail.of(Stan(8), Pan("6200009900000010"), 1, is_foreign=True)
    text = BatchDetails((detail, foreign)).build()
    assert text[42:] == "0100000800006200009900000010000000000001"
    assert "6200001234567890128" not in repr(detail)


@pytest.mark.parametrize("digits", ["0" * 20, "1" * 20])
def test_a_detail_without_a_card_number_is_refused(digits):
    with pytest.raises(ProtocolError, match="1 to 19 digits"):
        _ = BatchDetail("00", "000007", SecretText(digits), "0" * 12).card_number


@pytest.mark.parametrize(
    ("options", "digits"),
    [
        ({"algorithm": "6", "has_pin": True}, "2600000000000000"),
        ({"algorithm": "6", "has_pin": False}, "0600000000000000"),
        ({"algorithm": "3", "has_pin": True}, "2300000000000000"),
        ({"algorithm": "6", "has_pin": True, "track_is_encrypted": True}, "2610000000000000"),
        ({"algorithm": "6", "has_pin": False, "track_is_encrypted": True}, "0610000000000000"),
    ],
)
def test_the_security_control_values_seen_in_code_are_built(options, digits):
    assert SecurityControl.of(**options).build() == digits


def test_an_sm4_pin_block_travels_under_a1():
    field = PrivateData.of_pin_block(bytes(range(16)))
    assert field.build() == b"A1016" + bytes(range(16))
    assert PrivateData.parse(field.build()).find("A1") == bytes(range(16))
    assert "A1, 16 B" in repr(field)
