"""A refusal is written down once, whatever happens around it."""

import pytest

from tongbao.platform.access.actor import Actor, ActorKind
from tongbao.platform.access.decide import Decision
from tongbao.platform.access.operations import Operation

NOW = 1_795_226_400_000_000
LILEI = Actor(kind=ActorKind.PERSON, actor_id="7", name="lilei", address="10.0.0.9")
OURS = "898110059990001"


def denials():
    from tongbao.platform.audit.models import AuditEntry

    rows = AuditEntry.objects.filter(outcome="denied")
    return list(rows.values_list("operation", "target_type", "target_id", "merchant_id", "detail"))


def test_what_is_allowed_leaves_no_entry(django_sqlite):
    from tongbao.platform.access.enforce import require

    require(LILEI, Operation.ME_VIEW, now_us=NOW)
    assert denials() == []


def test_a_refusal_is_one_entry(django_sqlite):
    from tongbao.platform.access.enforce import AccessDeniedError, record_denial, require

    with pytest.raises(AccessDeniedError) as caught:
        require(LILEI, Operation.AUDIT_VIEW, merchant_id=OURS, target=("audit", "1"), now_us=NOW)
    assert caught.value.decision is Decision.HIDDEN
    record_denial(caught.value, now_us=NOW)
    assert denials() == [("audit.view", "audit", "1", OURS, "hidden")]


def test_a_refusal_inside_a_transaction_is_written_by_who_catches_it(django_database):
    from django.db import transaction

    from tongbao.platform.access.enforce import AccessDeniedError, record_denial, require

    with pytest.raises(AccessDeniedError) as caught, transaction.atomic():
        require(LILEI, Operation.CONSOLE_VIEW, now_us=NOW)
    assert denials() == []
    record_denial(caught.value, now_us=NOW)
    record_denial(caught.value, now_us=NOW)
    assert denials() == [("console.view", "", "", "", "forbidden")]
