"""How long the list pages take over a million payments: console, API, search, summary, export."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from tongbao.app.bench.console_data import (
    MERCHANTS,
    Filled,
    fill,
    merchant_number,
    terminal_number,
)
from tongbao.app.bench.machine import (
    machine_facts,
    parent_of,
    process_cpu_s,
    process_tree_cpu_s,
)
from tongbao.app.postgresql import PrivatePostgresql
from tongbao.platform.project import bind, configured
from tongbao.platform.schema import migrate
from tongbao.platform.sealing import DataKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT_MS: Final = 300
ROUNDS: Final = 5
CONSOLE: Final = "/console/payments/payment/"


@dataclass(frozen=True, slots=True)
class ConsoleOptions:
    """What is measured: how many payments, made from which seed."""

    payments: int = 1_000_000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class PageTime:
    """One page: the median and the longest of five answers, warm, in milliseconds.

    `cpu_ms`: processor time of an answer, ours and PostgreSQL's, which a busy machine does not
    lengthen.
    """

    name: str
    median_ms: float
    longest_ms: float
    cpu_ms: float


@dataclass(slots=True)
class ConsoleResult:
    """All pages, and the pages that took too long."""

    figures: dict[str, Any] = field(default_factory=dict)
    pages: list[PageTime] = field(default_factory=list)

    @property
    def too_slow(self) -> list[PageTime]:
        """The pages whose median is above 300 ms."""
        return [page for page in self.pages if page.median_ms > LIMIT_MS]


def run_console_benchmark(
    options: ConsoleOptions, tell: Callable[[str], None] = lambda _line: None
) -> ConsoleResult:
    """Start a private PostgreSQL, fill it, measure every page and remove it again.

    Raises PostgresqlMissingError, PostgresqlFailedError.
    """
    with PrivatePostgresql() as server:
        migrate(server.url)
        began = time.perf_counter()
        filled = fill(
            server.url, payments=options.payments, seed=options.seed, now=datetime.now(UTC)
        )
        bind(server.url)
        _follow_doubts()
        fill_s = time.perf_counter() - began
        tell(f"{filled.payments:,} payments and {filled.events:,} events in {fill_s:.0f} s")
        result = ConsoleResult()
        for name, ask in pages(filled):
            page = _measured(name, ask)
            result.pages.append(page)
            tell(
                f"{page.median_ms:8.1f} ms  {page.longest_ms:8.1f} ms"
                f"  {page.cpu_ms:8.1f} ms CPU  {page.name}"
            )
        result.figures = {
            "payments": filled.payments,
            "events": filled.events,
            "by_status": filled.by_status,
            "merchants": MERCHANTS,
            "seed": options.seed,
            "rounds": ROUNDS,
            "limit_ms": LIMIT_MS,
            "postgresql": server.version,
            "machine": machine_facts(),
            "pages": [
                {
                    "name": page.name,
                    "median_ms": round(page.median_ms, 1),
                    "longest_ms": round(page.longest_ms, 1),
                    "cpu_ms": round(page.cpu_ms, 1),
                }
                for page in result.pages
            ],
        }
        from django.db import connections  # noqa: PLC0415 - needs the settings first

        connections["default"].close()
        return result


def _follow_doubts() -> None:
    """Let the worker's task catch up, as it has in a platform that runs."""
    from tongbao.platform import clock  # noqa: PLC0415 - needs the settings first
    from tongbao.platform.payments.doubts import follow_doubts  # noqa: PLC0415 - as above: only when needed

    while follow_doubts(clock.now_us()):
        pass


def _measured(name: str, ask: Callable[[], None]) -> PageTime:
    ask()
    times_ms = []
    before_s = _cpu_s()
    for _round in range(ROUNDS):
        began = time.perf_counter()
        ask()
        times_ms.append((time.perf_counter() - began) * 1000)
    cpu_ms = (_cpu_s() - before_s) * 1000 / ROUNDS
    return PageTime(name, statistics.median(times_ms), max(times_ms), cpu_ms)


def _cpu_s() -> float:
    """Return the processor time of this process and of the server for it.

    PostgreSQL's helpers of a query end with it; then their time is that of the server's children.
    """
    from django.db import connection  # noqa: PLC0415 - needs the settings first

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    return time.process_time() + process_cpu_s(backend) + process_tree_cpu_s(parent_of(backend))


