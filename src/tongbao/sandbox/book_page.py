"""The issuer's book as one plain page for people; it changes nothing and needs no script."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Any, Final

from tongbao.domain.money import Currency, Money

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --good: #0b6e4f; --bad: #b23a48; --soft: #8a6d1a; }
@media (prefers-color-scheme: dark) { :root { --good: #5cc79e; --bad: #ef8a95; --soft: #e0b84f; } }
body { font: 16px/1.5 "Noto Sans SC", system-ui, sans-serif; margin: 2rem auto; max-width: 80rem;
       padding: 0 1rem; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
small { opacity: .75; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line);
         white-space: nowrap; }
th.n, td.n { text-align: right; }
.approved, .ok { color: var(--good); } .declined, .wrong { color: var(--bad); }
.reversed { color: var(--soft); }
"""
STYLE_SOURCE: Final = (
    "'sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode() + "'"
)
_STATUS: Final = {
    "approved": "成功 approved",
    "declined": "失败 declined",
    "reversed": "已冲正 reversed",
}
_OPERATION: Final = {
    "sale": "消费 sale",
    "balance": "余额查询 balance",
    "void": "撤销 void",
    "refund": "退货 refund",
    "pre_authorisation": "预授权 pre-authorisation",
    "pre_authorisation_void": "预授权撤销 pre-authorisation void",
    "completion": "预授权完成 completion",
    "completion_advice": "预授权完成通知 completion advice",
    "completion_void": "预授权完成撤销 completion void",
    "offline_sale": "离线结算 offline sale",
    "adjustment": "调整 adjustment",
}


def render_book(book: dict[str, Any]) -> str:
    """Return the HTML page of what `read_book` returned."""
    checks = book["checks"]
    verdict = "ok" if checks["ok"] else "wrong"
    sentence = "账平 The book balances" if checks["ok"] else "账不平 The book does NOT balance"
    payments = [_payment_row(payment) for payment in book["payments"]]
    return f"""<!doctype html>
<html lang="zh-Hans"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>发卡行账簿 The issuer's book</title><style>{_STYLE}</style></head><body>
<h1>模拟发卡行账簿 The simulated issuer's book</h1>
<p class="{verdict}"><strong>{sentence}</strong>
<small>· 全部分录之和 sum of all entries {_yuan(checks["entries_sum_minor"])}</small></p>
<h2>账户 Accounts</h2>
{
        _table(
            (
                "账户 Account",
                "卡号 Card",
                "期初 Opening",
                "变动 Moved",
                "余额 Balance",
                "冻结 Held",
                "可用 Available",
            ),
            [_account_row(account) for account in book["accounts"]],
            numbers_from=2,
        )
    }
<h2>预授权冻结 Holds</h2>
{_holds(book["holds"])}
<h2>交易 Payments</h2>
{
        _table(
            (
                "时间 Time",
                "交易 Kind",
                "终端 Terminal",
                "流水 Trace",
                "参考号 RRN",
                "原交易 Original",
                "卡号 Card",
                "结果 Result",
                "金额 Amount",
            ),
            payments,
            numbers_from=8,
        )
        if payments
        else "<p>还没有交易。 No payment yet.</p>"
    }
</body></html>
"""  # fmt: skip - the page's own lines


def _account_row(account: dict[str, Any]) -> list[str]:
    name = f"{escape(account['name_zh'])} <small>{escape(account['name_en'])}</small>"
    words = ("opening", "moved", "balance", "held", "available")
    amounts = (account[f"{word}_minor"] for word in words)
    return [name, escape(account["card_masked"] or ""), *map(_yuan, amounts)]


def _holds(holds: list[dict[str, Any]]) -> str:
    if not holds:
        return "<p>没有冻结的金额。 Nothing is held.</p>"
    heads = ("到期 Expires", "账户 Account", "卡号 Card", "参考号 RRN", "金额 Amount")
    return _table(heads, [_hold_row(hold) for hold in holds], numbers_from=4)


def _hold_row(hold: dict[str, Any]) -> list[str]:
    return [
        escape(hold["expires_at"][:16].replace("T", " ")),
        escape(hold["account_id"]),
        escape(hold["card_masked"]),
        escape(hold["rrn"]),
        _yuan(hold["amount_minor"]),
    ]


def _payment_row(payment: dict[str, Any]) -> list[str]:
    status = payment["status"]
    code = payment["response_code"]
    stan = "" if payment["stan"] is None else f"{payment['stan']:06d}"
    return [
        escape(payment["at"][:19].replace("T", " ")),
        _OPERATION[payment["operation"]],
        escape(payment["terminal_id"] or ""),
        stan,
        escape(payment["rrn"]),
        escape(payment["original_rrn"] or ""),
        escape(payment["card_masked"] or ""),
        f'<span class="{status}">{_STATUS[status]}</span> <small>{escape(code)}</small>',
        _yuan(payment["amount_minor"]),
    ]


def _table(heads: tuple[str, ...], rows: list[list[str]], numbers_from: int) -> str:
    def cells(tag: str, values: tuple[str, ...] | list[str]) -> str:
        return "".join(
            f'<{tag} class="n">{value}</{tag}>'
            if place >= numbers_from
            else f"<{tag}>{value}</{tag}>"
            for place, value in enumerate(values)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{cells("th", heads)}</tr>{body}</table></div>'


def _yuan(minor: int) -> str:
    return Money(minor, Currency.CNY).text()
