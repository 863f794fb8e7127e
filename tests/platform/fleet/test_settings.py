"""Settings by level: who may allow how much, whom a change reaches, two people, bindings."""

import pytest

from tests.platform.fleet import stage
from tests.platform.fleet.conftest import activated, device, shipped
from tests.platform.fleet.stage import (
    FLEET,
    FLEET_2,
    MERCHANT_ID,
    NOW,
    OTHER_ID,
    OTHER_SERIAL,
    OTHER_SHOP,
    OWNER,
    SERIAL,
    SHOP,
    SUPPORT,
    Machine,
    beat,
)
from tongbao.platform.fleet.wanted_rules import DEFAULTS, MONEY_LEAVES, Level


def at(level, key=""):
    from tongbao.platform.fleet.wanted import Target

    return Target(level, key)


def put(actor, target, **changes):
    """Set leaves whose dots are written as two underscores."""
    from tongbao.platform.fleet import wanted

    leaves = {path.replace("__", "."): value for path, value in changes.items()}
    merchant_id = wanted.merchant_of(target)
    return wanted.set_leaves(actor, target, merchant_id, leaves, now_us=NOW)


def faults(actor, target, **changes):
    from tongbao.platform.fleet.wanted import SettingsRefusedError

    with pytest.raises(SettingsRefusedError) as caught:
        put(actor, target, **changes)
    return {fault.path: fault.rule for fault in caught.value.faults}


def test_every_setting_has_a_name_and_may_be_kept_in_the_audit_log(room):
    from tongbao.platform.audit.redaction import SAFE_FIELDS
    from tongbao.platform.fleet.words import SETTING_WORDS

    assert set(SETTING_WORDS) == set(DEFAULTS) == SAFE_FIELDS["terminal_settings"]
    assert set(MONEY_LEAVES) < set(DEFAULTS)


def test_a_merchant_allows_at_most_what_the_acquirer_allows(room):
    from tongbao.platform.fleet import wanted

    merchant, shop = at(Level.MERCHANT, MERCHANT_ID), at(Level.SHOP, SHOP)
    wanted.write(FLEET, at(Level.ACQUIRER), "", {"limits.sale_minor": 1000}, now_us=NOW)
    assert faults(OWNER, merchant, limits__sale_minor=1001, tenders=["card", "cash"]) == {
        "limits.sale_minor": "above_the_acquirer",
        "tenders": "above_the_acquirer",
    }
    put(OWNER, merchant, limits__sale_minor=900, kinds=["sale", "void"])
    assert faults(OWNER, shop, limits__sale_minor=901, kinds=["sale", "refund"]) == {
        "limits.sale_minor": "above_the_acquirer",
        "kinds": "above_the_acquirer",
    }
    put(OWNER, merchant, limits__sale_minor=None)
    assert wanted.effective_at(merchant).values["limits.sale_minor"] == 1000


def test_what_staff_set_at_a_merchant_binds_its_people_until_staff_lifts_it(room):
    from tongbao.platform.fleet import wanted

    merchant = at(Level.MERCHANT, MERCHANT_ID)
    put(FLEET, merchant, limits__sale_minor=500, language="en")
    for looser in (501, None):
        found = faults(OWNER, merchant, limits__sale_minor=looser)
        assert found == {"limits.sale_minor": "above_the_acquirer"}
    put(OWNER, merchant, limits__sale_minor=400, language="zh-hans")
    put(OWNER, merchant, limits__sale_minor=500)
    assert faults(OWNER, merchant, limits__sale_minor=501)
    put(FLEET, merchant, limits__sale_minor=None)
    put(OWNER, merchant, limits__sale_minor=10_000)
    assert wanted.effective_at(merchant).values["limits.sale_minor"] == 10_000


def two_merchants():
    """Bring two terminals into service, one at each merchant."""
    first = activated(Machine()).terminal
    whose = {"merchant_id": OTHER_ID, "shop_id": OTHER_SHOP}
    second = shipped(OTHER_SERIAL, "SF0002", **whose).terminal
    return first, second


def test_a_change_reaches_the_terminals_where_no_nearer_level_says_otherwise(room_on_both):
    from tongbao.platform.fleet.wanted_reach import reach

    first, second = two_merchants()
    acquirer = at(Level.ACQUIRER)
    found = reach(acquirer, {"language": "en", "quiet_hour": 3})
    assert (found.terminals, found.merchants) == (2, 2)
    assert dict(found.of_leaf) == {"language": 2, "quiet_hour": 0}
    put(OWNER, at(Level.SHOP, SHOP), language="en")
    found = reach(acquirer, {"language": "en"})
    assert [one.pk for one in found.first] == [second.pk]
    put(FLEET, at(Level.TERMINAL, second.pk), language="zh-hans")
    assert reach(acquirer, {"language": "en"}).terminals == 0
    assert reach(at(Level.MERCHANT, MERCHANT_ID), {"quiet_hour": 5}).terminals == 1
    assert reach(at(Level.SHOP, SHOP), {"language": None}).terminals == 1
    assert reach(at(Level.TERMINAL, first.pk), {"quiet_hour": 4}).terminals == 1
    # A category says how often the PIN is asked, whatever the acquirer says for all.
    assert reach(acquirer, {"sign_in_policy": "none"}).terminals == 0


