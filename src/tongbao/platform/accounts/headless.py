"""What the portal's log-in has besides allauth's own: codes by SMS, and passwords by a code.

The addresses are those of allauth's headless API and stand before them; bodies and answers have
its form. A second factor is an app's code, a recovery code, or the code of the newest SMS.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core import context, ratelimit
from allauth.headless.account.views import LoginView
from allauth.headless.account.views import ReauthenticateView as ReauthenticatePasswordView
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.base.views import APIView
from allauth.headless.constants import Client
from allauth.headless.internal.authkit import AuthenticationStatus
from allauth.headless.internal.restkit import inputs
from allauth.headless.internal.restkit.response import APIResponse
from allauth.headless.mfa.inputs import AuthenticateInput, ReauthenticateInput
from allauth.headless.mfa.views import (
    AuthenticateView,
    ManageRecoveryCodesView,
    ManageTOTPView,
    ManageWebAuthnView,
    ReauthenticateView,
)
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext

from tongbao.platform.access.enforce import AccessDeniedError, actor_of, require
from tongbao.platform.access.operations import Operation
from tongbao.platform.accounts.adapter import wait_told_in
from tongbao.platform.accounts.attempts import address_of
from tongbao.platform.accounts.codes import CodePurpose, CodeRefusedError, check_code, send_code
from tongbao.platform.accounts.passwords import (
    WrongCodeError,
    ask_for_reset,
    choose_by_invitation,
    choose_password,
)
from tongbao.platform.clock import now_us

_RESET_NAME: Final = "tongbao_reset_name"
_SMS_LENGTH: Final = 6


class _TakesSms:
    """Takes the code of a text message where allauth takes an app's; allauth limits wrong ones."""

    user: Any
    cleaned_data: dict[str, Any]
    is_sms = False

    def clean_code(self) -> str:
        """Accept the newest SMS code, or leave the code to allauth."""
        code = str(self.cleaned_data["code"]).strip()
        if len(code) == _SMS_LENGTH and self.user.phone:
            at_us = now_us()
            if check_code(self.user, CodePurpose.SECOND_FACTOR, code, now_us=at_us):
                self.is_sms = True
                return code
        return str(super().clean_code())  # type: ignore[misc]  # allauth's form stands behind

    def save(self) -> None:
        """Keep in the session that the second factor was shown."""
        if not self.is_sms:
            super().save()  # type: ignore[misc]  # as above
            return
        again = {"reauthenticated": True} if isinstance(self, ReauthenticateInput) else {}
        record_authentication(context.request, self.user, "mfa", type="sms", **again)


class AuthenticateWithSms(_TakesSms, AuthenticateInput):  # type: ignore[misc]  # published without types
    """The second step of a log-in."""


class ReauthenticateWithSms(_TakesSms, ReauthenticateInput):  # type: ignore[misc]  # as above
    """The second factor again, in the middle of a session."""


class SecondFactorView(AuthenticateView):  # type: ignore[misc]  # as above
    """Takes the second factor of a log-in."""

    input_class = AuthenticateWithSms


class SecondFactorAgainView(ReauthenticateView):  # type: ignore[misc]  # as above
    """Takes the second factor to confirm an act."""

    input_class = ReauthenticateWithSms


class SendSmsView(APIView):  # type: ignore[misc]  # as above
    """Sends a code to the phone of who is logged in, or is half-way through the log-in."""

    handle_json_input = False

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> Any:
        """Send it; 401 for nobody, 409 without a phone, 429 too soon, 503 not delivered."""
        stage = AuthenticationStatus(request).get_pending_stage()
        user: Any = request.user if request.user.is_authenticated else None
        if user is None and stage is not None:
            user = stage.login.user
        if user is None:
            return AuthenticationResponse(request)
        try:
            send_code(user, CodePurpose.SECOND_FACTOR, now_us=now_us())
        except CodeRefusedError as error:
            return _refused(request, error)
        return APIResponse(request)


class _TellsTheWait:
    """Says when the next try is allowed, for a page to count down: the header `Retry-After`."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Let allauth answer, and add the header while a delay runs."""
        response = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # as above
        if wait_s := wait_told_in(request):
            response.headers["Retry-After"] = str(wait_s)
        return response


class PasswordLogInView(_TellsTheWait, LoginView):  # type: ignore[misc]  # as above
    """Takes a name and a password."""


class PasswordAgainView(_TellsTheWait, ReauthenticatePasswordView):  # type: ignore[misc]  # as above
    """Takes the password again, in the middle of a session."""


