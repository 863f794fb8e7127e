"""The fleet's pages in the console: what they show, who may press what, in both languages."""

import pytest

from tests.platform.conftest import add_user, browser_of
from tests.platform.fleet.conftest import activated, device, ready_to_ship, shipped
from tests.platform.fleet.stage import SERIAL, Machine, beat
from tongbao.platform.clock import now_us

PAGE = f"/console/fleet/device/{SERIAL}/change/"
DO = f"/console/fleet/device/{SERIAL}/do/"


def browser(*roles, language="en", name="fang"):
    return browser_of(add_user(name, roles=roles), language)


def text(answer):
    return answer.content.decode()


def test_the_board_counts_the_fleet(room):
    from tongbao.platform.fleet import telling

    machine = Machine()
    activated(machine)
    telling.heartbeat(machine.actor, SERIAL, beat(now_us()), now_us=now_us())
    page = text(browser("fleet").get("/console/fleet/device/"))
    assert "Fleet board" in page
    assert "1 / 1" in page
    assert SERIAL in page


def test_a_list_with_faults_is_answered_line_by_line(room):
    from django.core.files.uploadedfile import SimpleUploadedFile

    upload = SimpleUploadedFile("list.csv", b"serial_number,model\n?,T1\n")
    fleet = browser("fleet")
    answer = fleet.post("/console/fleet/device/receive/", {"list": upload})
    assert answer.status_code == 422
    assert "A serial number is 4 to 32 letters, digits or hyphens." in text(answer)
    good = SimpleUploadedFile("list.csv", f"serial_number,model\n{SERIAL},T1\n".encode())
    fleet.post("/console/fleet/device/receive/", {"list": good})
    assert device().state == "stock"


def test_a_device_is_given_a_number_and_sent_by_its_forms(room):
    from tests.platform.fleet import stage
    from tongbao.platform.fleet import stock

    stock.receive_devices(stage.FLEET, stage.new_devices(SERIAL), now_us=now_us())
    fleet = browser("fleet")
    form = {"what": "assign", "shop_id": stage.SHOP}
    page = text(fleet.post(DO, form, follow=True))
    assert f"The device has the terminal number {device().terminal_id}." in page
    fleet.post(DO, {"what": "remote_keys"})
    fleet.post(DO, {"what": "ship", "courier": "SF", "tracking_number": "1"})
    assert device().state == "shipped"
    page = text(fleet.post(DO, {"what": "step", "step": "resume"}, follow=True))
    assert "This cannot be done with the device as it is now." in page


def test_two_custodians_load_a_key_on_its_page(room):
    from tests.platform.fleet import stage
    from tests.platform.fleet.test_keys import KCV, PARTS
    from tongbao.domain.secrets import Purpose
    from tongbao.platform.fleet import stock

    stock.receive_devices(stage.FLEET, stage.new_devices(SERIAL), now_us=now_us())
    wanted = stock.Assignment(merchant_id=stage.MERCHANT_ID, shop_id=stage.SHOP)
    stock.assign(stage.FLEET, SERIAL, wanted, now_us=now_us())
    people = [browser("key_custodian", name=name) for name in ("han", "jia")]
    people[0].post(DO, {"what": "open_ceremony", "algorithm": "tdes", "check_value": KCV})
    ceremony = device().ceremonies.get()
    for number, (person, (key, kcv)) in enumerate(zip(people, PARTS, strict=True), 1):
        typed = key.reveal(Purpose.TEST).hex()
        form = {"what": "component", "ceremony_id": ceremony.pk, "number": number}
        page = text(
            person.post(DO, form | {"component": typed, "check_value": kcv.hex()}, follow=True)
        )
        assert typed not in page
    assert device().state == "key_loaded"


def test_the_service_point_activates_after_the_papers_were_seen(room):
    from tongbao.platform.fleet import invitations

    shipped()
    machine = Machine()
    code = invitations.hello(machine.actor, machine.hello(), now_us=now_us()).invitation.code
    fleet = browser("fleet")
    page = text(fleet.post(DO, {"what": "service_point", "code": code}, follow=True))
    assert "See the identity card of the person" in page
    fleet.post(DO, {"what": "service_point", "code": code, "paper_id_card": "1"})
    assert device().activations.get().method == "service_point"
    assert SERIAL in text(fleet.get("/console/fleet/activation/"))


