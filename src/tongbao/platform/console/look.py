"""The console's identity for django-unfold: names, coin, colours and menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext, gettext_lazy

if TYPE_CHECKING:
    from django.http import HttpRequest

PRODUCT = "Tongbao 通宝"

# Deep green for actions, warm paper greys; step 600 carries white text, step 500 is readable on
# the dark ground.
_GREEN = {
    "50": "#eff7f2",
    "100": "#dfece3",
    "200": "#bddccb",
    "300": "#8fc5aa",
    "400": "#6fd3ab",
    "500": "#45b78b",
    "600": "#0e5b44",
    "700": "#0a4534",
    "800": "#083a2c",
    "900": "#072c22",
    "950": "#041a14",
}
_PAPER = {
    "50": "#faf8f3",
    "100": "#f4f1e9",
    "200": "#e6e0d2",
    "300": "#cfc8b7",
    "400": "#9aa39c",
    "500": "#66716a",
    "600": "#4a544e",
    "700": "#37423c",
    "800": "#26332d",
    "900": "#141d19",
    "950": "#0d1411",
}


def _asset(name: str) -> Any:
    def address(request: HttpRequest) -> str:
        del request
        return static(f"console/{name}")

    return address


def environment(request: HttpRequest) -> list[str] | None:
    """Return the mark of a simulated world, shown in each page's header."""
    del request
    return [gettext("Sandbox"), "warning"] if settings.TONGBAO_SANDBOX else None


def _item(title: Any, icon: str, page: str) -> dict[str, Any]:
    def opens(request: HttpRequest) -> bool:
        from tongbao.platform.console.menu import may_open  # noqa: PLC0415 - settings load this

        return may_open(request, page)

    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{page}"),
        "permission": opens,
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": PRODUCT,
    "SITE_HEADER": PRODUCT,
    "SITE_SUBHEADER": gettext_lazy("Operations console"),
    "SITE_URL": None,
    "SITE_ICON": _asset("coin.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _asset("coin.svg")},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": False,
    "ENVIRONMENT": environment,
    "BORDER_RADIUS": "10px",
    "COLORS": {"primary": _GREEN, "base": _PAPER},
    "STYLES": [_asset("console.css")],
    "LOGIN": {
        "form": "tongbao.platform.accounts.forms.LoginForm",
        "image": _asset("login.svg"),
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    _item(gettext_lazy("Today"), "today", "index"),
                    _item(gettext_lazy("Payments"), "receipt_long", "payments_payment_changelist"),
                    _item(
                        gettext_lazy("Exceptions"), "error", "payments_paymentexception_changelist"
                    ),
                    _item(gettext_lazy("Batches"), "inventory", "payments_batchevent_changelist"),
                ]
            },
            {
                "separator": True,
                "items": [
                    _item(gettext_lazy("Terminals"), "point_of_sale", "fleet_terminal_changelist"),
                    _item(gettext_lazy("Devices"), "devices", "fleet_device_changelist"),
                    _item(
                        gettext_lazy("Activations"),
                        "qr_code_scanner",
                        "fleet_activation_changelist",
                    ),
                    _item(
                        gettext_lazy("Terminal settings"), "tune", "fleet_wantedsettings_changelist"
                    ),
                    _item(gettext_lazy("Service point"), "storefront", "service_point"),
                    _item(gettext_lazy("Merchants"), "store", "merchants_merchant_changelist"),
                    _item(
                        gettext_lazy("Applications"),
                        "fact_check",
                        "onboarding_application_changelist",
                    ),
                    _item(gettext_lazy("Agents"), "handshake", "onboarding_agent_changelist"),
                ],
            },
            {
                "separator": True,
                "items": [
                    _item(gettext_lazy("API keys"), "vpn_key", "api_apikey_changelist"),
                    _item(gettext_lazy("Webhooks"), "webhook", "api_webhookendpoint_changelist"),
                    _item(gettext_lazy("Deliveries"), "outbox", "api_webhookdelivery_changelist"),
                    _item(gettext_lazy("Periodic work"), "schedule", "work_taskstate_changelist"),
                ],
            },
            {
                "separator": True,
                "items": [
                    _item(
                        gettext_lazy("Approvals"),
                        "approval_delegation",
                        "approvals_changerequest_changelist",
                    ),
                    _item(gettext_lazy("Staff"), "badge", "accounts_user_changelist"),
                    _item(gettext_lazy("Audit log"), "policy", "audit_auditentry_changelist"),
                    _item(gettext_lazy("Second step"), "passkey", "my_security"),
                ],
            },
        ],
    },
}
