"""What the onboarding story prints: one line a step, in one language."""

from __future__ import annotations

from typing import Final

from tongbao.app.demo.report import Language

STEPS: Final[dict[str, tuple[str, str]]] = {
    "starting": (
        "启动沙盒、主机、平台、设备网关和后台任务，各为独立进程",
        "starting sandbox, host, platform, device gateway and worker, a process each",
    ),
    "prices": (
        "看价格：收 100.00 元手续费 {fee} 元；推荐机型：{model}",
        "prices: 100.00 yuan cost {fee}; the machine that fits: {model}",
    ),
    "registered": (
        "用手机 {phone} 和短信验证码注册",
        "registered with phone {phone} and the code that came to it",
    ),
    "applied": (
        "{person}填写小微商户申请，上传 {papers} 份资料",
        "{person} fills in the form of a micro merchant and uploads {papers} papers",
    ),
    "handed_in": (
        "一分钱验证账户后提交；自动审核通过，状态：{status}",
        "one fen proves the account; handed in, the automatic review passes: {status}",
    ),
    "approved": (
        "人工审核通过，商户号 {merchant_id}，状态：{status}",
        "a reviewer approves: merchant {merchant_id}, {status}",
    ),
    "signed": (
        "短信确认并签名，合同 {number}，PDF 摘要 {sha256}…",
        "confirmed by text message and signed: contract {number}, PDF digest {sha256}…",
    ),
    "cashier": (
        "登记操作员 {number}，首次密码只显示一次",
        "operator {number} is added; the first password is shown once",
    ),
    "received": (
        "终端 {terminal_id}（序列号 {serial}）由 {courier} 送到",
        "terminal {terminal_id} (serial {serial}) arrives by {courier}",
    ),
    "code": (
        "开机，屏幕显示激活码 {code}，在商户门户中输入",
        "switched on: its screen shows the code {code}, which is typed into the portal",
    ),
    "activated": (
        "取得证书、主密钥和参数，自检逐项通过：{state}",
        "certificate, master key and settings are there, the self-test passes: {state}",
    ),
    "tested": (
        "第一笔测试交易在培训发卡行成功，未进入真实账目",
        "the first test sale was approved by the training issuer and is in no live book",
    ),
    "sold": (
        "第一笔真实（沙盒）消费 {amount} 元成功，门户中可见，参考号 {rrn}",
        "the first sale of the sandbox's money, {amount}, is approved and in the portal: {rrn}",
    ),
}
_END: Final = ("陌生人已开始收款", "the stranger takes payments")


def step_text(name: str, details: dict[str, str], language: Language, seconds: float) -> str:
    """One step of the story, with the seconds since its beginning."""
    zh, en = STEPS[name]
    words = zh if language is Language.ZH else en
    return f"{seconds:6.1f} s  {words.format(**details)}"


def end_text(language: Language, seconds: float) -> str:
    """The end of a story that went well."""
    return f"\n{_END[0] if language is Language.ZH else _END[1]}  ({seconds:.1f} s)"
