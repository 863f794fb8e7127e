"""Another phone or e-mail address for a person: proven at the new one, told to the old one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.accounts.codes import CodePurpose, Post, send_code, take_code
from tongbao.platform.accounts.log_in import phone_of
from tongbao.platform.accounts.models import User
from tongbao.platform.accounts.notices import NoticeKind, notify
from tongbao.platform.accounts.texts import contact_changed_text, send_text
from tongbao.platform.audit.services import record

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor
    from tongbao.platform.accounts.models import OneTimeCode

_EMAIL_LENGTH_MAX: Final = 254


class ContactRefusal(StrEnum):
    """Why nothing was done."""

    EMAIL_MALFORMED = "email_malformed"
    PHONE_MALFORMED = "phone_malformed"
    IS_YOURS = "is_yours"
    WRONG_CODE = "wrong_code"


class ContactRefusedError(Exception):
    """Nothing was done; `refusal` says why."""

    def __init__(self, refusal: ContactRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def ask_for_email(actor: Actor, typed: str, *, now_us: int) -> OneTimeCode:
    """Send a code to a new e-mail address; nothing changes before it comes back.

    Whether the address opens another account is told to that address and not to who asks.

    Raises AccessDeniedError, ContactRefusedError and CodeRefusedError.
    """
    user = _myself(actor, now_us)
    email = _email_of(typed)
    if email == user.email and user.is_email_proven:
        raise ContactRefusedError(ContactRefusal.IS_YOURS)
    is_taken = User.objects.filter(email__iexact=email).exclude(pk=user.pk).exists()
    return _ask(actor, user, CodePurpose.NEW_EMAIL, Post(to=email, is_taken=is_taken), now_us)


def ask_for_phone(actor: Actor, typed: str, *, now_us: int) -> OneTimeCode:
    """Send a code to a new mobile number; everything else as for e-mail."""
    user = _myself(actor, now_us)
    phone = phone_of(typed)
    if phone is None:
        raise ContactRefusedError(ContactRefusal.PHONE_MALFORMED)
    if phone == user.phone:
        raise ContactRefusedError(ContactRefusal.IS_YOURS)
    is_taken = User.objects.filter(phone=phone).exclude(pk=user.pk).exists()
    return _ask(actor, user, CodePurpose.NEW_PHONE, Post(to=phone, is_taken=is_taken), now_us)


def confirm_email(actor: Actor, code: str, *, now_us: int) -> User:
    """Take the code and put the address in force. Raises as above."""
    return _confirm(actor, CodePurpose.NEW_EMAIL, code, now_us)


def confirm_phone(actor: Actor, code: str, *, now_us: int) -> User:
    """Take the code and put the number in force. Raises as above."""
    return _confirm(actor, CodePurpose.NEW_PHONE, code, now_us)


def _ask(actor: Actor, user: User, purpose: CodePurpose, post: Post, now_us: int) -> OneTimeCode:
    row = send_code(user, purpose, now_us=now_us, post=post)
    facts = {"kind": purpose.value, "status": "asked", "name": masked(post.to)}
    target = ("user", str(user.pk))
    record(actor, Operation.ME_CONTACT, now_us=now_us, target=target, after=facts)
    return row


def _confirm(actor: Actor, purpose: CodePurpose, code: str, now_us: int) -> User:
    user = _myself(actor, now_us)
    row = take_code(user, purpose, code, now_us=now_us)
    if row is None:
        raise ContactRefusedError(ContactRefusal.WRONG_CODE)
    is_phone = purpose is CodePurpose.NEW_PHONE
    kind = NoticeKind.PHONE_CHANGED if is_phone else NoticeKind.EMAIL_CHANGED
    old_phone = user.phone
    try:
        with transaction.atomic():
            # The old address hears of it, too: a notice goes to the one that is in force.
            notify(user, kind, {"to": masked(row.sent_to)}, now_us=now_us)
            if is_phone:
                user.phone, user.pending_phone = row.sent_to, ""
            else:
                user.email, user.is_email_proven = row.sent_to, True
            user.save(update_fields=["phone", "pending_phone", "email", "is_email_proven"])
            record(
                actor,
                Operation.ME_CONTACT,
                now_us=now_us,
                target=("user", str(user.pk)),
                after={"kind": kind.value, "name": masked(row.sent_to)},
            )
    except IntegrityError:  # somebody proved it between the question and now
        raise ContactRefusedError(ContactRefusal.WRONG_CODE) from None
    if old_phone:
        send_text(old_phone, contact_changed_text(user))
    return user


def masked(address: str) -> str:
    """Return as much of an address as its owner needs to know it: `l…@example.com`, `+86…1234`."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}…{at}{domain}" if at else f"{address[:3]}…{address[-4:]}"


def _myself(actor: Actor, now_us: int) -> User:
    target = ("user", actor.actor_id)
    require(actor, Operation.ME_CONTACT, now_us=now_us, owner_id=actor.actor_id, target=target)
    return User.objects.get(pk=actor.actor_id)


def _email_of(typed: str) -> str:
    email = typed.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise ContactRefusedError(ContactRefusal.EMAIL_MALFORMED) from None
    if len(email) > _EMAIL_LENGTH_MAX:
        raise ContactRefusedError(ContactRefusal.EMAIL_MALFORMED)
    return email