@pytest.mark.parametrize(
    ("role", "form"),
    [
        ("support", {"what": "step", "step": "lose"}),
        ("auditor", {"what": "act", "kind": "restart"}),
        ("key_custodian", {"what": "ship", "courier": "SF", "tracking_number": "1"}),
        ("fleet", {"what": "open_ceremony", "check_value": "AABBCC"}),
    ],
)
def test_who_has_not_the_right_is_refused_with_one_entry(room, role, form):
    from tongbao.platform.audit.models import AuditEntry

    ready_to_ship()
    before = AuditEntry.objects.count()
    assert browser(role).post(DO, form).status_code == 403
    assert device().state == "key_loaded"
    assert [row.outcome for row in AuditEntry.objects.order_by("entry_id")[before:]] == ["denied"]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_page_of_a_device_speaks_the_readers_language(room, language):
    activated(Machine())
    page = text(browser("fleet", "key_custodian", language=language).get(PAGE))
    words = {"en": ("In service", "Ask the terminal"), "zh-CN": ("使用中", "远程指令")}[language]
    assert all(word in page for word in words)


def test_an_unknown_form_is_not_found(room):
    ready_to_ship()
    assert browser("fleet").post(DO, {"what": "explode"}).status_code == 404


LEVEL = "/console/fleet/wantedsettings/level/{}/{}/"


def typed(page, **changes):
    """Return the form of a level's page as a browser would send it, with changes."""
    from tongbao.platform.fleet.wanted_rules import DEFAULTS

    form = {"what": "preview"}
    for path, value in changes.items():
        field = path.replace("__", "-")
        assert f'name="own-{field}"' in page
        form |= {f"own-{field}": "1", field: value}
    assert all(f'name="{path.replace(".", "-")}"' in page for path in DEFAULTS)
    return form


def hidden(page, name):
    from html import unescape

    value = page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]
    return unescape(value)


def test_staff_sees_whom_a_change_reaches_before_it_is_made(room):
    from tests.platform.fleet.stage import MERCHANT_ID

    terminal_id = activated(Machine()).terminal_id
    fleet, address = browser("fleet"), LEVEL.format("merchant", MERCHANT_ID)
    form = typed(
        text(fleet.get(address)), slip__footer="谢谢惠顾\n七日退换", limits__sale_minor="500"
    )
    page = text(fleet.post(address, form))
    assert "Terminals: 1, of merchants: 1." in page
    assert terminal_id in page
    assert ("谢谢惠顾 / 七日退换" in page, "¥500.00" in page, "second person" in page) == (
        True,
        True,
        False,
    )
    confirm = {"what": "confirm"} | {
        name: hidden(page, name) for name in ("changes", "seen_version")
    }
    assert fleet.post(address, confirm).status_code == 302
    shown = text(fleet.get(f"/console/fleet/terminal/{terminal_id}/change/"))
    assert "谢谢惠顾 / 七日退换" in shown
    assert "<td>谢谢惠顾 / 七日退换</td><td>Merchant</td>" in shown
    # The same page sent once more has been overtaken by what it did itself.
    again = fleet.post(address, confirm)
    assert again.status_code == 422
    assert "Somebody else changed this meanwhile" in text(again)
    assert "谢谢惠顾" not in text(fleet.get(LEVEL.format("acquirer", "-")))
    assert "Lines below the slip" in text(fleet.get("/console/fleet/wantedsettings/"))
    assert fleet.get("/console/fleet/wantedsettings/1/change/").url == address
    assert fleet.get("/console/fleet/wantedsettings/9/change/").status_code == 404


def test_a_wrong_setting_is_named_at_its_field_and_nothing_is_set(room):
    from tongbao.platform.fleet.models import WantedSettings

    fleet, address = browser("fleet"), LEVEL.format("acquirer", "-")
    page = text(fleet.get(address))
    form = typed(page, limits__day_minor="much", slip__header="好" * 17, quiet_hour="24")
    answer = fleet.post(address, form)
    assert answer.status_code == 422
    assert "A line has at most 32 letters" in text(answer)
    assert text(answer).count("The number is out of range.") == 2
    assert "好" * 17 in text(answer)
    assert WantedSettings.objects.count() == 0
    nothing = fleet.post(address, {"what": "preview"}, follow=True)
    assert "Nothing was changed." in text(nothing)


