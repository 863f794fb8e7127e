"""Every layout of the fields with parts of their own: exact values, exact bytes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.iso8583.strategies import steady
from tests.wire.samples import assert_tells_nothing
from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import BatchNo
from tongbao.domain.secrets import SecretText
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.structured import (
    AdditionalAmount,
    AdditionalAmounts,
    BatchDetail,
    BatchDetails,
    ChipData,
    FunctionCodes,
    HostText,
    HostTexts,
    InstitutionCodes,
    LoadEntryMode,
    MessageContext,
    OperatorNumber,
    OrganisationCode,
    OriginalTransaction,
    OtherDigits,
    SecurityControl,
    SettlementSide,
    SettlementTotals,
    TipAmount,
    UploadCount,
    parse_field44,
    parse_field48,
    parse_field63,
)


def refused(call):
    with pytest.raises(ProtocolError) as caught:
        call()
    assert_tells_nothing(caught.value)
    return str(caught.value)


def test_the_context_of_a_message_comes_from_its_codes():
    message = Message("0200", {3: "000000", 60: "22000001000501"})
    assert MessageContext.of(message) == MessageContext("0200", "000000", "22", "000")
    assert MessageContext.of(Message("0820", {60: "00000001301"})).network == "301"
    assert MessageContext.of(Message("0210", {60: b"x"})) == MessageContext("0210")
    assert MessageContext("0400").is_request
    assert not MessageContext("0430").is_request


def test_field_44_holds_two_codes():
    codes = parse_field44("01020000   48031000   ")
    assert codes == InstitutionCodes("01020000", "48031000")
    assert codes.build() == "01020000   48031000   "
    longer = parse_field44("01020000   48031000   abc")
    assert (longer.rest, longer.build()) == ("abc", "01020000   48031000   abc")


@pytest.mark.parametrize("value", ["", "0102", "交易失败", "x" * 26, b"\xff\xfe", "中" * 22])
def test_field_44_may_hold_text(value):
    assert parse_field44(value) == HostText(value)
    assert parse_field44(value).build() == value


def test_field_44_refuses_what_does_not_fit():
    assert "22 to 25" in refused(lambda: InstitutionCodes.parse("x"))
    assert "up to 11" in refused(lambda: InstitutionCodes("x" * 12, "").build())


SIDE = "000000001234" + "012" + "000000000500" + "001"
CONTEXT_48 = [
    (
        SIDE + "1" + "0" * 30 + "2",
        MessageContext("0510", network="201"),
        SettlementTotals(
            SettlementSide("000000001234", "012", "000000000500", "001", "1"),
            SettlementSide("0" * 12, "000", "0" * 12, "000", "2"),
        ),
    ),
    (
        "02"
        + ("00" + "000007" + "06200001234567890128" + "000000000100")
        + ("01" + "000008" + "00006200001234567890" + "000000000200"),
        MessageContext("0320", network="201"),
        BatchDetails(
            (
                BatchDetail("00", "000007", SecretText("06200001234567890128"), "000000000100"),
                BatchDetail("01", "000008", SecretText("00006200001234567890"), "000000000200"),
            )
        ),
    ),
    ("00", MessageContext("0320", network="201"), BatchDetails(())),
    ("0042", MessageContext("0320", network="207"), UploadCount(42)),
    ("0000", MessageContext("0330", network="202"), UploadCount(0)),
    ("000000000150", MessageContext("0220", function="34"), TipAmount(150)),
    ("0210", MessageContext("0200", processing_code="620000"), LoadEntryMode("021")),
    ("0", MessageContext("0200", processing_code="000000"), OtherDigits("0")),
    ("", MessageContext("0500"), OtherDigits("")),
    ("123", MessageContext("0320", network="207"), OtherDigits("123")),
    ("0211", MessageContext("0200", processing_code="600000"), OtherDigits("0211")),
    ("03" + "0" * 80, MessageContext("0320", network="201"), OtherDigits("03" + "0" * 80)),
    ("09" + "0" * 360, MessageContext("0320", network="201"), OtherDigits("09" + "0" * 360)),
]


@pytest.mark.parametrize(("digits", "context", "parsed"), CONTEXT_48)
def test_field_48_is_laid_out_by_its_message(digits, context, parsed):
    assert parse_field48(digits, context) == parsed
    assert parsed.build() == digits


def test_batch_details_do_not_show_card_numbers():
    assert "6200001234567890" not in repr(parse_field48(*CONTEXT_48[1][:2]))


@pytest.mark.parametrize(
    "value",
    [
        SettlementSide("1", "012", "000000000500", "001", "1"),
        BatchDetails((BatchDetail("00", "7", SecretText("0" * 20), "0" * 12),)),
        UploadCount(10_000),
        TipAmount(-1),
        LoadEntryMode("21"),
    ],
)
def test_field_48_parts_of_the_wrong_width_are_not_built(value):
    assert "digits" in refused(value.build)


def test_field_53_says_how_pin_and_tracks_are_protected():
    control = SecurityControl.parse("2610000000000000")
    assert control == SecurityControl("2", "6", "1")
    assert control.build() == "2610000000000000"
    assert SecurityControl("2", "6").build() == "2600000000000000"


@pytest.mark.parametrize(
    "digits", ["", "26", "260000000000000", "26000000000000000", "26000000000000A0"]
)
def test_field_53_is_sixteen_digits(digits):
    assert refused(lambda: SecurityControl.parse(digits)).startswith("F53 at byte 0")


def test_field_54_holds_balances():
    text = "1002156C000000012345" + "1001156D000000000001"
    amounts = AdditionalAmounts.parse(text)
    assert amounts.amounts == (
        AdditionalAmount("10", "02", "156", "C", "000000012345"),
        AdditionalAmount("10", "01", "156", "D", "000000000001"),
    )
    assert [one.amount_minor for one in amounts.amounts] == [12345, -1]
    assert amounts.build() == text
    assert AdditionalAmounts.parse("").build() == ""


@pytest.mark.parametrize(
    ("text", "at"),
    [("1002156C00000001234", 0), ("1002156X000000012345", 0), ("1002156C000000012345" + "1", 20)],
)
def test_field_54_names_the_amount_that_does_not_fit(text, at):
    assert refused(lambda: AdditionalAmounts.parse(text)).startswith(f"F54 at byte {at}:")


def test_field_54_parts_of_the_wrong_width_are_not_built():
    assert "F54" in refused(AdditionalAmount("10", "02", "156", "C", "1").build)


def test_field_55_finds_values_by_tag():
    wire = bytes.fromhex("9F36020047" + "910A" + "11" * 10 + "9F360100")
    chip = ChipData.parse(wire)
    assert chip.find("9F36") == bytes.fromhex("0047")
    assert chip.find("91") == b"\x11" * 10
    assert chip.find("5A") is None
    assert chip.build() == wire


@pytest.mark.parametrize(
    ("digits", "codes"),
    [
        ("00000001003", FunctionCodes("00", "000001", "003")),
        ("22000705", FunctionCodes("22", "000705")),
        ("220000070005", FunctionCodes("22", "000007", "000", "5")),
        ("0100000100050", FunctionCodes("01", "000001", "000", "5", "0")),
        ("22000065000501", FunctionCodes("22", "000065", "000", "5", "0", "1")),
        ("22000065000501048", FunctionCodes("22", "000065", "000", "5", "0", "1", "048")),
        ("2200006500050104812", FunctionCodes("22", "000065", "000", "5", "0", "1", "048", "12")),
    ],
)
def test_field_60_stops_after_the_last_part_needed(digits, codes):
    assert FunctionCodes.parse(digits) == codes
    assert codes.build() == digits


def test_field_60_gives_the_batch_number():
    assert FunctionCodes.parse("00000519003").batch_no == BatchNo(519)
    assert FunctionCodes.parse("00000000003").batch_no is None


@pytest.mark.parametrize(
    ("digits", "path"),
    [
        ("", "F60.1 at byte 0"),
        ("22", "F60.2 at byte 2"),
        ("2200001", "F60.2 at byte 2"),
        ("2200000100", "F60.3 at byte 8"),
        ("2200000100050104", "F60.7 at byte 14"),
        ("2A000001", "F60 at byte 0"),
    ],
)
def test_field_60_names_the_part_that_is_cut_short(digits, path):
    assert refused(lambda: FunctionCodes.parse(digits)).startswith(path)


@pytest.mark.parametrize(
    ("codes", "path"),
    [
        (FunctionCodes("22", "1"), "F60.2"),
        (FunctionCodes("22", "000001", capability="5"), "F60.4"),
        (FunctionCodes("22", "000001", "000", rest="1"), "F60.7"),
        (FunctionCodes("2x", "000001"), "F60.1"),
    ],
)
def test_field_60_with_a_hole_is_not_built(codes, path):
    assert refused(codes.build).startswith(path)


@pytest.mark.parametrize(
    ("digits", "original"),
    [
        ("100029000126", OriginalTransaction("100029", "000126")),
        ("1000290001260626", OriginalTransaction("100029", "000126", "0626")),
        ("1000290001260626" + "01", OriginalTransaction("100029", "000126", "0626", "01")),
        (
            "1000290001260626" + "01" + "00048020000" + "77",
            OriginalTransaction("100029", "000126", "0626", "01", "00048020000", "77"),
        ),
    ],
)
def test_field_61_names_the_original(digits, original):
    assert OriginalTransaction.parse(digits) == original
    assert original.build() == digits


def test_field_61_refuses_what_does_not_fit():
    assert refused(lambda: OriginalTransaction.parse("100029")).startswith("F61.2 at byte 6")
    assert refused(lambda: OriginalTransaction.parse("1" * 14)).startswith("F61.3 at byte 12")
    assert refused(OriginalTransaction("1" * 6, "1" * 6, rest="1").build).startswith("F61.5")


@pytest.mark.parametrize(
    ("value", "mti", "parsed"),
    [
        ("01 ", "0800", OperatorNumber("01")),
        ("001", "0500", OperatorNumber("001")),
        ("001" + "x" * 40, "0800", OperatorNumber("001", "x" * 40)),
        ("CUP", "0220", OrganisationCode("CUP")),
        ("000", "0220", OrganisationCode("000")),
        ("01 ", "0400", OperatorNumber("01")),
        ("CUP", "0210", HostTexts("CUP")),
    ],
)
def test_field_63_is_laid_out_by_its_message(value, mti, parsed):
    assert parse_field63(value, MessageContext(mti)) == parsed
    built = parsed.build()
    assert (built.decode("gbk") if isinstance(built, bytes) else built) == value


def test_field_63_texts_are_twenty_bytes_each():
    issuer = "交易成功".encode("gbk").ljust(20)
    terminal = "谢谢惠顾".encode("gbk")
    raw = b"CUP" + issuer + b" " * 20 + b" " * 20 + terminal
    texts = HostTexts.parse(raw)
    assert texts.issuer == issuer
    assert texts.texts() == ["交易成功", "谢谢惠顾"]
    assert texts.build() == raw
    assert HostTexts.parse(raw.decode("gbk")) == texts
    assert HostTexts("CUP", acquirer=b"ok").build() == b"CUP" + b" " * 40 + b"ok"


@pytest.mark.parametrize("value", ["", "CU", b"\xff\xff\xff", "中国银联"])
def test_field_63_of_a_reply_begins_with_an_organisation(value):
    text = refused(lambda: parse_field63(value, MessageContext("0210")))
    assert text.startswith("F63.1 at byte 0")


def test_field_63_of_a_reply_refuses_characters_that_gbk_does_not_have():
    # Text that came from JSON and not from the wire; a UnicodeEncodeError held all of it.
    text = refused(lambda: parse_field63("CUP\u00b2", MessageContext("0210")))
    assert text == "F63 at byte 0: characters that the field cannot carry"


@pytest.mark.parametrize(
    "value",
    [
        OperatorNumber("0001"),
        OrganisationCode("UP"),
        HostTexts("UP"),
        HostTexts("CUP", issuer=b"x" * 21),
    ],
)
def test_field_63_parts_of_the_wrong_width_are_not_built(value):
    assert refused(value.build).startswith("F63")


def test_an_operator_number_has_three_characters():
    assert refused(lambda: OperatorNumber.parse("1")).startswith("F63.1")


@steady
@given(
    st.text("0123456789", max_size=70),
    st.sampled_from(["0500", "0320", "0220", "0200"]),
    st.sampled_from(["201", "202", "000"]),
    st.sampled_from(["600000", "000000"]),
)
def test_field_48_always_comes_back(digits, mti, network, processing_code):
    context = MessageContext(mti, processing_code, "34", network)
    assert parse_field48(digits, context).build() == digits


@steady
@given(st.text("0123456789", max_size=40))
def test_fields_60_and_61_come_back_or_are_refused(digits):
    for field in (FunctionCodes, OriginalTransaction):
        try:
            parsed = field.parse(digits)
        except ProtocolError as error:
            assert_tells_nothing(error, within=len(digits))
        else:
            assert parsed.build() == digits


@steady
@given(st.one_of(st.binary(max_size=120), st.text("通宝ABC 019", max_size=60)), st.booleans())
def test_fields_44_and_63_come_back_or_are_refused(value, is_reply):
    assert parse_field44(value).build() == value
    try:
        parsed = parse_field63(value, MessageContext("0210" if is_reply else "0800"))
    except ProtocolError as error:
        assert_tells_nothing(error)
    else:
        built = parsed.build()
        built = built if isinstance(built, bytes) else built.encode("gbk")
        assert built == (value if isinstance(value, bytes) else value.encode("gbk"))
