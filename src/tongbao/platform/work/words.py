"""What each periodic task does, in the reader's language."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

TASK_WORDS: Final = {
    "accounts.disable_unused": _("Close accounts that nobody used for 90 days"),
    "accounts.forget_places": _("Forget places of addresses after 90 days"),
    "audit.seal": _("Seal the audit log of the day before"),
    "api.feed_payments": _("Tell merchants' software about payments"),
    "api.deliver_webhooks": _("Deliver webhooks that are due"),
    "api.forget_answers": _("Forget kept answers of the API after a day"),
    "fleet.expire": _("End invitations, acts and key loadings that ran out"),
    "fleet.forget": _("Forget used nonces and old heartbeats"),
    "fleet.remind": _("Tell merchants of late terminals"),
    "fleet.idle": _("Look for terminals that nobody uses"),
    "onboarding.check_waiting": _("Check applications that were handed in"),
    "onboarding.remind": _("Remind applicants before a deadline"),
    "onboarding.own_up": _("Tell applicants that our answer is late"),
    "onboarding.expire": _("Let applications run out after their deadline"),
    "payments.follow_doubts": _("Follow payments that are in doubt"),
    "payments.follow_statuses": _("Look at what terminals say that they could not deliver"),
}
