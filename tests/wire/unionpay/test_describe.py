"""The print-out for people: bilingual, and without card data."""

import pytest
from hypothesis import given

from tests.wire.iso8583.strategies import messages, steady
from tests.wire.samples import BY_NAME, each_vector, frame_of
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.describe import describe
from tongbao.wire.unionpay.dump import BARE, Dump, parse_dump
from tongbao.wire.unionpay.table import UNIONPAY


def described(name):
    return describe(parse_dump(frame_of(BY_NAME[name])))


def of(mti, fields, pads=None):
    return describe(Dump(BARE, Message(mti, fields, pads or {})))


@each_vector
def test_every_field_is_named_in_both_languages(vector):
    text = describe(parse_dump(frame_of(vector)))
    for number in vector["fields"]:
        if number == "mti":
            assert f"MTI  消息类型 message type: {vector['fields']['mti']} = " in text
            continue
        spec = UNIONPAY.specs[int(number)]
        assert f"\nF{number:<4}{spec.zh} {spec.en}: " in text


@each_vector
def test_no_card_data_is_shown(vector):
    text = describe(parse_dump(frame_of(vector)))
    fields = vector["fields"]
    for number in ("2", "35", "52", "55", "59"):
        if fields.get(number):
            assert fields[number] not in text
    pan = fields.get("2") or fields.get("35", "").partition("D")[0]
    assert not pan or pan not in text
    if "52" in fields:
        assert "PIN block: *** (8 B)" in text


def test_the_codes_of_a_sale_are_explained():
    text = described("sale_req_ic_pin_maxwoods")
    for line in (
        "报文 2-byte length + TPDU + 6-byte header | message",
        "     - 处理要求 next act: 0 = 无处理要求 | nothing to do",
        "MTI  消息类型 message type: 0200 = 金融请求 | financial request",
        "F2   主账号 primary account number: 622424******0009",
        "F3   交易处理码 processing code: 000000 = 消费类 | sale or completion",
        "F4   交易金额 amount: 000000000001 = 0.01 元 | 0.01",
        "F14  卡有效期 expiry: 2806 = 2028年06月 | 2028-06",
        "entry mode: 071 = 非接触式IC卡，已输PIN | contactless chip, PIN entered",
        "F25  服务点条件码 POS condition code: 00 = 正常 | normal",
        "F49  交易货币代码 currency: 156 = 人民币 | CNY",
        "F55  IC卡数据域 chip card data: *** (139 B)",
        "     - 9F26 应用密文 application cryptogram: 95BBE372271DDA7C",
        "     - 60.1 交易类型码 function: 22 = 消费 | sale",
        "- 60.4 终端读取能力 capability: 6 = 接触式和非接触式IC卡 | contact and contact",
        "code: 3846363531423236 = ASCII 8F651B26 | ECB algorithm, eight hex characters",
    ):
        assert line in text


def test_the_code_of_a_reply_comes_with_what_to_do():
    assert (
        "F39  应答码 response code: 97 = 终端未登记 | Terminal not registered; 请核对"
        in described("signin_resp_fail_no_keys")
    )


def test_the_reason_of_a_reversal_is_not_a_response():
    assert "98 = POS在时限内未能收到应答 | no reply in time" in described(
        "reversal_req_98_magstripe_halo"
    )


def test_settlement_totals_are_explained():
    text = described("settle_resp_0510_balanced_flag_1")
    assert "内卡借记 domestic debit: 0.11 / 11" in text
    assert "外卡对账 foreign result: 1 = 对账平 | balanced" in text


def test_lists_keys_and_uploads_are_explained():
    assert "- 标志 flag: 1 = 全部 | complete" in described("aid_query_resp_0830_382")
    assert "- PIK 密钥校验值 key check value: 900ECCE3" in described("signin_resp_003_easy8583")
    assert "- 终端序列号 serial number: 99999906" in described("signin_req_003_field62_sequence_no")
    assert "- 上送金额 amount uploaded: 49.80" in described("batch_upload_tc_req_0320_203")
    assert "- 上送笔数 records uploaded: 0" in described("batch_upload_end_resp_0330_207")
    assert "- DF24 传输密钥校验值 transport key check value: 6772D76F" in described(
        "tmk_download_req_0800_350"
    )


