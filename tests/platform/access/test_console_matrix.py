"""The console's part of the walk: every list of records and its first record × every staff role.

The pages are found by the site's own registry, so a new one is walked without being named here.
"""

import pytest

from tests.platform.access.walk import actor_behind, caller_of, entries, written
from tongbao.platform.access.decide import Decision, decide
from tongbao.platform.access.roles import StaffRole

PEOPLE = [
    *(f"staff: {role}" for role in StaffRole),
    "staff without a role",
    "staff without a second factor",
    "owner here",
    "nobody",
]


def pages():
    """Return address and operation of each list, and of the first record in it."""
    from django.contrib import admin
    from django.test import RequestFactory
    from django.urls import reverse

    for model, page in sorted(admin.site._registry.items(), key=lambda item: item[0].__name__):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist"), page.operation
        first = page.get_queryset(RequestFactory().get("/")).values_list("pk", flat=True).first()
        if first is not None and page.page_template:
            yield reverse(f"{name}_change", args=[first]), page.operation


@pytest.mark.parametrize("name", PEOPLE)
def test_a_page_opens_for_whom_the_table_names_and_a_refusal_is_one_entry(living, name):
    from tongbao.platform import clock
    from tongbao.platform.access.operations import Operation
    from tongbao.platform.console import access

    access._noted.clear()
    caller = caller_of(name)
    actor = actor_behind(caller)
    ((newest, *_rest),) = entries()[-1:]
    door = decide(actor, Operation.CONSOLE_VIEW, now_us=clock.now_us())
    refused = 0
    with written() as changed:
        for address, operation in pages():
            decision = decide(actor, operation, now_us=clock.now_us())
            if decision is Decision.ALLOWED:
                continue
            answer = caller.client.get(address)
            status = 403 if door is Decision.ALLOWED else 302
            assert answer.status_code == status, (address, operation)
            refused += door is not Decision.SECOND_FACTOR_NEEDED
    assert not changed
    found = [outcome for _entry, _operation, outcome, _detail in entries(newest)]
    if door is Decision.NOT_LOGGED_IN:  # strangers who knock again and again fill no log
        refused = access.STRANGERS_NOTED_IN_A_MINUTE
    assert found == ["denied"] * refused


def test_every_page_opens_for_somebody(living):
    from tongbao.platform import clock

    callers = [caller_of(f"staff: {role}") for role in StaffRole]
    actors = [(caller, actor_behind(caller)) for caller in callers]
    opened = 0
    with written() as changed:
        for address, operation in pages():
            caller = next(
                caller
                for caller, actor in actors
                if decide(actor, operation, now_us=clock.now_us()) is Decision.ALLOWED
            )
            answer = caller.client.get(address)
            assert answer.status_code == 200, (address, operation)
            opened += 1
    assert not changed
    assert opened >= 30
