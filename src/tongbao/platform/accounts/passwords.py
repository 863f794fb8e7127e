"""New passwords: made for people, chosen after a code, and changed with the old one in hand."""

from __future__ import annotations

from contextlib import suppress

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from tongbao.platform.access.actor import Actor, ActorKind
from tongbao.platform.access.operations import Operation
from tongbao.platform.accounts.codes import (
    CodePurpose,
    CodeRefusedError,
    Post,
    check_code,
    send_code,
)
from tongbao.platform.accounts.log_in import find_user
from tongbao.platform.accounts.models import OneTimeCode, User
from tongbao.platform.accounts.notices import NoticeKind, notify
from tongbao.platform.audit.services import Outcome, record


class WrongCodeError(Exception):
    """The code is wrong, used, too old, or was tried too often; the password stays as it was."""


def ask_for_reset(name: str, *, address: str, now_us: int) -> None:
    """Send a code to whoever the name means; says nothing about whether there is anybody.

    It goes to the proven e-mail address of who gave that name or has no phone, else to the phone.
    """
    user = find_user(name)
    if user is None or not user.is_active:
        return
    by_mail = user.email if user.email and user.is_email_proven else ""
    to = by_mail if "@" in name or not user.phone else ""
    with suppress(CodeRefusedError):
        send_code(user, CodePurpose.PASSWORD_RESET, now_us=now_us, post=Post(to=to or ""))
        record(
            Actor(kind=ActorKind.ANONYMOUS, actor_id="", name="", address=address),
            Operation.PASSWORD_ASK,
            now_us=now_us,
            target=("user", str(user.pk)),
        )


def choose_password(
    name: str, purpose: CodePurpose, code: str, password: str, *, now_us: int
) -> User:
    """Let a person choose a password with a code that was sent to them; ends their log-ins.

    Raises ValidationError for a password that is not acceptable (the code stays good then), and
    WrongCodeError, also for a name that means nobody.
    """
    user = find_user(name)
    validate_password(password, user)
    if user is None or not user.is_active:
        raise WrongCodeError
    return _choose(user, purpose, code, password, now_us)


def choose_by_invitation(key: str, password: str, *, now_us: int) -> User:
    """Let somebody who was invited choose their first password by the key in the link.

    Their phone counts as proven then: the key was sent to it. Raises as `choose_password`.
    """
    code_id, _dot, code = key.partition(".")
    row = OneTimeCode.objects.filter(pk=code_id, purpose=CodePurpose.INVITATION.value).first()
    user = row.user if row else None
    validate_password(password, user)
    if user is None or not user.is_active or user.has_usable_password():
        raise WrongCodeError
    return _choose(user, CodePurpose.INVITATION, code, password, now_us)


def _choose(user: User, purpose: CodePurpose, code: str, password: str, now_us: int) -> User:
    actor = Actor(kind=ActorKind.PERSON, actor_id=str(user.pk), name=user.username)
    target = ("user", str(user.pk))
    if not check_code(user, purpose, code, now_us=now_us):
        record(actor, Operation.PASSWORD_SET, now_us=now_us, outcome=Outcome.DENIED, target=target)
        raise WrongCodeError
    with transaction.atomic():
        user.set_password(password)
        if purpose is CodePurpose.INVITATION and user.pending_phone and user.phone is None:
            taken = User.objects.filter(phone=user.pending_phone).exists()
            user.phone, user.pending_phone = None if taken else user.pending_phone, ""
        user.save()
        record(actor, Operation.PASSWORD_SET, now_us=now_us, target=target, detail=purpose.value)
        notify(user, NoticeKind.PASSWORD_CHANGED, {}, now_us=now_us)
    return user
