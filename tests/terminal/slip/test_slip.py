"""What stands on a slip, byte for byte, and what never may."""

from __future__ import annotations

import dataclasses

import pytest

from tests.terminal.slip.samples import APPROVED, PAPERS, SAMPLES, TOTALS, WIDTHS_DOTS, golden_file
from tongbao.domain.errors import ProtocolError
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Pan
from tongbao.terminal.paper import amount_text, wrap
from tongbao.terminal.papers import paper_to_escpos
from tongbao.terminal.slip import (
    PAPER_58_MM_DOTS,
    PAPER_80_MM_DOTS,
    Slip,
    SlipCopy,
    SlipOutcome,
    payment_reference,
    slip_to_escpos,
)
from tongbao.wire.escpos.operations import (
    LETTER_WIDTH_DOTS,
    Feed,
    LineFeed,
    QrCode,
    Raster,
    Size,
    Text,
    columns,
)
from tongbao.wire.escpos.parser import parse_job
from tongbao.wire.jbig import Bitmap, encode

ALL = [(name, width) for name in PAPERS for width in WIDTHS_DOTS]


def lines_of(data: bytes) -> list[tuple[str, int, int]]:
    """Return each printed line with its magnification."""
    lines, line, width, height = [], "", 1, 1
    for operation in parse_job(data):
        if isinstance(operation, Size):
            width, height = operation.width, operation.height
        elif isinstance(operation, Text):
            line += operation.value
        elif isinstance(operation, LineFeed | Feed):
            lines.append((line, width, height))
            line = ""
    return lines


def text_of(data: bytes) -> str:
    """Return all printed text with the blanks between label and value reduced to one."""
    return " ".join(" ".join(line for line, _, _ in lines_of(data)).split())


@pytest.mark.parametrize(("name", "width"), ALL)
def test_slip_is_the_golden_bytes(name: str, width: int) -> None:
    expected = bytes.fromhex(golden_file(name, width).read_text())
    assert paper_to_escpos(PAPERS[name], width) == expected


@pytest.mark.parametrize(("name", "width"), ALL)
def test_every_truncation_of_a_slip_is_a_protocol_error(name: str, width: int) -> None:
    data = bytes.fromhex(golden_file(name, width).read_text())
    for length in range(len(data)):
        with pytest.raises(ProtocolError):
            parse_job(data[:length])


@pytest.mark.parametrize(("name", "width"), ALL)
def test_no_line_is_wider_than_the_paper(name: str, width: int) -> None:
    for line, times, _ in lines_of(paper_to_escpos(PAPERS[name], width)):
        assert columns(line) * times * LETTER_WIDTH_DOTS <= width, line


@pytest.mark.parametrize(("name", "width"), [one for one in ALL if one[0] in SAMPLES])
def test_amount_is_the_largest_thing_on_the_slip(name: str, width: int) -> None:
    lines = [entry for entry in lines_of(slip_to_escpos(SAMPLES[name], width)) if entry[0]]
    largest = max(lines, key=lambda entry: (entry[1] * entry[2], entry[1]))
    text = amount_text(SAMPLES[name].amount)
    is_narrow = columns(text) * 3 * LETTER_WIDTH_DOTS > width
    assert largest == (text, 2 if is_narrow else 3, 3)


def test_what_gives_money_back_says_so_and_has_a_minus() -> None:
    text = text_of(slip_to_escpos(SAMPLES["void"]))
    assert "-￥1,234.50" in text
    assert "消费撤销 VOID" in text
    assert "原凭证号 ORIG. VOUCHER 000012" in text
    assert "THE ORIGINAL PAYMENT STANDS" in text_of(slip_to_escpos(SAMPLES["void_reversed"]))
    for outcome, words in (
        (SlipOutcome.DECLINED, "NOTHING WAS GIVEN BACK."),
        (SlipOutcome.IN_DOUBT, "DO NOT GIVE BACK AGAIN"),
    ):
        slip = dataclasses.replace(SAMPLES["void"], outcome=outcome)
        assert words in text_of(slip_to_escpos(slip))


