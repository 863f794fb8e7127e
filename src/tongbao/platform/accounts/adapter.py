"""What django-allauth asks us: phones, the throttle, sealed second factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import ngettext

from tongbao.platform.access.decide import SECOND_FACTOR_FRESH_US
from tongbao.platform.accounts.attempts import address_of, record_attempt, seconds_to_wait
from tongbao.platform.accounts.log_in import is_unused
from tongbao.platform.accounts.models import User
from tongbao.platform.accounts.second_factor import second_factor_at_us
from tongbao.platform.accounts.texts import send_text, verification_text
from tongbao.platform.clock import now_us
from tongbao.platform.ids import new_id
from tongbao.platform.sealing import data_key

if TYPE_CHECKING:
    from django.http import HttpRequest

_WAIT_SLOT = "tongbao_wait_s"
SEAL_CONTEXT = "mfa_authenticator/secret"


def wait_told_in(request: HttpRequest) -> int:
    """Return the seconds that this request was told to wait, 0 when it was not."""
    return int(getattr(request, _WAIT_SLOT, 0))


def waiting_error(seconds: int) -> ValidationError:
    """Return the error that tells how long to wait."""
    return ValidationError(
        ngettext(
            "Too many failed attempts. Try again in %(seconds)d second.",
            "Too many failed attempts. Try again in %(seconds)d seconds.",
            seconds,
        ),
        code="throttled",
        params={"seconds": seconds},
    )


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # published without types
    """People with phones; the growing delay stands before every check of a password."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse while a delay runs for this person or from this address."""
        wait = seconds_to_wait(_name_in(credentials), address_of(request))
        if wait:
            setattr(request, _WAIT_SLOT, wait)
            raise waiting_error(wait)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Check the password and write the attempt down."""
        user = super().authenticate(request, **credentials)
        record_attempt(_name_in(credentials), address_of(request), succeeded=user is not None)
        return user

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Check the password of somebody who is logged in; the delay counts here, too."""
        from allauth.core import context  # noqa: PLC0415 - the request in hand

        found = self.authenticate(context.request, username=user.username, password=password)
        return found is not None and found.pk == user.pk

    def pre_login(self, request: HttpRequest, user: Any, **more: Any) -> Any:
        """Let nobody in whose account slept for 90 days, whichever way they log in."""
        if is_unused(user, now_us()):
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **more)

    def is_reauthentication_required(self, **_more: Any) -> bool:
        """Ask for the password before a change of factors, but of nobody who just showed one."""
        from allauth.core import context  # noqa: PLC0415 - the request in hand

        at_us = second_factor_at_us(context.request)
        return at_us is None or now_us() - at_us > SECOND_FACTOR_FRESH_US

    def get_login_stages(self) -> list[str]:
        """Return allauth's steps with our own about phones."""
        ours = {"PhoneVerificationStage": "tongbao.platform.accounts.stages.PhoneStage"}
        return [ours.get(stage.rsplit(".", 1)[1], stage) for stage in super().get_login_stages()]

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address as the rest of the platform sees it."""
        return address_of(request)

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Give a person who signs up a name nobody types; they log in with their phone."""
        del request
        user.username = user.username or new_id("person")

    def get_user_by_phone(self, phone: str) -> Any:
        """Return who proved to have this number."""
        return User.objects.filter(phone=phone).first()

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        """Return the number and whether it was proven."""
        if user.phone:
            return user.phone, True
        return (user.pending_phone, False) if user.pending_phone else None

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        """Keep a number; one that is not proven keeps nobody else from it."""
        if verified:
            self.set_phone_verified(user, phone)
        else:
            user.pending_phone = phone
            user.save(update_fields=["pending_phone"])

    def set_phone_verified(self, user: Any, phone: str) -> None:
        """Keep a proven number; raises ValidationError when somebody proved it meanwhile."""
        user.phone, user.pending_phone = phone, ""
        try:
            with transaction.atomic():
                user.save(update_fields=["phone", "pending_phone"])
        except IntegrityError:
            raise self.validation_error("phone_taken") from None

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **_more: Any) -> None:
        """Send the code by which a number is proven."""
        send_text(phone, verification_text(code, user))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing of allauth's own: letters go through the mail port, with our words."""


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # published without types
    """Secrets of second factors are sealed in the database."""

    def get_totp_issuer(self) -> str:
        """Return the name that an authenticator app shows."""
        return "Tongbao"

    def get_totp_label(self, user: Any) -> str:
        """Return whose code it is."""
        return str(user.phone or user.get_username())

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return data_key().seal(text.encode(), SEAL_CONTEXT).hex()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret."""
        return data_key().open(bytes.fromhex(encrypted_text), SEAL_CONTEXT).decode()


def _name_in(credentials: dict[str, Any]) -> str:
    return str(
        credentials.get("username") or credentials.get("email") or credentials.get("phone") or ""
    )
