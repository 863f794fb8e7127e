"""Notices: what a person should know about their account, kept until they have read it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from tongbao.platform.accounts.models import Notice
from tongbao.platform.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping


class NoticeKind(StrEnum):
    """What happened."""

    NEW_DEVICE = "new_device"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the word, not a password
    SECOND_FACTOR_ADDED = "second_factor_added"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    MEMBERSHIP_GIVEN = "membership_given"
    MEMBERSHIP_ENDED = "membership_ended"
    MERCHANT_SUSPENDED = "merchant_suspended"
    MERCHANT_REOPENED = "merchant_reopened"


def notify(user: Any, kind: NoticeKind, detail: Mapping[str, Any], *, now_us: int) -> Notice:
    """Keep a notice for a person."""
    return Notice.objects.create(
        notice_id=new_id("notice"), user=user, kind=kind.value, detail=dict(detail), at_us=now_us
    )


def notice_words(kind: str, detail: Mapping[str, Any]) -> str:
    """Return a notice in the reader's language."""
    words = {
        NoticeKind.NEW_DEVICE: gettext(
            "Somebody logged in with a new device, from %(address)s. If it was not you, change "
            "your password now."
        ),
        NoticeKind.PASSWORD_CHANGED: gettext("Your password was changed."),
        NoticeKind.SECOND_FACTOR_ADDED: gettext("A second factor was added to your account."),
        NoticeKind.SECOND_FACTOR_REMOVED: gettext("A second factor was removed."),
        NoticeKind.MEMBERSHIP_GIVEN: gettext("You may now work for %(merchant)s."),
        NoticeKind.MEMBERSHIP_ENDED: gettext("You no longer work for %(merchant)s."),
        NoticeKind.MERCHANT_SUSPENDED: gettext(
            "%(merchant)s may take no payments for now: %(reason)s Call us to have it opened."
        ),
        NoticeKind.MERCHANT_REOPENED: gettext("%(merchant)s takes payments again: %(reason)s"),
    }
    try:
        return words[NoticeKind(kind)] % {"address": "", "merchant": "", "reason": "", **detail}
    except ValueError:
        return kind
