"""The four ways of activation, each through its own face and on to a terminal in service."""

import pytest

from tests.platform.api.conftest import Caller, member
from tests.platform.conftest import add_user, browser_of
from tests.platform.fleet import stage
from tests.platform.fleet.conftest import device, shipped
from tests.platform.fleet.stage import MERCHANT_ID, SERIAL, Machine
from tests.platform.fleet.test_telephone import telephone  # noqa: F401 - a fixture
from tongbao.platform.clock import now_us


class Shown:
    """A terminal that was sent out and now shows its invitation."""

    def __init__(self):
        from tongbao.platform.fleet import invitations

        self.terminal_id = shipped().terminal_id
        self.machine = Machine()
        told = invitations.hello(self.machine.actor, self.machine.hello(), now_us=now_us())
        self.invitation = told.invitation


def by_web(shown, _telephone):
    return _by_portal(
        {
            "serial_number": SERIAL,
            "terminal_id": shown.terminal_id,
            "code": shown.invitation.code,
        }
    )


def by_app(shown, _telephone):
    return _by_portal({"qr_text": shown.invitation.qr_text, "method": "app"})


def _by_portal(body):
    owner = Caller(member("owner-li", merchant_id=MERCHANT_ID))
    answer = owner.post(f"/merchants/{MERCHANT_ID}/activations", body)
    assert answer.status_code == 201, answer.content


def by_phone(shown, telephone):  # noqa: F811 - the fixture of that name
    _says, expect = telephone.call("1", "26110001", shown.terminal_id, shown.invitation.code, "1")
    assert expect is None


def by_service_point(shown, _telephone):
    fleet = browser_of(add_user("fang", roles=("fleet",)))
    form = {"what": "service_point", "code": shown.invitation.code, "paper_id_card": "1"}
    fleet.post(f"/console/service-point/?number={SERIAL}", form)


@pytest.mark.parametrize(
    ("confirm", "method"),
    [
        (by_web, "web"),
        (by_app, "app"),
        (by_phone, "phone"),
        (by_service_point, "service_point"),
    ],
    ids=["web", "app", "phone", "service point"],
)
def test_each_way_ends_in_a_terminal_in_service(telephone, confirm, method):  # noqa: F811 - as above
    from tongbao.platform.fleet import invitations, telling

    shown = Shown()
    machine = shown.machine
    confirm(shown, telephone)
    certified = invitations.poll(
        machine.actor, SERIAL, machine.public_key, machine.csr(), now_us=now_us()
    )
    assert certified.certificate_pem.startswith("-----BEGIN CERTIFICATE-----")
    telling.self_test(machine.actor, SERIAL, stage.self_test(now_us()), now_us=now_us())
    row = device().activations.get()
    assert (row.state, row.method, device().state) == ("done", method, "active")
    assert device().certificates.count() == 1
