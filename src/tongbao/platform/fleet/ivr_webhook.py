"""`POST /ivr/v1/call`: the telephone provider tells what a caller typed and hears what to say.

The body is JSON; the header `Tongbao-Telephone-Signature: t=<ms>,s=<hex>` carries the HMAC-SHA-256
of `<ms>.<body>` under the key shared with the provider.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tongbao.domain.secrets import KeyBytes, Purpose
from tongbao.platform.clock import now_us as clock_now_us
from tongbao.platform.fleet import ivr_calls
from tongbao.platform.fleet.ivr_calls import UnknownCallError

if TYPE_CHECKING:
    from tongbao.platform.fleet.ivr import Step

HEADER: Final = "Tongbao-Telephone-Signature"
BODY_BYTES_MAX: Final = 2_000
OLD_AFTER_MS: Final = 60_000
ANSWER_WITHIN_S: Final = 20
_FORM: Final = re.compile(r"t=([0-9]{1,16}),s=([0-9a-f]{64})")
_CALL_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")


@csrf_exempt
@require_POST
def call(request: HttpRequest) -> HttpResponse:
    """Take one step of a telephone call; CSRF is no matter where no cookie counts."""
    now_us = clock_now_us()
    body = request.read(BODY_BYTES_MAX + 1)
    if not _is_signed(request.headers.get(HEADER, ""), body, now_us):
        return _refused(401, "signature_wrong")
    try:
        sent = json.loads(body)
        step = _step(sent["call_id"], sent, now_us)
    except UnknownCallError:
        return _refused(409, "unknown_call")
    except (ValueError, KeyError, TypeError):
        return _refused(400, "malformed")
    return _said(step) if step else JsonResponse({"says": [], "expect": None})


def _step(call_id: str, sent: dict[str, Any], now_us: int) -> Step | None:
    """Return what is said next, None when the caller hung up; raises ValueError, KeyError."""
    digits = str(sent.get("digits", ""))
    if not _CALL_ID.fullmatch(call_id) or len(digits) > 40:
        raise ValueError("malformed")
    match sent["event"]:
        case "begin":
            return ivr_calls.begin(call_id, str(sent.get("caller", "")), now_us=now_us)
        case "digits":
            return ivr_calls.typed(call_id, digits, now_us=now_us)
        case "hang_up":
            ivr_calls.hang_up(call_id, now_us=now_us)
            return None
        case _:
            raise ValueError("malformed")


def _is_signed(header: str, body: bytes, now_us: int) -> bool:
    key, found = getattr(settings, "TONGBAO_IVR_KEY", None), _FORM.fullmatch(header)
    if not isinstance(key, KeyBytes) or found is None or len(body) > BODY_BYTES_MAX:
        return False
    wanted = hmac.new(key.reveal(Purpose.CRYPTO), f"{found[1]}.".encode() + body, hashlib.sha256)
    is_now = abs(int(found[1]) - now_us // 1000) <= OLD_AFTER_MS
    return is_now and hmac.compare_digest(wanted.hexdigest(), found[2])


def _said(step: Step) -> HttpResponse:
    language = step.call.language
    says: list[dict[str, str]] = []
    for words in step.says:
        if not language:
            says += [
                {"language": "zh-CN", "text": words.zh},
                {"language": "en-US", "text": words.en},
            ]
        else:
            tag = "en-US" if language == "en" else "zh-CN"
            says.append({"language": tag, "text": words.into(language)})
    expect: dict[str, Any] | None = None
    if step.expect is not None:
        expect = {
            "digits_max": step.expect.digits_max,
            "ends_with": "#" if step.expect.ends_with_hash else None,
            "within_s": ANSWER_WITHIN_S,
        }
    return JsonResponse({"says": says, "expect": expect})


def _refused(status: int, code: str) -> HttpResponse:
    return JsonResponse({"error": code}, status=status)
