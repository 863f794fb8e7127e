"""The portal's addresses: `/` is the public page, `/portal/…` everything else."""

from __future__ import annotations

from django.urls import path, re_path

from tongbao.platform.portal import views

FILES = r"coin\.svg|icon-[a-z0-9-]+\.png|manifest\.webmanifest|offline\.(?:css|html)|worker\.js"

urlpatterns = [
    path("", views.page),
    path("portal/start", views.start),
    path("portal/assets/<str:name>", views.asset),
    re_path(rf"^portal/(?P<name>{FILES})$", views.whole_file),
    path("portal/", views.page),
    path("portal/<path:path>", views.page),
]
