"""Agents: who sells and serves for the acquirer, and what they promised to whom."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.bilingual import Words
from tongbao.platform.ids import new_id
from tongbao.platform.onboarding.identifiers import credit_code_fault, is_phone
from tongbao.platform.onboarding.models import Agency, Agent, AgentPromise
from tongbao.platform.onboarding.records import NoteMissingError, found

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor

PROMISES_MAX = 20


class Subject(StrEnum):
    """What a promise is about."""

    FEES = "fees"
    DEVICE = "device"
    DELIVERY = "delivery"
    SERVICE = "service"
    OTHER = "other"


SUBJECT_WORDS: dict[str, Words] = {
    Subject.FEES: Words("费率与返还", "Fees and rebates"),
    Subject.DEVICE: Words("设备与押金", "Device and deposit"),
    Subject.DELIVERY: Words("开通与送达时间", "Time of delivery"),
    Subject.SERVICE: Words("售后服务", "Service"),
    Subject.OTHER: Words("其他", "Other"),
}


class AgentRefusedError(ValueError):
    """The agent cannot be kept as given; the text is `name`, `credit_code`, `phone` or `role`."""


class TooManyPromisesError(Exception):
    """The application holds as many promises as are kept."""


def add_agent(
    actor: Actor, name: str, credit_code: str, phone: str, region: str, *, now_us: int
) -> Agent:
    """Register an agent, who must be a licensed business that can be called.

    Raises: AgentRefusedError; AccessDeniedError.
    """
    require(actor, Operation.AGENT_CHANGE, now_us=now_us)
    if not name.strip():
        raise AgentRefusedError("name")
    if credit_code_fault(credit_code.strip().upper()) is not None:
        raise AgentRefusedError("credit_code")
    if not is_phone(phone):
        raise AgentRefusedError("phone")
    with transaction.atomic():
        agent = Agent.objects.create(
            agent_id=new_id("agent"),
            name=name.strip()[:80],
            credit_code=credit_code.strip().upper(),
            phone=phone.strip()[:20],
            region=region.strip()[:40],
            created_at_us=now_us,
        )
        record(
            actor,
            Operation.AGENT_CHANGE,
            now_us=now_us,
            target=("agent", agent.pk),
            after={"name": agent.name, "region": agent.region, "is_active": True},
        )
    return agent


def set_active(actor: Actor, agent_id: str, *, active: bool, now_us: int) -> Agent:
    """Let an agent bring applications, or no longer; what was promised stays.

    Raises: AccessDeniedError; Agent.DoesNotExist.
    """
    require(actor, Operation.AGENT_CHANGE, now_us=now_us, target=("agent", agent_id))
    with transaction.atomic():
        agent = Agent.objects.select_for_update().get(pk=agent_id)
        before = agent.is_active
        agent.is_active = active
        agent.save(update_fields=["is_active"])
        record(
            actor,
            Operation.AGENT_CHANGE,
            now_us=now_us,
            target=("agent", agent_id),
            before={"is_active": before},
            after={"is_active": active},
        )
    return agent


def record_promise(
    actor: Actor, application_id: str, subject: Subject, words: str, *, now_us: int
) -> AgentPromise:
    """Write down what the agent of an application promised, in the applicant's words.

    Raises: NoteMissingError without words; AgentRefusedError when the application came without an
    agent; TooManyPromisesError; AccessDeniedError; Application.DoesNotExist.
    """
    application = found(actor, Operation.APPLICATION_CHANGE, application_id, now_us=now_us)
    if application.agent is None:
        raise AgentRefusedError("role")
    if not words.strip():
        raise NoteMissingError
    with transaction.atomic():
        if application.promises.count() >= PROMISES_MAX:
            raise TooManyPromisesError
        promise = AgentPromise.objects.create(
            agent=application.agent,
            application=application,
            subject=subject.value,
            words=" ".join(words.split())[:500],
            recorded_by=actor.actor_id[:64],
            at_us=now_us,
        )
        record(
            actor,
            Operation.APPLICATION_CHANGE,
            now_us=now_us,
            target=("application", application_id),
            after={"agent_id": application.agent.pk, "subject": subject.value},
        )
    return promise


def hand_over(actor: Actor, merchant_id: str, agent_id: str, role: str, *, now_us: int) -> Agency:
    """Name another agent who serves a merchant; who sold stays on record.

    Raises: AgentRefusedError for a role but `serves`; AccessDeniedError; Agent.DoesNotExist.
    """
    require(actor, Operation.AGENT_CHANGE, now_us=now_us, target=("agent", agent_id))
    if role != "serves":
        raise AgentRefusedError("role")
    with transaction.atomic():
        agent = Agent.objects.get(pk=agent_id, is_active=True)
        Agency.objects.filter(merchant_id=merchant_id, role=role, ended_at_us=None).update(
            ended_at_us=now_us
        )
        agency = Agency.objects.create(
            agency_id=new_id("agency"),
            agent=agent,
            merchant_id=merchant_id,
            role=role,
            from_us=now_us,
        )
        record(
            actor,
            Operation.AGENT_CHANGE,
            now_us=now_us,
            target=("agent", agent_id),
            merchant_id=merchant_id,
            after={"role": role},
        )
    return agency


def hand_over_all(actor: Actor, from_agent_id: str, to_agent_id: str, *, now_us: int) -> int:
    """Let one agent serve every merchant that another serves; return how many these are.

    Raises: AgentRefusedError for the same agent; AccessDeniedError; Agent.DoesNotExist when the
    new one is unknown or not active.
    """
    require(actor, Operation.AGENT_CHANGE, now_us=now_us, target=("agent", to_agent_id))
    if from_agent_id == to_agent_id:
        raise AgentRefusedError("role")
    with transaction.atomic():
        Agent.objects.get(pk=to_agent_id, is_active=True)
        served = Agency.objects.filter(agent_id=from_agent_id, role="serves", ended_at_us=None)
        merchants = list(served.order_by("merchant_id").values_list("merchant_id", flat=True))
        for merchant_id in merchants:
            hand_over(actor, merchant_id, to_agent_id, "serves", now_us=now_us)
    return len(merchants)
