"""The Django settings module.

`tongbao platform …` fills it from the settings file (see `project.py`); tools such as
`django-admin makemigrations` take the database from `TONGBAO_DATABASE_URL` and the signing key
from the file named by `TONGBAO_SECRET_KEY_FILE`.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from tongbao.platform.audit.seals import AuditKey
from tongbao.platform.console import look
from tongbao.platform.database import django_database
from tongbao.platform.payments.traces.document import TraceKey
from tongbao.platform.sealing import DataKey
from tongbao.platform.settings import PlatformSettings

_DEFAULTS = PlatformSettings(secret_key_file=Path("-"))
_secret_key_file = os.environ.get("TONGBAO_SECRET_KEY_FILE")
_database_url = os.environ.get("TONGBAO_DATABASE_URL")

# Without a key file a process signs with its own passing key: fine for migrations and tools.
SECRET_KEY = (
    Path(_secret_key_file).read_text(encoding="ascii").strip()
    if _secret_key_file
    else secrets.token_urlsafe(50)
)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
DATABASES: dict[str, Any] = {"default": django_database(_database_url)} if _database_url else {}

INSTALLED_APPS = [
    "tongbao.platform.console.apps.ConsoleConfig",
    "tongbao.platform.accounts",
    "tongbao.platform.audit",
    "tongbao.platform.approvals",
    "tongbao.platform.merchants",
    "tongbao.platform.onboarding",
    "tongbao.platform.contracts",
    "tongbao.platform.providers",
    "tongbao.platform.fleet",
    "tongbao.platform.operators",
    "tongbao.platform.payments",
    "tongbao.platform.api",
    "tongbao.platform.work",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "tongbao.platform.console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tongbao.platform.console.security.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "tongbao.platform.api.middleware.ApiAnswers",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tongbao.platform.accounts.devices.KnownDevices",
    "tongbao.platform.console.security.SlidingSession",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tongbao.platform.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/console/login/"
LOGIN_REDIRECT_URL = "/console/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
] + [
    {"NAME": f"tongbao.platform.accounts.password_rules.{name}"}
    for name in ("LettersAndDigits", "NotUsedLately")
]
AUTHENTICATION_BACKENDS = ["tongbao.platform.accounts.log_in.AnyNameBackend"]
# Argon2id; what was hashed before is checked with its own method and hashed anew at the log-in.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

# django-allauth serves the portal's log-in as an API; it has no pages of its own here.
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser",)
ACCOUNT_ADAPTER = "tongbao.platform.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["phone*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_SESSION_REMEMBER = False
# Passwords have our own growing delay; this one is for codes of second factors.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,10/300s/key"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
MFA_ADAPTER = "tongbao.platform.accounts.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_TOLERANCE = 1

LANGUAGE_CODE = "en"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "tongbao_language"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
STATIC_URL = "/static/"
# Files are served from the packages that bring them; nothing is collected.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Logging is set by the process that runs us, never by importing us.
LOGGING_CONFIG = None

# What is counted to slow somebody down is counted for all processes together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_sharedcount",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Letters go through our own mail port; Django sends none.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

SESSION_COOKIE_NAME = "tongbao_session"
SESSION_COOKIE_AGE = _DEFAULTS.session_idle_minutes * 60
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "tongbao_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

UNFOLD = look.UNFOLD

# Our own, set from PlatformSettings by `project.serving`.
TONGBAO_SANDBOX = _DEFAULTS.sandbox
TONGBAO_TRACE_KEY: TraceKey | None = None
TONGBAO_AUDIT_KEY: AuditKey | None = None
TONGBAO_DATA_KEY: DataKey | None = None
TONGBAO_PROVIDERS_URL = _DEFAULTS.providers_url
TONGBAO_BEHIND_HTTPS = _DEFAULTS.behind_https
TONGBAO_LOGIN_FREE_FAILURES = _DEFAULTS.login_failures_before_delay
TONGBAO_STAFF_IDLE_MINUTES = _DEFAULTS.staff_idle_minutes
TONGBAO_LOGIN_DELAY_MAX_S = _DEFAULTS.login_delay_max_s
