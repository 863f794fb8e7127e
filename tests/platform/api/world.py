"""A merchant with something of everything, for questions to the whole API."""

from __future__ import annotations

from tests.platform.api.conftest import OWN, Caller, member
from tests.platform.seed import seed


def populate(database_url: str) -> tuple[Caller, dict[str, str]]:
    """Fill the default database; return the owner and ids that exist, by path parameter."""
    from tongbao.platform import clock
    from tongbao.platform.access.actor import SYSTEM
    from tongbao.platform.api import keys, webhooks
    from tongbao.platform.api.models import WebhookDelivery

    stories = seed(database_url)
    now_us = clock.now_us()
    owner = member("hanmei")
    made = keys.make_key(SYSTEM, OWN, name="till", scopes=[], expires_at_us=None, now_us=now_us)
    endpoint, _secret = webhooks.add_endpoint(
        SYSTEM,
        OWN,
        url="https://example.com/hook",
        events=["*"],
        description="",
        now_us=now_us,
    )
    webhooks.send_test(SYSTEM, OWN, endpoint.endpoint_id, now_us=now_us)
    known = {
        "merchant_id": OWN,
        "rrn": f"{stories['approved'] - 10**15:012}",
        "key_id": made.record.key_id,
        "endpoint_id": endpoint.endpoint_id,
        "delivery_id": WebhookDelivery.objects.get().delivery_id,
        "terminal_id": "00000001",
    }
    return Caller(owner), known


def session_of(caller: Caller) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers and cookies of the caller's session, with a CSRF token that fits."""
    token = caller.get("/csrf-token").json()["csrf_token"]
    cookies = {name: morsel.value for name, morsel in caller.client.cookies.items()}
    return {"X-CSRFToken": token, "Accept-Language": "en"}, cookies
