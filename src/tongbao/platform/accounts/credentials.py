"""Writes down and tells when a person's password or second factor changes in the portal."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.db import transaction

from tongbao.platform.access.enforce import actor_of
from tongbao.platform.access.operations import Operation
from tongbao.platform.accounts.notices import NoticeKind, notify
from tongbao.platform.audit.services import record
from tongbao.platform.clock import now_us


def connect() -> None:
    """Listen to allauth."""
    authenticator_added.connect(_added, dispatch_uid="tongbao.credentials")
    authenticator_removed.connect(_removed, dispatch_uid="tongbao.credentials")
    password_changed.connect(_password, dispatch_uid="tongbao.credentials")


def _added(request: Any, user: Any, authenticator: Any, **_more: Any) -> None:
    _note(request, user, NoticeKind.SECOND_FACTOR_ADDED, str(authenticator.type))


def _removed(request: Any, user: Any, authenticator: Any, **_more: Any) -> None:
    _note(request, user, NoticeKind.SECOND_FACTOR_REMOVED, str(authenticator.type))


def _password(request: Any, user: Any, **_more: Any) -> None:
    _note(request, user, NoticeKind.PASSWORD_CHANGED, "password")


def _note(request: Any, user: Any, kind: NoticeKind, what: str) -> None:
    at_us = now_us()
    with transaction.atomic():
        notify(user, kind, {}, now_us=at_us)
        record(
            actor_of(request),
            Operation.ME_CREDENTIALS,
            now_us=at_us,
            target=("user", str(user.pk)),
            after={"kind": what, "status": kind.value},
        )
