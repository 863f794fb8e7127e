"""E-mail about accounts, in the reader's language, and sending it."""

from __future__ import annotations

from typing import Any, NamedTuple

import structlog
from django.utils.translation import gettext, override

from tongbao.platform.accounts.texts import language_of
from tongbao.platform.providers.ports import MailMessage, ProviderUnavailableError
from tongbao.platform.providers.registry import providers

log = structlog.get_logger()


class Letter(NamedTuple):
    """What a letter says; the text is plain, one paragraph a line."""

    subject: str
    text: str


def send_letter(to: str, letter: Letter) -> bool:
    """Hand a letter over and return whether that worked; a failure is logged without content."""
    try:
        providers().mail.deliver(MailMessage(to=to, subject=letter.subject, text=letter.text))
    except ProviderUnavailableError as error:
        log.warning("mail_not_sent", provider=error.provider)
        return False
    return True


def code_letter(code: str, user: Any, *, is_reset: bool) -> Letter:
    """Return the letter with a code: for a new password, or to prove an address."""
    with override(language_of(user)):
        if is_reset:
            subject = gettext("Tongbao: your code for a new password")
            text = gettext("%(code)s lets you choose a new password, for 10 minutes.")
        else:
            subject = gettext("Tongbao: please confirm this e-mail address")
            text = gettext("%(code)s proves that this address is yours, for 10 minutes.")
        return Letter(subject, _closed(text % {"code": code}))


def taken_letter(user: Any) -> Letter:
    """Return the letter to an address that opens another account already."""
    with override(language_of(user)):
        subject = gettext("Tongbao: this address is in use")
        text = gettext(
            "Somebody wanted to use this address for another account. It opens yours already, so "
            "nothing was changed."
        )
        return Letter(subject, _closed(text))


def notice_letter(words: str) -> Letter:
    """Return the letter that repeats a notice; call it in the reader's language."""
    return Letter(
        gettext("Tongbao: about your account"),
        _closed(words, gettext("Did you not expect this? Call your acquirer.")),
    )


def _closed(*lines: str) -> str:
    warning = gettext("Tell a code to nobody; we never ask for one.")
    return "\n".join((*lines, warning, "Tongbao 通宝"))
