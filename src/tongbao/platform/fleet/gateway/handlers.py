"""What each address of the gateway does: read the message, call the service, write the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs

from tongbao.domain.errors import ProtocolError
from tongbao.platform.fleet import acts, certificates, invitations, people, telling
from tongbao.platform.fleet.acts import UnknownActError
from tongbao.platform.fleet.authority import RequestRefusedError
from tongbao.platform.fleet.gateway import identity
from tongbao.platform.fleet.gateway.allowance import Allowance
from tongbao.platform.fleet.gateway.refusals import RefusedError
from tongbao.platform.fleet.telling import ReportRefusedError
from tongbao.wire.device import paths
from tongbao.wire.device.activation import (
    ActivationAnswer,
    ActivationPoll,
    Hello,
    HelloAnswer,
    RenewalAnswer,
    RenewalRequest,
)
from tongbao.wire.device.codec import decode, encode
from tongbao.wire.device.health import (
    Accepted,
    ActResult,
    Heartbeat,
    Progress,
    Refusal,
    SelfTestReport,
)
from tongbao.wire.device.operators import OperatorAnswer, OperatorChange
from tongbao.wire.device.settings import SignedReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.fleet.gateway.app import Request

Kind = TypeVar("Kind")
_SECOND_US = 1_000_000


class Handlers:
    """The gateway's addresses; counts who says hello how often."""

    def __init__(self) -> None:
        self._by_serial = Allowance(burst=6, refill_us=10 * _SECOND_US)
        self._by_address = Allowance(burst=60, refill_us=_SECOND_US)
        self._signed: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("POST", paths.HELLO): self._hello,
            ("POST", paths.ACTIVATION): self._activation,
        }
        self._certified: dict[tuple[str, str], Callable[[Actor, Request], Any]] = {
            ("GET", paths.WANTED): _wanted,
            ("POST", paths.REPORT): _report,
            ("POST", paths.HEARTBEAT): _heartbeat,
            ("POST", paths.PROGRESS): _progress,
            ("POST", paths.SELF_TEST): _self_test,
            ("POST", paths.OPERATORS): _operators,
            ("POST", paths.RENEWAL): _renewal,
        }

    def answer(self, request: Request) -> bytes | None:
        """Return the body of the answer, None for "nothing new"; raises RefusedError."""
        known = (request.method, request.path)
        if known in self._signed:
            return encode(self._signed[known](request))
        if request.path.startswith(f"{paths.ACTS}/"):
            return _encoded(_act(identity.certified(request), request))
        if known in self._certified:
            return _encoded(self._certified[known](identity.certified(request), request))
        taken = {path for _, path in (*self._signed, *self._certified)}
        raise RefusedError(Refusal.WRONG_METHOD if request.path in taken else Refusal.UNKNOWN_PATH)

    def _hello(self, request: Request) -> HelloAnswer:
        self._count(request, self._by_address, request.address)
        message = _read(Hello, request)
        self._count(request, self._by_serial, message.serial_number)
        identity.check_signature(request, message.public_key)
        actor = identity.actor_for(message.serial_number, request.address)
        return invitations.hello(actor, message, now_us=request.now_us)

    def _activation(self, request: Request) -> ActivationAnswer:
        self._count(request, self._by_address, request.address)
        message = _read(ActivationPoll, request)
        public_key = identity.signing_key(request, message.serial_number)
        actor = identity.actor_for(message.serial_number, request.address)
        return invitations.poll(
            actor, message.serial_number, public_key, message.csr_pem, now_us=request.now_us
        )

    def _count(self, request: Request, allowance: Allowance, key: str) -> None:
        wait_s = allowance.wait_s(key, request.now_us)
        if wait_s:
            raise RefusedError(Refusal.TOO_MANY, retry_after_s=wait_s)


def _encoded(message: Any) -> bytes | None:
    return message if message is None or isinstance(message, bytes) else encode(message)


def _read(kind: type[Kind], request: Request) -> Kind:
    try:
        return decode(kind, request.body)
    except ProtocolError as error:
        raise RefusedError(Refusal.MALFORMED, f"{error.path}: {error.rule}") from None


def _accepted(request: Request) -> Accepted:
    return Accepted(server_time_ms=request.now_us // 1000)


def _wanted(actor: Actor, request: Request) -> bytes | None:
    since = parse_qs(request.query).get("since", ["0"])[0]
    if not (since.isascii() and since.isdigit() and len(since) <= 15):
        raise RefusedError(Refusal.MALFORMED, "since")
    try:
        issue = telling.wanted_since(actor, actor.actor_id, int(since), now_us=request.now_us)
    except ReportRefusedError:
        raise RefusedError(Refusal.NOT_IN_SERVICE) from None
    # The very bytes that were hashed: a report names their digest.
    return issue.document.encode() if issue else None


def _report(actor: Actor, request: Request) -> Accepted:
    signed = _read(SignedReport, request)
    try:
        telling.report(actor, actor.actor_id, signed, now_us=request.now_us)
    except ReportRefusedError as refused:
        raise RefusedError(Refusal.CONFLICT, str(refused)) from None
    return _accepted(request)


def _heartbeat(actor: Actor, request: Request) -> Any:
    message = _read(Heartbeat, request)
    try:
        return telling.heartbeat(actor, actor.actor_id, message, now_us=request.now_us)
    except ReportRefusedError:
        raise RefusedError(Refusal.NOT_IN_SERVICE) from None


def _progress(actor: Actor, request: Request) -> Accepted:
    telling.progress(actor, actor.actor_id, _read(Progress, request), now_us=request.now_us)
    return _accepted(request)


def _self_test(actor: Actor, request: Request) -> Accepted:
    telling.self_test(actor, actor.actor_id, _read(SelfTestReport, request), now_us=request.now_us)
    return _accepted(request)


def _operators(actor: Actor, request: Request) -> OperatorAnswer:
    message = _read(OperatorChange, request)
    answer = people.take_operator_change(actor, actor.actor_id, message, now_us=request.now_us)
    if answer is None:
        raise RefusedError(Refusal.NOT_FOUND, "number")
    return answer


def _renewal(actor: Actor, request: Request) -> RenewalAnswer:
    message = _read(RenewalRequest, request)
    try:
        row = certificates.renew(actor, actor.actor_id, message.csr_pem, now_us=request.now_us)
    except RequestRefusedError as refused:
        raise RefusedError(Refusal.MALFORMED, f"csr_pem: {refused}") from None
    return RenewalAnswer(certificate_pem=row.pem, chain_pem=certificates.authority().chain_pem)


def _act(actor: Actor, request: Request) -> Accepted:
    if request.method != "POST":
        raise RefusedError(Refusal.WRONG_METHOD)
    act_id = request.path.removeprefix(f"{paths.ACTS}/")
    result = _read(ActResult, request)
    try:
        acts.finish(actor, actor.actor_id, act_id, result, now_us=request.now_us)
    except UnknownActError:
        raise RefusedError(Refusal.NOT_FOUND, "act_id") from None
    return _accepted(request)
