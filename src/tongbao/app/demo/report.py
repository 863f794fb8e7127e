"""What the demo prints: one line a slip, one line an event, and the three books side by side."""

from __future__ import annotations

import unicodedata
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from tongbao.app.demo.comparison import BookStatus
from tongbao.wire.unionpay.transactions import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.app.demo.comparison import BookLine, BookTotal, ComparedPayment, Comparison
    from tongbao.app.demo.script import SlipLine


class Language(Enum):
    """The language of the print-out."""

    ZH = "zh"
    EN = "en"


_Words = dict[Language, str]


def _words(zh: str, en: str) -> _Words:
    return {Language.ZH: zh, Language.EN: en}


_SCENES: Final = {
    "good": _words("正常消费", "a sale"),
    "wrong_pin": _words("密码错误", "wrong PIN"),
    "second_try": _words("再输一次密码", "the right PIN this time"),
    "no_funds": _words("余额不足", "no funds"),
    "silent": _words("发卡行扣款后不应答", "the issuer takes the money and never answers"),
    "host_killed": _words("应答前主机被强行终止", "the host is killed before it answers"),
    "afterwards": _words("主机恢复后继续营业", "business goes on"),
    "mistake": _words("卖错了", "sold by mistake"),
    "void": _words("主管授权，当批撤销", "and voided in the same batch, by the supervisor"),
    "refund": _words("第一笔退回一部分", "a part of the first sale goes back"),
    "hold": _words("先冻结金额", "an amount is held"),
    "completion": _words("按实际金额完成", "and less of it is taken"),
    "repeated": _words("同一报文发送两次", "the same message sent twice"),
}
_EVENTS: Final = {
    "starting": _words(
        "启动沙盒、主机和终端，各为独立进程", "starting sandbox, host and terminal, a process each"
    ),
    "signed_in": _words("签到成功，批次 {0}", "signed in, batch {0}"),
    "host_killed": _words(
        "主机已收到流水 {0}，尚未应答：SIGKILL",
        "the host has the intent of trace {0} and has not answered: SIGKILL",
    ),
    "host_back": _words("主机重新启动", "the host is started again"),
    "settled": _words("批结算：内卡、外卡均对账平", "batch settled: both sides balanced"),
    "same_answer": _words(
        "两次应答逐字节相同，只记一笔", "both answers are the same to the byte, one payment"
    ),
}
_STATUS: Final = {
    BookStatus.APPROVED: _words("成功", "approved"),
    BookStatus.DECLINED: _words("失败", "declined"),
    BookStatus.REVERSED: _words("已冲正", "reversed"),
    BookStatus.NOT_SENT: _words("未发送", "not sent"),
    BookStatus.IN_DOUBT: _words("查询中", "in doubt"),
}
_HEADS: Final = (
    _words("终端 / 凭证", "terminal / trace"),
    _words("卡号", "card"),
    _words("金额", "amount"),
    _words("终端日志", "terminal's journal"),
    _words("主机账", "host's books"),
    _words("发卡行账", "issuer's book"),
    _words("一致", "equal"),
)
_TOTAL: Final = _words("成功合计", "approved in all")
_COUNTED: Final = _words("{0} 笔 {1}", "{0} for {1}")
_DIFFERENCE: Final = _words("差额 difference", "difference")
_OWED: Final = _words("发卡行应付收单机构", "the issuer owes the acquirer")
_AGREE: Final = _words("三方账目一致", "the three books agree")
_DISAGREE: Final = _words("三方账目不一致", "the three books DO NOT agree")
_AMOUNT_COLUMN: Final = 2
_KIND_WIDTH: Final = 17


