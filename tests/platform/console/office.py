"""An office at work: something in every queue, so that each page has something to show."""

from __future__ import annotations

from tests.platform.console.conftest import ROOM
from tests.platform.fleet import stage
from tests.platform.fleet.conftest import ready_to_ship
from tests.platform.second_step import DATA_KEY
from tests.platform.test_browser import NAME
from tongbao.domain.secrets import KeyBytes
from tongbao.platform.access.actor import SYSTEM, Actor
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.sealing import DataKey

MERCHANT = f"/console/merchants/merchant/{stage.MERCHANT_ID}/change/"


def fill_office() -> dict[str, str]:
    """Fill the default database and return the pages by name."""
    from django.test import override_settings

    from tongbao.platform.clock import now_us

    at = now_us()
    with override_settings(TONGBAO_DATA_KEY=DataKey(KeyBytes(DATA_KEY))):
        clerk = _give_all_roles(at)
        stage.add_merchants()
        agent = _agent(clerk, at)
        return {
            "application": f"/console/onboarding/application/{_application(at)}/change/",
            "applications": "/console/onboarding/application/",
            "agents": "/console/onboarding/agent/",
            "agent": f"/console/onboarding/agent/{agent}/change/",
            "device": f"/console/fleet/device/{ready_to_ship().pk}/change/",
            "devices": "/console/fleet/device/",
            "activations": "/console/fleet/activation/",
            "service-point": "/console/service-point/",
            "service-point-found": f"/console/service-point/?number={stage.SERIAL}",
            "office-merchant": MERCHANT,
            "approvals": "/console/approvals/changerequest/",
            "approval": f"/console/approvals/changerequest/{_fees(clerk, at)}/change/",
            "staff": "/console/accounts/user/",
            "person": f"/console/accounts/user/{clerk.actor_id}/change/",
            "audit": "/console/audit/auditentry/",
            "audit-entry": "/console/audit/auditentry/1/change/",
            **_integrations(at),
            **_tasks(at),
            "my-security": "/console/my-security/",
        }


def _give_all_roles(at: int) -> Actor:
    from tongbao.platform.accounts.actors import actor_of_user
    from tongbao.platform.accounts.models import StaffRoleGrant, User

    user = User.objects.get(username=NAME)
    held = set(user.staff_roles.values_list("role", flat=True))
    for role in sorted(set(StaffRole) - held):
        StaffRoleGrant.objects.create(user=user, role=role, granted_at_us=at, granted_by="test")
    return actor_of_user(user, second_factor_at_us=at)


def _application(at: int) -> str:
    from tests.platform.onboarding.conftest import fill_in, person
    from tongbao.platform.onboarding import states
    from tongbao.platform.onboarding.models import Application

    key = fill_in(person("lin"), now_us=at)
    review = states.State.IN_REVIEW.value
    Application.objects.filter(pk=key).update(status=review, promised_at_us=at - 1)
    return str(key)


def _agent(clerk: Actor, at: int) -> str:
    from tests.platform.onboarding.applicants import credit_code
    from tongbao.platform.onboarding.agents import add_agent, hand_over

    numbers = ("MA0TE1T0", "MA0TE1T2")
    agents = [
        add_agent(clerk, name, credit_code("91", number), "02155550100", "上海", now_us=at)
        for name, number in zip(("通途代理", "远航代理"), numbers, strict=True)
    ]
    hand_over(clerk, stage.MERCHANT_ID, agents[0].pk, "serves", now_us=at)
    return str(agents[0].pk)


def _fees(clerk: Actor, at: int) -> str:
    from tongbao.platform.contracts.fee_changes import ask_for_fees
    from tongbao.platform.contracts.fees import STANDARD_RATES

    asked = ask_for_fees(clerk, stage.OTHER_ID, STANDARD_RATES, reason="Long customer.", now_us=at)
    return str(asked.pk)


def _integrations(at: int) -> dict[str, str]:
    from tests.platform.api.conftest import make_key
    from tongbao.platform.api import outbox, webhooks
    from tongbao.platform.api.models import ApiKey, DeliveryAttempt, WebhookDelivery

    make_key("payments_read", merchant_id=stage.MERCHANT_ID)
    hook, _secret = webhooks.add_endpoint(
        SYSTEM,
        stage.MERCHANT_ID,
        url="https://shop.example/hooks/tongbao",
        events=["*"],
        description="",
        now_us=at,
    )
    outbox.emit(stage.MERCHANT_ID, "payment.approved", {"amount_minor": 12_300}, at)
    delivery = WebhookDelivery.objects.get()
    DeliveryAttempt.objects.create(delivery=delivery, at_us=at, took_ms=31, response_code=503)
    return {
        "keys": "/console/api/apikey/",
        "key": f"/console/api/apikey/{ApiKey.objects.get().pk}/change/",
        "webhooks": "/console/api/webhookendpoint/",
        "webhook": f"/console/api/webhookendpoint/{hook.pk}/change/",
        "deliveries": "/console/api/webhookdelivery/",
        "delivery": f"/console/api/webhookdelivery/{delivery.pk}/change/",
    }


def _tasks(at: int) -> dict[str, str]:
    from tongbao.platform.work.models import TaskState

    for name, failures in (("api.deliver_webhooks", 3), ("audit.seal", 0)):
        TaskState.objects.create(
            name=name,
            due_at_us=at + 60_000_000,
            started_at_us=at - 2_000_000,
            finished_at_us=at - 1_950_000,
            failures=failures,
            detail="OperationalError" if failures else "",
            did=0 if failures else 1,
        )
    page = f"/console/{ROOM}/taskstate/"
    return {"tasks": page, "task": f"{page}api.deliver_5Fwebhooks/change/"}
