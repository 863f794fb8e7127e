"""Text messages about accounts, in the reader's language, and sending them."""

from __future__ import annotations

from typing import Any

import structlog
from django.utils.translation import gettext, override

from tongbao.platform.providers.ports import ProviderUnavailableError, TextMessage
from tongbao.platform.providers.registry import providers

log = structlog.get_logger()


def send_text(phone: str, text: str) -> bool:
    """Hand a message over and return whether that worked; a failure is logged without content."""
    try:
        providers().sms.send(TextMessage(to=phone, text=text))
    except ProviderUnavailableError as error:
        log.warning("sms_not_sent", provider=error.provider)
        return False
    return True


def verification_text(code: str, user: Any) -> str:
    """Return the message with a code that proves a number."""
    with override(language_of(user)):
        return gettext("Tongbao: %(code)s proves that this number is yours.") % {"code": code}


def taken_text(user: Any) -> str:
    """Return the message to a number that opens another account already."""
    with override(language_of(user)):
        return gettext(
            "Tongbao: somebody wanted to use this number for another account. It opens yours "
            "already; nothing was changed."
        )


def contact_changed_text(user: Any) -> str:
    """Return the message to a phone whose account has another phone or e-mail address now."""
    with override(language_of(user)):
        return gettext(
            "Tongbao: the phone or e-mail address of your account was changed. If it was not you, "
            "call your acquirer."
        )


def second_factor_text(code: str, user: Any) -> str:
    """Return the message with a second-factor code."""
    with override(language_of(user)):
        return gettext(
            "Tongbao: your code is %(code)s, good for 10 minutes. Tell it to nobody."
        ) % {"code": code}


def reset_text(code: str, user: Any) -> str:
    """Return the message with a code that lets a person choose a new password."""
    with override(language_of(user)):
        return gettext("Tongbao: %(code)s lets you choose a new password, for 10 minutes.") % {
            "code": code
        }


def invitation_text(user: Any, inviter: str, link: str) -> str:
    """Return the message that invites somebody and lets them choose their first password."""
    with override(language_of(user)):
        return gettext(
            "Tongbao: %(inviter)s invites you. Choose your password within 7 days: %(link)s"
        ) % {"inviter": inviter, "link": link}


def new_device_text(user: Any) -> str:
    """Return the message about a log-in from a browser that was not seen before."""
    with override(language_of(user)):
        return gettext(
            "Tongbao: somebody logged in to your account with a new device. If it was not you, "
            "change your password now."
        )


def language_of(user: Any) -> str:
    """Return the language a person chose, Chinese when none was chosen."""
    return getattr(user, "language", "") or "zh-hans"
