"""The neighbours' pages: phones, mail, bank, made-up people; plain, two languages, no script."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tongbao.sandbox.neighbours.applicants import APPLICANTS, UNKNOWN_NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tongbao.sandbox.neighbours.store import Account, Letter, Message

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --good: #0e5b44; --bad: #a3341f; --gold: #8a6d1a;
        --card: #f4f1e9; }
@media (prefers-color-scheme: dark) { :root { --good: #6fd3ab; --bad: #ef8a95; --gold: #e0b84f;
        --card: #26332d; } }
body { font: 16px/1.5 "Noto Sans SC", system-ui, sans-serif; margin: 1.5rem auto;
       max-width: 60rem; padding: 0 1rem; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
nav a { display: inline-block; min-height: 48px; line-height: 48px; margin-right: 1.25rem;
        color: var(--good); }
small { opacity: .8; } article { background: var(--card); border-radius: 12px; margin: .75rem 0;
        padding: .75rem 1rem; overflow-wrap: anywhere; }
article p { margin: .25rem 0; }
.code { color: var(--good); font-size: 2.5rem; font-weight: 700; letter-spacing: .15em;
        line-height: 1.2; }
.closed { color: var(--bad); } .remark { color: var(--gold); font-size: 1.5rem; font-weight: 700;
        letter-spacing: .1em; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .15rem .75rem; }
dt { opacity: .8; } dd { margin: 0; }
form { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; }
label { display: grid; gap: .25rem; }
input, select, button { font: inherit; min-height: 48px; padding: 0 .75rem; border-radius: 8px;
        border: 1px solid var(--line); }
button { background: #0e5b44; color: #fff; border: 0; }
a { color: var(--good); }
"""
STYLE_SOURCE: Final = (
    "'sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode() + "'"
)
_CHINA: Final = timezone(timedelta(hours=8))
_CODE: Final = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")
_REFRESH: Final = '<meta http-equiv="refresh" content="3">'


def render_phones(messages: Iterable[Message], number: str) -> str:
    """Return the page of all text messages, or of one number's."""
    found = list(messages)
    numbers = sorted({message.number for message in found})
    links = " ".join(
        f'<a href="/phones?number={escape(one.replace("+", "%2B"))}">{escape(one)}</a>'
        for one in numbers
    )
    rows = "".join(_message(message) for message in found)
    empty = (
        "<p>还没有短信。需要验证码时，短信会出现在这里。<br>No message yet; codes appear here.</p>"
    )
    title = "手机短信 Phones" + (f" · {escape(number)}" if number else "")
    all_of_them = '<p><a href="/phones">全部号码 all numbers</a></p>' if number else ""
    return _page(
        title,
        f"{all_of_them}<p>{links if not number else ''}</p>{rows or empty}",
        head=_REFRESH,
    )


def _message(message: Message) -> str:
    code = _CODE.search(message.body)
    big = f'<p class="code">{code[0]}</p>' if code else ""
    return (
        f"<article><p><strong>{escape(message.number)}</strong> "
        f"<small>{_time(message.at_us)}</small></p>{big}<p>{escape(message.body)}</p></article>"
    )


def render_mail(letters: Iterable[Letter], mailbox: str) -> str:
    """Return the page of all letters by e-mail, or of one mailbox's."""
    found = list(letters)
    links = " ".join(
        f'<a href="/mail?mailbox={quote(one)}">{escape(one)}</a>'
        for one in sorted({letter.mailbox for letter in found})
    )
    rows = "".join(_letter(letter) for letter in found)
    empty = (
        "<p>还没有邮件。验证邮箱、找回密码时，邮件会出现在这里。"
        "<br>No letter yet; what is sent by e-mail appears here.</p>"
    )
    title = "邮箱 Mail" + (f" · {escape(mailbox)}" if mailbox else "")
    all_of_them = '<p><a href="/mail">全部邮箱 all mailboxes</a></p>' if mailbox else ""
    body = f"{all_of_them}<p>{'' if mailbox else links}</p>{rows or empty}"
    return _page(title, body, head=_REFRESH)


