"""All addresses; loading them brings the console's pages and its catalogue to life."""

from __future__ import annotations

from importlib import import_module

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from tongbao.platform.api.v1 import api
from tongbao.platform.console.catalogue import load_catalogues
from tongbao.platform.fleet.ivr_webhook import call as ivr_call

# Named one by one: Django's own search would also bring in its editable pages for groups.
for page in (
    "tongbao.platform.merchants.admin",
    "tongbao.platform.onboarding.admin",
    "tongbao.platform.onboarding.admin_agents",
    "tongbao.platform.fleet.admin",
    "tongbao.platform.fleet.admin_devices",
    "tongbao.platform.fleet.admin_activations",
    "tongbao.platform.fleet.admin_settings",
    "tongbao.platform.accounts.admin",
    "tongbao.platform.approvals.admin",
    "tongbao.platform.audit.admin",
    "tongbao.platform.payments.admin",
    "tongbao.platform.payments.admin_exceptions",
    "tongbao.platform.payments.admin_batches",
    "tongbao.platform.api.admin",
    "tongbao.platform.work.admin",
):
    import_module(page)
load_catalogues()

handler404 = "tongbao.platform.api.middleware.page_not_found"
handler500 = "tongbao.platform.api.middleware.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("ivr/v1/call", ivr_call),
    path("", include("tongbao.platform.portal.urls")),
    path("_allauth/browser/v1/", include("tongbao.platform.accounts.headless")),
    path("_allauth/", include("allauth.headless.urls")),
    path("console/", admin.site.urls),
    path("language/", include("django.conf.urls.i18n")),
]
