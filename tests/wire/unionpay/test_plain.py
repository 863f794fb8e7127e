"""Messages as JSON objects: exact inverses, and masked unless told otherwise."""

import json

import pytest
from hypothesis import given

from tests.wire.iso8583.strategies import messages, steady
from tests.wire.samples import (
    BY_NAME,
    VECTORS,
    assert_tells_nothing,
    body_of,
    each_vector,
    frame_of,
)
from tongbao.domain.errors import ProtocolError
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.dump import BARE, Dump, parse_dump
from tongbao.wire.unionpay.plain import from_plain, to_plain
from tongbao.wire.unionpay.table import UNIONPAY


def through_json(value):
    return json.loads(json.dumps(value, ensure_ascii=False))


@each_vector
def test_the_object_has_the_listed_values_and_leads_back(vector):
    plain = through_json(to_plain(parse_dump(frame_of(vector)), show_card_data=True))
    fields = dict(vector["fields"])
    assert plain["mti"] == fields.pop("mti")
    assert plain["fields"] == fields
    assert plain["tpdu"] == vector.get("tpdu")
    assert plain["header"] == vector.get("header")
    assert plain["framing"] == vector["framing"]
    assert from_plain(plain).build() == frame_of(vector)


@each_vector
def test_an_entry_of_the_vectors_file_encodes_as_it_stands(vector):
    entry = dict(vector)
    if vector["name"] == "sale_req_contactless_with_known_mak":
        entry["pads"] = {"35": "F"}
    assert from_plain(through_json(entry)).build() == frame_of(vector)


@each_vector
def test_only_four_keys_are_needed(vector):
    plain = to_plain(parse_dump(frame_of(vector)), show_card_data=True)
    plain.pop("framing")
    if vector["framing"] == "TPDU + 6-byte header":
        length = len(frame_of(vector)).to_bytes(2, "big")
        assert from_plain(plain).build() == length + frame_of(vector)
    else:
        assert from_plain(plain).build() == frame_of(vector)


@steady
@given(messages(UNIONPAY))
def test_any_message_leads_back_through_json(message):
    wire = UNIONPAY.encode(message)
    plain = through_json(to_plain(Dump(BARE, UNIONPAY.decode(wire)), show_card_data=True))
    assert from_plain(plain).build() == wire


def test_bytes_that_are_no_gbk_are_shown_and_kept():
    wire = UNIONPAY.encode(Message("0210", {44: b"\xbd\xbb\xff", 63: b"CUP\xd2"}))
    plain = through_json(to_plain(Dump(BARE, UNIONPAY.decode(wire))))
    assert plain["fields"] == {"44": "交\ufffd", "63": "CUP\ufffd"}
    assert plain["raw"] == {"44": "BDBBFF", "63": "435550D2"}
    assert from_plain(plain).build() == wire


def test_an_edited_text_is_encoded_instead_of_its_raw_bytes():
    plain = {"mti": "0210", "fields": {"63": "CUP好"}, "raw": {"63": "435550D2"}}
    assert from_plain(plain).message.fields[63] == "CUP好"


def test_lower_case_hex_is_taken():
    plain = {"mti": "0200", "fields": {"55": "9f36020047", "35": "62d3"}, "tpdu": "6000030000"}
    frame = from_plain({**plain, "header": "61320032fff1"}).build()
    assert frame.hex().upper().startswith("001F600003000061320032FFF1")


def masked(vector_name, number):
    return to_plain(parse_dump(frame_of(BY_NAME[vector_name])))["fields"][str(number)]


@pytest.mark.parametrize(
    ("vector_name", "number", "shown"),
    [
        ("sale_req_ic_pin_maxwoods", 2, "622424******0009"),
        ("sale_req_ic_pin_maxwoods", 35, "622424******0009D" + "*" * 17),
        ("sale_req_ic_pin_maxwoods", 52, "*" * 16),
        ("sale_req_ic_pin_maxwoods", 55, "*" * 278),
        ("sale_req_ic_pin_maxwoods", 59, "*" * 306),
        ("sale_req_ic_pin_maxwoods", 48, "0"),
        ("sale_resp_ipaynow", 2, "621226*********0000"),
        ("resp_0210_A8_text_in_field44", 36, ""),
        ("batch_upload_tc_req_0320_203", 62, "363130303030303030303030303034393830313536"),
        ("signin_req_003_b", 63, "001"),
        ("settle_req_0500", 48, "0" * 11 + "7" + "007" + "0" * 47),
    ],
)
def test_card_data_is_masked(vector_name, number, shown):
    assert masked(vector_name, number) == shown


def shown_fields(message):
    return to_plain(Dump(BARE, message))["fields"]


def test_card_numbers_in_batch_details_are_masked():
    record = "00" + "000007" + "06200001234567890128" + "000000000100"
    message = Message("0320", {48: "01" + record, 60: "00000001201"})
    assert shown_fields(message)["48"] == "0100000007" + "*" * 16 + "0128" + "000000000100"
    broken = Message("0320", {48: "02" + record, 60: "00000001201"})
    assert shown_fields(broken)["48"] == "*" * 42