def test_money_for_all_needs_a_second_person_and_everything_else_does_not(room):
    from tongbao.platform.approvals import services as approvals
    from tongbao.platform.approvals.services import ChangeRefusedError
    from tongbao.platform.fleet import wanted
    from tongbao.platform.fleet.wanted import SettingsRefusedError
    from tongbao.platform.fleet.wanted_changes import propose

    acquirer = at(Level.ACQUIRER)
    assert faults(FLEET, acquirer, limits__day_minor=5) == {"limits.day_minor": "two_people"}
    assert propose(FLEET, acquirer, {"quiet_hour": 4}, seen_version=0, now_us=NOW) is None
    changes = {"limits.day_minor": 5_000_000, "language": "en"}
    for seen, reason, rule in ((0, "why", "overtaken"), (1, " ", "reason_missing")):
        with pytest.raises(SettingsRefusedError, match=rule):
            propose(FLEET, acquirer, changes, seen_version=seen, reason=reason, now_us=NOW)
    request = propose(FLEET, acquirer, changes, seen_version=1, reason="风控", now_us=NOW)
    assert (request.payload, request.before) == (
        changes,
        {"limits.day_minor": None, "language": None},
    )
    assert wanted.leaves_of(acquirer) == {"quiet_hour": 4}
    with pytest.raises(ChangeRefusedError):
        approvals.decide(FLEET, request.pk, approve=True, note="", now_us=NOW)
    approvals.decide(FLEET_2, request.pk, approve=True, note="", now_us=NOW)
    assert wanted.leaves_of(acquirer) == {"quiet_hour": 4, **changes}


def test_who_has_not_the_right_changes_nothing_and_is_one_entry(room):
    from tongbao.platform.access.enforce import AccessDeniedError
    from tongbao.platform.audit.models import AuditEntry
    from tongbao.platform.fleet.models import WantedSettings
    from tongbao.platform.fleet.wanted_changes import propose

    before = AuditEntry.objects.count()
    with pytest.raises(AccessDeniedError):
        propose(SUPPORT, at(Level.ACQUIRER), {"quiet_hour": 4}, seen_version=0, now_us=NOW)
    assert (WantedSettings.objects.count(), AuditEntry.objects.count() - before) == (0, 1)


def test_settings_that_wait_or_were_refused_do_not_count_as_in_force(room):
    from tongbao.platform.fleet import telling
    from tongbao.platform.fleet.shapes import terminals_out
    from tongbao.wire.device.codec import encode
    from tongbao.wire.device.settings import Drift, ReportOutcome, SettingsReport, SignedReport
    from tongbao.wire.device.signing import report_signing_input

    machine = Machine()
    activated(machine)
    put(OWNER, at(Level.MERCHANT, MERCHANT_ID), language="en")
    telling.heartbeat(machine.actor, SERIAL, beat(NOW, applied_version=1), now_us=NOW)

    def told(outcome):
        report = SettingsReport(
            serial_number=SERIAL,
            terminal_id=device().terminal_id,
            version=2,
            document_sha256="0" * 64,
            outcome=outcome,
            at_ms=1,
            detail="the terminal is in use",
            drift=(Drift(path="language", wanted="en", actual="zh-hans"),),
        )
        signature = machine.key.sign(report_signing_input(encode(report)))
        signed = SignedReport(report=report, signature=signature)
        telling.report(machine.actor, SERIAL, signed, now_us=NOW)
        return terminals_out([device().terminal], now_us=NOW)[0].drift

    for outcome in (ReportOutcome.DEFERRED, ReportOutcome.REFUSED):
        drift = told(outcome)
        assert (drift.applied_version, drift.is_in_step) == (1, False)
        assert (drift.outcome.code, drift.why) == (outcome.value, "the terminal is in use")
    assert told(ReportOutcome.APPLIED).applied_version == 2


def test_devices_are_bound_anew_when_the_shop_or_the_account_changes(room):
    from tongbao.platform.fleet.models import Installation
    from tongbao.platform.merchants.changes import change_shop
    from tongbao.platform.merchants.models import SettlementAccount
    from tongbao.platform.merchants.opening import NewAccount, replace_account

    activated(Machine())

    def bound():
        rows = Installation.objects.filter(merchant_id=MERCHANT_ID).order_by("from_us", "place")
        return [(row.place, row.settlement_account_id, row.until_us) for row in rows]

    assert bound() == [("上海 南京路 1 号", f"account_{SHOP}", None)]
    change_shop(OWNER, MERCHANT_ID, SHOP, {"name": "新名字"}, now_us=NOW + 1)
    change_shop(OWNER, MERCHANT_ID, SHOP, {"city": "上海"}, now_us=NOW + 1)
    assert len(bound()) == 1
    change_shop(OWNER, MERCHANT_ID, SHOP, {"address": "淮海路 2 号"}, now_us=NOW + 2)
    account = NewAccount(
        holder="通宝便利店",
        bank="沙盒银行",
        bank_code="1",
        number="6200001234567890128",
        number_token="t",
        kind="corporate",
        application_id="application_1",
    )
    new = replace_account(MERCHANT_ID, account, now_us=NOW + 3)
    assert bound() == [
        ("上海 南京路 1 号", f"account_{SHOP}", NOW + 2),
        ("上海 淮海路 2 号", f"account_{SHOP}", NOW + 3),
        ("上海 淮海路 2 号", new.pk, None),
    ]
    assert SettlementAccount.objects.filter(ended_at_us__isnull=True, pk=new.pk).exists()
    assert stage.OTHER_ID not in Installation.objects.values_list("merchant_id", flat=True)