def test_a_tip_stands_beside_the_sale_and_in_the_total() -> None:
    text = text_of(slip_to_escpos(SAMPLES["tip"]))
    for part in ("消费金额 SALE", "￥1,234.50", "小费 TIP", "￥150.00", "总计 TOTAL", "￥1,384.50"):
        assert part in text


def test_the_totals_name_every_kind_and_both_sides() -> None:
    text = text_of(paper_to_escpos(PAPERS["totals"]))
    for part in ("消费撤销 VOID", "内卡 DOMESTIC CARDS", "外卡 FOREIGN CARDS", "￥11,260.50"):
        assert part in text


def test_totals_of_a_batch_without_payments_say_so() -> None:
    empty = dataclasses.replace(TOTALS, kinds=())
    assert "本批次无交易" in text_of(paper_to_escpos(empty))


def test_approved_slip_holds_every_item_of_the_receipt_table() -> None:
    text = text_of(slip_to_escpos(APPROVED, PAPER_80_MM_DOTS))
    for item in (
        "通宝便利店 Tongbao Corner Shop",
        "沙盒交易 非真实资金 SANDBOX - NO REAL MONEY",
        "签购单 SALES SLIP",
        "商户存根 MERCHANT COPY",
        "商户编号 MERCHANT NO. 100000000000001",
        "终端编号 TERMINAL NO. 00000001",
        "操作员号 OPERATOR NO. 01",
        "发卡机构 ISSUER 通宝沙盒银行",
        "收单机构 ACQUIRER 通宝收单",
        "卡号 CARD NO. 620000*********0128 S",
        "交易类型 TRANS TYPE 消费 SALE",
        "批次号 BATCH NO. 000001",
        "凭证号 VOUCHER NO. 000012",
        "授权码 AUTH NO. A12345",
        "参考号 REF. NO. 632510000012",
        "日期时间 DATE/TIME 2026/11/21 10:00:00",
        "金额 AMOUNT ￥1,234.50",
        "持卡人签名 CARDHOLDER SIGNATURE",
        "本人确认以上交易，同意将其记入本卡账户",
        "I ACKNOWLEDGE SATISFACTORY RECEIPT OF RELATIVE GOODS/SERVICES",
        "交易索引 PAYMENT REFERENCE",
    ):
        assert item in text


def test_narrow_paper_shortens_labels_and_never_values() -> None:
    text = text_of(slip_to_escpos(APPROVED, PAPER_58_MM_DOTS))
    for item in (
        "商户编号 MID 100000000000001",
        "卡号 CARD 620000*********0128 S",
        "时间 TIME 2026/11/21 10:00:00",
    ):
        assert item in text


def test_cardholder_copy_has_no_signature_line() -> None:
    slip = dataclasses.replace(APPROVED, copy=SlipCopy.CARDHOLDER)
    text = text_of(slip_to_escpos(slip))
    assert "持卡人存根 CARDHOLDER COPY" in text
    assert "SIGNATURE" not in text
    assert "谢谢惠顾 THANK YOU" in text


def test_reprint_says_so() -> None:
    assert "重打印 REPRINT" not in text_of(slip_to_escpos(APPROVED))
    reprint = dataclasses.replace(APPROVED, is_reprint=True)
    assert "*** 重打印 REPRINT ***" in text_of(slip_to_escpos(reprint))


def test_slip_without_a_mark_has_no_band() -> None:
    text = text_of(slip_to_escpos(dataclasses.replace(APPROVED, mark=None)))
    assert "NO REAL MONEY" not in text