@pytest.mark.parametrize(
    ("network", "value", "line"),
    [
        ("360", b"1160", "- 11 应用类型 application type: 60"),
        ("360", b"26\xff\x00\x00\x00", "- 26 交易支持位图 supported transactions: FF000000"),
        ("394", b"FF805D0011", "- FF805D 开关 switch: 1"),
        ("394", b"FF99990011", "- FF9999 未知 unknown: 1"),
        ("396", b"100206620000", "- BIN条数 beginnings listed: 1"),
        ("390", b"196200001234567890128", "- 黑名单条数 cards listed: 1"),
    ],
)
def test_downloads_are_explained(network, value, line):
    text = of("0810", {60: "00000001" + network, 62: value})
    assert line in text
    assert "6200001234567890128" not in text


@pytest.mark.parametrize(
    ("mti", "fields", "line"),
    [
        ("0820", {60: "00000001372", 62: b"105"}, "- 已接收条数 received already: 5"),
        ("0800", {60: "00000001396", 62: b"007"}, "- 起始序号 index: 7"),
        ("0220", {48: "000000000150", 60: "34000001000"}, "- 小费金额 tip: 1.50"),
        ("0200", {3: "620000", 48: "0210"}, "entry mode of the receiving card: 021"),
        ("0320", {48: "01" + "0" * 40, 60: "00000001201"}, "金额 trace, amount: 000000 0.00"),
        ("0210", {54: "1002156C000000012345"}, "- 02 金额 amount: C 123.45 (156)"),
        ("0210", {54: "x"}, "- 无法解析 cannot be parsed: F54 at byte 0"),
        ("0210", {54: b"\xff"}, "- 无法解析 cannot be parsed: F54 at byte 0: not text"),
        ("0210", {63: "CUP" + "谢谢惠顾"}, "- 63.2 附加信息 host text: 谢谢惠顾"),
        ("0800", {63: "01 "}, "- 63.1 操作员号 operator: 01"),
        ("0220", {63: "VIS"}, "- 63.1 卡组织 card organisation: VIS = 威士 | Visa"),
        ("0200", {55: bytes.fromhex("5A086200001234567890")}, "PAN: ****************"),
        ("0200", {55: b"\x00"}, "- 无法解析 cannot be parsed: F55 at byte 0"),
        ("0200", {59: b"A3018628888888888888888"}, "pay code: ******************"),
        ("0200", {60: "2"}, "- 无法解析 cannot be parsed: F60.1 at byte 0: this part has 2 digits"),
        ("0200", {53: "2600000000000000"}, "6 = 双倍长3DES | double-length 3DES"),
        ("0400", {61: "0000010000071121"}, "- 61.3 原始交易日期 original date: 1121"),
        ("0410", {39: "ZZ"}, "ZZ = 交易失败（应答码ZZ）"),
        ("9999", {}, "message type: 9999 = 未知 | unknown"),
    ],
)  # fmt: skip
def test_other_fields_are_explained(mti, fields, line):
    assert line in of(mti, fields)


def test_an_unusual_pad_is_shown():
    assert "- 填充位 pad nibble: F" in of("0200", {22: "021"}, {22: "F"})


def test_control_characters_cannot_drive_the_terminal_of_the_reader():
    text = of("0210", {44: "a\x1b[2Jb", 38: "\x00" * 6})
    assert "a\\x1b[2Jb" in text
    assert "\x1b" not in text
    assert "\x00" not in text


@steady
@given(messages(UNIONPAY))
def test_any_message_can_be_described(message):
    text = describe(Dump(BARE, message))
    assert all(f"\nF{number:<4}" in text for number in message.fields)
