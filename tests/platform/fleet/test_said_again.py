"""Answers get lost and clocks go wrong: what a terminal says again changes nothing twice."""

from tests.platform.fleet import stage
from tests.platform.fleet.conftest import activated, device, shipped
from tests.platform.fleet.stage import DAY, MINUTE, NOW, SERIAL, Machine, beat
from tests.platform.fleet.test_activation import confirm, poll, say_hello
from tongbao.wire.device.activation import ActivationState
from tongbao.wire.device.codec import encode
from tongbao.wire.device.settings import ReportOutcome, SettingsReport, SignedReport
from tongbao.wire.device.signing import report_signing_input


def reported(machine, issue, outcome, at_us=NOW):
    said = SettingsReport(
        serial_number=SERIAL,
        terminal_id=device().terminal_id,
        version=issue.version,
        document_sha256=issue.document_sha256,
        outcome=outcome,
        at_ms=at_us // 1000,
        detail="",
        drift=(),
    )
    return SignedReport(report=said, signature=machine.key.sign(report_signing_input(encode(said))))


def test_reports_and_self_tests_count_once_and_only_what_is_applied_is_in_force(room):
    from tongbao.platform.fleet import telling, wanted
    from tongbao.platform.fleet.models import DeviceHealth, SelfTest, WantedReport

    machine = Machine()
    activated(machine)
    issue = wanted.issue(device().terminal, now_us=NOW)
    telling.heartbeat(machine.actor, SERIAL, beat(NOW, applied_version=0), now_us=NOW)
    reports, tests = WantedReport.objects.count(), SelfTest.objects.count()
    later = NOW + MINUTE
    deferred = reported(machine, issue, ReportOutcome.DEFERRED, later)
    for _ in range(2):
        telling.report(machine.actor, SERIAL, deferred, now_us=later)
    assert WantedReport.objects.count() == reports + 1
    assert DeviceHealth.objects.get().applied_version == 0
    applied = reported(machine, issue, ReportOutcome.APPLIED, later)
    for _ in range(2):
        telling.report(machine.actor, SERIAL, applied, now_us=later)
        telling.self_test(machine.actor, SERIAL, stage.self_test(later), now_us=later)
    assert WantedReport.objects.count() == reports + 2
    assert SelfTest.objects.count() == tests + 1
    assert DeviceHealth.objects.get().applied_version == issue.version


def test_a_certificate_is_renewed_near_its_end_once_and_also_after_it(room):
    from tongbao.platform.fleet import certificates
    from tongbao.platform.fleet.authority import RENEW_WITHIN_DAYS
    from tongbao.platform.fleet.models import DeviceCertificate

    machine = Machine()
    activated(machine)
    first = DeviceCertificate.objects.get()

    def renew(now_us):
        return certificates.renew(machine.actor, SERIAL, machine.csr(), now_us=now_us)

    assert renew(NOW + DAY).pk == first.pk
    near = first.not_after_us - RENEW_WITHIN_DAYS * DAY
    second = renew(near)
    assert second.not_after_us > first.not_after_us
    assert renew(near + MINUTE).pk == second.pk
    over = second.not_after_us + DAY
    answer = poll(machine, machine.csr(), now_us=over)
    third = certificates.good_ones(device(), over).get()
    assert (answer.state, answer.certificate_pem) == (ActivationState.CERTIFIED, third.pem)
    certificates.revoke(stage.FLEET, SERIAL, reason="stolen", now_us=over)
    answer = poll(machine, machine.csr(), now_us=over)
    assert (answer.state, answer.certificate_pem) == (ActivationState.FAILED, None)
    assert DeviceCertificate.objects.count() == 3


def test_strangers_with_the_serial_number_keep_no_terminal_without_a_code(room):
    from tongbao.platform.fleet.activation_rules import OPEN_INVITATIONS_MAX

    shipped()
    for number in range(OPEN_INVITATIONS_MAX):
        assert say_hello(Machine(), NOW + number).invitation is not None
    machine = Machine()
    assert say_hello(machine, NOW + MINUTE).invitation is None
    mine = say_hello(machine, NOW + 2 * MINUTE).invitation
    assert say_hello(Machine(), NOW + 2 * MINUTE + 1).invitation is not None
    open_rows = device().activations.filter(ended_at_us__isnull=True, state="waiting")
    assert open_rows.count() == OPEN_INVITATIONS_MAX
    confirm(mine.code, now_us=NOW + 3 * MINUTE)
    later = NOW + 3 * MINUTE
    assert poll(machine, machine.csr(), now_us=later).state is ActivationState.CERTIFIED