def test_declined_slip_says_why_and_that_nothing_was_charged() -> None:
    text = text_of(slip_to_escpos(SAMPLES["declined"]))
    assert "交易失败 DECLINED" in text
    assert "51 余额不足 Insufficient funds" in text
    assert "本次未扣款。 NOTHING WAS CHARGED." in text
    assert "SIGNATURE" not in text


def test_reversal_slip_says_that_the_payment_was_undone() -> None:
    text = text_of(slip_to_escpos(SAMPLES["reversed"], PAPER_80_MM_DOTS))
    assert "已冲正 REVERSED" in text
    assert "本笔交易已冲正，视同未发生。已扣款项将退回原卡。" in text
    assert "凭证号 VOUCHER NO. 000012" in text


def test_in_doubt_slip_tells_the_cashier_not_to_charge_again() -> None:
    text = text_of(slip_to_escpos(SAMPLES["in_doubt_training"], PAPER_80_MM_DOTS))
    assert "查询中 BEING CHECKED" in text
    assert "查明之前请勿重复收款。" in text
    assert "DO NOT CHARGE AGAIN UNTIL THEN." in text
    assert "APPROVED" not in text
    assert "TRAINING - NO REAL MONEY" in text


@pytest.mark.parametrize("name", ["declined", "reversed", "in_doubt_training"])
def test_short_slips_are_shorter_than_the_sales_slip(name: str) -> None:
    assert len(lines_of(slip_to_escpos(SAMPLES[name]))) < len(lines_of(slip_to_escpos(APPROVED)))


def test_qr_code_is_the_payment_reference() -> None:
    codes = [one for one in parse_job(slip_to_escpos(APPROVED)) if isinstance(one, QrCode)]
    assert [code.data for code in codes] == [b"TONGBAO/1/00000001/000001/000012/632510000012"]


def test_payment_reference_without_an_rrn_ends_in_a_slash() -> None:
    slip = SAMPLES["reversed"]
    assert payment_reference(slip) == "TONGBAO/1/00000001/000001/000012/"


def test_paper_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="384 dots"):
        slip_to_escpos(APPROVED, 512)


@pytest.mark.parametrize(
    "card",
    [
        "6200001234567890128",
        "6200001********0128",
        "620000********90128",
        "620000*1********0128",
        "620000******** 0128",
        "620000**********0128",  # 20 characters
        "６２００００*********0128",
        "620000",
        "",
    ],
)
def test_slip_refuses_a_card_number_that_shows_too_much(card: str) -> None:
    with pytest.raises(ValueError, match="first six and last four") as caught:
        dataclasses.replace(APPROVED, card_masked=card)
    assert not card or card not in str(caught.value)


@pytest.mark.parametrize("digits", ["6200001234567890128", "620000123456", "62000012"])
def test_slip_takes_every_masked_card_number(digits: str) -> None:
    masked = Pan(digits).masked
    slip = dataclasses.replace(APPROVED, card_masked=masked)
    assert f"{masked} S" in text_of(slip_to_escpos(slip))


def test_slip_refuses_the_secret_itself() -> None:
    with pytest.raises(TypeError, match="masked text"):
        dataclasses.replace(APPROVED, card_masked=Pan("6200001234567890128"))  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize("written", ["6200001234567890128", "6200 0012-3456 7890 128"])
def test_card_number_in_a_text_from_elsewhere_is_masked(written: str) -> None:
    slip = dataclasses.replace(APPROVED, remarks=(f"卡 {written} 已受理",), merchant_name=written)
    text = text_of(slip_to_escpos(slip, PAPER_80_MM_DOTS))
    assert "卡 620000*********0128 已受理" in text
    assert "34567" not in text


def test_long_number_that_is_no_card_number_stays() -> None:
    slip = dataclasses.replace(APPROVED, remarks=("订单 1234567890123456789",))
    assert "订单 1234567890123456789" in text_of(slip_to_escpos(slip))


def test_repr_of_a_slip_shows_no_more_than_the_slip() -> None:
    assert "620000*********0128" in repr(APPROVED)


