"""One asks, another approves: never the same person, never twice, never late."""

import threading

import pytest

from tongbao.platform.access.actor import SYSTEM, Actor, ActorKind
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.approvals.kinds import EXPIRES_AFTER_US, ChangeKind, Refusal

NOW = 1_795_226_400_000_000


def staff(name, *roles):
    return Actor(
        kind=ActorKind.STAFF,
        actor_id=name,
        name=name,
        staff_roles=frozenset(roles),
        second_factor_at_us=NOW,
    )


LILEI = staff("lilei", StaffRole.SETTLEMENT)
HAN = staff("hanmeimei", StaffRole.SETTLEMENT)
WANG = staff("wang", StaffRole.SETTLEMENT)
REVIEWER = staff("zhao", StaffRole.REVIEWER)


@pytest.fixture
def applied(monkeypatch):
    """The changes that were made, as (who approved, what, when)."""
    from tongbao.platform.approvals import services

    made = []
    monkeypatch.setattr(services, "_APPLY", {})
    services.register(ChangeKind.FEES, lambda *change: made.append(change))
    return made


def ask(actor=LILEI, reason="new price list"):
    from tongbao.platform.approvals.services import ask

    return ask(
        actor,
        ChangeKind.FEES,
        {"rate_ppm": 5500},
        target=("fee_schedule", "3"),
        merchant_id="898110059990001",
        reason=reason,
        before={"rate_ppm": 6000},
        now_us=NOW,
    )


def decide(actor, request, *, approve=True, note="", after_us=1):
    from tongbao.platform.approvals.services import decide

    return decide(actor, request.pk, approve=approve, note=note, now_us=NOW + after_us)


def refusal(actor, request, **how):
    from tongbao.platform.approvals.services import ChangeRefusedError

    with pytest.raises(ChangeRefusedError) as caught:
        decide(actor, request, **how)
    return caught.value.refusal


def log():
    from tongbao.platform.audit.models import AuditEntry

    rows = AuditEntry.objects.order_by("entry_id")
    return [(one.actor_name, one.operation, one.outcome) for one in rows]


def test_another_persons_approval_makes_the_change_once(django_database, applied):
    request = ask()
    assert applied == []
    decision = decide(HAN, request)
    assert applied == [(HAN, {"rate_ppm": 5500}, NOW + 1)]
    assert (decision.outcome, decision.decided_by_name) == ("approved", "hanmeimei")
    assert refusal(WANG, request) is Refusal.DECIDED_ALREADY
    assert len(applied) == 1
    assert log() == [
        ("lilei", "change.ask", "done"),
        ("hanmeimei", "approval.fees", "done"),
    ]


def test_nobody_approves_or_refuses_their_own_request(django_sqlite, applied):
    request = ask()
    assert refusal(LILEI, request) is Refusal.OWN_REQUEST
    assert refusal(LILEI, request, approve=False, note="no") is Refusal.OWN_REQUEST
    assert applied == []
    assert log()[1:] == [("lilei", "approval.fees", "denied")] * 2
    assert decide(HAN, request).outcome == "approved"


def test_the_system_approves_nothing(django_sqlite, applied):
    assert refusal(SYSTEM, ask()) is Refusal.OWN_REQUEST
    assert applied == []


def test_an_approval_needs_the_right_for_its_kind(django_sqlite, applied):
    from tongbao.platform.access.decide import Decision
    from tongbao.platform.access.enforce import AccessDeniedError
    from tongbao.platform.approvals.models import ChangeDecision

    request = ask()
    with pytest.raises(AccessDeniedError) as caught:
        decide(REVIEWER, request)
    assert caught.value.decision is Decision.FORBIDDEN
    assert applied == []
    assert not ChangeDecision.objects.exists()
    assert log()[1:] == [("zhao", "approval.fees", "denied")]


def test_a_refusal_says_why_and_changes_nothing(django_sqlite, applied):
    request = ask()
    assert refusal(HAN, request, approve=False, note="  ") is Refusal.NOTE_MISSING
    decision = decide(HAN, request, approve=False, note="too low")
    assert (decision.outcome, decision.note) == ("refused", "too low")
    assert refusal(WANG, request) is Refusal.DECIDED_ALREADY
    assert applied == []


def test_a_request_expires_after_seven_days(django_sqlite, applied):
    request = ask()
    assert refusal(HAN, request, after_us=EXPIRES_AFTER_US) is Refusal.EXPIRED
    assert applied == []
    assert decide(HAN, request, after_us=EXPIRES_AFTER_US - 1).outcome == "approved"


def test_only_the_asker_takes_a_request_back(django_sqlite, applied):
    from tongbao.platform.approvals.services import ChangeRefusedError, withdraw

    request = ask()
    with pytest.raises(ChangeRefusedError, match="not_own_request"):
        withdraw(HAN, request.pk, now_us=NOW + 1)
    assert withdraw(LILEI, request.pk, now_us=NOW + 1).outcome == "withdrawn"
    assert refusal(HAN, request) is Refusal.DECIDED_ALREADY
    assert applied == []


def test_a_change_that_cannot_be_made_any_more_leaves_the_request_open(django_database, applied):
    from tongbao.platform.approvals import services
    from tongbao.platform.approvals.models import ChangeDecision

    def gone(_actor, _payload, _now_us):
        raise services.ChangeNotPossibleError

    request = ask()
    services.register(ChangeKind.FEES, gone)
    assert refusal(HAN, request) is Refusal.NOT_POSSIBLE
    assert not ChangeDecision.objects.exists()
    assert len(log()) == 1
    assert decide(HAN, request, approve=False, note="gone").outcome == "refused"


def test_of_two_approvers_at_once_exactly_one_applies(django_database, applied):
    from django.db import connections

    from tongbao.platform.approvals.models import ChangeDecision

    request = ask()
    ready = threading.Barrier(2)
    ends = []

    def approve(actor):
        from tongbao.platform.approvals.services import ChangeRefusedError

        ready.wait(10)
        try:
            decide(actor, request)
        except ChangeRefusedError as error:
            ends.append(error.refusal)
        else:
            ends.append("approved")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=approve, args=(actor,)) for actor in (HAN, WANG)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ends) == ["approved", "decided_already"]
    assert len(applied) == 1
    assert ChangeDecision.objects.count() == 1


def test_requests_and_decisions_are_never_edited(django_database, applied):
    from django.db import DatabaseError

    from tongbao.platform.approvals.models import ChangeDecision, ChangeRequest

    request = ask()
    decide(HAN, request)
    for rows in (ChangeRequest.objects.all(), ChangeDecision.objects.all()):
        with pytest.raises(DatabaseError, match="append-only"):
            rows.update(**{"reason" if rows.model is ChangeRequest else "note": "x"})
        with pytest.raises(DatabaseError, match="append-only"):
            rows._raw_delete("default")
