"""The guard that every endpoint passes, before its body is read.

    @router.post("/merchants/{merchant_id}/shops", response={201: ShopOut})
    @operation(Operation.SHOP_ADD)
    def add_shop(request: ApiRequest, merchant_id: MerchantNumber, body: NewShop) -> Shop: ...

In this order: who asks, how often, whether they may (`access.enforce.require`, which writes a
denial down), the kind of body, and whether this very request was answered before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja.decorators import decorate_view
from ninja.utils import contribute_operation_callback

from tongbao.platform import clock
from tongbao.platform.access.actor import ANONYMOUS, Actor
from tongbao.platform.access.decide import Decision
from tongbao.platform.access.enforce import AccessDeniedError, require, set_actor
from tongbao.platform.access.operations import OPERATIONS, Operation, Tenant
from tongbao.platform.accounts.attempts import address_of
from tongbao.platform.api.authentication import caller_of
from tongbao.platform.api.description import describe
from tongbao.platform.api.idempotency import once
from tongbao.platform.api.problems import Problem, not_found, response_of
from tongbao.platform.api.rates import wait_s

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase
    from ninja.operation import Operation as Endpoint

View = TypeVar("View", bound=Callable[..., Any])
Run = Callable[..., "HttpResponseBase"]

TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
_JSON = "application/json"
_MULTIPART = "multipart/form-data"


class ApiRequest(HttpRequest):
    """A request behind the guard: who asks, and the moment in which everything happens."""

    actor: Actor
    now_us: int


def operation(what: Operation, *, asks_others: bool = False) -> Callable[[View], View]:
    """Say which operation an endpoint is; stands directly above the function.

    `asks_others`: the endpoint waits for a bank, a telephone or another system, so an
    Idempotency-Key must not hold a transaction meanwhile.
    """

    def mark(view: View) -> View:
        def describe_it(endpoint: Endpoint) -> None:
            describe(endpoint, what)

        def guard(run: Run) -> Run:
            def guarded(request: ApiRequest, **path: Any) -> HttpResponseBase:
                endpoint: Endpoint = run.__self__  # type: ignore[attr-defined]  # ninja wraps its bound `run`
                try:
                    _admit(request, what, path)
                    _check_kind_of_body(request, endpoint)
                    if request.method != "POST":
                        return run(request, **path)
                    return once(
                        request,
                        _caller(request.actor),
                        request.now_us,
                        lambda: run(request, **path),
                        asks_others=asks_others,
                    )
                except Problem as problem:
                    return response_of(problem)
                except TOO_LARGE:  # the digest of a keyed request reads its body before ninja does
                    return response_of(Problem(413, "too_large"))

            return guarded

        contribute_operation_callback(view, describe_it)
        view.tongbao_operation = what  # type: ignore[attr-defined]  # a mark on the function for the tests
        return decorate_view(guard)(view)

    return mark


def _admit(request: ApiRequest, what: Operation, path: dict[str, Any]) -> None:
    request.now_us = clock.now_us()
    try:
        request.actor = caller_of(request, request.now_us)
    except Problem:
        _count(ANONYMOUS, request)  # guessing keys is slowed down by address
        raise
    set_actor(request, request.actor)
    _count(request.actor, request)
    rule = OPERATIONS[what]
    merchant_id = path.get("merchant_id") if rule.tenant is Tenant.MERCHANT else None
    try:
        require(request.actor, what, now_us=request.now_us, merchant_id=merchant_id)
    except AccessDeniedError as denied:
        raise problem_of(denied.decision) from None


def _caller(actor: Actor) -> str:
    """Name whose Idempotency-Key it is; who is nobody is known by address."""
    return f"{actor.kind}:{actor.actor_id or actor.address}"


def _count(actor: Actor, request: ApiRequest) -> None:
    wait = wait_s(actor, address_of(request), request.now_us)
    if wait:
        raise Problem(429, "too_many_requests", headers={"Retry-After": str(wait)})


def problem_of(decision: Decision) -> Problem:
    """Return how a refusal is told; another's belongings look like nothing at all."""
    if decision is Decision.NOT_LOGGED_IN:
        return Problem(401, "not_logged_in", headers={"WWW-Authenticate": 'Bearer realm="tongbao"'})
    if decision is Decision.HIDDEN:
        return not_found()
    if decision is Decision.SECOND_FACTOR_NEEDED:
        words = _("Confirm with your second factor first.")
        return Problem(403, "second_factor_needed", words)
    return Problem(403, "forbidden")


def _check_kind_of_body(request: HttpRequest, endpoint: Endpoint) -> None:
    """Refuse a body of another kind than the endpoint reads; none at all is the model's matter."""
    if request.method in ("GET", "HEAD", "DELETE"):
        return
    sources = {model.__ninja_param_source__ for model in endpoint.models}
    wanted = _MULTIPART if sources & {"file", "form"} else _JSON if "body" in sources else None
    if wanted is not None and request.content_type != wanted:
        raise Problem(415, "content_type")
