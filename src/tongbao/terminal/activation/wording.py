"""What a terminal says while it is activated, in both languages; each says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.terminal.core.state import Notice
from tongbao.wire.device.health import Part

if TYPE_CHECKING:
    from tongbao.wire.device.activation import ActivationFailure

UNKNOWN_DEVICE: Final = Notice(
    "unknown_device",
    "平台不认识本机序列号，请核对机身标签并联系供应商",
    "The platform does not know this serial number; compare the label and call the supplier",
)
NOT_ASSIGNED: Final = Notice(
    "not_assigned",
    "本机尚未分配给商户，分配后会自动继续",
    "This device has no merchant yet; it goes on by itself once it has one",
)
CERTIFICATE_UNFIT: Final = Notice(
    "certificate_unfit",
    "收到的证书不属于本机，将重新申请",
    "The certificate is not this device's; a new one will be asked for",
)
TEST_FAILED: Final = Notice(
    "self_test_failed",
    "自检未通过，请处理后重新测试",
    "The self-test has failed; put it right and test again",
)
NO_KEYS: Final = Notice(
    "no_keys",
    "主机未发放密钥，请联系收单机构",
    "The host gives no key; call the acquirer",
)
KEY_REFUSED: Final = Notice(
    "key_refused",
    "密钥校验失败，将重新下载",
    "The key does not check out; it will be fetched again",
)
HOST_UNREACHABLE: Final = Notice(
    "host_unreachable",
    "连接不上收单主机，请检查网络",
    "The acquirer's host cannot be reached; check the network",
)
HOST_REFUSES: Final = Notice(
    "host_refuses",
    "收单主机拒绝本机证书，请联系收单机构",
    "The acquirer's host refuses this device's certificate; call the acquirer",
)
NO_DOCUMENT: Final = Notice(
    "no_settings",
    "平台尚未准备好本机的参数，稍后自动重试",
    "The platform has no settings for this device yet; it tries again by itself",
)
DISK_FULL: Final = Notice(
    "cannot_keep",
    "数据无法保存，请检查存储",
    "Nothing can be kept; check the storage",
)

_PARTS: Final = {
    Part.SCREEN: ("屏幕", "screen"),
    Part.PRINTER: ("打印机", "printer"),
    Part.SCANNER: ("扫码器", "scanner"),
    Part.KEYPAD: ("键盘", "keypad"),
    Part.NETWORK: ("网络", "network"),
    Part.CLOCK: ("时钟", "clock"),
    Part.KEYS: ("密钥", "keys"),
    Part.STORAGE: ("存储", "storage"),
    Part.TEST_SALE: ("试交易", "test sale"),
}


def failure(cause: ActivationFailure | None, zh: str | None, en: str | None) -> Notice:
    """Return the platform's own words for a failed activation; ours when it sent none."""
    code = "activation_failed" if cause is None else cause.value
    return Notice(
        code,
        zh or "激活未成功，请重新开始",
        en or "The activation has failed; please begin again",
    )


def failed_parts(parts: tuple[Part, ...]) -> Notice:
    """Return which parts did not pass, and what to do."""
    zh = "、".join(_PARTS[part][0] for part in parts)
    en = ", ".join(_PARTS[part][1] for part in parts)
    return Notice(
        TEST_FAILED.code,
        f"自检未通过：{zh}。请处理后重新测试",
        f"The self-test has failed: {en}. Put it right and test again",
    )
