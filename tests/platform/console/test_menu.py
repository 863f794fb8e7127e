"""The menu: every page that opens for a role, and no page that does not."""

import re

from tests.platform.conftest import add_user, browser_of
from tests.platform.console.conftest import TASKS
from tongbao.platform.access.roles import StaffRole

LINK = re.compile(r'<li><a href="(/console/[^"]*)"')
EVERYBODY = {
    "/console/",
    "/console/accounts/user/",
    "/console/approvals/changerequest/",
    "/console/fleet/activation/",
    "/console/fleet/device/",
    "/console/fleet/terminal/",
    "/console/merchants/merchant/",
    "/console/my-security/",
    "/console/payments/batchevent/",
    "/console/payments/payment/",
    "/console/payments/paymentexception/",
}
SUPPORT = {
    "/console/api/apikey/",
    "/console/api/webhookdelivery/",
    "/console/api/webhookendpoint/",
}
FLEET = {"/console/fleet/wantedsettings/", "/console/service-point/"}
MORE = {
    "fleet": FLEET,
    "support": SUPPORT,
    "administrator": {TASKS} | FLEET | SUPPORT,
    "reviewer": {"/console/onboarding/agent/", "/console/onboarding/application/"},
    "auditor": {"/console/audit/auditentry/"},
}


def menu_of(browser):
    answer = browser.get("/console/")
    assert answer.status_code == 200
    return LINK.findall(answer.content.decode())


def test_the_menu_shows_what_a_role_may_open_and_nothing_else(django_sqlite):
    every_page = EVERYBODY.union(*MORE.values())
    for role in StaffRole:
        browser = browser_of(add_user(f"{role}-person", roles=(role.value,)))
        shown = menu_of(browser)
        assert len(shown) == len(set(shown))
        assert set(shown) == EVERYBODY | MORE.get(role, set()), role
        for page in sorted(every_page - EVERYBODY):
            assert browser.get(page).status_code == (200 if page in shown else 403), page
    assert {browser.get(page).status_code for page in EVERYBODY} == {200}
