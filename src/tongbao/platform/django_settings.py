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

from tongbao.platform.database import django_database
from tongbao.platform.settings import PlatformSettings

_DEFAULTS = PlatformSettings(secret_key_file=Path("-"))
_secret_key_file = os.environ.get("TONGBAO_SECRET_KEY_FILE")
_database_url = os.environ.get("TONGBAO_DATABASE_URL")
_HERE = Path(__file__).parent

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
    "tongbao.platform.console",
    "tongbao.platform.accounts",
    "tongbao.platform.merchants",
    "tongbao.platform.fleet",
    "tongbao.platform.payments",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
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
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]

LANGUAGE_CODE = "en"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [str(_HERE / "console" / "locale")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Logging is set by the process that runs us, never by importing us.
LOGGING_CONFIG = None
