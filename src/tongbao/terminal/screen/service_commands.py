"""Commands beside the payments: settlement, signature, downloads, pending work, small services."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final

from tongbao.terminal.core.download_steps import Download
from tongbao.terminal.core.events import (
    Echo,
    Event,
    ReportStatus,
    SendNow,
    Settle,
    Sign,
    SignOff,
    StartDownload,
)
from tongbao.terminal.core.state import Notice
from tongbao.terminal.screen.arguments import (
    CommandRefusedError,
    approval_of,
    batch_of,
    trace_of,
)

SIGNATURE_WIDTH_MAX: Final = 512
SIGNATURE_HEIGHT_MAX: Final = 256
BAD_SIGNATURE: Final = Notice("bad_signature", "签名图像无效", "This is not a signature")
UNKNOWN_DOWNLOAD: Final = Notice("unknown_download", "没有此项下载", "No such download")


def _settle(_identity: str, command: Mapping[str, Any]) -> Event:
    return Settle(approval_of(command))


def _sign(_identity: str, command: Mapping[str, Any]) -> Event:
    width, height = command.get("width"), command.get("height")
    if type(width) is not int or type(height) is not int:
        raise CommandRefusedError(BAD_SIGNATURE)
    if not (1 <= width <= SIGNATURE_WIDTH_MAX and 1 <= height <= SIGNATURE_HEIGHT_MAX):
        raise CommandRefusedError(BAD_SIGNATURE)
    text = command.get("bitmap")
    try:
        rows = base64.b64decode(text if isinstance(text, str) else "", validate=True)
    except binascii.Error:
        raise CommandRefusedError(BAD_SIGNATURE) from None
    if len(rows) != (width + 7) // 8 * height or not any(rows):
        raise CommandRefusedError(BAD_SIGNATURE)
    batch, trace = batch_of(command.get("batch")), trace_of(command.get("trace"))
    return Sign(batch, trace, width, height, rows)


def _download(_identity: str, command: Mapping[str, Any]) -> Event:
    try:
        return StartDownload(Download(command.get("what")))
    except ValueError:
        raise CommandRefusedError(UNKNOWN_DOWNLOAD) from None


def _send_now(_identity: str, command: Mapping[str, Any]) -> Event:
    work = command.get("work")
    return SendNow(work if isinstance(work, str) else None)


SERVICE_MAKERS: Final[dict[str, Callable[[str, Mapping[str, Any]], Event]]] = {
    "settle": _settle,
    "sign": _sign,
    "sign_off": lambda _identity, _command: SignOff(),
    "echo": lambda _identity, _command: Echo(),
    "report_status": lambda _identity, _command: ReportStatus(),
    "download": _download,
    "send_now": _send_now,
}
