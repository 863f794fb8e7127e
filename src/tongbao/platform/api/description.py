"""What the guard adds to the OpenAPI description of an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.platform.access.operations import OPERATIONS, Operation, Rule, Tenant
from tongbao.platform.access.permissions import API_KEY_PERMISSIONS
from tongbao.platform.api.idempotency import HEADER, KEY_LENGTH_MAX
from tongbao.platform.api.problems import CONTENT_TYPE, TITLES

if TYPE_CHECKING:
    from ninja.operation import Operation as Endpoint

SECURITY_SCHEMES: dict[str, Any] = {
    "ApiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "tb_…"},
    "Session": {"type": "apiKey", "in": "cookie", "name": "tongbao_session"},
}
_KEY_PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "Repeats the first answer for 24 hours when the same request is sent again.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": KEY_LENGTH_MAX,
        "pattern": "^[!-~]+$",
    },
}


def _ways_in(rule: Rule) -> list[dict[str, list[str]]]:
    if rule.tenant is Tenant.PUBLIC:
        return [{}]
    by_key = rule.for_api_keys and rule.permission in API_KEY_PERMISSIONS
    if rule.tenant is Tenant.MERCHANT and by_key:
        return [{"ApiKey": []}, {"Session": []}]
    return [{"Session": []}]


def describe(endpoint: Endpoint, what: Operation) -> None:
    """Add the operation, its permission, the ways in and the errors to the description."""
    rule = OPERATIONS[what]
    statuses = {422, 429}
    if rule.tenant is not Tenant.PUBLIC:
        statuses |= {401, 403}
    if "{" in endpoint.path or rule.tenant is not Tenant.PUBLIC:
        statuses.add(404)
    changing = not {"GET", "HEAD"} & set(endpoint.methods)
    if changing:
        statuses |= {400, 409, 413, 415}
    permission = str(rule.permission) if rule.permission else None
    extra: dict[str, Any] = {
        "security": _ways_in(rule),
        "x-tongbao-operation": str(what),
        "x-tongbao-permission": permission,
        "responses": {status: _problem(status) for status in sorted(statuses)},
    }
    if "POST" in endpoint.methods:
        extra["parameters"] = [_KEY_PARAMETER]
    own = endpoint.openapi_extra or {}
    extra["responses"] = own.get("responses", {}) | extra["responses"]
    endpoint.openapi_extra = {**own, **extra}


def _problem(status: int) -> dict[str, Any]:
    from django.utils.translation import override  # noqa: PLC0415 - needs the settings first

    with override("en"):
        title = str(TITLES[status])
    return {
        "description": title,
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }
