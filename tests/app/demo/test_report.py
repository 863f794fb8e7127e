"""What the demo prints, in both languages."""

from __future__ import annotations

import pytest

from tests.app.demo.test_comparison import day, fen, verdict
from tongbao.app.commands.demo import _language_of
from tongbao.app.demo.report import (
    Language,
    books_document,
    books_text,
    event_text,
    slip_document,
    slip_text,
)
from tongbao.app.demo.script import SlipLine

SLIP = SlipLine(
    scene="good",
    terminal_id="00000001",
    clock="10:00:00",
    trace=2,
    amount=fen(1234),
    card_masked="620000*********0018",
    outcome="approved",
    zh="交易成功",
    en="Approved",
    code="00",
    auth_code="000001",
    rrn="325100000001",
)


def test_a_slip_is_a_line_in_english():
    assert slip_text(SLIP, Language.EN) == (
        "10:00:00  00000001/000002  SALE                 12.34  620000*********0018  Approved"
        "              auth 000001  ref 325100000001\n          └ a sale"
    )


def test_a_slip_is_a_line_in_chinese():
    assert slip_text(SLIP, Language.ZH) == (
        "10:00:00  00000001/000002  消费                 12.34  620000*********0018  交易成功"
        "              授权码 000001  参考号 325100000001\n          └ 正常消费"
    )


def test_an_event_stands_between_the_slips():
    assert event_text("host_back", "", Language.EN) == "          · the host is started again"
    assert event_text("signed_in", "000001", Language.ZH) == "          · 签到成功，批次 000001"


def test_books_that_agree_say_so_with_a_difference_of_zero():
    text = books_text(verdict(day()), Language.EN)
    assert text.endswith("difference 0.00  the three books agree")
    assert "2 for 30.00" in text
    assert "✗" not in text
    chinese = books_text(verdict(day()), Language.ZH)
    assert chinese.endswith("差额 difference 0.00  三方账目一致")
    assert "2 笔 30.00" in chinese


def test_books_that_differ_say_where_and_by_how_much():
    books = day()
    del books["issuer"][0]
    text = books_text(verdict(books), Language.EN)
    assert text.endswith("difference 10.00  the three books DO NOT agree")
    marked = [line for line in text.splitlines() if line.endswith("✗")]
    assert [line.split()[0] for line in marked] == ["00000001/000001", "approved"]


def test_columns_line_up_in_chinese():
    from unicodedata import east_asian_width

    lines = books_text(verdict(day()), Language.ZH).splitlines()
    width = {
        sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line.rpartition("  ")[0])
        for line in lines
        if line.endswith(("✓", "一致")) and "差额" not in line
    }
    assert len(width) == 1


def test_the_document_holds_totals_and_every_payment():
    document = books_document(verdict(day()))
    assert document["agrees"] is True
    assert document["difference"] == "0.00"
    assert document["totals"]["host"] == {"count": 2, "amount_minor": 3000}
    assert document["payments"][2] == {
        "terminal_id": "00000001",
        "batch_no": 1,
        "stan": 3,
        "amount_minor": 700,
        "terminal": "reversed",
        "host": "reversed",
        "issuer": "reversed",
        "agrees": True,
    }
    assert slip_document(SLIP)["stan"] == 2


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({}, "en"),
        ({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh_TW.UTF-8"}, "zh"),
    ],
)
def test_the_language_follows_the_locale(environment, language):
    assert _language_of(environment) == language
