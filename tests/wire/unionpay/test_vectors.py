"""Every published message decodes to the listed values and comes back byte for byte."""

import pytest

from tests.wire.samples import BY_NAME, VECTORS, body_of, each_vector, frame_of, plain_fields
from tongbao.wire.unionpay.dump import parse_dump
from tongbao.wire.unionpay.structured import (
    AdditionalAmounts,
    ChipData,
    FunctionCodes,
    MessageContext,
    OriginalTransaction,
    PrivateData,
    SecurityControl,
    parse_field44,
    parse_field48,
    parse_field62,
    parse_field63,
)
from tongbao.wire.unionpay.table import FIELDS, UNIONPAY


def test_the_file_holds_thirty_six_messages():
    assert len(VECTORS) == 36


@each_vector
def test_it_decodes_to_the_listed_fields(vector):
    message = UNIONPAY.decode(body_of(vector))
    assert {"mti": message.mti, **plain_fields(message)} == vector["fields"]
    assert list(message.fields) == sorted(message.fields)


@each_vector
def test_it_encodes_to_the_same_bytes(vector):
    body = body_of(vector)
    assert UNIONPAY.encode(UNIONPAY.decode(body)) == body


@each_vector
def test_its_framing_is_recognised_and_rebuilt(vector):
    dump = parse_dump(frame_of(vector))
    assert dump.framing == vector["framing"]
    assert dump.tpdu.hex().upper() == vector.get("tpdu", "")
    assert dump.header.hex().upper() == vector.get("header", "")
    assert dump.build() == frame_of(vector)


def test_only_one_message_has_an_unusual_pad():
    pads = {vector["name"]: UNIONPAY.decode(body_of(vector)).pads for vector in VECTORS}
    assert {name: pad for name, pad in pads.items() if pad} == {
        "sale_req_contactless_with_known_mak": {35: "F"}
    }


@each_vector
def test_the_mac_input_is_the_message_without_its_last_field(vector):
    message = UNIONPAY.decode(body_of(vector))
    if 64 not in message.fields:
        return
    mac = message.fields.pop(64)
    unsigned = UNIONPAY.encode_unsigned(message, 64)
    assert unsigned + mac == body_of(vector)
    assert UNIONPAY.mac_split(body_of(vector)) == (unsigned, mac)


@each_vector
def test_its_structured_fields_parse_and_build(vector):
    message = UNIONPAY.decode(body_of(vector))
    context = MessageContext.of(message)
    parsers = {
        44: parse_field44,
        48: lambda value: parse_field48(value, context),
        53: SecurityControl.parse,
        54: AdditionalAmounts.parse,
        55: ChipData.parse,
        59: PrivateData.parse,
        60: FunctionCodes.parse,
        61: OriginalTransaction.parse,
        62: lambda value: parse_field62(value, context),
        63: lambda value: parse_field63(value, context),
    }
    fields = plain_fields(message)
    for number, parse in parsers.items():
        if number not in message.fields:
            continue
        value = fields[str(number)]
        if number in (55, 59, 62):
            value = bytes.fromhex(value)
        built = parse(value).build()
        assert (
            built.decode("gbk") if isinstance(built, bytes) and number == 63 else built
        ) == value


def test_every_field_has_a_name_in_both_languages():
    assert [spec.number for spec in FIELDS] == sorted(spec.number for spec in FIELDS)
    assert all(spec.zh and spec.en for spec in FIELDS)


@pytest.mark.parametrize("number", [5, 6, 7, 9, 10, 18, 24, 33, 43, 46, 50])
def test_a_field_outside_the_table_is_refused(number):
    bitmap = (1 << (64 - number)).to_bytes(8, "big")
    with pytest.raises(Exception, match=rf"bitmap at byte \d: field {number} is not in this"):
        UNIONPAY.decode(bytes.fromhex("0200") + bitmap + bytes(8))


def test_the_declined_text_is_read_as_gbk():
    message = UNIONPAY.decode(body_of(BY_NAME["resp_0210_A8_text_in_field44"]))
    assert message.text(44).strip() == "交易失败，请稍后重试"
