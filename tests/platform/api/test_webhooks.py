"""Webhooks: signed, numbered, repeated by plan, and never sent to the inside."""

import json
import socket

import pytest

from tests.platform.api.conftest import OTHER, OWN, Caller, denials, make_key, member
from tests.platform.api.receiver import Receiver
from tests.platform.api.test_payments import own_payment
from tongbao.platform.api.webhook_rules import (
    PLAN_S,
    AddressError,
    check_address,
    is_pattern,
    new_secret,
    next_attempt_us,
    signature,
    target_of,
    wants,
)

HOOKS = f"/merchants/{OWN}/webhooks"
S = 1_000_000


@pytest.fixture
def owner(stories):
    return Caller(member("hanmei"))


@pytest.fixture
def _sandbox():
    from django.test import override_settings

    with override_settings(TONGBAO_SANDBOX=True):
        yield


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def hook(owner, receiver, _sandbox):
    """A receiver that is told about payments; returns the endpoint's id."""
    made = owner.post(HOOKS, {"url": receiver.url, "events": ["payment.*"]})
    assert made.status_code == 201, made.content
    receiver.secret = made.json()["secret"]
    return made.json()["endpoint_id"]


def feed(now_us):
    from tongbao.platform.api.feeding import feed_payments

    return feed_payments(now_us)


def deliver(now_us):
    from tongbao.platform.api.delivering import deliver_due

    return deliver_due(now_us)


def happen(payment, kind, at_us=1):
    from tongbao.platform.payments.models import PaymentEvent

    PaymentEvent.objects.create(payment=payment, kind=kind, at_us=at_us)


def deliveries(owner, hook, **query):
    return owner.get(f"{HOOKS}/{hook}/deliveries", query).json()["items"]


def test_the_signature_is_the_standards_own_example():
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYq="
    with pytest.raises(ValueError, match="not a webhook secret"):
        signature("whsec_short", "msg_1", 1, b"{}")
    body = b'{"test": 2432232314}'
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body)
    import base64
    import hashlib
    import hmac

    key = base64.b64decode(secret[6:])
    text = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + body
    assert made == "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    assert new_secret() != new_secret()


def test_the_plan_tries_nine_times_in_a_day():
    now, failed, times = 0, 0, [0]
    while (after := next_attempt_us(failed + 1, now)) is not None:
        failed, now = failed + 1, after
        times.append(now // S)
    assert len(times) == 9 == len(PLAN_S) + 1
    assert times[:4] == [0, 5, 65, 365]
    assert 23 * 3600 < times[-1] <= 24 * 3600


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "https"),
        ("ftp://example.com/", "https"),
        ("https://user:word@example.com/", "user"),
        ("https:///nowhere", "malformed"),
        ("https://example.com:99999/", "malformed"),
        ("https://exam ple.com/", "malformed"),
        ("https://example.com/#part", "malformed"),
        ("https://127.0.0.1/", "inside"),
        ("https://10.1.2.3/", "inside"),
        ("https://169.254.169.254/latest", "inside"),
        ("https://[::1]/", "inside"),
        ("https://[::ffff:10.0.0.1]/", "inside"),
        ("https://[fd00::1]/", "inside"),
        ("https://100.64.0.1/", "inside"),
        ("https://0.0.0.0/", "inside"),
    ],
)
def test_an_address_that_must_not_be_called_is_refused(url, code):
    with pytest.raises(AddressError) as refused:
        target_of(url, sandbox=False)
    assert refused.value.code == code


def test_the_sandbox_may_call_this_machine_and_nothing_else_inside():
    assert target_of("http://127.0.0.1:8000/x?y=1", sandbox=True).path == "/x?y=1"
    assert target_of("http://localhost/", sandbox=True).port == 80
    for url in ("http://10.1.2.3/", "https://192.168.1.1/", "http://example.com/"):
        with pytest.raises(AddressError):
            target_of(url, sandbox=True)
    check_address("8.8.8.8", sandbox=False)


def test_a_name_that_leads_inside_is_not_called(monkeypatch):
    from tongbao.platform.api.calling import Call, send

    def resolve(*_args, **_options):
        return [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("10.0.0.8", 443))]

    def connect(*_args):
        raise AssertionError("it was called")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    answer = send(Call("https://rebinding.example/", {}, b""), sandbox=False)
    assert (answer.response_code, answer.failure) == (None, "address_inside")


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch):
    from tongbao.platform.api.calling import Call, send

    asked, called = [], []

    def resolve(host, *_args, **_options):
        asked.append(host)
        return [(2, 1, 6, "", ("8.8.8.8", 443))]

    def connect(address, *_args):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    answer = send(Call("https://shop.example/", {}, b""), sandbox=False)
    assert (asked, called) == (["shop.example"], [("8.8.8.8", 443)])
    assert answer.failure == "connection"


