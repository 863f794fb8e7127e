"""A merchant's webhooks: endpoints, secrets, the log of deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, cast

from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router
from pydantic import AfterValidator, Field

from tongbao.platform.access.operations import Operation
from tongbao.platform.api import webhooks
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.models import WebhookDelivery, WebhookEndpoint
from tongbao.platform.api.outbox import WAITING
from tongbao.platform.api.pages import page_of
from tongbao.platform.api.problems import Problem, invalid
from tongbao.platform.api.shapes import (
    In,
    MerchantNumber,
    Out,
    Page,
    PageQuery,
    Whole,
    YesNo,
    moment,
    moment_or_none,
)
from tongbao.platform.api.webhook_rules import URL_LENGTH_MAX, AddressError, is_pattern
from tongbao.platform.merchants.models import Merchant

router = Router(tags=["webhooks"])

ATTEMPTS_SHOWN = 10
_ADDRESS_WORDS = {
    "malformed": _("This is not an address that can be called."),
    "user": _("Leave user name and password out of the address."),
    "https": _("Use an address that begins with https://."),
    "inside": _("This address is not on the public internet."),
}


def _known_events(pattern: str) -> str:
    if not is_pattern(pattern):
        raise ValueError(_("Name events as *, payment.* or payment.approved."))
    return pattern


_Events = Annotated[
    list[Annotated[str, Field(max_length=60), AfterValidator(_known_events)]],
    Field(min_length=1, max_length=20),
]
_Url = Annotated[str, Field(min_length=8, max_length=URL_LENGTH_MAX)]
State = Literal["waiting", "delivered", "given_up"]
EndpointId = Annotated[str, Path(max_length=32)]
DeliveryId = Annotated[str, Path(max_length=32)]


class NewEndpoint(In):
    """An address that is to be told; `events` as `*`, `payment.*` or `payment.approved`."""

    url: _Url
    events: _Events
    description: Annotated[str, Field(max_length=120)] = ""


class EndpointChange(In):
    """What is to be changed; what is left out stays."""

    url: _Url | None = None
    events: _Events | None = None
    description: Annotated[str, Field(max_length=120)] | None = None
    is_active: YesNo | None = None


class SecretChange(In):
    """For how many hours the old secret signs beside the new one; 0 ends it at once."""

    keep_old_hours: Annotated[Whole, Field(ge=0, le=168)] = 24


class EndpointOut(Out):
    """An endpoint; its secret is only shown when it is made."""

    endpoint_id: str
    url: str
    events: list[str]
    description: str
    is_active: bool
    old_secret_until: datetime | None
    created_by: str
    created_at: datetime


class SecretOut(EndpointOut):
    """An endpoint with a secret that was just made; it is shown this once."""

    secret: str


class AttemptOut(Out):
    """One try: a response code, or the word for why there was none."""

    at: datetime
    took_ms: int
    response_code: int | None
    failure: str


class DeliveryOut(Out):
    """One event for one endpoint, with its newest tries, oldest first."""

    delivery_id: str
    event_id: str
    event_type: str
    event_number: int
    state: State
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: list[AttemptOut]


class DeliveriesQuery(PageQuery):
    """A page of the log, of one state when it is named."""

    state: State | None = None


class TestSentOut(Out):
    """The test event that was written and will be delivered in a moment."""

    event_id: str
    event_number: int


_BASE = "/merchants/{merchant_id}/webhooks"
_ONE = _BASE + "/{endpoint_id}"


@router.get(_BASE, response=Page[EndpointOut], operation_id="list_webhooks")
@operation(Operation.WEBHOOK_LIST)
def list_webhooks(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[PageQuery]
) -> Page[EndpointOut]:
    """List the endpoints of a merchant, newest first."""
    del request
    merchant = Merchant.objects.get(pk=merchant_id)
    rows, cursor = page_of(
        WebhookEndpoint.objects.filter(merchant=merchant, removed_at_us=None),
        query,
        order=("-created_at_us", "endpoint_id"),
        name=f"webhooks:{merchant_id}",
    )
    return Page[EndpointOut](items=[_out(one) for one in rows], next_cursor=cursor)


@router.post(_BASE, response={201: SecretOut}, operation_id="create_webhook")
@operation(Operation.WEBHOOK_ADD)
def create_webhook(
    request: ApiRequest, merchant_id: MerchantNumber, body: NewEndpoint
) -> SecretOut:
    """Add an endpoint; the secret that signs is in this answer and nowhere else."""
    merchant = Merchant.objects.get(pk=merchant_id)
    try:
        endpoint, secret = webhooks.add_endpoint(
            request.actor,
            merchant.merchant_id,
            url=body.url,
            events=body.events,
            description=body.description,
            now_us=request.now_us,
        )
    except AddressError as error:
        raise _refused(error) from None
    except webhooks.TooManyEndpointsError:
        raise Problem(
            409, "too_many_webhooks", _("There are 10 endpoints; remove one that is not used.")
        ) from None
    return _with_secret(endpoint, secret)


@router.patch(_ONE, response=EndpointOut, operation_id="change_webhook")
@operation(Operation.WEBHOOK_CHANGE)
def change_webhook(
    request: ApiRequest, merchant_id: MerchantNumber, endpoint_id: EndpointId, body: EndpointChange
) -> EndpointOut:
    """Change the address or the events, or pause an endpoint; what waits stays waiting."""
    changes = body.model_dump(exclude_none=True)
    try:
        return _out(
            webhooks.change_endpoint(
                request.actor, merchant_id, endpoint_id, changes, now_us=request.now_us
            )
        )
    except AddressError as error:
        raise _refused(error) from None


@router.delete(_ONE, response={204: None}, operation_id="remove_webhook")
@operation(Operation.WEBHOOK_REMOVE)
def remove_webhook(
    request: ApiRequest, merchant_id: MerchantNumber, endpoint_id: EndpointId
) -> None:
    """Remove an endpoint; nothing more is sent to it."""
    webhooks.remove_endpoint(request.actor, merchant_id, endpoint_id, now_us=request.now_us)


@router.post(f"{_ONE}/secret", response={201: SecretOut}, operation_id="rotate_webhook_secret")
@operation(Operation.WEBHOOK_ROTATE)
def rotate_webhook_secret(
    request: ApiRequest, merchant_id: MerchantNumber, endpoint_id: EndpointId, body: SecretChange
) -> SecretOut:
    """Make a new secret; for some hours every call carries both signatures."""
    endpoint, secret = webhooks.rotate_secret(
        request.actor,
        merchant_id,
        endpoint_id,
        keep_old_hours=body.keep_old_hours,
        now_us=request.now_us,
    )
    return _with_secret(endpoint, secret)


@router.post(f"{_ONE}/test", response={202: TestSentOut}, operation_id="send_test_webhook")
@operation(Operation.WEBHOOK_SEND_AGAIN)
def send_test_webhook(
    request: ApiRequest, merchant_id: MerchantNumber, endpoint_id: EndpointId
) -> TestSentOut:
    """Send the event `webhook.test` to this endpoint."""
    event = webhooks.send_test(request.actor, merchant_id, endpoint_id, now_us=request.now_us)
    return TestSentOut(event_id=event.event_id, event_number=event.number)


@router.get(
    f"{_ONE}/deliveries", response=Page[DeliveryOut], operation_id="list_webhook_deliveries"
)
@operation(Operation.WEBHOOK_DELIVERIES)
def list_webhook_deliveries(
    request: ApiRequest,
    merchant_id: MerchantNumber,
    endpoint_id: EndpointId,
    query: Query[DeliveriesQuery],
) -> Page[DeliveryOut]:
    """Show what an endpoint was told, newest first, with every answer and how long it took."""
    del request
    endpoint = WebhookEndpoint.objects.get(pk=endpoint_id, merchant_id=merchant_id)
    rows = WebhookDelivery.objects.filter(endpoint=endpoint)
    if query.state is not None:
        rows = rows.filter(state=query.state)
    found, cursor = page_of(
        rows.select_related("event").prefetch_related("attempts"),
        query,
        order=("-created_at_us", "-delivery_id"),
        name=f"deliveries:{endpoint_id}:{query.state}",
    )
    return Page[DeliveryOut](items=[_delivery(one) for one in found], next_cursor=cursor)


@router.post(
    f"{_ONE}/deliveries/{{delivery_id}}/send-again",
    response={202: DeliveryOut},
    operation_id="send_webhook_again",
)
@operation(Operation.WEBHOOK_SEND_AGAIN)
def send_webhook_again(
    request: ApiRequest,
    merchant_id: MerchantNumber,
    endpoint_id: EndpointId,
    delivery_id: DeliveryId,
) -> DeliveryOut:
    """Deliver an event once more, with the same id, whatever became of it before."""
    return _delivery(
        webhooks.send_again(
            request.actor, merchant_id, endpoint_id, delivery_id, now_us=request.now_us
        )
    )


def _refused(error: AddressError) -> Problem:
    return invalid("url", _ADDRESS_WORDS[error.code], f"address_{error.code}")


def _out(endpoint: WebhookEndpoint) -> EndpointOut:
    return EndpointOut(
        endpoint_id=endpoint.endpoint_id,
        url=endpoint.url,
        events=list(endpoint.events),
        description=endpoint.description,
        is_active=endpoint.is_active,
        old_secret_until=moment_or_none(
            endpoint.old_secret_until_us if endpoint.old_secret_sealed else None
        ),
        created_by=endpoint.created_by,
        created_at=moment(endpoint.created_at_us),
    )


def _with_secret(endpoint: WebhookEndpoint, secret: str) -> SecretOut:
    return SecretOut(**_out(endpoint).model_dump(), secret=secret)


def _delivery(delivery: WebhookDelivery) -> DeliveryOut:
    attempts = sorted(delivery.attempts.all(), key=lambda one: one.attempt_id)
    is_waiting = delivery.state == WAITING
    return DeliveryOut(
        delivery_id=delivery.delivery_id,
        event_id=delivery.event_id,
        event_type=delivery.event.type,
        event_number=delivery.event.number,
        state=cast("State", delivery.state),
        created_at=moment(delivery.created_at_us),
        next_attempt_at=moment(delivery.due_at_us) if is_waiting else None,
        attempts=[
            AttemptOut(
                at=moment(one.at_us),
                took_ms=one.took_ms,
                response_code=one.response_code,
                failure=one.failure,
            )
            for one in attempts[-ATTEMPTS_SHOWN:]
        ],
    )
