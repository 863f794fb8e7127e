"""What a terminal tells of its operators: taken once, passed over, or refused with a word."""

import pytest

from tests.platform.fleet.stage import MERCHANT_ID, NOW, OWNER
from tongbao.crypto.operator_pin import hash_pin, pin_fits
from tongbao.domain.secrets import Pin
from tongbao.platform.access.actor import Actor, ActorKind
from tongbao.wire.device.operators import (
    OperatorAct,
    OperatorChange,
    OperatorOutcome,
    may_look_after,
)
from tongbao.wire.device.settings import OperatorRole

CASHIER, SUPERVISOR = OperatorRole.CASHIER, OperatorRole.SUPERVISOR
ADMINISTRATOR = OperatorRole.ADMINISTRATOR
KEPT, REFUSED = OperatorOutcome.KEPT, OperatorOutcome.REFUSED
PASSED_OVER = OperatorOutcome.PASSED_OVER
SERIAL, TERMINAL = "TB26110001", "10000001"
LATER = NOW + 1_000_000
CHOSEN = hash_pin(Pin("4821"), bytes(16))
OTHER = hash_pin(Pin("9173"), bytes(16))
DEVICE = Actor(kind=ActorKind.DEVICE, actor_id=SERIAL, name=SERIAL)

pytestmark = pytest.mark.usefixtures("terminal")


def add(number, role=CASHIER, terminal_id=""):
    from tongbao.platform.operators.services import NewOperator, add_operator

    new = NewOperator(number=number, name="小梅", role=role, terminal_id=terminal_id)
    return add_operator(OWNER, MERCHANT_ID, new, now_us=NOW)[0]


