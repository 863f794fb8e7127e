"""Agents as merchants and applicants meet them: who may be named, who serves, what stays."""

from tests.platform.api.conftest import OTHER, OWN, Caller, member
from tests.platform.conftest import add_user
from tests.platform.onboarding.applicants import credit_code
from tests.platform.onboarding.conftest import NOON_US, reviewer
from tests.platform.seed import EMPTY_MERCHANT, MERCHANT


def agent(staff, name, number):
    from tongbao.platform.onboarding import agents

    code = credit_code(number=number)
    return agents.add_agent(staff, name, code, "19900007777", "上海", now_us=NOON_US).pk


def agencies(caller, merchant_id=OWN):
    answer = caller.get(f"/merchants/{merchant_id}")
    assert answer.status_code == 200
    return sorted((one["role"], one["name"], one["is_active"]) for one in answer.json()["agencies"])


def test_an_agent_who_was_stopped_cannot_be_named_and_what_they_brought_stays(django_sqlite, world):
    from tongbao.platform.onboarding import agents

    staff = reviewer()
    known = agent(staff, "晨星代理", "MA0AGENT")
    applicant = Caller(add_user("lin", is_staff=False))
    begun = applicant.post("/applications", {"tier": "micro", "agent_id": known})
    assert (begun.status_code, begun.json()["agent"]) == (201, "晨星代理")
    agents.set_active(staff, known, active=False, now_us=NOON_US)
    for agent_id in (known, "agent_nobody"):
        refused = applicant.post("/applications", {"tier": "micro", "agent_id": agent_id})
        assert refused.status_code == 422
        assert refused.json()["fields"][0]["code"] == "agent_unknown"
    [mine] = applicant.get("/applications").json()["items"]
    path = f"/applications/{mine['application_id']}"
    promise = {"subject": "fees", "words": "No fee in the first month"}
    kept = applicant.post(f"{path}/promises", promise)
    assert kept.status_code == 201
    assert kept.json()["promises"][0]["words"] == "No fee in the first month"


def test_a_hand_over_changes_who_serves_and_never_who_sold(django_sqlite, world):
    from tongbao.platform.onboarding import agents
    from tongbao.platform.onboarding.models import Agency
    from tongbao.platform.registry import register_merchants

    register_merchants(django_sqlite, [MERCHANT, EMPTY_MERCHANT])
    staff = reviewer()
    first, second = agent(staff, "晨星代理", "MA0AGENT"), agent(staff, "北辰代理", "MA0BGENT")
    for role in ("sold", "serves"):
        Agency.objects.create(
            agency_id=f"agency_{role}",
            agent_id=first,
            merchant_id=OWN,
            role=role,
            from_us=NOON_US,
        )
    owner = Caller(member("hanmei"))
    assert agents.hand_over_all(staff, first, second, now_us=NOON_US + 1) == 1
    assert agencies(owner) == [("serves", "北辰代理", True), ("sold", "晨星代理", True)]
    agents.set_active(staff, first, active=False, now_us=NOON_US + 2)
    assert agencies(owner) == [("serves", "北辰代理", True), ("sold", "晨星代理", False)]
    assert agencies(Caller(member("other", merchant_id=OTHER)), OTHER) == []
