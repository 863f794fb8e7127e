"""Version 1 of the API, assembled from the rooms; its description is OpenAPI 3.1.

A room writes `platform/<room>/api.py` with a `router` whose paths begin at /api/v1, and is named
in `ROOMS`. How an endpoint is added: docs/api.md, "Adding an endpoint".
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.core.exceptions import (
    ObjectDoesNotExist,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from tongbao.platform import clock
from tongbao.platform.access.enforce import AccessDeniedError, record_denial
from tongbao.platform.api.description import SECURITY_SCHEMES
from tongbao.platform.api.guard import problem_of
from tongbao.platform.api.problems import Problem, not_found, problem_of_findings, response_of
from tongbao.platform.api.shapes import ProblemOut

if TYPE_CHECKING:
    from ninja.openapi.schema import OpenAPISchema

VERSION = "1.0"
TITLE = "Tongbao"
DESCRIPTION = (
    "Merchants' payments, terminals, shops and people. Amounts are whole numbers of the smallest "
    "unit, times are UTC, lists come in pages, errors are RFC 9457 problems."
)
REF_TEMPLATE = "#/components/schemas/{model}"

# The rooms' routers, one line each.
ROOMS = (
    "tongbao.platform.accounts.api",
    "tongbao.platform.api.endpoints_session",
    "tongbao.platform.api.endpoints_audit",
    "tongbao.platform.api.endpoints_keys",
    "tongbao.platform.fleet.api",
    "tongbao.platform.fleet.api_activations",
    "tongbao.platform.api.endpoints_webhooks",
    "tongbao.platform.payments.api",
    "tongbao.platform.onboarding.api_public",
    "tongbao.platform.onboarding.api",
    "tongbao.platform.merchants.api",
    "tongbao.platform.contracts.api",
    "tongbao.platform.operators.api",
)


class Api(NinjaAPI):
    """A NinjaAPI whose description knows our errors and ways in."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the description with the shape of errors and the ways in added."""
        schema = super().get_openapi_schema(**options)
        problem = ProblemOut.model_json_schema(ref_template=REF_TEMPLATE)
        components = schema["components"]
        components["schemas"].update(problem.pop("$defs", {}))
        components["schemas"]["ProblemOut"] = problem
        components["securitySchemes"] = SECURITY_SCHEMES
        schema["servers"] = [{"url": "/"}]
        return schema


def _assemble() -> Api:
    made = Api(
        title=TITLE,
        version=VERSION,
        description=DESCRIPTION,
        urls_namespace="api-v1",
        openapi_url="/openapi.json",
        docs_url=None,
    )
    _tell_errors(made)
    for room in ROOMS:
        made.add_router("", import_module(room).router)
    return made


def _tell_errors(made: Api) -> None:
    def told(make: Any) -> Any:
        def handler(_request: HttpRequest, error: Any) -> HttpResponse:
            return response_of(make(error))

        return handler

    made.add_exception_handler(Problem, told(lambda problem: problem))
    made.add_exception_handler(
        ValidationError, told(lambda found: problem_of_findings(found.errors))
    )
    made.add_exception_handler(Http404, told(lambda _: not_found()))
    made.add_exception_handler(ObjectDoesNotExist, told(lambda _: not_found()))
    made.add_exception_handler(AccessDeniedError, _denied)
    made.add_exception_handler(HttpError, told(lambda _: Problem(400, "malformed")))
    made.add_exception_handler(SuspiciousOperation, told(lambda _: Problem(400, "malformed")))
    for too_large in (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
        made.add_exception_handler(too_large, told(lambda _: Problem(413, "too_large")))


def _denied(request: HttpRequest, error: Any) -> HttpResponse:
    """Tell a refusal that a service found; a transaction of the frame commits its entry."""
    del request
    record_denial(error, now_us=clock.now_us())
    return response_of(problem_of(error.decision))


api = _assemble()


def description() -> dict[str, Any]:
    """Return the OpenAPI document as plain data."""
    return dict(api.get_openapi_schema(path_prefix="/api/v1/"))
