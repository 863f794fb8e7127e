"""An Idempotency-Key: whoever repeats a request after a lost answer gets the first answer again.

The act and its answer are kept in one transaction, so a crash leaves either both or neither, and
two requests at once wait for each other in the database. An act that asks others (a bank, a
telephone) must not hold a transaction so long: its key is taken first and its answer added after;
when the process dies between, the repeat is told that the outcome is unknown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from tongbao.platform.api.models import IdempotentAnswer
from tongbao.platform.api.problems import Problem, invalid
from tongbao.platform.sealing import data_key

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

HEADER = "Idempotency-Key"
REPEATED_HEADER = "Idempotency-Repeated"
KEY_LENGTH_MAX = 100
_WELL_FORMED = re.compile(f"[!-~]{{1,{KEY_LENGTH_MAX}}}")
KEPT_US = 24 * 3600 * 1_000_000
# An act that waits for others and is silent for so long has lost its process.
UNKNOWN_AFTER_US = 60_000_000
_UNDER_WAY = 0

Act = Callable[[], "HttpResponseBase"]


def once(
    request: HttpRequest, caller: str, now_us: int, act: Act, *, asks_others: bool
) -> HttpResponseBase:
    """Answer with the kept answer of this key, or act and keep the answer for 24 hours.

    Without the header it just acts. An answer below 400 is kept; a refusal frees the key.
    Raises Problem: the key was used with another body, is in use, or its outcome is unknown.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return act()
    if not _WELL_FORMED.fullmatch(key):
        words = _("Use 1 to 100 printable ASCII characters without spaces.")
        raise invalid(HEADER, words, "idempotency_key")
    digest = _digest_of(request)
    IdempotentAnswer.objects.filter(caller=caller, key=key, at_us__lte=now_us - KEPT_US).delete()
    kept = _kept(caller, key)
    if kept is not None:
        return _again(kept, digest, now_us)
    row = IdempotentAnswer(
        caller=caller, key=key, request_digest=digest, at_us=now_us, status=_UNDER_WAY
    )
    return _act_apart(row, act, now_us) if asks_others else _act_together(row, act, now_us)


def forget_old_answers(now_us: int) -> int:
    """Remove the answers whose 24 hours are over and return how many."""
    removed, _by_model = IdempotentAnswer.objects.filter(at_us__lte=now_us - KEPT_US).delete()
    return removed


def _act_together(row: IdempotentAnswer, act: Act, now_us: int) -> HttpResponseBase:
    taken = False
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            taken = True
            response = act()
            if response.status_code >= 500:
                transaction.set_rollback(True)
            else:
                _keep(row, response)
            return response
    except IntegrityError:
        if taken:
            raise
        return _again_or_busy(row, now_us)


def _act_apart(row: IdempotentAnswer, act: Act, now_us: int) -> HttpResponseBase:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return _again_or_busy(row, now_us)
    response = act()
    if response.status_code < 500:
        with transaction.atomic():
            _keep(row, response)
    return response


def _keep(row: IdempotentAnswer, response: HttpResponseBase) -> None:
    """Keep a success; a refusal, of which nothing came, leaves the key free."""
    if response.status_code >= 400 or not isinstance(response, HttpResponse):
        row.delete()
        return
    row.status = response.status_code
    row.content_type = response.headers.get("Content-Type", "")
    row.body = data_key().seal(response.content, _context(row))
    row.save(update_fields=["status", "content_type", "body"])


def _context(row: IdempotentAnswer) -> str:
    return f"api_idempotentanswer.body {row.caller} {row.key}"


def _kept(caller: str, key: str) -> IdempotentAnswer | None:
    return IdempotentAnswer.objects.filter(caller=caller, key=key).first()


def _again_or_busy(row: IdempotentAnswer, now_us: int) -> HttpResponseBase:
    kept = _kept(row.caller, row.key)
    if kept is None:  # the other request was refused in the meantime
        raise _busy()
    return _again(kept, row.request_digest, now_us)


def _again(kept: IdempotentAnswer, digest: str, now_us: int) -> HttpResponseBase:
    if kept.request_digest != digest:
        raise Problem(
            409,
            "idempotency_mismatch",
            _("This Idempotency-Key was used for another request; take a new one."),
        )
    if kept.status == _UNDER_WAY:
        if now_us - kept.at_us < UNKNOWN_AFTER_US:
            raise _busy()
        raise Problem(
            409,
            "idempotency_unknown",
            _(
                "The first request with this key broke off. Look whether it was done before you "
                "ask again with a new key."
            ),
        )
    response = HttpResponse(
        data_key().open(bytes(kept.body), _context(kept)),
        status=kept.status,
        content_type=kept.content_type,
    )
    response[REPEATED_HEADER] = "true"
    return response


def _busy() -> Problem:
    return Problem(
        409,
        "idempotency_in_use",
        _("A request with this key is still being answered; ask again in a second."),
        headers={"Retry-After": "1"},
    )


def _digest_of(request: HttpRequest) -> str:
    """Return the digest of what was asked; a form counts by its values, not by its boundary."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\0".encode())
    if request.content_type != "multipart/form-data":
        digest.update(request.body)
        return digest.hexdigest()
    for name in sorted(request.POST):
        digest.update(f"{name}\0{request.POST.getlist(name)}\0".encode())
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            digest.update(f"{name}\0{file.name}\0{file.size}\0".encode())
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
    return digest.hexdigest()