def test_patterns_name_events():
    assert all(map(is_pattern, ("*", "payment.*", "payment.approved", "terminal.online")))
    assert not any(map(is_pattern, ("", "payment", "*.approved", "secret.*", "payment.A")))
    assert wants(["payment.*"], "payment.approved")
    assert not wants(["payment.*"], "terminal.online")


def test_the_secret_is_shown_once_and_sealed(owner, hook, receiver):
    from tongbao.platform.api.models import WebhookEndpoint

    listed = owner.get(HOOKS).content.decode()
    assert receiver.secret.startswith("whsec_")
    assert receiver.secret not in listed
    kept = WebhookEndpoint.objects.get()
    assert receiver.secret.encode() not in bytes(kept.secret_sealed)


def test_a_payment_is_told_signed_with_its_number(owner, hook, receiver):
    assert feed(1) == 0
    payment = own_payment()
    assert (feed(2), deliver(5 * S)) == (1, 1)
    headers, body = receiver.calls[0]
    assert receiver.is_signed(headers, body)
    assert headers["webhook-timestamp"] == "5"
    assert headers["content-type"] == "application/json"
    event = json.loads(body)
    assert (event["type"], event["number"], event["merchant_id"]) == ("payment.approved", 1, OWN)
    assert event["data"]["rrn"] == payment.rrn
    assert event["data"]["card"] == "620000…0999"
    assert "words" not in str(event)
    logged = deliveries(owner, hook)
    assert [(one["state"], one["event_type"]) for one in logged] == [
        ("delivered", "payment.approved")
    ]
    assert logged[0]["attempts"][0]["response_code"] == 204
    assert deliver(6 * S) == 0


def test_what_changes_no_status_is_not_told(owner, hook):
    feed(1)
    payment = own_payment()
    assert feed(2) == 1
    happen(payment, "repeated")
    happen(payment, "signed")
    assert feed(3) == 0
    happen(payment, "reversal_requested")
    assert feed(4) == 1
    happen(payment, "reversed")
    assert feed(5) == 1


def test_down_slow_doubled_and_out_of_order_end_in_the_same_state(owner, hook, receiver):
    """The rule of docs/webhooks.md, against a receiver that does everything wrong once."""
    feed(1)
    payments = [own_payment(number=n) for n in range(3)]
    feed(2)
    # The first is not taken, so the others wait; then the second is taken but its answer lost.
    receiver.answers = [500, "drop"]
    now_us = 10 * S
    assert deliver(now_us) == 1
    now_us += 2 * S
    assert deliver(now_us) == 1
    for payment in payments[1:]:
        happen(payment, "reversal_requested")
        happen(payment, "reversed")
    feed(now_us)
    for turn in range(12):
        deliver(now_us := now_us + (turn + 1) * 5 * S)
    taken = [json.loads(body)["number"] for _headers, body in receiver.calls]
    assert taken[:2] == [1, 2]
    assert len(taken) > len(set(taken))
    assert taken != sorted(taken)
    assert {rrn: status for rrn, (_number, status) in receiver.state.items()} == {
        payments[0].rrn: "approved",
        payments[1].rrn: "reversed",
        payments[2].rrn: "reversed",
    }
    assert {one["state"] for one in deliveries(owner, hook)} == {"delivered"}


def test_a_receiver_that_stays_down_is_given_up_and_sent_again_by_hand(owner, hook, receiver):
    feed(1)
    own_payment()
    feed(2)
    receiver.answers = [503] * 9
    now_us = 10 * S
    for pause_s in (0, *PLAN_S):
        now_us += pause_s * S
        if pause_s:
            assert deliver(now_us - 1) == 0
        assert deliver(now_us) == 1
    given_up = deliveries(owner, hook)[0]
    assert (given_up["state"], len(given_up["attempts"])) == ("given_up", 9)
    assert given_up["next_attempt_at"] is None
    assert deliver(now_us + 30 * 3600 * S) == 0
    path = f"{HOOKS}/{hook}/deliveries/{given_up['delivery_id']}/send-again"
    again = owner.post(path)
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    from tongbao.platform import clock

    assert deliver(clock.now_us()) == 1
    assert deliveries(owner, hook, state="delivered")[0]["event_id"] == given_up["event_id"]
    assert len(receiver.state) == 1


def test_a_slow_receiver_is_cut_at_the_deadline(receiver):
    from tongbao.platform.api.calling import Call, send

    receiver.answers = ["drip"]
    call = Call(receiver.url, {"webhook-id": "x"}, b'{"data": {}}')
    answer = send(call, sandbox=True, deadline_s=0.3)
    assert (answer.response_code, answer.failure) == (None, "timeout")
    assert 300 <= answer.took_ms < 5_000


def test_who_is_gone_is_called_no_more(owner, hook, receiver):
    feed(1)
    own_payment()
    feed(2)
    receiver.answers = [410]
    deliver(10 * S)
    assert deliveries(owner, hook)[0]["state"] == "given_up"
    assert owner.get(HOOKS).json()["items"][0]["is_active"] is False