def slip_text(line: SlipLine, language: Language) -> str:
    """One slip in one line, as short as it can be."""
    words = line.zh if language is Language.ZH else line.en
    scene = _SCENES[line.scene][language]
    references = "  ".join(
        f"{name} {value}"
        for name, value in (
            (_words("授权码", "auth")[language], line.auth_code),
            (_words("参考号", "ref")[language], line.rrn),
        )
        if value
    )
    transaction = KINDS[line.kind]
    word = _words(transaction.zh.partition("（")[0], transaction.name.upper())[language]
    return (
        f"{line.clock}  {line.terminal_id}/{line.trace:06d}  {_fill(word, _KIND_WIDTH)}"
        f" {line.amount.text():>8}"
        f"  {line.card_masked}  {_fill(words, 20)}  {references}".rstrip()
        + f"\n{'':10}└ {scene}"
    )


def event_text(name: str, detail: str, language: Language) -> str:
    """One event between the slips."""
    return f"{'':10}· {_EVENTS[name][language].format(detail)}"


def books_text(comparison: Comparison, language: Language) -> str:
    """The three books side by side, their totals, and the verdict."""
    rows = [[head[language] for head in _HEADS]]
    rows += [_payment_row(payment, language) for payment in comparison.payments]
    totals = (comparison.terminal, comparison.host, comparison.issuer)
    equal = len({(book.count, book.amount.minor) for book in totals}) == 1
    rows.append(
        [
            _TOTAL[language],
            "",
            "",
            *(_total_text(book, language) for book in totals),
            "✓" if equal else "✗",
        ]
    )
    verdict = _AGREE if comparison.agrees else _DISAGREE
    owed = f"{_OWED[language]} {comparison.issuer_owes.text()}"
    difference = f"{_DIFFERENCE[language]} {comparison.difference.text()}"
    return "\n".join([*_table(rows), "", owed, f"{difference}  {verdict[language]}"])


def books_document(comparison: Comparison) -> dict[str, Any]:
    """The same as plain data for `--json`."""
    return {
        "agrees": comparison.agrees,
        "difference": comparison.difference.text(),
        "issuer_owes_minor": comparison.issuer_owes.minor,
        "totals": {
            name: {"count": book.count, "amount_minor": book.amount.minor}
            for name, book in (
                ("terminal", comparison.terminal),
                ("host", comparison.host),
                ("issuer", comparison.issuer),
            )
        },
        "payments": [
            {
                "terminal_id": payment.key.terminal_id,
                "batch_no": payment.key.batch_no,
                "stan": payment.key.stan,
                "amount_minor": payment.lines[0].amount.minor,
                "terminal": _status_word(payment.terminal),
                "host": _status_word(payment.host),
                "issuer": _status_word(payment.issuer),
                "agrees": payment.agrees,
            }
            for payment in comparison.payments
        ],
    }


def slip_document(line: SlipLine) -> dict[str, Any]:
    """One slip as plain data for `--json`."""
    return {
        "scene": line.scene,
        "kind": line.kind,
        "terminal_id": line.terminal_id,
        "stan": line.trace,
        "amount_minor": line.amount.minor,
        "card_masked": line.card_masked,
        "outcome": line.outcome,
        "code": line.code,
        "auth_code": line.auth_code,
        "rrn": line.rrn,
    }


def _payment_row(payment: ComparedPayment, language: Language) -> list[str]:
    first = payment.lines[0]
    amounts = sorted({line.amount.minor for line in payment.lines})
    amount = first.amount.text() if len(amounts) == 1 else "≠"
    return [
        f"{payment.key.terminal_id}/{payment.key.stan:06d}",
        first.card_masked,
        amount,
        *(
            "—" if line is None else _STATUS[line.status][language]
            for line in (payment.terminal, payment.host, payment.issuer)
        ),
        "✓" if payment.agrees else "✗",
    ]


def _total_text(book: BookTotal, language: Language) -> str:
    return _COUNTED[language].format(book.count, book.amount.text())


def _status_word(line: BookLine | None) -> str | None:
    return None if line is None else line.status.value


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align the columns by the width that a terminal window gives each character."""
    widths = [max(_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [
        "  ".join(
            _fill(cell, width, right=place == _AMOUNT_COLUMN)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [rule, lines[0], rule, *lines[1:-1], rule, lines[-1]]


def _fill(text: str, width: int, *, right: bool = False) -> str:
    space = " " * max(0, width - _width(text))
    return space + text if right else text + space


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
