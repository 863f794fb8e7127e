"""Schemathesis against the whole API: nothing ends in a fault, every answer is as described.

Each example runs as the owner of a merchant in a transaction that is undone, so every example meets
the same world. Half of the examples are made to fit the description and half to break it; what is
broken must be refused, and what fits must not end in a fault of ours. Of those that fit, most name
things that exist, and some have a body that gets through to the end, with a field or two of it
taken from what was made.

The examples of an operation are asked in *stretches*, each with a seed of its own, so that a long
campaign can be broken off and taken up again.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies
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
    from collections.abc import Callable, Iterator, Mapping

    from tests.platform.api.prepared import Prepared

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
MODES = (POSITIVE, NEGATIVE)
KNOWN_SHARE = 0.9
PREPARED_SHARE = 0.2
# A log-in that moves money has to be fresh, however long a campaign lasts.
IDENTITY_LASTS_S = 120.0
Identity = tuple[dict[str, str], dict[str, str]]


@dataclass
class Report:
    """What was asked, and what was found: one line a finding, with how to repeat it."""

    examples: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Count another one's examples and findings as one's own."""
        self.examples += other.examples
        self.statuses += other.statuses
        self.findings += other.findings


@dataclass(frozen=True)
class Asker:
    """Who asks, and what they know: `places` of ids that exist, `prepared` bodies that fit.

    `identity` returns headers and cookies of somebody who may, made anew whenever it is called.
    """

    identity: Callable[[], Identity]
    places: Mapping[str, Mapping[str, str]]
    prepared: Mapping[str, Prepared]


class Campaign:
    """Asks the operations of the API, stretch by stretch."""

    def __init__(self, asker: Asker, *, only: str = "") -> None:
        from django.core.handlers.wsgi import WSGIHandler

        from tongbao.platform.api.v1 import description

        app = WSGIHandler()
        # Whoever asks is settled here; described ways in would be taken for values to vary.
        document = description()
        document["components"] = {**document["components"], "securitySchemes": {}}
        self.public = set()
        for methods in document["paths"].values():
            for operation in methods.values():
                if operation.pop("security") == [{}]:
                    self.public.add(operation["operationId"])
        schema = schemathesis.openapi.from_dict(document)
        schema.app = app
        self.operations = {}
        for result in schema.get_all_operations():
            operation = result.ok()
            operation.app = app
            name = operation.definition.raw["operationId"]
            if only in name:
                self.operations[name] = operation
        self._asker = asker

    def stretches(self, name: str) -> Iterator[Any]:
        """Yield the ways in which an operation is asked: with what fits and with what does not."""
        raw = self.operations[name].definition.raw
        for mode in MODES:
            # A request without any value cannot be broken.
            if mode is POSITIVE or raw.get("parameters") or raw.get("requestBody"):
                yield mode

    def nobody(self, name: str) -> Report:
        """Ask as nobody and with a made-up key: only what is public may answer."""
        report = Report()
        if name not in self.public:
            _authentication_counts(self.operations[name], report, name)
        return report

    def ask(self, name: str, mode: Any, examples: int, seed_number: int) -> Report:
        """Ask one operation so many examples of a mode."""
        asked = _Asked(name, mode, self._asker, random.Random(f"{name} {seed_number}"))
        _ask(self.operations[name], asked, examples, seed_number)
        return asked.report


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


@dataclass
class _Asked:
    name: str
    mode: Any
    asker: Asker
    chance: random.Random
    report: Report = field(default_factory=Report)
    kinds: set[str] = field(default_factory=set)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    identified_s: float = float("-inf")

    def identify(self) -> None:
        """Log in anew when the last time is too long ago."""
        if time.monotonic() - self.identified_s > IDENTITY_LASTS_S:
            self.headers, self.cookies = self.asker.identity()
            self.identified_s = time.monotonic()


def _ask(operation: Any, asked: _Asked, examples: int, seed_number: int) -> None:
    @seed(seed_number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(operation, asked))
    def ask(case: Any) -> None:
        _one(case, asked)

    try:
        ask()
    except Exception as error:  # noqa: BLE001 - what cannot be generated is a finding about the test
        if "Unsatisfiable" not in type(error).__name__:
            _find(asked, f"{type(error).__name__}: {str(error)[:300]}")


def _cases(operation: Any, asked: _Asked) -> Any:
    """Return what examples are drawn from; most broken ones go to an address that exists."""
    plain = operation.as_strategy(generation_mode=asked.mode)
    raw = operation.definition.raw
    elsewhere = [one for one in raw.get("parameters", ()) if one["in"] != "path"]
    if asked.mode is POSITIVE or not operation.path_parameters:
        return plain
    if not elsewhere and not raw.get("requestBody"):
        return plain  # only the path can be broken
    known = asked.asker.prepared.get(asked.name)
    places = dict.fromkeys(("home", known.place if known else "home"))
    at_known = [
        operation.as_strategy(
            generation_mode=asked.mode, path_parameters=_path_of(operation, asked, place)
        )
        for place in places
    ]
    return strategies.one_of(plain, *at_known, *at_known)


def _path_of(operation: Any, asked: _Asked, place: str) -> dict[str, Any]:
    ids = asked.asker.places[place]
    return {one.name: ids[one.name] for one in operation.path_parameters}


def _make_fit(case: Any, asked: _Asked) -> None:
    """Put ids that exist, and now and then a whole body that fits, into an example."""
    known = asked.asker.prepared.get(asked.name)
    is_prepared = known is not None and asked.chance.random() < PREPARED_SHARE
    likely = known.place if known else "home"
    elsewhere = asked.chance.choice([likely, *asked.asker.places])
    place = likely if is_prepared else elsewhere
    if isinstance(case.path_parameters, dict):
        for parameter, value in asked.asker.places[place].items():
            named = parameter in case.path_parameters
            if named and (is_prepared or asked.chance.random() < KNOWN_SHARE):
                case.path_parameters[parameter] = value
    if known is None or not is_prepared or known.body is None or known.form:
        return
    made = case.body if isinstance(case.body, dict) else {}
    case.body = {
        name: made[name] if name in made and asked.chance.random() < PREPARED_SHARE else value
        for name, value in known.body.items()
    }


def _one(case: Any, asked: _Asked) -> None:
    from django.db import transaction

    asked.identify()
    if asked.mode is POSITIVE:
        _make_fit(case, asked)
    checks = CHECKS if asked.mode is POSITIVE else [*CHECKS, negative_data_rejection]
    asked.report.examples += 1
    try:
        with transaction.atomic():
            _keep_connections()
            response = case.call(headers=asked.headers, cookies=asked.cookies)
            transaction.set_rollback(True)
    except Exception as error:  # noqa: BLE001 - a fault of ours is what this looks for
        _find(asked, f"raised {type(error).__name__}: {str(error)[:200]} for {_told(case)}")
        return
    asked.report.statuses[response.status_code] += 1
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
    if kind not in asked.kinds:
        asked.kinds.add(kind)
        asked.report.findings.append(f"{asked.name} [{asked.mode.value}] {words}")


def _told(case: Any) -> str:
    body = repr(case.body)[:300]
    return f"{case.method} {case.formatted_path}?{case.query or ''} {body}"


def _authentication_counts(operation: Any, report: Report, name: str) -> None:
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
            report.findings.append(f"{name} answered {response.status_code} to nobody")
