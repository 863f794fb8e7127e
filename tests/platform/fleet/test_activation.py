"""Activation: one service, whoever asks; every refusal has its cause and changes nothing else."""

import pytest

from tests.platform.fleet import stage
from tests.platform.fleet.conftest import activated, device, ready_to_ship, shipped
from tests.platform.fleet.stage import MERCHANT_ID, MINUTE, NOW, OTHER_ID, OWNER, SERIAL, Machine
from tongbao.platform.fleet.activation_rules import Method, Point
from tongbao.wire.device.activation import ActivationFailure as Cause
from tongbao.wire.device.activation import ActivationState, DeviceStanding


def say_hello(machine, now_us=NOW):
    from tongbao.platform.fleet import invitations

    return invitations.hello(machine.actor, machine.hello(), now_us=now_us)


def poll(machine, csr=None, now_us=NOW):
    from tongbao.platform.fleet import invitations

    return invitations.poll(machine.actor, machine.serial, machine.public_key, csr, now_us=now_us)


def confirm(code, actor=OWNER, now_us=NOW, **changes):
    from tongbao.platform.fleet import activation

    facts = {
        "merchant_id": MERCHANT_ID,
        "serial_number": SERIAL,
        "terminal_id": device().terminal_id,
        "code": code,
        "method": Method.WEB,
    }
    return activation.confirm(actor, activation.Claim(**{**facts, **changes}), now_us=now_us)


def refused(code, **changes):
    from tongbao.platform.fleet.activation import ActivationRefusedError

    with pytest.raises(ActivationRefusedError) as caught:
        confirm(code, **changes)
    return caught.value.cause


def audited(operation):
    from tongbao.platform.audit.models import AuditEntry

    return [row.outcome for row in AuditEntry.objects.filter(operation=operation)]


def test_from_stock_to_service_with_every_step_in_the_history(room_on_both):
    machine = Machine()
    found = activated(machine)
    assert (found.state, found.terminal.is_active) == ("active", True)
    events = list(found.events.order_by("event_id").values_list("event", flat=True))
    assert events == [
        "received_into_stock",
        "assign",
        "load_keys",
        "ship",
        "code_shown",
        "receive",
        "begin_activation",
        "activation_confirmed",
        "certificate_issued",
        "activate",
        "self_test_passed",
    ]
    installed = found.installations.get()
    assert (installed.terminal_id, installed.credit_code, installed.settlement_account_id) == (
        found.terminal_id,
        "91310000MA1TEST001",
        "account_shop_one",
    )
    assert installed.place == "上海 南京路 1 号"
    row = found.activations.get()
    assert (row.state, row.step, row.method, row.cause) == ("done", "ready", "web", "")
    assert say_hello(machine).standing is DeviceStanding.ACTIVATED


def test_a_device_that_nobody_knows_gets_no_code(room):
    assert say_hello(Machine("XX99999999")).standing is DeviceStanding.UNKNOWN


def test_a_device_in_stock_waits(stocked):
    answer = say_hello(Machine())
    assert (answer.standing, answer.terminal_id, answer.invitation, answer.host) == (
        DeviceStanding.WAITING,
        None,
        None,
        None,
    )


def test_the_code_stays_the_same_and_is_kept_nowhere(room):
    shipped()
    machine = Machine()
    first, again = say_hello(machine), say_hello(machine, NOW + MINUTE)
    assert first.invitation == again.invitation
    assert len(first.invitation.code) == 8
    row = device().activations.get()
    kept = {str(getattr(row, field.name)) for field in row._meta.fields}
    assert not any(first.invitation.code in value for value in kept)


def test_the_invitation_names_the_terminal_and_the_host(room):
    found = shipped()
    answer = say_hello(Machine())
    code = answer.invitation.code
    assert answer.invitation.qr_text == f"tongbao-activate:{SERIAL}:{found.terminal_id}:{code}"
    assert (answer.standing, answer.host) == (DeviceStanding.ASSIGNED, stage.HOST)