def test_a_redirect_is_not_followed(owner, hook, receiver):
    feed(1)
    own_payment()
    feed(2)
    receiver.answers = [302]
    deliver(10 * S)
    assert len(receiver.calls) == 1
    assert deliveries(owner, hook)[0]["state"] == "waiting"


def test_two_secrets_are_valid_until_the_old_one_ends(owner, hook, receiver):
    from tongbao.platform import clock

    old = receiver.secret
    changed = owner.post(f"{HOOKS}/{hook}/secret", {"keep_old_hours": 24})
    assert changed.status_code == 201
    new = changed.json()["secret"]
    owner.post(f"{HOOKS}/{hook}/test")
    now_us = clock.now_us()
    deliver(now_us)
    headers, body = receiver.calls[-1]
    assert [receiver.is_signed(headers, body, secret) for secret in (old, new)] == [True, True]
    owner.post(f"{HOOKS}/{hook}/test")
    receiver.secret = new
    deliver(now_us + 25 * 3600 * S)
    headers, body = receiver.calls[-1]
    assert [receiver.is_signed(headers, body, secret) for secret in (old, new)] == [False, True]


def test_numbers_have_no_gap_even_when_a_transaction_fails(owner, hook):
    from django.db import transaction

    from tongbao.platform.api.models import OutboxEvent
    from tongbao.platform.api.outbox import emit

    assert emit(OWN, "payment.approved", {}, 1).number == 1
    with transaction.atomic():
        assert emit(OWN, "payment.approved", {}, 2).number == 2
        transaction.set_rollback(True)
    assert emit(OWN, "payment.approved", {}, 3).number == 2
    assert emit(OWN, "terminal.online", {}, 4) is None
    assert emit(OTHER, "payment.approved", {}, 5) is None
    assert OutboxEvent.objects.count() == 2


def test_a_paused_and_a_removed_endpoint_are_told_nothing(owner, hook, receiver):
    feed(1)
    changed = owner.send("PATCH", f"{HOOKS}/{hook}", {"is_active": False})
    assert changed.json()["is_active"] is False
    own_payment()
    assert (feed(2), deliver(3 * S)) == (0, 0)
    owner.send("PATCH", f"{HOOKS}/{hook}", {"is_active": True, "events": ["terminal.*"]})
    own_payment(number=1)
    assert feed(4) == 0
    assert owner.send("DELETE", f"{HOOKS}/{hook}").status_code == 204
    assert owner.get(HOOKS).json()["items"] == []
    assert owner.send("PATCH", f"{HOOKS}/{hook}", {"is_active": True}).status_code == 404
    assert receiver.calls == []


def test_outside_the_sandbox_only_https_to_the_internet_is_taken(owner, receiver):
    from tongbao.platform.api.models import WebhookEndpoint

    for url in (receiver.url, "https://127.0.0.1/", "http://example.com/", "https://a b/"):
        answer = owner.post(HOOKS, {"url": url, "events": ["*"]})
        assert answer.status_code == 422, url
        assert answer.json()["fields"][0]["field"] == "url"
    assert WebhookEndpoint.objects.count() == 0


def test_webhooks_of_another_merchant_do_not_exist_and_roles_count(owner, hook, receiver):
    foreign = Caller(member("lilei", merchant_id=OTHER))
    theirs = f"/merchants/{OTHER}/webhooks/{hook}"
    answers = [
        foreign.send("PATCH", theirs, {"url": "https://example.com/"}),
        foreign.send("DELETE", theirs),
        foreign.post(f"{theirs}/secret"),
        foreign.post(f"{theirs}/test"),
        foreign.get(f"{theirs}/deliveries"),
        foreign.post(f"{theirs}/deliveries/dlv_x/send-again"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert Caller(member("weihua", "manager")).get(HOOKS).status_code == 403
    assert Caller(key=make_key("payments_read")).post(HOOKS, {}).status_code == 403
    assert denials() == [("webhook.list", OWN, "forbidden"), ("webhook.add", OWN, "forbidden")]
    assert owner.get(HOOKS).json()["items"][0]["url"] == receiver.url


@pytest.mark.usefixtures("_sandbox")
def test_each_database_feeds_and_numbers_alike(django_database, receiver):
    from tests.platform.seed import seed
    from tongbao.platform.access.actor import SYSTEM
    from tongbao.platform.api.models import OutboxEvent
    from tongbao.platform.api.webhooks import add_endpoint

    stories = seed(django_database)
    add_endpoint(SYSTEM, OWN, url=receiver.url, events=["*"], description="", now_us=1)
    feed(1)
    from tongbao.platform.payments.models import Payment

    happen(Payment.objects.get(pk=stories["pending"]), "approved")
    happen(Payment.objects.get(pk=stories["reversing"]), "reversed")
    assert (feed(2), deliver(3 * S)) == (2, 2)
    assert list(OutboxEvent.objects.order_by("number").values_list("number", "type")) == [
        (1, "payment.approved"),
        (2, "payment.reversed"),
    ]
