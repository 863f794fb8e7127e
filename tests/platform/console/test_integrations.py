"""API keys, webhooks, deliveries and periodic tasks: what staff see of them and may do."""

import pytest

from tests.platform.api.conftest import OWN, _sealing, make_key  # noqa: F401 - a fixture
from tests.platform.conftest import add_user, browser_of
from tests.platform.console.conftest import TASKS
from tongbao.platform.access.actor import SYSTEM
from tongbao.platform.clock import now_us

KEYS = "/console/api/apikey/"
HOOKS = "/console/api/webhookendpoint/"
DELIVERIES = "/console/api/webhookdelivery/"


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def staff(role):
    return browser_of(add_user(role, roles=(role,)))


@pytest.fixture
def merchants(django_sqlite):
    from tests.platform.seed import MERCHANT
    from tongbao.platform.merchants.services import register_merchants

    register_merchants([MERCHANT], now_us=now_us(), using="default")


def denied():
    from tongbao.platform.audit.models import AuditEntry

    rows = AuditEntry.objects.filter(outcome="denied").order_by("entry_id")
    return [one.operation for one in rows]


def test_support_revokes_a_leaked_key_and_never_sees_it(merchants):
    from tongbao.platform.api.models import ApiKey

    clear = make_key("payments_read")
    key = ApiKey.objects.get()
    support = staff("support")
    for page in (text(support.get(KEYS)), text(support.get(f"{KEYS}{key.pk}/change/"))):
        assert key.shown in page
        assert clear not in page
        assert key.digest not in page
    form = {"what": "revoke"}
    assert "The key is revoked." in text(support.post(f"{KEYS}{key.pk}/do/", form, follow=True))
    key.refresh_from_db()
    assert key.revoked_by == "support"
    assert 'value="revoke"' not in text(support.get(f"{KEYS}{key.pk}/change/"))
    assert support.post(f"{KEYS}{key.pk}/do/", {"what": "show"}).status_code == 404


def test_a_delivery_that_was_given_up_is_sent_again(merchants):
    from tongbao.platform.api import outbox, webhooks
    from tongbao.platform.api.models import DeliveryAttempt, WebhookDelivery

    endpoint, secret = webhooks.add_endpoint(
        SYSTEM,
        OWN,
        url="https://shop.example/hook",
        events=["payment.*"],
        description="",
        now_us=now_us(),
    )
    outbox.emit(OWN, "payment.approved", {"amount_minor": 1}, now_us())
    delivery = WebhookDelivery.objects.get()
    DeliveryAttempt.objects.create(delivery=delivery, at_us=now_us(), took_ms=12, response_code=503)
    WebhookDelivery.objects.update(state="given_up", failed=9)
    support = staff("support")
    assert "Given up" in text(support.get(f"{DELIVERIES}?state=given_up"))
    page = text(support.get(f"{DELIVERIES}{delivery.pk}/change/"))
    assert "503" in page
    assert "payment.approved" in page
    support.post(f"{DELIVERIES}{delivery.pk}/do/", {"what": "send_again"})
    delivery.refresh_from_db()
    assert (delivery.state, delivery.failed) == ("waiting", 0)
    page = text(support.get(f"{HOOKS}{endpoint.pk}/change/"))
    assert secret not in page
    support.post(f"{HOOKS}{endpoint.pk}/do/", {"what": "test"})
    types = WebhookDelivery.objects.values_list("event__type", flat=True)
    assert sorted(types) == ["payment.approved", "webhook.test"]
    webhooks.remove_endpoint(SYSTEM, OWN, endpoint.pk, now_us=now_us())
    form = {"what": "send_again"}
    answer = support.post(f"{DELIVERIES}{delivery.pk}/do/", form, follow=True)
    assert "removed meanwhile" in text(answer)


def test_a_task_that_fails_is_shown_first_and_asked_to_run(django_sqlite):
    from tongbao.platform.work.models import TaskState
    from tongbao.platform.work.registry import all_tasks
    from tongbao.platform.work.words import TASK_WORDS

    assert {task.name for task in all_tasks()} == set(TASK_WORDS)
    administrator = staff("administrator")
    assert "The worker has never run" in text(administrator.get(TASKS))
    at = now_us()
    TaskState.objects.create(name="accounts.disable_unused", due_at_us=at + 60_000_000)
    TaskState.objects.create(
        name="api.deliver_webhooks",
        due_at_us=at + 60_000_000,
        started_at_us=at - 5_000,
        finished_at_us=at,
        outcome="failed",
        failures=3,
        detail="OperationalError",
    )
    page = text(administrator.get(TASKS))
    assert page.index("api.deliver_webhooks") < page.index("accounts.disable_unused")
    assert "Failed 3 times in a row" in page
    address = f"{TASKS}api.deliver_5Fwebhooks/"
    page = text(administrator.get(f"{address}change/"))
    assert "OperationalError" in page
    assert "every 2 s" in page
    administrator.post(f"{address}do/", {"what": "run"})
    state = TaskState.objects.get(name="api.deliver_webhooks")
    assert at <= state.due_at_us <= now_us()


@pytest.mark.parametrize("role", ["reviewer", "auditor"])
def test_other_roles_see_none_of_this_and_do_nothing(merchants, role):
    from tongbao.platform.api.models import ApiKey

    make_key("payments_read")
    key = ApiKey.objects.get()
    browser = staff(role)
    for page in (KEYS, HOOKS, DELIVERIES, TASKS, f"{KEYS}{key.pk}/change/"):
        answer = browser.get(page)
        assert answer.status_code == 403
        assert key.shown not in answer.content.decode()
    known = len(denied())
    assert browser.post(f"{KEYS}{key.pk}/do/", {"what": "revoke"}).status_code == 403
    assert denied()[known:] == ["api_key.revoke"]
    key.refresh_from_db()
    assert key.revoked_at_us is None
