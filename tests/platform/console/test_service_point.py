"""The service point: find the terminal, see papers, take its code."""

from tests.platform.conftest import add_user, browser_of
from tests.platform.fleet.conftest import device, ready_to_ship
from tests.platform.fleet.stage import SERIAL, Machine
from tongbao.platform.clock import now_us

PAGE = "/console/service-point/"
HERE = f"{PAGE}?number={SERIAL}"


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_terminal_is_handed_over_and_activated_at_the_counter(room):
    from tongbao.platform.fleet import invitations

    terminal_id = ready_to_ship().terminal_id
    fleet = browser_of(add_user("fang", roles=("fleet",)))
    assert "Which terminal is in front of you?" in text(fleet.get(PAGE))
    assert "There is no terminal" in text(fleet.get(f"{PAGE}?number=TB1"))
    page = text(fleet.get(f"{PAGE}?number={terminal_id}"))
    assert SERIAL in page
    assert "Hand it to the merchant" in page
    fleet.post(HERE, {"what": "step", "step": "hand_over", "note": "Ms Li"})
    assert device().state == "received"
    assert "See the papers" in text(fleet.get(HERE))
    machine = Machine()
    code = invitations.hello(machine.actor, machine.hello(), now_us=now_us()).invitation.code
    form = {"what": "service_point", "code": code}
    assert "See the identity card" in text(fleet.post(HERE, form, follow=True))
    wrong = {**form, "paper_id_card": "1", "code": "000000" if code != "000000" else "111111"}
    assert "Tries left: 4." in text(fleet.post(HERE, wrong, follow=True))
    page = text(fleet.post(HERE, {**form, "paper_id_card": "1"}, follow=True))
    assert "The terminal sets itself up now." in page
    assert "Break activation off" in page
    assert device().activations.get().papers == {"id_card": "seen"}
    fleet.post(HERE, {"what": "call_off"})
    assert device().state == "received"


def test_the_page_does_nothing_else_and_nothing_for_others(room):
    from tongbao.platform.audit.models import AuditEntry

    ready_to_ship()
    fleet = browser_of(add_user("fang", roles=("fleet",)))
    for form in ({"what": "step", "step": "lose"}, {"what": "revoke"}, {}):
        assert fleet.post(HERE, form).status_code == 404
    assert fleet.delete(HERE).status_code == 405
    assert fleet.post(f"{PAGE}?number=TB1", {"what": "call_off"}).status_code == 404
    known = AuditEntry.objects.count()
    support = browser_of(add_user("kang", roles=("support",)))
    answer = support.post(HERE, {"what": "step", "step": "hand_over"})
    assert (answer.status_code, device().state) == (403, "key_loaded")
    rows = AuditEntry.objects.order_by("entry_id")[known:]
    assert [(one.operation, one.outcome) for one in rows] == [
        ("activation.service_point", "denied")
    ]