def test_commands_in_a_name_are_printed_as_nothing() -> None:
    slip = dataclasses.replace(APPROVED, merchant_name="店\x1bp\x00\x19\xfa\n")
    names = [line for line, _, _ in lines_of(slip_to_escpos(slip))]
    assert "店pú" in names


def test_long_names_are_wrapped() -> None:
    slip = dataclasses.replace(
        APPROVED,
        merchant_name="北京市朝阳区通宝连锁便利店有限责任公司第一百二十三分店",
        merchant_name_en="Tongbao Chain Convenience Stores Limited, Chaoyang Branch 123",
        issuer_name="一家名字特别特别长的村镇银行股份有限公司",
    )
    for width in WIDTHS_DOTS:
        lines = lines_of(slip_to_escpos(slip, width))
        assert all(columns(line) * times * LETTER_WIDTH_DOTS <= width for line, times, _ in lines)
        assert "公司第一百二十三分店" in "".join(line for line, _, _ in lines)


@pytest.mark.parametrize("outcome", SlipOutcome)
def test_every_outcome_has_a_form(outcome: SlipOutcome) -> None:
    slip = dataclasses.replace(APPROVED, outcome=outcome, rrn=None)
    assert parse_job(slip_to_escpos(slip))


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (1, Currency.CNY, "￥0.01"),
        (123_456_789, Currency.CNY, "￥1,234,567.89"),
        (-100, Currency.CNY, "-￥1.00"),
        (1_500, Currency.JPY, "JPY 1,500"),
        (1_500, Currency.USD, "USD 15.00"),
    ],
)
def test_amount_is_grouped_and_named(minor: int, currency: Currency, expected: str) -> None:
    assert amount_text(Money(minor, currency)) == expected


@pytest.mark.parametrize("minor", [1, 99_999, 9_999_999, 999_999_999, 999_999_999_999])
@pytest.mark.parametrize("width", WIDTHS_DOTS)
def test_amount_of_any_size_stays_on_one_line(minor: int, width: int) -> None:
    slip = dataclasses.replace(APPROVED, amount=Money(minor, Currency.CNY))
    lines = [line for line, _, _ in lines_of(slip_to_escpos(slip, width))]
    assert amount_text(slip.amount) in lines


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("", 10, []),
        ("one two three", 8, ["one two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("一二三四五", 4, ["一二", "三四", "五"]),
        ("一二三四，五", 8, ["一二三", "四，五"]),
        ("a 一二三", 6, ["a 一二", "三"]),
        ("  indented", 20, ["  indented"]),
    ],
)
def test_wrap_breaks_lines(text: str, room: int, expected: list[str]) -> None:
    assert wrap(text, room) == expected


def test_slip_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        APPROVED.card_masked = "1"  # type: ignore[misc]  # the mistake under test


def test_slip_has_no_room_for_other_card_data() -> None:
    names = {field.name for field in dataclasses.fields(Slip)}
    assert not names & {"pan", "track2", "pin", "pin_block", "expiry", "cvn"}


def test_the_merchants_copy_shows_the_signature_and_the_cardholders_does_not() -> None:
    rows = [[int(abs(place - 2 * number) < 4) for place in range(512)] for number in range(256)]
    drawn = encode(Bitmap.of_rows(rows))
    signed = dataclasses.replace(APPROVED, copy=SlipCopy.MERCHANT, signature=drawn)
    for width in WIDTHS_DOTS:
        pictures = [
            one for one in parse_job(slip_to_escpos(signed, width)) if isinstance(one, Raster)
        ]
        assert [(one.width_bytes, one.rows) for one in pictures[1:]] == [(40, 160)]
    other = dataclasses.replace(signed, copy=SlipCopy.CARDHOLDER)
    assert len([one for one in parse_job(slip_to_escpos(other)) if isinstance(one, Raster)]) == 1
    assert drawn.hex() not in repr(signed)