def test_a_stranger_under_the_same_serial_number_gets_another_code_and_no_certificate(room):
    shipped()
    thief, machine = Machine(), Machine()
    other, mine = say_hello(thief), say_hello(machine)
    assert other.invitation.code != mine.invitation.code
    confirm(mine.invitation.code)
    assert poll(machine, machine.csr()).state is ActivationState.CERTIFIED
    answer = poll(thief, thief.csr())
    assert (answer.state, answer.cause) == (ActivationState.FAILED, Cause.CALLED_OFF)


def test_a_wrong_code_says_how_many_tries_are_left_and_five_end_the_invitation(room):
    from tongbao.platform.fleet.activation import ActivationRefusedError

    shipped()
    machine = Machine()
    code = say_hello(machine).invitation.code
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    left = []
    for _ in range(4):
        with pytest.raises(ActivationRefusedError) as caught:
            confirm(wrong)
        left.append((caught.value.cause, caught.value.tries_left))
    assert left == [(Cause.WRONG_CODE, n) for n in (4, 3, 2, 1)]
    assert refused(wrong) is Cause.TOO_MANY_TRIES
    assert refused(code) is Cause.TOO_MANY_TRIES
    assert say_hello(machine, NOW + 14 * MINUTE).invitation is None
    assert say_hello(machine, NOW + 15 * MINUTE).invitation.code != code
    assert audited("activation.confirm") == ["failed"] * 6


def test_a_code_is_good_for_half_an_hour(room):
    shipped()
    machine = Machine()
    code = say_hello(machine).invitation.code
    assert refused(code, now_us=NOW + 30 * MINUTE) is Cause.CODE_EXPIRED
    assert poll(machine, now_us=NOW + 30 * MINUTE).cause is Cause.CODE_EXPIRED
    fresh = say_hello(machine, NOW + 31 * MINUTE).invitation.code
    assert refused(code, now_us=NOW + 31 * MINUTE) is Cause.CODE_EXPIRED
    assert confirm(fresh, now_us=NOW + 31 * MINUTE).state == "confirmed"


def test_confirming_again_is_no_fault_and_changes_nothing(room):
    shipped()
    code = say_hello(Machine()).invitation.code
    first = confirm(code)
    again = confirm(code, now_us=NOW + MINUTE)
    assert (again.pk, again.confirmed_at_us) == (first.pk, NOW)
    assert audited("activation.confirm").count("done") == 2  # begun, confirmed


def test_unknown_and_anothers_serial_number_look_the_same(room):
    shipped()
    code = say_hello(Machine()).invitation.code
    terminal_id = device().terminal_id
    assert refused(code, serial_number="TB00000000") is Cause.NOT_YOUR_TERMINAL
    assert (
        refused(code, actor=stage.STRANGER, merchant_id=OTHER_ID, terminal_id=terminal_id)
        is Cause.NOT_YOUR_TERMINAL
    )
    assert device().state == "shipped"


def test_who_is_not_of_the_merchant_is_refused_with_one_entry(room):
    from tongbao.platform.access.decide import Decision
    from tongbao.platform.access.enforce import AccessDeniedError

    shipped()
    code = say_hello(Machine()).invitation.code
    with pytest.raises(AccessDeniedError) as caught:
        confirm(code, actor=stage.STRANGER)
    assert caught.value.decision is Decision.HIDDEN
    assert (device().state, device().activations.get().tries) == ("shipped", 0)
    assert audited("activation.confirm") == ["denied"]


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"terminal_id": "00000000"}, Cause.SERIAL_MISMATCH),
        ({"point": Point(39_900_000, 116_400_000)}, Cause.TOO_FAR),
        ({"method": Method.SERVICE_POINT, "actor": stage.FLEET}, Cause.PAPERS_NOT_SEEN),
    ],
)
def test_what_does_not_fit_is_named(room, changes, cause):
    shipped()
    code = say_hello(Machine()).invitation.code
    assert refused(code, **changes) is cause
    assert device().state == "shipped"


def test_near_the_shop_is_near_enough(room):
    shipped()
    code = say_hello(Machine()).invitation.code
    assert confirm(code, point=Point(31_240_000, 121_480_000)).state == "confirmed"