class _NeedsFactor:
    """Whoever has a second factor shows it before factors change: the password is not enough."""

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Let allauth go on, or answer 403 `second_factor_needed`."""
        user: Any = request.user
        if user.phone or is_mfa_enabled(user):
            try:
                require(
                    actor_of(request),
                    Operation.ME_FACTORS,
                    now_us=now_us(),
                    owner_id=str(user.pk),
                    target=("user", str(user.pk)),
                )
            except AccessDeniedError:
                return _error(request, "", "second_factor_needed", HTTPStatus.FORBIDDEN)
        return super().handle(request, *args, **kwargs)  # type: ignore[misc]  # allauth's view stands behind


class AppView(_NeedsFactor, ManageTOTPView):  # type: ignore[misc]  # as above
    """Sets an authenticator app up, or takes it away."""


class PasskeysView(_NeedsFactor, ManageWebAuthnView):  # type: ignore[misc]  # as above
    """Makes, names and removes passkeys."""


class RecoveryCodesView(_NeedsFactor, ManageRecoveryCodesView):  # type: ignore[misc]  # as above
    """Shows the recovery codes, or makes new ones."""


class ClosedView(APIView):  # type: ignore[misc]  # as above
    """Stands where allauth would change an address without a second factor: there is nothing."""

    handle_json_input = False

    def handle(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> Any:
        """Answer 404 to everything."""
        return APIResponse(request, status=HTTPStatus.NOT_FOUND)


class _AskResetInput(inputs.Input):  # type: ignore[misc]  # as above
    email = inputs.CharField(required=False, max_length=254)
    phone = inputs.CharField(required=False, max_length=20)
    username = inputs.CharField(required=False, max_length=150)

    def name(self) -> str:
        """Return whatever name was given."""
        data = self.cleaned_data
        return str(data.get("email") or data.get("phone") or data.get("username") or "")


class AskResetView(APIView):  # type: ignore[misc]  # as above
    """Sends a code for a new password; the answer is the same whether there is anybody or not."""

    input_class = _AskResetInput

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> Any:
        """Send it to the person's proven phone and wait for it in this session."""
        name = self.input.name()
        if not ratelimit.consume(request, action="reset_password", key=name.casefold()):
            return _error(request, "", "rate_limited", HTTPStatus.TOO_MANY_REQUESTS)
        ask_for_reset(name, address=address_of(request), now_us=now_us())
        request.session[_RESET_NAME] = name
        return _waiting(request)


class _ResetInput(inputs.Input):  # type: ignore[misc]  # as above
    key = inputs.CharField(max_length=64)
    password = inputs.CharField(max_length=1_000)


class ResetView(APIView):  # type: ignore[misc]  # as above
    """Takes the new password, with the code of the SMS or the key of an invitation's link."""

    input_class = _ResetInput

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> Any:
        """Set it; who was invited is logged in, who forgot it then logs in with it."""
        key = self.input.cleaned_data["key"].strip()
        password = self.input.cleaned_data["password"]
        name = request.session.get(_RESET_NAME, "")
        if not ratelimit.consume(request, action="reset_password_from_key"):
            return _error(request, "", "rate_limited", HTTPStatus.TOO_MANY_REQUESTS)
        try:
            if "." in key:
                self._log_in(choose_by_invitation(key, password, now_us=now_us()))
            else:
                choose_password(name, CodePurpose.PASSWORD_RESET, key, password, now_us=now_us())
        except WrongCodeError:
            return _error(request, "key", "invalid_or_expired_key")
        except ValidationError as error:
            found = [
                {"param": "password", "code": one.code, "message": " ".join(one.messages)}
                for one in error.error_list
            ]
            return APIResponse(request, errors=found, status=HTTPStatus.BAD_REQUEST)
        request.session.pop(_RESET_NAME, None)
        return AuthenticationResponse(request)

    def _log_in(self, user: Any) -> None:
        """Log in who was invited: the key came to their phone, the password is a moment old."""
        if self.request.user.is_authenticated:
            logout(self.request)
        record_authentication(self.request, user, "password")
        perform_login(self.request, Login(user=user))


def _waiting(request: HttpRequest) -> Any:
    flows = [{"id": "login"}, {"id": "password_reset_by_code", "is_pending": True}]
    return APIResponse(
        request,
        data={"flows": flows},
        meta={"is_authenticated": False},
        status=HTTPStatus.UNAUTHORIZED,
    )


def _refused(request: HttpRequest, error: CodeRefusedError) -> Any:
    statuses = {
        "no_phone": HTTPStatus.CONFLICT,
        "too_soon": HTTPStatus.TOO_MANY_REQUESTS,
        "too_many": HTTPStatus.TOO_MANY_REQUESTS,
        "not_delivered": HTTPStatus.SERVICE_UNAVAILABLE,
    }
    response = _error(request, "", error.refusal.value, statuses[error.refusal.value])
    if error.wait_s:
        response.headers["Retry-After"] = str(error.wait_s)
    return response


def _error(
    request: HttpRequest, param: str, code: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
) -> Any:
    words = {
        "no_phone": gettext("There is no phone number for your account."),
        "too_soon": gettext("A code was sent a moment ago. Wait a minute."),
        "too_many": gettext("Too many codes today. Use your app or a recovery code."),
        "not_delivered": gettext("The message could not be sent. Try again."),
        "second_factor_needed": gettext("Confirm with your second factor first."),
        "rate_limited": gettext("Too many tries. Wait a minute."),
        "invalid_or_expired_key": gettext(
            "This code is not right or too old. Let us send a new one."
        ),
    }
    found = {"code": code, "message": words[code], **({"param": param} if param else {})}
    return APIResponse(request, errors=[found], status=status)


urlpatterns = [
    path(address, view.as_api_view(client=Client.BROWSER))
    for address, view in (
        ("auth/login", PasswordLogInView),
        ("auth/reauthenticate", PasswordAgainView),
        ("auth/2fa/sms", SendSmsView),
        ("auth/2fa/authenticate", SecondFactorView),
        ("auth/2fa/reauthenticate", SecondFactorAgainView),
        ("auth/password/request", AskResetView),
        ("auth/password/reset", ResetView),
        ("account/authenticators/totp", AppView),
        ("account/authenticators/webauthn", PasskeysView),
        ("account/authenticators/recovery-codes", RecoveryCodesView),
        ("account/email", ClosedView),
        ("account/phone", ClosedView),
    )
]