def test_a_limit_for_all_goes_to_a_second_person_in_words(room):
    from tongbao.platform.approvals.models import ChangeRequest
    from tongbao.platform.fleet import wanted
    from tongbao.platform.fleet.wanted_rules import Level

    activated(Machine())
    fleet, address = browser("fleet"), LEVEL.format("acquirer", "-")
    page = text(fleet.post(address, typed(text(fleet.get(address)), limits__day_minor="50000")))
    assert "A second person must approve it." in page
    confirm = {"what": "confirm"} | {
        name: hidden(page, name) for name in ("changes", "seen_version")
    }
    assert "Say why, for the person who approves." in text(fleet.post(address, confirm))
    asked = text(fleet.post(address, confirm | {"reason": "风控"}, follow=True))
    assert ("Limit for a day, for each terminal" in asked, "¥50,000.00" in asked) == (True, True)
    request = ChangeRequest.objects.get()
    decide = f"/console/approvals/changerequest/{request.pk}/decide/"
    browser("fleet", name="gao").post(decide, {"act": "approve", "note": ""})
    acquirer = wanted.Target(Level.ACQUIRER)
    assert wanted.leaves_of(acquirer) == {"limits.day_minor": 5_000_000}


@pytest.mark.parametrize("role", ["support", "auditor", "reviewer"])
def test_who_does_not_run_the_fleet_opens_no_level_with_one_entry(room, role):
    from tongbao.platform.audit.models import AuditEntry

    visitor = browser(role)
    before = AuditEntry.objects.count()
    for address in (LEVEL.format("acquirer", "-"), LEVEL.format("merchant", "x")):
        assert visitor.get(address).status_code == 403
    outcomes = [row.outcome for row in AuditEntry.objects.order_by("entry_id")[before:]]
    assert outcomes == ["denied", "denied"]


@pytest.mark.parametrize(
    ("scope", "key"), [("galaxy", "-"), ("acquirer", "x"), ("merchant", "-"), ("shop", "nowhere")]
)
def test_a_level_that_is_none_is_not_found(room, scope, key):
    assert browser("fleet").get(LEVEL.format(scope, key)).status_code == 404


def test_a_pulled_log_is_saved_as_text_and_who_saved_it_is_written_down(room):
    import zlib

    from tests.platform.fleet.stage import FLEET
    from tongbao.platform.audit.models import AuditEntry
    from tongbao.platform.fleet import acts
    from tongbao.wire.device.health import ActKind, ActOutcome, ActResult

    machine = Machine()
    activated(machine)
    act = acts.ask(FLEET, SERIAL, ActKind.LOG_PULL, {}, now_us=now_us())
    address = f"/console/fleet/device/{SERIAL}/log/{act.pk}/"
    fleet = browser("fleet")
    assert fleet.get(address).status_code == 404
    log = zlib.compress('{"kind": "signed_in"}\n签到'.encode())
    result = ActResult(outcome=ActOutcome.DONE, at_ms=1, detail="", log=log)
    acts.finish(machine.actor, SERIAL, act.pk, result, now_us=now_us())
    assert address in text(fleet.get(PAGE))
    before = AuditEntry.objects.count()
    answer = fleet.get(address)
    assert answer.content.decode() == '{"kind": "signed_in"}\n签到'
    assert answer["Content-Disposition"] == f'attachment; filename="{act.pk}.log"'
    entry = AuditEntry.objects.order_by("entry_id")[before:].get()
    assert (entry.operation, entry.outcome) == ("terminal_log.read", "done")
    assert browser("support", name="kang").get(address).status_code == 403
    assert fleet.get(f"/console/fleet/device/OTHER/log/{act.pk}/").status_code == 404


def test_a_wipe_needs_its_reason_and_says_whether_the_machine_is_lost(room):
    from tongbao.platform.fleet.models import RemoteAct

    activated(Machine())
    fleet = browser("fleet")
    form = {"what": "act", "kind": "wipe", "as_lost": "true"}
    assert "Say why the terminal is to be wiped." in text(fleet.post(DO, form, follow=True))
    fleet.post(DO, form | {"reason": "被盗"})
    assert RemoteAct.objects.get().body == {"reason": "被盗", "as_lost": "true"}