@pytest.mark.parametrize(
    ("table", "values", "cause"),
    [
        ("Merchant", {"is_active": False, "status": "suspended"}, Cause.MERCHANT_SUSPENDED),
        ("Merchant", {"is_active": False, "status": "closed"}, Cause.MERCHANT_CLOSED),
        ("SettlementAccount", {"ended_at_us": NOW}, Cause.NO_SETTLEMENT_ACCOUNT),
        ("Device", {"key_state": "none"}, Cause.NO_KEYS),
        ("Device", {"state": "active"}, Cause.ALREADY_ACTIVE),
        ("Device", {"state": "suspended"}, Cause.DEVICE_SUSPENDED),
        ("Device", {"state": "lost"}, Cause.DEVICE_LOST),
        ("Device", {"state": "returned"}, Cause.DEVICE_RETIRED),
    ],
)
def test_what_stands_in_the_way_is_named(room, table, values, cause):
    from tongbao.platform.fleet import models as fleet
    from tongbao.platform.merchants import models as merchants

    shipped()
    code = say_hello(Machine()).invitation.code
    getattr(fleet if table == "Device" else merchants, table).objects.update(**values)
    assert refused(code) is cause


def test_a_device_that_was_not_sent_or_is_not_switched_on_is_named(room):
    ready_to_ship()
    assert refused("00000000") is Cause.NOT_RECEIVED


def test_a_device_that_shows_no_code_is_not_switched_on(room):
    shipped()
    assert refused("00000000") is Cause.NOT_SWITCHED_ON


def test_a_service_point_sees_papers_and_keeps_which(room):
    shipped()
    code = say_hello(Machine()).invitation.code
    row = confirm(
        code,
        actor=stage.FLEET,
        method=Method.SERVICE_POINT,
        papers={"id_card": "seen", "shoe_size": "43"},
    )
    assert (row.papers, row.method) == ({"id_card": "seen"}, "service_point")


@pytest.mark.parametrize("broken", ["serial", "key", "text"])
def test_a_wrong_certificate_request_is_refused_and_the_right_one_still_taken(room, broken):
    shipped()
    machine = Machine()
    confirm(say_hello(machine).invitation.code)
    requests = {
        "serial": machine.csr("TB26119999"),
        "key": Machine().csr(),
        "text": "-----BEGIN NOTHING-----",
    }
    answer = poll(machine, requests[broken])
    assert (answer.state, answer.cause) == (ActivationState.FAILED, Cause.CERTIFICATE_REFUSED)
    assert answer.words_zh.startswith("终端的请求未被接受")
    assert poll(machine, machine.csr()).state is ActivationState.CERTIFIED


def test_a_lost_certificate_is_sent_again(room):
    shipped()
    machine = Machine()
    confirm(say_hello(machine).invitation.code)
    assert poll(machine).state is ActivationState.CONFIRMED
    first = poll(machine, machine.csr())
    assert poll(machine, machine.csr()).certificate_pem == first.certificate_pem
    assert device().certificates.count() == 1


def test_a_failed_self_test_stops_with_its_part_and_goes_on_where_it_stopped(room):
    from tongbao.platform.fleet import telling
    from tongbao.wire.device.health import Part

    shipped()
    machine = Machine()
    confirm(say_hello(machine).invitation.code)
    poll(machine, machine.csr())
    bad = stage.self_test(NOW, Part.PRINTER)
    telling.self_test(machine.actor, SERIAL, bad, now_us=NOW)
    row = device().activations.get()
    assert (row.state, row.cause, row.cause_detail) == ("certified", "self_test_failed", "printer")
    assert device().state == "activating"
    telling.self_test(machine.actor, SERIAL, stage.self_test(NOW), now_us=NOW + MINUTE)
    row.refresh_from_db()
    assert (row.state, row.cause, device().state) == ("done", "", "active")


def test_an_activation_that_was_called_off_begins_anew_with_another_code(room):
    from tongbao.platform.fleet import activation

    shipped()
    machine = Machine()
    code = say_hello(machine).invitation.code
    row = confirm(code)
    poll(machine, machine.csr())
    activation.call_off(OWNER, row.pk, note="wrong shop", now_us=NOW)
    assert device().state == "received"
    assert device().certificates.get().revoked_for == "break_off"
    assert say_hello(machine, NOW + MINUTE).invitation.code != code
    assert poll(machine, now_us=NOW + MINUTE).state is ActivationState.WAITING