def pages(filled: Filled) -> Iterator[tuple[str, Callable[[], None]]]:
    """Name every page that is measured, with what asks for it."""
    configured()
    asking = _Asking()
    for name, query in _console_queries(filled).items():
        path = f"{CONSOLE}?{urlencode(query)}" if query else CONSOLE
        yield f"console payments: {name}", asking.console(path)
    yield "console dashboard", asking.console("/console/")
    for size, index in (("largest merchant", 0), ("ordinary merchant", MERCHANTS // 2)):
        base = f"/api/v1/merchants/{merchant_number(index)}/payments"
        for name, query in _api_queries(filled, index).items():
            yield f"API {size}: {name}", asking.api(f"{base}?{urlencode(query)}")
        yield f"API {size}: summary of today", asking.api(f"{base}/summary")
        yield (
            f"API {size}: export of a day",
            asking.api(f"{base}/export.csv?first_day={filled.last_day}&last_day={filled.last_day}"),
        )


def _console_queries(filled: Filled) -> dict[str, dict[str, str]]:
    return {
        "first page": {},
        "page 90": {"p": "90"},
        **{
            f"status {status}": {"status": status}
            for status in ("approved", "declined", "reversed", "in_doubt")
        },
        "kind refund": {"kind": "refund"},
        "today": {"day": "today"},
        "30 days": {"day": "month"},
        "terminal": {"terminal": terminal_number(0, 0)},
        "merchant": {"merchant": merchant_number(MERCHANTS // 2)},
        "search number": {"q": filled.middle_rrn},
        "search amount": {"q": "1234.56"},
        "search last four digits": {"q": "0128"},
        "search that finds nothing": {"q": "98765432.10"},
    }


def _api_queries(filled: Filled, index: int) -> dict[str, dict[str, str]]:
    from tongbao.platform.api.pages import cursor_of  # noqa: PLC0415 - needs the settings first

    name = f"payments:{merchant_number(index)}:[]"
    with _data_key():
        middle = cursor_of(filled.largest_middle, name)
    day = filled.last_day.isoformat()
    return {
        "first page": {},
        "page in the middle": {"cursor": middle},
        **{
            f"status {status}": {"status": status}
            for status in ("approved", "declined", "reversed", "in_doubt")
        },
        "kind refund": {"kind": "refund"},
        "today": {"first_day": day, "last_day": day},
        "terminal": {"terminal_id": terminal_number(index, 0)},
        "amount range": {"amount_min_minor": "499000"},
        "card tail": {"card_last_four": "0128"},
        "search number": {"search": filled.middle_rrn},
        "search amount": {"search": "1234.56"},
        "search that finds nothing": {"search": "98765432.10"},
    }


def _data_key() -> Any:
    from django.test import override_settings  # noqa: PLC0415 - needs the settings first

    from tongbao.domain.secrets import KeyBytes  # noqa: PLC0415 - only here

    return override_settings(
        TONGBAO_DATA_KEY=DataKey(KeyBytes(bytes(32))),
        TONGBAO_API_RATE_LIMITS=False,
        WHITENOISE_USE_FINDERS=False,
    )


class _Asking:
    """Asks as a member of staff of the console and of the support."""

    def __init__(self) -> None:
        from django.test import Client  # noqa: PLC0415 - needs the settings first

        from tongbao.platform import clock  # noqa: PLC0415 - as above: only when needed
        from tongbao.platform.accounts.models import StaffRoleGrant, User  # noqa: PLC0415 - as above: only when needed
        from tongbao.platform.accounts.second_factor import mark_second_factor  # noqa: PLC0415 - as above: only when needed
        from tongbao.platform.api import keys  # noqa: PLC0415 - as above: only when needed

        user = User(username="bench", is_staff=True)
        user.set_unusable_password()
        user.save()
        now_us = clock.now_us()
        for role in ("support", "auditor"):
            StaffRoleGrant.objects.create(
                user=user, role=role, granted_at_us=now_us, granted_by="bench"
            )
        self._client = Client(SERVER_NAME="localhost", headers={"accept-language": "en"})
        self._client.force_login(user)
        session = self._client.session
        mark_second_factor(session, at_us=now_us)
        session.save()
        self._keys = keys

    def console(self, path: str) -> Callable[[], None]:
        """Return what asks for a page of the console."""
        return lambda: self._ask(self._client, path)

    def api(self, path: str) -> Callable[[], None]:
        """Return what asks the API with a merchant's key."""
        from django.test import Client  # noqa: PLC0415 - needs the settings first

        from tongbao.platform import clock  # noqa: PLC0415 - as above: only when needed
        from tongbao.platform.access.actor import SYSTEM  # noqa: PLC0415 - as above: only when needed
        from tongbao.platform.access.permissions import Permission  # noqa: PLC0415 - as above: only when needed
        from tongbao.platform.api.models import ApiKey  # noqa: PLC0415 - as above: only when needed

        merchant_id = path.split("/")[4]
        ApiKey.objects.filter(merchant_id=merchant_id).delete()
        made = self._keys.make_key(
            SYSTEM,
            merchant_id,
            name="bench",
            scopes=[Permission.PAYMENTS_READ, Permission.PAYMENTS_EXPORT],
            expires_at_us=None,
            now_us=clock.now_us(),
        )
        client = Client(SERVER_NAME="localhost", headers={"authorization": f"Bearer {made.text}"})
        return lambda: self._ask(client, path)

    def _ask(self, client: Any, path: str) -> None:
        with _data_key():
            response = client.get(path)
            if response.streaming:
                b"".join(response.streaming_content)
        if response.status_code != 200:
            raise BenchPageError(f"{path} answered {response.status_code}")


class BenchPageError(RuntimeError):
    """A page did not answer with 200, so its time means nothing."""
