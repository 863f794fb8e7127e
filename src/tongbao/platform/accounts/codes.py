"""One-time codes: made, sent by SMS or e-mail, checked once; only a digest is kept."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db import transaction

from tongbao.platform.accounts.letters import Letter, code_letter, send_letter, taken_letter
from tongbao.platform.accounts.models import OneTimeCode, User
from tongbao.platform.accounts.texts import (
    invitation_text,
    reset_text,
    second_factor_text,
    send_text,
    taken_text,
    verification_text,
)
from tongbao.platform.ids import new_id

_MINUTE_US: Final = 60 * 1_000_000
_DAY_US: Final = 24 * 60 * _MINUTE_US
GOOD_FOR_US: Final = 10 * _MINUTE_US
INVITATION_GOOD_FOR_US: Final = 7 * _DAY_US
PAUSE_US: Final = _MINUTE_US
SENT_IN_A_DAY_MAX: Final = 10
TRIES_MAX: Final = 5


class CodePurpose(StrEnum):
    """What a code is for."""

    SECOND_FACTOR = "second_factor"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the word, not a password
    INVITATION = "invitation"
    NEW_EMAIL = "new_email"
    NEW_PHONE = "new_phone"


class CodeRefusal(StrEnum):
    """Why no code was sent."""

    NO_PHONE = "no_phone"
    TOO_SOON = "too_soon"
    TOO_MANY = "too_many"
    NOT_DELIVERED = "not_delivered"


class CodeRefusedError(Exception):
    """No code was sent; `refusal` says why and `wait_s` when to ask again."""

    def __init__(self, refusal: CodeRefusal, wait_s: int = 0) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What goes with a code: `to` an address other than the person's phone, an inviter and a link.

    `is_taken`: the address is somebody else's; it is told so and gets no code that works.
    """

    to: str = ""
    inviter: str = ""
    link: str = ""
    is_taken: bool = False


_PLAIN: Final = Post()


def send_code(user: User, purpose: CodePurpose, *, now_us: int, post: Post = _PLAIN) -> OneTimeCode:
    """Make a code, keep its digest, then send it to the person's proven phone or where `post` says.

    An invitation goes to the phone that was named, as a link that begins with `post.link`.

    Raises CodeRefusedError: one code a minute and ten a day for one purpose.
    """
    is_invitation = purpose is CodePurpose.INVITATION
    to = post.to or user.phone or (user.pending_phone if is_invitation else "")
    if not to:
        raise CodeRefusedError(CodeRefusal.NO_PHONE)
    code = f"{secrets.randbelow(10**8):08}" if is_invitation else f"{secrets.randbelow(10**6):06}"
    with transaction.atomic():
        # One sender at a time for one person, so that the limits hold.
        User.objects.select_for_update().get(pk=user.pk)
        _refuse_too_many(user, purpose, now_us)
        code_id = new_id("code")
        row = OneTimeCode.objects.create(
            code_id=code_id,
            user=user,
            purpose=purpose.value,
            sent_to=to,
            code_digest="" if post.is_taken else _digest(code_id, code),
            sent_at_us=now_us,
            expires_at_us=now_us + (INVITATION_GOOD_FOR_US if is_invitation else GOOD_FOR_US),
        )
    if "@" in to:
        was_sent = send_letter(to, _letter(user, purpose, code, post))
    else:
        was_sent = send_text(to, _text(user, purpose, (code_id, code), post))
    if not was_sent:
        raise CodeRefusedError(CodeRefusal.NOT_DELIVERED)
    return row


def check_code(user: User, purpose: CodePurpose, code: str, *, now_us: int) -> bool:
    """Return whether this is the newest code for this purpose, and close it; five tries at most."""
    return take_code(user, purpose, code, now_us=now_us) is not None


def take_code(user: User, purpose: CodePurpose, code: str, *, now_us: int) -> OneTimeCode | None:
    """Close the newest code for this purpose and return it when `code` is right; five tries."""
    with transaction.atomic():
        rows = OneTimeCode.objects.select_for_update().filter(user=user, purpose=purpose.value)
        newest = rows.order_by("-sent_at_us", "-code_id").first()
        if newest is None or newest.used_at_us is not None or newest.tries >= TRIES_MAX:
            return None
        newest.tries += 1
        is_right = now_us < newest.expires_at_us and hmac.compare_digest(
            newest.code_digest, _digest(newest.code_id, code.strip())
        )
        if is_right:
            newest.used_at_us = now_us
        newest.save(update_fields=["tries", "used_at_us"])
        return newest if is_right else None


def _letter(user: User, purpose: CodePurpose, code: str, post: Post) -> Letter:
    if post.is_taken:
        return taken_letter(user)
    return code_letter(code, user, is_reset=purpose is CodePurpose.PASSWORD_RESET)


def _text(user: User, purpose: CodePurpose, code: tuple[str, str], post: Post) -> str:
    """Return the message; `code` is the code's id and the code."""
    match purpose:
        case CodePurpose.SECOND_FACTOR:
            return second_factor_text(code[1], user)
        case CodePurpose.PASSWORD_RESET:
            return reset_text(code[1], user)
        case CodePurpose.INVITATION:
            return invitation_text(user, post.inviter, f"{post.link}{'.'.join(code)}")
        case CodePurpose.NEW_EMAIL | CodePurpose.NEW_PHONE:
            return taken_text(user) if post.is_taken else verification_text(code[1], user)


def _refuse_too_many(user: User, purpose: CodePurpose, now_us: int) -> None:
    rows = OneTimeCode.objects.filter(
        user=user, purpose=purpose.value, sent_at_us__gt=now_us - _DAY_US
    )
    sent = list(rows.order_by("-sent_at_us").values_list("sent_at_us", flat=True))
    if sent and now_us - sent[0] < PAUSE_US:
        raise CodeRefusedError(CodeRefusal.TOO_SOON, -(-(sent[0] + PAUSE_US - now_us) // 1_000_000))
    if len(sent) >= SENT_IN_A_DAY_MAX:
        wait_us = sent[SENT_IN_A_DAY_MAX - 1] + _DAY_US - now_us
        raise CodeRefusedError(CodeRefusal.TOO_MANY, -(-wait_us // 1_000_000))


def _digest(code_id: str, code: str) -> str:
    key = str(settings.SECRET_KEY).encode()
    return hmac.digest(key, f"code\0{code_id}\0{code}".encode(), "sha256").hex()
