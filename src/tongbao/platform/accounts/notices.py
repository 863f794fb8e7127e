"""Notices: what a person should know about their account, kept until they have read it."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext, override

from tongbao.platform.accounts.letters import notice_letter, send_letter
from tongbao.platform.accounts.models import Notice
from tongbao.platform.accounts.places import place_words
from tongbao.platform.accounts.texts import language_of
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
    EMAIL_CHANGED = "email_changed"
    PHONE_CHANGED = "phone_changed"
    DELIVERY_LATE = "delivery_late"
    ACTIVATION_DUE = "activation_due"
    ACTIVATION_LATE = "activation_late"


def notify(user: Any, kind: NoticeKind, detail: Mapping[str, Any], *, now_us: int) -> Notice:
    """Keep a notice for a person, and send it by e-mail once it is kept, when there is one."""
    notice = Notice.objects.create(
        notice_id=new_id("notice"), user=user, kind=kind.value, detail=dict(detail), at_us=now_us
    )
    if user.email and user.is_email_proven:
        transaction.on_commit(partial(_send, user.email, user, notice))
    return notice


def _send(to: str, user: Any, notice: Notice) -> None:
    with override(language_of(user)):
        send_letter(to, notice_letter(notice_words(notice.kind, notice.detail)))


def notice_words(kind: str, detail: Mapping[str, Any]) -> str:
    """Return a notice in the reader's language."""
    words = {
        NoticeKind.NEW_DEVICE: gettext(
            "Somebody logged in with a new device, from %(address)s (%(place)s). If it was not "
            "you, change your password now."
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
        NoticeKind.EMAIL_CHANGED: gettext("The e-mail address of your account is now %(to)s."),
        NoticeKind.PHONE_CHANGED: gettext("The phone of your account is now %(to)s."),
        NoticeKind.DELIVERY_LATE: gettext(
            "Terminal %(terminal)s should have arrived by now. We ask the courier; confirm the "
            "receipt when it is there."
        ),
        NoticeKind.ACTIVATION_DUE: gettext(
            "Terminal %(terminal)s has arrived and is not activated yet. Switch it on and enter "
            "the code on its screen under Terminals."
        ),
        NoticeKind.ACTIVATION_LATE: gettext(
            "Terminal %(terminal)s was activated and is not ready yet. Look at its screen; call us "
            "when it does not go on."
        ),
    }
    unknown = dict.fromkeys(("address", "merchant", "reason", "to", "terminal"), "")
    facts = {**unknown, **detail}
    facts["place"] = place_words(str(facts["address"]), detail.get("place"))
    try:
        return words[NoticeKind(kind)] % facts
    except ValueError:
        return kind
