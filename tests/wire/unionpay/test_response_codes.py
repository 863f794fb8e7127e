import pytest

from tongbao.wire.unionpay.response_codes import (
    RESPONSES,
    ResponseClass,
    describe_response,
    is_approval,
)


@pytest.mark.parametrize(
    ("code", "response_class", "zh", "en"),
    [
        ("00", ResponseClass.APPROVED, "交易成功", "Approved"),
        ("51", ResponseClass.DECLINED, "可用余额不足", "Insufficient funds"),
        ("55", ResponseClass.DECLINED, "密码错", "Wrong PIN"),
        ("75", ResponseClass.DECLINED, "密码错误次数超限", "PIN tries exceeded"),
        ("41", ResponseClass.OPERATOR, "挂失卡，请没收", "Lost card"),
        ("98", ResponseClass.SYSTEM, "发卡方超时", "Issuer did not answer"),
        ("A0", ResponseClass.RETRY, "MAC校验错，请重新签到", "MAC error"),
    ],
)
def test_a_code_has_its_texts(code, response_class, zh, en):
    text = describe_response(code)
    assert (text.code, text.response_class, text.zh, text.en) == (code, response_class, zh, en)


def test_every_code_is_complete_in_both_languages():
    assert len(RESPONSES) == 65
    for code, text in RESPONSES.items():
        assert text.code == code
        assert text.zh
        assert text.en.isascii()
        assert text.action_zh
        assert text.action_en.isascii()
        assert text.action_en.endswith(".")


def test_only_00_is_certain_to_be_paid():
    assert [code for code in RESPONSES if is_approval(code)] == ["00"]
    assert {code for code, text in RESPONSES.items() if text.response_class.value == "A"} == {
        *("00", "10", "11", "A2", "A4", "A5", "A6"),
    }


@pytest.mark.parametrize("code", ["ZZ", "A8", "  ", "", "\x00\x00", "中"])
def test_an_unknown_code_is_a_decline_that_names_itself(code):
    text = describe_response(code)
    assert text.response_class is ResponseClass.DECLINED
    assert text.code == code
    shown = code if code in ("ZZ", "A8") else "??"
    assert text.en == f"Declined (code {shown})"
    assert text.zh == f"交易失败（应答码{shown}）"
    assert not is_approval(code)