def _letter(letter: Letter) -> str:
    code = _CODE.search(letter.body)
    big = f'<p class="code">{code[0]}</p>' if code else ""
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in letter.body.splitlines() if line)
    return (
        f"<article><p><strong>{escape(letter.mailbox)}</strong> "
        f"<small>{_time(letter.at_us)}</small></p>"
        f"<h2>{escape(letter.subject)}</h2>{big}{paragraphs}</article>"
    )


def render_bank(accounts: Iterable[Account]) -> str:
    """Return the bank's page: accounts with their deposits, and a form to open one."""
    form = """<h2>开立账户 Open an account</h2>
<form method="post" action="/bank/accounts">
<label>户名 Holder <input name="holder" required maxlength="60"></label>
<label>类型 Kind <select name="kind"><option value="personal">个人卡 personal card</option>
<option value="corporate">对公 corporate</option></select></label>
<button>开户 Open</button></form>"""
    rows = "".join(_account(account) for account in accounts)
    unknown = (
        f"<article><p><strong>{UNKNOWN_NUMBER}</strong></p>"
        "<p>不存在的账号：银行会说查无此账户。 "
        "No such account: the bank does not know it.</p></article>"
    )
    return _page("沙盒银行 Bank", f"{rows}{unknown}{form}", head="")


def _account(account: Account) -> str:
    kind = {"personal": "个人卡 card", "corporate": "对公 corporate"}.get(account.kind, "")
    closed = ' <span class="closed">已销户 closed</span>' if account.is_closed else ""
    deposits = "".join(
        f"<p>+{amount // 100}.{amount % 100:02} 元 · 附言 remark "
        f'<span class="remark">{escape(remark)}</span> '
        f"<small>{_time(at_us)}</small></p>"
        for at_us, amount, remark in account.deposits
    )
    return (
        f"<article><p><strong>{escape(account.holder)}</strong> {escape(account.number)} "
        f"<small>{kind}</small>{closed}</p>"
        f"<p><small>{escape(account.story_zh)} · {escape(account.story_en)}</small></p>"
        f"{deposits}</article>"
    )


def render_people() -> str:
    """Return the page of the made-up applicants with their numbers and papers."""
    blocks = []
    for one in APPLICANTS:
        facts = (
            ("商户类型 Tier", f"{one.tier_zh} {one.tier}"),
            ("注册名称 Registered name", one.registered_name),
            ("信用代码 Credit code", one.credit_code),
            ("姓名 Name", one.person),
            ("身份证 Resident id", one.resident_id),
            ("身份证有效期 Valid", "2020-03-10 – 2040-03-10"),
            ("门店 Shop", f"{one.shop_name}，{one.address}"),
            ("类别 Category", one.mcc),
            ("户名 Account holder", one.account_holder),
            ("账号 Account number", one.account_number),
            ("手机 Phone", one.phone),
        )
        rows = "".join(
            f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts if value
        )
        links = " · ".join(
            f'<a href="/people/{one.key}/{kind}.png" download>{kind}</a>' for kind in one.papers
        )
        blocks.append(
            f"<article><h2>{escape(one.shop_name)}</h2><dl>{rows}</dl>"
            f"<p>材料 papers: {links}</p></article>"
        )
    intro = (
        "<p>这些人和店都是编造的，号码的校验位正确，可用来试办进件。"
        "<br>Nobody here exists; the check digits are right. Apply with these.</p>"
    )
    return _page("示例申请人 People to apply as", intro + "".join(blocks), head="")


def _page(title: str, body: str, *, head: str) -> str:
    return f"""<!doctype html>
<html lang="zh-Hans"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">{head}
<title>{title}</title><style>{_STYLE}</style></head><body>
<nav><a href="/phones">手机 Phones</a><a href="/mail">邮箱 Mail</a>
<a href="/bank">银行 Bank</a>
<a href="/people">申请人 People</a><a href="/">发卡行 Issuer</a></nav>
<main><h1>{title}</h1>
{body}
</main></body></html>
"""


def _time(at_us: int) -> str:
    return (
        datetime.fromtimestamp(at_us / 1_000_000, tz=UTC)
        .astimezone(_CHINA)
        .strftime("%m-%d %H:%M:%S")
    )
