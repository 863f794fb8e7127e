"""Schemathesis against the whole API: nothing ends in a fault, every answer is as described.

Each example runs as the owner of a merchant in a transaction that is undone, so every example meets
the same world. Half of the examples are made to fit the description and half to break it; what is
broken must be refused, and what fits must not end in a fault of ours.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import Failure, FailureGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# A broken value of a path leads to an address that does not exist, and so on.
REFUSALS = frozenset({400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 431})
POSITIVE = schemathesis.GenerationMode.POSITIVE
NEGATIVE = schemathesis.GenerationMode.NEGATIVE
KNOWN_SHARE = 0.8


@dataclass
class Campaign:
    """What was asked, and what was found: one line a finding, with how to repeat it."""

    examples: int = 0
    operations: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


def run_campaign(
    examples: int,
    *,
    seed_number: int,
    identity: Callable[[], tuple[dict[str, str], dict[str, str]]],
    known: Mapping[str, str],
    only: str = "",
    tell: Callable[[str], None] = lambda _line: None,
) -> Campaign:
    """Ask every operation so many examples; `known` are ids of the path that exist.

    `identity` returns headers and cookies of somebody who may, made anew for each operation.
    """
    from django.core.handlers.wsgi import WSGIHandler

    from tongbao.platform.api.v1 import description

    app = WSGIHandler()
    # Whoever asks is settled here; described ways in would be taken for values to vary.
    document = description()
    document["components"] = {**document["components"], "securitySchemes": {}}
    public = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation.pop("security") == [{}]:
                public.add((path, method))
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    campaign = Campaign()
    for result in schema.get_all_operations():
        operation = result.ok()
        name = operation.definition.raw["operationId"]
        if only and only not in name:
            continue
        operation.app = app
        campaign.operations += 1
        before = len(campaign.findings)
        if (operation.path, operation.method) not in public:
            _authentication_counts(operation, campaign, name)
        for mode in (POSITIVE, NEGATIVE):
            if not _can(operation, mode):
                continue
            headers, cookies = identity()
            chance = random.Random(seed_number)
            asked = _Asked(campaign, name, headers, cookies, known, mode, chance)
            _ask(operation, asked, max(1, examples // 2), seed_number)
        found = len(campaign.findings) - before
        tell(f"{name:<36} {campaign.examples:>8} examples so far, {found} findings")
    return campaign


def campaign_settings() -> dict[str, Any]:
    """Return the Django settings under which the API is asked so often."""
    from tongbao.domain.secrets import KeyBytes
    from tongbao.platform.sealing import DataKey

    return {
        "TONGBAO_API_RATE_LIMITS": False,
        "TONGBAO_DATA_KEY": DataKey(KeyBytes(bytes(range(32)))),
        "ALLOWED_HOSTS": ["*"],
        "PASSWORD_HASHERS": ["tests.platform.fast_hashing.FastHasher"],
        "WHITENOISE_USE_FINDERS": False,
    }


def _can(operation: Any, mode: Any) -> bool:
    """A request without any value cannot be broken."""
    raw = operation.definition.raw
    return mode is POSITIVE or bool(raw.get("parameters") or raw.get("requestBody"))


@dataclass
class _Asked:
    campaign: Campaign
    name: str
    headers: dict[str, str]
    cookies: dict[str, str]
    known: Mapping[str, str]
    mode: Any
    chance: random.Random
    seen: set[str] = field(default_factory=set)


def _ask(operation: Any, asked: _Asked, examples: int, seed_number: int) -> None:
    @seed(seed_number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=asked.mode))
    def ask(case: Any) -> None:
        _one(case, asked)

    try:
        ask()
    except Exception as error:  # noqa: BLE001 - what cannot be generated is a finding about the test
        if "Unsatisfiable" not in type(error).__name__:
            _find(asked, f"{type(error).__name__}: {str(error)[:300]}")


def _one(case: Any, asked: _Asked) -> None:
    from django.db import transaction

    if asked.mode is POSITIVE and isinstance(case.path_parameters, dict):
        for parameter, value in asked.known.items():
            if parameter in case.path_parameters and asked.chance.random() < KNOWN_SHARE:
                case.path_parameters[parameter] = value
    checks = CHECKS if asked.mode is POSITIVE else [*CHECKS, negative_data_rejection]
    try:
        with transaction.atomic():
            _keep_connections()
            response = case.call(headers=asked.headers, cookies=asked.cookies)
            transaction.set_rollback(True)
    except Exception as error:  # noqa: BLE001 - a fault of ours is what this looks for
        asked.campaign.examples += 1
        _find(asked, f"raised {type(error).__name__}: {str(error)[:200]} for {_told(case)}")
        return
    asked.campaign.examples += 1
    asked.campaign.statuses[response.status_code] += 1
    try:
        case.validate_response(response, checks=checks)
    except FailureGroup as group:
        for failure in group.exceptions:
            _judge(failure, response.status_code, case, asked)
    except Failure as failure:
        _judge(failure, response.status_code, case, asked)


def _keep_connections() -> None:
    """Let the transaction around an example survive the end of its request.

    Django's own test client connects the signals again whenever it is used.
    """
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)


def _judge(failure: Any, status: int, case: Any, asked: _Asked) -> None:
    kind = type(failure).__name__
    if kind == "AcceptedNegativeData" and status in REFUSALS:
        return
    _find(asked, f"{kind}: {failure.title}, {status}, {_told(case)}: {str(failure)[:300]}")


def _find(asked: _Asked, words: str) -> None:
    """Keep the first finding of each kind; a hundred of the same are one."""
    kind = words.split(":", 1)[0]
    if kind not in asked.seen:
        asked.seen.add(kind)
        asked.campaign.findings.append(f"{asked.name} [{asked.mode.value}] {words}")


def _told(case: Any) -> str:
    body = repr(case.body)[:300]
    return f"{case.method} {case.formatted_path}?{case.query or ''} {body}"


def _authentication_counts(operation: Any, campaign: Campaign, name: str) -> None:
    """Whoever is nobody, or has a made-up key, is sent away from all but the public operations."""
    from django.db import transaction
    from django.test import Client

    path = operation.full_path
    for parameter in operation.path_parameters:
        path = path.replace(f"{{{parameter.name}}}", "x" * 8)
    for headers in ({}, {"authorization": "Bearer tb_" + "a" * 40}):
        with transaction.atomic():
            client = Client(SERVER_NAME="localhost")
            response = client.generic(
                operation.method.upper(), path, b"{}", "application/json", headers=headers
            )
            transaction.set_rollback(True)
        if response.status_code != 401:
            campaign.findings.append(f"{name} answered {response.status_code} to nobody")
