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
    form = {"what": "assign", "merchant_id": stage.MERCHANT_ID, "shop_id": stage.SHOP}
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
