"""What a member of staff can prove themselves with: app, passkeys, recovery codes, phone."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from allauth.account.internal.flows.login import record_authentication
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import signals
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.internal.flows import delete_and_cleanup
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    clear_totp_secret,
    get_totp_secret,
    validate_totp_code,
)
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from allauth.mfa.webauthn.internal import auth as webauthn
from django.db import transaction
from django.utils.translation import gettext

if TYPE_CHECKING:
    from django.http import HttpRequest

PASSKEYS_MAX: Final = 10
NAME_LENGTH_MAX: Final = 40
# Recovery codes that were just made wait in the session until the person has kept them.
SHOWN_CODES: Final = "console_recovery_codes"
_KINDS: Final = Authenticator.Type


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of a person; `used_at` is None until its first use."""

    key: int
    name: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Factors:
    """All second factors of a person; `phone_end` is empty without a phone."""

    has_app: bool
    passkeys: tuple[Passkey, ...]
    codes_left: int
    phone_end: str

    @property
    def ways(self) -> int:
        """In how many ways the person can make the second step, recovery codes left out."""
        return int(self.has_app) + len(self.passkeys) + int(bool(self.phone_end))


def factors_of(user: Any) -> Factors:
    """Return what a person can prove themselves with."""
    rows = list(Authenticator.objects.filter(user_id=user.pk).order_by("pk"))
    passkeys = [
        Passkey(row.pk, row.wrap().name, row.created_at, row.last_used_at)
        for row in rows
        if row.type == _KINDS.WEBAUTHN
    ]
    codes = [row for row in rows if row.type == _KINDS.RECOVERY_CODES]
    return Factors(
        has_app=any(row.type == _KINDS.TOTP for row in rows),
        passkeys=tuple(passkeys),
        codes_left=len(codes[0].wrap().get_unused_codes()) if codes else 0,
        phone_end=str(getattr(user, "phone", None) or "")[-4:],
    )


def app_offer(request: HttpRequest) -> dict[str, str]:
    """Return the picture and the key of an authenticator app that is to be set up."""
    secret = get_totp_secret()
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(request.user, secret))
    return {
        "picture": "data:image/svg+xml;base64," + b64encode(picture.encode()).decode(),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }


def passkey_offer(request: HttpRequest) -> dict[str, Any]:
    """Return what the browser needs to make a passkey; the challenge stays in the session."""
    return dict(webauthn.begin_registration(request.user, passwordless=True))


def add_app(request: HttpRequest, typed: str) -> str:
    """Keep the app's secret once it gave a right code; return an error in words, or nothing."""
    code = normalize_user_code(typed)
    secret = get_totp_secret()
    if not validate_totp_code(secret, code):
        return gettext("This code is not right. Wait for the next one and type it.")
    with transaction.atomic():
        totp = TOTP.activate(request.user, secret)
        totp.validate_code(code)
        _added(request, totp.instance)
    clear_totp_secret(request)
    return ""


def add_passkey(request: HttpRequest, name: str, credential: str) -> str:
    """Keep a passkey that the browser made; return an error in words, or nothing."""
    user = request.user
    if len(factors_of(user).passkeys) >= PASSKEYS_MAX:
        return gettext("There are ten passkeys; remove one that is not used.")
    form = AddWebAuthnForm(
        {"name": name, "credential": credential, "passwordless": "on"}, user=user
    )
    if not form.is_valid():
        return gettext("The passkey was not made. Try again.")
    with transaction.atomic():
        made = webauthn.WebAuthn.add(
            user, form.cleaned_data["name"], form.cleaned_data["credential"]
        )
        _added(request, made.instance)
    return ""


def remove_factor(request: HttpRequest, key: int) -> str:
    """Remove a passkey or the app of the person; return an error in words, or nothing."""
    row = Authenticator.objects.filter(
        pk=key, user_id=request.user.pk, type__in=(_KINDS.TOTP, _KINDS.WEBAUTHN)
    ).first()
    if row is None:
        return gettext("This was removed already.")
    if factors_of(request.user).ways < 2:
        return gettext("This is your only second factor: add another one first.")
    with transaction.atomic():
        delete_and_cleanup(request, row)
    return ""


def app_key(user: Any) -> int | None:
    """Return the key of the person's app, by which it is removed."""
    row = Authenticator.objects.filter(user_id=user.pk, type=_KINDS.TOTP).first()
    return int(row.pk) if row else None


def new_codes(request: HttpRequest) -> None:
    """Make new recovery codes, to be shown once; the old ones are worth nothing any more."""
    user = request.user
    with transaction.atomic():
        Authenticator.objects.filter(user_id=user.pk, type=_KINDS.RECOVERY_CODES).delete()
        made = RecoveryCodes.activate(user)
        _tell(request, made.instance)
        request.session[SHOWN_CODES] = made.generate_codes()


def _added(request: HttpRequest, instance: Authenticator) -> None:
    """Tell of a new factor; the first one brings recovery codes, and counts as shown now."""
    user = request.user
    if not Authenticator.objects.filter(user_id=user.pk, type=_KINDS.RECOVERY_CODES).exists():
        request.session[SHOWN_CODES] = RecoveryCodes.activate(user).generate_codes()
    _tell(request, instance)
    record_authentication(request, user, "mfa", id=instance.pk, type=instance.type)


def _tell(request: HttpRequest, instance: Authenticator) -> None:
    signals.authenticator_added.send(
        sender=Authenticator, request=request, user=request.user, authenticator=instance
    )


def instant_of(moment: datetime) -> int:
    """Return a moment of Django's as microseconds."""
    return int(moment.astimezone(UTC).timestamp() * 1_000_000)