def test_a_blacklist_is_masked():
    message = Message("0810", {60: "00000001390", 62: b"196200001234567890128"})
    assert shown_fields(message)["62"] == "*" * 42


def test_private_fields_are_masked_in_card_messages_only():
    fields = {47: b"a", 56: b"b", 57: b"c", 58: b"d", 62: b"e"}
    assert set(shown_fields(Message("0200", fields)).values()) == {"**"}
    assert shown_fields(Message("0800", fields))["62"] == "65"


def test_a_track_without_separator_is_hidden_whole():
    fields = {35: "6B43EC586F9A15471F", 36: "99620000"}
    assert shown_fields(Message("0200", fields)) == {"35": "*" * 18, "36": "*" * 8}


@each_vector
def test_no_card_number_survives_masking(vector):
    shown = json.dumps(to_plain(parse_dump(frame_of(vector))))
    for number, secret in vector["fields"].items():
        if number in ("2", "35", "52", "55", "59"):
            assert not secret or secret not in shown
        if number == "35":
            assert secret.partition("D")[0] not in shown


@each_vector
def test_masked_values_are_not_encoded(vector):
    plain = to_plain(parse_dump(frame_of(vector)))
    has_masks = any("*" in value for value in plain["fields"].values())
    if not has_masks:
        assert from_plain(plain).message.mti == vector["fields"]["mti"]
        return
    with pytest.raises(ProtocolError, match="the value is masked; decode with --show-card-data"):
        from_plain(plain)


def test_there_are_messages_with_and_without_masks():
    with_masks = [v for v in VECTORS if set(v["fields"]) & {"2", "35", "52", "55", "59"}]
    assert 0 < len(with_masks) < len(VECTORS)


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        ([], "JSON at byte 0: the line must be an object"),
        ("0200", "JSON at byte 0: the line must be an object"),
        (None, "JSON at byte 0: the line must be an object"),
        ({}, "fields at byte 0: missing or not an object"),
        ({"mti": "0200", "fields": []}, "fields at byte 0: missing or not an object"),
        ({"fields": {}}, "MTI at byte 0: missing or not a string"),
        ({"mti": 200, "fields": {}}, "MTI at byte 0: missing or not a string"),
        ({"mti": "0200", "fields": {"mti": "0210"}}, "MTI at byte 0: the two message types differ"),
        ({"mti": "0200", "fields": {"5": "1"}}, "fields at byte 0: a key is not a field number"),
        ({"mti": "0200", "fields": {"x": "1"}}, "fields at byte 0: a key is not a field number"),
        ({"mti": "0200", "fields": {"²": "1"}}, "fields at byte 0: a key is not a field number"),
        ({"mti": "0200", "fields": {"9" * 5000: "1"}}, "fields at byte 0: a key is not a field"),
        ({"mti": "0200", "fields": {"3": 0}}, "F3 at byte 0: the value must be a string"),
        ({"mti": "0200", "fields": {"3": None}}, "F3 at byte 0: the value must be a string"),
        ({"mti": "0200", "fields": {"62": "0"}}, "F62 at byte 0: not a string of hex digits"),
        ({"mti": "0200", "fields": {"62": "xx"}}, "F62 at byte 0: not a string of hex digits"),
        ({"mti": "0200", "fields": {}, "tpdu": 60}, "tpdu at byte 0: not a string of hex digits"),
        ({"mti": "0200", "fields": {}, "tpdu": "60"}, "TPDU at byte 0: a TPDU has 5 bytes"),
        ({"mti": "0200", "fields": {}, "tpdu": "6000030000"}, "header at byte 0"),
        ({"mti": "0200", "fields": {}, "framing": "x"}, "framing at byte 0: not one of the known"),
        ({"mti": "0200", "fields": {}, "framing": []}, "framing at byte 0: not one of the known"),
        ({"mti": "0200", "fields": {}, "pads": []}, "pads at byte 0: missing or not an object"),
        ({"mti": "0200", "fields": {}, "pads": {"2": 1}}, "pads at byte 0: the values must be"),
        (
            {"mti": "0200", "fields": {}, "pads": {"2": "F"}},
            "pads at byte 2: a pad nibble is given",
        ),
        ({"mti": "0200", "fields": {"63": "x"}, "raw": {"63": "x"}}, "raw F63 at byte 0"),
        ({"mti": "0200", "fields": {"2": "62******0009"}}, "F2 at byte 0: the value is masked"),
        ({"mti": "0200", "fields": {"52": "*" * 16}}, "F52 at byte 0: the value is masked"),
        ({"mti": "02", "fields": {}}, "MTI at byte 0: not four decimal digits"),
    ],
)
def test_an_object_that_is_no_message_is_refused(plain, text):
    with pytest.raises(ProtocolError) as caught:
        from_plain(plain).build()
    assert str(caught.value).startswith(text)
    assert_tells_nothing(caught.value)


def test_the_message_type_may_stand_among_the_fields():
    plain = {"fields": {"mti": "0820", "60": "00000001301"}}
    assert from_plain(plain).message.mti == "0820"
    assert body_of(BY_NAME["echo_req_0820_301"])[:2] == b"\x08\x20"