def tell(act, number, by, at_us=LATER, **said):
    from tongbao.platform.operators.reported import take_change

    values = {"name": "", "role": None, "pin_hash": CHOSEN, "replaces": None, **said}
    message = OperatorChange(act=act, number=number, by=by, changed_at_ms=at_us // 1000, **values)
    answer = take_change(DEVICE, SERIAL, message, now_us=LATER + 5_000_000)
    return (answer.outcome, answer.reason) if answer.reason else answer.outcome


def book(terminal_id=TERMINAL):
    from tongbao.platform.fleet.models import Terminal
    from tongbao.platform.operators.people import people_of

    people = people_of(Terminal.objects.get(pk=terminal_id))[0]
    return {one.number: (one.pin_hash, one.must_change) for one in people}


def entries():
    from tongbao.platform.audit.models import AuditEntry

    return list(
        AuditEntry.objects.filter(actor_id=SERIAL).order_by("pk").values_list("operation", "after")
    )


def test_a_pin_changed_at_the_terminal_counts_and_comes_twice_without_harm():
    add("01")
    for _ in range(2):
        assert tell(OperatorAct.PIN_CHANGED, "01", "01") is KEPT
    assert book() == {"01": (CHOSEN, False)}
    assert entries() == [("operator.pin_changed", '{"number":"01"}')]


def test_a_reset_in_the_portal_goes_before_an_older_change_at_the_terminal():
    from tongbao.platform.operators.services import reset_pin

    row = add("01")
    _, pin = reset_pin(OWNER, MERCHANT_ID, row.pk, now_us=LATER + 1)
    assert tell(OperatorAct.PIN_CHANGED, "01", "01") is PASSED_OVER
    assert pin_fits(Pin(pin), book()["01"][0])
    assert tell(OperatorAct.PIN_CHANGED, "01", "01", LATER + 2_000_000) is KEPT
    assert book()["01"] == (CHOSEN, False)


def test_a_change_of_the_pin_that_stands_counts_whatever_the_clock_of_the_terminal_says():
    row = add("01")
    assert tell(OperatorAct.PIN_CHANGED, "01", "01", NOW - 1, replaces=row.pin_hash) is KEPT
    assert book() == {"01": (CHOSEN, False)}


def test_a_terminal_clock_that_is_far_ahead_does_not_shut_out_later_resets():
    from tongbao.platform.operators.services import reset_pin

    row = add("01")
    assert tell(OperatorAct.PIN_CHANGED, "01", "01", LATER + 10**15) is KEPT
    reset_pin(OWNER, MERCHANT_ID, row.pk, now_us=LATER + 6_000_000)
    assert book()["01"][1] is True


def test_a_supervisor_resets_adds_and_ends_and_the_log_says_who():
    add("00", SUPERVISOR)
    add("01")
    said = {"name": "阿强", "role": CASHIER, "pin_hash": OTHER}
    for _ in range(2):
        assert tell(OperatorAct.PIN_RESET, "01", "00") is KEPT
        assert tell(OperatorAct.ADDED, "02", "00", **said) is KEPT
    assert book()["01"] == (CHOSEN, True)
    assert book()["02"] == (OTHER, True)
    for _ in range(2):
        assert tell(OperatorAct.ENDED, "01", "00", LATER + 1, pin_hash=None) is KEPT
    assert set(book()) == {"00", "02"}
    assert entries() == [
        (
            "operator.changed_at_terminal",
            f'{{"act":"{act}","by":"00","name":"{name}","number":"{number}","role":"cashier"}}',
        )
        for act, number, name in (
            ("pin_reset", "01", "小梅"),
            ("added", "02", "阿强"),
            ("ended", "01", "小梅"),
        )
    ]


REFUSALS = (
    (OperatorAct.PIN_CHANGED, "77", "77", {}, "unknown_operator"),
    (OperatorAct.PIN_CHANGED, "01", "00", {}, "not_allowed"),
    (OperatorAct.PIN_RESET, "01", "02", {}, "not_allowed"),
    (OperatorAct.PIN_RESET, "01", "77", {}, "unknown_operator"),
    (OperatorAct.PIN_RESET, "01", "00", {"pin_hash": None}, "incomplete"),
    (OperatorAct.ADDED, "01", "00", {"name": "x", "role": CASHIER}, "number_taken"),
    (OperatorAct.ADDED, "05", "00", {"name": "", "role": CASHIER}, "incomplete"),
    (OperatorAct.ADDED, "05", "00", {"name": "x", "role": ADMINISTRATOR}, "role_of_number"),
    (OperatorAct.ENDED, "00", "99", {"pin_hash": None}, "not_allowed"),
    (OperatorAct.ENDED, "01", "03", {"pin_hash": None}, "not_of_this_terminal"),
)


def test_what_the_rules_do_not_give_is_refused_and_changes_nothing():
    add("00", SUPERVISOR)
    add("99", ADMINISTRATOR)
    add("01")
    add("02")
    add("03", SUPERVISOR, TERMINAL)
    before = book()
    for act, number, by, said, reason in REFUSALS:
        assert tell(act, number, by, **said) == (REFUSED, reason)
    assert book() == before
    assert entries() == []


def test_a_number_that_went_to_somebody_new_is_not_ended_by_an_older_word():
    add("00", SUPERVISOR)
    add("01")
    assert tell(OperatorAct.ENDED, "01", "00", NOW - 1, pin_hash=None) is PASSED_OVER
    assert set(book()) == {"00", "01"}


@pytest.mark.parametrize(
    ("by", "act", "of", "may"),
    [
        (("00", SUPERVISOR), OperatorAct.PIN_RESET, ("01", CASHIER), True),
        (("00", SUPERVISOR), OperatorAct.PIN_RESET, ("05", SUPERVISOR), True),
        (("05", SUPERVISOR), OperatorAct.PIN_RESET, ("06", SUPERVISOR), False),
        (("05", SUPERVISOR), OperatorAct.ADDED, ("01", CASHIER), True),
        (("00", SUPERVISOR), OperatorAct.PIN_RESET, ("00", SUPERVISOR), False),
        (("99", ADMINISTRATOR), OperatorAct.PIN_RESET, ("00", SUPERVISOR), True),
        (("99", ADMINISTRATOR), OperatorAct.ENDED, ("00", SUPERVISOR), False),
        (("00", SUPERVISOR), OperatorAct.PIN_RESET, ("99", ADMINISTRATOR), False),
        (("01", CASHIER), OperatorAct.PIN_RESET, ("02", CASHIER), False),
        (("01", CASHIER), OperatorAct.PIN_CHANGED, ("01", CASHIER), True),
    ],
)
def test_who_looks_after_whom_at_a_terminal(by, act, of, may):
    assert may_look_after(by, act, of) is may
